"""What the kernel tells about this process: its threads, children and descriptors.

All from Linux's /proc and cheap enough to ask before each jump of virtual time. Elsewhere
`THREADS` is False, and virtual time takes what it cannot ask for as not idle.
"""

import contextlib
import os
import signal
import socket
import stat
from typing import Final, NamedTuple

_TASKS = "/proc/self/task"
THREADS: Final = os.path.isdir(_TASKS)
"""Whether threads can be watched here."""


class Sample(NamedTuple):
    """A thread at one moment."""

    runnable: bool
    """Running, or would if a processor were free."""
    cpu: int
    """Nanoseconds on a processor so far."""
    turns: int
    """How often it came onto a processor so far."""


GONE: Final = Sample(runnable=False, cpu=0, turns=-1)


class ThreadWatch:
    """Reads samples of threads of this process, by native id."""

    def __init__(self) -> None:
        self._files: dict[int, tuple[int, int]] = {}
        self._count = -1
        self._natives: frozenset[int] = frozenset()

    def natives(self) -> frozenset[int]:
        """Return the native ids of all threads of this process."""
        count = os.stat(_TASKS).st_nlink
        if count != self._count:
            self._natives = frozenset(map(int, os.listdir(_TASKS)))
            self._count = count
            for native in [native for native in self._files if native not in self._natives]:
                self.forget(native)
        return self._natives

    def sample(self, native: int) -> Sample:
        """Return a thread's sample; GONE when it has ended."""
        try:
            files = self._files.get(native)
            if files is None:
                base = f"{_TASKS}/{native}"
                first = os.open(f"{base}/stat", os.O_RDONLY | os.O_CLOEXEC)
                try:
                    second = os.open(f"{base}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    os.close(first)
                    raise
                files = self._files[native] = first, second
            state = os.pread(files[0], 128, 0).rpartition(b")")[2][1:2]
            cpu, _, turns = os.pread(files[1], 128, 0).split()
        except (OSError, ValueError):
            self.forget(native)
            return GONE
        return Sample(state == b"R", int(cpu), int(turns))

    def forget(self, native: int) -> None:
        """Close what is open for a thread."""
        for file in self._files.pop(native, ()):
            with contextlib.suppress(OSError):
                os.close(file)

    def close(self) -> None:
        """Close everything."""
        for native in list(self._files):
            self.forget(native)


def living_child() -> bool:
    """Whether a child process of this one is alive."""
    if not hasattr(os, "waitid"):
        return False
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    if ended is None:
        return True
    # A child that ended and is not waited for yet hides those that live.
    return any(not _is_zombie(pid) for pid in _children())


def _children() -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(_TASKS):
            with contextlib.suppress(OSError), open(f"{_TASKS}/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read(512).rpartition(b")")[2][1:2] in {b"Z", b"X"}
    except OSError:
        return True


def alarm_set() -> bool:
    """Whether a signal will come by itself (`signal.alarm`, `signal.setitimer`)."""
    return hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0


class Descriptors:
    """Tells descriptors that only this process can make ready from all others."""

    def __init__(self) -> None:
        self._sockets: dict[tuple[int, int, int], str] = {}

    def outside(self, fd: int) -> str:
        """Return what a descriptor is, where something outside can make it ready; else empty."""
        try:
            info = os.fstat(fd)
        except OSError:
            return ""  # closed: the wait will say so
        kind = info.st_mode
        if stat.S_ISFIFO(kind):
            return "" if self._other_end_here(fd, info) else "a pipe from outside"
        if stat.S_ISSOCK(kind):
            key = fd, info.st_dev, info.st_ino
            known = self._sockets.get(key)
            if known is None:
                known = self._sockets[key] = _socket_outside(fd)
            return known
        try:
            name = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            return "a descriptor of an unknown kind"
        return "" if name == "anon_inode:[eventfd]" else name.removeprefix("anon_inode:")

    @staticmethod
    def _other_end_here(fd: int, info: os.stat_result) -> bool:
        """Whether this process holds the other end of a pipe."""
        import fcntl

        mine = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
        try:
            others = [int(name) for name in os.listdir("/proc/self/fd")]
        except OSError:
            return False
        for other in others:
            with contextlib.suppress(OSError):
                found = os.fstat(other)
                same = (found.st_dev, found.st_ino) == (info.st_dev, info.st_ino)
                if same and fcntl.fcntl(other, fcntl.F_GETFL) & os.O_ACCMODE != mine:
                    return True
        return False


def _socket_outside(fd: int) -> str:
    try:
        with socket.socket(fileno=os.dup(fd)) as copy:
            if copy.family != socket.AF_UNIX:
                return "a network socket"
            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return "a listening socket"
            peer = copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            return "" if int.from_bytes(peer[:4], "little") == os.getpid() else "a Unix socket"
    except (OSError, AttributeError):
        return "a socket"
