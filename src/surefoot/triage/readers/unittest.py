"""Output of unittest and of the runners that print like it: nose, Django, testtools, zope."""

import re

from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import MAX_BLOCK, LineReader, number
from surefoot.triage.readers.stack import read_stack

_HEAD = re.compile(r"(ERROR|FAIL|UNEXPECTED SUCCESS): (\S.*)")
_RAN = re.compile(r"Ran (\d{1,9}) tests? in (\d{1,9}(?:\.\d{1,9})?)s")
_END = re.compile(r"(OK|FAILED|PASSED|NO TESTS RAN)(?: ?\(([^)]{1,300})\))?$")
_PART = re.compile(
    r"(failures|errors|skipped|SKIP|expected failures|unexpected successes)=(\d{1,9})"
)
_VERBOSE = re.compile(r"(\S.{0,300}) \.\.\. (FAIL|ERROR)$")
_NOSE_LOAD = re.compile(r"Failure: (\w{1,80}) \((.*)\)?$")
_LOADER = re.compile(r"\b(?:_FailedTest|ModuleImportFailure|LoadTestsFailure)\b")


class UnittestReader(LineReader):
    """Blocks between rulers, then `Ran N tests`, then the verdict."""

    name = "unittest"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._ruled = False
        self._block: list[Line] = []
        self._heading = ""
        self._word = ""
        self._pending: list[tuple[str, str, list[Line]]] = []
        self._verbose: dict[str, Line] = {}
        self._ran: tuple[Line, int, float] | None = None
        self._since_ran = 0

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.startswith("=====") and not text.strip("="):
            self._close_block()
            self._ruled = True
            return False
        if self._ruled:
            self._ruled = False
            found = _HEAD.match(text)
            if found is not None:
                if self.found.open is None:
                    self.found.begin(line)
                self._word, self._heading = found[1], found[2]
                self._block = [line]
                return True
        if self._block and text.startswith("-----") and not text.strip("-"):
            # Two rulers: one under the heading, one under the last block.
            if len(self._block) > 2 and any(item.text.startswith("-----") for item in self._block):
                self._close_block()
            else:
                self._block.append(line)
            return True
        if text.startswith("Ran ") and (found := _RAN.match(text)):
            self._close_block()
            self._ran = (line, number(found[1]), float(found[2]))
            self._since_ran = 0
            return True
        if self._ran is not None:
            return self._after_ran(line)
        if self._block:
            if len(self._block) < MAX_BLOCK:
                self._block.append(line)
            else:
                # The end of a block has the exception.
                self._block[MAX_BLOCK // 2 :] = [*self._block[MAX_BLOCK // 2 + 1 :], line]
            return True
        if text.endswith((" ... FAIL", " ... ERROR")) and (found := _VERBOSE.match(text)):
            if len(self._verbose) < 2000:
                self._verbose.setdefault(found[1].strip(), line)
            self.found.seen = True
        return False

    def _after_ran(self, line: Line) -> bool:
        if not line.text:
            return False
        found = _END.match(line.text)
        self._since_ran += 1
        if found is None:
            if self._since_ran > 20:
                self._finish(None, "")
            return False
        self._finish(line, found[2] or "")
        return True

    def _finish(self, line: Line | None, said: str) -> None:
        assert self._ran is not None
        ran, run, took = self._ran
        self._ran = None
        parts = {name: number(value) for name, value in _PART.findall(said)}
        failed = parts.get("failures", 0) + parts.get("errors", 0)
        if line is None:
            failed = len(self._pending)
        unexpected = parts.get("unexpected successes", 0)
        skipped = parts.get("skipped", 0) + parts.get("SKIP", 0)
        expected = parts.get("expected failures", 0)
        self.found.count(
            Counts(
                self.name,
                run=run,
                passed=max(0, run - failed - skipped - expected - unexpected),
                failed=failed + unexpected,
                errors=parts.get("errors", 0),
                skipped=skipped,
                xfailed=expected,
                xpassed=unexpected,
                duration=took,
                quotes=self.found.quotes([ran] if line is None else [ran, line]),
            )
        )
        self._flush()
        self.found.end()

    def _close_block(self) -> None:
        if self._block:
            if len(self._pending) < 2000:
                self._pending.append((self._word, self._heading, self._block))
            self.found.claim(self._block[0].number, self._block[-1].number)
            self._block = []

    def _flush(self) -> None:
        for word, heading, lines in self._pending:
            stack = read_stack(item.text for item in lines[1:])
            exception, message = stack.exception, stack.message
            kind = FailureKind.TEST
            nose = _NOSE_LOAD.match(heading)
            if nose is not None:
                kind = FailureKind.LOAD
                exception, message = nose[1], nose[2].rstrip(")")
            elif _LOADER.search(heading):
                kind = FailureKind.LOAD
            if word == "UNEXPECTED SUCCESS":
                message = "unexpected success"
            subject = stack.file if nose is not None and stack.file else heading
            self.found.fail(
                kind,
                subject,
                self.found.quotes([lines[0], *lines[1:][-8:]]),
                file=stack.file,
                line=stack.line,
                exception=exception,
                message=message,
                frame=stack.frame,
            )
        if not self._pending:
            for test, line in self._verbose.items():
                self.found.fail(FailureKind.TEST, test, (self.found.quote(line),))
        self._pending = []
        self._verbose = {}

    def step(self) -> None:
        """A run that is open here has no verdict."""
        self._close_block()
        if self._ran is not None:
            self._finish(None, "")
        self._flush()
        self._ruled = False
        super().step()
