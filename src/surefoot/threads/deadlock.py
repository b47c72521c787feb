"""Says who waits for whom when nothing can go on."""

import os
import sys
import threading
from types import FrameType
from typing import Any

from surefoot.modelled.core import Core, Member
from surefoot.threads import places, stacks

_WAIT = threading.Condition.wait.__code__
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
Taken = dict[int, tuple[int, str, int]]
"""Where a thread took a lock: by the lock's id and the thread's number."""


def describe(core: Core, taken: Taken) -> list[str]:
    """Return the deadlock in lines: the cycle first, then what each thread holds and waits for.

    Called while nobody runs, under the core's mutex.
    """
    members = list(core.blocked)
    by_ident = {member.ident: member for member in members}
    frames = sys._current_frames()
    waits: dict[Member, Member] = {}
    for member, wait in core.blocked.items():
        owner = by_ident.get(getattr(wait.lock, "owner", 0))
        if owner is not None and not _awaits_notification(frames.get(member.ident)):
            waits[member] = owner
    cycle = _cycle(waits)
    if cycle:
        names = " -> ".join(name_of(member) for member in (*cycle, cycle[0]))
        head = f"deadlock: {names}"
    else:
        head = f"deadlock: all {len(members)} threads wait, and nobody can wake them"
    lines = [head]
    for member in sorted(members, key=lambda item: (item not in cycle, item.number)):
        lines += _lines(member, core, waits, taken, frames)
    return lines


def _lines(
    member: Member,
    core: Core,
    waits: dict[Member, Member],
    taken: Taken,
    frames: dict[int, Any],
) -> list[str]:
    wait = core.blocked[member]
    held = []
    for other in core.blocked.values():
        lock = other.lock
        holds = getattr(lock, "owner", 0) == member.ident and other.kind != "join"
        if holds and (lock is not wait.lock or member in waits):
            site = taken.get((id(lock) << 16) + member.number)
            text = f", taken at {places.text(site[1], site[2])}" if site else ""
            line = f"  holds lock {_name(lock)}{text}"
            if line not in held:
                held.append(line)
    owner = waits.get(member)
    if wait.kind == "join":
        what = f"waits for {wait.what} to end"
    elif _awaits_notification(frames.get(member.ident)):
        what = "waits for a notification, which nobody is left to send"
    elif owner is member:
        what = f"waits for lock {_name(wait.lock)}, which it holds itself"
    elif wait.lock is not None:
        what = f"waits for lock {_name(wait.lock)}"
        what += (
            f", which {name_of(owner)} holds" if owner else ", which nobody is left to give back"
        )
    else:
        what = f"waits ({wait.kind})"
    shown = stacks.lines(stacks.take(frames.get(member.ident)), 3)
    return [f"{name_of(member)}:", *held, f"  {what}", *(f"    {text}" for text in shown)]


def _awaits_notification(frame: FrameType | None) -> bool:
    """Tell whether a thread is in `Condition.wait`, which waits for a lock of its own."""
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame is not None and frame.f_code is _WAIT


def name_of(member: Member) -> str:
    """Return a thread's name; that of the scenario's own is always the same."""
    return member.name if member.number else "scenario"


def _name(lock: Any) -> str:
    return f"#{id(lock) >> 4 & 0xFFFF:04x}"


def _cycle(waits: dict[Member, Member]) -> list[Member]:
    """Return the threads of a cycle, in order; empty if there is none."""
    for start in sorted(waits, key=lambda member: member.number):
        path = [start]
        while (following := waits.get(path[-1])) is not None:
            if following in path:
                return path[path.index(following) :]
            path.append(following)
    return []
