"""What was scanned before, kept in `.surefoot/check/`, by content.

An entry holds as long as the file's size and times are those that were seen, or else its bytes
have the same digest. The cache only saves time: one that is damaged, of another version or in a
directory that cannot be written is ignored.
"""

import contextlib
import hashlib
import os
import sys
from typing import Generic, TypeVar

import msgspec

FactsT = TypeVar("FactsT")

_RACY = 2_000_000_000
"""Nanoseconds: a file that changed so shortly before it was read may change again unseen."""


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file looked like when it was read."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Entry(msgspec.Struct, Generic[FactsT], array_like=True):
    """The facts of one file, as it was read in one role."""

    stamp: Stamp
    settled: bool
    """Whether the file had been at rest for some time when it was read."""
    digest: bytes
    role: str
    facts: FactsT


class _File(msgspec.Struct, Generic[FactsT], array_like=True):
    salt: str
    entries: dict[str, Entry[FactsT]]


class FactCache(Generic[FactsT]):
    """The facts of one kind of file. `kind` is their type, `name` that of the file."""

    def __init__(self, folder: str | None, name: str, kind: type[FactsT]) -> None:
        self._path = os.path.join(folder, name) if folder else None
        self._kind = kind
        self._salt = _salt()
        self._entries = self._load()
        self._changed = 0

    def find(self, path: str, role: str, stamp: Stamp) -> FactsT | None:
        """Return the facts of a file that has not changed since, by its times."""
        entry = self._entries.get(path)
        if entry is None or entry.role != role or entry.stamp != stamp or not entry.settled:
            return None
        return entry.facts

    def find_content(self, path: str, role: str, stamp: Stamp, digest: bytes) -> FactsT | None:
        """Return the facts of a file whose bytes are those that were read before."""
        entry = self._entries.get(path)
        if entry is None or entry.role != role or entry.digest != digest:
            return None
        self.keep(path, role, stamp, digest, entry.facts)
        return entry.facts

    def keep(self, path: str, role: str, stamp: Stamp, digest: bytes, facts: FactsT) -> None:
        """Note the facts of a file."""
        import time

        settled = time.time_ns() - max(stamp.mtime_ns, stamp.ctime_ns) > _RACY
        entry = Entry(stamp, settled, digest, role, facts)
        old = self._entries.get(path)
        if old is None or old.digest != digest or old.role != role or settled:
            self._changed += 1
        self._entries[path] = entry

    def save(self, at_least: int = 1) -> None:
        """Write what changed, unless fewer files did than `at_least`.

        A directory that cannot be written is no error.
        """
        if self._path is None or self._changed < at_least:
            return
        import tempfile

        folder = os.path.dirname(self._path)
        try:
            _make_home(folder)
            # Beside its place and then moved: another check may read it at any time.
            descriptor, half = tempfile.mkstemp(dir=folder)
        except OSError:
            return
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.msgpack.encode(_File(self._salt, self._entries)))
            os.replace(half, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(half)

    def _load(self) -> dict[str, Entry[FactsT]]:
        if self._path is None:
            return {}
        try:
            with open(self._path, "rb") as file:
                data = file.read()
            found = msgspec.msgpack.decode(data, type=_File[self._kind])  # type: ignore[name-defined]
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return {}
        return found.entries if found.salt == self._salt else {}


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file's status."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def digest_of(data: bytes) -> bytes:
    """Return the digest of a file's bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


def _make_home(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    ignore = os.path.join(os.path.dirname(folder), ".gitignore")
    if not os.path.exists(ignore):
        with open(ignore, "w", encoding="ascii") as file:
            file.write("*\n")


def _salt() -> str:
    """Return what the scanners are: facts of others are of no use."""
    here = os.path.dirname(os.path.abspath(__file__))
    sources = (
        *(os.path.join(here, name) for name in sorted(os.listdir(here)) if name.endswith(".py")),
        os.path.join(os.path.dirname(os.path.dirname(here)), "clock", "sleeploops.py"),
    )
    stamps = []
    for path in sources:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            stamps.append(f"{status.st_size}.{status.st_mtime_ns}")
    return f"{sys.version_info[:3]} {' '.join(stamps)}"
