"""Runs a suite once, in a fresh copy of its project, and collects what behave's formatters wrote.

Every copy stands at the same path, so that nothing is left from the run before, and absolute
paths in messages are equal without masking. What a run came to is not looked at here.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

MapExit = Callable[[int], int]

FORMATS = ("json", "plain", "progress3", "rerun")
_ON_SCREEN = "progress2"
"""Goes to standard output, so that behave's summary does as well. Not `progress`: with a scenario
that ends in cleanup_error it raises a KeyError, under plain behave too."""
_LEFT_OUT = (".git", ".surefoot", "__pycache__", ".pytest_cache")
_SUREFOOT_AS_BEHAVE = {0: 0, 1: 1, 2: 1, 3: 0, 4: 1, 5: 0, 6: 1, 130: 1}


class Observed(msgspec.Struct, frozen=True):
    """What one run left."""

    exit_code: int | None
    """None when it did not end within the limit and was killed."""
    seconds: float
    stdout: str
    stderr: str
    files: Mapping[str, str]
    """By name: the formats' names, `junit/TESTS-x.xml`, and the further files asked for."""


class Command(msgspec.Struct, frozen=True):
    """A way to run a suite: what stands before behave's arguments, and its environment."""

    label: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    map_exit: MapExit = int
    """From its exit code to the one that plain behave would have ended with."""
    unit: str = ""


class Project(msgspec.Struct, frozen=True):
    """A suite to compare: a directory, behave's arguments, and what it needs around it."""

    path: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    files: tuple[str, ...] = ()
    """Further files, relative to the project, that the run writes and that must be equal."""
    limit: float = 600.0
    """Seconds that one run may take."""


BEHAVE = Command("behave", (sys.executable, "-P", "-m", "behave"))
"""Plain behave of this interpreter. `-P` keeps the project off the path, as the script does."""


def surefoot_as_behave(code: int) -> int:
    """Return the exit code of plain behave that goes with one of `surefoot run`.

    behave knows 0 and 1. A load error (4) and wrong usage (2) are its 1; flaky (3) and nothing
    ran (5) are its 0. A code that stands for no answer of behave (70, a signal) is kept, and so
    is a difference.
    """
    return _SUREFOOT_AS_BEHAVE.get(code, code)


def candidate(kind: str, workers: int, unit: str, workdir: str = "shared") -> Command:
    """Return the command for `kind`: surefoot-run, behave-runner or behave.

    The runner gets its options through the environment, since `-D` would be seen by the suite.
    """
    if kind == "behave":
        return msgspec.structs.replace(BEHAVE, label="behave, again")
    label = f"{kind} -j {workers} --unit {unit}"
    if workdir != "shared":
        label += f" --workdir {workdir}"
    python = (sys.executable, "-P", "-m")
    argv: tuple[str, ...]
    if kind == "surefoot-run":
        options = ("-j", str(workers), "--unit", unit, "--workdir", workdir, "--allow-empty")
        argv = (*python, "surefoot", "run", *options)
        return Command(label, argv, map_exit=surefoot_as_behave, unit=unit)
    argv = (*python, "behave", "--runner", "surefoot:Runner", "--jobs", str(workers))
    env = {"SUREFOOT_UNIT": unit, "SUREFOOT_WORKDIR": workdir, "SUREFOOT_ALLOW_EMPTY": "1"}
    return Command(label, argv, env=env, unit=unit)


def observe(command: Command, project: Project, scratch: str) -> Observed:
    """Run a suite once in a fresh copy below `scratch`, which is the same for all runs."""
    tree = os.path.join(scratch, "tree", os.path.basename(os.path.abspath(project.path)))
    out = os.path.join(scratch, "out")
    for path in (os.path.dirname(tree), out):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(project.path, tree, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    os.makedirs(out)
    argv = [*command.argv, *project.args, *report_arguments(project.args, out)]
    started = time.monotonic()
    exit_code = _run(argv, tree, _environment(command, project), out, project.limit)
    seconds = time.monotonic() - started
    files = dict(_read_reports(out))
    for name in project.files:
        path = os.path.join(tree, name)
        if os.path.exists(path):
            files[name] = _read(path)
    shutil.rmtree(os.path.dirname(tree), ignore_errors=True)
    return Observed(
        exit_code=exit_code,
        seconds=seconds,
        stdout=_read(os.path.join(out, "stdout")),
        stderr=_read(os.path.join(out, "stderr")),
        files=files,
    )


def report_arguments(args: Sequence[str], out: str) -> list[str]:
    """Return the arguments that make behave write its reports below `out`.

    behave pairs the nth `-f` with the nth `-o`: formats that the suite's own arguments leave
    unpaired get standard output, which they would have had.
    """
    formats = sum(1 for arg in args if _is_option(arg, "-f", "--format"))
    outputs = sum(1 for arg in args if _is_option(arg, "-o", "--outfile"))
    added: list[str] = ["-o", "-"] * max(0, formats - outputs)
    for name in FORMATS:
        added += ["-f", name, "-o", os.path.join(out, "reports", name)]
    return [*added, "-f", _ON_SCREEN, "--junit", "--junit-directory", os.path.join(out, "junit")]


def _is_option(arg: str, short: str, long: str) -> bool:
    joined = arg.startswith(short) and not arg.startswith("--")
    return joined or arg == long or arg.startswith(f"{long}=")


def _environment(command: Command, project: Project) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUREFOOT_")}
    # The order of a set shows in messages; it is the suite's matter, not that of the runner.
    return {**kept, "PYTHONHASHSEED": "0", **project.env, **command.env}


def _run(
    argv: Sequence[str], tree: str, env: Mapping[str, str], out: str, limit: float
) -> int | None:
    # Files and not pipes: a process that the suite leaves behind would keep a pipe open.
    with (
        open(os.path.join(out, "stdout"), "wb") as stdout,
        open(os.path.join(out, "stderr"), "wb") as stderr,
    ):
        process = subprocess.Popen(
            list(argv),
            cwd=tree,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="backslashreplace", newline="") as file:
        return file.read()


def _read_reports(out: str) -> Iterator[tuple[str, str]]:
    for folder, prefix in (("reports", ""), ("junit", "junit/")):
        path = os.path.join(out, folder)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
            yield prefix + name, _read(os.path.join(path, name))
