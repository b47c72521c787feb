"""One JUnit file for the whole run, from the events of its journal.

The schema is Maven Surefire's (surefire-test-report-3.0.xsd): a scenario that passed on a retry
is a passed test case with `flakyFailure` or `flakyError` for each bad attempt; one that stayed
bad has its first bad attempt as `failure` or `error` and the others as `rerunFailure` or
`rerunError`. Around it stands the usual `testsuites` with totals; `file` and `line` are what
GitLab and others read. Nothing counts as passed that did not pass: what never ran is
`skipped` with the reason, and a run that failed outside of its scenarios, or whose journal was
cut, has a test case that says so.

Memory is bounded by one feature, however the events of features are interleaved: problems are
spooled to a file as they come, and a feature is written out once all its verdicts are known.
(A feature with untested scenarios waits for the end, where the reason is known; it has no
problems in memory either.)
"""

import contextlib
import datetime
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import msgspec

from surefoot.events.events import (
    Event,
    FeatureFinished,
    LoadFailed,
    Notice,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
    WorkerEnded,
    WorkerReady,
)
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.model.scenarios import PlannedFeature, ScenarioPath
from surefoot.report.attempts import (
    HookFailure,
    error_state,
    failing_step,
    feature_hook_failures,
    headline,
    settled,
)
from surefoot.report.planned import feature_of, find_planned
from surefoot.report.summary import untested_because
from surefoot.report.view import RunView
from surefoot.report.xmltext import element, start

MAX_OUTPUT = 64 * 1024
"""Bytes of an attempt's output, and of each captured section, that the file holds: the end."""


def write_junit(
    events: Iterable[Event],
    path: str,
    read_output: Callable[[str], bytes],
    hostname: str | None = None,
) -> None:
    """Write the file, whole or not at all. Raises OSError when it cannot be written.

    `read_output` returns the content of an attempt's output file.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    # Beside the target: if there is no room there, that is told before anything is replaced.
    where = folder if not os.path.exists(target) or os.path.isfile(target) else None
    with (
        tempfile.TemporaryFile(dir=where) as spool,
        tempfile.TemporaryFile(dir=where) as body,
        _replacing(target) as file,
    ):
        report = _Report(spool, body, read_output, hostname)
        for event in events:
            report.on_event(event)
        report.write(file)


@contextlib.contextmanager
def _replacing(target: str) -> Iterator[BinaryIO]:
    if os.path.exists(target) and not os.path.isfile(target):
        # A pipe or a device has nothing to replace.
        with open(target, "wb") as file:
            yield file
        return
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            yield file
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class _Problem(msgspec.Struct, array_like=True):
    """An attempt as the file shows it, spooled until the verdict says under which name."""

    failure: bool
    """Whether an assertion failed; anything else is an error."""
    type: str
    message: str
    text: str
    out: str
    err: str


class _Entry(msgspec.Struct):
    """One scenario of an open feature."""

    name: str
    line: int
    seconds: float = 0.0
    outcomes: dict[int, Outcome] = {}
    spooled: dict[int, tuple[int, int]] = {}
    """Attempt number to offset and length in the spool."""
    why: str = ""
    """Why it was skipped or left untested."""
    verdict: Verdict | None = None


class _Feature(msgspec.Struct):
    """A feature whose verdicts are not all known."""

    planned: PlannedFeature
    waiting: int
    """How many selected scenarios have no verdict yet."""
    entries: dict[ScenarioPath, _Entry] = {}
    hooks_attempt: int = 0
    hooks: list[HookFailure] = []
    untested: bool = False
    began: float = 0.0


class _Counts(msgspec.Struct):
    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, other: "_Counts") -> None:
        self.tests += other.tests
        self.failures += other.failures
        self.errors += other.errors
        self.skipped += other.skipped
        self.seconds += other.seconds

    def attributes(self) -> dict[str, str]:
        return {
            "tests": str(self.tests),
            "failures": str(self.failures),
            "errors": str(self.errors),
            "skipped": str(self.skipped),
            "time": f"{self.seconds:.3f}",
        }


class _Report:
    """The report while it is gathered. Use once."""

    def __init__(
        self,
        spool: BinaryIO,
        body: BinaryIO,
        read_output: Callable[[str], bytes],
        hostname: str | None,
    ) -> None:
        self._spool = spool
        self._body = body
        self._read_output = read_output
        self._hostname = hostname
        self._view = RunView(slowest=0)
        self._plan: SuitePlanned | None = None
        self._open: dict[int, _Feature] = {}
        self._written: dict[int, tuple[int, int]] = {}
        self._total = _Counts()
        self._run_problems: list[HookFailure] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Problem)

    # -- gathering

    def on_event(self, event: Event) -> None:
        """Take one event."""
        match event:
            case ScenarioFinished():
                self._scenario(event)
            case VerdictReached():
                self._verdict(event)
            case FeatureFinished():
                self._feature(event)
            case SuitePlanned():
                self._plan = event
            case RunStarted() | Notice() | RunFinished():
                self._view.on_event(event)
            case LoadFailed():
                self._view.on_event(event)
                self._run_problems.append(HookFailure("loading the suite", event.message))
            case WorkerReady() if event.hook_failed:
                where = f"before_all of worker {event.worker}"
                self._run_problems.append(HookFailure(where, event.output))
            case WorkerEnded() if event.hook_failed or event.cleanup_failed:
                hook = "after_all" if event.hook_failed else "cleanup"
                where = f"{hook} of worker {event.worker}"
                self._run_problems.append(HookFailure(where, event.output))
            case _:
                pass

    def _opened(self, index: int, identity: str) -> _Feature:
        feature = self._open.get(index)
        if feature is None:
            planned = feature_of(self._plan, index, identity)
            waiting = sum(scenario.selected for scenario in planned.scenarios)
            feature = self._open[index] = _Feature(planned, waiting)
        return feature

    def _scenario(self, event: ScenarioFinished) -> None:
        record = event.record
        planned = find_planned(self._plan, event.feature, record.path)
        left_out = planned is not None and not planned.selected
        if event.feature in self._written or (left_out and event.outcome is Outcome.SKIPPED):
            return
        feature = self._opened(event.feature, event.id)
        entry = feature.entries.get(record.path)
        if entry is None:
            entry = feature.entries[record.path] = _Entry(record.name, record.line)
        entry.outcomes[event.attempt] = event.outcome
        entry.seconds += event.seconds
        entry.why = event.reason or record.state.skip_reason or ""
        if not feature.began or event.started < feature.began:
            feature.began = event.started
        if event.outcome.is_bad or event.attempt > 1:
            data = self._encoder.encode(self._problem(event, feature.planned.filename))
            entry.spooled[event.attempt] = (self._spool.tell(), len(data))
            self._spool.write(data)

    def _verdict(self, event: VerdictReached) -> None:
        if event.feature in self._written:
            return
        feature = self._opened(event.feature, event.id)
        planned = find_planned(self._plan, event.feature, event.path)
        feature.untested |= event.verdict is Verdict.UNTESTED
        entry = feature.entries.get(event.path)
        if entry is not None:
            entry.verdict = event.verdict
            entry.outcomes = dict(enumerate(event.outcomes, start=1))
        if planned is None or planned.selected:
            feature.waiting -= 1
        if feature.waiting == 0 and not feature.untested:
            self._write_feature(self._open.pop(event.feature))

    def _feature(self, event: FeatureFinished) -> None:
        failures = list(feature_hook_failures(event.record))
        if event.feature in self._written:
            self._run_problems += failures
            return
        if not failures and event.feature not in self._open:
            return
        feature = self._opened(event.feature, event.record.filename)
        if event.attempt > feature.hooks_attempt:
            feature.hooks_attempt, feature.hooks = event.attempt, []
        if event.attempt == feature.hooks_attempt:
            feature.hooks = feature.hooks + failures

    def _problem(self, event: ScenarioFinished, filename: str) -> _Problem:
        step = failing_step(event.record)
        state = error_state(event)
        lines = []
        if step is not None:
            lines.append(f"Failing step: {step.keyword} {step.name}")
            lines.append(f"Location: {step.filename or filename}:{step.line}")
        lines.append(f"Worker {event.worker}, attempt {event.attempt}: {event.outcome.value}")
        message = state.error_message or ""
        if event.reason:
            lines += ["", event.reason]
            message = "" if message.startswith(event.reason) else message
        for text in (message, event.stacks):
            if text:
                lines += ["", text]
        if event.shared_paths:
            lines += ["", "Written by scenarios of other workers too:", *event.shared_paths]
        kind = state.error.type.removeprefix("builtins.") if state.error else event.outcome.value
        return _Problem(
            failure=event.outcome is Outcome.FAILED,
            type=kind,
            message=headline(event) if event.outcome.is_bad else "",
            text="\n".join(lines),
            out=self._output(event),
            err=_section([part.stderr for part in event.record.state.captured]),
        )

    def _output(self, event: ScenarioFinished) -> str:
        captured = event.record.state.captured
        data = self._read_output(event.output) if event.output else b""
        if data:
            # All that the attempt wrote, what behave captured included.
            text = data[-MAX_OUTPUT:].decode("utf-8", "backslashreplace")
            if len(data) > MAX_OUTPUT:
                left_out = len(data) - MAX_OUTPUT
                text = f"[the first {left_out:,} bytes left out; all: {event.output}]\n{text}"
        else:
            text = _section([part.stdout for part in captured])
        log = _section([part.log for part in captured])
        return "\n".join(part for part in (text, log) if part)

    # -- writing

    def write(self, file: BinaryIO) -> None:
        """Write the gathered report."""
        for index in sorted(self._open):
            self._write_feature(self._open[index])
        # Nobody has seen an event of these: the run was cut before them.
        for planned in self._plan.features if self._plan else []:
            waiting = sum(scenario.selected for scenario in planned.scenarios)
            if waiting and planned.index not in self._written:
                self._write_feature(_Feature(planned, waiting))
        finished = self._view.finished
        if finished is None and self._view.load_failed is None:
            text = "the journal of the run was cut: what it does not hold may have failed"
            self._run_problems.append(HookFailure("the run", text))
        elif finished is not None and finished.failed and not self._bad():
            text = finished.aborted or "the run failed outside of its scenarios"
            self._run_problems.append(HookFailure("the run", text))
        run_suite = self._run_suite()
        attributes = {"name": "surefoot", **self._total.attributes()}
        if finished is not None:
            attributes["time"] = f"{finished.at:.3f}"
        head = f'<?xml version="1.0" encoding="UTF-8"?>\n{start("testsuites", attributes)}\n'
        file.write(head.encode())
        for index in sorted(self._written):
            offset, length = self._written[index]
            _copy(self._body, offset, length, file)
        file.write(run_suite.encode())
        file.write(b"</testsuites>\n")

    def _bad(self) -> bool:
        return bool(self._total.failures or self._total.errors or self._run_problems)

    def _write_feature(self, feature: _Feature) -> None:
        planned = feature.planned
        for scenario in planned.scenarios:
            if scenario.selected and scenario.path not in feature.entries:
                feature.entries[scenario.path] = _Entry(scenario.name, scenario.line)
        entries = [feature.entries[path] for path in sorted(feature.entries)]
        counts = _Counts(seconds=sum(entry.seconds for entry in entries))
        classname = _classname(planned)
        begin = self._body.seek(0, os.SEEK_END)
        # The suite's own tag holds the counts, so its cases are written behind it in the body
        # once they are known: a feature's cases fit in memory, its problems come one at a time.
        with tempfile.SpooledTemporaryFile(max_size=1 << 20) as cases:
            for name, entry in zip(_names(entries), entries, strict=True):
                attributes = {
                    "name": name,
                    "classname": classname,
                    "time": f"{entry.seconds:.3f}",
                    "file": planned.filename,
                    "line": str(entry.line),
                }
                cases.write(f"{start('testcase', attributes)}".encode())
                for part in self._inside(entry, counts):
                    cases.write(part.encode())
                cases.write(b"</testcase>\n")
            for hook in feature.hooks:
                cases.write(_hook_case(hook, classname, planned.filename, counts).encode())
            stamp = _timestamp(feature.began) if feature.began else ""
            self._body.write(self._suite_start(classname, counts, stamp).encode())
            cases.seek(0)
            while block := cases.read(1 << 16):
                self._body.write(block)
        self._body.write(b"</testsuite>\n")
        self._written[planned.index] = (begin, self._body.tell() - begin)
        self._total.add(counts)

    def _inside(self, entry: _Entry, counts: _Counts) -> Iterator[str]:
        """Yield the children of a test case, in the order of the schema."""
        counts.tests += 1
        verdict = entry.verdict or settled(entry.outcomes)
        if verdict in (Verdict.SKIPPED, Verdict.UNTESTED):
            counts.skipped += 1
            why = entry.why
            if verdict is Verdict.UNTESTED:
                why = f"untested: {why or untested_because(self._view)}"
            yield element("skipped", {"message": why} if why else {})
        if verdict not in (Verdict.FAILED, Verdict.FLAKY):
            return
        numbers = sorted(entry.spooled)
        problems = [(number, self._spooled(entry.spooled[number])) for number in numbers]
        bad = [item for number, item in problems if entry.outcomes[number].is_bad]
        if not bad:
            # A hook of the feature failed, which the engine counts against its scenarios.
            bad = [_Problem(False, "hook_error", "a hook of the feature failed", "", "", "")]
        standing = bad[0]
        if verdict is Verdict.FAILED:
            counts.failures += standing.failure
            counts.errors += not standing.failure
            attributes = {"message": standing.message, "type": standing.type}
            first = element("failure" if standing.failure else "error", attributes, standing.text)
            again = [(item, "rerunFailure" if item.failure else "rerunError") for item in bad[1:]]
        else:
            first = ""
            again = [(item, "flakyFailure" if item.failure else "flakyError") for item in bad]
            last = problems[-1][1] if problems else standing
            standing = last if last not in bad else _Problem(False, "", "", "", "", "")
        yield from _in_schema_order(first, standing.failure, again)
        for tag, text in (("system-out", standing.out), ("system-err", standing.err)):
            if text:
                yield element(tag, {}, text)

    def _spooled(self, place: tuple[int, int]) -> _Problem:
        offset, length = place
        self._spool.seek(offset)
        problem = self._decoder.decode(self._spool.read(length))
        self._spool.seek(0, os.SEEK_END)
        return problem

    def _run_suite(self) -> str:
        if not self._run_problems:
            return ""
        counts = _Counts()
        cases = "".join(_hook_case(item, "surefoot", "", counts) for item in self._run_problems)
        self._total.add(counts)
        return f"{self._suite_start('surefoot', counts, '')}{cases}</testsuite>\n"

    def _suite_start(self, name: str, counts: _Counts, timestamp: str) -> str:
        attributes = {"name": name, **counts.attributes()}
        if timestamp:
            attributes["timestamp"] = timestamp
        if self._hostname:
            attributes["hostname"] = self._hostname
        started = self._view.started
        facts: dict[str, str] = {}
        if started is not None:
            facts["surefoot.run"] = started.run
            if started.seed is not None:
                facts["surefoot.seed"] = str(started.seed)
        if self._plan is not None:
            facts["surefoot.workers"] = str(self._plan.workers)
        inside = "".join(
            element("property", {"name": key, "value": value}) for key, value in facts.items()
        )
        properties = f"<properties>{inside}</properties>\n" if inside else ""
        return f"{start('testsuite', attributes)}\n{properties}"


def _in_schema_order(
    first: str, first_is_failure: bool, again: list[tuple[_Problem, str]]
) -> Iterator[str]:
    """Yield failure, rerunFailure, flakyFailure before error, rerunError, flakyError."""
    for failures in (True, False):
        if first and first_is_failure is failures:
            yield first
        for problem, tag in again:
            if problem.failure is failures:
                attributes = {"message": problem.message, "type": problem.type}
                yield start(tag, attributes)
                yield element("stackTrace", {}, problem.text)
                if problem.out:
                    yield element("system-out", {}, problem.out)
                if problem.err:
                    yield element("system-err", {}, problem.err)
                yield f"</{tag}>"


def _hook_case(failure: HookFailure, classname: str, filename: str, counts: _Counts) -> str:
    counts.tests += 1
    counts.errors += 1
    attributes = {"name": f"({failure.where})", "classname": classname, "time": "0.000"}
    if filename:
        attributes["file"] = filename
    message = failure.message.strip().split("\n", 1)[0][:500] or "a hook failed"
    error = element("error", {"message": message, "type": "hook_error"}, failure.message)
    out = _section([part.stdout for part in failure.captured])
    rest = element("system-out", {}, out) if out else ""
    return f"{start('testcase', attributes)}{error}{rest}</testcase>\n"


def _classname(planned: PlannedFeature) -> str:
    """Return behave's own form, `features.sub.file.Feature name`."""
    stem = os.path.splitext(planned.filename)[0].replace("\\", "/").strip("./")
    dotted = stem.replace("/", ".")
    return f"{dotted}.{planned.name}" if planned.name else dotted


def _names(entries: list[_Entry]) -> list[str]:
    """Return the names, with the line where two scenarios of a feature share one."""
    seen: dict[str, int] = {}
    for entry in entries:
        seen[entry.name] = seen.get(entry.name, 0) + 1
    return [
        f"{entry.name} (line {entry.line})" if seen[entry.name] > 1 else entry.name
        for entry in entries
    ]


def _section(parts: list[str]) -> str:
    text = "\n".join(part.rstrip("\n") for part in parts if part)
    if len(text) <= MAX_OUTPUT:
        return text
    return f"[the first {len(text) - MAX_OUTPUT:,} characters left out]\n{text[-MAX_OUTPUT:]}"


def _timestamp(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _copy(source: BinaryIO, offset: int, length: int, target: BinaryIO) -> None:
    source.seek(offset)
    while length > 0:
        block = source.read(min(length, 1 << 16))
        target.write(block)
        length -= len(block)
