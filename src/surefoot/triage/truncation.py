"""Whether a log is whole: complete, truncated (why, how much is left), or unknown.

A sign by itself is weak; each is named in the verdict, so that a person can check it. Nothing
may be concluded from what a truncated log does not show.
"""

import re

import msgspec

from surefoot.triage.cleaning import Cleaner
from surefoot.triage.model import Completeness, Line, Log, Quote, Truncation
from surefoot.triage.splitting import Platform, Splitter

_MARKERS = (
    # GitLab's runner; the status that follows in its API is real, the log is not whole.
    re.compile(r"Job's log exceeded limit of (?P<limit>\d{1,15}) bytes"),
    re.compile(r"Job execution will continue but no more output will be collected"),
    # Travis.
    re.compile(r"The log length has exceeded the limit of (?P<limit>\d{1,9}) ?MB"),
    re.compile(r"The job exceeded the maximum log length"),
    # GitHub, Azure, Buildkite, CircleCI, Woodpecker.
    re.compile(r"This step has been truncated due to its large size"),
    re.compile(
        r"(?:^|\W)(?:[Tt]he )?(?:job |step |build )?(?:log|output) (?:has been|was|is) truncated\b"
    ),
    re.compile(r"^(?:\[|<|\.{3} ?)?\W?(?:log|output) truncated\b", re.IGNORECASE),
    re.compile(r"Your build output is too large"),
    re.compile(
        r"(?:^|\W)(?:max(?:imum)? )?log (?:size|length|limit) (?:of .{1,40} )?(?:exceeded|reached)"
    ),
)
_WORDS = ("exceeded", "truncated", "no more output", "too large", "reached")
_CAPS = frozenset({1 << power for power in range(16, 31)}) | {
    500_000, 1_000_000, 2_000_000, 4_000_000, 5_000_000, 10_000_000, 16_000_000, 50_000_000,
    100_000_000,
}  # fmt: skip
_LATE = 60.0
"""Seconds by which a log's last stamp may be older than the end of its job."""


class Seen(msgspec.Struct, frozen=True):
    """What reading a log left to judge its completeness by."""

    open: tuple[Quote, ...]
    """Beginnings of tools' runs whose last line never came, in the step that is last."""
    ended: int
    """Runs of tools that have their last line."""
    evidence: bool
    """True when something in the log tells why it failed."""
    last_time: float | None
    first_time: float | None
    problem: str


class Markers:
    """Looks for the lines with which runners say that they cut a log."""

    def __init__(self, log: str) -> None:
        self._log = log
        self.found: list[Quote] = []

    def feed(self, line: Line) -> None:
        """Take one line that no tool claimed."""
        text = line.text
        if len(text) > 400 or len(self.found) >= 4:
            return
        for word in _WORDS:
            if word in text:
                break
        else:
            return
        if "Full output truncated" in text or "use '-vv'" in text:
            return
        if any(marker.search(text) for marker in _MARKERS):
            self.found.append(Quote(self._log, line.number, text))


def judge(
    log: Log, cleaner: Cleaner, splitter: Splitter, marked: list[Quote], seen: Seen
) -> Truncation:
    """Return the verdict with its reasons."""
    certain: list[str] = []
    signs: list[str] = []
    quotes = list(marked)
    kept: float | None = None
    if marked:
        certain.append("the runner says that it cut the log")
    if seen.problem:
        certain.append(seen.problem)
    if log.size is not None and cleaner.bytes < log.size * 0.99:
        kept = cleaner.bytes / log.size
        certain.append(f"{cleaner.bytes:,} of {log.size:,} bytes are here")
    if cleaner.ends_in_character:
        certain.append("the last character is cut")
    late = _lateness(log, seen)
    finished = splitter.ended is not None
    if not finished:
        if late > _LATE:
            signs.append(f"the last time stamp is {late:.0f} s before the end of the job")
        if cleaner.bytes in _CAPS:
            signs.append(f"its size is exactly {cleaner.bytes:,} bytes, a usual limit")
        if cleaner.ends_in_line and splitter.platform is not Platform.UNKNOWN:
            signs.append("its last line has no end")
        if splitter.platform is not Platform.UNKNOWN:
            signs.append(f"the line with which logs of {splitter.platform.value} end is missing")
        for quote in seen.open[:3]:
            signs.append(f"what began at line {quote.line} has no last line: {quote.text[:80]}")
            quotes.append(quote)
        if log.conclusion.is_red and not seen.evidence:
            signs.append("the job failed, and nothing in the log tells why")
    if kept is None and (certain or signs):
        kept = _share(log, seen)
    if certain:
        return Truncation(Completeness.TRUNCATED, tuple(certain + signs), kept, tuple(quotes))
    if finished:
        return Truncation(Completeness.COMPLETE)
    known_end = splitter.platform is not Platform.UNKNOWN
    if seen.open or (known_end and len(signs) > 1) or len(signs) > 1:
        return Truncation(Completeness.TRUNCATED, tuple(signs), kept, tuple(quotes))
    if not known_end and seen.ended and not signs:
        return Truncation(Completeness.COMPLETE, ("each tool in it has its last line",))
    return Truncation(Completeness.UNKNOWN, tuple(signs), None, tuple(quotes))


def _lateness(log: Log, seen: Seen) -> float:
    if log.ended is None or seen.last_time is None:
        return 0.0
    return log.ended - seen.last_time


def _share(log: Log, seen: Seen) -> float | None:
    """Return the share of the job's time that the log covers."""
    if log.started is None or log.ended is None or seen.last_time is None:
        return None
    whole = log.ended - log.started
    return min(1.0, max(0.0, (seen.last_time - log.started) / whole)) if whole > 0 else None
