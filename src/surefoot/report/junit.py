"""One JUnit file for the whole run, from the events of its journal.

The schema is Maven Surefire's (`junit_case` has the details): a scenario that passed on a retry
is a passed test case with `flakyFailure` or `flakyError` for each bad attempt; one that stayed
bad has its first bad attempt as `failure` or `error` and the others as `rerunFailure` or
`rerunError`. Around it stands the usual `testsuites` with totals; `file` and `line` are what
GitLab and others read. Nothing counts as passed that did not pass: what never ran is
`skipped` with the reason, and a run that failed outside of its scenarios, or whose journal was
cut, has a test case that says so. An expected failure and a quarantined one are `skipped` too,
as pytest has it, with their error in `system-out`; an unexpected pass is a `failure`.

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
from surefoot.report.attempts import HookFailure, feature_hook_failures
from surefoot.report.junit_case import (
    Entry,
    Problem,
    Totals,
    case_names,
    hook_case,
    inside_case,
    problem_of,
)
from surefoot.report.planned import feature_of, find_planned
from surefoot.report.summary import untested_because
from surefoot.report.view import RunView
from surefoot.report.xmltext import element, start


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
        report = _Report(spool, body, where, read_output, hostname)
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


class _Feature(msgspec.Struct):
    """A feature whose verdicts are not all known."""

    planned: PlannedFeature
    waiting: int
    """How many selected scenarios have no verdict yet."""
    entries: dict[ScenarioPath, Entry] = {}
    hooks_attempt: int = 0
    hooks: list[HookFailure] = []
    untested: bool = False
    began: float = 0.0


class _Report:
    """The report while it is gathered. Use once."""

    def __init__(
        self,
        spool: BinaryIO,
        body: BinaryIO,
        folder: str | None,
        read_output: Callable[[str], bytes],
        hostname: str | None,
    ) -> None:
        self._spool = spool
        self._body = body
        self._folder = folder
        self._read_output = read_output
        self._hostname = hostname
        self._view = RunView(slowest=0)
        self._plan: SuitePlanned | None = None
        self._open: dict[int, _Feature] = {}
        self._written: dict[int, tuple[int, int]] = {}
        self._total = Totals()
        self._run_problems: list[HookFailure] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Problem)

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
            entry = feature.entries[record.path] = Entry(record.name, record.line)
        entry.outcomes[event.attempt] = event.outcome
        if event.judgement is not None:
            entry.judgements[event.attempt] = event.judgement
        entry.seconds += event.seconds
        entry.why = event.reason or record.state.skip_reason or ""
        if not feature.began or event.started < feature.began:
            feature.began = event.started
        if event.outcome.is_bad or event.is_bad or event.attempt > 1:
            data = self._encoder.encode(
                problem_of(event, feature.planned.filename, self._read_output)
            )
            entry.spooled[event.attempt] = (self._spool.tell(), len(data))
            self._spool.write(data)

    def _verdict(self, event: VerdictReached) -> None:
        if event.feature in self._written:
            return
        feature = self._opened(event.feature, event.id)
        planned = find_planned(self._plan, event.feature, event.path)
        feature.untested |= event.verdict is Verdict.UNTESTED
        entry = feature.entries.get(event.path)
        if entry is None and event.verdict is not Verdict.UNTESTED:
            name = planned.name if planned else event.id.split(" :: ")[-1]
            entry = Entry(name, planned.line if planned else 0)
            feature.entries[event.path] = entry
        if entry is not None:
            entry.given_verdict = event.verdict
            entry.decided = event.reason
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
        if finished is not None and not finished.failed:
            # A worker whose before_all failed, while others did its work, is a notice.
            self._run_problems.clear()
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
                feature.entries[scenario.path] = Entry(scenario.name, scenario.line)
        entries = [feature.entries[path] for path in sorted(feature.entries)]
        counts = Totals(seconds=sum(entry.seconds for entry in entries))
        classname = _classname(planned)
        begin = self._body.seek(0, os.SEEK_END)
        # The start tag holds the totals, so the cases wait beside the body until they are known.
        with tempfile.SpooledTemporaryFile(max_size=1 << 20, dir=self._folder) as cases:
            for name, entry in zip(case_names(entries), entries, strict=True):
                attributes = {
                    "name": name,
                    "classname": classname,
                    "time": f"{entry.seconds:.3f}",
                    "file": planned.filename,
                    "line": str(entry.line),
                }
                cases.write(f"{start('testcase', attributes)}".encode())
                problems = {
                    number: self._spooled(place) for number, place in sorted(entry.spooled.items())
                }
                for part in inside_case(entry, problems, untested_because(self._view), counts):
                    cases.write(part.encode())
                cases.write(b"</testcase>\n")
            for hook in feature.hooks:
                cases.write(hook_case(hook, classname, planned.filename, counts).encode())
            stamp = _timestamp(feature.began) if feature.began else ""
            self._body.write(self._suite_start(classname, counts, stamp).encode())
            cases.seek(0)
            while block := cases.read(1 << 16):
                self._body.write(block)
        self._body.write(b"</testsuite>\n")
        self._written[planned.index] = (begin, self._body.tell() - begin)
        self._total.add(counts)

    def _spooled(self, place: tuple[int, int]) -> Problem:
        offset, length = place
        self._spool.seek(offset)
        problem = self._decoder.decode(self._spool.read(length))
        self._spool.seek(0, os.SEEK_END)
        return problem

    def _run_suite(self) -> str:
        if not self._run_problems:
            return ""
        counts = Totals()
        cases = "".join(hook_case(item, "surefoot", "", counts) for item in self._run_problems)
        self._total.add(counts)
        return f"{self._suite_start('surefoot', counts, '')}{cases}</testsuite>\n"

    def _suite_start(self, name: str, counts: Totals, timestamp: str) -> str:
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


def _classname(planned: PlannedFeature) -> str:
    """Return behave's own form, `features.sub.file.Feature name`."""
    stem = os.path.splitext(planned.filename)[0].replace("\\", "/").strip("./")
    dotted = stem.replace("/", ".")
    return f"{dotted}.{planned.name}" if planned.name else dotted


def _timestamp(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _copy(source: BinaryIO, offset: int, length: int, target: BinaryIO) -> None:
    source.seek(offset)
    while length > 0:
        block = source.read(min(length, 1 << 16))
        target.write(block)
        length -= len(block)
