"""Puts a private project tree in the place of the original, for one worker.

A mount namespace of its own lets a forked worker see a private tree under the very path of the
original: modules that are loaded already, `__file__`, absolute paths in arguments and in error
messages all stay right, and the suite need not be loaded again. Best is an overlay: the worker
sees all of the original, and what it writes goes to a directory of its own; nothing is copied.
Where the file system cannot be overlaid, a copy is mounted over the original.

Linux only, and only where the kernel allows it (root, or unprivileged user namespaces; many
containers allow neither). Where it does not, each worker loads the suite from within its copy.
"""

import ctypes
import os
import sys
from collections.abc import Iterable

from surefoot.worker.protocol import CopyTree

_NEW_MOUNTS = 0x00020000
_NEW_USER = 0x10000000
_BIND = 4096
_RECURSIVE = 16384
_PRIVATE = 1 << 18


def enter(tree: CopyTree, keep: Iterable[str]) -> None:
    """Make this process see the private tree at `tree.original`. Raises OSError.

    Directories in `keep` (the run's own, reports written by workers) stay those of the system
    when they lie inside the original.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("mount namespaces are of Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    cwd = os.getcwd()
    own_user = _unshare(libc)
    # Nothing that is mounted from here on may reach the rest of the system.
    _mount(libc, "none", "/", _RECURSIVE | _PRIVATE)
    # Opened in the new namespace (mounts of the old one cannot be bound) and before the
    # original is covered.
    kept = [
        (os.open(path, os.O_PATH | os.O_DIRECTORY), path)
        for path in keep
        if not os.path.relpath(path, tree.original).startswith(os.pardir)
    ]
    if tree.overlay:
        options = (
            f"lowerdir={tree.original},upperdir={os.path.join(tree.copy, 'upper')}"
            f",workdir={os.path.join(tree.copy, 'work')}"
        )
        if own_user:
            options += ",userxattr"
        _mount(libc, "overlay", tree.original, 0, "overlay", options)
    else:
        _mount(libc, tree.copy, tree.original, _BIND)
    for descriptor, path in kept:
        os.makedirs(path, exist_ok=True)
        _mount(libc, f"/proc/self/fd/{descriptor}", path, _BIND)
        os.close(descriptor)
    # The working directory is still the original's until it is looked up anew.
    os.chdir(cwd)


def prepare_overlay(tree: CopyTree) -> None:
    """Make the directories of an overlay."""
    for name in ("upper", "work"):
        os.makedirs(os.path.join(tree.copy, name), exist_ok=True)


def can_overlay(root: str, private: str) -> bool:
    """Whether `root` can be overlaid by directories below `private`."""
    if root == os.sep or any(sign in root + private for sign in ",:\\"):
        # The mount options have these as separators.
        return False
    tree = CopyTree(os.path.join(private, "probe"), root, overlay=True)
    prepare_overlay(tree)
    marker = os.path.join(tree.copy, "upper", ".surefoot-probe")
    with open(marker, "w", encoding="ascii"):
        pass
    return _try(tree, os.path.join(root, ".surefoot-probe"))


def can_mount(directory: str) -> bool:
    """Whether a copy can be mounted over another directory."""
    copy = os.path.join(directory, "probe-copy")
    original = os.path.join(directory, "probe-original")
    for path in (copy, original):
        os.makedirs(path, exist_ok=True)
    with open(os.path.join(copy, "seen"), "w", encoding="ascii"):
        pass
    return _try(CopyTree(copy, original), os.path.join(original, "seen"))


def _try(tree: CopyTree, seen: str) -> bool:
    """Enter a tree in a child process and look whether a file is there."""
    if not sys.platform.startswith("linux") or not hasattr(os, "fork"):
        return False
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            enter(tree, [])
            code = 0 if os.path.exists(seen) else 1
        except OSError:
            code = 1
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _unshare(libc: ctypes.CDLL) -> bool:
    """Enter a mount namespace; return whether a user namespace was needed for it."""
    if libc.unshare(_NEW_MOUNTS) == 0:
        return False
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace may be made")
    # The same ids inside as outside: files keep their owners.
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    return True


def _mount(
    libc: ctypes.CDLL, source: str, target: str, flags: int, kind: str = "", options: str = ""
) -> None:
    result = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(kind) or None,
        flags,
        os.fsencode(options) or None,
    )
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)
