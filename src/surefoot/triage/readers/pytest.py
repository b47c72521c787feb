"""Output of pytest: any verbosity, xdist, doctests, collection errors, reruns, old and new."""

import re

from surefoot.triage.masking import relative
from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import MAX_BLOCK, LineReader, number
from surefoot.triage.readers.stack import exception_of, frame_of, is_library

_COUNTED = re.compile(
    r"(\d{1,9}) (failed|passed|skipped|deselected|xfailed|xpassed|errors?|warnings?|rerun"
    r"|subtests passed|subtests failed)\b"
)
_TOOK = re.compile(r"\bin (\d{1,9}(?:\.\d{1,6})?)(?: ?s\b| seconds)")
_SUMMARY_LINE = re.compile(r"(FAILED|ERROR|XPASS|SUBFAIL(?:ED)?)(?: ?\[[^\]]{1,40}\])? (\S.*)")
_VERBOSE = re.compile(
    r"(?:\[gw\d{1,4}\] (?:\[ {0,3}\d{1,3}%\] )?(?P<early>[A-Z]{4,7}) (?P<one>\S.*)"
    r"|(?P<two>\S[^\n]{0,400}?\.(?:py|txt|rst|md|feature)(?:::[^\n]{1,400}?)?)"
    r"\s{1,4}(?P<late>PASSED|FAILED|ERROR|RERUN|SKIPPED|XFAIL|XPASS)\b)"
)
_LETTERS = re.compile(r"([\w./\\@+-]{1,300}\.(?:py|txt|rst|md))\s([.FEsxXRpP]{1,300})(?:\s|$)")
_MORE_LETTERS = re.compile(r"([.FEsxXRpP]{1,300})(?:\s{1,80}\[ {0,3}\d{1,3}%\])?$")
_COLLECTING = re.compile(r"ERROR collecting (\S.*)")
_AT = re.compile(r"ERROR at (setup|teardown) of (\S.*)")
_DOCTEST = "[doctest] "


class _Block:
    """One failure in full, under its `____ heading ____`."""

    def __init__(self, line: Line, heading: str) -> None:
        self.heading = heading
        self.lines = [line]
        self.errors: list[str] = []
        self.frame: tuple[str, int, str] | None = None
        self.place: tuple[str, int] | None = None
        self.exception = ""
        self.said: list[Line] = []
        self.last = line.number
        self.file = ""
        """Of the progress line that announced it, where there is one."""

    def add(self, line: Line) -> None:
        text = line.text
        self.last = line.number
        if text.startswith("E ") and len(self.errors) < MAX_BLOCK:
            said = text[1:].strip()
            if not self.errors or self.errors[-1] != said:
                self.errors.append(said)
                self.said.append(line)
            return
        place = frame_of(text)
        if place is not None:
            if not is_library(place[0]):
                self.frame = place
            if self.place is None:
                # The first frame is the test itself.
                self.place = (place[0], place[1])
            last = text.rpartition(": ")[2]
            if not last.startswith("in "):
                self.exception = last
                self.lines.append(line)
        elif text.startswith(">") and len(self.lines) < MAX_BLOCK:
            self.lines.append(line)
        elif not text.startswith((" ", "\t")) and len(self.lines) < MAX_BLOCK and not self.errors:
            known = exception_of(text)
            if known is not None:
                # Doctests, and plugins that print plain tracebacks.
                self.exception = known[0]
                self.errors.append(text)
                self.said.append(line)


class PytestReader(LineReader):
    """A session lasts from its first ruler to its last; everything in it is pytest's."""

    name = "pytest"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._reset()

    def _reset(self) -> None:
        self._section = ""
        self._depth = 0
        self._blocks: list[_Block] = []
        self._block: _Block | None = None
        self._summary: list[tuple[str, str, Line]] = []
        self._seen_failing: dict[str, Line] = {}
        self._rerun: dict[str, Line] = {}
        self._passed: set[str] = set()
        self._letter_file = ""
        self._letters: list[tuple[str, str]] = []

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.startswith("=") and text.endswith("=") and len(text) > 20 and text.strip("="):
            return self._ruler(line, text.strip("= "))
        if self.found.open is None:
            return self._outside(line)
        if (
            text.startswith("___")
            and text.endswith("_")
            and self._section in {"FAILURES", "ERRORS"}
        ):
            if self._depth == 0:
                self._begin_block(line, text.strip("_ "))
            return True
        if self._section in {"FAILURES", "ERRORS"}:
            if self._block is not None:
                self._block.add(line)
            # `-q`: the summary has no ruler.
            if self._depth == 0 and " in " in text and text[:1].isdigit() and _TOOK.search(text):
                self._end(line, text)
            return True
        if self._section.startswith("short test summary"):
            return self._short(line)
        self._progress(line)
        return True

    def _outside(self, line: Line) -> bool:
        text = line.text
        if text.startswith(("FAILED ", "ERROR ")) and "::" in text:
            # A summary whose session's beginning was cut off.
            found = _SUMMARY_LINE.match(text)
            if found is not None and ".py" in found[2]:
                self.found.begin(line)
                self._section = "short test summary info"
                return self._short(line)
        if text[:1].isdigit() and _TOOK.search(text) and "passed" in text[:80]:
            counted = _COUNTED.match(text)
            if counted is not None:
                self._end(line, text)
                return True
        return False

    def _ruler(self, line: Line, title: str) -> bool:
        if title == "test session starts":
            if self.found.open is not None and self._section in {"FAILURES", "ERRORS"}:
                self._depth += 1
                return True
            self._flush()
            self.found.begin(line)
            return True
        if _TOOK.search(title) and (_COUNTED.match(title) or title.startswith("no tests ran")):
            if self._depth:
                self._depth -= 1
                return True
            self._end(line, title)
            return True
        if title in {"FAILURES", "ERRORS"} or title.startswith("short test summary"):
            if self.found.open is None:
                self.found.begin(line)
            if not self._depth:
                self._close_block()
                self._section = title
            return True
        if self.found.open is None:
            return False
        if not self._depth and title in {"warnings summary", "PASSES", "slowest durations"}:
            self._close_block()
            self._section = title
        return True

    def _begin_block(self, line: Line, heading: str) -> None:
        self._close_block()
        if len(self._blocks) < 1000:
            self._block = _Block(line, heading)
            self._blocks.append(self._block)

    def _close_block(self) -> None:
        if self._block is not None:
            self.found.claim(self._block.lines[0].number, self._block.last)
            self._block = None

    def _short(self, line: Line) -> bool:
        text = line.text
        found = _SUMMARY_LINE.match(text)
        if found is not None:
            if found[1] != "XPASS" and len(self._summary) < 2000:
                self._summary.append((found[1], found[2].strip(), line))
            return True
        if text.startswith("!!!"):
            return True
        if " in " in text and text[:1].isdigit() and _TOOK.search(text) and _COUNTED.match(text):
            self._end(line, text)
        return True

    def _progress(self, line: Line) -> None:
        """Keep what progress says, for logs that are cut before the summary."""
        text = line.text
        if not text or len(text) > 1000:
            return
        found = _VERBOSE.match(text)
        if found is not None:
            word = found["early"] or found["late"]
            test = (found["one"] or found["two"]).strip()
            if word in {"FAILED", "ERROR"} and len(self._seen_failing) < 2000:
                self._seen_failing.setdefault(test, line)
            elif word == "RERUN" and len(self._rerun) < 2000:
                self._rerun.setdefault(test, line)
            elif word == "PASSED" and test in self._rerun:
                self._passed.add(test)
            return
        found = _LETTERS.match(text)
        letters = ""
        if found is not None:
            self._letter_file = found[1]
            letters = found[2]
        elif self._letter_file and (more := _MORE_LETTERS.match(text)):
            letters = more[1]
        if ("F" in letters or "E" in letters) and len(self._letters) < 2000:
            self._letters += [(self._letter_file, one) for one in letters if one in "FE"]

    def _end(self, line: Line, text: str) -> None:
        counted = {"run": 0}
        for value, word in _COUNTED.findall(text):
            counted[word.rstrip("s") if word.startswith("error") else word] = number(value)
        took = _TOOK.search(text)
        failed = counted.get("failed", 0) + counted.get("error", 0)
        passed = counted.get("passed", 0)
        xfailed = counted.get("xfailed", 0)
        xpassed = counted.get("xpassed", 0)
        self.found.count(
            Counts(
                self.name,
                run=passed + failed + xfailed + xpassed,
                passed=passed,
                failed=failed,
                errors=counted.get("error", 0),
                skipped=counted.get("skipped", 0),
                xfailed=xfailed,
                xpassed=xpassed,
                duration=float(took[1]) if took else None,
                quotes=(self.found.quote(line),),
            )
        )
        self._flush()
        self.found.end()

    def step(self) -> None:
        """A session that is open here has no end."""
        self._flush()
        super().step()

    def _flush(self) -> None:
        """Turn blocks and summary lines into failures, each once."""
        self._close_block()
        if not (self._blocks or self._summary or self._seen_failing or self._rerun):
            self._reset()
            return
        self._pair_letters()
        blocks: dict[str, list[_Block]] = {}
        for block in self._blocks:
            blocks.setdefault(_heading_key(block.heading), []).append(block)
        done: set[str] = set()
        for word, rest, line in self._summary:
            test, message = _split_summary(rest)
            same = blocks.get(_test_key(test))
            own = same.pop(0) if same else None
            done.add(test)
            self._one(word, test, message, line, own)
        progress = {_test_key(test): test for test in self._seen_failing}
        left = [block for same in blocks.values() for block in same]
        for block in left:
            if block.heading.startswith("summary") or self._is_known(block, done):
                continue
            self._one("", progress.get(_heading_key(block.heading), ""), "", None, block)
        if not self._blocks and not self._summary:
            for test, line in self._seen_failing.items():
                self._one("FAILED", test, "", line, None)
        for test in sorted(self._passed - done):
            self.found.fail(
                FailureKind.TEST,
                relative(test),
                (self.found.quote(self._rerun[test]),),
                passed_on_retry=True,
            )
        self._reset()

    @staticmethod
    def _is_known(block: _Block, done: set[str]) -> bool:
        # A second block of the same test: its teardown failed too.
        at = _AT.match(block.heading)
        return at is not None and any(
            _test_key(test) == _heading_key(block.heading) for test in done
        )

    def _pair_letters(self) -> None:
        """Without a summary the letters of the progress tell which file a block is from."""
        failing = [block for block in self._blocks if not block.heading.startswith("ERROR")]
        files = [file for file, letter in self._letters if letter == "F"]
        if len(failing) == len(files):
            for block, file in zip(failing, files, strict=True):
                block.file = file

    def _one(
        self, word: str, test: str, message: str, line: Line | None, block: _Block | None
    ) -> None:
        collecting = word == "ERROR" and "::" not in test
        lines = [] if line is None else [line]
        exception = frame = file = ""
        at = 0
        if block is not None:
            lines = [block.lines[0], *block.said[:4], *block.lines[1:][-1:], *lines]
            # The line of the summary stands first: it is the verdict on one line.
            lines = [*lines[-1:], *lines[:-1]] if line is not None else lines
            lines = list(dict.fromkeys(lines))
            found = _COLLECTING.match(block.heading)
            collecting = collecting or found is not None
            test = test or (found[1] if found else self._name(block))
            exception, said = _said(block)
            message = said or message
            if block.frame is not None:
                file, at = relative(block.frame[0]), block.frame[1]
                frame = f"{file}:{block.frame[2]}" if block.frame[2] else file
        if message and not exception and (known := exception_of(message)) and _likely(known[0]):
            exception, message = known
        if not file:
            file = relative(test.partition("::")[0])
        self.found.fail(
            FailureKind.LOAD if collecting else FailureKind.TEST,
            relative(test),
            self.found.quotes(lines),
            file=file,
            line=at,
            exception=exception,
            message=message,
            frame=frame,
        )

    @staticmethod
    def _name(block: _Block) -> str:
        heading = block.heading
        if (found := _AT.match(heading)) is not None:
            heading = found[2]
        if heading.startswith(_DOCTEST):
            return heading.removeprefix(_DOCTEST)
        file = block.file
        if not file and block.place is not None and not is_library(block.place[0]):
            file = block.place[0]
        return f"{relative(file)}::{heading.replace('.', '::')}" if file else heading


def _split_summary(text: str) -> tuple[str, str]:
    """Split `path::test[a - b] - message`; parameters may hold the separator."""
    bracket = text.find("[")
    first = text.find(" - ")
    if first == -1:
        return text, ""
    if 0 <= bracket < first:
        closing = text.find("] - ", bracket)
        if closing != -1:
            return text[: closing + 1], text[closing + 4 :]
        if text.endswith("]"):
            return text, ""
    return text[:first], text[first + 3 :]


def _said(block: _Block) -> tuple[str, str]:
    """Return exception and message of a block."""
    exception = block.exception
    for said in reversed(block.errors):
        known = exception_of(said)
        if known is not None and _likely(known[0]):
            return known
    message = block.errors[0] if block.errors else ""
    return exception, message


def _likely(name: str) -> bool:
    """Return True when a name that stands before a colon is that of an exception."""
    return "." in name or name.endswith(_ENDINGS)


_ENDINGS = ("Error", "Exception", "Warning", "Exit", "Failed", "Interrupt", "Timeout", "Failure")


def _heading_key(heading: str) -> str:
    """`T.test[a]`, `ERROR at setup of T.test`, `[doctest] a.b` in the form of `_test_key`."""
    found = _AT.match(heading)
    if found is not None:
        heading = found[2]
    found = _COLLECTING.match(heading)
    if found is not None:
        return found[1]
    return heading.removeprefix(_DOCTEST)


def _test_key(test: str) -> str:
    """`path.py::T::test[a]` as a block is headed: `T.test[a]`."""
    if "::" not in test:
        return test
    bracket = test.find("[")
    head, parameters = (test, "") if bracket == -1 else (test[:bracket], test[bracket:])
    return ".".join(head.split("::")[1:]) + parameters
