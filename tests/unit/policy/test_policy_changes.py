"""What a change does to known bugs: captures, mends or loses them, and what its tags lack."""

from surefoot.policy.changes import (
    Change,
    ChangeKind,
    change_findings,
    changes,
    closed_issues,
)
from surefoot.policy.names import TagRules
from surefoot.policy.tags import Tag, TaggedFeature, TaggedItem

RULES = TagRules()
BUG = ("tdd_issue", "tdd_issue_7")
EXPECTED = (*BUG, "tdd_expected_fail")


def _item(name: str, *tags: str, line: int = 5) -> TaggedItem:
    return TaggedItem(name, line, tuple(Tag(tag, line - 1) for tag in tags))


def _feature(*items: TaggedItem, file: str = "f.feature") -> TaggedFeature:
    return TaggedFeature(file, "F", 1, (), items)


def _kinds(before: list[TaggedFeature], after: list[TaggedFeature]) -> list[tuple[str, str]]:
    return [(item.kind.value, item.name) for item in changes(before, after, RULES)]


def _rules_broken(
    before: list[TaggedFeature], after: list[TaggedFeature], *closes: int
) -> list[tuple[str, str, int]]:
    found = changes(before, after, RULES)
    return [
        (item.rule, item.file, item.line) for item in change_findings(found, after, RULES, closes)
    ]


def test_a_change_that_captures() -> None:
    before, after = [_feature(_item("old"))], [_feature(_item("old"), _item("new", *EXPECTED))]
    (change,) = changes(before, after, RULES)
    assert change == Change(ChangeKind.CAPTURES, "f.feature", 5, "new", (), EXPECTED)
    assert change.links(RULES) == ("tdd_issue_7",)
    assert _rules_broken(before, after) == []


def test_a_tag_on_a_scenario_that_was_there_captures_too() -> None:
    before, after = [_feature(_item("s"))], [_feature(_item("s", "tdd_expected_fail"))]
    assert _kinds(before, after) == [("captures", "s")]
    assert _rules_broken(before, after) == [("SF521", "f.feature", 5)]


def test_a_change_that_mends_keeps_the_link() -> None:
    before = [_feature(_item("s", *EXPECTED))]
    assert _kinds(before, [_feature(_item("s", *BUG))]) == [("mends", "s")]
    assert _rules_broken(before, [_feature(_item("s", *BUG))]) == []
    assert _rules_broken(before, [_feature(_item("s"))]) == [("SF522", "f.feature", 5)]


def test_another_scenario_of_the_mended_issue_is_still_expected_to_fail() -> None:
    other = _item("other", *EXPECTED, line=9)
    before = [_feature(_item("s", *EXPECTED), other)]
    after = [_feature(_item("s", *BUG), other)]
    assert _rules_broken(before, after) == [("SF523", "f.feature", 8)]


def test_what_a_change_closes_is_no_longer_expected_to_fail() -> None:
    suite = [_feature(_item("s", *EXPECTED))]
    assert _rules_broken(suite, suite) == []
    assert _rules_broken(suite, suite, 7) == [("SF523", "f.feature", 4)]
    assert _rules_broken(suite, suite, 70) == []
    # What captures an issue may close the request for its test.
    assert _rules_broken([], suite, 7) == []


def test_a_deleted_capture() -> None:
    before = [_feature(_item("s", *EXPECTED))]
    assert _kinds(before, [_feature()]) == [("loses", "s")]
    assert _rules_broken(before, []) == [("SF524", "f.feature", 0)]
    assert _kinds([_feature(_item("s", *BUG))], []) == []


def test_a_scenario_that_moved_or_was_renamed_is_the_same() -> None:
    before = [_feature(_item("s", *EXPECTED))]
    assert _kinds(before, [_feature(_item("s", *EXPECTED), file="g.feature")]) == []
    assert _kinds(before, [_feature(_item("a better name", *EXPECTED))]) == []
    assert _kinds(before, [_feature(_item("a better name", *BUG))]) == [("mends", "a better name")]


def test_two_scenarios_of_one_name() -> None:
    twins = [_feature(_item("s", *EXPECTED), _item("s", line=9))]
    assert _kinds(twins, twins) == []
    assert _kinds(twins, [_feature(_item("s", *BUG), _item("s", line=9))]) == [("mends", "s")]


def test_tags_of_tables_and_features_count() -> None:
    def outline(*tags: str) -> list[TaggedFeature]:
        table = TaggedItem("bad", 9, tuple(Tag(tag, 8) for tag in tags), (), (11,))
        top = tuple(Tag(tag, 1) for tag in BUG)
        return [TaggedFeature("f.feature", "F", 2, top, (TaggedItem("o", 5, (), (table,)),))]

    assert _kinds(outline(), outline("tdd_expected_fail")) == [("captures", "bad")]
    assert _rules_broken(outline(), outline("tdd_expected_fail")) == []


def test_closing_words() -> None:
    text = "Closes #12\n\nfixes: #7, refs #8; Resolved #12. Fix nothing #9, prefixes #10, closes 11"
    assert closed_issues(text) == [7, 12]
