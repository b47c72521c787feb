"""Which running threads of a scenario wait for something that the core cannot see.

A thread that is in a C call, a file or a lock made elsewhere counts as running. When the kernel
says that it is blocked, for a while and without using a processor, it waits for something real:
then time must flow, or it may never come.

A while is counted without what threads of this process waited for a processor. On a busy machine
a thread that computes stands still because it has none, or because who holds the interpreter lock
has none: by the clock on the wall that looks like waiting (seen as a deadline that came early
beside twenty other processes).
"""

import sys
from collections import deque
from typing import Any

from surefoot.clock import kernel
from surefoot.modelled import real
from surefoot.modelled.core import OWN_FILES, Core, Member

STILL = 15_000_000
"""Nanoseconds without work after which a running thread is taken as waiting."""
POLLING = 100_000_000
"""Nanoseconds of reading clocks without waiting after which a thread is taken as waiting."""
WINDOW = 20_000_000
LOOKS = 400
"""Reads without which it is none of that."""
BUSY = 10_000_000_000
"""Nanoseconds of computing, with nothing else going on, after which time flows all the same:
a loop such as `while not done: pass` would never end else."""
_SHARE = 0.2
"""Of a processor; below it a thread is not computing."""
_MOST = 4096
"""Samples that are kept of a thread: on a busy machine few of them count for much."""


class _Track:
    """One member while it runs."""

    def __init__(self, moves: int, now: int) -> None:
        self.moves = moves
        self.since = now
        self.looks = 0
        self.window = now
        self.samples: deque[tuple[int, kernel.Sample]] = deque(maxlen=_MOST)
        self.waits = ""


class StallWatch:
    """Watches the running members, a sample a tick."""

    def __init__(self) -> None:
        self._watch = kernel.ThreadWatch()
        self._tracks: dict[Member, _Track] = {}
        self._events = -1
        self._quiet_since = 0
        self._delays: dict[int, int] = {}
        self._delayed = 0

    def all_wait(self, core: Core) -> str:
        """Return why time must flow although members run; empty when it must stand.

        Called by the ticker, under the mutex.
        """
        now = real.monotonic_ns()
        if core.events != self._events:
            self._events = core.events
            self._quiet_since = now
        given = now - self._without_processor()
        running = [m for m in core.members if m.wait is None and m.ident and m not in core.ready]
        for member in [member for member in self._tracks if member not in running]:
            del self._tracks[member]
        reasons = [self._waits(member, now, given) for member in running]
        if len(running) == core.running and reasons and all(reasons):
            return reasons[0]
        if now - self._quiet_since > BUSY:
            names = ", ".join(member.name for member in running)
            return f"{names} computed for more than {BUSY // 10**9} s without waiting"
        return ""

    def known_to_wait(self, core: Core) -> str:
        """As `all_wait`, by what the last tick saw; for a moment between two ticks."""
        if not self._tracks or core.running != sum(
            1
            for member, track in self._tracks.items()
            if track.waits
            and member.wait is None
            and not member.ended
            and member.moves == track.moves
        ):
            return ""
        return next((track.waits for track in self._tracks.values() if track.waits), "")

    def _without_processor(self) -> int:
        """Return the nanoseconds that threads of this process waited for one, all together."""
        if not kernel.THREADS:
            return 0
        before, self._delays = self._delays, {}
        for native in kernel.threads():
            delay = self._watch.sample(native).delay
            self._delays[native] = delay
            self._delayed += max(0, delay - before.get(native, 0))
        for native in before.keys() - self._delays.keys():
            self._watch.forget(native)
        return self._delayed

    def _waits(self, member: Member, now: int, given: int) -> str:
        track = self._tracks.get(member)
        if track is None or track.moves != member.moves:
            track = self._tracks[member] = _Track(member.moves, now)
        track.waits = self._still(member, track, given) or self._polls(member, track, now)
        return track.waits

    def _still(self, member: Member, track: _Track, given: int) -> str:
        if not kernel.THREADS or not member.native:
            return ""
        sample = self._watch.sample(member.native)
        samples = track.samples
        if sample.runnable:
            samples.clear()
            return ""
        samples.append((given, sample))
        while len(samples) > 3 and given - samples[1][0] >= STILL:
            samples.popleft()
        began, first = samples[0]
        if len(samples) < 3 or given - began < STILL:
            return ""
        if sample.cpu - first.cpu > (given - began) * _SHARE:
            return ""
        return track.waits or f"{member.name} is in {place_of(member)}"

    @staticmethod
    def _polls(member: Member, track: _Track, now: int) -> str:
        # By windows: two ticks may come in a row without the thread running in between.
        if now - track.window >= WINDOW:
            if member.looks - track.looks < LOOKS // 20:
                track.since = now
            track.looks = member.looks
            track.window = now
        if member.looks < LOOKS or now - track.since < POLLING:
            return ""
        return track.waits or f"{member.name} looks again and again in {place_of(member)}"

    def close(self) -> None:
        """Give back what is open."""
        self._watch.close()


def place_of(member: Member) -> str:
    """Return where a thread stands, outside of surefoot: `function (file.py:12)`."""
    frame: Any = sys._current_frames().get(member.ident)
    while frame is not None and frame.f_code.co_filename.startswith(OWN_FILES):
        frame = frame.f_back
    if frame is None:
        return "its start"
    code = frame.f_code
    name = code.co_filename.rpartition("/")[2]
    return f"{code.co_name} ({name}:{frame.f_lineno})"
