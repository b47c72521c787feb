"""The lock table under any schedule: exclusion holds, nothing is forgotten, nobody is starved."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from surefoot.model.units import Lock, Unit
from surefoot.plan.locks import LockTable
from surefoot.plan.order import SuiteOrder
from surefoot.plan.queue import UnitQueue

LOCKS = st.builds(Lock, st.sampled_from("abc"), st.booleans())
LOCK_SETS = st.lists(LOCKS, max_size=3, unique_by=lambda lock: lock.name).map(tuple)
WANTS = st.lists(
    st.tuples(st.sampled_from([False, False, False, True]), LOCK_SETS), min_size=1, max_size=14
)


def units_of(wants: list[tuple[bool, tuple[Lock, ...]]]) -> list[Unit]:
    return [
        Unit(feature=index, paths=((0,),), serial=serial, locks=locks)
        for index, (serial, locks) in enumerate(wants)
    ]


def share_a_lock(one: Unit, other: Unit) -> bool:
    """Say from the meaning of the tags alone whether the locks of two units conflict."""
    return any(
        a.name == b.name and not (a.shared and b.shared) for a in one.locks for b in other.locks
    )


def may_overlap(one: Unit, other: Unit) -> bool:
    return not one.serial and not other.serial and not share_a_lock(one, other)


def run_all(units: list[Unit], workers: int, data: st.DataObject) -> list[Unit]:
    """Run the units with any order of completions; return them in the order they began."""
    queue = UnitQueue(units, SuiteOrder())
    running: list[Unit] = []
    begun: list[Unit] = []
    while len(queue) or running:
        while len(running) < workers and (unit := queue.take(fresh_worker=False)) is not None:
            running.append(unit)
            begun.append(unit)
            assert all(may_overlap(a, b) for a, b in combinations(running, 2))
        assert running, "units wait, nothing runs, and nothing was given out"
        queue.done(running.pop(data.draw(st.integers(0, len(running) - 1))))
    return begun


@given(wants=WANTS, workers=st.integers(1, 6), data=st.data())
def test_everything_is_run_once_and_nothing_incompatible_at_the_same_time(
    wants: list[tuple[bool, tuple[Lock, ...]]], workers: int, data: st.DataObject
) -> None:
    units = units_of(wants)
    assert sorted(run_all(units, workers, data), key=lambda unit: unit.feature) == units


@given(wants=WANTS, workers=st.integers(1, 6), data=st.data())
def test_units_that_want_the_same_lock_get_it_in_order(
    wants: list[tuple[bool, tuple[Lock, ...]]], workers: int, data: st.DataObject
) -> None:
    begun = [unit for unit in run_all(units_of(wants), workers, data) if not unit.serial]
    for earlier, later in combinations(begun, 2):
        if share_a_lock(earlier, later):
            assert earlier.feature < later.feature


@given(wants=WANTS, steps=st.lists(st.integers(0, 13), max_size=40))
def test_the_table_grants_exactly_what_is_compatible_with_the_holders(
    wants: list[tuple[bool, tuple[Lock, ...]]], steps: list[int]
) -> None:
    table = LockTable()
    units = units_of(wants)
    holders: list[Unit] = []
    for step in steps:
        unit = units[step % len(units)]
        if unit in holders:
            table.release(unit)
            holders.remove(unit)
        else:
            granted = table.turn().acquire(unit)
            assert granted == all(may_overlap(unit, holder) for holder in holders)
            if granted:
                holders.append(unit)
        assert table.holders == tuple(holders)
