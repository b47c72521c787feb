"""Output of checkers that read source: ruff, flake8 and its kin, mypy, pyright, bandit.

Each failure is one rule in one file; ten hits of a rule in a file are ten failures, and the
cluster counts them.
"""

import re

from surefoot.triage.masking import relative
from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import LineReader, SingleLineReader, number

_PATH = r"(\S[^:\n]{0,300}\.(?:pyi?|ipynb|toml|feature|robot))"
_CONCISE = re.compile(
    _PATH + r":(\d{1,7}):(?:(\d{1,6}):)? (?:error: )?"
    r"([A-Z]{1,6}\d{1,4}|SyntaxError:?|invalid-syntax:)\s?(\[\*\] )?(.*)"
)
_FULL = re.compile(r"([A-Z]{1,6}\d{2,4}|invalid-syntax:) (\[\*\] |\[-\] )?(\S.*)")
_ARROW = re.compile(r"\s{1,8}--> " + _PATH + r":(\d{1,7}):(\d{1,6})$")
_FOUND = re.compile(r"Found (\d{1,9}) errors?(?: \(|\.|$)")
_FIXED = re.compile(r"(\d{1,9}) files? would be reformatted")
_REFORMAT = re.compile(r"(?:Would reformat: |would reformat )(\S.*)")


class RuffReader(LineReader):
    """ruff check (full, concise, GitHub), ruff format --check, and flake8's concise form."""

    name = "ruff"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._full: tuple[Line, str, str] | None = None
        self._reformat: list[Line] = []

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if self._full is not None:
            head, code, message = self._full
            arrow = _ARROW.match(text)
            self._full = None
            if arrow is not None:
                self._fail([head, line], code, message, arrow[1], arrow[2])
                return True
        if ".py" in text or ".ipynb" in text or ".toml" in text:
            found = _CONCISE.match(text)
            if found is not None:
                self._fail([line], found[4], found[6], found[1], found[2])
                return True
            reformat = _REFORMAT.match(text)
            if reformat is not None:
                if len(self._reformat) < 200:
                    self._reformat.append(line)
                self.found.seen = True
                return True
        if text[:1].isupper() or text.startswith("invalid-"):
            if text.startswith("Found ") and "error" in text and " in " not in text:
                found = _FOUND.match(text)
                if found is not None:
                    self._count(line, number(found[1]))
                    return True
            if text == "All checks passed!":
                self._count(line, 0)
                return True
            full = _FULL.match(text)
            if full is not None:
                self._full = (line, full[1], full[3])
        elif text[:1].isdigit() and (fixed := _FIXED.match(text)):
            self._count(line, number(fixed[1]), "files to format")
            self._formatting(line)
            return True
        return False

    def _fail(self, lines: list[Line], code: str, message: str, file: str, at: str) -> None:
        code = code.rstrip(":")
        syntax = code in {"invalid-syntax", "SyntaxError", "E999", "E902"}
        self.found.fail(
            FailureKind.LINT,
            code,
            self.found.quotes(lines),
            file=relative(file),
            line=number(at),
            exception="SyntaxError" if syntax else "",
            message=message,
        )

    def _count(self, line: Line, errors: int, what: str = "errors") -> None:
        self.found.count(
            Counts(self.name, failed=errors, what=what, quotes=(self.found.quote(line),))
        )
        self.found.end()

    def _formatting(self, line: Line) -> None:
        self.found.fail(
            FailureKind.LINT,
            "format",
            self.found.quotes([*self._reformat, line]),
            message="files are not formatted",
        )
        self._reformat = []

    def step(self) -> None:
        """Files to format are told even when the count never came."""
        if self._reformat:
            self._formatting(self._reformat.pop())
        super().step()


_MYPY = re.compile(_PATH + r":(\d{1,7})(?::\d{1,6}){0,3}: error: (.*?)(?:  \[([\w-]{1,60})\])?$")
_MYPY_END = re.compile(r"Found (\d{1,9}) errors? in (\d{1,9}) files?")
_MYPY_OK = re.compile(r"Success: no issues found in \d{1,9} source files?")


class MypyReader(SingleLineReader):
    """mypy's lines and its last one."""

    name = "mypy"
    needles = (
        ": error: ",
        "Found ",
        "Success: ",
    )

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if ": error: " in text:
            found = _MYPY.match(text)
            if found is None:
                return False
            self.found.fail(
                FailureKind.TYPES,
                found[4] or "error",
                (self.found.quote(line),),
                file=relative(found[1]),
                line=number(found[2]),
                exception="SyntaxError" if found[4] == "syntax" else "",
                message=found[3],
            )
            return True
        if text.startswith("Found ") and (end := _MYPY_END.match(text)):
            self._end(line, number(end[1]))
            return True
        if text.startswith("Success: ") and _MYPY_OK.match(text):
            self._end(line, 0)
            return True
        return False

    def _end(self, line: Line, errors: int) -> None:
        self.found.count(
            Counts(self.name, failed=errors, what="errors", quotes=(self.found.quote(line),))
        )
        self.found.end()


_PYRIGHT = re.compile(
    r"\s{0,4}" + _PATH + r":(\d{1,7}):\d{1,6} - error: (.*?)(?: \((report\w{1,60})\))?$"
)
_PYRIGHT_MORE = re.compile(r"\s{4}.*\((report\w{1,60})\)$")
_PYRIGHT_END = re.compile(r"(\d{1,9}) errors?, (\d{1,9}) warnings?")


class PyrightReader(LineReader):
    """pyright and basedpyright; the rule may stand on a later line of the message."""

    name = "pyright"
    needles = (
        " - error: ",
        " warning",
    )

    @property
    def resting(self) -> bool:
        """No message goes on."""
        return self._waiting is None

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._waiting: tuple[list[Line], str, str, str] | None = None

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if self._waiting is not None:
            lines, file, at, message = self._waiting
            more = _PYRIGHT_MORE.match(text)
            if more is not None:
                self._waiting = None
                self._fail([*lines, line], file, at, message, more[1])
                return True
            if text.startswith("    ") and len(lines) < 10:
                lines.append(line)
                return True
            self._waiting = None
            self._fail(lines, file, at, message, "error")
        if " - error: " in text and (found := _PYRIGHT.match(text)):
            if found[4]:
                self._fail([line], found[1], found[2], found[3], found[4])
            else:
                self._waiting = ([line], found[1], found[2], found[3])
            return True
        if text[:1].isdigit() and "warning" in text and (end := _PYRIGHT_END.match(text)):
            self.found.count(
                Counts(
                    self.name,
                    failed=number(end[1]),
                    what="errors",
                    quotes=(self.found.quote(line),),
                )
            )
            self.found.end()
            return True
        return False

    def _fail(self, lines: list[Line], file: str, at: str, message: str, rule: str) -> None:
        self.found.fail(
            FailureKind.TYPES,
            rule,
            self.found.quotes(lines),
            file=relative(file),
            line=number(at),
            message=message,
        )

    def step(self) -> None:
        """A message that waits for its rule has none."""
        if self._waiting is not None:
            lines, file, at, message = self._waiting
            self._waiting = None
            self._fail(lines, file, at, message, "error")
        super().step()


_ISSUE = re.compile(r">> Issue: \[(B\d{3}):([\w-]{1,80})\] (.*)")
_LOCATION = re.compile(r"\s{1,8}Location: (\S.{0,300}):(\d{1,7}):\d{1,6}$")


class BanditReader(LineReader):
    """bandit's text report: from `Run started` to `Files skipped`."""

    name = "bandit"
    needles = (
        ">> Issue: ",
        "Run started:20",
    )

    @property
    def resting(self) -> bool:
        """No run is open, and no issue waits for its place."""
        return self._issue is None and self.found.open is None

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._issue: tuple[Line, str, str] | None = None
        self._issues = 0

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.startswith(">> Issue: ") and (found := _ISSUE.match(text)):
            self._issue = (line, found[1], found[3])
            self._issues += 1
            if self.found.open is None:
                self.found.begin(line)
            return True
        if self._issue is not None and "Location: " in text:
            place = _LOCATION.match(text)
            if place is not None:
                head, code, message = self._issue
                self._issue = None
                self.found.fail(
                    FailureKind.SECURITY,
                    code,
                    self.found.quotes([head, line]),
                    file=relative(place[1]),
                    line=number(place[2]),
                    message=message,
                )
                return True
        if text.startswith("Run started:20"):
            self.found.begin(line)
            self._issues = 0
            return True
        if text.startswith("Files skipped (") and self.found.open is not None:
            self.found.count(
                Counts(
                    self.name,
                    failed=self._issues,
                    what="issues",
                    quotes=(self.found.quote(line),),
                )
            )
            self.found.end()
            return True
        return False
