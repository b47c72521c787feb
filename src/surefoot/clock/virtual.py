"""Virtual time: a scenario's threads share a clock that jumps when all of them wait.

    with virtual_time():
        service.start()                      # its threads take part
        time.sleep(3600)                     # returns at once, an hour later

The contract: **never a cap, never a guess**. Time jumps to the next deadline only when every
thread of the scenario is in a wait that this process can see, and nothing outside of them can end
it. It stands still while they run. It flows one to one with real time while anything waits for
what cannot be seen (`unseen.py`), or a running thread is blocked elsewhere (`stall.py`), or the
user says so (`real_time`). When all wait and nothing has a deadline, that is a deadlock: the
thread that entered gets `DeadlockError` with every thread's stack.

Threads that existed before live in real time.
"""

import contextlib
import threading
from collections.abc import Iterator

from surefoot.clock.stall import StallWatch
from surefoot.clock.unseen import CHILD, Unseen
from surefoot.modelled import Core, Member, modelled, real
from surefoot.modelled.core import LIVE, NANO, NATIVES
from surefoot.modelled.mutex import MUTEX

_STANDING = 0.005
"""Seconds between looks at running threads."""
_FLOWING = 0.001
PINNED = "real_time() was asked for"


class DeadlockError(RuntimeError):
    """Every thread of the scenario waits, and nothing can end any of the waits.

    Common causes: two threads that each hold what the other wants; an event, item or
    notification that nobody sends any more. The message has every thread's stack.
    """


class VirtualClock:
    """What `virtual_time()` gives: how time went so far, and the policy that makes it go."""

    switching = False

    def __init__(self, apart: tuple[str, ...] = ()) -> None:
        self._apart = apart
        self.flows: dict[str, int] = {}
        """Nanoseconds of real time that passed in virtual time, by why."""
        self.outlived: list[str] = []
        """Names of the threads that had not ended when virtual time was left."""
        self._core: Core | None = None
        self._reason = ""
        self._pins = 0
        self._bell = real.allocate_lock()
        self._bell.acquire()
        self._began = real.allocate_lock()
        self._began.acquire()
        self._stall = StallWatch()
        self._unseen: Unseen | None = None

    # -- what it tells

    @property
    def jumped(self) -> float:
        """Seconds that were skipped."""
        return 0.0 if self._core is None else self._core.jumped / self._core.scale

    @property
    def flowed(self) -> float:
        """Seconds that passed in real time, because of what could not be seen."""
        return sum(self.flows.values()) / NANO - self.pinned

    @property
    def pinned(self) -> float:
        """Seconds that passed in real time, for a living child process or `real_time()`."""
        return (self.flows.get(CHILD, 0) + self.flows.get(PINNED, 0)) / NANO

    def summary(self) -> str:
        """Return the account in a line: seconds jumped, flowed and pinned, and why."""
        text = f"jumped {self.jumped:.3f} s, flowed {self.flowed:.3f} s, pinned {self.pinned:.3f} s"
        ordered = sorted(self.flows.items(), key=lambda item: -item[1])
        told = [f"{reason}: {flowed / NANO:.3f} s" for reason, flowed in ordered[:3]]
        if len(ordered) > 3:
            rest = sum(flowed for _, flowed in ordered[3:])
            told.append(f"{len(ordered) - 3} other reasons: {rest / NANO:.3f} s")
        if self.outlived:
            told.append(f"outlived by {', '.join(self.outlived)}")
        return f"{text} ({'; '.join(told)})" if told else text

    # -- the policy

    def ready(self, core: Core, member: Member) -> None:
        """Every thread that can run, runs; time stands while it does."""
        if core.flowing_since is not None and not self._pins:
            self._stand(core)
        core.let_run(member)

    def switch(self, core: Core, member: Member, point: str) -> None:
        """Never asked: nobody is held back."""

    def stopped(self, core: Core, member: Member) -> None:
        """Let time go where nobody runs."""
        del member
        if core.running == 0:
            self._settle(core)
        elif core.flowing_since is None:
            reason = self._stall.known_to_wait(core)
            if reason:
                self._flow(core, reason)

    def _settle(self, core: Core) -> None:
        """Nobody runs: find who can go on, or let time go. Under the mutex."""
        if core.wake_ready_descriptors():
            return
        if core.flowing_since is not None:
            core.fire_due()
            if core.running:
                return
        assert self._unseen is not None
        reason = PINNED if self._pins else self._unseen.reason(core)
        if reason:
            self._flow(core, reason)
            return
        self._stand(core)
        if core.fire_next():
            return
        if core.first in core.blocked:
            core.fail(
                core.first,
                DeadlockError(
                    "deadlock: every thread waits, and nothing can end a wait\n" + core.stacks()
                ),
            )

    def _flow(self, core: Core, reason: str) -> None:
        if core.flowing_since is not None and reason != self._reason:
            self._stand(core)
        self._reason = reason
        if core.flowing_since is None:
            core.flow()
            with contextlib.suppress(RuntimeError):  # rung already
                self._bell.release()

    def _stand(self, core: Core) -> None:
        flowed = core.stand()
        if flowed:
            self.flows[self._reason] = self.flows.get(self._reason, 0) + flowed

    # -- the ticker, a thread of ours

    def _tick(self) -> None:
        NATIVES.add(threading.get_native_id())
        self._began.release()
        pause = _STANDING
        while True:
            self._bell.acquire(True, pause)
            with MUTEX:
                core = self._core
                if core is None:
                    continue
                if core.closed:
                    return
                pause = self._look(core)

    def _look(self, core: Core) -> float:
        """Let time go as it must; return the seconds to the next look. Under the mutex."""
        if core.running == 0:
            self._settle(core)
        if core.running:
            reason = PINNED if self._pins else self._stall.all_wait(core)
            if reason:
                self._flow(core, reason)
            else:
                self._stand(core)
        if core.flowing_since is None:
            return _STANDING
        left = core.fire_due()
        return _FLOWING if left is None else max(0.0, min(_FLOWING, left))

    # -- coming and going

    def _start(self) -> None:
        real.start_new_thread(self._tick, ())
        self._began.acquire()
        self._unseen = Unseen(1, self._apart)

    def _stop(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._bell.release()
        self._stall.close()
        if self._unseen is not None:
            self._unseen.close()

    @contextlib.contextmanager
    def _pin(self, core: Core) -> Iterator[None]:
        with MUTEX:
            self._pins += 1
            self._flow(core, PINNED)
        try:
            yield
        finally:
            with MUTEX:
                self._pins -= 1
                if not self._pins:
                    self._stand(core)


@contextlib.contextmanager
def virtual_time(apart: tuple[str, ...] = ()) -> Iterator[VirtualClock]:
    """Run the block in virtual time; the caller and all threads it starts take part.

    `apart` are names, with wildcards, of threads from before that can act by themselves and yet
    have nothing to do with what the block does: while others like them live, time only flows.
    The clocks go on from where they are. Threads that outlive the block go on in real time by the
    clock that they know. Raises surefoot.modelled.ModelledError (a sentence) where it is on
    already, or where this Python does not allow it; DeadlockError comes out of the wait of the
    caller.
    """
    clock = VirtualClock(apart)
    with contextlib.ExitStack() as stack:
        # After the core is closed: until then the ticker may look, and open files of threads.
        stack.callback(clock._stop)
        core = stack.enter_context(modelled(clock))
        clock._core = core
        clock._start()
        try:
            yield clock
        finally:
            with MUTEX:
                clock._stand(core)
                clock.outlived = [m.name for m in core.members if m is not core.first]


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """Within virtual time, let time flow one to one while the block runs.

    For what virtual time cannot know to be outside, such as a service in another container that
    the block polls. Outside of virtual time it does nothing.
    """
    core = next(iter(LIVE), None)
    if core is None or not isinstance(core.policy, VirtualClock):
        yield
        return
    with core.policy._pin(core):
        yield
