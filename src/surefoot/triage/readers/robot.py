"""Console output of Robot Framework and of pabot."""

import re

from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import LineReader, number
from surefoot.triage.readers.stack import exception_of

_RESULT = re.compile(r"(\S.{0,200}?)\s{0,80}\| (PASS|FAIL|SKIP) \|$")
_COUNTS = re.compile(
    r"(\d{1,9}) tests?, (\d{1,9}) passed, (\d{1,9}) failed(?:, (\d{1,9}) skipped)?\.?$"
)
_PABOT = re.compile(
    r".{0,80}\[PID:\d{1,10}\] \[\w{1,10}\](?: \[ID:\d{1,10}\])? (EXECUTING|Execution failed in"
    r"|PASSED|FAILED) (\S.*)"
)
_IMPORT = re.compile(r"\[ ERROR \] (\S.*)")


class RobotReader(LineReader):
    """Suites between rulers of `=`, tests between rulers of `-`."""

    name = "robot"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._ruled = False
        self._suite = ""
        self._suites: dict[str, bool] = {}
        self._failing: list[Line] = []
        self._test = ""
        self._totals: tuple[Line, re.Match[str]] | None = None
        self._pabot: Line | None = None
        self._done: set[str] = set()

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.startswith("=====") and not text.strip("="):
            self._close_test()
            self._ruled = True
            return False
        if text.startswith("-----") and not text.strip("-"):
            self._close_test()
            self._ruled = False
            return False
        if " |" in text and (found := _RESULT.match(text)):
            self._close_test()
            self._ruled = False
            if self.found.open is None:
                self.found.begin(line)
            if found[2] == "FAIL" and found[1].strip() not in self._suites:
                self._test = found[1].strip()
                self._failing = [line]
            return True
        if text.startswith("Output:  ") and self._totals is not None:
            self._ruled = False
            self._output(line)
            return True
        if self._ruled and text and text[0].isalnum():
            # A suite's name stands alone between rulers, before its tests.
            self._ruled = False
            if self.found.open is not None and " test" in text and (one := _COUNTS.match(text)):
                self._totals = (line, one)
                return True
            if not _COUNTS.match(text):
                self._suite = text.partition(" :: ")[0].strip()
                if len(self._suites) < 2000:
                    self._suites[self._suite] = True
            return False
        self._ruled = False
        if text[:1].isdigit() and " passed, " in text and (totals := _COUNTS.match(text)):
            self._totals = (line, totals)
            self._close_test()
            return True
        if text.startswith(("Total testing: ", "Finalizing Pabot")):
            self._end_pabot(line)
            return True
        if "[PID:" in text and _PABOT.match(text):
            if self._pabot is None:
                self._pabot = line
                self.found.begin(line)
            return True
        if text.startswith("[ ERROR ] ") and (error := _IMPORT.match(text)):
            self.found.fail(FailureKind.LOAD, "robot", (self.found.quote(line),), message=error[1])
            return True
        if self._failing:
            if len(self._failing) < 30:
                self._failing.append(line)
            return True
        return False

    def _close_test(self) -> None:
        if not self._failing:
            return
        lines, self._failing = self._failing, []
        subject = f"{self._suite}: {self._test}" if self._suite else self._test
        if subject in self._done:
            return
        if len(self._done) < 2000:
            self._done.add(subject)
        said = [item.text for item in lines[1:] if item.text]
        known = exception_of(said[0]) if said else None
        message = "\n".join(said[:5])
        if known is not None and known[0].endswith(("Error", "Exception", "Timeout")):
            message = "\n".join([known[1], *said[1:5]])
        else:
            known = None
        setup = bool(said) and said[0].lower().startswith(
            ("parent suite setup failed", "setup failed", "suite setup failed", "teardown failed")
        )
        self.found.fail(
            FailureKind.HOOK if setup else FailureKind.TEST,
            subject,
            self.found.quotes(lines),
            exception=known[0] if known else "",
            message=message,
        )
        self.found.claim(lines[0].number, lines[-1].number)

    def _output(self, line: Line) -> None:
        assert self._totals is not None
        where, totals = self._totals
        self._totals = None
        if self._pabot is not None and "pabot_results" in line.text:
            # One of pabot's processes; the sum comes at the end.
            return
        skipped = number(totals[4] or "0")
        self.found.count(
            Counts(
                self.name,
                run=number(totals[1]) - skipped,
                passed=number(totals[2]),
                failed=number(totals[3]),
                skipped=skipped,
                quotes=self.found.quotes([where, line]),
            )
        )
        self._suites = {}
        if self._pabot is None:
            self.found.end()

    def _end_pabot(self, line: Line) -> None:
        if self._pabot is not None:
            self._pabot = None
            self.found.end()
        else:
            self.found.seen = True
        del line

    def step(self) -> None:
        """A run that is open here has no `Output:` line."""
        self._close_test()
        self._pabot = None
        self._totals = None
        self._suites = {}
        self._done = set()
        super().step()
