"""What a report says, as blocks that renderers turn into Markdown, text or JSON.

Own words are plain strings; everything foreign is `Code` or `Lines`, already masked. So a
renderer knows what to disarm, and no renderer can forget to mask.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from surefoot.triage import advice
from surefoot.triage.filing.same import DuplicateCheck
from surefoot.triage.model import (
    Analysis,
    Cluster,
    Completeness,
    FailureClass,
    JudgedLog,
    Log,
    LogKind,
    Quote,
    Rate,
)

MAX_CLUSTERS = 20
MAX_QUOTES = 6
MAX_ROWS = 30


class Code(msgspec.Struct, frozen=True, tag="code"):
    """Foreign text, masked."""

    text: str


class Link(msgspec.Struct, frozen=True, tag="link"):
    """An address of a forge, with what to show for it."""

    url: str
    text: str


Piece = str | Code | Link
Line = tuple[Piece, ...]


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """One paragraph."""

    line: Line


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    """A list."""

    lines: tuple[Line, ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """A table."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    """Quoted lines of a log, each with its place; masked."""

    quotes: tuple[tuple[str, str], ...]


class Command(msgspec.Struct, frozen=True, tag="command"):
    """The command that recomputes what stands before it."""

    text: str


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading within a section."""

    line: Line


Block = Paragraph | Bullets | Table | Lines | Command | Heading


class Section(msgspec.Struct, frozen=True):
    """One of the six parts of a report."""

    title: str
    blocks: tuple[Block, ...]


class Report(msgspec.Struct, frozen=True):
    """A whole report."""

    title: str
    sections: tuple[Section, ...]


class Facts(msgspec.Struct, frozen=True):
    """What a report says beside the analysis itself."""

    source: str
    """Where the logs came from, in words."""
    recompute: Callable[[str], str]
    """Returns the command that shows one part: `rates`, a fingerprint, `LOG:LINE`."""
    redact: Callable[[str], str]
    steps: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    checks: dict[str, DuplicateCheck] = {}
    """Duplicate checks by fingerprint."""
    no_check: str = ""
    """Why there are none."""


def build(analysis: Analysis, facts: Facts, only: Cluster | None = None) -> Report:
    """Return the report of an analysis; with `only`, the report of one of its clusters."""
    clusters = (only,) if only is not None else analysis.clusters
    maker = _Maker(analysis, facts, clusters)
    title = "Triage of a CI"
    if only is not None:
        title = f"{only.judgement.failure_class.value}: {facts.redact(only.subject)}"
    return Report(
        title,
        (
            Section("Summary", tuple(maker.summary(only))),
            Section("Evidence", tuple(maker.evidence(only))),
            Section("Findings", tuple(maker.findings())),
            Section("Recommended actions", tuple(maker.actions())),
            Section("Duplicate check", tuple(maker.duplicates())),
            Section("References", tuple(maker.references())),
        ),
    )


class _Maker:
    def __init__(self, analysis: Analysis, facts: Facts, clusters: Sequence[Cluster]) -> None:
        self.analysis, self.facts, self.clusters = analysis, facts, clusters
        self.logs = {item.log.name: item for item in analysis.logs}

    def code(self, text: str) -> Code:
        return Code(self.facts.redact(text))

    def quotes(self, quotes: Sequence[Quote], limit: int = MAX_QUOTES) -> list[Block]:
        if not quotes:
            return []
        shown = tuple(
            (self.facts.redact(item.place), self.facts.redact(item.text)) for item in quotes[:limit]
        )
        blocks: list[Block] = [Lines(shown)]
        if len(quotes) > limit:
            blocks.append(Paragraph((f"… and {len(quotes) - limit:,} more lines.",)))
        return [*blocks, Command(self.facts.recompute(quotes[0].place))]

    # -- Summary

    def summary(self, only: Cluster | None) -> list[Block]:
        analysis = self.analysis
        lines: list[Line] = []
        if only is not None:
            lines.append(
                (
                    f"{_spread(only)}: ",
                    self.code(only.subject),
                    " ",
                    self.code(only.exception or only.message),
                )
            )
            why = f"Judged {only.judgement.failure_class.value}"
            lines.append(
                (
                    f"{why} with confidence {only.judgement.confidence:.2f}: ",
                    self.code(only.judgement.why),
                )
            )
        overall = next((rate for rate in analysis.rates if rate.what == "all"), None)
        if overall is not None and overall.n:
            lines.append((f"{rate_text(overall)}.",))
        red = f"{analysis.failed} of {_times(len(analysis.logs), 'log')} red"
        runs = {item.log.run for item in analysis.logs if item.log.run}
        lines.append(
            (
                f"{red}, from {_times(len(runs), 'run')}; sample: ",
                self.code(self.window()),
                ".",
            )
        )
        classes = Counter(
            item.judgement.failure_class.value
            for item in analysis.logs
            if item.judgement is not None
        )
        if classes:
            listed = ", ".join(f"{name} {count}" for name, count in classes.most_common())
            lines.append((f"Why, by log (n = {sum(classes.values())}): {listed}.",))
        lines.append((unknown_text(analysis),))
        if analysis.own_environment is not None:
            lines.append(
                (
                    "Our own environment is broken, nothing is filed: ",
                    self.code(analysis.own_environment.why),
                )
            )
        return [Bullets(tuple(lines)), Command(self.facts.recompute("rates"))]

    def window(self) -> str:
        """Return the sample in words."""
        analysis = self.analysis
        parts = [analysis.filter or self.facts.source]
        if analysis.first is not None and analysis.last is not None:
            parts.append(f"{moment(analysis.first)} to {moment(analysis.last)}")
        return ", ".join(parts)

    # -- Evidence

    def evidence(self, only: Cluster | None) -> list[Block]:
        analysis = self.analysis
        blocks: list[Block] = []
        rates = [
            rate for rate in analysis.rates if rate.what != "all" and (rate.n or rate.cancelled)
        ]
        if only is not None:
            jobs = {self.logs[name].log.job for name in only.logs if name in self.logs}
            rates = [rate for rate in rates if rate.what == "job" and rate.name in jobs]
        if rates:
            blocks += [Heading(("Failure rates",)), self._rates(rates[:MAX_ROWS])]
            blocks.append(Command(self.facts.recompute("rates")))
        if only is None and analysis.durations:
            blocks += [Heading(("Durations",)), self._durations(), *self._paths()]
            blocks.append(Command(self.facts.recompute("durations")))
        blocks += self._logs(only)
        blocks += self._masked_periods()
        return blocks or [Paragraph(("There is nothing to count.",))]

    def _rates(self, rates: Sequence[Rate]) -> Table:
        rows = tuple(
            (
                (rate.what,),
                (self.code(rate.name),),
                (f"{rate.failures} / {rate.n}",),
                (f"{rate.share:.1%}",),
                (f"{rate.interval.low:.1%} to {rate.interval.high:.1%}",),
                (str(rate.cancelled),),
                (str(rate.flaky),),
            )
            for rate in rates
        )
        head = ("by", "name", "failures / n", "share", "95 % (Wilson)", "cancelled", "red first")
        return Table(head, rows)

    def _durations(self) -> Table:
        rows = tuple(
            (
                (self.code(item.job),),
                (str(item.n),),
                (seconds(item.median),),
                (seconds(item.p95),),
                (seconds(item.longest),),
                (f"{item.trend:+.1f} s a run" if item.trend_shown else "none shown",),
            )
            for item in self.analysis.durations[:MAX_ROWS]
        )
        return Table(("job", "n", "median", "p95", "longest", "trend"), rows)

    def _paths(self) -> list[Block]:
        lines: list[Line] = []
        for path in self.analysis.paths[:5]:
            steps: list[Piece] = []
            for step in path.steps:
                steps += [" → " if steps else "", self.code(step.job), f" {seconds(step.seconds)}"]
            lines.append(
                (
                    "Critical path of ",
                    self.code(path.workflow),
                    f" ({seconds(path.seconds)}, n = {path.n}, by {path.how}): ",
                    *steps,
                )
            )
        return [Bullets(tuple(lines))] if lines else []

    def _logs(self, only: Cluster | None) -> list[Block]:
        lines: list[Line] = []
        if self.facts.steps:
            listed = ", ".join(f"{step} {count}" for step, count in self.facts.steps.items())
            lines.append((f"Logs came by: {listed}.",))
        names = set(only.logs) if only is not None else set(self.logs)
        cut = [
            item
            for name, item in self.logs.items()
            if name in names and item.parsed.truncation.verdict is Completeness.TRUNCATED
        ]
        for item in cut[:MAX_ROWS]:
            kept = item.parsed.truncation.kept
            share = f" ({kept:.0%} is left)" if kept is not None else ""
            reasons = "; ".join(item.parsed.truncation.reasons[:2])
            lines.append((self.code(item.log.name), f" is truncated{share}: ", self.code(reasons)))
        if len(cut) > MAX_ROWS:
            lines.append((f"… and {len(cut) - MAX_ROWS} more truncated logs.",))
        bare = [item for item in self.logs.values() if item.log.kind is LogKind.STATUS]
        bare = [item for item in bare if item.judgement is not None]
        if bare and only is None:
            lines.append(
                (
                    f"{_times(len(bare), 'red job')} without any log (verdict only), such as ",
                    self.code(bare[0].log.name),
                    ": ",
                    self.code(bare[0].log.note or "none was kept"),
                )
            )
        if only is None:
            notes = list(dict.fromkeys((*self.facts.notes, *self.analysis.notes)))
            lines += [(self.code(note),) for note in notes[:MAX_ROWS]]
            if len(notes) > MAX_ROWS:
                lines.append((f"… and {len(notes) - MAX_ROWS} more notes (in the JSON report).",))
        if not lines:
            return []
        return [Heading(("Logs, and what could not be had",)), Bullets(tuple(lines))]

    def _masked_periods(self) -> list[Block]:
        lines: list[Line] = [
            (
                "Commit ",
                self.code(item.commit[:12]),
                f" was red on {item.red} of {item.jobs} jobs: no evidence for flakiness.",
            )
            for item in self.analysis.broken_commits[:5]
        ]
        lines += [
            (
                self.code(item.job),
                " on ",
                self.code(item.branch or "any branch"),
                f" was red {len(item.logs)} times in a row: no evidence for flakiness.",
            )
            for item in self.analysis.broken_periods[:5]
        ]
        return [Bullets(tuple(lines))] if lines else []

    # -- Findings

    def findings(self) -> list[Block]:
        blocks: list[Block] = []
        for number, cluster in enumerate(self.clusters[:MAX_CLUSTERS], start=1):
            blocks += self._finding(number, cluster)
        if len(self.clusters) > MAX_CLUSTERS:
            blocks.append(
                Paragraph(
                    (
                        f"… and {len(self.clusters) - MAX_CLUSTERS} more clusters (in"
                        " the JSON report).",
                    )
                )
            )
        if not self.clusters:
            blocks.append(Paragraph(("No failure was found in these logs.",)))
        return blocks

    def _finding(self, number: int, cluster: Cluster) -> list[Block]:
        judged = cluster.judgement
        kind = f" ({judged.flaky_kind.value})" if judged.flaky_kind is not None else ""
        logs = cluster.logs
        sure = f"confidence {judged.confidence:.2f}"
        lines: list[Line] = [
            (
                f"Class: {judged.failure_class.value}{kind}, {sure}, rule ",
                self.code(judged.rule),
                ". Because: ",
                self.code(judged.why),
            ),
        ]
        if judged.refuted_by:
            lines.append(("Would be refuted by: ", self.code(judged.refuted_by)))
        if judged.first_bad:
            lines.append(
                (
                    "First bad commit ",
                    self.code(judged.first_bad),
                    ", last good ",
                    self.code(judged.last_good or "not in the sample"),
                )
            )
        if judged.qualifier:
            lines.append(("But: ", self.code(judged.qualifier)))
        what = " ".join(part for part in (cluster.exception, cluster.message) if part)
        if what:
            lines.append(("Message: ", self.code(what)))
        if cluster.frame:
            lines.append(("Frame: ", self.code(cluster.frame)))
        named: list[Piece] = []
        for name in logs[:5]:
            named += [", " if named else "", self.code(name)]
        more = f" and {len(logs) - 5} more" if len(logs) > 5 else ""
        lines.append((f"{_spread(cluster)}: ", *named, more))
        lines.append((f"Fingerprint {cluster.fingerprint}.",))
        heading: Line = (f"{number}. ", self.code(cluster.subject or cluster.message or "failure"))
        quotes = judged.quotes or cluster.occurrences[0].failure.quotes
        extra = self._novel(cluster) if len(quotes) < 3 else []
        return [
            Heading(heading),
            Bullets(tuple(lines)),
            *self.quotes([*quotes, *extra]),
            Command(self.facts.recompute(cluster.fingerprint)),
        ]

    def _novel(self, cluster: Cluster) -> list[Quote]:
        """Lines of the cluster's own failures, where the judgement quotes few."""
        known = {quote.place for quote in cluster.judgement.quotes}
        found: dict[str, Quote] = {}
        for item in cluster.occurrences[:3]:
            for quote in item.failure.quotes:
                if quote.place not in known:
                    found.setdefault(quote.place, quote)
        return list(found.values())

    # -- Recommended actions

    def actions(self) -> list[Block]:
        rows: dict[tuple[str, str], list[str]] = {}
        for number, cluster in enumerate(self.clusters[:MAX_CLUSTERS], start=1):
            action = advice.for_cluster(cluster)
            rows.setdefault((action.text, action.effort), []).append(str(number))
        if any(
            item.parsed.truncation.verdict is Completeness.TRUNCATED for item in self.logs.values()
        ):
            general = advice.FULL_LOGS
            rows.setdefault((general.text, general.effort), []).append("logs")
        if not rows:
            return [Paragraph(("None.",))]
        return [
            Table(
                ("finding", "action", "effort"),
                tuple(
                    (
                        (" ".join(numbers),),
                        (self.code(text),),
                        (effort,),
                    )
                    for (text, effort), numbers in rows.items()
                ),
            )
        ]

    # -- Duplicate check

    def duplicates(self) -> list[Block]:
        blocks: list[Block] = []
        for number, cluster in enumerate(self.clusters[:MAX_CLUSTERS], start=1):
            check = self.facts.checks.get(cluster.fingerprint)
            if check is None:
                continue
            blocks.append(Heading((f"{number}. ", self.code(cluster.subject or cluster.message))))
            asked: list[Piece] = []
            for query in check.queries:
                asked += ["; " if asked else "Asked for: ", self.code(query)]
            looked = f". Looked at {check.searched} issues, {check.opened} of them open."
            blocks.append(Paragraph((*asked, looked)))
            rows = tuple(
                (
                    (Link(item.issue.url, f"#{item.issue.number}"),),
                    ("open" if item.issue.open else "closed",),
                    (self.code(item.issue.title),),
                    (f"{item.score:.2f}",),
                    (item.sameness.value,),
                    (self.code(item.why),),
                )
                for item in check.nearest
            )
            if rows:
                head = ("issue", "state", "title", "text score", "verdict", "why")
                blocks.append(Table(head, rows))
        if not blocks:
            why = self.facts.no_check or "There is nothing to compare."
            blocks.append(Paragraph((why,)))
        return blocks

    # -- References

    def references(self) -> list[Block]:
        wanted: list[JudgedLog] = []
        for cluster in self.clusters:
            wanted += [self.logs[name] for name in cluster.logs if name in self.logs]
        wanted += [item for item in self.logs.values() if item.judgement is not None]
        seen: dict[str, Log] = {item.log.name: item.log for item in wanted}
        lines: list[Line] = []
        for log in list(seen.values())[:MAX_ROWS]:
            by = f" by {log.source}" if log.source else ""
            shown: Piece = Link(log.url, log.name) if log.url else self.code(log.name)
            digest = f", {log.size:,} bytes" if log.size else ""
            lines.append((shown, f"{by}{digest}"))
        if len(seen) > MAX_ROWS:
            lines.append((f"… and {len(seen) - MAX_ROWS} more logs.",))
        lines.append(("Rules of judging: ", self.code(self.analysis.rules or "none"), "."))
        return [Bullets(tuple(lines)), Command(self.facts.recompute(""))]


def unknown_text(analysis: Analysis) -> str:
    """Return the share of unknowns as a sentence: the figure of merit of the judging."""
    if not analysis.failed:
        return "Unknown: none, as no log was judged."
    share = analysis.unknown_share
    return f"Unknown: {analysis.unknown} of {analysis.failed} judged logs ({share:.0%})."


def rate_text(rate: Rate) -> str:
    """Return a rate with its sample as a sentence without its full stop."""
    return (
        f"{rate.failures} of {rate.n} runs failed: {rate.share:.1%}"
        f" ({rate.interval.low:.1%} to {rate.interval.high:.1%} at 95 %, Wilson); cancelled apart:"
        f" {rate.cancelled}; green only on a later attempt: {rate.flaky}"
    )


def moment(value: float) -> str:
    """Return a time to the minute, in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%MZ")


def seconds(value: float) -> str:
    """Return a duration for people."""
    if value < 90:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def fileable(cluster: Cluster) -> bool:
    """Return True for a cause that may become an issue of the project."""
    return cluster.judgement.failure_class not in {
        FailureClass.OWN_ENVIRONMENT,
        FailureClass.CANCELLED,
        FailureClass.TRUNCATED,
    }


def _spread(cluster: Cluster) -> str:
    logs = _times(len(cluster.logs), "log")
    return f"{_times(len(cluster.occurrences), 'occurrence')} in {logs}"


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
