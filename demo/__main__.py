"""The command `make demo`: runs the suite of python-docx, a real one, with two workers.

Fetches its source archive once; what that needs is in requirements/dev.txt. Everything that
it makes is below `.cache`. The exit code is that of `surefoot run`.
"""

import os
import shutil
import subprocess
import sys

from bench.sources import DOCX, BenchError, fetch, unpack

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CACHE = os.path.join(_CHECKOUT, ".cache")
_WORKERS = 2


def _suite() -> str:
    """Return the directory of the suite, unpacked from its archive where it is not there yet."""
    suite = os.path.join(_CACHE, "demo", DOCX.replace("==", "-"))
    if not os.path.isdir(suite):
        archive = fetch(DOCX, _CACHE)
        # Unpacked beside it first: an unpacking that was interrupted must not pass for a suite.
        unfinished = f"{suite}.{os.getpid()}"
        os.makedirs(unfinished)
        unpack(archive, unfinished)
        os.rename(unfinished, suite)
    return suite


def main() -> int:
    """Run the demo and return its exit code."""
    try:
        print(f"fetching the suite of {DOCX}", flush=True)
        suite = _suite()
    except BenchError as error:
        print(
            f"{error}\n\nThe registry of Python packages could not be reached, so there is no"
            f" suite to show. Put the source archive of {DOCX} into"
            f" {os.path.relpath(os.path.join(_CACHE, 'sources'))}, or look at a small suite"
            " that needs none:\n  cd examples/quickstart && ../../.venv/bin/surefoot run -j 2",
            file=sys.stderr,
        )
        return 1
    reports = os.path.join(_CACHE, "demo", "reports")
    shutil.rmtree(reports, ignore_errors=True)
    os.makedirs(reports)
    made = {
        "JUnit": os.path.join(reports, "junit.xml"),
        "journal": os.path.join(reports, "journal.jsonl"),
    }
    # All of its scenarios save to one file below features/_scratch: each worker needs a tree of
    # its own.
    command = ["surefoot", "run", "-j", str(_WORKERS), "--workdir", "copy"]
    command += ["--junit-xml", made["JUnit"], "--journal", made["journal"], "features"]
    print(f"$ {' '.join(command[:6])} features   # {suite}\n", flush=True)
    program = os.path.join(os.path.dirname(sys.executable), command[0])
    source = os.pathsep.join(
        filter(None, [os.path.join(suite, "src"), os.environ.get("PYTHONPATH")])
    )
    done = subprocess.run(
        [program, *command[1:]], cwd=suite, env={**os.environ, "PYTHONPATH": source}, check=False
    )
    # The journal is compressed when it is closed.
    found = [
        (name, there)
        for name, path in made.items()
        for there in (path, path + ".gz")
        if os.path.exists(there)
    ]
    print("\nThe reports:" if found else "\nIt wrote no report.")
    for name, there in found:
        print(f"  {name:8} {os.path.relpath(there)}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
