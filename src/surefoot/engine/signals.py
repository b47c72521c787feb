"""SIGINT, SIGTERM and SIGHUP as something that a selector can wait for."""

import contextlib
import signal
import socket
from types import FrameType, TracebackType
from typing import Any

_CAUGHT = tuple(
    int(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class SignalPipe:
    """While entered, the three signals do nothing but make the pipe readable."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._previous: dict[int, Any] = {}
        self._previous_descriptor = -1

    def fileno(self) -> int:
        """For selectors."""
        return self._reader.fileno()

    def __enter__(self) -> "SignalPipe":
        self._previous_descriptor = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )
        for number in _CAUGHT:
            self._previous[number] = signal.signal(number, _ignore)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._previous_descriptor)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def read(self) -> list[str]:
        """Return the names of the signals that came since the last call."""
        with contextlib.suppress(BlockingIOError):
            return [
                signal.Signals(number).name for number in self._reader.recv(64) if number in _CAUGHT
            ]
        return []


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has it already."""
