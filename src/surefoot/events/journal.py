"""The journal: every event of a run as JSON lines, appended as it happens.

It is the record that every report is rebuilt from, so it may lose nothing that was written:
lines are appended whole, and a journal cut by a crash is read up to the cut. When the disk
is full the rest of the run is kept in memory, so that this run's reports are still complete,
and the loss is said.
"""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from surefoot.events.events import Event, RunFinished

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Ref(msgspec.Struct, frozen=True, array_like=True):
    """Where a line stands: byte offset and length, or an index into `JournalWriter.spilled`."""

    offset: int
    length: int
    in_memory: bool = False


def encode(event: Event) -> bytes:
    """Return the event as one JSON line without its newline."""
    return _ENCODER.encode(event)


def decode(line: bytes) -> Event:
    """Return the event of a line.

    Raises msgspec.DecodeError (msgspec.ValidationError for valid JSON that is no event).
    """
    return _DECODER.decode(line)


class JournalWriter:
    """Appends to one journal file. Used by the coordinator's one thread only."""

    def __init__(self, path: str, warn: Callable[[str], None]) -> None:
        self.path = path
        self.spilled: list[bytes] = []
        self._warn = warn
        self._size = 0
        self._file: BinaryIO | None = None
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            # Unbuffered: what append() wrote is in the kernel, whatever kills us next.
            self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            self._give_up(error)

    @property
    def complete(self) -> bool:
        """False once something could not be written to the file."""
        return self._file is not None

    def append(self, event: Event) -> Ref:
        """Store an event."""
        return self.append_line(encode(event))

    def append_line(self, line: bytes) -> Ref:
        """Store an event that is encoded already."""
        if self._file is not None:
            data = line + b"\n"
            try:
                written = self._file.write(data)
                # A short write means that the disk filled up in mid line.
                if written != len(data):
                    os.ftruncate(self._file.fileno(), self._size)
                    raise OSError(28, "No space left on device")
            except OSError as error:
                self._give_up(error)
            else:
                ref = Ref(self._size, len(line))
                self._size += len(data)
                return ref
        self.spilled.append(line)
        return Ref(len(self.spilled) - 1, len(line), in_memory=True)

    def read_line(self, ref: Ref) -> bytes:
        """Return a stored line. Raises OSError when the file can no longer be read."""
        if ref.in_memory:
            return self.spilled[ref.offset]
        with open(self.path, "rb") as file:
            file.seek(ref.offset)
            return file.read(ref.length)

    def events(self) -> Iterator[Event]:
        """Yield everything stored so far, in order."""
        if self._size:
            with open(self.path, "rb") as file:
                remaining = self._size
                for line in file:
                    remaining -= len(line)
                    yield decode(line)
                    if remaining <= 0:
                        break
        for line in list(self.spilled):
            yield decode(line)

    def close(self, *, compress: bool) -> str:
        """Close the file and return its final path; `compress` makes it `<path>.gz`."""
        if self._file is None:
            return self.path
        self._file.close()
        self._file = None
        if not compress:
            return self.path
        target = self.path + ".gz"
        try:
            # Level 1: a run of 15,000 scenarios shrinks 20-fold already, and nobody waits for it.
            with open(self.path, "rb") as raw, gzip.open(target, "wb", compresslevel=1) as packed:
                shutil.copyfileobj(raw, packed, 1 << 20)
            os.unlink(self.path)
        except OSError as error:
            self._warn(f"the journal stays uncompressed at {self.path}: {error}")
            if os.path.exists(self.path) and os.path.exists(target):
                os.unlink(target)
            return self.path
        return target

    def _give_up(self, error: OSError) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._warn(
            f"the journal {self.path} cannot be written ({error.strerror or error}); the rest of"
            " this run is kept in memory: its reports are complete, but `surefoot report` will"
            " not find it later"
        )


class JournalReader:
    """Reads a journal, compressed or not. `cut` is known once `events()` has ended."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.cut = False
        self.bad_lines = 0

    def events(self) -> Iterator[Event]:
        """Yield the events up to the end or the cut.

        Raises OSError when the file cannot be opened.
        """
        finished = False
        opener = gzip.open if self.path.endswith(".gz") else open
        with opener(self.path, "rb") as file:
            lines = iter(file)
            while True:
                try:
                    line = next(lines)
                except StopIteration:
                    break
                except (EOFError, gzip.BadGzipFile, OSError):
                    # A compressed journal whose end is missing.
                    break
                try:
                    event = decode(line)
                except msgspec.DecodeError:
                    self.bad_lines += 1
                    continue
                finished = isinstance(event, RunFinished)
                yield event
        self.cut = not finished
