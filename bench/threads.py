"""The command `python -m bench.threads`: how soon exploration finds five bugs, against its peers.

`--peers PYTHON` names an interpreter that has interleave-test, frontrun and pytest-run-parallel
installed (3.12 or later); those that it lacks are left out and said to be. Writes
bench/RESULTS-threads.md.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from bench import thread_cases
from surefoot.threads import forked, search
from surefoot.threads.schedule import Failure, Trial

_HERE = os.path.dirname(os.path.abspath(__file__))
_PAGE = os.path.join(_HERE, "RESULTS-threads.md")
_PEER = os.path.join(_HERE, "thread_peers.py")
_WALL = 1_764_000_000 * 10**9


class Found(msgspec.Struct, frozen=True):
    """What a contestant came to on one case."""

    schedules: tuple[int, ...]
    """Number of the first failing schedule for each seed; 0 where none failed."""
    milliseconds: float
    """Real time a schedule, mean."""
    processor: float = 0.0
    """Processor time a schedule in milliseconds, mean; 0 where it was not measured."""
    replays: tuple[int, int] = (0, 0)
    """Replays that failed in the same way, of those tried."""
    kept: tuple[int, ...] = ()
    """Switches that stay after minimising."""


class _Nowhere:
    def make(self) -> str:
        return ""

    def enter(self, path: str) -> None:
        del path

    def remove(self, path: str) -> None:
        del path


def ours(name: str, seed: int, schedules: int) -> search.Report:
    """Search one case with one seed."""
    kind = thread_cases.CASES[name]

    def body() -> tuple[Failure | None, list[msgspec.Raw]]:
        try:
            thread_cases.run(kind)
        except Exception as error:
            return Failure("step", f"{type(error).__name__}: {error}"), []
        return None, []

    wanted = frozenset({thread_cases.__file__}).__contains__
    runner = forked.Runner(body, wanted, seed=seed, wall=_WALL, limit=30, place=_Nowhere())
    with contextlib.closing(runner):
        return search.search(runner.run, search.Options(schedules, seed))


def replay_in_fresh_process(name: str, report: search.Report) -> bool:
    """Run the found schedule in a new interpreter; whether it fails there."""
    trial = Trial(report.granularity, "replay", report.seed, decisions=report.decisions)
    done = subprocess.run(
        [sys.executable, "-m", "bench.threads", "--replay", name],
        input=msgspec.json.encode(trial),
        capture_output=True,
        cwd=os.path.dirname(_HERE),
        check=False,
    )
    return done.returncode == 1


def _replay(name: str) -> int:
    trial = msgspec.json.decode(sys.stdin.buffer.read(), type=Trial)
    kind = thread_cases.CASES[name]

    def body() -> tuple[Failure | None, list[msgspec.Raw]]:
        try:
            thread_cases.run(kind)
        except Exception as error:
            return Failure("step", str(error)), []
        return None, []

    wanted = frozenset({thread_cases.__file__}).__contains__
    runner = forked.Runner(body, wanted, seed=trial.seed, wall=_WALL, limit=30, place=_Nowhere())
    with contextlib.closing(runner):
        return 1 if runner.run(trial).failure is not None else 0


def measure(name: str, seeds: int, schedules: int) -> Found:
    """Search one case with each seed; replay each find in this process and in a fresh one."""
    reports = [ours(name, seed, schedules) for seed in range(1, seeds + 1)]
    found = [report for report in reports if report.found_at]
    replayed = sum(report.replayed for report in found) + len(found)
    same = sum(report.replays for report in found)
    same += sum(replay_in_fresh_process(name, report) for report in found)
    tried = sum(report.tried for report in reports)
    return Found(
        tuple(report.found_at for report in reports),
        1000 * sum(report.searching for report in reports) / tried,
        1000 * sum(report.processor for report in reports) / tried,
        (same, replayed),
        tuple(len(report.decisions) for report in found),
    )


def plain(name: str, runs: int) -> int:
    """Run a case plainly, as a suite would; return how often it failed."""
    kind = thread_cases.CASES[name]
    failed = 0
    for _ in range(runs):
        try:
            thread_cases.run(kind, timeout=1.0)
        except AssertionError:
            failed += 1
    return failed


def peer(python: str, tool: str, name: str, seeds: int, schedules: int) -> Found | str:
    """Run another tool on a case, in its own interpreter; return why not, if not."""
    try:
        done = subprocess.run(
            [python, _PEER, tool, name, str(seeds), str(schedules)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return (done.stderr.strip().splitlines() or ["no answer"])[-1][:80]
    return msgspec.convert(json.loads(lines[-1]), Found)


TOOLS = ("interleave-test pct", "interleave-test random", "frontrun dpor", "frontrun random")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.threads")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--plain", type=int, default=1000)
    parser.add_argument("--peers", default="", metavar="PYTHON")
    parser.add_argument("--replay", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.replay:
        return _replay(options.replay)
    started = time.monotonic()
    rows: dict[str, dict[str, Any]] = {}
    for name in thread_cases.CASES:
        row: dict[str, Any] = {"ours": measure(name, options.seeds, options.schedules)}
        row["plain"] = plain(name, options.plain)
        if options.peers:
            for tool in (*TOOLS, "pytest-run-parallel"):
                many = options.schedules if tool != "pytest-run-parallel" else options.plain
                row[tool] = peer(options.peers, tool, name, options.seeds, many)
        rows[name] = row
        sys.stderr.write(f"{name}: {row['ours']}\n")
    with open(_PAGE, "w", encoding="utf-8") as file:
        file.write(page(rows, options, time.monotonic() - started))
    return 0


def page(rows: dict[str, dict[str, Any]], options: Any, seconds: float) -> str:
    """Return the results as Markdown."""
    load = os.getloadavg()[0]
    lines = [
        "# Schedule exploration, measured",
        "",
        f"Written by `python -m bench.threads`: {options.seeds} seeds of at most"
        f" {options.schedules} schedules a case, on Python {platform.python_version()},"
        f" {os.cpu_count()} CPUs, load {load:.1f} at the end, {seconds:.0f} s in all. Cases:"
        " `bench/thread_cases.py`.",
        "",
        "## surefoot",
        "",
        "| case | found | schedules to the first failure: median (most) | ms a schedule |"
        " of it processor | switches left | replays that fail, fresh processes included |"
        f" failures in {options.plain} plain runs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        ours_: Found = row["ours"]
        hits = [number for number in ours_.schedules if number]
        kept = statistics.median(ours_.kept) if ours_.kept else 0
        lines.append(
            f"| {name} | {len(hits)} of {len(ours_.schedules)} | {_spread(hits)} |"
            f" {ours_.milliseconds:.1f} | {ours_.processor:.1f} | {kept:g} |"
            f" {ours_.replays[0]} of {ours_.replays[1]} | {row['plain']} |"
        )
    if options.peers:
        lines += ["", "## Others, on the same cases", ""]
        head = "| case | surefoot |" + "".join(f" {tool} |" for tool in TOOLS)
        lines += [head + " pytest-run-parallel |", "|---" * (len(TOOLS) + 3) + "|"]
        for name, row in rows.items():
            cells = [_cell(row["ours"]), *(_cell(row[tool]) for tool in TOOLS)]
            parallel = row["pytest-run-parallel"]
            last = parallel if isinstance(parallel, str) else _parallel(parallel, options.plain)
            lines.append(f"| {name} | " + " | ".join(cells) + f" | {last} |")
        lines += [
            "",
            "A cell: seeds that found it, median schedules to the first failure, ms a schedule."
            " frontrun's DPOR has no seed and runs once. pytest-run-parallel only runs the test in"
            " parallel: the cell says whether it failed at all. surefoot forks for"
            " each schedule and the others do not.",
        ]
    return "\n".join(lines) + "\n"


def _parallel(found: Found, runs: int) -> str:
    return f"failed within {runs} runs" if any(found.schedules) else f"none in {runs} runs"


def _spread(hits: list[int]) -> str:
    return f"{statistics.median(hits):g} ({max(hits)})" if hits else "-"


def _cell(found: Found | str) -> str:
    if isinstance(found, str):
        return found
    hits = [number for number in found.schedules if number]
    median = f"{statistics.median(hits):g}" if hits else "-"
    return f"{len(hits)}/{len(found.schedules)}, {median}, {found.milliseconds:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
