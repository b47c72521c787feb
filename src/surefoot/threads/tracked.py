"""Locks that know who holds them.

A `threading.Lock` has no owner. A guard puts a `TrackedLock` in its place, around the same
lock: it excludes as before, whoever still has the bare lock included, and notes who took it
and where. It may not change what a lock does, so each method calls the bare one's.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

from surefoot.threads import stacks
from surefoot.threads.stacks import Stack


class Taken:
    """When the lock was last taken: by whom, and from where."""

    __slots__ = ("ident", "stack", "thread")

    def __init__(self, ident: int, thread: str, stack: Stack) -> None:
        self.ident = ident
        self.thread = thread
        self.stack = stack


class TrackedLock:
    """A `threading.Lock`, or what behaves like one, that notes its holder."""

    __slots__ = ("__weakref__", "_held", "bare", "last")

    def __init__(self, bare: Any) -> None:
        self.bare = bare
        self.last: Taken | None = None
        self._held: int | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire the bare lock."""
        got = bool(self.bare.acquire(blocking, timeout))
        if got:
            self._note(sys._getframe(1))
        return got

    def release(self) -> None:
        """Release the bare lock."""
        # Before the release: afterwards the next holder may have noted itself.
        held, self._held = self._held, None
        try:
            self.bare.release()
        except BaseException:
            self._held = held
            raise

    def __enter__(self) -> bool:
        self.bare.acquire()
        self._note(sys._getframe(1))
        return True

    def __exit__(self, *_: object) -> None:
        self.release()

    def locked(self) -> bool:
        """Tell whether anybody holds it."""
        return bool(self.bare.locked())

    def held_by_me(self) -> bool | None:
        """Tell whether this thread holds it; None when somebody does whom nobody saw.

        A reference to the bare lock that was taken before the guard can acquire it unseen.
        """
        held = self._held
        if held is not None:
            return held == threading.get_ident()
        return None if self.locked() else False

    def holder(self) -> Taken | None:
        """Return who holds it now, where that is known."""
        last = self.last
        return last if last is not None and self._held == last.ident else None

    def _note(self, frame: Any) -> None:
        ident = threading.get_ident()
        self._held = ident
        self.last = Taken(ident, stacks.thread_name(ident), stacks.take(frame))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    def __repr__(self) -> str:
        return f"<tracked {self.bare!r}>"


class TrackedRLock(TrackedLock):
    """A `threading.RLock` that notes its holder. The bare lock itself knows its owner."""

    __slots__ = ()

    def release(self) -> None:
        """Release the bare lock once."""
        self.bare.release()
        self._forget()

    def held_by_me(self) -> bool | None:
        """Tell whether this thread holds it; the bare lock knows."""
        return bool(self.bare._is_owned())

    def _forget(self) -> None:
        # If another thread takes the lock meanwhile, its note may be lost: then a report says
        # who took the lock last, but not that it still holds it.
        if self._held == threading.get_ident() and not self.bare._is_owned():
            self._held = None

    # For `threading.Condition`, which gives up all levels of the lock while it waits.

    def _is_owned(self) -> bool:
        return bool(self.bare._is_owned())

    def _release_save(self) -> Any:
        state = self.bare._release_save()
        self._forget()
        return state

    def _acquire_restore(self, state: Any) -> None:
        self.bare._acquire_restore(state)
        self._note(sys._getframe(1))


def track(lock: Any) -> Any:
    """Return the lock with its holder noted. A condition is left as it is: it tells by itself."""
    if isinstance(lock, TrackedLock | threading.Condition):
        return lock
    return TrackedRLock(lock) if hasattr(lock, "_is_owned") else TrackedLock(lock)


def held_by_me(lock: Any) -> bool | None:
    """Tell whether this thread holds a tracked lock or a condition; None when nobody knows."""
    if isinstance(lock, TrackedLock):
        return lock.held_by_me()
    owned: Callable[[], bool] = lock._is_owned
    inner = getattr(lock, "_lock", None)
    if isinstance(inner, TrackedLock):
        return inner.held_by_me()
    if hasattr(inner, "_is_owned"):
        return bool(owned())
    # A condition over a plain lock: it can only tell that somebody holds it.
    return None if owned() else False


def why_no_lock(value: Any) -> str:
    """Return what is wrong with a value that is to be a lock; empty if it is one."""
    import asyncio

    if isinstance(value, asyncio.Lock | asyncio.Condition):
        return "it is a lock of asyncio, which orders tasks and not threads"
    for name in ("acquire", "release", "__enter__", "__exit__"):
        if not callable(getattr(value, name, None)):
            return f"it is {_article(type(value).__name__)}, which has no {name}()"
    if isinstance(value, threading.Condition | TrackedLock) or hasattr(value, "_is_owned"):
        return ""
    if isinstance(value, threading.Semaphore):
        return "it is a semaphore, which does not belong to the thread that holds it"
    if not callable(getattr(value, "locked", None)):
        return f"it is {_article(type(value).__name__)}, which has no locked()"
    return ""


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
