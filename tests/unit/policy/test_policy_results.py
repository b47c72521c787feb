"""Tags against what runs recorded: category B, and its reverse."""

import pytest
from tests.unit.report import runs

from surefoot.events.events import Event
from surefoot.model.findings import Edit
from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict
from surefoot.policy.infrastructure import InfrastructureRules
from surefoot.policy.names import TagRules
from surefoot.policy.recorded import RecordedRun, RecordedScenario, read_run
from surefoot.policy.results import result_findings
from surefoot.policy.tags import Tag, TaggedFeature, TaggedItem

RULES = TagRules()
F, P, E = Outcome.FAILED, Outcome.PASSED, Outcome.ERROR
EXPECTED = ("tdd_issue", "tdd_issue_7", "tdd_expected_fail")


def _scenario(
    *outcomes: Outcome,
    tags: tuple[str, ...] = (),
    name: str = "s",
    line: int = 5,
    kind: str = "AssertionError",
    infrastructure: bool = False,
) -> RecordedScenario:
    return RecordedScenario(
        id=f"f.feature :: {name}",
        file="f.feature",
        line=line,
        name=name,
        tags=tags,
        verdict=Verdict.FAILED,
        outcomes=outcomes or (F,),
        error=f"{kind}: why",
        kind=kind,
        infrastructure=infrastructure,
    )


def _run(*scenarios: RecordedScenario, name: str = "r") -> RecordedRun:
    return RecordedRun(name, False, {item.id: item for item in scenarios})


def _feature(*items: TaggedItem, tags: tuple[Tag, ...] = ()) -> dict[str, TaggedFeature]:
    return {"f.feature": TaggedFeature("f.feature", "F", 1, tags, items)}


PLAIN = _feature(TaggedItem("s", 5))


def test_what_fails_in_every_run_and_is_not_tagged() -> None:
    recorded = [_run(_scenario(), name=name) for name in ("r1", "r2", "r3")]
    (finding,) = result_findings(recorded, PLAIN.get, RULES)
    assert (finding.rule, finding.place) == ("SF511", "f.feature:5")
    assert finding.message == "“s” failed in all 3 runs and is no expected failure"
    assert finding.remedy == (
        "mend it, or add @tdd_issue @tdd_issue_<N> @tdd_expected_fail above line 5"
    )
    assert finding.evidence == (
        "r1: AssertionError: why",
        "r2: AssertionError: why",
        "r3: AssertionError: why",
        "the tags that it lacks: @tdd_issue @tdd_issue_<N> @tdd_expected_fail",
    )
    # Nobody knows the number.
    assert finding.edits == ()


def test_with_a_number_the_edit_is_whole() -> None:
    (finding,) = result_findings([_run(_scenario())], PLAIN.get, RULES, issue=12)
    new = "@tdd_issue @tdd_issue_12 @tdd_expected_fail"
    assert finding.edits == (Edit("f.feature", 5, new),)
    assert "in the one run given" in finding.message


def test_the_link_that_is_there_is_enough() -> None:
    recorded = _run(_scenario(tags=("tdd_issue", "tdd_issue_7")))
    features = _feature(TaggedItem("s", 5, (Tag("tdd_issue", 4), Tag("tdd_issue_7", 4))))
    (finding,) = result_findings([recorded], features.get, RULES)
    edit = Edit("f.feature", 4, "@tdd_issue_7 @tdd_expected_fail", "@tdd_issue_7")
    assert finding.edits == (edit,)


def test_an_expected_failure_without_its_issue_counts_as_untagged() -> None:
    (finding,) = result_findings([_run(_scenario(tags=("tdd_expected_fail",)))], PLAIN.get, RULES)
    assert "the tags that it lacks: @tdd_issue @tdd_issue_<N>" in finding.evidence


def test_a_malformed_tag_is_named_and_nothing_is_added_to_it() -> None:
    recorded = _run(_scenario(tags=("tdd_issue", "tdd_isue_7")))
    (finding,) = result_findings([recorded], PLAIN.get, RULES, issue=7)
    assert finding.message.endswith("; its @tdd_isue_7 is malformed")
    assert finding.edits == ()


@pytest.mark.parametrize(
    "recorded",
    [
        [_run(_scenario(tags=EXPECTED))],
        [_run(_scenario()), _run(_scenario(P))],
        [_run(_scenario()), _run()],
        [_run(), _run(_scenario())],
        [_run(_scenario(F, P))],
        [_run(_scenario(P))],
        [_run(_scenario(Outcome.SKIPPED))],
        [],
    ],
)
def test_what_is_no_finding(recorded: list[RecordedRun]) -> None:
    assert result_findings(recorded, PLAIN.get, RULES) == []


@pytest.mark.parametrize(
    ("scenarios", "remedy"),
    [
        ([_scenario(Outcome.HOOK_ERROR)], "mend it: hook error is not excused by any tag"),
        ([_scenario(Outcome.TIMED_OUT)], "mend it: timed out is not excused by any tag"),
        (
            [_scenario(E, infrastructure=True)],
            "mend it: an error of the infrastructure is not excused by any tag",
        ),
        (
            [_scenario(kind="KeyError"), _scenario(kind="ValueError")],
            "mend it: it does not always fail in the same way, so no tag can state how",
        ),
    ],
)
def test_failures_that_no_tag_excuses(scenarios: list[RecordedScenario], remedy: str) -> None:
    recorded = [_run(item) for item in scenarios]
    (finding,) = result_findings(recorded, PLAIN.get, RULES, issue=1)
    assert finding.remedy == remedy
    assert finding.edits == ()


def test_what_passes_in_every_run_and_is_tagged() -> None:
    recorded = [_run(_scenario(P, tags=EXPECTED))] * 2
    item = TaggedItem("s", 5, tuple(Tag(name, 4) for name in EXPECTED))
    (finding,) = result_findings(recorded, _feature(item).get, RULES)
    assert (finding.rule, finding.line) == ("SF512", 4)
    assert finding.message == "“s” passed in all 2 runs although @tdd_expected_fail says it fails"
    assert finding.edits == (Edit("f.feature", 4, "", "@tdd_expected_fail"),)


def test_a_tag_that_it_shares_is_not_removed() -> None:
    recorded = [_run(_scenario(P, tags=EXPECTED))]
    features = _feature(TaggedItem("s", 5), tags=(Tag("tdd_expected_fail", 1),))
    (finding,) = result_findings(recorded, features.get, RULES)
    assert finding.edits == ()
    assert "stands on line 1 for others too" in finding.remedy


def test_rows_are_tagged_by_table_or_not_at_all() -> None:
    table = TaggedItem("t", 9, rows=(11, 12))
    features = _feature(TaggedItem("rows <x>", 5, (), (table,)))
    one, two = (_scenario(name=f"rows {n}", line=10 + n) for n in (1, 2))
    (finding,) = result_findings([_run(one, two)], features.get, RULES, issue=3)
    assert finding.line == 9
    new = "@tdd_issue @tdd_issue_3 @tdd_expected_fail"
    assert finding.edits == (Edit("f.feature", 9, new),)
    passing = _scenario(P, name="rows 2", line=12)
    (finding,) = result_findings([_run(one, passing)], features.get, RULES, issue=3)
    assert finding.line == 11
    assert "a single row cannot be tagged" in finding.remedy
    assert finding.edits == ()


def test_a_scenario_that_moved_is_found_by_its_name() -> None:
    features = _feature(TaggedItem("other", 5), TaggedItem("s", 20))
    (finding,) = result_findings([_run(_scenario())], features.get, RULES, issue=3)
    assert (finding.line, finding.edits[0].line) == (20, 20)
    (finding,) = result_findings(
        [_run(_scenario())], dict[str, TaggedFeature]().get, RULES, issue=3
    )
    assert (finding.line, finding.edits) == (5, ())


def test_a_journal_is_read() -> None:
    item = runs.feature(0, ["bad", "good", "locked", "judged"])
    bad = runs.attempt(item, 0, F, bad=runs.ASSERTION)
    again = runs.attempt(item, 0, F, bad=runs.ASSERTION, attempt=2)
    good = runs.attempt(item, 1, P)
    locked = runs.attempt(item, 2, E, bad=runs.TRACEBACK)
    judged = runs.attempt(
        item, 3, E, bad=runs.TRACEBACK, judgement=Judgement(Standing.INFRASTRUCTURE)
    )
    events: list[Event] = [
        runs.started(),
        runs.planned(item),
        bad,
        again,
        good,
        locked,
        judged,
        runs.verdict(bad, again, of=Verdict.FAILED),
        runs.verdict(good, of=Verdict.PASSED),
        runs.verdict(locked, of=Verdict.FAILED),
        runs.verdict(judged, of=Verdict.FAILED),
    ]
    run = read_run(events, InfrastructureRules(types=("KeyError",)))
    assert (run.run, run.cut) == ("run-1", True)
    found = list(run.scenarios.values())
    assert [(item.name, item.line, item.failed, item.passed) for item in found] == [
        ("bad", 3, True, False),
        ("good", 13, False, True),
        ("locked", 23, True, False),
        ("judged", 33, True, False),
    ]
    assert [item.infrastructure for item in found] == [False, False, True, True]
    assert found[0].error == "ASSERT FAILED: one is"
    assert found[0].kind == "AssertionError"
    assert not read_run([*events, runs.finished()], InfrastructureRules()).cut
