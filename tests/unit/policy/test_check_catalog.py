"""The rules' declarations, how they are chosen, and the page that is made from them."""

import re
from pathlib import Path

import pytest

import surefoot
from surefoot.errors import UserError
from surefoot.policy.static import docs
from surefoot.policy.static.catalog import RULES, explain, find_rule, severities

ROOT = Path(__file__).parents[3]


def test_the_page_is_what_the_declarations_make() -> None:
    assert (ROOT / docs.PAGE).read_text(encoding="utf-8") == docs.page()


def test_names_and_codes_are_unique_and_complete() -> None:
    names = [rule.name for rule in RULES.values()]
    assert len(set(names)) == len(names)
    for rule in RULES.values():
        assert rule.what.endswith(".")
        assert rule.why.endswith(".")
        assert rule.bad
        assert rule.good


def test_no_other_finding_has_the_code_of_a_rule() -> None:
    told = set()
    for folder in ("isolation", "worker", "threads"):
        for path in (Path(surefoot.__file__).parent / folder).glob("*.py"):
            told |= set(re.findall(r'"(SF\d{3})"', path.read_text(encoding="utf-8")))
    # What the watch over sleeps and the guards tell of a run, the check tells without one.
    assert told & set(RULES) == {"SF201", "SF202", "SF301", "SF302"}
    assert {"SF421", "SF430", "SF411", "SF310"} <= told


@pytest.mark.parametrize("word", ["SF204", "sf204", "work-at-import"])
def test_a_rule_is_found_by_code_and_name(word: str) -> None:
    text = explain(find_rule(word))
    assert text.startswith("SF204 work-at-import (warning)")
    assert "Why: " in text
    assert "ignore[SF204]" in text


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"SF2004 is no rule .*did you mean SF204"):
        find_rule("SF2004")
    with pytest.raises(UserError, match="did you mean unused-step"):
        severities(["unused-steps"], (), {}, "surefoot check")


def test_what_is_selected_counts_at_least_as_a_warning() -> None:
    chosen = severities(["SF111", "SF2"], ["SF203"], {}, "x")
    assert chosen["SF111"] == "warning"
    assert chosen["SF202"] == "error"
    assert chosen["SF203"] == "off"
    assert chosen["SF101"] == "off"


def test_severities_are_set_by_name_and_refused_by_sentence() -> None:
    assert severities((), (), {"unused-step": "error"}, "x")["SF111"] == "error"
    with pytest.raises(UserError, match="known: error, warning, info, off"):
        severities((), (), {"SF111": "fatal"}, "x")
