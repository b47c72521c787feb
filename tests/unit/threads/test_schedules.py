"""Trials, orders, recipes and minimising: plain values, no threads."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import UserError
from surefoot.threads.asked import by_tags
from surefoot.threads.minimise import minimise
from surefoot.threads.orders import Here, Pct, RandomWalk, Replay, make
from surefoot.threads.schedule import Decision, Failure, Recipe, Result, Trial, read_recipe
from surefoot.threads.search import Options, plan, search

decisions = st.builds(
    Decision,
    st.integers(0, 9),
    st.integers(1, 10**6),
    st.integers(0, 9),
    st.integers(0, 0xFFFF),
)
recipes = st.builds(
    Recipe,
    scenario=st.text(max_size=60),
    granularity=st.sampled_from(["sync", "line", "opcode", "breaker"]),
    decisions=st.lists(decisions, max_size=20).map(tuple),
    packages=st.lists(st.text("abc.", min_size=1), max_size=3).map(tuple),
    seed=st.integers(0, 2**62),
    wall=st.integers(0, 2**62),
    python=st.just("3.11"),
    failure=st.text(max_size=60),
)


@given(recipes)
def test_a_recipe_survives_as_a_token_and_as_a_file(recipe: Recipe) -> None:
    import msgspec

    assert read_recipe(msgspec.json.encode(recipe).decode()) == recipe
    token = recipe.token()
    assert read_recipe(token) == msgspec.structs.replace(recipe, failure="")
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["", "nonsense", "e30", "{}", "{", "\x00", "{'a': 1}"])
def test_what_is_no_recipe_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(UserError, match="copy the whole command from the report"):
        read_recipe(text)


def walk(order: RandomWalk | Pct | Replay, length: int = 200) -> list[int]:
    """Let an order choose among three threads that always can run."""
    running, chosen = 0, []
    for point in range(1, length):
        running = order.choose((0, 1, 2), Here(running, True, point, running))
        chosen.append(running)
    return chosen


@given(st.integers(0, 10**6), st.sampled_from(["random", "pct"]))
def test_an_order_depends_on_its_trial_alone(seed: int, policy: str) -> None:
    trial = Trial("line", policy, seed, 3)  # type: ignore[arg-type]
    first, second = walk(make(trial)), walk(make(trial))  # type: ignore[arg-type]
    assert first == second
    assert set(first) <= {0, 1, 2}


def test_pct_switches_seldom_and_a_random_walk_often() -> None:
    def switched(chosen: Sequence[int]) -> int:
        return sum(a != b for a, b in pairwise(chosen))

    few = [switched(walk(Pct(Random(seed), 100))) for seed in range(20)]
    many = [switched(walk(RandomWalk(Random(seed)))) for seed in range(20)]
    # At most one switch for each of its three change points.
    assert max(few) <= 3
    assert sum(many) / len(many) > 20


def test_an_order_chooses_one_that_can_run_when_the_running_one_cannot() -> None:
    for order in (RandomWalk(Random(1)), Pct(Random(1), 50)):
        for point in range(50):
            assert order.choose((1, 2), Here(0, False, point, 1)) in {1, 2}


def test_a_replay_follows_its_decisions_where_they_can_be_followed() -> None:
    replay = Replay([Decision(0, 3, 2), Decision(1, 5, 7)])
    assert replay.choose((0, 1, 2), Here(0, True, 3, 0)) == 2
    assert replay.choose((0, 1, 2), Here(0, True, 4, 0)) == 0
    # Thread 7 is not there: what is not decided goes by default.
    assert replay.choose((1, 2), Here(1, False, 5, 1)) == 1


@given(st.sets(st.integers(0, 29), min_size=1, max_size=3), st.integers(5, 30))
def test_minimising_leaves_the_decisions_that_matter(needed: set[int], count: int) -> None:
    needed = {number % count for number in needed}
    all_of_them = tuple(Decision(0, number, 1) for number in range(count))
    wanted = {Decision(0, number, 1) for number in needed}
    failure = Failure("step", "AssertionError: no")

    def fails(tried: tuple[Decision, ...]) -> Result | None:
        return Result(failure=failure, decisions=tried) if wanted <= set(tried) else None

    best = minimise(Result(failure=failure, decisions=all_of_them), fails, budget=500)
    assert set(best.decisions) == wanted


def test_minimising_stops_at_its_budget_with_what_it_has() -> None:
    asked = []

    def fails(tried: tuple[Decision, ...]) -> Result | None:
        asked.append(tried)
        return None

    found = Result(decisions=tuple(Decision(0, number, 1) for number in range(40)))
    assert minimise(found, fails, budget=10) is found
    assert len(asked) <= 20


def test_schedules_take_turns_and_the_first_stops_nobody() -> None:
    trials = [plan(Options(seed=4), number, {"line": 80}) for number in range(9)]
    assert trials[0].policy == "replay"
    assert trials[0].decisions == ()
    kinds = {(trial.granularity, trial.policy) for trial in trials[1:]}
    assert kinds == {("line", "random"), ("line", "pct"), ("opcode", "random"), ("opcode", "pct")}
    only = Options(seed=4, policy="pct", granularity="sync")
    assert {plan(only, number, {}).granularity for number in range(5)} == {"sync"}


def test_a_search_ends_at_once_where_there_is_nothing_to_order() -> None:
    asked = []

    def run(trial: Trial) -> Result:
        asked.append(trial)
        return Result(threads=("scenario",))

    report = search(run, Options(schedules=50))
    assert report.alone
    assert len(asked) == 1


def test_a_failure_of_the_first_schedule_is_told_apart() -> None:
    failure = Failure("step", "AssertionError: always")
    report = search(
        lambda _: Result(failure=failure, threads=("scenario", "a")), Options(schedules=50)
    )
    assert report.plain
    assert report.found_at == 1
    assert report.replays == report.replayed == 3


def test_a_failure_that_does_not_come_again_is_said_to_be_so() -> None:
    failure = Failure("step", "AssertionError: once")
    once = Result(
        failure=failure, threads=("scenario", "a"), decisions=(Decision(1, 2, 0),), disturbed="why"
    )
    calls = []

    def run(trial: Trial) -> Result:
        calls.append(trial)
        return once if len(calls) == 3 else Result(threads=("scenario", "a"))

    report = search(run, Options(schedules=5))
    assert report.found_at == 3
    assert report.replays == 0
    assert report.replayed == 3
    assert report.disturbed == 1
    assert report.possible is False


def test_disturbed_and_given_up_schedules_are_counted() -> None:
    results = [
        Result(threads=("scenario", "a"), disturbed="a wait"),
        Result(threads=("scenario", "a"), cut=True, disturbed="too long"),
    ]
    report = search(lambda trial: results[trial.number % 2], Options(schedules=10))
    assert (report.disturbed, report.cut, report.why_cut) == (5, 5, "too long")


def test_tags_say_how_much_and_how() -> None:
    usual = Options(schedules=200, seed=9)
    assert by_tags(["slow"], usual) is None
    assert by_tags(["explorer", "exploring"], usual) is None
    assert by_tags(["explore"], usual) == usual
    assert by_tags(["explore:7"], usual) == Options(schedules=7, seed=9)
    assert by_tags(["explore(30)"], usual) == Options(schedules=30, seed=9)
    tag = "explore(schedules=5,seed=3,policy=pct,granularity=opcode,packages=a.b+c)"
    assert by_tags([tag], usual) == Options(5, 3, "pct", "opcode", ("a.b", "c"))
