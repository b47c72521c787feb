"""The search for a schedule that fails, and what is found out about it.

Tries schedules until one fails, drops the switches that do not matter, replays what is left,
and asks whether this interpreter could do it by itself. Runs nothing: `run` does.
"""

import os
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from surefoot.modelled import real
from surefoot.threads import places
from surefoot.threads.minimise import Fails, minimise
from surefoot.threads.schedule import Decision, Granularity, Policy, Result, Trial, python_version

Run = Callable[[Trial], Result]
_REPLAYS = 3
_ENOUGH = 2
"""Decisions that are few enough to read."""
_OTHERS = 40
"""Schedules in which fewer are looked for."""


class Options(msgspec.Struct, frozen=True):
    """What a search is asked to do."""

    schedules: int = 200
    seed: int = 0
    policy: Literal["both", "random", "pct"] = "both"
    granularity: Literal["auto", "sync", "line", "opcode"] = "auto"
    packages: tuple[str, ...] = ()
    """Names of packages to trace; empty for all code below the working directory."""


class Report(msgspec.Struct):
    """What a search came to."""

    schedules: int
    """That were asked for."""
    seed: int
    tried: int = 0
    found_at: int = 0
    """Number of the first schedule that failed, from 1; 0 if none did."""
    plain: bool = False
    """Whether the very first one failed, in which no thread was stopped."""
    alone: bool = False
    """Whether the scenario never had two threads at once, so that there was nothing to order."""
    result: Result | None = None
    """Of the schedule that is shown, with its story."""
    granularity: Granularity = "line"
    policy: Policy = "random"
    switches: int = 0
    """Decisions of the schedule as it was found."""
    replays: int = 0
    """How many of `replayed` replays failed in the same way."""
    replayed: int = 0
    interpreter: str = ""
    """Whether this interpreter could do it by itself, in a sentence."""
    possible: bool | None = None
    disturbed: int = 0
    """Schedules that were not replayable."""
    cut: int = 0
    """Schedules that were given up."""
    why_cut: str = ""
    points: int = 0
    """Most points with a choice in one schedule."""
    threads: int = 0
    seconds: float = 0.0
    searching: float = 0.0
    """Seconds until the first failure, or to the end of the search."""
    processor: float = 0.0
    """Seconds of processor time until then, those of forking included."""
    minimising: int = 0
    """Schedules that were run after the first failure."""
    findings: list[msgspec.Raw] = []

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What replays it."""
        return self.result.decisions if self.result else ()


def search(run: Run, options: Options) -> Report:
    """Try schedules until one fails; return what was found."""
    started = real.monotonic()
    used = time.process_time()
    report = Report(options.schedules, options.seed)
    lengths: dict[str, int] = {}
    for number in range(options.schedules):
        trial = plan(options, number, lengths)
        result = run(trial)
        _count(report, result)
        report.processor += result.processor
        if result.failure is not None:
            report.processor += time.process_time() - used
            report.found_at = number + 1
            report.plain = number == 0
            report.searching = real.monotonic() - started
            _found(run, report, trial, result)
            break
        if len(result.threads) < 2 and not result.cut:
            report.alone = True
            break
        lengths[trial.granularity] = max(lengths.get(trial.granularity, 0), result.points)
    else:
        report.processor += time.process_time() - used
    report.seconds = real.monotonic() - started
    report.searching = report.searching or report.seconds
    return report


def plan(options: Options, number: int, lengths: dict[str, int]) -> Trial:
    """Return the schedule of a number; number 0 stops no thread.

    With everything on automatic, lines and instructions take turns, and within each the two
    policies: neither finds all bugs soon, and each bug is soon found by one of the four.
    """
    if options.granularity == "auto":
        granularity: Granularity = "line" if number % 2 else "opcode"
        turn = number // 2
    else:
        granularity = options.granularity
        turn = number
    policy: Policy
    if number == 0:
        policy = "replay"
        granularity = "line" if options.granularity == "auto" else granularity
    elif options.policy == "both":
        policy = "pct" if turn % 2 else "random"
    else:
        policy = options.policy
    length = lengths.get(granularity) or max(lengths.values(), default=60)
    return Trial(granularity, policy, options.seed, number, length)


def replay(run: Run, trial: Trial, options: Options) -> Report:
    """Run the schedule of a recipe, with its story, and then as often again as a search would."""
    started = real.monotonic()
    report = Report(1, options.seed)
    recorded = run(msgspec.structs.replace(trial, record=True))
    _count(report, recorded)
    report.result = recorded
    report.granularity, report.policy = trial.granularity, "replay"
    report.switches = len(trial.decisions)
    if recorded.failure is not None:
        report.found_at = 1
        _confirm(run, report, trial)
    report.seconds = report.searching = real.monotonic() - started
    return report


def _count(report: Report, result: Result) -> None:
    report.tried += 1
    report.disturbed += bool(result.disturbed) and not result.cut
    report.cut += result.cut
    if result.cut:
        report.why_cut = report.why_cut or result.disturbed
    report.points = max(report.points, result.points)
    report.threads = max(report.threads, len(result.threads))
    known = {bytes(item) for item in report.findings}
    report.findings += [item for item in result.findings if bytes(item) not in known]


def _found(run: Run, report: Report, trial: Trial, result: Result) -> None:
    """Minimise a failing schedule, tell its story, confirm it and judge it."""
    failure = result.failure
    assert failure is not None
    report.granularity, report.policy = trial.granularity, trial.policy
    report.switches = len(result.decisions)

    def fails(decisions: tuple[Decision, ...]) -> Result | None:
        report.minimising += 1
        tried = run(Trial(trial.granularity, "replay", trial.seed, decisions=decisions))
        same = tried.failure is not None and tried.failure.sort == failure.sort
        return tried if same else None

    smaller = minimise(result, fails)
    if len(smaller.decisions) > _ENOUGH and not report.plain:
        smaller = _smaller_elsewhere(run, report, trial, smaller, fails)
    decisions = smaller.decisions
    final = Trial(trial.granularity, "replay", trial.seed, decisions=decisions)
    recorded = run(msgspec.structs.replace(final, record=True))
    report.minimising += 1
    if recorded.failure is not None and recorded.failure.sort == failure.sort:
        report.result = recorded
    else:
        # It does not replay: what was seen is all that there is to show.
        report.result = smaller
    _confirm(run, report, final)
    if not report.plain:
        _judge(run, report, trial.seed, failure.sort)


def _smaller_elsewhere(
    run: Run, report: Report, trial: Trial, best: Result, fails: Fails
) -> Result:
    """Look for the same failure in schedules that have few switches to begin with."""
    assert best.failure is not None
    for number in range(_OTHERS):
        other = run(
            Trial(trial.granularity, "pct", trial.seed, 1_000_000 + number, max(20, best.points))
        )
        report.minimising += 1
        if other.failure is None or other.failure.sort != best.failure.sort:
            continue
        other = minimise(other, fails, 30)
        if len(other.decisions) < len(best.decisions):
            best = other
        if len(best.decisions) <= _ENOUGH:
            break
    return best


def _confirm(run: Run, report: Report, trial: Trial) -> None:
    result = report.result
    assert result is not None
    assert result.failure is not None
    for _ in range(_REPLAYS):
        again = run(msgspec.structs.replace(trial, record=False))
        report.minimising += 1
        report.replayed += 1
        same = again.failure is not None and again.failure.sort == result.failure.sort
        report.replays += same and again.decisions == result.decisions


def _judge(run: Run, report: Report, seed: int, sort: str) -> None:
    """Find out whether it can happen where this interpreter lets other threads run."""
    version = f"CPython {python_version()}"
    if not places.has_global_lock():
        report.possible = True
        report.interpreter = f"This {version} has no global lock: it can happen here."
        return
    tries = min(100, report.schedules)
    length = 60
    for number in range(tries):
        policy: Policy = "pct" if number % 2 else "random"
        result = run(Trial("breaker", policy, seed, number, length))
        report.minimising += 1
        length = max(length, result.points)
        if result.failure is not None and result.failure.sort == sort:
            report.possible = True
            report.interpreter = (
                f"It can happen on this {version}: a schedule that switches only where it lets"
                f" other threads run by itself failed too (number {number + 1})."
            )
            return
    report.possible = False
    report.interpreter = (
        f"None of {tries} schedules that switch only where this {version} lets other threads run"
        " by itself failed: expect it without the global lock, or on another version."
    )


def is_wanted(packages: tuple[str, ...], root: str) -> Callable[[str], bool]:
    """Return which files are traced: of the packages, or all of the user's below the root."""
    from surefoot.threads import stacks

    answers: dict[str, bool] = {}
    directories = [path for name in packages for path in _directories(name)]

    def wanted(path: str) -> bool:
        answer = answers.get(path)
        if answer is None:
            full = os.path.abspath(path)
            if packages:
                answer = any(full == item or full.startswith(item + os.sep) for item in directories)
            else:
                inside = full.startswith(root + os.sep) and stacks.is_users(full)
                answer = inside and "site-packages" not in full and not path.startswith("<")
            answers[path] = answer
        return answer

    return wanted


def _directories(name: str) -> list[str]:
    import importlib.util

    from surefoot.errors import UserError

    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise UserError(f"explore: there is no package {name} to trace; name it as it is imported")
    if spec.submodule_search_locations:
        return [os.path.abspath(path) for path in spec.submodule_search_locations]
    return [os.path.abspath(spec.origin)] if spec.origin else []
