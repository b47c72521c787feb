"""Tests, on the Python that runs, that each patch holds; about a millisecond, once a process.

A patch that silently does nothing (a name that a new Python moved) would leave real locks and
real sleeps in place: waits that nobody sees. So virtual time and exploration refuse to run then.
"""

import datetime
import queue
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from surefoot.modelled import patches, real
from surefoot.modelled.core import MEMBERS, NANO, Core, Member
from surefoot.modelled.lock import ModelledLock
from surefoot.modelled.mutex import MUTEX

_LEAVE = 5.0
"""Seconds that threads have to leave."""


class JumpAtOnce:
    """The simplest policy: time jumps whenever nobody runs."""

    switching = False

    def ready(self, core: Core, member: Member) -> None:
        """Let it go."""
        core.let_run(member)

    def stopped(self, core: Core, member: Member) -> None:
        """Jump, or end the hopeless wait of the first member."""
        del member
        if core.running or core.wake_ready_descriptors() or core.fire_next():
            return
        if core.first in core.blocked:
            core.fail(core.first, RuntimeError("nothing can go on"))

    def switch(self, core: Core, member: Member, point: str) -> None:
        """Never asked."""


def run(session: Callable[[Any], AbstractContextManager[Core]]) -> str:
    """Return a sentence about the first patch that does not hold; empty when all do."""
    failed = ""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return _sentence("what locks rest on", "this is a build without the global lock")
    try:
        with session(JumpAtOnce()) as core:
            for name, check in CHECKS:
                failed = name
                problem = check(core)
                if problem:
                    return _sentence(name, problem)
    except Exception as error:  # whatever it is, the patch does not hold
        return _sentence(failed or "entering", f"{type(error).__name__}: {error}")
    _await_stragglers()
    for function, what in ((time.sleep, "time.sleep"), (time.monotonic, "time.monotonic")):
        if getattr(function, "__module__", "").startswith("surefoot"):
            return _sentence(what, "it was not put back")
    return ""


def _await_stragglers() -> None:
    """Wait for the checks' threads: they have ended for who joined them, and are yet to leave.

    The last of them puts the patches away.
    """
    end = real.monotonic() + _LEAVE
    while (MEMBERS or patches.PATCHES.installed) and real.monotonic() < end:
        real.sleep(0.001)


def _sentence(name: str, problem: str) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"virtual time and schedule exploration cannot be used on this Python ({version}):"
        f" {name} does not hold ({problem}); take the tag or the call out, or use another Python"
    )


def _moved(core: Core, seconds: float, act: Callable[[], Any]) -> str:
    """Return what is wrong unless `act` takes that much logical time, and no real time."""
    before = core.now_ns()
    act()
    took = core.now_ns() - before
    return "" if took == round(seconds * NANO) else f"it took {took / NANO} s, not {seconds} s"


def _clocks(core: Core) -> str:
    # Lengths stay short throughout: where a patch does not hold, they are waited for.
    problem = _moved(core, 0.03125, lambda: time.sleep(0.03125))
    if problem:
        return problem
    reads: list[tuple[str, Callable[[], float]]] = [
        ("time.monotonic", time.monotonic),
        ("time.perf_counter", time.perf_counter),
        ("time.time", time.time),
        ("time.monotonic_ns", lambda: time.monotonic_ns() / NANO),
        ("time.perf_counter_ns", lambda: time.perf_counter_ns() / NANO),
        ("time.time_ns", lambda: time.time_ns() / NANO),
        ("datetime.now", lambda: datetime.datetime.now(datetime.UTC).timestamp()),
        ("date.today", lambda: datetime.date.today().toordinal() * 86400.0),  # noqa: DTZ011
    ]
    before = [read() for _, read in reads]
    with MUTEX:
        core.step(864000 << core.bits)
    for (name, read), first in zip(reads, before, strict=True):
        if abs(read() - first - 864000) > 1e-3:
            return f"{name} did not follow"
    return ""


def _thread(core: Core) -> str:
    seen: list[int] = []

    def nap() -> None:
        time.sleep(0.25)
        seen.append(core.now_ns())

    thread = threading.Thread(target=nap)
    before = core.now_ns()
    thread.start()
    if len(core.members) != 2:
        return "a started thread was not booked"
    thread.join(0.125)
    if core.now_ns() - before != NANO // 8 or not thread.is_alive():
        return "join with a time-out did not wait for it"
    thread.join()
    return "" if seen == [before + NANO // 4] else "a sleeping thread woke at another time"


def _locks(core: Core) -> str:
    kinds: list[tuple[str, Any]] = [
        ("threading.Lock", threading.Lock()),
        ("threading.RLock", getattr(threading.RLock(), "_block", None)),
        ("threading.Condition", getattr(threading.Condition()._lock, "_block", None)),  # type: ignore[attr-defined]
    ]
    for name, lock in kinds:
        if not isinstance(lock, ModelledLock):
            return f"{name} made a lock that is not modelled"
    lock = threading.Lock()
    lock.acquire()
    return (
        _moved(core, 0.5, lambda: lock.acquire(timeout=0.5))
        or _moved(core, 1.5, lambda: threading.Event().wait(1.5))
        or _moved(core, 2.5, lambda: threading.Semaphore(0).acquire(timeout=2.5))
    )


def _queues(core: Core) -> str:
    def empty(kind: Any) -> None:
        try:
            kind.get(timeout=1.25)
        except queue.Empty:
            return
        raise AssertionError("an empty queue gave something")

    simple = queue.SimpleQueue[int]()
    return _moved(core, 1.25, lambda: empty(queue.Queue())) or _moved(
        core, 1.25, lambda: empty(simple)
    )


def _descriptors(core: Core) -> str:
    near, far = socket.socketpair()
    with near, far, selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ)
        problem = _moved(core, 0.75, lambda: selector.select(0.75))
        if problem:
            return problem
        timer = threading.Timer(0.25, lambda: far.send(b"!"))
        timer.start()
        problem = _moved(core, 0.25, lambda: selector.select(9))
        timer.join()
        return problem or ("" if selector.select(0) else "what was sent did not arrive")


def _strangers(core: Core) -> str:
    """Threads that take no part must see the real clock."""
    seen: list[float] = []
    # Threads of the checks before may be about to end.
    before = len(core.members)
    done = real.allocate_lock()
    done.acquire()

    def look() -> None:
        seen.append(time.monotonic())
        done.release()

    real.start_new_thread(look, ())
    done.acquire()
    if abs(seen[0] - real.monotonic()) > 60:
        return "a thread from outside saw the scenario's clock"
    return "" if len(core.members) <= before else "a thread from outside takes part"


CHECKS: tuple[tuple[str, Callable[[Core], str]], ...] = (
    ("the replacement of clocks and time.sleep", _clocks),
    ("the replacement of locks", _locks),
    ("the replacement of threads", _thread),
    ("the replacement of queues", _queues),
    ("the replacement of selectors", _descriptors),
    ("leaving other threads alone", _strangers),
)
