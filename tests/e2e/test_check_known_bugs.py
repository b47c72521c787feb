"""`surefoot check --results` and `--base`: known bugs against runs and against a change."""

import json
import os
import subprocess
from typing import Any

import pytest
from tests.e2e.project import Project

from surefoot.exitcodes import ExitCode

TAGS = "@tdd_issue @tdd_issue_12"


@pytest.fixture
def suite(project: Project) -> Project:
    """A suite with an untagged known bug, one that is tagged, and one that is mended."""
    project.feature(
        "shop",
        f"""\
        Feature: shop
          Scenario: sells
            Given it passes

          Scenario: an untagged bug
            Given it fails

          {TAGS}
          Scenario: a linked bug
            Given it raises

          {TAGS} @tdd_expected_fail
          Scenario: a tagged bug
            Given it fails

          {TAGS} @tdd_expected_fail
          Scenario: a mended bug
            Given it passes

          Scenario Outline: rows
            Given it <what>
            Examples: all fail
              | what   |
              | fails  |
              | fails  |
            Examples: some fail
              | what   |
              | passes |
              | fails  |
        """,
    )
    return project


def _check(project: Project, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = project.call("check", "--format", "json", *arguments)
    assert done.returncode in (0, 6), done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def _found(project: Project, *arguments: str) -> list[tuple[object, object, object]]:
    _, value = _check(project, *arguments)
    return [(item["rule"], item["line"], item["fixable"]) for item in value["findings"]]


def test_what_runs_say_of_tags(suite: Project) -> None:
    for number in (1, 2):
        suite.call("run", "--journal", f"{number}.jsonl")
    journals = ("--results", "1.jsonl", "2.jsonl")
    assert _found(suite, *journals) == [
        ("SF511", 5, False),
        ("SF511", 9, True),
        ("SF512", 16, True),
        ("SF511", 22, False),
        ("SF511", 29, False),
    ]
    done = suite.call("check", *journals)
    assert done.returncode == ExitCode.POLICY
    assert (
        "features/shop.feature:5: error SF511 “an untagged bug” failed in all 2 runs and is no"
        " expected failure" in done.stdout
    )
    assert "| the tags that it lacks: @tdd_issue @tdd_issue_<N> @tdd_expected_fail" in done.stdout
    assert "a single row cannot be tagged" in done.stdout


def test_the_tags_that_are_lacking_are_added_and_the_suite_is_green(suite: Project) -> None:
    suite.call("run")
    done = suite.call("check", "--results", "last", "--issue", "7", "--fix")
    assert done.returncode == ExitCode.POLICY
    assert "mended 4 findings in features/shop.feature" in done.stderr
    lines = (suite.path / "features/shop.feature").read_text(encoding="utf-8").splitlines()
    at = lines.index("  Scenario: an untagged bug")
    assert lines[at - 1] == "  @tdd_issue @tdd_issue_7 @tdd_expected_fail"
    assert f"  {TAGS} @tdd_expected_fail" in lines
    assert f"  {TAGS}" in lines
    assert "    @tdd_issue @tdd_issue_7 @tdd_expected_fail" in lines
    # What is left: a row that fails beside one that passes.
    assert done.stdout.count("SF511") == 1
    assert "“rows -- @2.2 some fail”" in done.stdout
    run = suite.run("--expected-failures", "--tags", "not @x")
    assert [name for name, verdict in run.verdicts().items() if verdict == "failed"] == [
        "rows -- @2.2 some fail"
    ]
    assert "unexpected_pass" not in run.verdicts().values()


def test_a_run_that_does_not_show_a_scenario_says_nothing_of_it(suite: Project) -> None:
    suite.call("run", "--journal", "1.jsonl")
    suite.call("run", "--journal", "2.jsonl", "features/shop.feature:9")
    assert _found(suite, "--results", "1.jsonl", "--results=2.jsonl") == [("SF511", 9, True)]
    # A journal that was cut is read up to the cut, and that is said.
    journal = suite.path / "1.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    done = suite.call("check", "--results", "1.jsonl")
    assert "was cut: what it does not show is left alone" in done.stderr
    assert done.returncode == ExitCode.POLICY


def test_rules_can_be_turned_off_and_suppressed(suite: Project) -> None:
    suite.call("run")
    assert _found(suite, "--results", "last", "--select", "SF512") == [("SF512", 16, True)]
    path = suite.path / "features/shop.feature"
    text = path.read_text(encoding="utf-8").replace(
        "  Scenario: an untagged bug",
        "  # surefoot: ignore[SF511] the vendor looks at it\n  Scenario: an untagged bug",
    )
    path.write_text(text, encoding="utf-8")
    suite.call("run")
    code, value = _check(suite, "--results", "last", "--select", "SF511")
    assert code == ExitCode.POLICY
    assert value["suppressed"] == 1
    assert 6 not in [item["line"] for item in value["findings"]]


@pytest.fixture
def repository(suite: Project) -> Project:
    """The suite, committed on a branch `main`; HEAD is on a branch of its own."""
    suite.file(".gitignore", ".surefoot/\n*.jsonl\n__pycache__/\n")
    _git(suite, "init", "-q", "-b", "main")
    _git(suite, "add", "-A")
    _git(suite, "commit", "-qm", "all")
    _git(suite, "checkout", "-qb", "work")
    return suite


def _git(project: Project, *arguments: str) -> str:
    names = ("AUTHOR", "COMMITTER")
    identity = {f"GIT_{name}_{what}": "a@b" for name in names for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=project.path,
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def _edit(project: Project, old: str, new: str) -> None:
    path = project.path / "features/shop.feature"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _changes(project: Project, *arguments: str) -> tuple[list[tuple[object, object]], list[object]]:
    _, value = _check(project, "--base", "main", *arguments)
    return (
        [(item["kind"], item["name"]) for item in value["changes"]],
        [item["rule"] for item in value["findings"]],
    )


def test_a_change_that_captures_bugs(repository: Project) -> None:
    assert _changes(repository) == ([], [])
    _edit(
        repository,
        "  Scenario: an untagged bug",
        "  @tdd_issue @tdd_issue_9 @tdd_expected_fail\n  Scenario: an untagged bug",
    )
    repository.feature(
        "new", "Feature: new\n  @tdd_expected_fail\n  Scenario: fresh\n    Given it fails\n"
    )
    captures = [("captures", "fresh"), ("captures", "an untagged bug")]
    assert _changes(repository) == (captures, ["SF521"])
    # Committed or not is the same change; what it captures it may close.
    _git(repository, "add", "-A")
    _git(repository, "commit", "-qm", "A test for it\n\nCloses #9")
    assert _changes(repository) == (captures, ["SF521"])
    text = repository.call("check", "--base", "main").stdout
    assert "features/shop.feature:6: captures “an untagged bug” (@tdd_issue_9)" in text
    assert "SF521 “fresh” captures a bug without @tdd_issue and @tdd_issue_<N>" in text


def test_a_change_that_mends_one(repository: Project) -> None:
    expected = f"  {TAGS} @tdd_expected_fail\n  Scenario: a mended bug"
    _edit(repository, expected, f"  {TAGS}\n  Scenario: a mended bug")
    # Another scenario of the same issue is still expected to fail.
    assert _changes(repository) == ([("mends", "a mended bug")], ["SF523"])
    expected = f"  {TAGS} @tdd_expected_fail\n  Scenario: a tagged bug"
    _edit(repository, expected, "  Scenario: a tagged bug")
    changes, rules = _changes(repository)
    assert changes == [("mends", "a tagged bug"), ("mends", "a mended bug")]
    assert rules == ["SF522"]


def test_a_change_that_says_what_it_closes(repository: Project) -> None:
    _git(repository, "commit", "-q", "--allow-empty", "-m", "Fixes #12")
    assert _changes(repository) == ([], ["SF523", "SF523"])


def test_a_change_that_makes_it_pass_and_keeps_the_tag(repository: Project) -> None:
    repository.call("run")
    assert _changes(repository, "--results", "last", "--select", "SF512") == ([], ["SF512"])


def test_a_change_that_loses_one(repository: Project) -> None:
    os.unlink(repository.path / "features/shop.feature")
    repository.feature("other", "Feature: o\n  Scenario: o\n    Given it passes\n")
    changes, rules = _changes(repository)
    assert sorted(changes, key=str) == [("loses", "a mended bug"), ("loses", "a tagged bug")]
    assert rules == ["SF524", "SF524"]


def test_what_another_branch_did_since_is_no_part_of_the_change(repository: Project) -> None:
    _git(repository, "checkout", "-q", "main")
    _edit(repository, f"{TAGS} @tdd_expected_fail", TAGS)
    _git(repository, "commit", "-qam", "Closes #12")
    _git(repository, "checkout", "-q", "work")
    assert _changes(repository) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--results", "nothing"), "there is no run nothing: name a journal, a run id or `last`"),
        (("--results",), "--results needs a value"),
        (("--results", "features/shop.feature"), "is not the journal of a run"),
        (("--issue", "7"), "--issue takes the number of an issue, and goes with --results"),
        (("--results", "last", "--issue", "x"), "--issue takes the number of an issue"),
        (("--base", "nowhere"), "--base nowhere: git says: Not a valid object name nowhere"),
        (("--base", "--upload-pack=x"), "git says"),
        (("--base", "main", "nofeatures"), "there is no such file or directory: nofeatures"),
    ],
)
def test_mistakes(repository: Project, arguments: tuple[str, ...], sentence: str) -> None:
    repository.call("run")
    done = repository.call("check", *arguments)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_base_outside_of_a_repository(suite: Project) -> None:
    done = suite.call("check", "--base", "main")
    assert done.returncode == ExitCode.USAGE
    assert "--base main: git says: not a git repository" in done.stderr
