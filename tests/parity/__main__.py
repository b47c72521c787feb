"""The command `python -m tests.parity`: compares suites with plain behave and prints the report.

Exit code 0 when all is equal, 1 when something differs, 2 when a suite cannot be had.
"""

import argparse
import difflib
import os
import shlex
import sys
from collections.abc import Sequence

import msgspec
from tests.expected import BY_NAME
from tests.parity.compare import Comparison, compare_project, render
from tests.parity.running import Command, Project, candidate
from tests.parity.sources import SourceError, cache_dir, prepare, real_suites

_COMMANDS = ("surefoot-run", "behave-runner", "behave")
_UNITS = ("feature", "scenario")


class Job(msgspec.Struct, frozen=True):
    """A suite to compare, and what it sets for itself."""

    name: str
    project: Project
    workdir: str
    units: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    options = _parser().parse_args(argv)
    if options.list:
        print(listing())
        return 0
    try:
        jobs = [job_of(name, options) for name in options.projects or _all_real()]
        every = [comparison for job in jobs for comparison in _compare(job, options)]
    except SourceError as error:
        print(f"parity: {error}", file=sys.stderr)
        return 2
    return 1 if any(item.differences for item in every) else 0


def _compare(job: Job, options: argparse.Namespace) -> list[Comparison]:
    print(f"== {job.name}", flush=True)
    comparisons = compare_project(
        job.project,
        commands_of(job, options),
        say=lambda text: print(f"   {text}", file=sys.stderr, flush=True),
        keep=os.path.join(options.keep, job.name) if options.keep else "",
    )
    print(render(comparisons, options.most), flush=True)
    return comparisons


def job_of(name: str, options: argparse.Namespace) -> Job:
    """Return what `name` stands for: a row of tests.expected, a real suite, or a directory.

    Raises SourceError when it is none of them, or cannot be had.
    """
    row = BY_NAME.get(name)
    real = next((suite for suite in real_suites() if suite.name == name), None)
    units = tuple(options.units or _UNITS)
    if row is not None:
        project = Project(row.path, row.args, row.env, row.files)
        workdir = row.workdir
        if row.whole and not options.units:
            units = ("feature",)
    elif real is not None:
        project = prepare(real, cache_dir())
        workdir = real.workdir
        if real.whole and not options.units:
            units = ("feature",)
    elif os.path.isdir(name):
        project, workdir = Project(os.path.abspath(name)), "shared"
    else:
        known = [*BY_NAME, *(suite.name for suite in real_suites())]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SourceError(f"{name} is no directory and no suite that --list names{hint}")
    project = msgspec.structs.replace(
        project,
        args=(*project.args, *shlex.split(options.args)),
        env={**project.env, **dict(options.env)},
        limit=options.limit or project.limit,
    )
    return Job(name, project, options.workdir or workdir, units)


def commands_of(job: Job, options: argparse.Namespace) -> list[Command]:
    """Return the candidates, in the order that they run."""
    commands = []
    for kind in options.command or ("surefoot-run",):
        if kind == "behave":
            commands.append(candidate(kind, 1, "feature"))
            continue
        commands += [
            candidate(kind, workers, unit, job.workdir)
            for unit in job.units
            for workers in options.workers
        ]
    return commands


def listing() -> str:
    """Return every suite that has a name here."""
    lines = ["suites of real projects:"]
    lines += [
        f"  {suite.name}: {suite.archive}, {' '.join(suite.args)}; {suite.note}"
        for suite in real_suites()
    ]
    lines.append("rows of tests/expected.py:")
    lines += [
        f"  {row.name}" + (f" (not equal: {row.unlike})" if row.unlike else "")
        for row in BY_NAME.values()
    ]
    return "\n".join(lines)


def _all_real() -> list[str]:
    return [suite.name for suite in real_suites()]


def _numbers(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError("there is at least 1 worker")
    return numbers


def _choices(known: Sequence[str], text: str) -> list[str]:
    chosen = text.split(",")
    for one in chosen:
        if one not in known:
            raise argparse.ArgumentTypeError(f"{one!r} is not known (known: {', '.join(known)})")
    return chosen


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.parity",
        description="Compare surefoot with plain behave on whole suites, report by report.",
        epilog="example: python -m tests.parity outlines --workers 1,2 --units feature,scenario",
    )
    parser.add_argument(
        "projects",
        nargs="*",
        metavar="PROJECT",
        help="a directory or a name from --list; all real suites when none is given",
    )
    parser.add_argument("--args", default="", help="further arguments for behave, in one string")
    parser.add_argument("--workers", type=_numbers, default=[1, 2], help="default: 1,2")
    parser.add_argument(
        "--units",
        type=lambda text: _choices(_UNITS, text),
        metavar="feature,scenario",
        help="default: both, or what the suite allows",
    )
    parser.add_argument(
        "--command",
        type=lambda text: _choices(_COMMANDS, text),
        metavar=",".join(_COMMANDS),
        help="default: surefoot-run; behave compares plain behave with itself",
    )
    parser.add_argument("--workdir", choices=("shared", "copy"), help="default: the suite's own")
    parser.add_argument("--env", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--limit", type=float, help="seconds that one run may take")
    parser.add_argument("--most", type=int, default=20, help="differences written out")
    parser.add_argument("--keep", default="", metavar="DIR", help="keep what each run wrote")
    parser.add_argument("--list", action="store_true", help="list the suites by name, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
