"""What the standard library does not offer of the kernel: parent-death signals, subreaping.

Linux only; elsewhere the calls do nothing and answer False, and the coordinator's sweep at the
end of a run takes their place.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def die_with_parent(parent: int) -> None:
    """Ask for SIGKILL when the parent dies, and make sure that it has not died already."""
    if _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def outlive_parent() -> None:
    """Take `die_with_parent` back: the zygote cleans up first when the coordinator dies."""
    _prctl(_PR_SET_PDEATHSIG, 0)


def adopt_orphans() -> bool:
    """Become the parent of orphaned descendants, so that they can be found and ended."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def native_threads() -> list[str]:
    """Return the names of this process's kernel threads but the main one; [] where unknown."""
    try:
        threads = [name for name in os.listdir("/proc/self/task") if name != str(os.getpid())]
    except OSError:
        return []
    names = []
    for thread in threads:
        try:
            with open(f"/proc/self/task/{thread}/comm", encoding="utf-8", errors="replace") as file:
                names.append(file.read().strip())
        except OSError:
            continue
    return names
