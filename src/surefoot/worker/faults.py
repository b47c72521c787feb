"""Stacks from a worker that cannot speak for itself.

`faulthandler` writes the Python stacks of all threads from a C signal handler, without the
interpreter lock: also while C code holds it, and on a segmentation fault. `os._exit` and
signals that cannot be caught leave no stack by themselves; the first is wrapped, for the
second the progress board names the step.
"""

import faulthandler
import os
import signal
import sys
from typing import Any, NoReturn

# A real-time signal: suites use SIGUSR1 and SIGUSR2 themselves.
STACK_SIGNAL: int = (
    int(signal.SIGRTMIN) + 7 if hasattr(signal, "SIGRTMIN") else int(getattr(signal, "SIGUSR2", 0))
)


class StackFile:
    """Where a worker's stacks go. Kept open: on a full table of files nothing could be opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115  # open as long as the process
        self._pid = os.getpid()

    def install(self) -> None:
        """Catch fatal signals and `os._exit`, and answer STACK_SIGNAL."""
        faulthandler.enable(self._file, all_threads=True)
        if STACK_SIGNAL and hasattr(faulthandler, "register"):
            faulthandler.register(STACK_SIGNAL, self._file, all_threads=True, chain=False)
        real_exit = os._exit

        def _exit(status: int) -> NoReturn:
            # Children that a suite forks end with os._exit too; theirs is no crash of ours.
            if os.getpid() == self._pid:
                self.dump(f"os._exit({status!r}) was called\n")
                _flush()
            real_exit(status)

        os._exit = _exit
        self._real_exit = real_exit

    def dump(self, title: str = "") -> None:
        """Write all threads' stacks now."""
        try:
            self._file.write(title.encode("utf-8", "replace"))
            faulthandler.dump_traceback(self._file, all_threads=True)
        except (OSError, ValueError):
            return

    def leave(self, status: int) -> NoReturn:
        """End the process without a stack: it ends as it should."""
        _flush()
        self._real_exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        _try_flush(stream)


def _try_flush(stream: Any) -> None:
    try:
        stream.flush()
    except Exception:  # a suite may have put anything there
        return


def answer_stack_signal(path: str) -> None:
    """Let STACK_SIGNAL write this process's stacks to `path` (the zygote while it loads)."""
    file = open(path, "wb", buffering=0)  # noqa: SIM115  # open as long as the process
    faulthandler.enable(file, all_threads=True)
    if STACK_SIGNAL and hasattr(faulthandler, "register"):
        faulthandler.register(STACK_SIGNAL, file, all_threads=True, chain=False)
    _kept.append(file)


_kept: list[Any] = []
