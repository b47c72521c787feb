"""Each rule matches its examples, none of its counter-examples, and no line of a green log."""

import os

import pytest

from surefoot.errors import UserError
from surefoot.triage.cleaning import Cleaner
from surefoot.triage.model import FailureClass, FlakyKind, Line
from surefoot.triage.rules import Rule, load_rules

LOGS = os.path.join(os.path.dirname(__file__), "..", "..", "logs")
RULES = load_rules()
GREEN = sorted(name for name in os.listdir(LOGS) if name.endswith("_green.log"))


def line_of(text: str) -> Line:
    """A line as the cleaner makes it."""
    from io import BytesIO

    return next(iter(Cleaner().read(BytesIO(text.encode()))))


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_examples_match_and_counters_do_not(rule: Rule) -> None:
    assert rule.text.example, "a rule shows what it matches"
    assert rule.text.why
    assert rule.text.refuted_by
    for text in rule.text.example:
        line = line_of(text)
        if rule.text.marker and not line.marker:
            line = Line(1, line.text, None, rule.text.marker)
        assert rule.match(line) is not None, text
    for text in rule.text.counter:
        assert rule.match(line_of(text)) is None, text


@pytest.mark.parametrize("name", GREEN)
def test_no_rule_matches_a_line_of_a_green_log(name: str) -> None:
    with open(os.path.join(LOGS, name), "rb") as file:
        for line in Cleaner().read(file):
            matched = [rule.id for rule in RULES.rules if rule.match(line) is not None]
            assert matched == [], line.text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sqlite3.OperationalError: database is locked", FlakyKind.DATABASE),
        ("ConnectionResetError: connection reset by peer", FlakyKind.NETWORK),
        ("RuntimeError: dictionary changed size during iteration", FlakyKind.CONCURRENCY),
        ("AssertionError: did not finish within 3 s", FlakyKind.TIMING),
        ("AssertionError: expected 2 rows, found 5", FlakyKind.ORDER),
        ("AssertionError: no", FlakyKind.UNKNOWN),
    ],
)
def test_kinds_of_flakiness(text: str, kind: FlakyKind) -> None:
    assert RULES.kind_of(text) is kind


def test_a_project_s_rule_comes_first_and_replaces_one_of_the_same_id(
    tmp_path: os.PathLike[str],
) -> None:
    path = os.path.join(tmp_path, "rules.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '[[rule]]\nid = "disk-full"\nclass = "hang"\nany = ["LLM quota"]\nwhy = "ours"\n'
        )
    rules = load_rules([path])
    assert rules.rules[0].text.failure_class is FailureClass.HANG
    assert [rule.id for rule in rules.rules].count("disk-full") == 1
    assert rules.version != RULES.version


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[rule]]\nid = 1", "wrong"),
        (
            '[[rule]]\nid = "a"\nclass = "boredom"\nany = ["x"]\nwhy = "w"',
            "classes: own environment",
        ),
        ('[[rule]]\nid = "a"\nclass = "hang"\nany = ["x"]\nwhy = "w"\nmatch = "("', "bad regular"),
        ('[[rule]]\nid = "a"\nclass = "hang"\nany = []\nwhy = "w"', "has no `any`"),
        ("no toml at all =", "wrong"),
    ],
)
def test_a_wrong_file_is_told_with_its_remedy(
    content: str, said: str, tmp_path: os.PathLike[str]
) -> None:
    path = os.path.join(tmp_path, "rules.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    with pytest.raises(UserError, match=said):
        load_rules([path])
    with pytest.raises(UserError, match="cannot be read"):
        load_rules([os.path.join(tmp_path, "absent.toml")])
