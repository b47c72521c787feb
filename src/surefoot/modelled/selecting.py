"""Waits for file descriptors, as a `Core` sees them: `selectors`, `select.select`, poll and epoll.

A member waits in the kernel, beside a descriptor of its own that ends the wait: so data from
outside wakes it at once. Data that another member wrote is found by a poll of no length before
time may move (`Core.wake_ready_descriptors`).
"""

import contextlib
import os
import select as _select
import selectors
from collections.abc import Callable, Iterable
from typing import Any

from surefoot.modelled import real
from surefoot.modelled.core import LEFT, Member, Wait, current
from surefoot.modelled.lock import look
from surefoot.modelled.mutex import MUTEX

_POLL = getattr(_select, "poll", None)
_IN = getattr(_select, "POLLIN", 1)
_PRI = getattr(_select, "POLLPRI", 2)
_OUT = getattr(_select, "POLLOUT", 4)


class Poke:
    """Two ends of which one makes the other readable."""

    def __init__(self) -> None:
        if hasattr(os, "eventfd"):
            self.fd = self._write = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        else:
            self.fd, self._write = os.pipe()
            os.set_blocking(self.fd, False)
            os.set_blocking(self._write, False)

    def pull(self) -> None:
        """Make it readable."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, (1).to_bytes(8, "little"))

    def rest(self) -> None:
        """Make it unreadable."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 512)

    def close(self) -> None:
        """Close both ends."""
        os.close(self.fd)
        if self._write != self.fd:
            os.close(self._write)


def wait_for(
    member: Member,
    timeout: float | None,
    interests: Iterable[tuple[int, int]],
    descriptors: Iterable[int],
) -> float | None:
    """Block a member until a descriptor is ready or the time is up.

    `interests` are descriptors with poll masks; `descriptors` those that data can come from,
    which differ where an epoll stands for many. Returns the seconds that are left to wait in
    real time where the core was closed meanwhile (None: for ever); else 0.
    """
    core = member.core
    deadline = None
    if timeout is not None:
        deadline = core.deadline_in(timeout)
        if deadline is None:
            look(member)
            return 0.0
    if member.poke is None:
        member.poke = Poke()
    member.poke.rest()
    alone, poked = _POLL(), _POLL()  # type: ignore[misc]
    for fd, mask in interests:
        alone.register(fd, mask)
        poked.register(fd, mask)
    poked.register(member.poke.fd, _IN)

    def poll(length: float | None) -> bool:
        return bool(poked.poll() if length is None else alone.poll(length))

    wait = Wait("select", deadline, poll=poll, descriptors=tuple(descriptors))
    MUTEX.acquire()
    if core.closed:
        MUTEX.release()
        outcome = LEFT
    else:
        outcome = core.block(member, wait)
    if outcome != LEFT:
        return 0.0
    return None if deadline is None else core.left_until(deadline)


def selector_select(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what stands in for the `select` method of a class of `selectors`."""

    def select(self: Any, timeout: float | None = None) -> Any:
        member = current()
        if member is None:
            return original(self, timeout)
        ready = original(self, 0)
        if ready:
            return ready
        if timeout is not None and timeout <= 0:
            look(member)
            return ready
        keys = list(self.get_map().values())
        own = getattr(self, "fileno", None)
        if own is not None:
            interests = [(own(), _IN)]
        else:
            interests = [(key.fd, _mask(key.events)) for key in keys]
        left = wait_for(member, timeout, interests, [key.fd for key in keys])
        return original(self, left)

    select.surefoot_stands_for = original  # type: ignore[attr-defined]
    return select


def _mask(events: int) -> int:
    return (_IN if events & selectors.EVENT_READ else 0) | (
        _OUT if events & selectors.EVENT_WRITE else 0
    )


def select(
    rlist: Iterable[Any],
    wlist: Iterable[Any],
    xlist: Iterable[Any],
    timeout: float | None = None,
    /,
) -> Any:
    """`select.select` that a core sees."""
    member = current()
    if member is None:
        return real.select(rlist, wlist, xlist, timeout)
    rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
    ready = real.select(rlist, wlist, xlist, 0)
    if any(ready):
        return ready
    if timeout is not None and timeout <= 0:
        if timeout < 0:
            raise ValueError("timeout must be non-negative")
        look(member)
        return ready
    masks: dict[int, int] = {}
    for group, mask in ((rlist, _IN), (wlist, _OUT), (xlist, _PRI)):
        for item in group:
            fd = item if isinstance(item, int) else item.fileno()
            masks[fd] = masks.get(fd, 0) | mask
    left = wait_for(member, timeout, masks.items(), masks)
    return real.select(rlist, wlist, xlist, left)


class ModelledPoll:
    """`select.poll()` that a core sees."""

    def __init__(self) -> None:
        assert _POLL is not None
        self._poll = _POLL()
        self._masks: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = _IN | _PRI | _OUT, /) -> None:
        """As of `select.poll`."""
        self._poll.register(fd, eventmask)
        self._masks[_number(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """As of `select.poll`."""
        self._poll.modify(fd, eventmask)
        self._masks[_number(fd)] = eventmask

    def unregister(self, fd: Any, /) -> None:
        """As of `select.poll`."""
        self._poll.unregister(fd)
        self._masks.pop(_number(fd), None)

    def poll(self, timeout: float | None = None, /) -> Any:
        """As of `select.poll`: milliseconds, None or negative for ever."""
        member = current()
        if member is None:
            return self._poll.poll(timeout)
        ready = self._poll.poll(0)
        if ready:
            return ready
        if timeout == 0:
            look(member)
            return ready
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        left = wait_for(member, seconds, self._masks.items(), self._masks)
        return self._poll.poll(None if left is None else left * 1000)


class ModelledEpoll:
    """`select.epoll` that a core sees."""

    def __init__(self, sizehint: int = -1, flags: int = 0, *, of: Any = None) -> None:
        self._epoll = _EPOLL(sizehint, flags) if of is None else of
        self._known: set[int] = set()

    @classmethod
    def fromfd(cls, fd: int, /) -> "ModelledEpoll":
        """As of `select.epoll`."""
        return cls(of=_EPOLL.fromfd(fd))

    def register(self, fd: Any, eventmask: int = _IN | _PRI | _OUT) -> None:
        """As of `select.epoll`."""
        self._epoll.register(fd, eventmask)
        self._known.add(_number(fd))

    def modify(self, fd: Any, eventmask: int) -> None:
        """As of `select.epoll`."""
        self._epoll.modify(fd, eventmask)

    def unregister(self, fd: Any) -> None:
        """As of `select.epoll`."""
        self._epoll.unregister(fd)
        self._known.discard(_number(fd))

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> Any:
        """As of `select.epoll`: seconds, None or negative for ever."""
        member = current()
        if member is None:
            return self._epoll.poll(timeout, maxevents)
        ready = self._epoll.poll(0, maxevents)
        if ready:
            return ready
        if timeout == 0:
            look(member)
            return ready
        seconds = None if timeout is None or timeout < 0 else timeout
        left = wait_for(member, seconds, [(self._epoll.fileno(), _IN)], self._known)
        return self._epoll.poll(left, maxevents)

    def fileno(self) -> int:
        """As of `select.epoll`."""
        return int(self._epoll.fileno())

    @property
    def closed(self) -> bool:
        """As of `select.epoll`."""
        return bool(self._epoll.closed)

    def close(self) -> None:
        """As of `select.epoll`."""
        self._epoll.close()

    def __enter__(self) -> "ModelledEpoll":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


_EPOLL: Any = getattr(_select, "epoll", None)


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())
