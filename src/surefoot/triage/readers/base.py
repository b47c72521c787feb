"""What every reader of a tool's output is, and what it may keep.

A reader sees every line of a log once, in order, and keeps bounded state. It returns True for a
line that is its own alone: readers after it do not see that line, so that a test's captured
output is not taken for the output of a tool. It never raises, whatever the lines hold, and does
bounded work a line.
"""

from typing import Protocol

from surefoot.triage.model import Counts, Failure, FailureKind, Line, Quote

MAX_FAILURES = 500
MAX_COUNTS = 200
MAX_BLOCK = 120
MAX_QUOTES = 12
MAX_QUOTED = 500
"""Characters of a quoted line."""
MAX_MESSAGE = 2000


class Reader(Protocol):
    """Reads one tool's output out of one log."""

    name: str
    found: "Found"

    @property
    def needles(self) -> tuple[str, ...]:
        """Texts without which a line is nothing to a reader that rests; none: it wants all."""

    @property
    def resting(self) -> bool:
        """True while only a line with a needle changes anything."""

    def feed(self, line: Line) -> bool:
        """Take one line; True when it belongs to this reader alone."""

    def step(self) -> None:
        """A step of the job ended: what was open is closed."""

    def close(self) -> None:
        """The log ended."""


class Found:
    """What one reader found, bounded."""

    def __init__(self, log: str, reader: str) -> None:
        self.log = log
        self.reader = reader
        self.failures: list[Failure] = []
        self.more = 0
        self.counts: list[Counts] = []
        self.seen = False
        """True once a line was recognised."""
        self.open: Quote | None = None
        """The line with which a run of the tool began whose last line has not come."""
        self.cut: list[Quote] = []
        """Beginnings of runs that never got their last line."""
        self.ended = 0
        """Runs that have their last line."""
        self.claimed: list[tuple[int, int]] = []
        """Ranges of lines that belong to a failure."""

    def quote(self, line: Line) -> Quote:
        """Return a line as evidence."""
        return Quote(self.log, line.number, line.text[:MAX_QUOTED])

    def quotes(self, lines: list[Line]) -> tuple[Quote, ...]:
        """Return lines as evidence: the first ones, and the last when there are too many."""
        kept = lines if len(lines) <= MAX_QUOTES else [*lines[: MAX_QUOTES - 2], *lines[-2:]]
        return tuple(self.quote(line) for line in kept)

    def begin(self, line: Line) -> None:
        """A run of the tool begins. One that was open got no last line."""
        self.abandon()
        self.seen = True
        self.open = self.quote(line)

    def end(self) -> None:
        """The last line that a run of the tool always prints has come."""
        self.seen = True
        self.open = None
        self.ended += 1

    def abandon(self) -> None:
        """What is open gets no last line any more."""
        if self.open is not None:
            if len(self.cut) < MAX_QUOTES:
                self.cut.append(self.open)
            self.open = None

    def claim(self, first: int, last: int) -> None:
        """Lines `first` to `last` are explained by a failure."""
        if len(self.claimed) < MAX_FAILURES:
            self.claimed.append((first, last))

    def fail(
        self,
        kind: FailureKind,
        subject: str,
        quotes: tuple[Quote, ...],
        *,
        file: str = "",
        line: int = 0,
        exception: str = "",
        message: str = "",
        frame: str = "",
        step: str = "",
        tags: tuple[str, ...] = (),
        passed_on_retry: bool = False,
        expected: bool = False,
    ) -> None:
        """Keep a failure, or count it when there are too many."""
        self.seen = True
        if len(self.failures) >= MAX_FAILURES:
            self.more += 1
            return
        self.failures.append(
            Failure(
                kind,
                self.reader,
                subject[:MAX_QUOTED],
                file[:MAX_QUOTED],
                line,
                exception[:200],
                message[:MAX_MESSAGE],
                frame[:MAX_QUOTED],
                quotes,
                passed_on_retry=passed_on_retry,
                expected=expected,
                tags=tags,
                step=step[:MAX_QUOTED],
            )
        )

    def count(self, counts: Counts) -> None:
        """Keep what a run of the tool says that it did."""
        self.seen = True
        if len(self.counts) < MAX_COUNTS:
            self.counts.append(counts)


class LineReader:
    """Base of the readers: a name, what was found, and nothing open at the end."""

    name = ""
    needles: tuple[str, ...] = ()

    @property
    def resting(self) -> bool:
        """True while no run of the tool is open; what keeps other state says so itself."""
        return self.found.open is None

    def __init__(self, log: str) -> None:
        self.found = Found(log, self.name)

    def feed(self, line: Line) -> bool:
        """Take one line."""
        raise NotImplementedError

    def step(self) -> None:
        """Close what is open."""
        self.found.abandon()

    def close(self) -> None:
        """Close what is open."""
        self.step()


def number(text: str) -> int:
    """Return a number out of a log: digits, bounded, without commas; 0 for anything else."""
    digits = text.replace(",", "")[:12]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


class SingleLineReader(LineReader):
    """Base of the readers for which no line depends on those before it."""

    @property
    def resting(self) -> bool:
        """Always."""
        return True
