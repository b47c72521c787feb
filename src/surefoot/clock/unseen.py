"""Why virtual time may not jump although nobody in the scenario runs: what it cannot see.

A jump is right only if nothing but time and the scenario's own threads can end a wait. Asked
before each jump, in the order of cost; the first reason is told in the outcome.
"""

import sys
import threading
from typing import Any

from surefoot.clock import kernel
from surefoot.modelled import real
from surefoot.modelled.core import MEMBERS, Core

_SETTLE = 2_000_000
"""Nanoseconds that a thread from outside must have been still, before its stack is believed: one
that was woken waits for the interpreter's lock first, with the stack that it slept with."""

CHILD = "a child process is alive"


class Unseen:
    """What a scenario's threads may be waiting for, besides each other and time."""

    def __init__(self, own: frozenset[int]) -> None:
        """`own` are native ids of threads that are not the scenario's, yet known: surefoot's."""
        self._own = own
        self._watch = kernel.ThreadWatch()
        self._descriptors = kernel.Descriptors()
        self._parked: dict[int, tuple[Any, ...]] = {}
        self._turns: dict[int, int] = {}
        self._moved: dict[int, tuple[int, int]] = {}
        if kernel.THREADS:
            frames = _frames_by_native()
            for native in self._watch.natives() - own - {threading.get_native_id()}:
                self._turns[native] = self._watch.sample(native).turns
                self._parked[native] = frames.get(native, ())

    def reason(self, core: Core) -> str:
        """Return what can end a wait of the scenario from outside; empty if nothing can.

        Under the mutex, with `core.running` being 0.
        """
        if kernel.living_child():
            return CHILD
        if kernel.alarm_set():
            return "an alarm signal is to come"
        for member, wait in core.blocked.items():
            for fd in wait.descriptors:
                what = self._descriptors.outside(fd)
                if what:
                    return f"{member.name} waits for {what}"
            owner = 0 if wait.lock is None else wait.lock.owner
            if owner and owner not in MEMBERS and _alive(owner):
                return f"{member.name} waits for a lock that {_thread_name(owner)} holds"
        if core.stranger and any(wait.lock is not None for wait in core.blocked.values()):
            return f"{core.stranger}, which takes no part, uses the scenario's locks"
        return self._busy_stranger(core)

    def _busy_stranger(self, core: Core) -> str:
        """Return which thread from outside is at work, if one is."""
        if not kernel.THREADS:
            count = sum(1 for ident in sys._current_frames() if ident not in MEMBERS)
            return "there are threads from outside" if count > 1 else ""
        there = self._watch.natives()
        core.natives &= there
        busy = ""
        for native in there - self._own - core.natives:
            if self._works(native, core):
                busy = busy or _native_name(native)
        return f"{busy}, which takes no part, is at work" if busy else ""

    def _works(self, native: int, core: Core) -> bool:
        now = real.monotonic_ns()
        sample = self._watch.sample(native)
        if sample is kernel.GONE:
            self._turns.pop(native, None)
            self._moved.pop(native, None)
            return False
        if sample.runnable or self._turns.get(native) != sample.turns:
            self._turns[native] = sample.turns
            self._moved[native] = now, core.events
            return True
        moved = self._moved.get(native)
        if moved is None:
            return False  # as still as it was when the scenario began
        if now - moved[0] < _SETTLE or core.events != moved[1]:
            if core.events != moved[1]:
                self._moved[native] = now, core.events
            return True
        stack = _frames_by_native().get(native, ())
        if stack != self._parked.setdefault(native, ()):
            return True
        del self._moved[native]
        return False

    def close(self) -> None:
        """Give back what is open."""
        self._watch.close()


def _frames_by_native() -> dict[int, tuple[Any, ...]]:
    """Return where each Python thread stands, by native id."""
    natives = {thread.ident: thread.native_id for thread in _threads()}
    found: dict[int, tuple[Any, ...]] = {}
    for ident, frame in sys._current_frames().items():
        native = natives.get(ident)
        if native is None:
            continue
        stack = []
        walked: Any = frame
        while walked is not None:
            stack.append((walked.f_code, walked.f_lasti))
            walked = walked.f_back
        found[native] = tuple(stack)
    return found


def _threads() -> list[threading.Thread]:
    # Not threading.enumerate(): it takes a lock that a thread from outside may hold just now.
    return list(threading._active.values())  # type: ignore[attr-defined]


def _thread_name(ident: int) -> str:
    return next((t.name for t in _threads() if t.ident == ident), "a thread from outside")


def _native_name(native: int) -> str:
    return next((t.name for t in _threads() if t.native_id == native), "a thread of C code")


def _alive(ident: int) -> bool:
    return ident in sys._current_frames()
