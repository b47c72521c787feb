"""The orders: longest first, shuffled, suite order."""

import random

import pytest

from surefoot.model.units import Unit
from surefoot.plan.order import LongestFirst, Order, Shuffled, SuiteOrder


def whole(feature: int, estimate: float | None = None, *, scenarios: int = 1) -> Unit:
    paths = tuple((index,) for index in range(scenarios))
    return Unit(feature=feature, paths=paths, estimate=estimate)


def part(feature: int, *path: int, estimate: float | None = None) -> Unit:
    return Unit(feature=feature, paths=(path,), complete=False, estimate=estimate)


def mixed(units: list[Unit]) -> list[Unit]:
    copy = list(units)
    random.Random(5).shuffle(copy)
    return copy


def test_longest_first_puts_unknown_units_before_all_and_breaks_ties_in_suite_order() -> None:
    expected = [
        whole(3),
        part(4, 1),
        whole(1, 9.0),
        whole(0, 2.0),
        part(2, 0, 3, estimate=2.0),
        part(2, 1, estimate=2.0),
        whole(5, 0.0),
    ]
    assert mixed(expected) != expected
    assert LongestFirst().arrange(mixed(expected)) == expected


def test_suite_order_is_that_of_features_and_of_places_in_them() -> None:
    expected = [whole(0, 1.0), part(1, 0), part(1, 2, 0), part(1, 2, 1), part(1, 10), whole(2, 5.0)]
    assert mixed(expected) != expected
    assert SuiteOrder().arrange(mixed(expected)) == expected


def test_a_shuffle_is_the_same_on_every_machine_and_version() -> None:
    # Written down once: a change of this order breaks every seed that users have noted.
    units = [whole(0), whole(1), part(2, 0), part(2, 1), whole(3), whole(4)]
    arranged = [(u.feature, u.paths[0]) for u in Shuffled(42).arrange(units)]
    assert arranged == [(3, (0,)), (2, (0,)), (2, (1,)), (4, (0,)), (1, (0,)), (0, (0,))]


def test_a_shuffle_depends_on_the_seed_and_not_on_the_order_of_its_input() -> None:
    units = [whole(n) for n in range(40)]
    assert Shuffled(1).arrange(units) == Shuffled(1).arrange(mixed(units))
    assert Shuffled(1).arrange(units) != Shuffled(2).arrange(units)


def test_a_shuffle_keeps_the_relative_order_when_units_are_taken_out() -> None:
    units = [whole(n) for n in range(40)]
    every_third = [u for u in Shuffled(7).arrange(units) if u.feature % 3 == 0]
    assert Shuffled(7).arrange(units[::3]) == every_third


def test_a_shuffle_keeps_the_place_of_a_feature_whose_selection_changes() -> None:
    full = [whole(n, scenarios=4) for n in range(20)]
    narrowed = [whole(n, scenarios=n % 5) for n in range(20)]
    assert [u.feature for u in Shuffled(3).arrange(full)] == [
        u.feature for u in Shuffled(3).arrange(narrowed)
    ]


@pytest.mark.parametrize("order", [LongestFirst(), Shuffled(1), SuiteOrder()])
def test_every_order_keeps_every_unit(order: Order) -> None:
    units = [whole(2, 1.0), whole(0), part(1, 0), part(1, 0), Unit(feature=3, paths=())]
    arranged = order.arrange(units)
    assert SuiteOrder().arrange(arranged) == SuiteOrder().arrange(units)
    assert order.arrange([]) == []
