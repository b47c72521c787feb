"""What `surefoot check` prints as text: findings with their remedies, and the line that counts."""

import re

from surefoot.triage.masking import relative
from surefoot.triage.model import FailureKind, Line
from surefoot.triage.readers.base import LineReader, number

_FINDING = re.compile(
    r"(\S.{0,300}?):(\d{1,7})(?::\d{1,6})?: (error|warning|info) (SF\d{2,4}) (\S.*)"
)
_END = re.compile(
    r"(?:nothing found|\d[\d,]{0,11} (?:errors?|warnings?|info)\b.{0,60}?) in [\d,]{1,12} features"
    r" with [\d,]{1,12} scenarios and [\d,]{1,12} Python files"
)
MAX_HELD = 500


class CheckReader(LineReader):
    """One check lasts from its first finding to the line that counts; `info` is left out."""

    name = "surefoot check"
    needles = (" SF",)

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._held: list[tuple[re.Match[str], list[Line]]] = []

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if " SF" in text and (found := _FINDING.match(text)):
            if self.found.open is None:
                self.found.begin(line)
            if len(self._held) < MAX_HELD:
                self._held.append((found, [line]))
            return True
        if self.found.open is None:
            return False
        if text.startswith(("    | ", "    remedy: ")):
            if self._held and len(self._held[-1][1]) < 6:
                self._held[-1][1].append(line)
            return True
        if " Python files" in text and _END.match(text):
            self._flush()
            self.found.end()
            return True
        return False

    def step(self) -> None:
        """A check that is open here has no last line."""
        self._flush()
        super().step()

    def _flush(self) -> None:
        held, self._held = self._held, []
        for found, lines in held:
            if found[3] == "info":
                continue
            self.found.fail(
                FailureKind.FINDING,
                found[4],
                self.found.quotes(lines),
                file=relative(found[1]),
                line=number(found[2]),
                message=found[5],
            )
            self.found.claim(lines[0].number, lines[-1].number)
