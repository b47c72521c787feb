"""A surefoot journal as a log: what the run itself recorded, so nothing has to be guessed.

A quote's line number is the line of the journal that holds the event.
"""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from surefoot.events.events import Event, FindingReported, LoadFailed, RunFinished, RunStarted
from surefoot.events.failures import error_state, failing_step
from surefoot.events.journal import decode
from surefoot.model.outcomes import Outcome, Standing, Verdict
from surefoot.report.attempts import HookFailure
from surefoot.report.view import Case, RunView
from surefoot.triage.masking import relative
from surefoot.triage.model import (
    Completeness,
    Counts,
    Failure,
    FailureKind,
    Log,
    ParsedLog,
    Quote,
    Truncation,
)
from surefoot.triage.opening import opened
from surefoot.triage.readers.base import MAX_FAILURES, MAX_MESSAGE, MAX_QUOTED
from surefoot.triage.readers.behave import HOOK
from surefoot.triage.readers.stack import exception_of, is_library
from surefoot.triage.readers.surefoot import UNEXPECTED_PASS

READER = "surefoot"
MAX_LINE = 64 << 20
"""Bytes of one event; a line beyond it is no journal."""


def read_journal(log: Log) -> ParsedLog:
    """Read a journal, plain or gzip. One that is cut says so; nothing raises."""
    reading = _Journal(log)
    try:
        with opened(log) as stream:
            reading.read(stream)
    except (OSError, EOFError) as error:
        reading.notes.append(f"reading stopped: {error}")
    return reading.result()


class _Journal:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._view = RunView(slowest=0, whole=MAX_FAILURES)
        self._places: dict[str, Quote] = {}
        self._findings: list[Failure] = []
        self._load: Failure | None = None
        self._finished: tuple[RunFinished, Quote] | None = None
        self._started: RunStarted | None = None
        self._bytes = 0
        self._lines = 0
        self._bad = 0
        self.notes: list[str] = []

    def read(self, stream: BinaryIO) -> None:
        for number, event in self._events(stream):
            self._view.on_event(event)
            quote = Quote(self._log.name, number, _shown(event))
            match event:
                case RunStarted():
                    self._started = event
                case RunFinished():
                    self._finished = (event, quote)
                case LoadFailed():
                    first = event.message.strip().partition("\n")[0]
                    kind, _, message = first.partition(": ")
                    named = kind.isidentifier()
                    self._load = Failure(
                        FailureKind.LOAD,
                        READER,
                        kind if named else "load",
                        exception=kind if named else "",
                        message=(message if named else event.message)[:MAX_MESSAGE],
                        quotes=(quote,),
                    )
                case FindingReported() if len(self._findings) < MAX_FAILURES:
                    finding = event.finding
                    self._findings.append(
                        Failure(
                            FailureKind.FINDING,
                            READER,
                            finding.rule,
                            file=relative(finding.file),
                            line=finding.line,
                            message=finding.message[:MAX_MESSAGE],
                            quotes=(quote,),
                        )
                    )
                case _:
                    identity = getattr(event, "id", "")
                    if identity and identity not in self._places:
                        outcome = getattr(event, "outcome", None)
                        if isinstance(outcome, Outcome) and outcome.is_bad:
                            self._places[identity] = quote

    def _events(self, stream: BinaryIO) -> Iterator[tuple[int, Event]]:
        while raw := stream.readline(MAX_LINE):
            self._lines += 1
            self._bytes += len(raw)
            try:
                yield self._lines, decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._bad += 1

    def result(self) -> ParsedLog:
        failures = [] if self._load is None else [self._load]
        failures += [self._case(case, False) for case in self._view.failing()]
        failures += [self._case(case, True) for case in self._view.flaky()]
        failures += [self._hook(hook) for hook in self._view.hook_failures()]
        if self._view.finished is None or self._view.finished.failed:
            # In a green run what surefoot found is advice, not what the run failed of.
            failures += self._findings
        if self._bad:
            self.notes.append(f"{self._bad:,} lines are no events")
        started = self._started.time if self._started is not None else None
        finished = self._finished[0] if self._finished is not None else None
        return ParsedLog(
            self._log,
            lines=self._lines,
            bytes=self._bytes,
            failures=tuple(failures[: 2 * MAX_FAILURES]),
            more_failures=max(0, len(failures) - 2 * MAX_FAILURES),
            counts=self._counts(),
            tools=(READER,),
            truncation=Truncation(Completeness.COMPLETE)
            if finished is not None or self._load is not None
            else Truncation(Completeness.TRUNCATED, ("the journal has no end",)),
            first_time=started,
            last_time=started + finished.at if started is not None and finished else None,
            exit_code=finished.exit_code if finished is not None else None,
            notes=tuple(self.notes),
        )

    def _hook(self, hook: HookFailure) -> Failure:
        message = hook.message.strip()
        said = HOOK.match(message)
        name, error = (said[2], said[4]) if said is not None else (hook.where, message)
        known = exception_of(error)
        return Failure(
            FailureKind.HOOK,
            READER,
            name,
            exception=known[0] if known is not None else "",
            message=(known[1] if known is not None else error)[:MAX_MESSAGE],
            quotes=(Quote(self._log.name, 1, f"{hook.where}: {message}"[:MAX_QUOTED]),),
        )

    def _counts(self) -> tuple[Counts, ...]:
        if self._finished is None:
            return ()
        finished, quote = self._finished
        scenarios = finished.counts.scenarios
        verdicts = finished.verdicts
        failed = verdicts.get("failed", 0) + verdicts.get("unexpected_pass", 0)
        passed = sum(
            verdicts.get(word, 0) for word in ("passed", "flaky", "expected_failure", "quarantined")
        )
        return (
            Counts(
                READER,
                run=passed + failed,
                passed=passed,
                failed=failed,
                skipped=verdicts.get("skipped", 0),
                undefined=scenarios.get("undefined", 0),
                what="scenarios",
                duration=finished.at,
                quotes=(quote,),
            ),
        )

    def _case(self, case: Case, flaky: bool) -> Failure:
        bad = [number for number in sorted(case.outcomes) if case.counts_against(number)]
        attempt = case.attempts.get(bad[0]) if bad else None
        outcome = case.outcomes[bad[0]] if bad else Outcome.FAILED
        exception = message = frame = step = ""
        tags: tuple[str, ...] = ()
        if attempt is not None:
            message = case.headlines.get(bad[0], "")
            state = error_state(attempt)
            failing = failing_step(attempt.record)
            step = f"{failing.keyword} {failing.name}" if failing is not None else ""
            tags = tuple(f"@{tag.name}" for tag in attempt.record.tags)
            if state.error is not None:
                exception = state.error.type.removeprefix("builtins.")
                message = state.error.message or message
                own = [item for item in state.error.frames if not is_library(item.filename)]
                if own:
                    frame = f"{relative(own[-1].filename)}:{own[-1].function}"
        if case.settled is Verdict.UNEXPECTED_PASS:
            exception, message = UNEXPECTED_PASS, case.reason or "an expected failure passes"
        judgement = case.judgements.get(bad[0]) if bad else None
        if judgement is not None and judgement.standing is Standing.INFRASTRUCTURE:
            exception, message = "infrastructure", f"{exception}: {message}"
        if outcome in {Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.UNDEFINED}:
            exception = outcome.value.replace("_", " ")
        if outcome is Outcome.UNDEFINED:
            message = "undefined step"
        place = self._places.get(case.id, Quote(self._log.name, 1, case.id))
        said = f"{outcome.value}: {case.location} {case.name}: {message}"[:MAX_QUOTED]
        return Failure(
            FailureKind.HOOK if outcome is Outcome.HOOK_ERROR else FailureKind.SCENARIO,
            READER,
            f"{relative(case.filename)}: {case.name}",
            file=relative(case.filename),
            line=case.line,
            exception=exception,
            message=message[:MAX_MESSAGE],
            frame=frame,
            quotes=(Quote(place.log, place.line, said),),
            passed_on_retry=flaky,
            tags=tags,
            step=step,
        )


def _shown(event: Event) -> str:
    return msgspec.json.encode(event)[:MAX_QUOTED].decode("utf-8", "replace")
