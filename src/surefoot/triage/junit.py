"""A JUnit XML file as a log: pytest's, behave's, Surefire's, surefoot's and those like them.

A quote's line number is the line of the file at which the test case begins. A document with
entities of its own is refused, since that is no report; one that is cut is read up to the cut.
"""

import contextlib
from typing import BinaryIO
from xml.parsers import expat

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
from surefoot.triage.readers.base import MAX_FAILURES, MAX_MESSAGE, MAX_QUOTED, number
from surefoot.triage.readers.stack import exception_of, read_stack

READER = "junit"
_BAD = frozenset({"failure", "error"})
_RETRIED = frozenset({"flakyFailure", "flakyError"})
_SCENARIO = (".feature",)


def read_junit(log: Log) -> ParsedLog:
    """Read a file, plain or gzip. Nothing raises; what was wrong with it is a note."""
    reading = _Junit(log)
    try:
        with opened(log) as stream:
            reading.read(stream)
    except (OSError, EOFError) as error:
        reading.problem = f"reading stopped: {error}"
    return reading.result()


class _Case:
    def __init__(self, line: int, attributes: dict[str, str]) -> None:
        self.line = line
        self.attributes = attributes
        self.status = ""
        self.kind = ""
        self.message = ""
        self.text: list[str] = []
        self.size = 0


class _EntityError(Exception):
    pass


class _Junit:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity
        self._case: _Case | None = None
        self._within = ""
        self._suite = ""
        self._failures: list[Failure] = []
        self._more = 0
        self._run = self._bad = self._skipped = self._flaky = 0
        self._seconds = 0.0
        self._bytes = 0
        self._whole = False
        self.problem = ""

    def read(self, stream: BinaryIO) -> None:
        try:
            while block := stream.read(1 << 16):
                self._bytes += len(block)
                self._parser.Parse(block, False)
            self._parser.Parse(b"", True)
            self._whole = True
        except expat.ExpatError as error:
            self.problem = f"the XML ends or is broken at line {error.lineno}"
        except _EntityError:
            self.problem = "it declares entities of its own, so it is no report"
        except (UnicodeError, ValueError, LookupError) as error:
            self.problem = f"it is no XML: {error}"

    def _entity(self, *_: object) -> None:
        raise _EntityError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testsuite":
            self._suite = attributes.get("name", "")
        elif name == "testcase":
            self._case = _Case(self._parser.CurrentLineNumber, attributes)
        elif self._case is not None:
            case = self._case
            if name in _BAD or (name in _RETRIED and not case.status):
                case.status = name
                case.kind = attributes.get("type", "")
                case.message = attributes.get("message", "")
                self._within = name
            elif name == "skipped":
                case.status = case.status or "skipped"

    def _text(self, data: str) -> None:
        case = self._case
        if case is not None and self._within and case.size < 64_000:
            case.size += len(data)
            case.text.append(data)

    def _end(self, name: str) -> None:
        if name == self._within:
            self._within = ""
        if name == "testcase" and self._case is not None:
            self._count(self._case)
            self._case = None

    def _count(self, case: _Case) -> None:
        with contextlib.suppress(ValueError):
            self._seconds += max(0.0, min(1e7, float(case.attributes.get("time", "0") or 0)))
        if case.status == "skipped":
            self._skipped += 1
            return
        self._run += 1
        if not case.status:
            return
        retried = case.status in _RETRIED
        if retried:
            self._flaky += 1
        else:
            self._bad += 1
        if len(self._failures) >= 4 * MAX_FAILURES:
            self._more += 1
            return
        self._failures.append(self._failure(case, retried))

    def _failure(self, case: _Case, retried: bool) -> Failure:
        attributes = case.attributes
        name = attributes.get("name", "")
        owner = attributes.get("classname", "") or self._suite
        file = relative(attributes.get("file", ""))
        said = "".join(case.text)
        stack = read_stack(said.splitlines()[:400])
        message = case.message or said.strip()
        exception = stack.exception or case.kind.rpartition(".")[2]
        known = exception_of(message.partition("\n")[0])
        if not stack.exception and known is not None and known[0].endswith(("Error", "Exception")):
            exception, message = known[0], known[1] or message
        elif stack.message:
            message = stack.message
        scenario = file.endswith(_SCENARIO)
        subject = (
            f"{file}: {name}" if scenario else ".".join(part for part in (owner, name) if part)
        )
        return Failure(
            FailureKind.SCENARIO if scenario else FailureKind.TEST,
            READER,
            subject[:MAX_QUOTED],
            file=file or stack.file,
            line=number(attributes.get("line", "")) or stack.line,
            exception=exception[:200],
            message=message.strip()[:MAX_MESSAGE],
            frame=stack.frame,
            quotes=(
                Quote(
                    self._log.name,
                    case.line,
                    f"{case.status}: {owner}.{name}: {message.strip()}"[:MAX_QUOTED],
                ),
            ),
            passed_on_retry=retried,
        )

    def result(self) -> ParsedLog:
        counts: tuple[Counts, ...] = ()
        if self._run or self._skipped or self._whole:
            counts = (
                Counts(
                    READER,
                    run=self._run,
                    passed=self._run - self._bad,
                    failed=self._bad,
                    skipped=self._skipped,
                    duration=self._seconds,
                    quotes=(Quote(self._log.name, 1, f"{self._run} test cases"),),
                ),
            )
        return ParsedLog(
            self._log,
            lines=self._parser.CurrentLineNumber,
            bytes=self._bytes,
            failures=tuple(self._failures),
            more_failures=self._more,
            counts=counts,
            tools=(READER,),
            truncation=Truncation(Completeness.COMPLETE)
            if self._whole
            else Truncation(Completeness.TRUNCATED, (self.problem or "its end is missing",)),
            notes=(self.problem,) if self.problem else (),
        )
