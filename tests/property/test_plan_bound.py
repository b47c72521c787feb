"""List scheduling on simulated workers, against the bounds that Graham proved for it."""

from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from surefoot.model.units import Lock, Unit
from surefoot.plan.bound import lower_bound
from surefoot.plan.order import LongestFirst, Order, Shuffled, SuiteOrder
from surefoot.plan.queue import UnitQueue

# Whole seconds: sums of them are exact, so the tolerance below only covers total / workers.
SECONDS = st.lists(st.integers(0, 50), min_size=1, max_size=40)
WORKERS = st.integers(1, 8)
LOCK_SETS = st.lists(
    st.builds(Lock, st.sampled_from("ab"), st.booleans()),
    max_size=2,
    unique_by=lambda lock: lock.name,
).map(tuple)


def simulate(units: list[Unit], seconds: list[int], workers: int, order: Order) -> int:
    """Return the makespan when each free worker takes the next unit at once."""
    queue = UnitQueue(units, order)
    now, free = 0, workers
    ends: list[tuple[int, int]] = []
    while len(queue) or ends:
        while free and (unit := queue.take(fresh_worker=False)) is not None:
            heappush(ends, (now + seconds[unit.feature], unit.feature))
            free -= 1
        now, feature = heappop(ends)
        queue.done(units[feature])
        free += 1
    return now


@given(seconds=SECONDS, workers=WORKERS, seed=st.integers(0, 99))
def test_any_order_ends_between_the_bound_and_twice_the_bound(
    seconds: list[int], workers: int, seed: int
) -> None:
    units = [Unit(feature=n, paths=((0,),), estimate=float(s)) for n, s in enumerate(seconds)]
    bound = lower_bound([float(s) for s in seconds], workers)
    for order in (LongestFirst(), Shuffled(seed), SuiteOrder()):
        makespan = simulate(units, seconds, workers, order)
        assert makespan >= bound - 1e-6
        assert makespan <= (2 - 1 / workers) * bound + 1e-6


@given(seconds=SECONDS, workers=WORKERS, data=st.data())
def test_locks_delay_but_the_bound_stays_a_bound(
    seconds: list[int], workers: int, data: st.DataObject
) -> None:
    units = [
        Unit(
            feature=n,
            paths=((0,),),
            serial=data.draw(st.sampled_from([False, False, False, True])),
            locks=data.draw(LOCK_SETS),
            estimate=float(s),
        )
        for n, s in enumerate(seconds)
    ]
    makespan = simulate(units, seconds, workers, LongestFirst())
    assert lower_bound([float(s) for s in seconds], workers) - 1e-6 <= makespan <= sum(seconds)


@given(seconds=SECONDS)
def test_one_worker_meets_the_bound(seconds: list[int]) -> None:
    units = [Unit(feature=n, paths=((0,),)) for n in range(len(seconds))]
    bound = lower_bound([float(s) for s in seconds], 1)
    assert simulate(units, seconds, 1, SuiteOrder()) == bound
