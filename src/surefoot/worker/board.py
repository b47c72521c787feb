"""The progress board: what a worker is doing now, in shared memory.

A worker tells its position thousands of times a second; a message for each would wake the
coordinator as often. Instead it writes 128 bytes into a mapped file, and the coordinator
looks when it needs to know: four times a second for displays and deadlines, and at once
when a worker has died, which is why the position outlives the process.

One byte goes the other way: the coordinator's request to stop before the next scenario. Four more
belong to whoever explores a scenario: how many schedules it has run. The processes that run them
write where they are, as workers do, and leave that number alone.

The writer bumps `sequence` before and after, so that a reader sees a torn write as an odd or
changed number and reads again. On a busy machine a writer may be stopped in the middle for longer
than a reader can wait: then the last whole position counts. (With 32 workers on 2 CPUs half a
position, its time still zero, was taken for a step that had run since the machine started.)
"""

import mmap
import os
import struct
import time
from enum import IntEnum
from typing import Any

import msgspec

# Bound here: a suite may replace time.monotonic, and deadlines must not follow it.
_monotonic = time.monotonic

SIZE = 256
_LAYOUT = struct.Struct("<IIIiiddd72s")
# sequence, place, unit serial, scenario ordinal, step index, since, scenario's since, unit's
# since, name
_SEQUENCE = struct.Struct("<I")
_MOST = 0xFFFFFFFF
_STOP_OFFSET = SIZE - 1
_SCHEDULES = struct.Struct("<I")
_SCHEDULES_OFFSET = SIZE - 8
"""One more than the schedules that were run; 0 where none are."""


class Place(IntEnum):
    """Where a worker is."""

    IDLE = 0
    LOADING = 1
    BEFORE_ALL = 2
    FEATURE_HOOK = 3
    SCENARIO = 4
    SCENARIO_HOOK = 5
    STEP = 6
    AFTER_ALL = 7
    BETWEEN = 8
    """Inside a unit, in behave's own code."""


class Position(msgspec.Struct, frozen=True):
    """A worker's place. Times are `time.monotonic()` seconds."""

    place: Place = Place.IDLE
    unit: int = 0
    scenario: int = -1
    """Ordinal of the scenario in the feature (file order); -1 outside of one."""
    step: int = -1
    since: float = 0.0
    scenario_since: float = 0.0
    unit_since: float = 0.0
    name: str = ""
    """The hook or the module, where there is one."""
    schedules: int = -1
    """Schedules of the scenario's threads that were run so far; -1 where it is not explored."""


class Board:
    """One worker's board. `create` in the coordinator, `open` in the worker."""

    def __init__(self, path: str, memory: mmap.mmap) -> None:
        self.path = path
        self._memory = memory
        self._sequence = 0
        self._unit = 0
        self._scenario = -1
        self._scenario_since = 0.0
        self._unit_since = 0.0
        self._last = Position()

    @classmethod
    def create(cls, path: str) -> "Board":
        """Make a board file. Raises OSError when the disk has no room for it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            # Written, not truncated to size: a hole on a full disk would be a SIGBUS later.
            os.write(descriptor, bytes(SIZE))
            return cls(path, mmap.mmap(descriptor, SIZE))
        finally:
            os.close(descriptor)

    @classmethod
    def open(cls, path: str) -> "Board":
        """Map an existing board."""
        descriptor = os.open(path, os.O_RDWR)
        try:
            return cls(path, mmap.mmap(descriptor, SIZE))
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Unmap and remove the file."""
        self._memory.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    # -- the worker's side

    def unit(self, serial: int) -> None:
        """A unit begins."""
        self._unit = serial
        self._unit_since = _monotonic()
        self._scenario = -1
        self._scenario_since = 0.0
        self._put(Place.BETWEEN, -1, "")

    def scenario(self, ordinal: int) -> None:
        """A scenario begins (or, with -1, has ended)."""
        self._scenario = ordinal
        self._scenario_since = _monotonic() if ordinal >= 0 else 0.0
        self.explored(-1)
        self._put(Place.SCENARIO if ordinal >= 0 else Place.BETWEEN, -1, "")

    def explored(self, schedules: int) -> None:
        """So many schedules of the scenario were run; -1: none are."""
        _SCHEDULES.pack_into(self._memory, _SCHEDULES_OFFSET, schedules + 1)

    def step(self, index: int) -> None:
        """A step begins (or, with -1, has ended)."""
        self._put(Place.STEP if index >= 0 else Place.SCENARIO, index, "")

    def at(self, place: Place, name: str = "") -> None:
        """Any other place."""
        self._put(place, -1, name)

    def _put(self, place: Place, step: int, name: str) -> None:
        self._sequence += 2
        memory = self._memory
        writing = (self._sequence - 1) & _MOST
        # Packed first and copied at once: the moment in which it is torn is as short as can be.
        packed = _LAYOUT.pack(
            writing,
            place,
            self._unit,
            self._scenario,
            step,
            _monotonic(),
            self._scenario_since,
            self._unit_since,
            name.encode("utf-8", "replace")[:72] if name else b"",
        )
        _SEQUENCE.pack_into(memory, 0, writing)
        memory[: _LAYOUT.size] = packed
        _SEQUENCE.pack_into(memory, 0, self._sequence & _MOST)

    @property
    def stop_requested(self) -> bool:
        """Whether the coordinator wants no further scenario to begin."""
        return self._memory[_STOP_OFFSET] != 0

    # -- the coordinator's side

    def request_stop(self) -> None:
        """Ask the worker to begin no further scenario."""
        self._memory[_STOP_OFFSET] = 1

    def clear_stop(self) -> None:
        """Take the request back, before the board serves a new worker."""
        self._memory[_STOP_OFFSET] = 0

    def read(self) -> Position:
        """Return the worker's place, or the one before while it is being written."""
        for _ in range(100):
            values = _LAYOUT.unpack_from(self._memory, 0)
            if values[0] and values[0] % 2 == 0 and values == _LAYOUT.unpack_from(self._memory, 0):
                (schedules,) = _SCHEDULES.unpack_from(self._memory, _SCHEDULES_OFFSET)
                self._last = _position(values, schedules - 1)
                break
        return self._last


def _position(values: tuple[Any, ...], schedules: int) -> Position:
    _, place, unit, scenario, step, since, scenario_since, unit_since, name = values
    return Position(
        place=Place(place) if place in Place._value2member_map_ else Place.IDLE,
        unit=unit,
        scenario=scenario,
        step=step,
        since=since,
        scenario_since=scenario_since,
        unit_since=unit_since,
        name=name.rstrip(b"\0").decode("utf-8", "replace"),
        schedules=schedules,
    )
