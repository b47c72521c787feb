"""Inversion and its guards; the list of errors of the machine; verdicts over several attempts."""

import datetime

import pytest

from surefoot.config.settings import Settings
from surefoot.config.tables import InfrastructureTable, QuarantineTable, Tables, TagTable
from surefoot.errors import UserError
from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict, verdict_of
from surefoot.policy.expected import Failure, Policy, Seen, judge, policy_of
from surefoot.policy.infrastructure import (
    Raised,
    infrastructure_error,
    infrastructure_rules,
)
from surefoot.policy.quarantine import QuarantineRules

TAGS = ("tdd_issue", "tdd_issue_12", "tdd_expected_fail")
TODAY = datetime.date(2026, 11, 25)
ON = Policy(today=TODAY, inversion=True)
ASSERTION = Raised(("AssertionError", "Exception"), "one is\nnot two")
LOCKED = Raised(("sqlite3.OperationalError", "sqlite3.DatabaseError"), "database is locked")


def _failed(
    *raised: Raised, outcome: Outcome = Outcome.FAILED, status: str = "failed", **more: object
) -> Seen:
    failure = Failure(status, raised or (ASSERTION,))
    return Seen(outcome=outcome, failures=(failure,), **more)  # type: ignore[arg-type]


def _standing(seen: Seen, tags: tuple[str, ...] = TAGS, policy: Policy = ON) -> Standing | None:
    judgement = judge(tags, seen, policy)
    return judgement.standing if judgement else None


def test_a_failing_expected_failure_and_a_passing_one() -> None:
    assert _standing(_failed()) is Standing.EXPECTED_FAILURE
    judgement = judge(TAGS, Seen(outcome=Outcome.PASSED), ON, lambda name: f"f:3 {name}")
    assert judgement == Judgement(
        Standing.UNEXPECTED_PASS,
        "the bug seems to be mended (@tdd_issue_12): remove @tdd_expected_fail"
        " (f:3 tdd_expected_fail) and verify the fix",
    )


@pytest.mark.parametrize("outcome", list(Outcome))
def test_without_tags_or_when_off_behave_has_the_say(outcome: Outcome) -> None:
    seen = _failed(outcome=outcome)
    assert judge(("smoke",), seen, ON) is None
    assert judge(TAGS, seen, Policy(today=TODAY)) is None


@pytest.mark.parametrize(
    "outcome",
    [Outcome.HOOK_ERROR, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.UNDEFINED],
)
def test_what_is_never_inverted(outcome: Outcome) -> None:
    assert _standing(_failed(outcome=outcome)) is Standing.NOT_INVERTED


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.UNTESTED])
def test_what_did_not_run_is_left_alone(outcome: Outcome) -> None:
    assert judge(TAGS, Seen(outcome=outcome), ON) is None


@pytest.mark.parametrize(
    "seen",
    [
        _failed(check="a thread was left"),
        _failed(aborted=True),
        _failed(status="pending", outcome=Outcome.ERROR),
        _failed(status="hook_error", outcome=Outcome.ERROR),
        Seen(outcome=Outcome.FAILED),
        _failed(
            Raised(("surefoot.worker.shims.ProcessExitError",), "SystemExit: 3"),
            outcome=Outcome.ERROR,
            status="error",
        ),
    ],
)
def test_failures_that_are_not_of_the_steps(seen: Seen) -> None:
    assert _standing(seen) is Standing.NOT_INVERTED


def test_incomplete_tags_have_no_effect() -> None:
    judgement = judge(("tdd_expected_fail", "tdd_issue"), _failed(), ON)
    assert judgement is not None
    assert judgement.standing is Standing.NOT_INVERTED
    assert judgement.text.endswith("it has no effect without @tdd_issue_<N>")
    assert judge(("tdd_expected_fail",), Seen(outcome=Outcome.PASSED), ON) is None


KEY = Raised(("KeyError", "LookupError", "Exception"), "'no  such key'")
OWN = Raised(("shop.errors.PriceError", "ValueError"), "a price")


@pytest.mark.parametrize(
    ("stated", "raised", "holds"),
    [
        ("expect_error:KeyError", KEY, True),
        ("expect_error:LookupError", KEY, True),
        ("expect_error:TypeError", KEY, False),
        ("expect_error:PriceError", OWN, True),
        ("expect_error:shop.errors.PriceError", OWN, True),
        ("expect_error:other.PriceError", OWN, False),
        ("expect_message:no_such_key", KEY, True),
        ("expect_message:NO_SUCH", KEY, True),
        ("expect_message:no_such_door", KEY, False),
        ("expect_message:a.price", OWN, False),
    ],
)
def test_another_failure_than_the_stated_one_is_a_failure(
    stated: str, raised: Raised, holds: bool
) -> None:
    wanted = Standing.EXPECTED_FAILURE if holds else Standing.NOT_INVERTED
    assert _standing(_failed(raised, outcome=Outcome.ERROR), (*TAGS, stated)) is wanted


def test_every_failing_step_has_to_be_the_stated_failure() -> None:
    seen = Seen(
        outcome=Outcome.FAILED,
        failures=(Failure("failed", (ASSERTION,)), Failure("error", (KEY,))),
    )
    assert _standing(seen) is Standing.EXPECTED_FAILURE
    assert _standing(seen, (*TAGS, "expect_error:AssertionError")) is Standing.NOT_INVERTED


@pytest.mark.parametrize(
    "raised",
    [
        (LOCKED,),
        (ASSERTION, LOCKED),
        (Raised(("OSError",), "[Errno 28] No space left on device"),),
        (Raised(("OSError",), "[Errno 24] Too many open files"),),
        (Raised(("ConnectionRefusedError", "ConnectionError", "OSError"), ""),),
        (Raised(("requests.ConnectionError",), "... Connection refused ..."),),
        (Raised(("socket.gaierror", "OSError"), "x"),),
        (Raised(("AssertionError",), "exit 1: sqlite3: database is locked"),),
    ],
)
def test_errors_of_the_machine_are_never_inverted(raised: tuple[Raised, ...]) -> None:
    seen = _failed(*raised, outcome=Outcome.ERROR)
    assert _standing(seen) is Standing.INFRASTRUCTURE
    assert _standing(seen, (*TAGS, "expect_message:database_is_locked")) is (
        Standing.INFRASTRUCTURE
    )
    # Untagged scenarios only where it was asked for.
    assert judge((), seen, ON) is None
    assert _standing(seen, (), Policy(today=TODAY, retry_infrastructure=True)) is (
        Standing.INFRASTRUCTURE
    )


def test_an_error_of_the_machine_in_a_hook() -> None:
    seen = Seen(outcome=Outcome.HOOK_ERROR, outside=(LOCKED,))
    assert _standing(seen) is Standing.INFRASTRUCTURE


def test_the_list_of_errors_of_the_machine_is_a_setting() -> None:
    rules = infrastructure_rules(
        InfrastructureTable(types=("PriceError",), messages=("no such .*",), shipped=False)
    )
    assert infrastructure_error([LOCKED], rules) is None
    assert infrastructure_error([ASSERTION, OWN], rules) is OWN
    assert infrastructure_error([KEY], rules) is None
    assert infrastructure_error([Raised(("X",), "No such file")], rules) is not None
    assert infrastructure_error([LOCKED], infrastructure_rules(InfrastructureTable())) is LOCKED
    nothing = infrastructure_rules(InfrastructureTable(shipped=False))
    assert infrastructure_error([LOCKED], nothing) is None
    with pytest.raises(UserError, match="is not a regular expression"):
        infrastructure_rules(InfrastructureTable(messages=("[",)))


HELD = Policy(today=TODAY, inversion=True, quarantine=QuarantineRules(tags=("quarantine",)))


def test_quarantine() -> None:
    tag = "quarantine:2026-12-31"
    for seen in (_failed(), Seen(outcome=Outcome.CRASHED), Seen(outcome=Outcome.TIMED_OUT)):
        judgement = judge((tag,), seen, HELD)
        assert judgement is not None
        assert judgement.quarantine == f"@{tag}, until 2026-12-31"
    assert judge((tag,), Seen(outcome=Outcome.PASSED), HELD) is None
    assert judge((tag,), Seen(outcome=Outcome.UNDEFINED), HELD) is None
    # An expected failure is no failure.
    judgement = judge((*TAGS, tag), _failed(), HELD)
    assert judgement is not None
    assert not judgement.quarantine
    over = judge(("quarantine:2026-11-24",), _failed(), HELD)
    assert over is not None
    assert not over.quarantine
    assert "ended on 2026-11-24: mend the scenario" in over.text


def test_names_may_be_written_as_they_stand_in_features() -> None:
    tables = Tables(
        tags=TagTable(issue=("@bug",), expected_fail=("@xfail",)),
        quarantine=QuarantineTable(tags=("@net",), issue={"@net": "7"}),
    )
    policy = policy_of(Settings(expected_failures=True), tables, ".", TODAY)
    assert policy is not None
    assert _standing(_failed(), ("bug", "bug_1", "xfail"), policy) is Standing.EXPECTED_FAILURE
    assert policy.quarantine.issue == {"net": "7"}


def test_an_end_of_no_quarantine() -> None:
    tables = Tables(quarantine=QuarantineTable(tags=("net",), until={"nett": TODAY}))
    with pytest.raises(UserError, match=r"gives nett an end, .*did you mean net"):
        policy_of(Settings(), tables, ".")


def test_nothing_is_in_force_by_default() -> None:
    assert policy_of(Settings(), Tables(), ".") is None
    policy = policy_of(Settings(expected_failures=True), Tables(), ".", TODAY)
    assert policy is not None
    assert policy.inversion


P, F, E, T, U = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.TIMED_OUT,
    Outcome.UNDEFINED,
)
EXPECTED = Judgement(Standing.EXPECTED_FAILURE)
UNEXPECTED = Judgement(Standing.UNEXPECTED_PASS)
MACHINE = Judgement(Standing.INFRASTRUCTURE)
OTHER = Judgement(Standing.NOT_INVERTED)
QUARANTINED = Judgement(quarantine="until then")


@pytest.mark.parametrize(
    ("attempts", "verdict"),
    [
        ([(F, EXPECTED)], Verdict.EXPECTED_FAILURE),
        ([(P, UNEXPECTED)], Verdict.UNEXPECTED_PASS),
        ([(P, UNEXPECTED), (P, UNEXPECTED)], Verdict.UNEXPECTED_PASS),
        ([(P, UNEXPECTED), (F, EXPECTED)], Verdict.FLAKY),
        ([(F, OTHER), (P, UNEXPECTED)], Verdict.FLAKY),
        ([(F, OTHER), (F, EXPECTED)], Verdict.FLAKY),
        ([(E, MACHINE), (F, EXPECTED)], Verdict.FLAKY),
        ([(E, MACHINE), (P, None)], Verdict.FLAKY),
        ([(E, MACHINE), (E, MACHINE)], Verdict.FAILED),
        ([(P, UNEXPECTED), (T, OTHER)], Verdict.FAILED),
        ([(F, OTHER)], Verdict.FAILED),
        ([(F, QUARANTINED)], Verdict.QUARANTINED),
        ([(F, QUARANTINED), (P, None)], Verdict.QUARANTINED),
        ([(F, QUARANTINED), (U, None)], Verdict.FAILED),
        ([(P, None)], Verdict.PASSED),
        ([(F, None), (P, None)], Verdict.FLAKY),
    ],
)
def test_verdicts(attempts: list[tuple[Outcome, Judgement | None]], verdict: Verdict) -> None:
    outcomes, judgements = zip(*attempts, strict=True)
    assert verdict_of(outcomes, judgements) is verdict
