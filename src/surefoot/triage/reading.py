"""Reads one log: cleans, splits, offers each line to the readers and the rules, once.

Streams: memory does not grow with the log. What was odd about the bytes is a note, never an
exception.
"""

from itertools import islice
from typing import BinaryIO

import msgspec

from surefoot.triage.cleaning import Cleaner
from surefoot.triage.evidence import Baseline, Novelty
from surefoot.triage.masking import shape
from surefoot.triage.model import (
    Completeness,
    Counts,
    Evidence,
    Failure,
    FailureKind,
    Line,
    Log,
    LogKind,
    ParsedLog,
    Quote,
    RuleHit,
    Silence,
    Step,
    StepEnd,
    Truncation,
)
from surefoot.triage.needles import Needles
from surefoot.triage.opening import opened
from surefoot.triage.readers import ALL
from surefoot.triage.readers.base import Reader
from surefoot.triage.rules import Matcher, Rules
from surefoot.triage.splitting import Splitter
from surefoot.triage.truncation import Markers, Seen, judge

MAX_FAILURES = 2000
_BATCH = 256
"""Lines, each of 8 KiB at most, that are held at once."""
_TESTS = frozenset(
    {"behave", "surefoot", "pytest", "unittest", "robot", "ruff", "mypy", "pyright", "bandit"}
    | {"surefoot check"}
    | {"java", "tests", "nox", "tox"}
)
_RETRIED = frozenset(
    {FailureKind.GIT, FailureKind.INSTALL, FailureKind.TRACEBACK, FailureKind.BUILD}
)
_POST = ("Post ", "Cleaning up", "Complete job", "cleanup_", "after_script", "upload_artifacts")


class Reading:
    """One log that is being read."""

    def __init__(self, log: Log, rules: Rules | None, baseline: Baseline | None = None) -> None:
        self._log = log
        self._cleaner = Cleaner()
        self._splitter = Splitter()
        self._markers = Markers(log.name)
        self._matcher = Matcher(rules, log.name) if rules is not None else None
        self._novelty = Novelty(log.name, baseline) if rules is not None else None
        self._readers: tuple[Reader, ...] = tuple(make(log.name) for make in ALL)
        texts = [rule.text.any for rule in rules.rules] if rules is not None else []
        self._rules = len(texts)
        self._needles = Needles([*texts, *(reader.needles for reader in self._readers)])
        self._awake = self._readers
        self._first_time: float | None = None
        self._last: Line | None = None
        self._last_timed: Line | None = None
        self._silence: Silence | None = None
        self._cut_in_step: list[Quote] = []
        self._counted_cuts = 0

    def read(self, stream: BinaryIO) -> ParsedLog:
        """Read it all."""
        cleaner = self._cleaner
        # A line is told with the step that the cleaner named for it.
        lines = ((line, cleaner.step_of_tool) for line in cleaner.read(stream))
        while batch := list(islice(lines, _BATCH)):
            shapes = [shape(line.text) for line, _ in batch]
            groups = self._needles.look(shapes)
            woken = {place - self._rules for places in groups for place in places}
            self._awake = tuple(
                reader
                for place, reader in enumerate(self._readers)
                if place in woken or not reader.needles or not reader.resting
            )
            for (line, tool_step), one, places in zip(batch, shapes, groups, strict=True):
                self._feed(line, tool_step, one, places)
        self._splitter.close()
        open_at_end = [reader.found.open for reader in self._readers]
        for reader in self._readers:
            reader.close()
        return self._result([quote for quote in open_at_end if quote is not None])

    def _feed(self, line: Line, tool_step: str, shape: str, places: tuple[int, ...]) -> None:
        if line.time is not None:
            self._time(line)
        if self._splitter.feed(line, tool_step):
            for reader in self._readers:
                reader.step()
        claimed = False
        if line.marker not in {"group", "endgroup", "command", "debug"}:
            for reader in self._awake:
                if reader.feed(line):
                    claimed = reader.name in {"pytest", "unittest", "behave", "surefoot", "robot"}
                    break
        if self._matcher is not None and places:
            rules = [place for place in places if place < self._rules]
            self._matcher.feed(line, claimed, rules)
        if not claimed:
            self._markers.feed(line)
        if self._novelty is not None:
            self._novelty.feed(line, shape)
        self._last = line

    def _time(self, line: Line) -> None:
        assert line.time is not None
        if self._first_time is None:
            self._first_time = line.time
        before = self._last_timed
        if before is not None and before.time is not None:
            gap = line.time - before.time
            if gap > 1 and (self._silence is None or gap > self._silence.seconds):
                self._silence = Silence(
                    gap, Quote(self._log.name, before.number, before.text[:500])
                )
        self._last_timed = line

    def _result(self, open_at_end: list[Quote]) -> ParsedLog:
        region = failing_region(tuple(self._splitter.steps))
        failures, more = self._failures(region)
        steps = tuple(self._mark_tests(failures))
        hits: list[RuleHit] = []
        if self._matcher is not None:
            hits = self._matcher.hits(*region, claimed=False)
            known = {hit.rule for hit in hits}
            # What tests print counts only for rules that speak of tests; see `judging`.
            hits += [
                msgspec.structs.replace(hit, rule=f"claimed:{hit.rule}")
                for hit in self._matcher.hits(*region, claimed=True)
                if hit.rule not in known
            ]
            hits = [hit for hit in hits if self._told_apart(hit.quotes[:1])] or hits
        last_time = self._last_timed.time if self._last_timed is not None else None
        seen = Seen(
            tuple(open_at_end),
            sum(reader.found.ended for reader in self._readers),
            bool(failures or [hit for hit in hits if not hit.rule.startswith("claimed:")]),
            last_time,
            self._first_time,
            self._cleaner.problem,
        )
        counts: list[Counts] = []
        for reader in self._readers:
            counts += reader.found.counts
        evidence = Evidence()
        if self._novelty is not None:
            evidence = self._novelty.evidence(failures, hits, region)
        return ParsedLog(
            self._log,
            lines=self._cleaner.lines,
            bytes=self._cleaner.bytes,
            steps=steps,
            failures=tuple(failures),
            more_failures=more,
            counts=tuple(counts),
            tools=tuple(reader.name for reader in self._readers if reader.found.seen),
            hits=tuple(hits),
            truncation=judge(self._log, self._cleaner, self._splitter, self._markers.found, seen),
            silence=self._silence,
            first_time=self._first_time,
            last_time=last_time,
            exit_code=self._splitter.exit_code,
            notes=self._notes(),
            evidence=evidence,
        )

    def _failures(self, region: tuple[int, int]) -> tuple[list[Failure], int]:
        """Join what the readers found.

        Dropped are exceptions that another failure explains, and what went wrong in steps that
        passed: a download that worked when it was tried again.
        """
        found: list[Failure] = []
        more = 0
        claimed: list[tuple[int, int]] = []
        for reader in self._readers:
            more += reader.found.more
            if reader.name != "python":
                found += reader.found.failures
                claimed += reader.found.claimed
        explained = {
            (item.exception.rpartition(".")[2], item.message.partition("\n")[0][:80])
            for item in found
        }
        for reader in self._readers:
            if reader.name != "python":
                continue
            for item in reader.found.failures:
                line = item.quotes[0].line if item.quotes else 0
                key = (item.exception.rpartition(".")[2], item.message.partition("\n")[0][:80])
                within = any(first <= line <= last for first, last in claimed)
                if not within and key not in explained:
                    found.append(item)
        found = [
            item
            for item in found
            if item.kind not in _RETRIED
            or not item.quotes
            or region[0] <= item.quotes[0].line <= region[1]
        ]
        found = [item for item in found if self._told_apart(item.quotes)] or found
        if any(item.kind is not FailureKind.SESSION for item in found):
            # A session failed because of what failed in it.
            found = [item for item in found if item.kind is not FailureKind.SESSION]
        found.sort(key=lambda item: item.quotes[0].line if item.quotes else 0)
        return found[:MAX_FAILURES], more + max(0, len(found) - MAX_FAILURES)

    def _told_apart(self, quotes: tuple[Quote, ...]) -> bool:
        """What a passing log says too is not why this one failed."""
        return self._novelty is None or self._novelty.is_new(quotes)

    def _mark_tests(self, failures: list[Failure]) -> list[Step]:
        lines = [quote.line for failure in failures for quote in failure.quotes[:1]]
        for reader in self._readers:
            if reader.name in _TESTS:
                lines += [quote.line for item in reader.found.counts for quote in item.quotes]
        lines.sort()
        marked = []
        for step in self._splitter.steps:
            tests = any(step.first <= line <= step.last for line in lines)
            marked.append(msgspec.structs.replace(step, tests=tests) if tests else step)
        return marked

    def _notes(self) -> tuple[str, ...]:
        cleaner = self._cleaner
        notes = [self._log.note] if self._log.note else []
        if cleaner.encoding != "utf-8":
            notes.append(f"read as {cleaner.encoding}")
        if cleaner.bad_bytes:
            notes.append(
                f"{cleaner.bad_bytes:,} lines are not valid UTF-8; bad bytes are shown as �"
            )
        if cleaner.long_lines:
            notes.append(f"{cleaner.long_lines:,} lines were too long; their middle is left out")
        return tuple(notes)


def failing_region(steps: tuple[Step, ...]) -> tuple[int, int]:
    """Return the lines in which the cause can stand: from the first failed step to the last.

    Steps that run after the failure (uploads, cleaning up) fail as a consequence.
    """
    failed = [step for step in steps if step.end is StepEnd.FAILED]
    own = [step for step in failed if not step.name.startswith(_POST)]
    failed = own or failed
    if not failed:
        return 1, 1 << 62
    return failed[0].first, failed[-1].last


def read_log(log: Log, rules: Rules | None, baseline: Baseline | None = None) -> ParsedLog:
    """Read a log of text. Without `rules` (green jobs) only steps, counts and times are read."""
    if log.kind is LogKind.STATUS or not log.path:
        return ParsedLog(
            log,
            truncation=Truncation(Completeness.UNKNOWN, ("there is a verdict and no log",)),
            notes=(log.note,) if log.note else (),
        )
    reading = Reading(log, rules, baseline)
    try:
        with opened(log) as stream:
            return reading.read(stream)
    except OSError as error:
        return ParsedLog(
            log,
            truncation=Truncation(Completeness.UNKNOWN, ("the log cannot be read",)),
            notes=(f"the log cannot be read: {error.strerror or error}",),
        )
