"""Output of what runs other tools: nox and tox. Their sessions say which of them failed."""

import re

from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import LineReader, SingleLineReader, number

_NOX_START = re.compile(r"nox > Running session (\S.*)")
_NOX_END = re.compile(
    r"nox > Session (\S.{0,200}?) (?:was successful|failed|skipped|aborted|interrupted)"
)
_NOX_COMMAND = re.compile(r"nox > Command (.{1,400}) failed with exit code (-?\d{1,9})")
_NOX_SUMMARY = re.compile(r"nox > \* (\S.*): (success|failed|skipped|aborted)")


class NoxReader(SingleLineReader):
    """nox prints a line before and after each session."""

    name = "nox"
    needles = ("nox > ",)

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._failed: list[Line] = []
        self._ended: dict[str, str] = {}

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if not text.startswith("nox > "):
            return False
        if _NOX_START.match(text):
            self.found.begin(line)
            self._failed = []
        elif (command := _NOX_COMMAND.match(text)) is not None:
            self._failed.append(line)
            self._failed = self._failed[-5:]
            del command
        elif (end := _NOX_END.match(text)) is not None:
            self.found.end()
            # `Session tests-3.12 was successful in 3 seconds.`
            word = text[text.index(end[1]) + len(end[1]) :].strip()
            passed = word.startswith(("was successful", "skipped"))
            self.found.count(
                Counts(
                    self.name,
                    run=1,
                    passed=int(passed),
                    failed=int(not passed),
                    what="sessions",
                    quotes=(self.found.quote(line),),
                )
            )
            if not passed:
                last = _NOX_COMMAND.match(self._failed[-1].text) if self._failed else None
                self.found.fail(
                    FailureKind.SESSION,
                    f"session {end[1]}",
                    self.found.quotes([*self._failed, line]),
                    exception=f"exit {last[2]}" if last else "",
                    message=last[1] if last else text.removeprefix("nox > "),
                )
            self._failed = []
        return True


_TOX_COMMAND = re.compile(r"([\w.{},-]{1,80}): commands(?:_pre|_post)?\[\d{1,3}\]> (.*)")
_TOX_EXIT = re.compile(r"([\w.-]{1,80}): exit (-?\d{1,9}) \(([\d.]{1,12}) seconds\) (.*)")
_TOX_RESULT = re.compile(r"  ([\w.-]{1,80}): (OK|FAIL|SKIP|IGNORED FAIL)(?: code (-?\d{1,9}))?")
_TOX_END = re.compile(r"  (congratulations :\)|evaluation failed :\()")
_TOX3_RESULT = re.compile(r"ERROR:   ([\w.-]{1,80}): (commands failed|could not install deps.*|.*)")


class ToxReader(LineReader):
    """tox 4, and the summary of tox 3."""

    name = "tox"
    needles = (
        ": commands",
        ": exit ",
        "ERROR:   ",
        "congratulations :)",
        "evaluation failed :(",
    )

    @property
    def resting(self) -> bool:
        """Results count once tox was seen."""
        return not self.found.seen

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._exits: dict[str, Line] = {}

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if ": commands" in text and _TOX_COMMAND.match(text):
            if self.found.open is None:
                self.found.begin(line)
            return True
        if ": exit " in text and (ended := _TOX_EXIT.match(text)):
            if len(self._exits) < 200:
                self._exits[ended[1]] = line
            self.found.seen = True
            return True
        if text.startswith("  ") and (result := _TOX_RESULT.match(text)):
            if not self.found.seen:
                return False
            if result[2] == "FAIL":
                before = self._exits.pop(result[1], None)
                exit_line = _TOX_EXIT.match(before.text) if before is not None else None
                self.found.fail(
                    FailureKind.SESSION,
                    f"env {result[1]}",
                    self.found.quotes([line] if before is None else [before, line]),
                    exception=f"exit {result[3] or '1'}",
                    message=exit_line[4] if exit_line else "",
                )
            self.found.count(
                Counts(
                    self.name,
                    run=0 if result[2] == "SKIP" else 1,
                    passed=int(result[2] in {"OK", "IGNORED FAIL"}),
                    failed=int(result[2] == "FAIL"),
                    what="environments",
                    quotes=(self.found.quote(line),),
                )
            )
            return True
        if text.startswith("ERROR:   ") and (old := _TOX3_RESULT.match(text)):
            self.found.fail(
                FailureKind.SESSION, f"env {old[1]}", (self.found.quote(line),), message=old[2]
            )
            return True
        if text.startswith("  ") and _TOX_END.match(text):
            self.found.end()
            return True
        return False


_UNDER = re.compile(
    r"(?:Coverage failure: total of|FAIL Required test coverage of|ERROR: Coverage failure"
    r"|Coverage (?:\S{1,20} )?(?:is )?(?:below|under|less))"
)
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,6})?%?")
_GATE = re.compile(r"\bslipcover\b.{0,1000}? --fail-under[= ](\d{1,3}(?:\.\d{1,4})?)\b")
_SLIPCOVER = re.compile(r"File {1,300}#lines {1,20}#l\.miss .{0,80}?(?:Cover|totCov)%")
_SLIP = re.compile(r"Insufficient coverage|\*\*\* coverage .{0,60}below")


class CoverageReader(LineReader):
    """coverage, pytest-cov and slipcover: the total, and a gate that was not reached.

    slipcover says nothing of its gate: its exit code is 2, and its table has the total. The gate
    is read from the command, as nox and a shell's trace print it, before the table or behind it.
    """

    name = "coverage"
    needles = ("overage", "TOTAL ", "slipcover", "#l.miss")

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._gate: float | None = None
        self._column: int | None = None
        """Where the shares of slipcover's table end, while the log is within one."""
        self._total: tuple[Line, float] | None = None

    @property
    def resting(self) -> bool:
        """The log is within no table."""
        return self._column is None

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if self._column is not None and not self._row(line, self._column):
            self._column = None
            self._judge()
        if "slipcover" in text and (gate := _GATE.search(text)):
            self._gate = float(gate[1])
            self._judge()
            return False
        if "#l.miss" in text and (head := _SLIPCOVER.match(text)):
            self._column = head.end()
            self._total = None
            self.found.seen = True
            return False
        if "overage" in text and (_UNDER.match(text) or _SLIP.search(text)):
            self._fail(line, text)
            return True
        if text.startswith("TOTAL ") and text.endswith("%"):
            self.found.seen = True
        return False

    def _row(self, line: Line, column: int) -> bool:
        """Take a row of slipcover's table: the last is the total, if there is one file too."""
        if line.text.startswith("---"):
            return True
        values = line.text[:column].split()
        if len(values) < 4 or not all(value.isdigit() for value in values[-3:]):
            return False
        self._total = (line, float(number(values[-1])))
        return True

    def _judge(self) -> None:
        if self._total is None or self._gate is None or self._column is not None:
            return
        (line, total), gate = self._total, self._gate
        self._total = self._gate = None
        if total < gate:
            self._fail(line, f"slipcover: a total of {total:g} is less than {gate:g}")

    def _fail(self, line: Line, said: str) -> None:
        self.found.fail(
            FailureKind.COVERAGE,
            "coverage under its threshold",
            (self.found.quote(line),),
            message=_NUMBERS.sub("N", said),
        )

    def step(self) -> None:
        """A command of another step is none of this table."""
        self._column = None
        self._judge()
        self._total = self._gate = None
        super().step()
