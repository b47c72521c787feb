"""The one central queue: which unit the next free worker gets.

It knows waiting and running units and their locks. It starts nothing and waits for nothing;
only the coordinator's one thread uses it.
"""

# A suite may have 100,000 units, so no call walks over all that wait. Units that want the same
# locks (and a fresh worker or not) stand in one *lane*: when the first of a lane cannot go, none
# of its lane can. `take` looks at the heads of the lanes in order, from a heap. So it costs
# O(log lanes), plus that for each lane that is refused; without locks there is one lane.
#
# Two things are lazy. A unit that was removed stays in its lane as a rank that `_waiting` does not
# know. A lane that got a new head has an old entry in the heap; `entry` tells which one counts.

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from surefoot.model.units import Lock, Unit
from surefoot.plan.locks import LockTable, Turn
from surefoot.plan.order import Order


class _Lane:
    """Units that are interchangeable but for their rank, first to last."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ranks: deque[int] = deque()
        self.entry: int | None = None
        """The rank under which the lane stands in the heap; None when it does not."""


class UnitQueue:
    """Waiting units in order, and the locks of the running ones.

    `len(queue)` is how many wait.
    """

    def __init__(self, units: Iterable[Unit], order: Order) -> None:
        self._locks = LockTable()
        self._waiting: dict[int, Unit] = {}
        self._ranks_by_feature: dict[int, list[int]] = {}
        self._lanes: dict[tuple[bool, bool, tuple[Lock, ...]], _Lane] = {}
        self._lanes_by_number: list[_Lane] = []
        self._heads: list[tuple[int, int]] = []
        self._fresh_waiting = 0
        self._front = 0

        for rank, unit in enumerate(order.arrange(units)):
            self._register(rank, unit).ranks.append(rank)
        for lane in self._lanes_by_number:
            lane.entry = lane.ranks[0]
            self._heads.append((lane.entry, lane.number))
        heapify(self._heads)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many units were taken and are not done."""
        return len(self._locks.holders)

    @property
    def wants_fresh(self) -> bool:
        """True when a unit waits that only a fresh worker may take."""
        return self._fresh_waiting > 0

    def add(self, unit: Unit) -> None:
        """Put a unit in front of all others: the rest of a crashed unit, or a retry.

        The last one added goes first.
        """
        self._front -= 1
        lane = self._register(self._front, unit)
        lane.ranks.appendleft(self._front)
        self._enter(lane)

    def take(self, *, fresh_worker: bool) -> Unit | None:
        """Return the first unit whose locks are free, and take them; None when there is none.

        Units with `fresh` set are for fresh workers; `fresh_worker` tells whether one asks. When
        nothing runs, the first unit that the asking worker may take is returned, so a queue
        that is asked again after every `done` is emptied in the end. None while nothing runs
        means that nothing waits, or only units for a fresh worker (`wants_fresh`).
        """
        turn = self._locks.turn()
        passed: list[_Lane] = []
        taken: Unit | None = None
        while taken is None and (lane := self._pop_first_lane()) is not None:
            rank = lane.ranks[0]
            if self._may_go(self._waiting[rank], fresh_worker, turn):
                lane.ranks.popleft()
                taken = self._forget(rank)
            passed.append(lane)
        for lane in passed:
            self._enter(lane)
        return taken

    def done(self, unit: Unit) -> None:
        """Free the locks of a unit that was taken. Raises InternalError when it does not run."""
        self._locks.release(unit)

    def remove_feature(self, index: int) -> list[Unit]:
        """Remove the waiting units of a feature and return them in order; running ones stay."""
        ranks = sorted(r for r in self._ranks_by_feature.pop(index, ()) if r in self._waiting)
        return [self._forget(rank) for rank in ranks]

    def drain(self) -> list[Unit]:
        """Remove all that wait (the run was cancelled) and return them in order."""
        return [self._forget(rank) for rank in sorted(self._waiting)]

    def _may_go(self, unit: Unit, fresh_worker: bool, turn: Turn) -> bool:
        if fresh_worker or not unit.fresh:
            return turn.acquire(unit)
        # Its locks are kept free for the fresh worker to come, but not at the price of a run
        # that stands still: with nothing running, no `done` would ever ask again.
        if self.running:
            turn.reserve(unit)
        return False

    def _register(self, rank: int, unit: Unit) -> _Lane:
        self._waiting[rank] = unit
        self._fresh_waiting += unit.fresh
        self._ranks_by_feature.setdefault(unit.feature, []).append(rank)
        key = (unit.fresh, unit.serial, unit.locks)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(len(self._lanes_by_number))
            self._lanes_by_number.append(lane)
        return lane

    def _forget(self, rank: int) -> Unit:
        unit = self._waiting.pop(rank)
        self._fresh_waiting -= unit.fresh
        return unit

    def _enter(self, lane: _Lane) -> None:
        """Put a lane into the heap under the rank of its first waiting unit, if it has one."""
        while lane.ranks and lane.ranks[0] not in self._waiting:
            lane.ranks.popleft()
        lane.entry = lane.ranks[0] if lane.ranks else None
        if lane.entry is not None:
            heappush(self._heads, (lane.entry, lane.number))

    def _pop_first_lane(self) -> _Lane | None:
        """Take the lane whose first waiting unit comes first out of the heap."""
        while self._heads:
            rank, number = heappop(self._heads)
            lane = self._lanes_by_number[number]
            if lane.entry != rank:
                continue
            lane.entry = None
            if rank in self._waiting:
                return lane
            self._enter(lane)
        return None
