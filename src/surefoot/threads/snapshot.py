"""`snapshot(service)`: what the fields of a service hold at one moment, read under its lock."""

import copy
import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from surefoot.threads import guard, stacks, tracked


class LockTimeoutError(Exception):
    """The lock was not to be had in time; the message shows what all threads were doing."""


class Snapshot(SimpleNamespace):
    """The copied fields, as attributes."""


def snapshot(
    service: object,
    *,
    lock: str = "",
    fields: Iterable[str] = (),
    deep: bool = False,
    timeout: float = 10.0,
) -> Snapshot:
    """Return copies of the fields, taken together while the lock is held.

    Without `lock` and `fields` those of the object's guard are read. Each field is copied one
    level deep, so that a dictionary may change afterwards; with `deep`, all the way down.
    Raises GuardError for a lock that is none or an object without a guard, AttributeError for a
    field that does not exist, and LockTimeoutError after `timeout` seconds.
    """
    rule = guard.rule_of(service)
    names = (fields,) if isinstance(fields, str) else tuple(fields)
    name = lock or (rule.lock if rule else "")
    names = names or (rule.fields if rule else ())
    kind = type(service).__name__
    if not name or not names:
        raise guard.GuardError(
            f"{kind} has no guard, so that snapshot() does not know its lock and its fields; give"
            " lock= and fields=, or put a guard up first"
        )
    held: Any = getattr(service, name, None)
    wrong = tracked.why_no_lock(held)
    if wrong:
        raise guard.GuardError(f"{kind}.{name} cannot be held: {wrong}")
    if not held.acquire(timeout=timeout):
        raise LockTimeoutError(f"{kind}.{name} was not free within {timeout:g} s\n{_who(held)}")
    try:
        copied = copy.deepcopy if deep else copy.copy
        return Snapshot(**{field: copied(getattr(service, field)) for field in names})
    finally:
        held.release()


def _who(held: Any) -> str:
    holder = held.holder() if isinstance(held, tracked.TrackedLock) else None
    if holder is not None:
        shown = "".join(f"  {line}\n" for line in stacks.lines(holder.stack))
        return f"it is held by {holder.thread}, which took it here:\n{shown}"
    return all_threads()


def all_threads() -> str:
    """Return what each thread but this one is doing, as lines of text."""
    import sys

    text = ""
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            text += f"{stacks.thread_name(ident)}:\n"
            text += "".join(f"  {line}\n" for line in stacks.lines(stacks.take(frame)))
    return text
