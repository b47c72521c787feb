"""A slot goes only where it can go."""

import pytest

from surefoot.engine.slots import Idle, Running, Slot, Starting, Vacant
from surefoot.errors import InternalError
from surefoot.model.units import Unit


def test_the_ordinary_life_of_a_slot() -> None:
    slot = Slot(1)
    for state in (Starting(0.0), Idle(0.0), Running(1, Unit(0, ((0,),)), 0.0, set()), Idle(1.0)):
        slot.move(state)
    assert isinstance(slot.state, Idle)


def test_an_impossible_transition_names_both_states() -> None:
    slot = Slot(4)
    with pytest.raises(InternalError, match="worker 4: Idle cannot follow Vacant"):
        slot.move(Idle(0.0))
    assert isinstance(slot.state, Vacant)
