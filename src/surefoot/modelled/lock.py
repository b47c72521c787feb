"""A lock that a `Core` can see: `threading.Lock` of scenarios in virtual time or exploration.

The state is a real lock's. Without contention nothing else is touched, so it is fast, usable in
finalisers, and goes on to work when the core is closed. A member that finds it taken queues, and
is handed the lock directly by the release: it is booked as running before the releaser goes on.
Threads that take no part wait on the real lock; members that queue come first.
"""

from typing import Any

from surefoot.modelled import real
from surefoot.modelled.core import GRANTED, LEFT, MEMBERS, Member, Wait
from surefoot.modelled.mutex import MUTEX


class ModelledLock:
    """`_thread.lock`, with waiters that a core knows."""

    __slots__ = ("__weakref__", "_queue", "_real", "kind", "owner", "what")

    def __init__(self) -> None:
        self._real = real.allocate_lock()
        self._queue: list[Member] = []
        self.owner = 0
        """Ident of the thread that took it; 0 while it is free."""
        self.kind = "lock"
        self.what = ""

    @classmethod
    def taken(cls, kind: str, what: str) -> "ModelledLock":
        """Return a lock that is taken already; `kind` and `what` tell what its waiters wait for."""
        lock = cls()
        lock.kind = kind
        lock.what = what
        lock._real.acquire()
        return lock

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; as `_thread.lock.acquire`."""
        if timeout != -1:
            if not blocking:
                raise ValueError("can't specify a timeout for a non-blocking call")
            if timeout < 0:
                raise ValueError("timeout value must be a non-negative number")
        me = real.get_ident()
        member = MEMBERS.get(me)
        if member is not None and member.core.policy.switching and not member.core.closed:
            member.core.policy.switch(member.core, member, "acquire")
        if self._real.acquire(False):
            self.owner = me
            return True
        if not blocking:
            return False
        if member is None or member.core.closed or MUTEX.mine():
            return self._acquire_real(me, timeout)
        return self._wait(member, timeout)

    def _acquire_real(self, me: int, timeout: float) -> bool:
        if not self._real.acquire(True, timeout):
            return False
        self.owner = me
        return True

    def _wait(self, member: Member, timeout: float) -> bool:
        core = member.core
        deadline = None
        if timeout >= 0:
            deadline = core.deadline_in(timeout)
            if deadline is None:
                look(member)
                return False
        wait = Wait(self.kind, deadline, lock=self, what=self.what)
        MUTEX.acquire()
        self._queue.append(member)
        # It may have been released between the first try and the queueing.
        if self._real.acquire(False):
            self._queue.remove(member)
            self.owner = member.ident
            MUTEX.release()
            return True
        if core.closed:
            self._queue.remove(member)
            MUTEX.release()
            outcome = LEFT
        else:
            outcome = core.block(member, wait)
        if outcome == LEFT:
            left = -1.0 if deadline is None else core.left_until(deadline)
            return self._acquire_real(member.ident, left)
        return outcome == GRANTED

    def release(self) -> None:
        """Give the lock back, to the first that queues if there is one."""
        me = real.get_ident()
        member = MEMBERS.get(me)
        if MUTEX.mine():
            MUTEX.later.append(self.let_go)
        else:
            self.let_go()
        if member is not None and member.core.policy.switching and not member.core.closed:
            member.core.policy.switch(member.core, member, "release")

    def let_go(self) -> None:
        """Release it where no other thread may be let go first."""
        if self._queue:
            self._hand_off()
        else:
            self.owner = 0
            self._real.release()
            # One may have queued between the look and the release: it found the lock taken.
            if self._queue:
                self._rescue()

    def _hand_off(self) -> None:
        with MUTEX:
            # Those of a closed core are threads of the process that this one was forked from.
            while self._queue and self._queue[0].core.closed:
                self._queue.pop(0)
            if not self._queue:
                self.owner = 0
                self._real.release()
                return
            if not self._real.locked():
                raise RuntimeError("release unlocked lock")
            self._grant()

    def _rescue(self) -> None:
        with MUTEX:
            if self._queue and self._real.acquire(False):
                self._grant()

    def _grant(self) -> None:
        member = self._queue.pop(0)
        self.owner = member.ident
        member.core.wake(member, GRANTED)

    def forget(self, member: Member) -> None:
        """A wait ended without the lock; under the mutex."""
        if member in self._queue:
            self._queue.remove(member)

    def locked(self) -> bool:
        """Whether it is taken."""
        return bool(self._real.locked())

    def held(self) -> bool:
        """Whether the calling thread took it."""
        return self.owner == real.get_ident()

    def _at_fork_reinit(self) -> None:
        self._real = real.allocate_lock()
        self._queue = []
        self.owner = 0

    __enter__ = acquire

    def __exit__(self, *exc: object) -> None:
        self.release()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self) -> str:
        state = "locked" if self._real.locked() else "unlocked"
        return f"<{state} surefoot modelled lock at {id(self):#x}>"


def look(member: Member) -> None:
    """A member looked at the clock, or waited for no time: what polls does so again and again."""
    member.looks += 1
    policy: Any = member.core.policy
    if policy.switching and not member.core.closed:
        policy.switch(member.core, member, "look")
