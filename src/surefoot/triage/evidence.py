"""The lines of a failing log that tell why it failed: new against passing logs, and read.

Lines are compared after masking. A baseline is the set of masked lines of passing logs of the
same job; only hashes are kept, bounded in number. What is new is not yet evidence: a failing run
also downloads other files and prints other counts. So narration (what tools say while all is
well) and closing words (which repeat that it failed) are left out; what stands in steps that
passed is left out; and a block that is begun (a stack, a logger's lines at error level) is told
to its end, though a passing log knows parts of it.
"""

import re
from collections import deque
from typing import BinaryIO

import msgspec

from surefoot.triage.cleaning import Cleaner
from surefoot.triage.masking import mask_line
from surefoot.triage.model import Evidence, Failure, Line, LineRange, Quote, RuleHit

MAX_BASELINE = 1_000_000
"""Hashes of a baseline: 70 MB at most. A log beyond it is compared with what fitted."""
MAX_NOVEL = 50_000
MAX_BYTES = 24 << 20
MAX_QUOTED = 200
_KEPT = 500
"""Characters of a line."""
MAX_SHAPES = 20_000
_NEAR = 60
"""Lines after a new one that may still be of its block."""

_LEVEL = re.compile(
    r"^.{0,40}?(?<![\w-])\[?\s?(?:INFO|DEBUG|TRACE|NOTICE|FINE|VERBOSE)\s?\]?(?![\w-])"
)
_NARRATION = re.compile(
    r"^\W{0,4}(?:Download(?:ing|ed)|Upload(?:ing|ed)|Fetch(?:ing|ed)|Receiving objects"
    r"|Resolving deltas|Counting objects|Compressing objects|Unpacking objects|Collecting \S"
    r"|Requirement already|Installing (?:collected|build)|Successfully (?:installed|built)"
    r"|Using cached|Unpacking |Preparing (?:to unpack|metadata)|Setting up |Selecting previously"
    r"|Get:\d|Hit:\d|Ign:\d|Reading (?:package|state)|Progress \(|Pulling |Digest: |Status: "
    r"|Commit message: |Checking out |HEAD is now|Compiling \S|Building \S|Created wheel"
    r"|Temporarily overriding|Copying '|Adding repository|Picked up \w|Finished in "
    r"|\d+ passed\b|ok \d|\S.{0,200} (?:PASSED|SUCCESS|OK|ok|passed|UP-TO-DATE|FROM-CACHE)$"
    r"|\S.{0,120} SUCCESS \[|PASS(?:ED)?\b)"
)
_GREEN_COUNT = re.compile(r"Tests run: \d+, Failures: 0, Errors: 0|, 0 failed|0 errors?\b")
_CLOSING = re.compile(
    r"^\W{0,8}(?:ERROR\W{1,3})?(?:Finished: |BUILD FAIL|Process completed with exit code"
    r"|Sending e-mails? |Not sending mail|Notifying |Done\. Your build|Job failed$|Try:$"
    r"|Run with --\w|Get more help at|FAILURE: Build failed with an exception|What went wrong:$"
    r"|COMPILATION ERROR :|Error: Process completed|Archiving artifacts|Recording test results"
    r"|For more information, see|Node \d+ is being deprecated|Deleting project workspace)"
)
_FAULTY = re.compile(
    r"(?i)error|fail|fatal|exception|denied|cannot|unable|refus|abort|timed? ?out|missing|invalid"
)
_STACK = re.compile(
    r"^(?:\s{1,16}at [\w$.<>/]|\s{0,8}Caused by: |\s{1,16}\.\.\. \d+ (?:more|common frames)"
    r"|\s{2,12}File \"|Traceback \(|\s{4,}\S|\s{1,8}Suppressed: |During handling of the above"
    r"|The above exception was|\t)"
)
_PREFIX = re.compile(r"^\[(?:ERROR|FATAL|SEVERE)\]|^(?:ERROR|FATAL|SEVERE|E)\b[:| ]|^\s{0,4}E  ")


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

    def read(self, stream: BinaryIO) -> None:
        """Add a passing log."""
        for line in Cleaner().read(stream):
            self.add(line)

    def add(self, line: Line) -> None:
        """Add one line of a passing log."""
        self.add_text(line.text)

    def add_text(self, text: str) -> None:
        """Add the text of a line that is clean already."""
        if len(self._seen) >= MAX_BASELINE:
            self.full = True
            return
        self._seen.add(hash(mask_line(text)))


class _Kept(msgspec.Struct, frozen=True):
    number: int
    text: str
    new: bool
    """False for a line that only completes a block, or is blank between two."""


class Novelty:
    """Compares the lines of one failing log with a baseline."""

    def __init__(self, log: str, baseline: Baseline | None) -> None:
        self._log = log
        self._baseline = baseline
        self._lines: list[_Kept] = []
        self._bytes = 0
        self._since = _NEAR
        self._blanks: deque[_Kept] = deque(maxlen=2)
        self._prefix = ""
        self.count = 0
        self._new: set[int] = set()
        self._known: dict[str, bool] = {}
        """For shapes of lines whether the baseline has them."""

    def feed(self, line: Line, shape: str) -> None:
        """Take one line and its shape; see `masking.shape`."""
        if self._baseline is None:
            return
        text = line.text
        self._since += 1
        if not text.strip():
            if self._since < 3:
                self._blanks.append(_Kept(line.number, "", False))
            return
        known = self._known.get(shape)
        if known is None:
            known = mask_line(shape) in self._baseline
            if len(shape) <= _KEPT:
                if len(self._known) >= MAX_SHAPES:
                    self._known.clear()
                self._known[shape] = known
        if known:
            if self._since <= 1 + len(self._blanks) and self._completes(text):
                self._keep(line, False)
            return
        self.count += 1
        if len(self._new) < MAX_NOVEL:
            self._new.add(line.number)
        if narrates(line):
            return
        self._keep(line, True)

    def _completes(self, text: str) -> bool:
        """A line of a block whose beginning is new: a stack, or the same error prefix."""
        if _STACK.match(text):
            return True
        prefix = _PREFIX.match(text)
        return prefix is not None and prefix[0] == self._prefix

    def _keep(self, line: Line, new: bool) -> None:
        if len(self._lines) >= MAX_NOVEL or self._bytes > MAX_BYTES:
            return
        self._lines += self._blanks
        self._blanks.clear()
        text = line.text[:_KEPT]
        self._bytes += len(text) + 100
        self._lines.append(_Kept(line.number, text, new))
        self._since = 0
        prefix = _PREFIX.match(text)
        if prefix is not None:
            self._prefix = prefix[0]

    def is_new(self, quotes: tuple[Quote, ...]) -> bool:
        """Return True unless a passing log has all of these lines, or none is known."""
        if self._baseline is None or len(self._new) >= MAX_NOVEL:
            return True
        return any(quote.line in self._new for quote in quotes)

    def evidence(
        self, failures: list[Failure], hits: list[RuleHit], region: tuple[int, int]
    ) -> Evidence:
        """Return the lines that tell, as ranges and quotes."""
        told = [quote for failure in failures for quote in failure.quotes]
        told += [quote for hit in hits for quote in hit.quotes[:1]]
        found = {quote.line: quote for quote in told if self.is_new((quote,))}
        kept = [item for item in self._lines if region[0] <= item.number <= region[1]]
        for item in kept or self._lines:
            found.setdefault(item.number, Quote(self._log, item.number, item.text))
        numbers = sorted(found)
        return Evidence(
            ranges(numbers),
            self._baseline.name if self._baseline is not None else "",
            self.count,
            tuple(found[number] for number in _shown(numbers, found)),
        )


def narrates(line: Line) -> bool:
    """Return True for a line that tools print when all is well, or that only repeats the end."""
    text = line.text
    if line.marker in {"command", "group", "endgroup", "debug"}:
        return True
    if _CLOSING.match(text):
        return True
    if not any(character.isalpha() for character in text[:200]):
        return True
    if _LEVEL.match(text):
        return True
    if _FAULTY.search(text) and not _GREEN_COUNT.search(text):
        return False
    return bool(_NARRATION.match(text) or _GREEN_COUNT.search(text))


def _shown(numbers: list[int], found: dict[int, Quote]) -> list[int]:
    """Choose which lines are quoted: those with words of failure first, then the last ones."""
    if len(numbers) <= MAX_QUOTED:
        return numbers
    faulty = [number for number in numbers if _FAULTY.search(found[number].text)]
    chosen = set(faulty[: MAX_QUOTED // 2]) | set(numbers[-MAX_QUOTED // 2 :])
    return sorted(chosen)


def ranges(numbers: list[int]) -> tuple[LineRange, ...]:
    """Join sorted line numbers into ranges."""
    found: list[LineRange] = []
    for number in numbers:
        if found and found[-1].last >= number - 1:
            found[-1] = LineRange(found[-1].first, number)
        else:
            found.append(LineRange(number, number))
    return tuple(found)
