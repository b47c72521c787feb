"""The tag rules: which tags break one, where that is told, and the edit that mends it."""

import datetime
from pathlib import Path

import pytest

from surefoot.config.tables import Tables, TagTable
from surefoot.errors import UserError
from surefoot.model.findings import Edit
from surefoot.policy.declared import tag_rules
from surefoot.policy.names import BugTags, TagKind, TagRules, bug_tags, read_tag
from surefoot.policy.quarantine import QuarantineRules, quarantine_of
from surefoot.policy.tags import EXPLANATIONS, Tag, TaggedFeature, TaggedItem, tag_findings

RULES = TagRules()
DAY = datetime.date(2026, 11, 25)


def _tags(line: int, *names: str) -> tuple[Tag, ...]:
    return tuple(Tag(name, line) for name in names)


def _feature(*scenario_tags: str, feature_tags: tuple[str, ...] = ()) -> TaggedFeature:
    scenario = TaggedItem("it fails", 5, _tags(4, *scenario_tags))
    return TaggedFeature("f.feature", "F", 2, _tags(1, *feature_tags), (scenario,))


def _told(feature: TaggedFeature, rules: TagRules = RULES) -> list[tuple[str, int, str]]:
    return [(item.rule, item.line, item.message) for item in tag_findings([feature], rules)]


@pytest.mark.parametrize(
    "tags",
    [
        (),
        ("smoke", "wip", "bug_12", "issue_12", "lock:db"),
        ("tdd_issue",),
        ("tdd_issue", "tdd_issue_12"),
        ("tdd_bug", "tdd_bug_7", "tdd_expected_fail"),
        ("tdd_issue", "tdd_issue_12", "tdd_expected_fail", "expect_error:TypeError"),
        ("tdd_issue", "tdd_issue_<number>", "tdd_expected_fail", "area_<area>"),
    ],
)
def test_tags_that_break_no_rule(tags: tuple[str, ...]) -> None:
    assert tag_findings([_feature(*tags)], RULES) == []


def test_a_link_needs_the_generic_tag() -> None:
    (finding,) = tag_findings([_feature("tdd_issue_12")], RULES)
    assert (finding.rule, finding.place) == ("SF501", "f.feature:4")
    assert finding.message == "@tdd_issue_12 needs @tdd_issue"
    assert finding.edits == (Edit("f.feature", 4, "@tdd_issue @tdd_issue_12", "@tdd_issue_12"),)


def test_inherited_tags_count() -> None:
    assert not _told(_feature("tdd_issue_12", feature_tags=("tdd_issue",)))
    assert not _told(_feature("tdd_issue", "tdd_issue_3", feature_tags=("tdd_expected_fail",)))


def test_a_tag_of_a_feature_is_told_once_where_it_stands() -> None:
    items = tuple(TaggedItem(f"s{line}", line) for line in (5, 8, 11))
    feature = TaggedFeature("f.feature", "F", 2, _tags(1, "tdd_issue_12"), items)
    assert _told(feature) == [("SF501", 1, "@tdd_issue_12 needs @tdd_issue")]


def test_what_only_some_scenarios_lack_is_told_at_those() -> None:
    items = (TaggedItem("has it", 5, _tags(4, "tdd_issue")), TaggedItem("has not", 8))
    feature = TaggedFeature("f.feature", "F", 2, _tags(1, "tdd_issue_12"), items)
    (finding,) = tag_findings([feature], RULES)
    assert (finding.rule, finding.line) == ("SF501", 8)
    assert finding.edits == (Edit("f.feature", 8, "@tdd_issue"),)


def test_each_examples_table_of_an_outline_is_looked_at() -> None:
    tables = (TaggedItem("one", 9, _tags(8, "tdd_issue", "tdd_issue_4")), TaggedItem("two", 14))
    outline = TaggedItem("rows", 5, _tags(4, "tdd_expected_fail"), tables)
    feature = TaggedFeature("f.feature", "F", 1, (), (outline,))
    assert _told(feature) == [
        ("SF502", 14, "@tdd_expected_fail needs @tdd_issue and @tdd_issue_<N> in “two”")
    ]


def test_an_expected_failure_needs_both() -> None:
    expected = "tdd_expected_fail"
    assert _told(_feature(expected)) == [
        ("SF502", 4, "@tdd_expected_fail needs @tdd_issue and @tdd_issue_<N>")
    ]
    assert _told(_feature(expected, "tdd_bug")) == [
        ("SF502", 4, "@tdd_expected_fail needs @tdd_bug_<N>")
    ]
    # The link says what it lacks; one finding is enough.
    assert [rule for rule, *_ in _told(_feature(expected, "tdd_issue_1"))] == ["SF501"]
    assert not _told(_feature(expected), TagRules(needs_issue=False))


@pytest.mark.parametrize(
    ("name", "nearest", "new"),
    [
        ("tdd_isue_12", "tdd_issue_12", "@tdd_issue @tdd_issue_12"),
        ("tdd_issue-12", "tdd_issue_12", "@tdd_issue @tdd_issue_12"),
        ("TDD_ISSUE_12", "tdd_issue_12", "@tdd_issue @tdd_issue_12"),
        ("tdd_issue#12", "tdd_issue_12", "@tdd_issue @tdd_issue_12"),
        ("tdd-issue", "tdd_issue", "@tdd_issue"),
        ("tdd_bugs", "tdd_bug", "@tdd_bug"),
        ("tdd_issue_", "tdd_issue_<N>", ""),
        ("tdd_expected_failure", "tdd_expected_fail", ""),
        ("tdd_expected-fail", "tdd_expected_fail", ""),
        ("expect_eror:TypeError", "expect_error:TypeError", ""),
        ("expect_error", "expect_error:...", ""),
    ],
)
def test_a_malformed_tag_is_told_with_the_nearest_name(name: str, nearest: str, new: str) -> None:
    findings = [item for item in tag_findings([_feature(name)], RULES) if item.rule == "SF503"]
    (finding,) = findings
    assert finding.message == f"@{name} is malformed: did you mean @{nearest}?"
    assert [edit.new for edit in finding.edits] == ([new] if new else [])


def test_a_malformed_link_beside_its_generic_tag_does_not_get_a_second_one() -> None:
    (finding,) = tag_findings([_feature("tdd_issue", "tdd_isue_12")], RULES)
    assert [edit.new for edit in finding.edits] == ["@tdd_issue_12"]


def test_an_unknown_tag_with_a_reserved_beginning() -> None:
    assert _told(_feature("tdd_zebra_crossing")) == [
        ("SF503", 4, "@tdd_zebra_crossing is none of the tags of known bugs")
    ]
    assert not _told(_feature("tdd_zebra_crossing"), TagRules(reserved=()))


def test_a_stated_failure_without_an_expected_one() -> None:
    assert _told(_feature("expect_error:KeyError")) == [
        ("SF507", 4, "@expect_error:KeyError has no effect without @tdd_expected_fail")
    ]
    assert _told(_feature("expect_message:")) == [("SF503", 4, "@expect_message: states nothing")]


def test_an_undeclared_tag_is_told_with_the_nearest_name() -> None:
    rules = TagRules(declared=("smoke", "slow", "area.*"))
    feature = _feature("smoke", "somke", "area.api", "tdd_issue", "serial", "lock:db", "novel")
    assert _told(feature, rules) == [
        ("SF504", 4, "@somke is not declared: did you mean @smoke?"),
        ("SF504", 4, "@novel is not declared"),
    ]


def test_names_are_settings() -> None:
    rules = TagRules(issue=("bug",), expected_fail=("xfail",), reserved=())
    assert read_tag("bug_9", rules).kind is TagKind.LINK
    assert read_tag("tdd_issue_9", rules).kind is TagKind.OTHER
    assert bug_tags(["bug", "bug_9", "xfail"], rules) == BugTags("xfail", ("bug_9",))
    assert bug_tags(["xfail"], rules).missing == ("bug", "bug_<N>")
    assert bug_tags(["xfail", "bug_9"], rules).missing == ("bug",)


def test_one_complete_pair_is_enough() -> None:
    tags = ["tdd_expected_fail", "tdd_bug_3", "tdd_issue", "tdd_issue_3"]
    assert bug_tags(tags, RULES).missing == ()


@pytest.mark.parametrize(
    ("names", "holds", "text"),
    [
        (["quarantine:2026-11-25"], True, "@quarantine:2026-11-25, until 2026-11-25"),
        (["quarantine:2026-11-24"], False, "the quarantine of @quarantine:2026-11-24 ended on"),
        (["quarantine:123"], True, "@quarantine:123, for 123"),
        (["quarantine", "tdd_issue_7"], True, "@quarantine, for @tdd_issue_7"),
        (["quarantine"], False, "@quarantine has no end"),
        (["quarantine:2026-02-30"], False, "neither a day nor an issue"),
        (["quarantine:soon"], False, "neither a day nor an issue"),
        (["net"], True, "@net, until 2027-01-01"),
        (["old"], False, "the quarantine of @old ended on 2026-01-01"),
        (["linked"], True, "@linked, for https://tracker/1"),
    ],
)
def test_quarantine_holds_only_with_an_end(names: list[str], holds: bool, text: str) -> None:
    rules = QuarantineRules(
        tags=("quarantine", "net", "old", "linked"),
        until={"net": datetime.date(2027, 1, 1), "old": datetime.date(2026, 1, 1)},
        issue={"linked": "https://tracker/1"},
    )
    found = quarantine_of(names, rules, DAY)
    assert found is not None
    assert found.holds is holds
    assert text in found.text


def test_findings_about_quarantine() -> None:
    rules = TagRules(quarantine=("quarantine",))
    held = QuarantineRules(tags=("quarantine",))
    feature = _feature("quarantine", "quarantine:2026-01-01", "quarantine:2027-01-01")
    assert [item.rule for item in tag_findings([feature], rules, held, DAY)] == ["SF505", "SF506"]
    assert quarantine_of(["smoke"], held, DAY) is None
    assert quarantine_of(["quarantine"], QuarantineRules(), DAY) is None


def test_every_rule_is_explained() -> None:
    assert sorted(EXPLANATIONS) == [f"SF50{number}" for number in range(1, 8)]


def test_a_tag_file_declares_tags(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("# ours\n@smoke  runs first\nslow\n\n", encoding="utf-8")
    tables = Tables(tags=TagTable(declared=("@area.*",), declared_file="tags.txt"))
    assert tag_rules(tables, str(tmp_path)).declared == ("area.*", "smoke", "slow")
    assert tag_rules(Tables(), str(tmp_path)).declared is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"smoke\n{bad}\n", "tags.txt:2: {bad} is no tag; write one tag a line"),
        (b"\xff\xfe", "the tag file tags.txt is not UTF-8 text"),
        (None, "the tag file tags.txt cannot be read: No such file or directory"),
    ],
)
def test_a_tag_file_that_is_none(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "tags.txt").write_bytes(content)
    with pytest.raises(UserError) as caught:
        tag_rules(Tables(tags=TagTable(declared_file="tags.txt")), str(tmp_path))
    assert message in str(caught.value)
