"""Python exceptions that no other reader claims: a script's own traceback, a fatal error."""

import re

from surefoot.triage.model import FailureKind, Line
from surefoot.triage.readers.base import MAX_BLOCK, LineReader
from surefoot.triage.readers.stack import exception_of, read_stack

_START = re.compile(r"(.{0,60}?)Traceback \(most recent call last\):$")
_FILE = re.compile(r'\s{2,4}File "([^"]{1,300})", line \d{1,7}$')
_FATAL = re.compile(r"(?:Fatal Python error|Segmentation fault|Aborted|Bus error|Killed)\b:? ?(.*)")
_TOP_OF_TEST = re.compile(
    r'File "(?:[^"]{0,300}[/\\])?(?:test_[\w.-]{1,100}|conftest|environment)\.py",'
    r" line \d{1,7}, in <module>"
)
_CHAIN = (
    "During handling of the above exception",
    "The above exception was the direct cause",
)


class TracebackReader(LineReader):
    """Reads one traceback after another; chained ones are one failure."""

    name = "python"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._lines: list[Line] = []
        self._prefix = ""
        self._indent = 0
        self._complete = False
        self._syntax: list[Line] = []

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.endswith("(most recent call last):") and (found := _START.match(text)):
            if self._lines and not self._chained:
                self._emit()
            self._chained = False
            self._complete = False
            self._prefix = found[1] if found[1].strip() else ""
            self._indent = len(text) - len(text.lstrip()) if not self._prefix else 0
            self._append(line)
            return True
        if self._lines:
            return self._within(line)
        if self._syntax:
            return self._in_syntax(line)
        first = text[:1]
        if first in " \t" and text.lstrip().startswith('File "') and _FILE.match(text):
            # A syntax error is printed without the word Traceback.
            self._syntax = [line]
            return False
        found = _FATAL.match(text) if first and first in "FSABK" else None
        if found and (found[1].startswith("(") or text.startswith(("Fatal", "Segm", "Bus"))):
            self.found.fail(
                FailureKind.CRASH,
                text.partition(":")[0][:80],
                (self.found.quote(line),),
                message=text,
            )
            return True
        return False

    _chained = False

    def _within(self, line: Line) -> bool:
        text = line.text.removeprefix(self._prefix)
        if any(text.lstrip().startswith(words) for words in _CHAIN):
            self._chained = True
            self._append(line)
            return True
        if self._complete:
            if not text.strip():
                self._append(line)
                self._blanks += 1
                if self._blanks > 2:
                    self._emit()
                return False
            if self._chained:
                self._append(line)
                return True
            self._emit()
            return self.feed(line)
        depth = len(text) - len(text.lstrip())
        if depth > self._indent or not text.strip():
            self._append(line)
            if len(self._lines) > 4 * MAX_BLOCK:
                self._emit()
            return True
        self._append(line)
        if exception_of(text.strip()) is not None:
            self._complete = True
            self._blanks = 0
            return True
        self._emit()
        return False

    _blanks = 0

    def _append(self, line: Line) -> None:
        self._lines.append(line)
        if len(self._lines) > MAX_BLOCK:
            # The first line and the end of a long stack are what tells.
            del self._lines[MAX_BLOCK // 2]

    def _in_syntax(self, line: Line) -> bool:
        text = line.text
        self._syntax.append(line)
        known = exception_of(text.strip())
        if known is not None and known[0].endswith(("SyntaxError", "IndentationError", "TabError")):
            lines, self._syntax = self._syntax, []
            self._fail(lines)
            return True
        if len(self._syntax) > 5:
            self._syntax = []
        return False

    def _emit(self) -> None:
        lines, self._lines = self._lines, []
        self._chained = self._complete = False
        while lines and not lines[-1].text.strip():
            lines.pop()
        if lines:
            self._fail(lines)

    def _fail(self, lines: list[Line]) -> None:
        stack = read_stack(item.text.removeprefix(self._prefix) for item in lines)
        if not stack.exception:
            return
        last = stack.exception.rpartition(".")[2]
        kind = FailureKind.TRACEBACK
        if last in {"SyntaxError", "IndentationError", "TabError"} or (
            last in {"ImportError", "ModuleNotFoundError"}
        ):
            kind = FailureKind.LOAD
        elif any(_TOP_OF_TEST.search(item.text) for item in lines[1:3]):
            # A file of tests that raises while it is loaded runs none of them.
            kind = FailureKind.LOAD
        elif last == "CalledProcessError":
            # A script that ran the tool which failed.
            kind = FailureKind.SESSION
        told = [lines[0], *lines[1:][-5:]]
        # The verdict is the exception's own line, so it stands first.
        own = [item for item in told if last in item.text]
        told = [*own[-1:], *[item for item in told if item not in own[-1:]]]
        self.found.fail(
            kind,
            last,
            self.found.quotes(told),
            file=stack.file,
            line=stack.line,
            exception=stack.exception,
            message=stack.message,
            frame=stack.frame,
        )
        self.found.claim(lines[0].number, lines[-1].number)

    def step(self) -> None:
        """A traceback that is open here is cut."""
        if self._lines:
            self._emit()
        self._syntax = []
        super().step()
