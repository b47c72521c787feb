"""The one real lock below all modelled ones, and why nothing can come in between while it is held.

While it is held the collector is off: a finaliser that takes a modelled lock would wait for its own
thread. A signal handler that comes in leaves a note instead of waiting.
"""

import gc
from collections import deque
from collections.abc import Callable
from typing import Final

from surefoot.modelled import real


class Mutex:
    """The one lock below all modelled ones; real, and short."""

    def __init__(self) -> None:
        self._lock = real.allocate_lock()
        self._collecting = True
        self.owner = 0
        self.later: deque[Callable[[], None]] = deque()
        """What a signal handler wanted of the core while its own thread was inside."""

    def acquire(self) -> None:
        """Take it, and keep the collector from running."""
        self._lock.acquire()
        self._collecting = gc.isenabled()
        if self._collecting:
            gc.disable()
        self.owner = real.get_ident()

    def release(self) -> None:
        """Give it back."""
        self.owner = 0
        if self._collecting:
            gc.enable()
        self._lock.release()
        while self.later:
            try:
                call = self.later.popleft()
            except IndexError:
                return
            call()

    def mine(self) -> bool:
        """Whether this thread is inside: only in a signal handler can that be asked."""
        return self.owner == real.get_ident()

    def reset(self) -> None:
        """Be free; for a forked child."""
        if self.owner and self._collecting:
            gc.enable()
        self._lock = real.allocate_lock()
        self.owner = 0

    __enter__ = acquire

    def __exit__(self, *exc: object) -> None:
        self.release()


MUTEX: Final = Mutex()
