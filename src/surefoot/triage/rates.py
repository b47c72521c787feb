"""How often jobs fail and how long they take, each figure with its sample.

Attempts of one run count once: what the last attempt came to is what the run came to. Cancelled
runs are in no rate. Intervals are Wilson's (1927) at 95 %, which hold for few runs and for rates
near 0 and 1, where the plain one does not.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from surefoot.triage.model import (
    Conclusion,
    CriticalPath,
    Durations,
    Interval,
    Log,
    PathStep,
    Rate,
)

Z = 1.959963984540054


def wilson(failures: int, n: int) -> Interval:
    """Return the 95 % interval of a rate; 0 to 1 when there is no run."""
    if n == 0:
        return Interval(0.0, 1.0)
    share = failures / n
    centre = share + Z * Z / (2 * n)
    spread = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    # The ends are exact where the sample has no or only failures.
    low = 0.0 if failures == 0 else (centre - spread) / scale
    high = 1.0 if failures == n else (centre + spread) / scale
    return Interval(max(0.0, low), min(1.0, high))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank quantile: the smallest value with `share` at or below it."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def run_key(log: Log) -> str:
    """Return what makes logs belong to one run."""
    return log.run or (str(log.number) if log.number else log.name)


def last_attempts(logs: Iterable[Log]) -> dict[tuple[str, str, str], list[Log]]:
    """Group logs by workflow, job and run, with the attempts in order."""
    groups: dict[tuple[str, str, str], list[Log]] = {}
    for log in logs:
        groups.setdefault((log.workflow, log.job, run_key(log)), []).append(log)
    for attempts in groups.values():
        attempts.sort(key=lambda log: (log.attempt, log.started or 0.0, log.name))
    return groups


def rates(logs: Sequence[Log], filter_text: str = "") -> tuple[Rate, ...]:
    """Return the rates over all, and per workflow, job, event and branch."""
    jobs = last_attempts(logs)
    found = []
    by_run: dict[tuple[str, str], list[list[Log]]] = {}
    for (workflow, _, run), attempts in jobs.items():
        by_run.setdefault((workflow, run), []).append(attempts)
    runs = [_whole(parts) for parts in by_run.values()]
    if runs:
        found.append(_rate("all", "", runs, filter_text))
    sections: tuple[tuple[str, Callable[[Log], str]], ...] = (
        ("workflow", lambda log: log.workflow),
        ("event", lambda log: log.event),
        ("branch", lambda log: log.branch),
    )
    for what, name_of in sections:
        found += _by(what, name_of, runs, filter_text)
    found += _by(
        "job",
        lambda log: f"{log.workflow}/{log.job}" if log.workflow else log.job,
        list(jobs.values()),
        filter_text,
    )
    return tuple(found)


def _by(
    what: str, name_of: Callable[[Log], str], samples: list[list[Log]], filter_text: str
) -> list[Rate]:
    groups: dict[str, list[list[Log]]] = {}
    for attempts in samples:
        groups.setdefault(name_of(attempts[-1]), []).append(attempts)
    return [
        _rate(what, name, members, filter_text)
        for name, members in sorted(groups.items())
        if name or len(groups) > 1
    ]


def _whole(parts: list[list[Log]]) -> list[Log]:
    """Return one run as attempts: red when one of its jobs ended red."""
    last = [attempts[-1] for attempts in parts]
    order = (Conclusion.FAILURE, Conclusion.TIMED_OUT, Conclusion.RUNNING, Conclusion.CANCELLED)
    decisive = last[0]
    for conclusion in order:
        same = [log for log in last if log.conclusion is conclusion]
        if same:
            decisive = same[0]
            break
    else:
        passed = [log for log in last if log.conclusion is Conclusion.SUCCESS]
        decisive = passed[0] if passed else decisive
    if decisive.conclusion is Conclusion.SUCCESS:
        earlier = [log for attempts in parts for log in attempts[:-1] if log.conclusion.is_red]
        return [*earlier[:1], decisive]
    return [decisive]


def _rate(what: str, name: str, samples: list[list[Log]], filter_text: str) -> Rate:
    failures = passed = cancelled = other = flaky = 0
    counted: list[Log] = []
    for attempts in samples:
        last = attempts[-1]
        if last.conclusion.is_red:
            failures += 1
        elif last.conclusion is Conclusion.SUCCESS:
            passed += 1
            flaky += any(log.conclusion.is_red for log in attempts[:-1])
        elif last.conclusion is Conclusion.CANCELLED:
            cancelled += 1
            continue
        else:
            other += 1
            continue
        counted.append(last)
    times = [log.started for log in counted if log.started is not None]
    n = failures + passed
    return Rate(
        what,
        name,
        failures,
        n,
        wilson(failures, n),
        cancelled=cancelled,
        other=other,
        flaky=flaky,
        first=min(times, default=None),
        last=max(times, default=None),
        filter=filter_text,
        runs=tuple(dict.fromkeys(run_key(log) for log in counted)),
    )


# -- durations


def durations(logs: Sequence[Log], filter_text: str = "") -> tuple[Durations, ...]:
    """Return how long each job takes, over the runs that ended by themselves."""
    groups: dict[tuple[str, str], list[Log]] = {}
    for attempts in last_attempts(logs).values():
        log = attempts[-1]
        ended = log.conclusion.is_red or log.conclusion is Conclusion.SUCCESS
        if ended and log.duration is not None:
            groups.setdefault((log.workflow, log.job), []).append(log)
    found = []
    for (workflow, job), members in sorted(groups.items()):
        members.sort(key=lambda log: (log.started or 0.0, log.name))
        seconds = [log.duration for log in members if log.duration is not None]
        slope, shown = trend(seconds)
        found.append(
            Durations(
                job,
                len(seconds),
                quantile(seconds, 0.5),
                quantile(seconds, 0.95),
                max(seconds),
                trend=slope,
                trend_shown=shown,
                workflow=workflow,
                filter=filter_text,
            )
        )
    return tuple(found)


def trend(values: Sequence[float]) -> tuple[float, bool]:
    """Return Theil and Sen's slope, and whether Kendall's test (no ties, 5 %) shows one.

    Only the last 300 values are looked at: the test compares each with each.
    """
    values = values[-300:]
    n = len(values)
    if n < 2:
        return 0.0, False
    slopes = []
    rising = 0
    for late in range(1, n):
        for early in range(late):
            difference = values[late] - values[early]
            slopes.append(difference / (late - early))
            rising += (difference > 0) - (difference < 0)
    spread = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    shown = n >= 8 and (abs(rising) - 1) / spread > Z
    return quantile(slopes, 0.5), shown


# -- critical path


def critical_paths(logs: Sequence[Log]) -> tuple[CriticalPath, ...]:
    """Return, for each workflow with more than one job, the chain that decides its length."""
    by_run: dict[tuple[str, str], dict[str, Log]] = {}
    for (workflow, job, run), attempts in last_attempts(logs).items():
        if attempts[-1].duration is not None and job:
            by_run.setdefault((workflow, run), {})[job] = attempts[-1]
    by_workflow: dict[str, list[dict[str, Log]]] = {}
    for (workflow, _), jobs in sorted(by_run.items()):
        if len(jobs) > 1:
            by_workflow.setdefault(workflow, []).append(jobs)
    found = []
    for workflow, runs in sorted(by_workflow.items()):
        needs = any(log.needs for jobs in runs for log in jobs.values())
        chains = [_chain(jobs, needs) for jobs in runs]
        usual = max(
            dict.fromkeys(tuple(log.job for log in chain) for chain in chains),
            key=lambda names: sum(tuple(log.job for log in one) == names for one in chains),
        )
        same = [chain for chain in chains if tuple(log.job for log in chain) == usual]
        steps = []
        for place, job in enumerate(usual):
            took = [chain[place].duration or 0.0 for chain in same]
            waits = [_wait(chain, place) for chain in same]
            steps.append(PathStep(job, quantile(took, 0.5), quantile(waits, 0.5)))
        whole = [_length(chain) for chain in same]
        found.append(
            CriticalPath(
                workflow,
                tuple(steps),
                quantile(whole, 0.5),
                len(same),
                "needs" if needs else "times",
            )
        )
    return tuple(found)


def _chain(jobs: dict[str, Log], needs: bool) -> list[Log]:
    """Walk back from the job that ended last, each time to what it waited for."""
    at = max(jobs.values(), key=lambda log: (log.ended or 0.0, log.job))
    chain = [at]
    while len(chain) <= len(jobs):
        before = [
            log
            for log in jobs.values()
            if log not in chain
            and (log.ended or 0.0) <= (at.started or 0.0) + 1.0
            and (not needs or log.job in at.needs)
        ]
        if not before:
            break
        at = max(before, key=lambda log: (log.ended or 0.0, log.job))
        chain.append(at)
    return chain[::-1]


def _wait(chain: list[Log], place: int) -> float:
    if place == 0:
        return 0.0
    return max(0.0, (chain[place].started or 0.0) - (chain[place - 1].ended or 0.0))


def _length(chain: list[Log]) -> float:
    return max(0.0, (chain[-1].ended or 0.0) - (chain[0].started or 0.0))
