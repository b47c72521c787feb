"""From logs to an analysis: baselines, reading, judging, clusters, rates.

Green logs are read for what is usual (their lines, their longest silence), red ones for what
went wrong. One log is in memory at a time, and of it one block.
"""

from collections.abc import Iterable, Sequence

from surefoot.triage.evidence import Baseline
from surefoot.triage.fingerprints import Seed, cluster
from surefoot.triage.history import History, recurrences
from surefoot.triage.journals import read_journal
from surefoot.triage.judging import Context, judge
from surefoot.triage.junit import read_junit
from surefoot.triage.model import (
    Analysis,
    Conclusion,
    FailureClass,
    JudgedLog,
    Log,
    LogKind,
    Occurrence,
    ParsedLog,
)
from surefoot.triage.opening import opened
from surefoot.triage.rates import critical_paths, durations, rates
from surefoot.triage.reading import read_log
from surefoot.triage.rules import Rules, load_rules
from surefoot.triage.siblings import cut_beside_others

BASELINES = 3
"""Passing logs of a job that make its baseline: one is not enough to know what varies."""


def analyse(
    logs: Iterable[Log],
    *,
    rules: Rules | None = None,
    seeds: Sequence[Seed] = (),
    beyond: Sequence[Log] = (),
    filter_text: str = "",
) -> Analysis:
    """Return everything that a report needs.

    `logs` holds green runs too: they are what rates, baselines and flakiness are told by.
    `filter_text` says in words how the logs were chosen, and is kept with every figure. `seeds`
    are clusters that are known from before; see `fingerprints`. `beyond` are passing logs that
    are compared with, and counted nowhere.

    A log that cannot be read is part of the analysis, with a note; nothing raises for it.
    """
    known = rules if rules is not None else load_rules()
    ordered = sorted(logs, key=lambda log: (log.started or 0.0, log.name))
    history = History(ordered)
    green = [log for log in ordered if log.conclusion is Conclusion.SUCCESS]
    baselines = Baselines([*green, *beyond])
    parsed = _read_all(ordered, known, baselines)
    parsed = cut_beside_others(parsed)
    found_in = [(failure, one) for one in parsed for failure in one.failures]
    context = Context(known, history, recurrences(found_in, history), _usual_silence(parsed))
    judged = [judge(one, context) for one in parsed]
    found: list[Occurrence] = [item for one in judged for item in one.occurrences]
    red = [
        one
        for one in judged
        if one.judgement is not None and one.log.conclusion is not Conclusion.SUCCESS
    ]
    own = next(
        (
            one.judgement
            for one in red
            if one.judgement is not None
            and one.judgement.failure_class is FailureClass.OWN_ENVIRONMENT
        ),
        None,
    )
    times = [log.started for log in ordered if log.started is not None]
    return Analysis(
        tuple(judged),
        cluster(found, seeds),
        rates(ordered, filter_text),
        durations(ordered, filter_text),
        critical_paths(ordered),
        history.broken_commits,
        history.broken_periods,
        failed=len(red),
        unknown=sum(_is_unknown(one) for one in red),
        first=min(times, default=None),
        last=max(times, default=None),
        filter=filter_text,
        rules=known.version,
        own_environment=own,
        notes=_notes(judged, baselines),
    )


def seeds_of(analysis: Analysis) -> tuple[Seed, ...]:
    """Return what a later analysis needs so that these clusters keep their ids."""
    return tuple(Seed(one.fingerprint, one.key, one.kind) for one in analysis.clusters)


class Baselines:
    """For each job the masked lines of its latest passing logs, made when first asked for.

    Only the last job's is kept: logs of one job mostly come together, and a baseline is large.
    """

    def __init__(self, green: Sequence[Log]) -> None:
        self._logs: dict[tuple[str, str], list[Log]] = {}
        for log in green:
            if log.path and log.kind is LogKind.TEXT:
                self._logs.setdefault((log.workflow, log.job), []).append(log)
        self._last: tuple[tuple[str, str, str], Baseline] | None = None
        self.full: set[str] = set()

    def of(self, log: Log) -> Baseline | None:
        """Return the baseline of a log's job; None where no passing log is known."""
        same = self._logs.get((log.workflow, log.job))
        if not same:
            return None
        chosen = sorted(same, key=lambda one: (one.branch != log.branch, -(one.started or 0.0)))
        chosen = chosen[:BASELINES]
        key = (log.workflow, log.job, log.branch)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        baseline = Baseline(", ".join(one.name for one in chosen))
        for one in chosen:
            try:
                with opened(one) as stream:
                    baseline.read(stream)
            except OSError:
                # The log itself is read too, and says that it cannot be.
                continue
        if baseline.full:
            self.full.add(baseline.name)
        self._last = (key, baseline)
        return baseline


def _read_all(logs: Sequence[Log], rules: Rules, baselines: "Baselines") -> list[ParsedLog]:
    """Read the logs job by job, so that a baseline is made once, and return them in order."""
    by_job = sorted(
        range(len(logs)), key=lambda at: (logs[at].workflow, logs[at].job, logs[at].branch, at)
    )
    found = {at: _read(logs[at], rules, baselines) for at in by_job}
    return [found[at] for at in range(len(logs))]


def _read(log: Log, rules: Rules, baselines: Baselines) -> ParsedLog:
    if log.kind is LogKind.JUNIT:
        return read_junit(log)
    if log.kind is LogKind.JOURNAL:
        return read_journal(log)
    if log.conclusion is Conclusion.SUCCESS:
        return read_log(log, None)
    return read_log(log, rules, baselines.of(log))


def _usual_silence(parsed: Sequence[ParsedLog]) -> dict[tuple[str, str], float]:
    usual: dict[tuple[str, str], float] = {}
    for one in parsed:
        if one.log.conclusion is Conclusion.SUCCESS and one.silence is not None:
            key = (one.log.workflow, one.log.job)
            usual[key] = max(usual.get(key, 0.0), one.silence.seconds)
    return usual


def _is_unknown(one: JudgedLog) -> bool:
    return one.judgement is not None and one.judgement.failure_class is FailureClass.UNKNOWN


def _notes(judged: Sequence[JudgedLog], baselines: Baselines) -> tuple[str, ...]:
    notes = [f"{one.log.name}: {note}" for one in judged for note in one.parsed.notes]
    without = sum(
        one.judgement is not None and not one.parsed.evidence.baseline and bool(one.log.path)
        for one in judged
    )
    if without:
        notes.append(f"{without} red logs have no passing log of the same job to compare with")
    notes += [
        f"the baseline {name} was too large to be kept whole" for name in sorted(baselines.full)
    ]
    return tuple(notes)
