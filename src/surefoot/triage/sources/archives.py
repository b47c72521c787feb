"""Members of zip archives, safely: names that climb, bombs, damage and cut ends are survived.

Nothing is unpacked to a path of the archive's choice: a member is read as a stream, and who
asked decides where its bytes go. Sizes that an archive claims are not believed.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

MAX_MEMBERS = 5000
MAX_MEMBER = 1 << 30
MAX_TOTAL = 4 << 30
MAX_RATIO = 400
"""Unpacked bytes for a packed one. Logs reach 100; what exceeds this, beyond the first 64 MiB,
was made to fill a disk."""
_FREE = 64 << 20
_BLOCK = 1 << 16


class Member:
    """One file of an archive, read by iterating over `blocks`."""

    def __init__(self, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self.name = name
        """Cleaned: relative, with forward slashes, no part that climbs."""
        self.size = info.file_size
        self.note = ""
        """What was wrong with it, once it has been read."""
        self.read = 0
        self._archive, self._info = archive, info

    def blocks(self, budget: int) -> Iterator[bytes]:
        """Yield the bytes, at most `budget` of them."""
        limit = min(MAX_MEMBER, budget)
        allowed = _FREE + self._info.compress_size * MAX_RATIO
        try:
            with self._archive.open(self._info) as stream:
                while True:
                    block = stream.read(_BLOCK)
                    if not block:
                        return
                    self.read += len(block)
                    if self.read > allowed:
                        self.note = (
                            f"unpacks to more than {MAX_RATIO} times its size: a zip bomb, cut"
                            f" after {self.read:,} bytes"
                        )
                        return
                    if self.read > limit:
                        self.note = f"cut after {limit:,} bytes, the most that is read"
                        yield block[: len(block) - (self.read - limit)]
                        return
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            # RuntimeError: the member is encrypted. NotImplementedError: an odd compression.
            self.note = f"is damaged after {self.read:,} bytes ({error})"


class Archive:
    """An open zip archive; `notes` tells what was left out."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.notes: list[str] = []
        self._name = name
        self._file = file

    def members(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Member]:
        """Yield the files that `wanted` takes by their cleaned name. Read each before the next."""
        try:
            archive = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
            self.notes.append(f"{self._name} is no zip archive that can be read ({error})")
            return
        with archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                self.notes.append(
                    f"{self._name} has {len(infos):,} members; the first {MAX_MEMBERS:,} are read"
                )
            for info in infos[:MAX_MEMBERS]:
                if info.is_dir():
                    continue
                name = safe_name(info.filename)
                if name is None or stat.S_ISLNK(info.external_attr >> 16):
                    what = "is a link" if name is not None else "climbs out of the archive"
                    self.notes.append(
                        f"{self._name}: member {info.filename[:100]!r} {what}; left out"
                    )
                    continue
                if wanted is not None and not wanted(name):
                    continue
                member = Member(name, archive, info)
                yield member
                if member.note:
                    self.notes.append(f"{self._name}: {name} {member.note}")


def safe_name(name: str) -> str | None:
    """Return a member's name as a relative path; None for one that leads outside."""
    flat = name.replace("\\", "/")
    if flat.startswith("/") or (len(flat) > 1 and flat[1] == ":"):
        return None
    parts = [part for part in flat.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or any("\0" in part for part in parts):
        return None
    return "/".join(parts)


def is_zip(head: bytes) -> bool:
    """Return True for the first bytes of a zip archive."""
    return head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def readable_size(path: str) -> int:
    """Return the size of a file; 0 when it cannot be had."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
