"""Copies of the project tree, one for each worker (`--workdir copy`), and what a run wrote there.

May not touch the original: everything is read from it and nothing is linked to it. Never by
hard links, although they are the cheapest copy: a program that writes in place (`r+`, SQLite,
a truncate) would write into the original and into every other worker's copy.

What a copy holds. In a git work tree: the tracked files that exist, the untracked ones that
are not ignored, submodules and nested repositories by the same rule, and empty directories.
Outside git: everything. Left out in both, and named in the plan:
- `.git`, `.hg` and `.surefoot` directories (not named; git commands do not work in a copy);
- untracked virtual environments (a directory with `pyvenv.cfg`): absolute paths in them lead
  back to the original, and the suite runs in the interpreter that it was started with;
- untracked `node_modules`: huge, and made again by one command;
- sockets, fifos and devices: a copy of one would be another thing.
`__pycache__` is copied where git does not ignore it: times are kept, so it stays valid.
Symbolic links stay links and are never followed. One that leads into the tree leads into the
copy afterwards; one that leads out of it leads to where it did. Two names of one file (hard
links) become two files. Owners, access lists and extended attributes are not kept.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    link_target,
    planned_link,
    shown,
    size_text,
)
from surefoot.isolation.filecopy import copy_bytes, share_blocks
from surefoot.isolation.survey import Survey
from surefoot.isolation.worktree import Refusal, is_ignored, top_level

__all__ = [
    "CopyError",
    "CopyPlan",
    "Kept",
    "PlannedDirectory",
    "PlannedFile",
    "PlannedLink",
    "Skipped",
    "copy_tree",
    "keep_written",
    "plan_copy",
    "project_root",
    "remove_tree",
    "written",
]


class CopyError(UserError):
    """A copy of the tree could not be made, kept or removed; what was begun is removed again.

    Common causes: a full disk or quota, a directory that is there already.
    """


@dataclass(frozen=True, slots=True)
class Kept:
    """What `keep_written` saved."""

    paths: tuple[str, ...]
    left_out: tuple[Skipped, ...]
    """What was not saved and why: removed by the run, too big, not a file."""


def project_root(cwd: str) -> str:
    """Return the real path of the tree that a run in `cwd` belongs to.

    Git's top level when `cwd` is in a work tree and not ignored by it, else `cwd`: without
    git, and where git refuses (a repository of another owner), it is `cwd` as well.
    """
    cwd = os.path.realpath(cwd)
    top = top_level(cwd)
    if isinstance(top, Refusal) or top == cwd or is_ignored(cwd):
        return cwd
    return top


def plan_copy(root: str, limit: int, exclude: Iterable[str] = ()) -> CopyPlan:
    """Return what a copy of the tree at `root` must hold; see the module for the rules.

    `limit` is the most bytes one copy may have. `exclude` are further paths to leave out, such
    as the run directory. Raises UserError when the tree is over the limit, when something in
    it cannot be read, or when it is not a directory.
    """
    root = os.path.realpath(root)
    if not os.path.isdir(root):
        raise UserError(f"{shown(root)} is not a directory, so it cannot be copied for workers")
    survey = Survey(root, limit, exclude)
    survey.look()
    return survey.plan()


def copy_tree(plan: CopyPlan, dest: str) -> CopyPlan:
    """Copy what was planned into `dest`, which must be new or empty; return what it holds.

    Modes and times are kept, but for `dest` itself, which is made for its owner only: a copy
    of a private tree may lie in a public place. The returned plan differs from the given one
    where a file changed or vanished in between, and is the one to give to `written`.
    Raises CopyError on a full disk and on every other failure, with `dest` removed again.
    """
    dest = os.path.realpath(dest)
    try:
        os.makedirs(os.path.dirname(dest), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(dest, 0o700)
        if os.listdir(dest):
            raise CopyError(f"{shown(dest)} is not empty, so no copy of the tree is made there")
    except OSError as error:
        raise _copy_error(error, plan.root, dest, plan.total) from error
    try:
        return _fill(plan, dest)
    except OSError as error:
        # Asked for the free space before the removal makes some.
        failure = _copy_error(error, plan.root, dest, plan.total)
        _remove_quietly(dest)
        raise failure from error
    except BaseException:
        _remove_quietly(dest)
        raise


def written(plan: CopyPlan, copy: str) -> list[str]:
    """Return what a run wrote, changed or removed in a copy: relative paths, sorted.

    By size, time, mode and kind, without reading a file: a write always shows, since it sets
    the time, which the copy has from the original. Directories are named only where no file
    tells (new and empty, or gone and planned empty). `__pycache__` is not looked at.
    """
    copy = os.path.realpath(copy)
    files = {file.path: file for file in plan.files}
    links = {link.path: link for link in plan.links}
    directories = {directory.path for directory in plan.directories}
    parents = {os.path.dirname(path) for path in (*files, *links, *directories)}
    found: list[str] = []
    seen: set[str] = set()
    closed: list[str] = []
    pending = [""]
    while pending:
        inner = pending.pop()
        try:
            with os.scandir(os.path.join(copy, inner)) as entries:
                listed = list(entries)
        except OSError:
            # What is below cannot be told from what was removed; the directory stands for it.
            if inner:
                found.append(inner)
                closed.append(inner + "/")
            continue
        if not listed and inner and inner not in directories:
            found.append(inner)
        for entry in listed:
            path = joined(inner, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if path in directories:
                    seen.add(path)
                if entry.name != "__pycache__":
                    pending.append(path)
                continue
            with contextlib.suppress(FileNotFoundError):
                same = _same(entry, files.get(path), links.get(path), copy)
                seen.add(path)
                if not same:
                    found.append(path)
    gone = (
        path
        for path in (*files, *links, *(directories - parents))
        if path not in seen
        and "/__pycache__/" not in f"/{path}/"
        and not path.startswith(tuple(closed))
    )
    return sorted({*found, *gone})


def keep_written(
    plan: CopyPlan, copy: str, dest: str, paths: Iterable[str], limit: int = 100_000_000
) -> Kept:
    """Save what a failing scenario wrote: copy `paths` (from `written`) from a copy to `dest`.

    At most `limit` bytes; a file that does not fit is left out and named. Links into the copy
    lead into `dest` afterwards. Raises CopyError when `dest` cannot be written to.
    """
    copy, dest = os.path.realpath(copy), os.path.realpath(dest)
    planned = {item.path for item in plan.files} | {item.path for item in plan.links}
    planned |= {item.path for item in plan.directories}
    kept: list[str] = []
    left_out: list[Skipped] = []
    room = limit
    for path in paths:
        source = os.path.join(copy, path)
        try:
            status = os.lstat(source)
        except OSError:
            gone = "removed by the run" if path in planned else "no longer there"
            left_out.append(Skipped(shown(path), gone))
            continue
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        if below(copy, os.path.realpath(os.path.dirname(source))) is None:
            reason = "outside of the copy"
        elif size > room:
            reason = f"{size_text(size)}, over the limit of {size_text(limit)} for what is kept"
        else:
            try:
                reason = _keep(copy, path, status.st_mode, dest)
            except OSError as error:
                raise _copy_error(error, copy, dest, size) from error
        if reason:
            left_out.append(Skipped(shown(path), reason))
        else:
            kept.append(path)
            room -= size
    return Kept(tuple(kept), tuple(left_out))


def remove_tree(path: str) -> None:
    """Remove a file, a link or a whole tree; one that is not there is fine.

    Copes with directories that may not be written to, and with a process that still writes.
    Raises CopyError with the system's reason when something stays.
    """
    last: OSError | None = None
    for _ in range(3):
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            # Or something in it vanished meanwhile, and the next round finds the rest.
            if not os.path.lexists(path):
                return
        except OSError as error:
            last = error
            _open_up(path)
        else:
            return
    where = shown(os.fsdecode(getattr(last, "filename", None) or path))
    reason = last.strerror if last is not None else "it comes back"
    raise CopyError(f"{shown(path)} could not be removed: {where}: {reason}")


def _fill(plan: CopyPlan, dest: str) -> CopyPlan:
    """Copy into a directory that is there; return the plan as it came to be."""
    files: list[PlannedFile] = []
    vanished: list[Skipped] = []
    unshared: set[int] = set()
    for directory in plan.directories:
        os.mkdir(os.path.join(dest, directory.path), 0o700)
    for file in plan.files:
        source = _opened(os.path.join(plan.root, file.path))
        if source is None:
            vanished.append(Skipped(shown(file.path), "vanished before it was copied"))
            continue
        try:
            copied = _copy_file(source, os.path.join(dest, file.path), file.path, unshared)
        finally:
            os.close(source)
        files.append(file if copied == file else copied)
    for link in plan.links:
        os.symlink(link_target(link, dest), os.path.join(dest, link.path))
    # Last and deepest first: a file made in a directory changes its time, and needs its mode.
    for directory in reversed(plan.directories):
        full = os.path.join(dest, directory.path)
        os.utime(full, ns=(directory.mtime_ns, directory.mtime_ns))
        os.chmod(full, directory.mode)
    if not vanished and tuple(files) == plan.files:
        return plan
    total = sum(file.size for file in files)
    return replace(plan, files=tuple(files), total=total, skipped=(*plan.skipped, *vanished))


def _opened(path: str) -> int | None:
    """Open a regular file to read; None when there is none (any more)."""
    try:
        # Non-blocking: a fifo that took the file's place would be waited for.
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}:
            return None
        raise
    if stat.S_ISREG(os.fstat(source).st_mode):
        return source
    os.close(source)
    return None


def _copy_file(source: int, target: str, path: str, unshared: set[int]) -> PlannedFile:
    """Copy an open file to a new one; return what the new one has.

    `unshared` are the devices whose blocks turned out not to be shareable with the target.
    """
    status = os.fstat(source)
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if status.st_size and not share_blocks(source, made, status.st_dev, unshared):
            copy_bytes(source, made, status.st_size)
        os.fchmod(made, stat.S_IMODE(status.st_mode))
        os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
        # As the file system kept it: some round times, and some have no modes.
        now = os.fstat(made)
    finally:
        # Not suppressed: over NFS a full disk may show only here.
        os.close(made)
    return PlannedFile(path, now.st_size, now.st_mtime_ns, stat.S_IMODE(now.st_mode))


def _keep(copy: str, path: str, mode: int, dest: str) -> str:
    """Save one path; return why not, or nothing. Raises OSError for what is wrong at `dest`."""
    full, target = os.path.join(copy, path), os.path.join(dest, path)
    if stat.S_ISDIR(mode):
        os.makedirs(target, exist_ok=True)
        return ""
    if not stat.S_ISLNK(mode) and not stat.S_ISREG(mode):
        return kind(mode)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(target)
    if stat.S_ISLNK(mode):
        os.symlink(link_target(planned_link(copy, path, os.readlink(full)), dest), target)
        return ""
    try:
        source = _opened(full)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if source is None:
        return "no longer there"
    try:
        _copy_file(source, target, path, set())
    finally:
        os.close(source)
    return ""


def _same(
    entry: os.DirEntry[str], file: PlannedFile | None, link: PlannedLink | None, copy: str
) -> bool:
    if entry.is_symlink():
        return link is not None and os.readlink(entry.path) == link_target(link, copy)
    status = entry.stat(follow_symlinks=False)
    return (
        file is not None
        and stat.S_ISREG(status.st_mode)
        and (file.size, file.mtime_ns, file.mode)
        == (status.st_size, status.st_mtime_ns, stat.S_IMODE(status.st_mode))
    )


def _copy_error(error: OSError, root: str, dest: str, total: int) -> CopyError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        free = ""
        with contextlib.suppress(OSError):
            at = dest
            while not os.path.isdir(at):
                at = os.path.dirname(at)
            free = f" ({size_text(shutil.disk_usage(at).free)} free now)"
        return CopyError(
            f"the disk or its quota is full{free}: a copy of {shown(root)} takes "
            f"{size_text(total)} at {shown(dest)}. Free some space, start fewer workers, or use "
            "--workdir shared and mark the scenarios that share files with @lock:NAME"
        )
    where = error.filename2 or error.filename
    at_path = f": {shown(os.fsdecode(where))}" if where is not None else ""
    return CopyError(
        f"{shown(root)} could not be copied to {shown(dest)}: {error.strerror}{at_path}"
    )


def _remove_quietly(path: str) -> None:
    with contextlib.suppress(CopyError):
        remove_tree(path)


def _open_up(path: str) -> None:
    """Let the owner into every directory of a tree, so that it can be removed."""
    pending = [path]
    while pending:
        at = pending.pop()
        with contextlib.suppress(OSError):
            status = os.lstat(at)
            if not stat.S_ISDIR(status.st_mode):
                continue
            os.chmod(at, stat.S_IMODE(status.st_mode) | 0o700)
            with os.scandir(at) as entries:
                pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
