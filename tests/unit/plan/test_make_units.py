"""make_units: how features become units, with their locks and estimates."""

import pytest

from surefoot.errors import UserError
from surefoot.model.scenarios import PlannedFeature, PlannedScenario
from surefoot.model.units import Lock, Unit
from surefoot.plan.units import make_units


def scenario(
    key: str, index: int = 0, *tags: str, selected: bool = True, line: int = 7
) -> PlannedScenario:
    return PlannedScenario(
        id=key, path=(index,), name=key, line=line, tags=tags, steps=3, selected=selected
    )


def feature(
    index: int, *scenarios: PlannedScenario, whole: str = "", tags: tuple[str, ...] = ()
) -> PlannedFeature:
    return PlannedFeature(
        index=index,
        filename=f"features/f{index}.feature",
        name=f"feature {index}",
        line=2,
        tags=tags,
        scenarios=scenarios,
        whole=whole,
    )


def test_a_feature_is_one_complete_unit_of_its_selected_scenarios() -> None:
    suite = [
        feature(0, scenario("a", 0), scenario("b", 1, selected=False), scenario("c", 2)),
        feature(1, scenario("d", 0)),
    ]
    assert make_units(suite, "feature", {}) == [
        Unit(feature=0, paths=((0,), (2,))),
        Unit(feature=1, paths=((0,),)),
    ]


def test_scenario_units_are_the_selected_scenarios_in_suite_order() -> None:
    suite = [feature(0, scenario("a", 0), scenario("b", 1, selected=False), scenario("c", 2))]
    assert make_units(suite, "scenario", {}) == [
        Unit(feature=0, paths=((0,),), complete=False, rest=True),
        Unit(feature=0, paths=((2,),), complete=False),
    ]


def test_one_of_several_scenarios_is_still_a_part_of_its_feature() -> None:
    suite = [feature(0, scenario("a", 0), scenario("b", 1, selected=False))]
    unit = Unit(feature=0, paths=((0,),), complete=False, rest=True)
    assert make_units(suite, "scenario", {}) == [unit]


@pytest.mark.parametrize(
    "planned",
    [
        feature(0, scenario("a", 0), scenario("b", 1), whole="after_feature reads context.total"),
        feature(0, scenario("a", 0)),
        feature(0, scenario("a", 0, selected=False), scenario("b", 1, selected=False)),
        feature(0),
    ],
    ids=["whole", "one scenario", "none selected", "no scenario"],
)
def test_some_features_are_never_divided(planned: PlannedFeature) -> None:
    by_scenario = make_units([planned], "scenario", {})
    assert by_scenario == make_units([planned], "feature", {})
    assert [unit.complete for unit in by_scenario] == [True]


def test_a_feature_without_a_selected_scenario_is_reported_and_costs_nothing() -> None:
    suite = [feature(0), feature(1, scenario("a", 0, selected=False)), feature(2, scenario("b"))]
    assert make_units(suite, "feature", {}) == [
        Unit(feature=0, paths=(), estimate=0.0),
        Unit(feature=1, paths=(), estimate=0.0),
        Unit(feature=2, paths=((0,),), estimate=None),
    ]


def test_a_feature_without_a_selected_scenario_takes_the_locks_of_its_own_tags() -> None:
    skipped = scenario("a", 0, "lock:net", selected=False)
    (unit,) = make_units([feature(0, skipped, tags=("lock:db", "serial"))], "feature", {})
    assert unit.serial
    assert unit.locks == (Lock("db"),)


def test_the_locks_of_a_unit_are_those_of_its_selected_scenarios() -> None:
    suite = [
        feature(
            0,
            scenario("a", 0, "lock:db:read", "smoke"),
            scenario("b", 1, "lock:api"),
            scenario("c", 2, "lock:queue", "serial", selected=False),
        )
    ]
    (whole,) = make_units(suite, "feature", {})
    assert (whole.serial, whole.locks) == (False, (Lock("api"), Lock("db", shared=True)))
    parts = make_units(suite, "scenario", {})
    assert [part.locks for part in parts] == [(Lock("db", shared=True),), (Lock("api"),)]


@pytest.mark.parametrize(
    "tags", [("lock:db", "lock:db:read"), ("lock:db:read", "lock:db")], ids=["first", "last"]
)
def test_a_write_lock_beats_a_read_lock_of_the_same_name(tags: tuple[str, ...]) -> None:
    within = feature(0, scenario("a", 0, *tags))
    across = feature(1, scenario("b", 0, tags[0]), scenario("c", 1, tags[1]))
    assert [unit.locks for unit in make_units([within, across], "feature", {})] == [
        (Lock("db"),),
        (Lock("db"),),
    ]


def test_serial_is_a_property_of_the_units_that_have_the_tag() -> None:
    suite = [feature(0, scenario("a", 0, "serial"), scenario("b", 1))]
    assert [unit.serial for unit in make_units(suite, "feature", {})] == [True]
    assert [unit.serial for unit in make_units(suite, "scenario", {})] == [True, False]


@pytest.mark.parametrize("tag", ["lock", "locked", "serially", "lock_db", "Serial"])
def test_tags_that_only_look_alike_are_the_suites_own(tag: str) -> None:
    (unit,) = make_units([feature(0, scenario("a", 0, tag))], "feature", {})
    assert (unit.serial, unit.locks) == (False, ())


@pytest.mark.parametrize(
    "tag", ["lock:", "lock::read", "lock:db:", "lock:db:write", "lock:db:write?", "lock:a:b:read"]
)
def test_a_malformed_lock_is_an_error_that_names_place_tag_and_valid_forms(tag: str) -> None:
    suite = [feature(0, scenario("a", 0, line=3), scenario("b", 1, tag, line=12))]
    with pytest.raises(UserError) as raised:
        make_units(suite, "scenario", {})
    message = str(raised.value)
    assert message.startswith(f"features/f0.feature:12: the tag @{tag} is not a valid lock")
    assert "@lock:NAME to write" in message
    assert "@lock:NAME:read to read" in message


def test_a_malformed_lock_on_a_scenario_that_is_not_selected_is_no_matter() -> None:
    suite = [feature(0, scenario("a", 0), scenario("b", 1, "lock:", selected=False))]
    assert len(make_units(suite, "feature", {})) == 1


def test_an_estimate_is_the_sum_over_the_selected_scenarios() -> None:
    suite = [
        feature(0, scenario("a", 0), scenario("b", 1), scenario("c", 2, selected=False)),
    ]
    seconds = {"a": 1.5, "b": 2.0, "c": 100.0}
    assert [u.estimate for u in make_units(suite, "feature", seconds)] == [3.5]
    assert [u.estimate for u in make_units(suite, "scenario", seconds)] == [1.5, 2.0]


def test_an_unknown_scenario_beside_known_ones_counts_as_a_slow_one_of_the_suite() -> None:
    known = [scenario(f"s{n}", n) for n in range(1, 11)]
    suite = [feature(0, *known), feature(1, scenario("old", 0), scenario("new", 1))]
    seconds = {f"s{n}": float(n) for n in range(1, 10)} | {"s10": 1000.0, "old": 0.5}
    # 11 known, the nearest rank for 0.9 is the 10th: 9.0, and not the outlier above it.
    assert make_units(suite, "feature", seconds)[1].estimate == 0.5 + 9.0


def test_estimates_of_scenarios_that_are_not_selected_fill_no_gap() -> None:
    suite = [
        feature(0, scenario("a", 0), scenario("new", 1), scenario("slow", 2, selected=False)),
    ]
    (unit,) = make_units(suite, "feature", {"a": 1.0, "slow": 600.0})
    assert unit.estimate == 2.0


def test_a_unit_of_which_nothing_is_known_has_no_estimate() -> None:
    suite = [feature(0, scenario("a", 0)), feature(1, scenario("b", 0))]
    assert [u.estimate for u in make_units(suite, "feature", {"a": 1.0})] == [1.0, None]
    assert [u.estimate for u in make_units(suite, "feature", {})] == [None, None]
