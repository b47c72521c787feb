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

_FUTEX = {
    "x86_64": b"202",
    "aarch64": b"98",
    "riscv64": b"98",
    "ppc64le": b"221",
    "s390x": b"238",
}.get(os.uname().machine if hasattr(os, "uname") else "", b"")
"""Number of the system call `futex`, as /proc/.../syscall writes it."""
_OPERATION = 127
_WAITS = (0, 9)
"""FUTEX_WAIT and FUTEX_WAIT_BITSET."""
_PRIVATE = 128
_READS = 20


class Sample(NamedTuple):
    """A thread at one moment."""

    runnable: bool
    """Running, or would if a processor were free."""
    cpu: int
    """Nanoseconds on a processor so far."""
    turns: int
    """How often it came onto a processor so far."""
    delay: int = 0
    """Nanoseconds that it could run and had no processor so far."""


GONE: Final = Sample(runnable=False, cpu=0, turns=-1)


def threads() -> frozenset[int]:
    """Return the native ids of all threads of this process.

    The kernel cuts its list short when a thread ends while it is read, and living threads are
    missing then; so it is read again until it holds as many as there were before and after.
    """
    found: frozenset[int] = frozenset()
    before = os.stat(_TASKS).st_nlink
    for _ in range(_READS):
        listed = frozenset(map(int, os.listdir(_TASKS)))
        after = os.stat(_TASKS).st_nlink
        if before == len(listed) + 2 == after:
            return listed
        found |= listed
        before = after
    return found


class ThreadWatch:
    """Reads samples of threads of this process, by native id."""

    def __init__(self) -> None:
        self._tasks = os.open(_TASKS, os.O_RDONLY | os.O_CLOEXEC) if THREADS else -1
        self._files: dict[int, tuple[int, int]] = {}
        self._calls: dict[int, int] = {}

    def count(self) -> int:
        """Return how many threads this process has; cheaper than to list them."""
        return os.fstat(self._tasks).st_nlink - 2

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
            cpu, delay, turns = os.pread(files[1], 128, 0).split()
        except (OSError, ValueError):
            self.forget(native)
            return GONE
        return Sample(state == b"R", int(cpu), int(turns), int(delay))

    def asleep_until_woken(self, native: int) -> bool:
        """Whether a thread waits, with no deadline, for another thread of this process.

        The kernel tells which system call a sleeping thread is in, with its arguments: here one
        for a lock (`futex`) that is private to the process, without a time-out. False where that
        cannot be known.
        """
        try:
            file = self._calls.get(native)
            if file is None:
                path = f"{_TASKS}/{native}/syscall"
                file = self._calls[native] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            words = os.pread(file, 256, 0).split()
        except OSError:
            self.forget(native)
            return False
        # "running" is the only word of a thread that runs or can.
        if len(words) < 5 or words[0] != _FUTEX:
            return False
        operation = int(words[2], 16)
        return (
            operation & _OPERATION in _WAITS
            and bool(operation & _PRIVATE)
            and int(words[4], 16) == 0
        )

    def forget(self, native: int) -> None:
        """Close what is open for a thread."""
        for file in (*self._files.pop(native, ()), self._calls.pop(native, -1)):
            if file >= 0:
                with contextlib.suppress(OSError):
                    os.close(file)

    def close(self) -> None:
        """Close everything."""
        for native in [*self._files, *self._calls]:
            self.forget(native)
        if self._tasks >= 0:
            os.close(self._tasks)
            self._tasks = -1


def command(native: int) -> str:
    """Return the kernel's name of a thread."""
    try:
        with open(f"{_TASKS}/{native}/comm", "rb") as file:
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


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
