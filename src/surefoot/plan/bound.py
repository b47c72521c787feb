"""How good a schedule was: the makespan against what no schedule could beat.

Pure arithmetic on measured seconds; it neither measures nor prints.
"""

import math
from collections.abc import Sequence

import msgspec


class Makespan(msgspec.Struct, frozen=True):
    """How long the units of a run took together, and the lower bound for it."""

    actual: float
    """Seconds from the first unit's start to the last unit's end."""
    bound: float
    """Seconds that no schedule of the same units on as many workers could go below."""

    @property
    def ratio(self) -> float | None:
        """`actual / bound`; 1.0 is perfect. None when nothing that takes time ran.

        Without locks and retries, handing the next unit to whichever worker is free stays at or
        below 2 - 1/m on m workers (R. L. Graham, Bounds for Certain Multiprocessing Anomalies,
        Bell System Technical Journal 45, 1966), apart from the time between units.
        """
        return self.actual / self.bound if self.bound > 0 else None


def lower_bound(seconds: Sequence[float], workers: int) -> float:
    """Return the lower bound of the makespan: `max(total / workers, longest unit)`.

    `seconds` holds the measured duration of every unit. No schedule ends sooner: the workers
    together have `total` to do, and no unit is shared by two (Graham 1966, as above). The bound
    does not look at locks: units that exclude each other may keep every schedule away from it.
    """
    if workers < 1:
        raise ValueError(f"a run has at least one worker, not {workers}")
    if not seconds:
        return 0.0
    longest = max(seconds)
    return max(math.fsum(seconds) / workers, longest)
