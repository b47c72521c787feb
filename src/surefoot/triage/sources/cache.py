"""What was fetched, by content, so that a second run fetches only what is new.

Two kinds of files: `blobs/<sha256>.gz` holds bytes, and `index/<sha256 of a key>.json` says which
bytes answer a question. Both are written beside their place and moved there, so that two
processes may share a cache, and neither sees half a file. Nothing here holds credentials.
"""

import contextlib
import gzip
import hashlib
import os
import tempfile
from collections.abc import Mapping
from typing import BinaryIO, TypeVar, cast

import msgspec

MAX_LOG = 1 << 30
"""Bytes of one log, unpacked, that are kept; the rest of a longer one is left out and said."""

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one question: bytes by their digest, with what is known about them."""

    digest: str = ""
    step: str = ""
    """The way that it came by, in words."""
    size: int | None = None
    note: str = ""
    tried: tuple[str, ...] = ()
    """Ways that did not lead there, each with the reason."""


class Cache:
    """A directory. One that cannot be written is replaced by a temporary one, for this run."""

    def __init__(self, directory: str) -> None:
        self.hits = 0
        self.misses = 0
        self.note = ""
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.directory = directory
        try:
            self._make(directory)
        except OSError as error:
            self._temporary = tempfile.TemporaryDirectory(prefix="surefoot-cache-")
            self.directory = self._temporary.name
            self._make(self.directory)
            self.note = (
                f"the cache {directory} cannot be written ({error.strerror or error}); this run"
                " fetches everything anew"
            )

    def _make(self, directory: str) -> None:
        for name in ("blobs", "index"):
            os.makedirs(os.path.join(directory, name), exist_ok=True)
        with tempfile.TemporaryFile(dir=os.path.join(directory, "blobs")):
            pass

    def close(self) -> None:
        """Remove a temporary cache."""
        if self._temporary is not None:
            self._temporary.cleanup()

    # -- questions and answers

    def get(self, key: str, kind: type[T]) -> T | None:
        """Return what was stored for a key; None for nothing, and for what cannot be read."""
        try:
            with open(self._index(key), "rb") as file:
                return msgspec.json.decode(file.read(), type=kind)
        except (OSError, msgspec.DecodeError):
            return None

    def put(self, key: str, value: object) -> None:
        """Store an answer."""
        self._replace(self._index(key), msgspec.json.encode(value))

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a log whose bytes are there; counts hits and misses."""
        found = self.get(key, Entry)
        if found is not None and (not found.digest or os.path.exists(self.path(found.digest))):
            self.hits += 1
            return found
        self.misses += 1
        return None

    def path(self, digest: str) -> str:
        """Return the file that holds bytes, packed with gzip."""
        return os.path.join(self.directory, "blobs", f"{digest}.gz")

    def writer(self) -> "Writer":
        """Return a writer for new bytes."""
        return Writer(self)

    def _index(self, key: str) -> str:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return os.path.join(self.directory, "index", f"{name}.json")

    def _replace(self, path: str, data: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(name, path)


class Writer:
    """Takes bytes in blocks and keeps them by their digest. One block is in memory."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.size = 0
        self.cut = False
        """True once bytes were left out because there were too many."""
        self._digest = hashlib.sha256()
        blobs = os.path.join(cache.directory, "blobs")
        descriptor, self._name = tempfile.mkstemp(dir=blobs, prefix=".new-")
        self._raw = os.fdopen(descriptor, "wb")
        # No name and no time in the file: the same bytes are the same file.
        self._file = gzip.GzipFile("", "wb", compresslevel=3, fileobj=self._raw, mtime=0)

    def write(self, block: bytes) -> bool:
        """Take a block; False once no more is kept."""
        room = MAX_LOG - self.size
        if len(block) > room:
            block, self.cut = block[:room], True
        self.size += len(block)
        self._digest.update(block)
        self._file.write(block)
        return not self.cut

    def keep(self) -> str:
        """Store what was written; return its digest."""
        self._file.close()
        self._raw.close()
        digest = self._digest.hexdigest()
        os.replace(self._name, self._cache.path(digest))
        return digest

    def drop(self) -> None:
        """Forget what was written."""
        with contextlib.suppress(OSError):
            self._file.close()
            self._raw.close()
        with contextlib.suppress(OSError):
            os.unlink(self._name)


def default_directory(cwd: str, environ: Mapping[str, str]) -> str:
    """Return where the cache is: `.surefoot/` of the project if there is one, else XDG's."""
    home = os.path.join(cwd, ".surefoot")
    if os.path.isdir(home):
        return os.path.join(home, "triage")
    base = environ.get("XDG_CACHE_HOME") or os.path.join(
        environ.get("HOME") or tempfile.gettempdir(), ".cache"
    )
    return os.path.join(base, "surefoot", "triage")


def open_blob(path: str) -> BinaryIO:
    """Open a blob for reading, unpacked."""
    return cast("BinaryIO", gzip.open(path, "rb"))
