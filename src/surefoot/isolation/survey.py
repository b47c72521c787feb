"""Looks through a project tree and plans what a copy of it must hold.

Reads names, kinds and sizes; opens no file and writes nothing. The rules are told in `tree`.
"""

import contextlib
import os
import stat
from collections.abc import Iterable

from surefoot.errors import UserError
from surefoot.isolation.copyplan import (
    CopyPlan,
    PlannedDirectory,
    PlannedFile,
    PlannedLink,
    Skipped,
    below,
    joined,
    kind,
    planned_link,
    shown,
    size_text,
)
from surefoot.isolation.worktree import Listing, list_files

_LEFT_OUT = frozenset({".git", ".hg", ".surefoot"})
_COUNT_ON = 200_000
"""Files after which counting ends once the limit is passed: a home directory has millions."""
_VENV = "a virtual environment"
_NODE = "installed packages"


class _EnoughError(Exception):
    """Ends a survey that is over the limit anyway."""


class Survey:
    """What `plan_copy` gathers: it looks once, and then knows the plan or what is wrong."""

    def __init__(self, root: str, limit: int, exclude: Iterable[str]) -> None:
        self._root = root
        self._limit = limit
        inner = (below(root, os.path.realpath(path)) for path in exclude)
        self._exclude = tuple(f"/{path}/" for path in inner if path)
        self._files: dict[str, PlannedFile] = {}
        self._directories: dict[str, PlannedDirectory] = {}
        self._links: dict[str, PlannedLink] = {}
        self._skipped: list[Skipped] = []
        self._notes: list[str] = []
        self._closed: list[str] = []
        self._by_git = False
        self._total = 0

    def look(self) -> None:
        """Look through the tree; raise UserError when it cannot be copied."""
        try:
            self._look_at("")
        except _EnoughError:
            raise self._over_limit("more than ") from None
        if self._total > self._limit:
            raise self._over_limit("")
        if self._closed:
            raise UserError(
                f"{len(self._closed):,} paths in {shown(self._root)} cannot be read, so it "
                f"cannot be copied for workers: {_first(self._closed)}; make them readable, "
                "add them to .gitignore, or use --workdir shared"
            )
        if self._by_git:
            self._add_hollow()
        self._note_dangling()

    def plan(self) -> CopyPlan:
        """Return what was found."""
        return CopyPlan(
            root=self._root,
            files=tuple(file for _, file in sorted(self._files.items())),
            directories=tuple(directory for _, directory in sorted(self._directories.items())),
            links=tuple(link for _, link in sorted(self._links.items())),
            total=self._total,
            skipped=tuple(self._skipped),
            notes=tuple(self._notes),
        )

    def _look_at(self, inner: str) -> None:
        """Add the tree at `inner`, which is the root, a nested repository or a submodule."""
        found = list_files(os.path.join(self._root, inner))
        if isinstance(found, Listing):
            self._by_git = True
            self._take(inner, found)
            return
        if found.reason:
            around = "" if inner else ", and nothing of a repository around it"
            self._notes.append(
                f"git did not list {shown(os.path.join(self._root, inner).rstrip('/'))} "
                f"({shown(found.reason)}): all of it is copied, ignored files too{around}"
            )
        self._walk(inner)

    def _take(self, inner: str, listing: Listing) -> None:
        bulk = _bulk(listing.untracked)
        self._closed += [joined(inner, path) for path in listing.closed]
        for path in listing.tracked:
            self._see_listed(joined(inner, path))
        prefixes = tuple(f"{path}/" for path in bulk)
        for path in listing.untracked:
            if not path.startswith(prefixes):
                self._see_listed(joined(inner, path).rstrip("/"))
        for path, reason in bulk.items():
            self._skip(joined(inner, path) + "/", reason)
        for path in listing.ignored:
            self._skip(joined(inner, path), "ignored by git")

    def _see_listed(self, path: str) -> None:
        """Add one path that git listed: it may be gone, or be a repository of its own."""
        if self._is_out(path) or not self._has_directory(os.path.dirname(path)):
            return
        full = os.path.join(self._root, path)
        try:
            status = os.lstat(full)
        except (FileNotFoundError, NotADirectoryError):
            return
        if not stat.S_ISDIR(status.st_mode):
            self._see(path, status)
        elif self._has_directory(path):
            if os.path.lexists(os.path.join(full, ".git")):
                self._look_at(path)
            else:
                self._walk(path)

    def _has_directory(self, path: str) -> bool:
        """Add a directory and those above it; False when one is not a directory any more.

        Git lists what it tracked below a directory that was since replaced by a link, and a
        path through a link would be copied into whatever the link leads to.
        """
        if not path or path in self._directories:
            return True
        if not self._has_directory(os.path.dirname(path)):
            return False
        try:
            status = os.lstat(os.path.join(self._root, path))
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode):
            return False
        self._add_directory(path, status)
        return True

    def _walk(self, inner: str) -> None:
        """Add everything below a directory, without git."""
        pending = [inner]
        while pending:
            at = pending.pop()
            try:
                with os.scandir(os.path.join(self._root, at)) as entries:
                    listed = list(entries)
            except FileNotFoundError:
                continue
            except PermissionError:
                self._closed.append(at)
                continue
            for entry in listed:
                path = joined(at, entry.name)
                if self._is_out(path):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if not entry.is_dir(follow_symlinks=False):
                        # A `.git` file is a submodule's or a work tree's way to its repository.
                        if entry.name != ".git":
                            self._see(path, status)
                    elif entry.name in _LEFT_OUT:
                        pass
                    elif entry.name == "node_modules":
                        self._skip(path + "/", _NODE)
                    elif os.path.lexists(os.path.join(entry.path, "pyvenv.cfg")):
                        self._skip(path + "/", _VENV)
                    else:
                        self._add_directory(path, status)
                        pending.append(path)

    def _see(self, path: str, status: os.stat_result) -> None:
        """Add what is not a directory."""
        mode = status.st_mode
        full = os.path.join(self._root, path)
        if path in self._files or path in self._links:
            return
        if stat.S_ISLNK(mode):
            self._links[path] = planned_link(self._root, path, os.readlink(full))
        elif not stat.S_ISREG(mode):
            self._skip(path, kind(mode))
        elif not os.access(full, os.R_OK, effective_ids=True):
            self._closed.append(path)
        else:
            self._files[path] = PlannedFile(
                path, status.st_size, status.st_mtime_ns, stat.S_IMODE(mode)
            )
            self._total += status.st_size
            if self._total > self._limit and len(self._files) >= _COUNT_ON:
                raise _EnoughError

    def _add_directory(self, path: str, status: os.stat_result) -> None:
        self._directories[path] = PlannedDirectory(
            path, status.st_mtime_ns, stat.S_IMODE(status.st_mode)
        )

    def _add_hollow(self) -> None:
        """Add the directories without any file: git does not list them, suites need them."""
        for parent in ["", *self._directories]:
            for path in self._subdirectories(parent):
                for hollow in self._hollow(path):
                    self._has_directory(hollow)

    def _subdirectories(self, parent: str) -> list[str]:
        with contextlib.suppress(OSError), os.scandir(os.path.join(self._root, parent)) as entries:
            return [
                path
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and entry.name not in _LEFT_OUT
                and (path := joined(parent, entry.name)) not in self._directories
                and not self._is_out(path)
            ]
        return []

    def _hollow(self, path: str) -> list[str]:
        """Return a directory and those in it when there is no file anywhere below, else []."""
        found, pending = [path], [path]
        while pending:
            at = pending.pop()
            try:
                with os.scandir(os.path.join(self._root, at)) as entries:
                    for entry in entries:
                        if not entry.is_dir(follow_symlinks=False) or entry.name in _LEFT_OUT:
                            return []
                        inner = joined(at, entry.name)
                        found.append(inner)
                        pending.append(inner)
            except OSError:
                return []
        return found

    def _note_dangling(self) -> None:
        """Name the links that are sound here and will lead nowhere in the copy."""
        dangling = []
        for link in self._links.values():
            target = link.target
            if not link.inside:
                if os.path.isabs(target):
                    continue
                target = os.path.normpath(joined(os.path.dirname(link.path), target))
            if target in {"", "."} or self._reaches(target):
                continue
            if os.path.lexists(os.path.join(self._root, target)):
                dangling.append(link.path)
        if dangling:
            self._notes.append(
                f"{len(dangling):,} symbolic links lead to files that are not copied: "
                f"{_first(dangling)}"
            )

    def _reaches(self, target: str) -> bool:
        """Return whether a path is in the plan, or goes through a link and cannot be told."""
        if target in self._files or target in self._directories:
            return True
        while target:
            if target in self._links:
                return True
            target = os.path.dirname(target)
        return False

    def _is_out(self, path: str) -> bool:
        inside = f"/{path}"
        if "/.surefoot/" in inside or "/.hg/" in inside:
            return True
        return f"{inside}/".startswith(self._exclude)

    def _skip(self, path: str, reason: str) -> None:
        self._skipped.append(Skipped(shown(path), reason))

    def _over_limit(self, least: str) -> UserError:
        biggest = ", ".join(
            f"{shown(path)} {size_text(size)}" for path, size in _biggest(self._files.values())
        )
        around = (
            " It is the top of the git repository around the working directory: if that is not "
            "the project, add the project's directory to the .gitignore there."
            if self._by_git
            else " (It is not under git, so nothing in it is ignored.)"
        )
        return UserError(
            f"a copy of {shown(self._root)} for each worker takes {least}{size_text(self._total)} "
            f"in {len(self._files):,} files, over the limit of {size_text(self._limit)}; biggest: "
            f"{biggest}. Add what the suite does not need to .gitignore, raise "
            "--workdir-limit, or use --workdir shared and mark the scenarios that share files "
            f"with @lock:NAME.{around}"
        )


def _bulk(untracked: Iterable[str]) -> dict[str, str]:
    """Return the untracked directories that are left out, with the reasons."""
    found: dict[str, str] = {}
    for path in untracked:
        if path.endswith("/pyvenv.cfg"):
            found[os.path.dirname(path)] = _VENV
        at = f"/{path}".find("/node_modules/")
        if at >= 0:
            found[path[: at + len("node_modules")]] = _NODE
    return found


def _biggest(files: Iterable[PlannedFile]) -> list[tuple[str, int]]:
    """Return the five biggest directories, with their sizes; none holds another.

    From each of the topmost it goes down as long as one directory has four fifths of the size.
    """
    sizes: dict[str, int] = {".": 0}
    children: dict[str, set[str]] = {}
    for file in files:
        at = os.path.dirname(file.path)
        if not at:
            sizes["."] += file.size
        while at:
            sizes[at] = sizes.get(at, 0) + file.size
            above = os.path.dirname(at)
            children.setdefault(above, set()).add(at)
            at = above
    tops = [".", *children.get("", ())]
    found = []
    for top in sorted(tops, key=lambda path: (-sizes[path], path))[:5]:
        at = top
        while inner := children.get(at):
            biggest = max(inner, key=sizes.__getitem__)
            if sizes[biggest] < 0.8 * sizes[at]:
                break
            at = biggest
        found.append((at, sizes[at]))
    return [item for item in found if item[1]]


def _first(paths: list[str]) -> str:
    named = ", ".join(shown(path) for path in sorted(paths)[:5])
    return named if len(paths) <= 5 else f"{named}, and {len(paths) - 5:,} more"
