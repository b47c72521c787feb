"""Thread start, end and join, as a `Core` sees them.

A thread that a member starts is a member, booked before it exists. It has ended, for those that
join it, with the last instruction of its function; the interpreter's own teardown comes after.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from surefoot.modelled import real
from surefoot.modelled.core import Member, current
from surefoot.modelled.lock import ModelledLock

DONE: Final = "_surefoot_done"
"""Attribute of a `threading.Thread`: a lock that is taken until it has ended."""


def start_new_thread(
    function: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> int:
    """`_thread.start_new_thread` that books the thread."""
    kwargs = dict(kwargs or {})
    member = current()
    if member is None:
        return real.start_new_thread(function, args, kwargs)
    child, done = _book(member, function)
    try:
        return real.start_new_thread(_run, (child, done, function, args, kwargs))
    except BaseException:
        member.core.unbook(child)
        raise


def start_joinable_thread(
    function: Callable[[], Any], handle: Any = None, daemon: bool = True
) -> Any:
    """`_thread.start_joinable_thread` (from Python 3.13) that books the thread."""
    assert real.start_joinable_thread is not None
    member = current()
    if member is None:
        return real.start_joinable_thread(function, handle=handle, daemon=daemon)
    child, done = _book(member, function)
    try:
        return real.start_joinable_thread(
            lambda: _run(child, done, function, (), {}), handle=handle, daemon=daemon
        )
    except BaseException:
        member.core.unbook(child)
        raise


def join(thread: threading.Thread, timeout: float | None = None) -> None:
    """`threading.Thread.join` that a core sees, for threads that members started."""
    member = current()
    done = thread.__dict__.get(DONE)
    if member is None or done is None or done.owner == member.ident:
        return real.thread_join(thread, timeout)
    if not done.acquire(True, -1 if timeout is None else max(0, timeout)):
        return None
    done.release()
    return real.thread_join(thread)


def _book(member: Member, function: Callable[..., Any]) -> tuple[Member, ModelledLock]:
    thread = getattr(function, "__self__", None)
    if not isinstance(thread, threading.Thread):
        return member.core.book("", None), ModelledLock.taken("join", "")
    done = thread.__dict__[DONE] = ModelledLock.taken("join", thread.name)
    return member.core.book(thread.name, thread), done


def _run(
    child: Member,
    done: ModelledLock,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    core = child.core
    core.adopt(child)
    done.owner = child.ident
    child.gate.acquire()
    try:
        if child.error is None:
            function(*args, **kwargs)
    finally:
        # Not a switch point: the policy hears of the end just below.
        done.let_go()
        core.end(child)
