"""A signal that is not lost while a command starts.

Python raises KeyboardInterrupt wherever it happens to be. Where that is a callback of a weak
reference, and the import system has some, it is printed and forgotten: the command then waits for
its suite as if nobody had asked it to end (seen as a load that went on for its whole deadline, once
on a busy machine). So it is remembered, and whoever waits asks again.
"""

import signal
from types import FrameType

_came: list[int] = []


def remember(number: int) -> None:
    """Remember this signal from now on, unless whoever started us has it ignored."""
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, _handle)


def came() -> bool:
    """Tell whether a signal came."""
    return bool(_came)


def raise_if_came() -> None:
    """Raise KeyboardInterrupt again if a signal came and nobody ended for it."""
    if _came:
        raise KeyboardInterrupt


def _handle(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
    raise KeyboardInterrupt
