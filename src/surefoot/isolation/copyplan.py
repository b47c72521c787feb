"""What a copy of the tree holds, as values, and how its links and names are spelled.

Reads links, writes nothing. `survey` makes a plan, `tree` carries it out.
"""

import os
import stat
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A regular file; the path is relative to the root, as all paths of a plan are."""

    path: str
    size: int
    mtime_ns: int
    mode: int


@dataclass(frozen=True, slots=True)
class PlannedDirectory:
    """A directory."""

    path: str
    mtime_ns: int
    mode: int


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """A symbolic link."""

    path: str
    target: str
    inside: bool
    """True when the target is relative to the root and must be led into the copy."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that is left out, written so that it can be shown."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """What a copy of the tree holds, or (from `copy_tree`) came to hold."""

    root: str
    files: tuple[PlannedFile, ...]
    directories: tuple[PlannedDirectory, ...]
    """Parents before children; without the root itself."""
    links: tuple[PlannedLink, ...]
    total: int
    """Bytes in the files."""
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what the user may not expect, such as a git that refused to answer."""


def planned_link(root: str, path: str, target: str) -> PlannedLink:
    """Return how a link is to be made in a copy of `root`."""
    full = target
    if not os.path.isabs(target):
        if not _climbs_out(path, target):
            return PlannedLink(path, target, inside=False)
        full = os.path.join(root, os.path.dirname(path), target)
    # As it is spelled, then without the links on the way; not without the last one itself.
    head, tail = os.path.split(full.rstrip("/") or "/")
    real = os.path.join(os.path.realpath(head), tail)
    for spelling in (os.path.normpath(full), os.path.normpath(real)):
        inner = below(root, spelling)
        if inner is not None:
            return PlannedLink(path, inner, inside=True)
    return PlannedLink(path, target if os.path.isabs(target) else real, inside=False)


def _climbs_out(path: str, target: str) -> bool:
    """Return whether a relative target leaves the root anywhere on its way."""
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in {"", "."}:
            depth += 1
    return False


def link_target(link: PlannedLink, copy: str) -> str:
    """Return what a link holds in the copy at `copy`."""
    if not link.inside:
        return link.target
    return os.path.join(copy, link.target) if link.target else copy


def below(root: str, path: str) -> str | None:
    """Return a path relative to the root ("" for itself); None when it is not below it."""
    if path == root:
        return ""
    prefix = root.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def joined(inner: str, name: str) -> str:
    """Join relative paths, of which the first may be the root ("")."""
    return f"{inner}/{name}" if inner else name


def kind(mode: int) -> str:
    """Name what is neither a file, nor a directory, nor a link."""
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a fifo" if stat.S_ISFIFO(mode) else "a device"


def shown(path: str) -> str:
    """Return a path that can be printed: what is not printable, or not UTF-8, is escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in path
    )


def size_text(count: int) -> str:
    """Return a number of bytes as a person would say it."""
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"
