"""What other runs of the same job say about a failure: flaky, suspected flaky, regression.

Evidence for flakiness is a job that both failed and passed on one commit, or a retry that passed.
Commits that are red on more than a quarter of their jobs, and streaks of four or more red runs,
are broken times: what fails in them is no evidence that it flickers (after Go's watchflakes).
"""

from collections.abc import Sequence, Set

import msgspec

from surefoot.triage.fingerprints import fingerprint, named_alone
from surefoot.triage.model import (
    BrokenCommit,
    BrokenPeriod,
    Conclusion,
    Failure,
    Log,
    ParsedLog,
)
from surefoot.triage.rates import last_attempts

MANY = 0.25
"""Share of a commit's jobs; more red than that, and the commit is broken."""
FEWEST_JOBS = 4
"""A commit with fewer jobs has no meaningful share."""
STREAK = 4
SUSPECT_COMMITS = 3
SUSPECT_BRANCHES = 2


class History:
    """All runs that are known, green ones too."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = sorted(logs, key=lambda log: (log.started or 0.0, log.attempt, log.name))
        self.broken_commits = _broken_commits(self._logs)
        self.broken_periods = _broken_periods(self._logs)
        self._bad_commits = {item.commit for item in self.broken_commits}
        self._in_streak = {name for item in self.broken_periods for name in item.logs}
        self._same: dict[tuple[str, str, str], list[Log]] = {}
        self._line: dict[tuple[str, str, str], list[Log]] = {}
        for log in self._logs:
            if log.commit:
                self._same.setdefault((log.workflow, log.job, log.commit), []).append(log)
            self._line.setdefault((log.workflow, log.job, log.branch), []).append(log)

    def masked(self, log: Log) -> str:
        """Return why a log is no evidence for flakiness, or an empty string."""
        if log.commit in self._bad_commits:
            return f"commit {log.commit[:12]} is red on more than a quarter of its jobs"
        if log.name in self._in_streak:
            return f"it is one of {STREAK} or more red runs in a row"
        return ""

    def passed_on_same_commit(self, log: Log) -> Log | None:
        """Return a green run of the same job on the same commit."""
        if not log.commit:
            return None
        same = self._same.get((log.workflow, log.job, log.commit), [])
        return next((one for one in same if one.conclusion is Conclusion.SUCCESS), None)

    def around(self, log: Log) -> tuple[Log | None, int, int]:
        """Return the last green run before a red one, the red runs from there to now, and the
        green runs after it, on the same job and branch."""
        line = self._line.get((log.workflow, log.job, log.branch), [])
        done = [one for one in line if one.conclusion is not Conclusion.CANCELLED]
        place = next((at for at, one in enumerate(done) if one.name == log.name), None)
        if place is None:
            return None, 0, 0
        good: Log | None = None
        at = place
        while at >= 0:
            if done[at].conclusion is Conclusion.SUCCESS:
                good = done[at]
                break
            at -= 1
        red = sum(one.conclusion.is_red for one in done[at + 1 :])
        green = sum(one.conclusion is Conclusion.SUCCESS for one in done[place + 1 :])
        return good, red, green

    def green_around(
        self, jobs: Set[tuple[str, str]], moment: float | None
    ) -> tuple[Log | None, int]:
        """Return the last green run of some jobs before a moment, on any branch, and how many
        are green from then on. Runs without a time are left out."""
        if moment is None:
            return None, 0
        green = [
            log
            for log in self._logs
            if (log.workflow, log.job) in jobs and _green(log) and log.started is not None
        ]
        before = [log for log in green if (log.started or 0.0) < moment]
        return (before[-1] if before else None), len(green) - len(before)

    def first_bad(self, log: Log) -> Log:
        """Return the first red run of the streak that a red run belongs to."""
        line = self._line.get((log.workflow, log.job, log.branch), [])
        first = log
        for one in line:
            if one.conclusion is Conclusion.SUCCESS:
                first = log
            elif one.conclusion.is_red and first is log:
                first = one
            if one.name == log.name:
                break
        return first

    def green_share(self, log: Log) -> float | None:
        """Return the share of green among the runs of a log's workflow; None without any."""
        same = [
            attempts[-1]
            for (workflow, _, _), attempts in last_attempts(self._logs).items()
            if workflow == log.workflow
        ]
        ended = [one for one in same if one.conclusion.is_red or _green(one)]
        return sum(_green(one) for one in ended) / len(ended) if ended else None


class Recurrence(msgspec.Struct, frozen=True):
    """Where one failure occurred, outside of broken times."""

    commits: frozenset[str]
    branches: frozenset[str]
    logs: tuple[str, ...]
    first_bad: str = ""
    """Commit of its first occurrence."""
    last_good: str = ""
    """Commit of the last green run of its jobs before that; empty when there is none."""
    lasting: bool = False
    """True when no run of its jobs was green since it first occurred. False without times."""

    @property
    def widespread(self) -> bool:
        """True when changes that have nothing to do with each other show it."""
        return len(self.commits) >= SUSPECT_COMMITS and len(self.branches) >= SUSPECT_BRANCHES

    @property
    def suspicious(self) -> bool:
        """True when it comes and goes, whatever was changed."""
        return self.widespread and not self.lasting


def recurrences(
    found: Sequence[tuple[Failure, ParsedLog]], history: History
) -> dict[str, Recurrence]:
    """Return for each fingerprint where it occurred."""
    alone = named_alone(failure for failure, _ in found)
    places: dict[str, list[Log]] = {}
    for failure, parsed in found:
        if not history.masked(parsed.log):
            mark = fingerprint(failure)
            places.setdefault(alone.get(mark, mark), []).append(parsed.log)
    known = {mark: _recurrence(logs, history) for mark, logs in places.items()}
    return known | {mark: known[other] for mark, other in alone.items() if other in known}


def _recurrence(logs: Sequence[Log], history: History) -> Recurrence:
    timed = sorted(
        (log.started, log.commit) for log in logs if log.started is not None and log.commit
    )
    first, commit = timed[0] if len(timed) == len(logs) else (None, "")
    good, after = history.green_around({(log.workflow, log.job) for log in logs}, first)
    return Recurrence(
        frozenset(log.commit for log in logs if log.commit),
        frozenset(log.branch for log in logs if log.branch),
        tuple(log.name for log in logs),
        commit,
        good.commit if good is not None else "",
        first is not None and not after,
    )


def _green(log: Log) -> bool:
    return log.conclusion is Conclusion.SUCCESS


def _broken_commits(logs: Sequence[Log]) -> tuple[BrokenCommit, ...]:
    jobs: dict[str, dict[tuple[str, str], bool]] = {}
    for (workflow, job, _), attempts in last_attempts(logs).items():
        log = attempts[-1]
        if log.commit and (log.conclusion.is_red or _green(log)):
            red = jobs.setdefault(log.commit, {})
            # A job that passed once on the commit is not what is broken about it.
            red[workflow, job] = red.get((workflow, job), True) and log.conclusion.is_red
    found = []
    for commit, ends in jobs.items():
        red_jobs = sum(ends.values())
        if len(ends) >= FEWEST_JOBS and red_jobs > MANY * len(ends):
            found.append(BrokenCommit(commit, red_jobs, len(ends)))
    return tuple(sorted(found, key=lambda item: item.commit))


def _broken_periods(logs: Sequence[Log]) -> tuple[BrokenPeriod, ...]:
    lines: dict[tuple[str, str, str], list[list[Log]]] = {}
    for (workflow, job, _), attempts in last_attempts(logs).items():
        lines.setdefault((workflow, job, attempts[-1].branch), []).append(attempts)
    found = []
    for (_, job, branch), samples in sorted(lines.items()):
        samples.sort(key=lambda attempts: (attempts[-1].started or 0.0, attempts[-1].name))
        streak: list[Log] = []
        runs = 0
        for attempts in [*samples, []]:
            if attempts and attempts[-1].conclusion.is_red:
                streak += attempts
                runs += 1
                continue
            if attempts and not _green(attempts[-1]):
                # Cancelled and skipped runs say nothing.
                continue
            if runs >= STREAK:
                found.append(BrokenPeriod(job, branch, tuple(log.name for log in streak)))
            streak, runs = [], 0
    return tuple(found)
