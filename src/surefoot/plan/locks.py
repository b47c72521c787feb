"""Which units may run at the same time: the locks of the tags `@lock:NAME` and `@serial`.

Only the coordinator's one thread uses it: these are entries in a table, nothing ever blocks.
"""

# The rules
#
# - A unit takes all its locks at once or none. Nobody holds one lock while waiting for another,
#   so there is no deadlock, whatever the names and their order.
# - A name has many readers or one writer. A serial unit excludes every other unit.
# - Units ask in order, in a turn. One that is refused *reserves* its locks for the rest of the
#   turn: a unit behind it may overtake it only with locks that do not conflict with those. So a
#   writer waits for the readers that hold its lock already and for units in front of it, and
#   never for readers behind it. The price: a unit that waits for `a` and also wants `b` keeps `b`
#   idle. Without it, the longest unit of a suite could be pushed to the end by short readers.
# - A refused *serial* unit reserves nothing. It gets its turn when nothing runs: at the latest
#   when all other units have been given out and have ended, so it is delayed, never forgotten.
#   Reserving would make every worker idle until the slowest one ends, once for each serial
#   unit; at the end of the run they all idle anyhow, and one serial unit follows the other.

from surefoot.errors import InternalError
from surefoot.model.units import Lock, Unit


class LockTable:
    """The locks held by running units."""

    def __init__(self) -> None:
        self._holders: list[Unit] = []
        self._readers: dict[str, int] = {}
        self._writers: set[str] = set()
        self._serial = False

    @property
    def holders(self) -> tuple[Unit, ...]:
        """The units that run, with or without locks, in the order in which they began."""
        return tuple(self._holders)

    def turn(self) -> "Turn":
        """Begin to ask for the waiting units, first to last."""
        return Turn(self)

    def release(self, unit: Unit) -> None:
        """Free what `unit` holds. Raises InternalError when it does not run."""
        if unit not in self._holders:
            raise InternalError(f"released a unit that does not run: {unit}")
        self._holders.remove(unit)
        if unit.serial:
            self._serial = False
        for lock in unit.locks:
            if not lock.shared:
                self._writers.remove(lock.name)
            elif self._readers[lock.name] == 1:
                del self._readers[lock.name]
            else:
                self._readers[lock.name] -= 1

    def _is_free(self, unit: Unit) -> bool:
        if unit.serial:
            return not self._holders
        return not self._serial and not any(self._is_held_against(lock) for lock in unit.locks)

    def _is_held_against(self, lock: Lock) -> bool:
        if lock.name in self._writers:
            return True
        return not lock.shared and lock.name in self._readers

    def _take(self, unit: Unit) -> None:
        self._holders.append(unit)
        self._serial = self._serial or unit.serial
        for lock in unit.locks:
            if lock.shared:
                self._readers[lock.name] = self._readers.get(lock.name, 0) + 1
            else:
                self._writers.add(lock.name)


class Turn:
    """One pass over the waiting units; what was refused earlier in it goes before what follows."""

    def __init__(self, table: LockTable) -> None:
        self._table = table
        self._reserved: dict[str, bool] = {}
        """Name to shared: True when only readers wait for it in front."""

    def acquire(self, unit: Unit) -> bool:
        """Take all locks of `unit` and return True, or take none, reserve them and return False."""
        if self._table._is_free(unit) and not self._is_reserved_against(unit):
            self._table._take(unit)
            return True
        self.reserve(unit)
        return False

    def reserve(self, unit: Unit) -> None:
        """Keep the locks of `unit` from the units behind it; nothing, if it is serial."""
        if not unit.serial:
            for lock in unit.locks:
                self._reserved[lock.name] = lock.shared and self._reserved.get(lock.name, True)

    def _is_reserved_against(self, unit: Unit) -> bool:
        return any(
            lock.name in self._reserved and not (lock.shared and self._reserved[lock.name])
            for lock in unit.locks
        )
