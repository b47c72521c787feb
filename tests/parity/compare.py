"""Runs a suite under plain behave and under candidates, and tells where they differ.

Each run has a fresh copy of the project, at one and the same path, so that nothing is left from
the run before and absolute paths in messages are equal without masking. A comparison reads what
behave's own formatters wrote on both sides (`masking` says what two runs may differ in), and the
summary, the lists and the snippets that behave prints.

It judges nothing: what a difference means is for its caller to say.
"""

import difflib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import unescape

import msgspec

from tests.parity.masking import mask_json, mask_junit, mask_plain, mask_progress, read_summary

MapExit = Callable[[int], int]

_FORMATS = ("json", "plain", "progress3", "rerun")
_ON_SCREEN = "progress2"
"""Goes to standard output, so that behave's summary does as well. Not `progress`: with a scenario
that ends in cleanup_error it raises a KeyError, under plain behave too."""
_LEFT_OUT = (".git", ".surefoot", "__pycache__", ".pytest_cache")
_DIFF_LINES = 12
_SUREFOOT_AS_BEHAVE = {0: 0, 1: 1, 2: 1, 3: 0, 4: 1, 5: 0, 6: 1, 130: 1}


class Kind(StrEnum):
    """What differs. The values are what the report says."""

    NO_END = "did not end in time"
    EXIT_CODE = "exit code"
    NO_OUTPUT = "a formatter's file is missing"
    FEATURES = "features"
    SCENARIOS = "scenarios"
    FEATURE_STATUS = "feature status"
    SCENARIO_STATUS = "scenario status"
    STEP_STATUS = "step status"
    STEP_MESSAGE = "step message"
    JSON = "JSON"
    PLAIN = "plain output"
    PROGRESS = "progress3 output"
    RERUN = "rerun output"
    JUNIT = "JUnit file"
    FILE = "file"
    COUNTS = "summary counts"
    FAILING = "list of failing scenarios"
    ERRORED = "list of errored scenarios"
    SNIPPETS = "snippets of undefined steps"


class Difference(msgspec.Struct, frozen=True):
    """One place where a candidate's answer is not the baseline's."""

    kind: Kind
    where: str
    """`file:line` of the scenario or feature; the name of a report where there is none."""
    what: str
    """Name of the scenario, step or report."""
    baseline: str = ""
    candidate: str = ""


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


class Comparison(msgspec.Struct, frozen=True):
    """A candidate beside the baseline."""

    command: Command
    differences: tuple[Difference, ...]
    seconds: float
    baseline_seconds: float
    order_dependent: bool = False
    """True when only runs by scenario differ: its scenarios lean on each other."""


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
    if kind == "surefoot-run":
        options = ("-j", str(workers), "--unit", unit, "--workdir", workdir, "--allow-empty")
        argv = (*python, "surefoot", "run", *options)
        return Command(label, argv, map_exit=surefoot_as_behave, unit=unit)
    argv = (*python, "behave", "--runner", "surefoot:Runner", "--jobs", str(workers))
    env = {"SUREFOOT_UNIT": unit, "SUREFOOT_WORKDIR": workdir, "SUREFOOT_ALLOW_EMPTY": "1"}
    return Command(label, argv, env=env, unit=unit)


# -- running


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
    added = ["-o", "-"] * max(0, formats - outputs)
    for name in _FORMATS:
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


# -- comparing


def compare_runs(
    baseline: Observed, other: Observed, map_exit: MapExit = int
) -> tuple[Difference, ...]:
    """Return where another run's answer differs from the baseline's, most telling first."""
    if other.exit_code is None or baseline.exit_code is None:
        return tuple(
            Difference(Kind.NO_END, "", label, "", f"killed after {run.seconds:.0f} s")
            for label, run in (("baseline", baseline), ("candidate", other))
            if run.exit_code is None
        )
    found: list[Difference] = []
    if map_exit(other.exit_code) != baseline.exit_code:
        found.append(
            Difference(
                Kind.EXIT_CODE, "", "exit code", str(baseline.exit_code), str(other.exit_code)
            )
        )
    found += _compare_presence(baseline, other)
    places = Places(baseline.files.get("json", ""))
    if "json" in baseline.files and "json" in other.files:
        found += _compare_json(baseline.files["json"], other.files["json"])
    for name, text in baseline.files.items():
        if name in other.files and name != "json":
            kind, mask = _treatment(name)
            found += _compare_text(kind, name, mask(text), mask(other.files[name]), places)
    found += _compare_summaries(baseline, other)
    return tuple(found)


def _treatment(name: str) -> tuple[Kind, Callable[[str], str]]:
    if name.startswith("junit/"):
        return Kind.JUNIT, mask_junit
    return {
        "plain": (Kind.PLAIN, mask_plain),
        "progress3": (Kind.PROGRESS, mask_progress),
        "rerun": (Kind.RERUN, _unmasked),
    }.get(name, (Kind.FILE, _unmasked))


def _unmasked(text: str) -> str:
    # The rerun formatter's head holds the time of day, and nothing else behind "# NOW:".
    return re.sub(r"(?m)^# NOW: .*$", "# NOW:", text)


def _compare_presence(baseline: Observed, other: Observed) -> Iterator[Difference]:
    for name in sorted(baseline.files.keys() ^ other.files.keys()):
        there = name in baseline.files
        yield Difference(
            Kind.NO_OUTPUT,
            "",
            name,
            "written" if there else "missing",
            "missing" if there else "written",
        )


def _compare_json(before: str, after: str) -> Iterator[Difference]:
    try:
        expected, found = mask_json(json.loads(before)), mask_json(json.loads(after))
    except ValueError:
        if before != after:
            yield Difference(Kind.JSON, "", "no valid JSON", _cut(before), _cut(after))
        return
    told = len(expected)
    yield from _sequence(Kind.FEATURES, "", "features", expected, found)
    for feature, other in zip(expected, found, strict=False):
        if feature["location"] == other["location"]:
            yield from _compare_feature(feature, other)
    if told != len(found):
        return
    if _shape(expected) != _shape(found):
        yield Difference(Kind.JSON, "", "order of keys", "", "")


def _shape(value: Any) -> str:
    """The masked text itself: what is equal as a value may still be written otherwise."""
    return json.dumps(value) if _plain_equal(value) else ""


def _plain_equal(value: Any) -> bool:
    return value is not None


def _compare_feature(feature: Any, other: Any) -> Iterator[Difference]:
    where = feature["location"]
    if feature["status"] != other["status"]:
        yield Difference(
            Kind.FEATURE_STATUS, where, feature["name"], str(feature["status"]), str(other["status"])
        )
