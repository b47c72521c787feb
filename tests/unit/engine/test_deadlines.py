"""A deadline is found from the board's place, and only the one that holds there."""

import msgspec
import pytest

from surefoot.engine.deadlines import Timeouts, overrun
from surefoot.engine.slots import Finishing, Idle, Loading, Running, Starting, State
from surefoot.model.units import Unit
from surefoot.worker.board import Place, Position

TIMEOUTS = Timeouts(step=1.0, scenario=5.0, hook=2.0, run=None, load=3.0)
RUNNING = Running(7, Unit(0, ((0,),)), 0.0, set())


def at(place: Place, since: float, scenario_since: float = 0.0, unit: int = 7) -> Position:
    """A position in unit 7."""
    inside = place in (Place.STEP, Place.SCENARIO, Place.SCENARIO_HOOK)
    return Position(place, unit, 0 if inside else -1, 0, since, scenario_since, 0.0, "before_tag")


@pytest.mark.parametrize(
    ("state", "position", "now", "expected"),
    [
        (RUNNING, at(Place.STEP, 10.0, 9.5), 10.9, None),
        (RUNNING, at(Place.STEP, 10.0, 9.5), 11.1, "--timeout-step"),
        (RUNNING, at(Place.STEP, 14.9, 9.5), 15.0, "--timeout-scenario"),
        (RUNNING, at(Place.SCENARIO_HOOK, 10.0, 9.9), 12.1, "--timeout-hook"),
        (RUNNING, at(Place.FEATURE_HOOK, 10.0), 12.1, "before_tag"),
        (RUNNING, at(Place.BETWEEN, 10.0), 99.0, None),
        # The board still shows the unit before: nothing is known of this one yet.
        (RUNNING, at(Place.STEP, 10.0, 9.5, unit=6), 99.0, None),
        (Starting(0.0), Position(), 2.1, "before_all"),
        (Finishing(0.0), Position(), 2.1, "after_all"),
        (Finishing(0.0, finished=True), Position(), 3.9, None),
        (Finishing(0.0, finished=True), Position(), 4.1, "--grace"),
        (Loading(0.0), Position(), 3.1, "--preload-timeout"),
        (Idle(0.0), Position(), 999.0, None),
    ],
)
def test_overrun(state: State, position: Position, now: float, expected: str | None) -> None:
    found = overrun(state, position, TIMEOUTS, 4.0, now)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert expected in found.reason


def test_no_limit_is_no_deadline() -> None:
    none = Timeouts(None, None, None, None, None)
    assert overrun(RUNNING, at(Place.STEP, 0.0, 0.1), none, 4.0, 1e9) is None
    assert overrun(Starting(0.0), Position(), none, 4.0, 1e9) is None


def test_the_deadline_of_an_explored_scenario_covers_all_its_schedules() -> None:
    explored = msgspec.structs.replace(at(Place.STEP, 14.9, 9.5), schedules=57)
    found = overrun(RUNNING, explored, TIMEOUTS, 4.0, 15.0)
    assert found is not None
    assert "covers all schedules of its exploration, of which 57 had been run" in found.reason
    assert "--schedules" in found.reason
    plain = overrun(RUNNING, at(Place.STEP, 14.9, 9.5), TIMEOUTS, 4.0, 15.0)
    assert plain is not None
    assert "schedules" not in plain.reason
