"""`python -m examples.soak`: runs a suite again and again, each time in another way.

Each run has its own seed, and takes the next of the ways below: by feature or by scenario, with
1 to 16 workers, with or without a fresh process for each scenario, and by plain behave. The first
run that is not green ends it, with its output and the command that repeats it; Ctrl-C ends it
with the count so far.
"""

import argparse
import itertools
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence

WAYS = (
    ("run", "--jobs", "2"),
    ("run", "--jobs", "2", "--unit", "scenario"),
    ("run", "--jobs", "4"),
    ("run", "--jobs", "8", "--unit", "scenario"),
    ("run", "--jobs", "1", "--unit", "scenario"),
    ("run", "--jobs", "16", "--unit", "scenario"),
    ("run", "--jobs", "2", "--isolation", "feature"),
    ("run", "--jobs", "4", "--isolation", "scenario"),
    ("behave",),
)
_HERE = os.path.dirname(os.path.abspath(__file__))


def main(argv: Sequence[str] | None = None) -> int:
    """Run and return 0 when all runs were green, 1 when one was not."""
    parser = argparse.ArgumentParser(prog="python -m examples.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how many (200)")
    parser.add_argument("--suite", default="agents", help="a directory of examples (agents)")
    parser.add_argument("--first-seed", type=int, default=1, help="seed of the first run (1)")
    options = parser.parse_args(argv)
    root = os.path.join(_HERE, options.suite)
    if not os.path.isdir(os.path.join(root, "features")):
        parser.error(f"{options.suite} has no features; known: {', '.join(_suites())}")
    began = time.monotonic()
    counts = dict.fromkeys(WAYS, 0)
    for number, way in zip(range(options.runs), itertools.cycle(WAYS), strict=False):
        command = _command(way, options.first_seed + number)
        try:
            done = _run(command, root)
        except KeyboardInterrupt:
            break
        if done.returncode != 0:
            sys.stdout.write(f"{done.stdout}{done.stderr}\n")
            sys.stdout.write(f"run {number + 1} ended with exit code {done.returncode}; again:\n")
            sys.stdout.write(f"cd {root} && {shlex.join(command)}\n")
            return 1
        counts[way] += 1
    for way, count in counts.items():
        sys.stdout.write(f"{count:5} {' '.join(way)}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{options.runs} runs of {options.suite} in a row, all green: {seconds:.0f} s\n"
    )
    return 0


def _run(command: list[str], root: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _command(way: tuple[str, ...], seed: int) -> list[str]:
    programs = os.path.dirname(sys.executable)
    if way[0] == "behave":
        return [os.path.join(programs, "behave"), "--format", "progress"]
    shuffled = ["--shuffle", "--seed", str(seed), "--progress", "off"]
    return [os.path.join(programs, "surefoot"), *way, *shuffled]


def _suites() -> list[str]:
    return sorted(
        name for name in os.listdir(_HERE) if os.path.isdir(os.path.join(_HERE, name, "features"))
    )


if __name__ == "__main__":
    sys.exit(main())
