"""Numbers of workers, JUnit names and edits: what is read from files and written to them."""

from pathlib import Path

import pytest

from surefoot.errors import UserError
from surefoot.model.findings import Edit as LineEdit
from surefoot.model.findings import Finding
from surefoot.policy.static import fixes
from surefoot.policy.static.check import Found
from surefoot.policy.static.facts import Edit
from surefoot.policy.static.feature_rules import junit_collisions, shape_findings, steps_of
from surefoot.policy.static.gherkin import scan_feature
from surefoot.policy.static.workers import fixed_workers


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("surefoot.toml", "jobs = 32\n", 1),
        ("pyproject.toml", "[tool.surefoot]\njobs = 32\n", 2),
        ("pyproject.toml", "[tool.pylint]\njobs = 32\n", 0),
        ("behave.ini", "[behave]\njobs = 64\n", 2),
        ("noxfile.py", 'env["TEST_PROCESSES"] = "32"\n', 1),
        ("noxfile.py", 'session.run("behave", "--jobs", "32")\n', 1),
        ("noxfile.py", 'session.run("gunicorn", "--workers", "32")\n', 0),
        (".gitlab-ci.yml", "variables:\n  CI_MAX_PROCESSES: 32\n", 2),
        (".gitlab-ci.yml", "variables:\n  TEST_PROCESSES: 16\n", 0),
        ("Makefile", "test:\n\tsurefoot run -j 32\n", 2),
        ("Makefile", "test:\n\t# surefoot run -j 32\n", 0),
    ],
)
def test_workers_are_counted_where_they_are_workers_of_a_test_run(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = [(raw.code, raw.line) for _, raw in fixed_workers(str(tmp_path), 8)]
    assert found == ([("SF404", line)] if line else [])


def test_as_many_workers_as_the_machine_has_are_not_too_many(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").write_text("jobs = 32\n", encoding="utf-8")
    assert list(fixed_workers(str(tmp_path), 64)) == []


def test_features_that_come_to_one_junit_file() -> None:
    found = junit_collisions(
        {"/f/shop/a.feature": "shop/a.feature", "/f/shop.a.feature": "shop.a.feature"}
    )
    assert list(found) == ["/f/shop.a.feature"]
    assert "TESTS-shop.a.xml is that of /f/shop/a.feature too" in found["/f/shop.a.feature"].message


def test_names_in_different_rules_collide_in_junit_only() -> None:
    facts = scan_feature(
        "Feature: f\n"
        "  Rule: one\n    Scenario: same\n      Given x\n"
        "  Rule: two\n    Scenario: same\n      Given x\n"
    )
    assert [(raw.code, raw.line) for raw in shape_findings(facts)] == [("SF105", 6)]


def test_placeholders_are_filled_for_each_row_in_backgrounds_too() -> None:
    facts = scan_feature(
        "Feature: f\n  Background:\n    Given a <what>\n    And plain\n"
        "  Scenario Outline: o\n    When I buy <what> in <row.id>\n"
        "    Examples: e\n      | what |\n      | tea |\n      | milk |\n"
    )
    assert [step.text for step in steps_of(facts)] == [
        "plain",
        "a tea",
        "a milk",
        "I buy tea in 1.1",
        "I buy milk in 1.2",
    ]


def found_in(name: str, *edits: Edit, lines: tuple[LineEdit, ...] = ()) -> Found:
    return Found(Finding("SF000", "m", name, 1), "error", edits=edits, line_edits=lines)


def test_edits_of_one_file_are_applied_together_and_overlapping_ones_once(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes("\ufeffä = f(1), f(2)\r\n".encode())
    (change,) = fixes.plan(
        [
            found_in("a.py", Edit(1, 4, 1, 8, "g(10)")),
            found_in("a.py", Edit(1, 10, 1, 14, "g(20)")),
            found_in("a.py", Edit(1, 6, 1, 7, "lost")),
        ],
        str(tmp_path),
    )
    assert change.fixed == 2
    assert change.after.decode() == "\ufeffä = g(10), g(20)\r\n"
    fixes.write(change)
    assert path.read_bytes() == change.after
    with pytest.raises(UserError, match="has changed since it was read"):
        fixes.write(change)


def test_a_change_that_would_not_parse_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    assert fixes.plan([found_in("a.py", Edit(1, 0, 1, 1, "x ="))], str(tmp_path)) == []


def test_tags_are_put_above_replaced_and_taken_away(tmp_path: Path) -> None:
    text = "Feature: f\n  @old @gone\n  @alone\n  Scenario: s\n  Scenario: t"
    (tmp_path / "a.feature").write_text(text, encoding="utf-8")
    edits = (
        LineEdit("a.feature", 2, "@new", "@old"),
        LineEdit("a.feature", 2, "", "@gone"),
        LineEdit("a.feature", 3, "", "@alone"),
        LineEdit("a.feature", 5, "@above"),
    )
    (change,) = fixes.plan([found_in("a.feature", lines=edits)], str(tmp_path))
    assert change.after.decode().splitlines() == [
        "Feature: f",
        "  @new",
        "  Scenario: s",
        "  @above",
        "  Scenario: t",
    ]


def test_edits_of_lines_and_words_are_told_as_text_that_is_replaced(tmp_path: Path) -> None:
    text = "Feature: f\r\n  @old @gone\r\n  @alone\r\n  Scenario: s\r\n    Given a\r\n"
    (tmp_path / "a.feature").write_bytes(text.encode())
    edits = {
        "a word is replaced": LineEdit("a.feature", 2, "@odd", "@old"),
        "a word goes": LineEdit("a.feature", 2, "", "@gone"),
        "a line goes": LineEdit("a.feature", 3, "", "@alone"),
        "a line is added": LineEdit("a.feature", 4, "@above"),
    }
    places = fixes.regions(
        [found_in("a.feature", lines=(edit,)) for edit in edits.values()], str(tmp_path)
    )
    assert dict(zip(edits, places, strict=True)) == {
        "a word is replaced": (Edit(2, 4, 2, 5, "d"),),
        "a word goes": (Edit(2, 6, 2, 12, ""),),
        "a line goes": (Edit(3, 0, 4, 0, ""),),
        "a line is added": (Edit(4, 0, 4, 0, "  @above\r\n"),),
    }


def test_a_file_that_is_gone_has_nothing_to_replace(tmp_path: Path) -> None:
    found = [found_in("a.feature", lines=(LineEdit("a.feature", 1, "@new"),))]
    assert fixes.regions(found, str(tmp_path)) == [()]
