"""UnitQueue: what the next free worker gets."""

import pytest

from surefoot.errors import InternalError
from surefoot.model.units import Lock, Unit
from surefoot.plan.order import LongestFirst, SuiteOrder
from surefoot.plan.queue import UnitQueue


def unit(
    feature: int,
    *locks: Lock,
    place: int = 0,
    fresh: bool = False,
    serial: bool = False,
    estimate: float | None = None,
) -> Unit:
    return Unit(
        feature=feature,
        paths=((place,),),
        complete=False,
        fresh=fresh,
        serial=serial,
        locks=locks,
        estimate=estimate,
    )


DB = Lock("db")
DB_READ = Lock("db", shared=True)


def take_all(queue: UnitQueue, *, fresh_worker: bool = False) -> list[Unit]:
    """Take until nothing more is free, without anything being done."""
    taken = []
    while (got := queue.take(fresh_worker=fresh_worker)) is not None:
        taken.append(got)
    return taken


def test_units_come_in_the_order_of_the_policy() -> None:
    units = [unit(0, estimate=1.0), unit(1, estimate=3.0), unit(2)]
    assert take_all(UnitQueue(units, LongestFirst())) == [units[2], units[1], units[0]]
    assert take_all(UnitQueue(units, SuiteOrder())) == units


def test_an_empty_queue_gives_nothing() -> None:
    queue = UnitQueue([], SuiteOrder())
    assert queue.take(fresh_worker=True) is None
    assert (len(queue), queue.running, queue.wants_fresh, queue.drain()) == (0, 0, False, [])


def test_it_counts_what_waits_and_what_runs() -> None:
    units = [unit(0), unit(1), unit(2)]
    queue = UnitQueue(units, SuiteOrder())
    assert (len(queue), queue.running) == (3, 0)
    queue.take(fresh_worker=False)
    queue.take(fresh_worker=False)
    assert (len(queue), queue.running) == (1, 2)
    queue.done(units[0])
    assert (len(queue), queue.running) == (1, 1)
    queue.add(units[0])
    assert (len(queue), queue.running) == (2, 1)


def test_a_unit_whose_lock_is_busy_is_passed_over_and_comes_back() -> None:
    holder, waiter, other = unit(0, DB), unit(1, DB), unit(2)
    queue = UnitQueue([holder, waiter, other], SuiteOrder())
    assert take_all(queue) == [holder, other]
    queue.done(other)
    assert queue.take(fresh_worker=False) is None
    queue.done(holder)
    assert queue.take(fresh_worker=False) == waiter


def test_a_waiting_writer_is_not_starved_by_a_stream_of_readers() -> None:
    readers = [unit(n, DB_READ) for n in (0, 1, 3, 4, 5)]
    writer = unit(2, DB)
    queue = UnitQueue([*readers, writer], SuiteOrder())
    assert take_all(queue) == readers[:2]
    queue.done(readers[0])
    assert queue.take(fresh_worker=False) is None
    queue.done(readers[1])
    assert take_all(queue) == [writer]
    queue.done(writer)
    assert take_all(queue) == readers[2:]


def test_serial_units_wait_for_a_quiet_moment_without_making_one() -> None:
    units = [unit(0), unit(1, serial=True), unit(2), unit(3, serial=True), unit(4)]
    queue = UnitQueue(units, SuiteOrder())
    assert take_all(queue) == [units[0], units[2], units[4]]
    for done in (units[0], units[2]):
        queue.done(done)
        assert queue.take(fresh_worker=False) is None
    queue.done(units[4])
    assert take_all(queue) == [units[1]]
    queue.done(units[1])
    assert take_all(queue) == [units[3]]


def test_one_worker_gets_the_order_exactly_whatever_the_locks() -> None:
    units = [unit(0, DB), unit(1, serial=True), unit(2, DB_READ), unit(3), unit(4, DB)]
    queue = UnitQueue(units, SuiteOrder())
    got = []
    while (taken := queue.take(fresh_worker=False)) is not None:
        got.append(taken)
        queue.done(taken)
    assert got == units


def test_what_is_added_goes_in_front_the_last_one_first() -> None:
    queue = UnitQueue([unit(0), unit(1)], SuiteOrder())
    queue.add(unit(7))
    queue.add(unit(8))
    assert [u.feature for u in take_all(queue)] == [8, 7, 0, 1]


def test_only_a_fresh_worker_gets_a_fresh_unit() -> None:
    retry, other = unit(0, fresh=True), unit(1)
    queue = UnitQueue([retry, other], SuiteOrder())
    assert queue.wants_fresh
    assert take_all(queue) == [other]
    queue.done(other)
    assert queue.take(fresh_worker=False) is None
    assert queue.wants_fresh
    assert queue.take(fresh_worker=True) == retry
    assert not queue.wants_fresh


def test_a_fresh_worker_takes_ordinary_units_too() -> None:
    units = [unit(0), unit(1, fresh=True)]
    assert take_all(UnitQueue(units, SuiteOrder()), fresh_worker=True) == units


def test_the_lock_of_a_unit_that_waits_for_a_fresh_worker_is_kept_while_something_runs() -> None:
    running, retry, other = unit(0), unit(1, DB, fresh=True), unit(2, DB)
    queue = UnitQueue([running, retry, other], SuiteOrder())
    assert take_all(queue) == [running]
    assert queue.take(fresh_worker=True) == retry


def test_a_unit_that_waits_for_a_fresh_worker_never_stops_the_run() -> None:
    retry, other = unit(0, DB, fresh=True), unit(1, DB)
    queue = UnitQueue([retry, other], SuiteOrder())
    assert queue.take(fresh_worker=False) == other


def test_remove_feature_takes_its_waiting_units_and_leaves_the_running_one() -> None:
    parts = [unit(1, place=place) for place in range(3)]
    others = [unit(0), unit(2)]
    queue = UnitQueue([*parts, *others], SuiteOrder())
    assert queue.take(fresh_worker=False) == others[0]
    assert queue.take(fresh_worker=False) == parts[0]
    assert queue.remove_feature(1) == parts[1:]
    assert (len(queue), queue.running) == (1, 2)
    assert queue.remove_feature(1) == []
    queue.done(parts[0])
    assert take_all(queue) == [others[1]]


def test_remove_feature_also_finds_what_was_added_and_what_must_be_fresh() -> None:
    ordinary, retry = unit(1), unit(1, place=4, fresh=True)
    queue = UnitQueue([ordinary], SuiteOrder())
    queue.add(retry)
    assert queue.remove_feature(1) == [retry, ordinary]
    assert not queue.wants_fresh
    assert queue.remove_feature(5) == []


def test_drain_empties_the_queue_and_what_comes_later_still_works() -> None:
    units = [unit(0, DB), unit(1, DB), unit(2), unit(3, fresh=True)]
    queue = UnitQueue(units, SuiteOrder())
    assert queue.take(fresh_worker=False) == units[0]
    assert queue.drain() == units[1:]
    assert (len(queue), queue.running, queue.wants_fresh) == (0, 1, False)
    assert queue.take(fresh_worker=True) is None
    queue.done(units[0])
    queue.add(units[1])
    assert take_all(queue) == [units[1]]


def test_units_that_come_back_for_ever_do_not_fill_the_heap() -> None:
    units = [unit(0, DB), unit(1, DB), unit(2)]
    queue = UnitQueue(units, SuiteOrder())
    for _ in range(200):
        taken = take_all(queue)
        assert taken == [units[0], units[2]]
        for back in reversed(taken):
            queue.done(back)
            queue.add(back)
    assert len(queue._heads) <= 8


def test_done_for_a_unit_that_was_never_taken_is_our_bug() -> None:
    queue = UnitQueue([unit(0)], SuiteOrder())
    with pytest.raises(InternalError):
        queue.done(unit(0))
