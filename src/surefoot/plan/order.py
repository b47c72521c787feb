"""In which order units are given out: one class a policy.

An order only arranges; locks may still let a later unit go first (see `plan.locks`).
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

from surefoot.model.scenarios import ScenarioPath
from surefoot.model.units import Unit

_Position = tuple[int, tuple[ScenarioPath, ...]]


class Order(Protocol):
    """A policy that arranges the units of a run; `plan.queue.UnitQueue` asks it once."""

    def arrange(self, units: Iterable[Unit]) -> list[Unit]:
        """Return all of `units`, the first to be given out first, whatever order they came in."""
        ...


class LongestFirst:
    """Unknown units first, then the longest; ties in suite order.

    Longest processing time first ends within 4/3 - 1/(3m) of the best schedule on m workers
    (R. L. Graham, Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17, 1969).
    An unknown unit may be the longest, so none may be left for the end.
    """

    def arrange(self, units: Iterable[Unit]) -> list[Unit]:
        def key(unit: Unit) -> tuple[bool, float, _Position]:
            known = unit.estimate is not None
            return known, -(unit.estimate or 0.0), _suite_position(unit)

        return sorted(units, key=key)


class Shuffled:
    """A random order that its seed reproduces on every machine and Python version.

    Units are sorted by a hash of seed and identity rather than shuffled by `random`, whose
    algorithm is free to change. It also keeps the relative order of the units that remain
    when others are taken out, which is what a search for a polluting scenario needs.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def arrange(self, units: Iterable[Unit]) -> list[Unit]:
        def key(unit: Unit) -> tuple[bytes, _Position]:
            # A complete unit keeps its place when a selection changes which scenarios it has.
            paths = () if unit.complete else unit.paths
            text = f"{self.seed}/{unit.feature}/{paths}"
            return sha256(text.encode()).digest(), _suite_position(unit)

        return sorted(units, key=key)


class SuiteOrder:
    """The order in which plain behave would run them."""

    def arrange(self, units: Iterable[Unit]) -> list[Unit]:
        return sorted(units, key=_suite_position)


def _suite_position(unit: Unit) -> _Position:
    return unit.feature, unit.paths
