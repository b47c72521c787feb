"""The coordinator's hold on processes: signals to groups, children, what is left behind."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable

from surefoot.worker.faults import STACK_SIGNAL


def describe_status(status: int) -> str:
    """Return "exit 3" or "signal SIGSEGV" for a status of waitpid()."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(number).name}"
        return f"signal {number}"
    return f"exit {os.waitstatus_to_exitcode(status)}"


def ask_stacks(pid: int) -> None:
    """Ask a worker for its stacks; they appear in its stack file."""
    if STACK_SIGNAL:
        with contextlib.suppress(OSError):
            os.kill(pid, STACK_SIGNAL)


def terminate(pid: int) -> None:
    """Send SIGTERM to a process group."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGTERM)


def kill(pid: int) -> None:
    """Send SIGKILL to a process group and to descendants that left it."""
    outside = [child for child in descendants(pid) if _group(child) != pid]
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    for child in outside:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)


def group_alive(pid: int) -> bool:
    """Whether a process group still has a member."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def descendants(pid: int) -> list[int]:
    """Return the descendants of a process, nearest first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop(0)
        for child in _children(parent):
            found.append(child)
            waiting.append(child)
    return found


def names(pids: Iterable[int]) -> list[str]:
    """Return "name (pid)" for processes that still exist."""
    import psutil

    result = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                result.append(f"{process.name()} ({pid})")
    return result


def reap(pid: int) -> int | None:
    """Return the wait status of a child of ours that ended; None while it runs."""
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if done else None


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return []
    except OSError:
        pass
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return -1


def await_end(pid: int, seconds: float) -> int | None:
    """Wait for a child of ours to end; return its wait status, or None if it did not."""
    deadline = time.monotonic() + seconds
    while True:
        status = reap(pid)
        if status is not None:
            return status
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        select.select([], [], [], min(left, 0.01))
