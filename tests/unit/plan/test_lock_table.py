"""LockTable and Turn: who may run beside whom, and who may overtake."""

import pytest

from surefoot.errors import InternalError
from surefoot.model.units import Lock, Unit
from surefoot.plan.locks import LockTable


def write(feature: int, *names: str) -> Unit:
    return Unit(feature=feature, paths=((0,),), locks=tuple(Lock(name) for name in names))


def read(feature: int, *names: str) -> Unit:
    locks = tuple(Lock(name, shared=True) for name in names)
    return Unit(feature=feature, paths=((0,),), locks=locks)


def serial(feature: int) -> Unit:
    return Unit(feature=feature, paths=((0,),), serial=True)


FREE = Unit(feature=99, paths=((0,),))


@pytest.mark.parametrize(
    ("held", "asked", "granted"),
    [
        (read(0, "db"), read(1, "db"), True),
        (read(0, "db"), write(1, "db"), False),
        (write(0, "db"), read(1, "db"), False),
        (write(0, "db"), write(1, "db"), False),
        (write(0, "db"), write(1, "api"), True),
        (write(0, "db", "api"), read(1, "api"), False),
        (write(0, "db"), FREE, True),
        (FREE, serial(1), False),
        (serial(0), FREE, False),
        (serial(0), read(1, "db"), False),
        (serial(0), serial(1), False),
    ],
)
def test_what_may_run_beside_what(held: Unit, asked: Unit, granted: bool) -> None:
    table = LockTable()
    assert table.turn().acquire(held)
    assert table.turn().acquire(asked) is granted
    assert table.holders == ((held, asked) if granted else (held,))


def test_a_refused_unit_holds_none_of_its_locks() -> None:
    table = LockTable()
    assert table.turn().acquire(write(0, "db"))
    assert not table.turn().acquire(write(1, "api", "db"))
    assert table.turn().acquire(write(2, "api"))


def test_release_frees_all_locks_of_the_unit_and_no_other() -> None:
    table = LockTable()
    first, second = read(0, "db", "api"), read(1, "db")
    assert table.turn().acquire(first)
    assert table.turn().acquire(second)
    table.release(first)
    assert not table.turn().acquire(write(2, "db"))
    assert table.turn().acquire(write(2, "api"))
    table.release(second)
    assert table.turn().acquire(write(3, "db"))


def test_a_serial_unit_runs_when_all_others_have_ended() -> None:
    table = LockTable()
    assert table.turn().acquire(FREE)
    assert not table.turn().acquire(serial(0))
    table.release(FREE)
    assert table.turn().acquire(serial(0))
    table.release(serial(0))
    assert table.turn().acquire(FREE)


def test_releasing_what_does_not_run_is_our_bug() -> None:
    table = LockTable()
    assert table.turn().acquire(write(0, "db"))
    with pytest.raises(InternalError, match="does not run"):
        table.release(write(1, "db"))
    table.release(write(0, "db"))
    with pytest.raises(InternalError, match="does not run"):
        table.release(write(0, "db"))


def test_a_reader_does_not_overtake_a_writer_that_waits() -> None:
    table = LockTable()
    assert table.turn().acquire(read(0, "db"))
    turn = table.turn()
    assert not turn.acquire(write(1, "db"))
    assert not turn.acquire(read(2, "db"))
    assert not turn.acquire(read(3, "db", "api")), "the reader that was refused changes nothing"


def test_readers_that_wait_keep_out_writers_and_let_readers_pass() -> None:
    table = LockTable()
    assert table.turn().acquire(write(0, "api"))
    turn = table.turn()
    assert not turn.acquire(read(1, "db", "api"))
    assert not turn.acquire(write(2, "db"))
    # The writer that was refused last is now in front of this reader as well.
    assert not turn.acquire(read(3, "db"))
    turn = table.turn()
    assert not turn.acquire(read(1, "db", "api"))
    assert turn.acquire(read(3, "db"))


def test_a_unit_that_waits_keeps_its_other_locks_from_those_behind_it() -> None:
    table = LockTable()
    assert table.turn().acquire(write(0, "a"))
    turn = table.turn()
    assert not turn.acquire(write(1, "a", "b"))
    assert not turn.acquire(write(2, "b"))
    assert turn.acquire(write(3, "c"))


def test_a_serial_unit_that_waits_makes_nobody_idle() -> None:
    table = LockTable()
    assert table.turn().acquire(FREE)
    turn = table.turn()
    assert not turn.acquire(Unit(feature=0, paths=((0,),), serial=True, locks=(Lock("db"),)))
    assert turn.acquire(write(1, "db"))
