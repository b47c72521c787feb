"""UnitQueue against a plain list that is searched from the front."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.model.units import Lock, Unit
from surefoot.plan.locks import LockTable
from surefoot.plan.order import LongestFirst, Order, Shuffled, SuiteOrder
from surefoot.plan.queue import UnitQueue

LOCK_SETS = st.lists(
    st.builds(Lock, st.sampled_from("ab"), st.booleans()),
    max_size=2,
    unique_by=lambda lock: lock.name,
).map(tuple)
UNITS = st.builds(
    Unit,
    feature=st.integers(0, 3),
    paths=st.integers(0, 5).map(lambda index: ((index,),)),
    complete=st.just(False),
    fresh=st.sampled_from([False, False, True]),
    serial=st.sampled_from([False, False, False, True]),
    locks=LOCK_SETS,
    estimate=st.none() | st.integers(0, 5).map(float),
)
ORDERS = st.one_of(st.just(LongestFirst()), st.just(SuiteOrder()), st.integers(0, 9).map(Shuffled))
COMMANDS = st.one_of(
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("take"), st.booleans()),
    st.tuples(st.just("done"), st.integers(0, 9)),
    st.tuples(st.just("add"), UNITS),
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(st.just("drain"), st.none()),
)


class PlainQueue:
    """The same rules, written down for reading and not for 100,000 units."""

    def __init__(self, units: list[Unit], order: Order) -> None:
        self.waiting = order.arrange(units)
        self.table = LockTable()

    def take(self, *, fresh_worker: bool) -> Unit | None:
        turn = self.table.turn()
        for place, unit in enumerate(self.waiting):
            if unit.fresh and not fresh_worker:
                if self.table.holders:
                    turn.reserve(unit)
            elif turn.acquire(unit):
                return self.waiting.pop(place)
        return None

    def remove_feature(self, index: int) -> list[Unit]:
        removed = [unit for unit in self.waiting if unit.feature == index]
        self.waiting = [unit for unit in self.waiting if unit.feature != index]
        return removed

    def drain(self) -> list[Unit]:
        drained, self.waiting = self.waiting, []
        return drained


@given(
    units=st.lists(UNITS, max_size=12),
    order=ORDERS,
    commands=st.lists(COMMANDS, max_size=40),
)
def test_it_does_what_a_plain_list_does(
    units: list[Unit], order: Order, commands: list[tuple[str, object]]
) -> None:
    queue, plain = UnitQueue(units, order), PlainQueue(units, order)
    running: list[Unit] = []
    for command in commands:
        match command:
            case ("take", bool(fresh)):
                taken = queue.take(fresh_worker=fresh)
                assert taken == plain.take(fresh_worker=fresh)
                if taken is not None:
                    running.append(taken)
            case ("done", int(number)) if running:
                unit = running.pop(number % len(running))
                queue.done(unit)
                plain.table.release(unit)
            case ("add", Unit() as unit):
                queue.add(unit)
                plain.waiting.insert(0, unit)
            case ("remove", int(index)):
                assert queue.remove_feature(index) == plain.remove_feature(index)
            case ("drain", _):
                assert queue.drain() == plain.drain()
        assert len(queue) == len(plain.waiting)
        assert queue.running == len(running)
        assert queue.wants_fresh == any(unit.fresh for unit in plain.waiting)


@given(units=st.lists(UNITS, max_size=30), order=ORDERS)
def test_one_fresh_worker_gets_every_unit_once_and_in_order(
    units: list[Unit], order: Order
) -> None:
    queue = UnitQueue(units, order)
    got: list[Unit] = []
    while (unit := queue.take(fresh_worker=True)) is not None:
        got.append(unit)
        queue.done(unit)
    assert got == order.arrange(units)


@given(units=st.lists(UNITS, min_size=1, max_size=12), workers=st.integers(1, 4), data=st.data())
def test_with_crashes_and_retries_every_unit_ends_once(
    units: list[Unit], workers: int, data: st.DataObject
) -> None:
    """A worker dies now and then; its unit comes back, at most twice, for a fresh worker."""
    queue = UnitQueue(units, LongestFirst())
    running: list[Unit] = []
    ended: list[tuple[int, object]] = []
    while len(queue) or running:
        while len(running) < workers and (
            unit := queue.take(fresh_worker=queue.wants_fresh and data.draw(st.booleans()))
        ):
            running.append(unit)
        if not running:
            assert queue.wants_fresh, "units wait, nothing runs, and nothing was given out"
            fresh = queue.take(fresh_worker=True)
            assert fresh is not None
            running.append(fresh)
        unit = running.pop(data.draw(st.integers(0, len(running) - 1)))
        queue.done(unit)
        if unit.attempt < 3 and data.draw(st.booleans()):
            queue.add(
                Unit(
                    feature=unit.feature,
                    paths=unit.paths,
                    complete=False,
                    attempt=unit.attempt + 1,
                    fresh=True,
                    serial=unit.serial,
                    locks=unit.locks,
                )
            )
        else:
            ended.append((unit.feature, unit.paths))
    assert sorted(ended, key=repr) == sorted(((u.feature, u.paths) for u in units), key=repr)
