"""What a project's settings change: rules of its own, and the names of its tags."""

import os

import pytest

from surefoot.cli.main import main
from surefoot.policy.names import TagRules
from surefoot.triage.model import Line
from surefoot.triage.rules import load_rules

_RULES = """[[rule]]
id = "llm-quota"
class = "infrastructure"
any = ["insufficient_quota"]
why = "the account of the language model is empty"
refuted_by = "the same key works elsewhere"
"""


def test_a_project_s_rule_judges(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "surefoot.toml": '[triage]\nrules = ["own.toml"]\n',
        "own.toml": _RULES,
        "job.log": "calling\nError code: insufficient_quota\n##[error]Process completed with exit"
        " code 1.\n",
    }.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(content)
    main(["triage", "job.log"])
    out = capsys.readouterr().out
    assert "llm-quota" in out
    assert "infrastructure" in out


_TAGS = """[tags]
issue = ["bug"]
expected_fail = ["known_failure"]
"""
_PRETTY = """USING RUNNER: behave.runner:Runner
Feature: Pay # features/pay.feature:1

  @{tags}
  Scenario: by card  # features/pay.feature:4
    Given a shop     # features/steps/shop.py:4
      Traceback (most recent call last):
      KeyError: 'shop'

Failing scenarios:
  features/pay.feature:4  by card

0 features passed, 1 failed, 0 skipped
0 scenarios passed, 1 failed, 0 skipped
0 steps passed, 1 failed, 0 skipped
Took 0min 0.001s
"""


@pytest.mark.parametrize(
    ("settings", "tags", "told"),
    [
        (_TAGS, "bug_12", "@bug_12 and fails, and is not tagged @known_failure"),
        (_TAGS, "bug @bug_12 @known_failure", ""),
        (_TAGS, "tdd_issue_12", ""),
        ("", "bug_12", ""),
        ("", "tdd_bug_12", "@tdd_bug_12 and fails, and is not tagged @tdd_expected_fail"),
    ],
)
def test_known_bugs_have_the_names_of_the_settings(
    settings: str,
    tags: str,
    told: str,
    tmp_path: os.PathLike[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with open("surefoot.toml", "w", encoding="utf-8") as file:
        file.write(settings)
    with open("job.log", "w", encoding="utf-8") as file:
        file.write(_PRETTY.replace("{tags}", tags))
    main(["triage", "job.log", "--format", "markdown"])
    out = capsys.readouterr().out
    assert ("known-bug-without-its-tag" in out) is bool(told)
    assert told in out


def test_rules_speak_of_the_tags_by_their_names() -> None:
    line = Line(1, "@known_failure requires @bug and @bug_<N>")
    named = load_rules(tags=TagRules(issue=("bug",), expected_fail=("known_failure",)))
    rule = named.by_id()["malformed-tag"]
    assert rule.match(line) == "@known_failure requires"
    assert rule.match(Line(1, "@tdd_expected_fail without its issue")) is None
    shipped = load_rules()
    assert shipped.by_id()["malformed-tag"].match(Line(1, "@tdd_expected_fail without its issue"))
    assert shipped.version != named.version
