"""The threads of one scenario, what each waits for, and their logical time.

A `Core` knows every thread that takes part (a `Member`): the thread that made it and all that
members start. A member runs, is ready, is blocked in a modelled wait, or has ended. Guarantees:

1. **The waker books the wake-up.** Whoever makes a blocked thread able to go on moves it out of
   `blocked` under the mutex, before it can itself block. A new thread is booked by its parent
   before it exists. So `running == 0` means that nobody runs, without any settling time.
2. **Time moves in `fire_next` and `flow` only.** Timers go off one at a time, by deadline, then in
   the order in which the waits began.
3. **A wait ends for one reason**, the first; a lock granted to a wait that was interrupted is
   given back.
4. **Logical time is in ticks that floats hold exactly**: 2**-30 s, or as much coarser as an uptime
   of months needs. A wait ends at the first tick at or after its deadline. So, as in real life,
   `time.monotonic() - start >= seconds` after `time.sleep(seconds)`: with whole nanoseconds the
   difference of two roundings makes it false every other time, and loops that wait again for a
   remainder of 1e-13 s never end. The float wall clock has ticks of 2**-22 s; it rounds each step
   up, and so leads by 0.1 microseconds a jump.

A thread that is in anything else (a C call, a file, a lock made elsewhere) counts as running.
The mutex is held for a few microseconds, with the garbage collector off: a finaliser that takes a
modelled lock on a thread that holds the mutex would wait for itself.
"""

import heapq
import itertools
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Final

from surefoot.modelled import real
from surefoot.modelled.mutex import MUTEX
from surefoot.modelled.policy import Policy

GRANTED: Final = "granted"
TIMEOUT: Final = "timeout"
READY: Final = "ready"
"""A file descriptor that was waited for is ready."""
LEFT: Final = "left"
"""The core was closed meanwhile; the wait goes on in real time."""
FAILED: Final = "failed"
INTERRUPTED: Final = "interrupted"

NANO: Final = 1_000_000_000
WALL_BITS: Final = 22
_WALL_SCALE = float(1 << WALL_BITS)


def _ticks(nanoseconds: int, bits: int) -> int:
    """Return nanoseconds as ticks of 2**-bits s, rounded up."""
    return -((-nanoseconds << bits) // NANO)


MEMBERS: Final[dict[int, "Member"]] = {}
"""Every thread that takes part in a core, by its ident."""

NATIVES: Final[set[int]] = set()
"""Native ids of all threads that took part in any core, and of surefoot's own beside one: when such
a thread has ended, the kernel shows it a little longer. Who outlived a core is not among them."""
LIVE: Final[list["Core"]] = []
"""The core that is open in this process; at most one."""


class Wait:
    """What a member is blocked in."""

    __slots__ = ("deadline", "descriptors", "kind", "lock", "poll", "what")

    def __init__(
        self,
        kind: str,
        deadline: int | None = None,
        *,
        lock: Any = None,
        what: str = "",
        poll: Callable[[float | None], bool] | None = None,
        descriptors: tuple[int, ...] = (),
    ) -> None:
        self.kind = kind
        """"sleep", "lock", "join", "select" or "turn"."""
        self.deadline = deadline
        """In ticks of the core; None for ever."""
        self.lock = lock
        self.what = what
        self.poll = poll
        """Asks the kernel whether a descriptor is ready: 0 at once, None until one is."""
        self.descriptors = descriptors


class Member:
    """A thread that takes part."""

    __slots__ = (
        "core",
        "ended",
        "error",
        "gate",
        "ident",
        "looks",
        "moves",
        "name",
        "native",
        "notes",
        "number",
        "outcome",
        "poke",
        "thread",
        "wait",
    )

    def __init__(self, core: "Core", number: int, name: str) -> None:
        self.core = core
        self.number = number
        """In the order of being started; the first member is 0."""
        self.name = name
        self.ident = 0
        self.native = 0
        self.thread: Any = None
        """The `threading.Thread`, where there is one."""
        self.gate = real.allocate_lock()
        self.gate.acquire()
        self.wait: Wait | None = None
        self.outcome = ""
        self.error: BaseException | None = None
        self.ended = False
        self.moves = 0
        """How often it has blocked."""
        self.looks = 0
        """Clock reads and waits of no length since it last blocked."""
        self.poke: Any = None
        """Ends its wait in the kernel (`selecting.Poke`); None until it has had one."""
        self.notes: Any = None
        """For the policy."""

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Core:
    """Threads, waits and time of one scenario."""

    def __init__(self, policy: Policy, *, start: int = 0, wall: int = 0) -> None:
        """Make the calling thread member 0, running.

        `start` is what the monotonic clocks say first, `wall` what is added to it for wall-clock
        time; both in nanoseconds.
        """
        self.policy = policy
        # 52 bits of a float's 53, with room for some days to be jumped.
        self.bits = min(30, 52 - (start // NANO + 200_000).bit_length())
        """A tick is 2**-bits seconds."""
        self.scale = float(1 << self.bits)
        """Ticks in a second."""
        self._clock: tuple[int, int, int | None] = (
            _ticks(start, self.bits),
            _ticks(start + wall, WALL_BITS),
            None,
        )
        """Both clocks in their ticks, and the real nanoseconds since when they flow, or None.
        One value, so that a thread that reads while another moves time sees before or after."""
        self.running = 0
        self.ready: list[Member] = []
        self.blocked: dict[Member, Wait] = {}
        """In the order in which the waits began."""
        self.selecting: list[Member] = []
        """Those of them that wait for descriptors."""
        self.members: list[Member] = []
        """Those that have not ended."""
        self.closed = False
        self.after_last: Callable[[], None] | None = None
        """Called by the last of those that outlived the core, when it ends."""
        self.events = 0
        """Waits begun and ended so far."""
        self.jumped = 0
        """Ticks that `fire_next` skipped."""
        self._timers: list[tuple[int, int, Member, Wait]] = []
        self._order = itertools.count()
        self._numbers = itertools.count()
        self.first = self.book("", None)
        self.first.gate.acquire(False)
        self.adopt(self.first)
        if self.first in self.ready:
            self.ready.remove(self.first)
            self.running += 1
        LIVE.append(self)

    # -- time

    @property
    def now(self) -> int:
        """Ticks of the monotonic clocks; where time flows, when that began."""
        return self._clock[0]

    @property
    def flowing_since(self) -> int | None:
        """Real monotonic nanoseconds since when time flows one to one; None while it stands."""
        return self._clock[2]

    def _read(self) -> tuple[int, int]:
        """Return both clocks, in their ticks."""
        now, wall, since = self._clock
        if since is None:
            return now, wall
        if not MUTEX.mine():
            # Time could be made to stand between the two reads: then it would run backwards.
            with MUTEX:
                return self._read()
        flowed = real.monotonic_ns() - since
        return now + _ticks(flowed, self.bits), wall + _ticks(flowed, WALL_BITS)

    def ticks(self) -> int:
        """Return the logical monotonic time in ticks."""
        return self._read()[0]

    def seconds(self) -> float:
        """Return the logical monotonic time in seconds, exactly."""
        return self.ticks() / self.scale

    def now_ns(self) -> int:
        """Return the logical monotonic time in nanoseconds."""
        return self.ticks() * NANO >> self.bits

    def wall_seconds(self) -> float:
        """Return the logical wall-clock time in seconds since the epoch, exactly."""
        return self._read()[1] / _WALL_SCALE

    def wall_ns(self) -> int:
        """Return the logical wall-clock time in nanoseconds since the epoch."""
        return self._read()[1] * NANO >> WALL_BITS

    def step(self, ticks: int) -> None:
        """Move both clocks forward; under the mutex."""
        now, wall, since = self._clock
        self._clock = now + ticks, wall - (-ticks >> (self.bits - WALL_BITS)), since

    def flow(self) -> None:
        """Let time flow one to one from now on; under the mutex."""
        now, wall, since = self._clock
        if since is None:
            self._clock = now, wall, real.monotonic_ns()

    def stand(self) -> int:
        """Let time stand; return the nanoseconds that it flowed. Under the mutex."""
        now, wall, since = self._clock
        if since is None:
            return 0
        flowed = real.monotonic_ns() - since
        self._clock = now + _ticks(flowed, self.bits), wall + _ticks(flowed, WALL_BITS), None
        return flowed

    def deadline_in(self, seconds: float) -> int | None:
        """Return the deadline, in ticks, of a wait of that length; None for one of no length."""
        if seconds <= 0:
            return None
        length = seconds << self.bits if isinstance(seconds, int) else seconds * self.scale
        return self.ticks() + math.ceil(length)

    def left_until(self, deadline: int) -> float:
        """Return the seconds until a deadline, 0 when it has passed."""
        return max(0, deadline - self.ticks()) / self.scale

    # -- threads

    def book(self, name: str, thread: Any) -> Member:
        """Book a thread that is about to be started; the policy hears that it is ready."""
        with MUTEX:
            member = Member(self, next(self._numbers), name)
            member.thread = thread
            if not name:
                member.name = f"thread {member.number}"
            self.members.append(member)
            self.events += 1
            self.ready.append(member)
            self.policy.ready(self, member)
        return member

    def unbook(self, member: Member) -> None:
        """Take back a booking: the thread could not be started."""
        with MUTEX:
            self._end(member)

    def adopt(self, member: Member) -> None:
        """Make the calling thread the booked member."""
        member.ident = real.get_ident()
        member.native = threading.get_native_id()
        if member.thread is None and member.number == 0:
            member.name = threading.current_thread().name
        NATIVES.add(member.native)
        MEMBERS[member.ident] = member

    def end(self, member: Member) -> None:
        """The calling member ends."""
        MEMBERS.pop(member.ident, None)
        with MUTEX:
            self._end(member)
        if member.poke is not None:
            member.poke.close()
            member.poke = None
        if self.closed and not MEMBERS and self.after_last is not None:
            self.after_last()

    def _end(self, member: Member) -> None:
        member.ended = True
        self.members.remove(member)
        self.events += 1
        if member in self.ready:
            self.ready.remove(member)
        else:
            self.running -= 1
        if not self.closed:
            self.policy.stopped(self, member)

    def let_run(self, member: Member) -> None:
        """Let a ready member go on; under the mutex."""
        self.ready.remove(member)
        self.running += 1
        member.gate.release()

    def pause(self, member: Member, pick: Callable[[list[Member]], Member]) -> None:
        """Let `pick` choose among the ready ones and the running caller; wait for the turn.

        For policies that let one thread run at a time. `pick` is called under the mutex.
        """
        with MUTEX:
            chosen = pick([*self.ready, member])
            if chosen is member:
                return
            self.running -= 1
            self.ready.append(member)
            self.let_run(chosen)
        member.gate.acquire()
        self._raise(member)

    # -- waiting

    def block(self, member: Member, wait: Wait) -> str:
        """Block the calling member; called under the mutex, returns outside of it.

        Returns GRANTED, TIMEOUT, READY or LEFT; raises what `fail` was given.
        """
        member.wait = wait
        member.moves += 1
        member.looks = 0
        self.events += 1
        self.blocked[member] = wait
        if wait.poll is not None:
            self.selecting.append(member)
        if wait.deadline is not None:
            heapq.heappush(self._timers, (wait.deadline, next(self._order), member, wait))
        self.running -= 1
        try:
            self.policy.stopped(self, member)
        except BaseException:  # such as the KeyboardInterrupt of a signal handler
            if member.wait is wait:
                self.wake(member, INTERRUPTED)
            if member in self.ready:
                self.let_run(member)
            member.gate.acquire(False)
            MUTEX.release()
            raise
        MUTEX.release()
        try:
            if wait.poll is not None:
                self._await_kernel(member, wait)
            member.gate.acquire()
        except BaseException:
            self._interrupted(member, wait)
            raise
        self._raise(member)
        return member.outcome

    def _await_kernel(self, member: Member, wait: Wait) -> None:
        assert wait.poll is not None
        while member.wait is wait:
            wait.poll(None)
            with MUTEX:
                # Who poked has woken it already; else the kernel did.
                if member.wait is wait and wait.poll(0):
                    self.wake(member, READY)

    def _interrupted(self, member: Member, wait: Wait) -> None:
        """A signal handler raised while the member was blocked: it runs, whatever comes."""
        with MUTEX:
            if member.wait is wait:
                self.wake(member, INTERRUPTED)
            granted = member.outcome == GRANTED
            if member in self.ready:
                self.let_run(member)
            member.gate.acquire(False)
        if granted and wait.lock is not None:
            wait.lock.release()

    def _raise(self, member: Member) -> None:
        if member.error is not None:
            error, member.error = member.error, None
            raise error

    def wake(self, member: Member, outcome: str) -> None:
        """End a member's wait; under the mutex."""
        wait = member.wait
        assert wait is not None, "only a blocked member can be woken"
        member.wait = None
        member.outcome = outcome
        del self.blocked[member]
        self.events += 1
        if outcome != GRANTED and wait.lock is not None:
            wait.lock.forget(member)
        if wait.poll is not None:
            self.selecting.remove(member)
            if member.ident != real.get_ident():
                # Also when a descriptor is ready: another thread may have taken what was there.
                member.poke.pull()
        self.ready.append(member)
        self.policy.ready(self, member)

    def fail(self, member: Member, error: BaseException) -> None:
        """Make a blocked or ready member raise when it goes on; under the mutex."""
        member.error = error
        if member.wait is not None:
            self.wake(member, FAILED)

    def fire_next(self) -> bool:
        """Move time to the earliest deadline and end that one wait; False if there is none.

        Under the mutex.
        """
        timer = self._next_timer()
        if timer is None:
            return False
        heapq.heappop(self._timers)
        if timer[0] > self.now:
            self.jumped += timer[0] - self.now
            self.step(timer[0] - self.now)
        self.wake(timer[2], TIMEOUT)
        return True

    def fire_due(self) -> float | None:
        """End the waits whose deadline has come by itself; return the seconds to the next.

        Under the mutex, while time flows.
        """
        while (timer := self._next_timer()) is not None:
            left = self.left_until(timer[0])
            if left > 0:
                return left
            heapq.heappop(self._timers)
            self.wake(timer[2], TIMEOUT)
        return None

    def _next_timer(self) -> tuple[int, int, Member, Wait] | None:
        timers = self._timers
        while timers:
            if timers[0][2].wait is timers[0][3]:
                return timers[0]
            heapq.heappop(timers)
        return None

    def wake_ready_descriptors(self) -> bool:
        """Ask the kernel once for each wait for descriptors; whether one was ready."""
        found = False
        for member in list(self.selecting):
            wait = member.wait
            if wait is not None and wait.poll is not None and wait.poll(0):
                self.wake(member, READY)
                found = True
        return found

    # -- the end

    def close(self) -> list[Member]:
        """The first member leaves; return those that are left, which go on in real time.

        Their waits go on for what is left of them, their clocks from where they stand.
        """
        MEMBERS.pop(self.first.ident, None)
        if MUTEX.mine():
            # A signal handler raised while this thread was inside.
            MUTEX.release()
        with MUTEX:
            self.closed = True
            if self in LIVE:
                LIVE.remove(self)
            self.first.ended = True
            self.members.remove(self.first)
            self.running -= 1
            for member in list(self.blocked):
                self.wake(member, LEFT)
            for member in list(self.ready):
                self.let_run(member)
            # After the last word of the policy: from here on time flows for ever.
            self.flow()
            left = list(self.members)
            NATIVES.difference_update(member.native for member in left)
        if self.first.poke is not None:
            self.first.poke.close()
            self.first.poke = None
        return left

    def stacks(self) -> str:
        """Return what each member waits for, with its stack, in the order of being started."""
        frames = sys._current_frames()
        parts = []
        for member in list(self.members):
            wait = member.wait
            doing = "running" if wait is None else describe(wait)
            parts.append(f"-- {member.name}: {doing}\n")
            frame = frames.get(member.ident)
            if frame is not None:
                parts.extend(traceback.format_list(outer_frames(frame)))
        return "".join(parts)


def describe(wait: Wait) -> str:
    """Return what a member waits for, in words."""
    words = {
        "sleep": "sleeping",
        "lock": "waiting for a lock, an event, a condition or a queue",
        "join": "waiting for a thread to end",
        "select": "waiting for file descriptors",
    }
    text = words.get(wait.kind, wait.kind)
    if wait.what:
        text += f" ({wait.what})"
    return text if wait.deadline is not None else f"{text}, with no deadline"


OWN_FILES: Final = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""Where the files of this package are, which stacks leave out."""


def outer_frames(frame: Any) -> traceback.StackSummary:
    """Return a stack without this package's own frames."""
    stack = traceback.extract_stack(frame)
    return traceback.StackSummary.from_list(
        [entry for entry in stack if not entry.filename.startswith(OWN_FILES)]
    )


def current() -> Member | None:
    """Return the calling thread as a member of an open core, or None."""
    member = MEMBERS.get(real.get_ident())
    return None if member is None or member.core.closed else member


def _after_fork() -> None:
    """A forked child has one thread, no ticker, and lives in real time."""
    MUTEX.reset()
    MUTEX.later.clear()
    MEMBERS.clear()
    for core in LIVE:
        core.closed = True
    LIVE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
