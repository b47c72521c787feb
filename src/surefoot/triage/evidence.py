"""The lines of a failing log that tell why it failed: new against a passing log, and read.

Lines are compared after masking. A baseline is the set of masked lines of one or more passing
logs of the same job; only hashes are kept, bounded in number.
"""

from typing import BinaryIO

from surefoot.triage.cleaning import Cleaner
from surefoot.triage.masking import mask_line
from surefoot.triage.model import Evidence, Failure, Line, LineRange, Quote, RuleHit, Step

MAX_BASELINE = 1_000_000
"""Hashes of a baseline: 70 MB at most. A log beyond it is compared with what fitted."""
MAX_NOVEL = 50_000
MAX_QUOTED = 200


class Baseline:
    """What passing logs of one job contain."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.full = False
        self._seen: set[int] = set()

    def __contains__(self, masked: str) -> bool:
        return hash(masked) in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, line: Line) -> None:
        """Add one line of a passing log."""
        if len(self._seen) >= MAX_BASELINE:
            self.full = True
            return
        self._seen.add(hash(mask_line(line.text)))

    def read(self, stream: BinaryIO) -> None:
        """Add a passing log."""
        for line in Cleaner().read(stream):
            self.add(line)


class Novelty:
    """Compares the lines of one failing log with a baseline."""

    def __init__(self, log: str, baseline: Baseline | None) -> None:
        self._log = log
        self._baseline = baseline
        self._lines: list[Line] = []
        self.count = 0

    def feed(self, line: Line) -> None:
        """Take one line."""
        if self._baseline is None or not line.text:
            return
        masked = mask_line(line.text)
        if not masked or masked in self._baseline:
            return
        self.count += 1
        if len(self._lines) < MAX_NOVEL:
            self._lines.append(line)

    def evidence(
        self, failures: list[Failure], hits: list[RuleHit], steps: tuple[Step, ...]
    ) -> Evidence:
        """Return the lines that tell, as ranges and quotes."""
        del steps
        told = {quote.line: quote for failure in failures for quote in failure.quotes}
        told |= {quote.line: quote for hit in hits for quote in hit.quotes[:1]}
        lines = {
            line.number: Quote(self._log, line.number, line.text[:500]) for line in self._lines
        }
        lines |= told
        numbers = sorted(lines)
        return Evidence(
            ranges(numbers),
            self._baseline.name if self._baseline is not None else "",
            self.count,
            tuple(lines[number] for number in numbers[:MAX_QUOTED]),
        )


def ranges(numbers: list[int]) -> tuple[LineRange, ...]:
    """Join sorted line numbers into ranges."""
    found: list[LineRange] = []
    for number in numbers:
        if found and found[-1].last >= number - 1:
            found[-1] = LineRange(found[-1].first, number)
        else:
            found.append(LineRange(number, number))
    return tuple(found)
