"""The net below a schedule: a thread in a wait that the core cannot see does not stop everything.

A lock from before the exploration that `adopted.py` could not replace, a socket whose other end is
a thread of the same scenario, a C extension that waits: the thread that has the turn sleeps in the
kernel, and the one that would wake it waits for its turn. When the running thread sleeps and
nothing has happened for a while, another one is let run, and the schedule is marked: what follows
depends on real time.
"""

import os

from surefoot.modelled import real
from surefoot.modelled.core import Core
from surefoot.threads.explorer import Explorer

LOOK_EVERY = 0.02
"""Seconds between two looks."""
LOOKS = 4
"""Looks in a row that find the thread asleep before another is let run."""


def watch(core: Core, explorer: Explorer, parent: int) -> None:
    """Start the net, on a real thread of its own, for as long as the process lives.

    It ends the process when its parent, the searcher, is gone.
    """
    real.start_new_thread(_look, (core, explorer, parent))


def _look(core: Core, explorer: Explorer, parent: int) -> None:
    seen = -1
    asleep = 0
    used = -1
    while not core.closed:
        real.sleep(LOOK_EVERY)
        if os.getppid() != parent:
            os._exit(70)
        now = explorer.turns_taken()
        running = [m for m in core.members if m.wait is None and m not in core.ready]
        if now != seen or core.running != 1 or not core.ready or len(running) != 1:
            seen, asleep, used = now, 0, -1
            continue
        before, used = used, processor_time(running[0].native)
        asleep = asleep + 1 if used == before else 0
        if asleep >= LOOKS:
            asleep = 0
            name = running[0].name if running[0].number else "scenario"
            explorer.unstall(core, f"{name} was in a wait that exploration cannot see")


def processor_time(native: int) -> int:
    """Return the nanoseconds that a thread has run; 0 where the kernel does not tell.

    Not its state: whoever asks has the interpreter's lock, and so every thread that runs Python
    is asleep at that moment. But one that runs has used some time since the last look.
    """
    try:
        with open(f"/proc/self/task/{native}/schedstat", "rb") as file:
            return int(file.read().split()[0])
    except (OSError, IndexError, ValueError):
        return 0
