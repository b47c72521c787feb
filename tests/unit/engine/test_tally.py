"""Verdicts, and statuses of containers by behave's rule."""

import pytest
from behave.model import Feature, Scenario, Step
from behave.model_type import Status
from hypothesis import given
from hypothesis import strategies as st

from surefoot.engine.tally import Result, Tally, container_status
from surefoot.errors import InternalError
from surefoot.events.journal import Ref
from surefoot.model.outcomes import Outcome, Verdict, verdict_of
from surefoot.model.scenarios import PlannedFeature, PlannedScenario

STATUSES = ["passed", "failed", "error", "hook_error", "cleanup_error", "skipped", "untested"]


@given(st.lists(st.sampled_from(STATUSES), max_size=6))
def test_container_status_is_behaves(statuses: list[str]) -> None:
    feature = Feature("a.feature", 1, "Feature", "f")
    for number, status in enumerate(statuses):
        step = Step("a.feature", number, "Given", "given", "s")
        scenario = Scenario("a.feature", number, "Scenario", f"s{number}", steps=[step])
        scenario.set_status(Status.from_name(status))
        if status == "untested":
            step.status = Status.untested
        feature.add_scenario(scenario)
    assert container_status(statuses) == feature.status.name


@pytest.mark.parametrize(
    ("attempts", "verdict"),
    [
        ([Outcome.PASSED], Verdict.PASSED),
        ([Outcome.FAILED, Outcome.PASSED], Verdict.FLAKY),
        ([Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.PASSED], Verdict.FLAKY),
        ([Outcome.FAILED, Outcome.ERROR], Verdict.FAILED),
        ([Outcome.UNDEFINED], Verdict.FAILED),
        ([Outcome.SKIPPED], Verdict.SKIPPED),
        ([Outcome.UNTESTED], Verdict.UNTESTED),
        ([Outcome.HOOK_ERROR, Outcome.UNTESTED], Verdict.FAILED),
    ],
)
def test_a_verdict_is_over_all_attempts(attempts: list[Outcome], verdict: Verdict) -> None:
    assert verdict_of(attempts) is verdict


def planned(count: int) -> PlannedFeature:
    """A feature of `count` scenarios."""
    return PlannedFeature(
        0,
        "a.feature",
        "A",
        1,
        (),
        tuple(
            PlannedScenario(f"a :: {n}", (n,), str(n), n + 2, (), 1, selected=True)
            for n in range(count)
        ),
    )


def result(outcome: Outcome, status: str, offset: int = 0) -> Result:
    """An attempt's result."""
    return Result(
        id="x",
        outcome=outcome,
        status=status,
        steps={status: 1},
        seconds=0.5,
        ref=Ref(offset, 1),
        hook_failures=0,
        undefined=0,
        attempts=[outcome],
        judgements=[None],
    )


def test_a_flaky_scenario_is_reported_by_its_last_attempt() -> None:
    tally = Tally([planned(1)])
    tally.add(0, (0,), result(Outcome.FAILED, "failed", 1))
    stands = tally.add(0, (0,), result(Outcome.PASSED, "passed", 2))
    assert (stands.ref.offset, stands.status) == (2, "passed")
    ledger, verdicts = tally.close(0)
    assert [verdict.verdict for verdict in verdicts] == [Verdict.FLAKY]
    assert ledger.status() == "passed"
    assert tally.failed_features == 0


def test_a_scenario_that_never_passed_is_reported_by_its_first_failure() -> None:
    tally = Tally([planned(1)])
    tally.add(0, (0,), result(Outcome.FAILED, "failed", 1))
    stands = tally.add(0, (0,), result(Outcome.ERROR, "error", 2))
    assert (stands.ref.offset, stands.attempts) == (1, [Outcome.FAILED, Outcome.ERROR])
    tally.close(0)
    assert tally.verdicts == {"failed": 1}
    assert tally.scenarios == {"failed": 1}


def test_a_closed_feature_takes_nothing_more() -> None:
    tally = Tally([planned(1)])
    tally.add(0, (0,), result(Outcome.PASSED, "passed"))
    tally.close(0)
    with pytest.raises(InternalError, match="closed already"):
        tally.add(0, (0,), result(Outcome.PASSED, "passed"))
