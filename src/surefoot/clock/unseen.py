"""Why virtual time may not jump although nobody in the scenario runs: what it cannot see.

A jump is right only if nothing but time and the scenario's own threads can end a wait. Asked
before each jump, in the order of cost; the first reason is told in the outcome.

Threads from before the scenario live in real time, and what they do may be what the scenario
waits or polls for. The one kind that cannot act by itself is one that sleeps in the kernel until
another thread of this process wakes it; while there are others, time flows.
"""

import fnmatch
import threading

from surefoot.clock import kernel
from surefoot.modelled import real
from surefoot.modelled.core import NATIVES, Core

CHILD = "a child process is alive"
ALARM = "an alarm signal is to come"
_HANDLING = 30_000_000
"""Nanoseconds in which a signal's handler begins."""


class Unseen:
    """What a scenario's threads may be waiting for, besides each other and time."""

    def __init__(self, own: int, apart: tuple[str, ...]) -> None:
        """Watch this process.

        `own` is how many threads of surefoot's there are; their ids are in NATIVES. `apart` are
        names, with wildcards, of threads from before that the user says never touch the scenario;
        those of threads that Python does not know begin with `C:`.
        """
        self._own = own
        self._apart = apart
        self._ignored: set[int] = set()
        self._watch = kernel.ThreadWatch()
        self._descriptors = kernel.Descriptors()
        self._strangers: set[int] = set()
        self._signal: tuple[int, str] | None = None

    def reason(self, core: Core) -> str:
        """Return what can end a wait of the scenario from outside; empty if nothing can.

        Under the mutex, with `core.running` being 0.
        """
        outside = self._signals(core)
        if outside:
            return outside
        for member in core.selecting:
            wait = member.wait
            for fd in () if wait is None else wait.descriptors:
                what = self._descriptors.outside(fd)
                if what:
                    return f"{member.name} waits for {what}"
        return self._stranger(core)

    def _signals(self, core: Core) -> str:
        """Return what will send a signal, or has just done so.

        The kernel forgets an alarm, and a child, when it sends the signal; the thread that runs
        the handler comes to it a little later.
        """
        now = real.monotonic_ns()
        reason = CHILD if kernel.living_child() else ALARM if kernel.alarm_set() else ""
        if reason:
            self._signal = now, reason
        elif self._signal is not None:
            since, reason = self._signal
            if now - since > _HANDLING and not self._watch.sample(core.first.native).runnable:
                self._signal = None
                return ""
        return reason

    def _stranger(self, core: Core) -> str:
        """Return which thread from outside can act by itself, if one can."""
        if not kernel.THREADS:
            known = {member.ident for member in core.members}
            others = [t for t in _threads() if t.ident not in known and not self._is_apart(t.name)]
            return f"{others[0].name} is from before" if others else ""
        # As many as are known, and those known are there: there is no other.
        known_count = len(self._strangers) + len(self._ignored) + self._own + len(core.members)
        if self._watch.count() != known_count:
            there = kernel.threads()
            NATIVES.intersection_update(there)
            self._strangers = set(there - NATIVES)
            self._ignored = {native for native in self._strangers if self._is_apart(_name(native))}
            self._strangers -= self._ignored
        before: dict[int, int] = {}
        for native in self._strangers:
            if not self._watch.asleep_until_woken(native):
                return f"{_name(native)}, which is from before, can act by itself"
            before[native] = self._watch.sample(native).turns
        if len(before) > 1:
            # One may have woken another after that was looked at, and gone to sleep itself.
            for native, turns in before.items():
                asleep = self._watch.asleep_until_woken(native)
                if not asleep or self._watch.sample(native).turns != turns:
                    return f"{_name(native)}, which is from before, was at work"
        return ""

    def _is_apart(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self._apart)

    def close(self) -> None:
        """Give back what is open."""
        self._watch.close()


def _threads() -> list[threading.Thread]:
    # Not threading.enumerate(): it takes a lock that a thread from outside may hold just now.
    return list(threading._active.values())  # type: ignore[attr-defined]


def _name(native: int) -> str:
    """Return a thread's name; of one that Python does not know, `C:` and the kernel's name."""
    for thread in _threads():
        if thread.native_id == native:
            return thread.name
    return f"C:{kernel.command(native)}"
