"""Whatever an attempt looks like, nothing but the expected failure is taken for it."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict, is_bad, verdict_of
from surefoot.policy.expected import Failure, Policy, Seen, judge
from surefoot.policy.infrastructure import Raised, infrastructure_error
from surefoot.policy.names import TagKind, TagRules, bug_tags, read_tag
from surefoot.policy.quarantine import QuarantineRules

TODAY = datetime.date(2026, 11, 25)
POLICY = Policy(
    today=TODAY,
    inversion=True,
    retry_infrastructure=True,
    quarantine=QuarantineRules(tags=("quarantine",)),
)
NAMES = st.sampled_from(
    [
        "tdd_issue",
        "tdd_issue_1",
        "tdd_bug",
        "tdd_bug_2",
        "tdd_expected_fail",
        "tdd_isue_3",
        "expect_error:KeyError",
        "expect_message:no_such",
        "quarantine:2026-12-31",
        "quarantine:2026-01-31",
        "quarantine",
        "smoke",
    ]
)
RAISED = st.builds(
    Raised,
    st.sampled_from([("AssertionError",), ("KeyError", "LookupError"), ("BrokenPipeError",)]),
    st.sampled_from(["no such thing", "database is locked", ""]),
)
FAILURES = st.builds(
    Failure,
    st.sampled_from(["failed", "error", "undefined", "pending", "hook_error"]),
    st.lists(RAISED, max_size=3).map(tuple),
)
SEEN = st.builds(
    Seen,
    outcome=st.sampled_from(list(Outcome)),
    failures=st.lists(FAILURES, max_size=3).map(tuple),
    outside=st.lists(RAISED, max_size=2).map(tuple),
    check=st.sampled_from(["", "a thread was left"]),
    aborted=st.booleans(),
)


@given(tags=st.sets(NAMES), seen=SEEN)
def test_only_the_expected_failure_is_inverted(tags: set[str], seen: Seen) -> None:
    judgement = judge(tags, seen, POLICY) or Judgement()
    bug = bug_tags(tags, POLICY.tags)
    standing = judgement.standing
    if standing in (Standing.EXPECTED_FAILURE, Standing.UNEXPECTED_PASS):
        assert bug.expected_fail
        assert not bug.missing
    if standing is Standing.UNEXPECTED_PASS:
        assert seen.outcome is Outcome.PASSED
    if standing is Standing.EXPECTED_FAILURE:
        assert seen.outcome in (Outcome.FAILED, Outcome.ERROR)
        assert {failure.status for failure in seen.failures} <= {"failed", "error"}
        assert seen.failures
        assert not seen.check
        assert not seen.aborted
        chain = [item for failure in seen.failures for item in failure.raised]
        assert infrastructure_error([*chain, *seen.outside], POLICY.infrastructure) is None
        if "expect_error:KeyError" in tags:
            assert all(failure.raised[0].is_a("KeyError") for failure in seen.failures)
    if judgement.quarantine:
        assert judgement.is_bad(seen.outcome)
        assert seen.outcome is not Outcome.UNDEFINED


@given(tags=st.sets(NAMES), attempts=st.lists(SEEN, min_size=1, max_size=4))
def test_a_verdict_never_hides_a_failure(tags: set[str], attempts: list[Seen]) -> None:
    outcomes = [seen.outcome for seen in attempts]
    judgements = [judge(tags, seen, POLICY) for seen in attempts]
    verdict = verdict_of(outcomes, judgements)
    bad = [is_bad(*pair) for pair in zip(outcomes, judgements, strict=True)]
    if verdict in (Verdict.PASSED, Verdict.EXPECTED_FAILURE, Verdict.SKIPPED, Verdict.UNTESTED):
        assert not any(bad)
    else:
        assert any(bad)
    if verdict is Verdict.FLAKY:
        assert len(attempts) > 1
    held = any(item is not None and item.quarantine for item in judgements)
    assert (verdict is Verdict.QUARANTINED) <= held


@given(outcomes=st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=4))
def test_without_a_judgement_the_verdict_is_behaves(outcomes: list[Outcome]) -> None:
    assert verdict_of(outcomes) is verdict_of(outcomes, [None] * len(outcomes))
    assert verdict_of(outcomes) not in (
        Verdict.EXPECTED_FAILURE,
        Verdict.UNEXPECTED_PASS,
        Verdict.QUARANTINED,
    )


@given(name=st.text(st.characters(blacklist_categories=["Cs", "Z"]), min_size=1, max_size=30))
def test_any_name_is_read(name: str) -> None:
    rules = TagRules()
    reading = read_tag(name, rules)
    if reading.certain:
        # What may be written in its place is a tag that breaks no rule by itself.
        assert read_tag(reading.nearest, rules).kind in (TagKind.LINK, TagKind.GENERIC)
