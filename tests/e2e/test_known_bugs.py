"""Expected failures, errors of the machine and quarantine, by the installed command."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from tests.e2e.project import Project, Run, read_json
from tests.expected import BY_NAME

from surefoot.events.events import VerdictReached

BUG = "@tdd_issue @tdd_issue_1 @tdd_expected_fail"
ON = "expected_failures = true\n"


class _Suite(Project):
    """tests/suites/known_bugs, copied."""

    def __init__(self, path: Path) -> None:
        shutil.copytree(BY_NAME["known_bugs"].path, path / "suite")
        self.path = path / "suite"
        self.state = path / "state"
        self.state.mkdir()


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> _Suite:
    """The suite."""
    return _Suite(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def run(suite: _Suite) -> Run:
    """One run of it."""
    return suite.run(
        "-j", "2", "--junit-xml", "junit.xml", "-f", "json", "-o", "r.json",
        env={"SUITE_STATE": str(suite.state)},
    )  # fmt: skip


def test_verdicts(run: Run) -> None:
    assert run.code == 1
    verdicts = run.verdicts()
    by_verdict: dict[str, set[str]] = {}
    for name, verdict in verdicts.items():
        by_verdict.setdefault(verdict, set()).add(name)
    assert by_verdict["expected_failure"] == {
        "fails as expected",
        "raises as expected",
        "fails as stated",
        "fails by a subclass of what is stated",
        "fails with the stated message",
        "row fails -- @1.1 bad",
        "row raises -- @1.2 bad",
        "inherits two tags",
    }
    assert by_verdict["unexpected_pass"] == {"passes unexpectedly"}
    assert by_verdict["quarantined"] == {
        "held until a day",
        "held for an issue",
        "held with a failing hook",
        "held and crashing",
        "held and unexpectedly passing",
    }
    assert by_verdict["failed"] == {
        "lacks its issue",
        "fails otherwise than stated",
        "fails with another message",
        "has an undefined step",
        "has a failing hook",
        "has a failing step hook",
        "crashes",
        "is pending",
        "fails",
        "held no longer",
        "held without an end",
        "held and undefined",
        "finds the database locked each time",
        "wraps a refused connection",
    }
    assert by_verdict["skipped"] == {"is skipped"}


def test_each_verdict_of_the_policy_says_why(run: Run) -> None:
    reasons = {
        event.id.rpartition(" :: ")[2]: event.reason
        for event in run.events()
        if isinstance(event, VerdictReached)
    }
    assert reasons["passes unexpectedly"] == (
        "the bug seems to be mended (@tdd_issue_3): remove @tdd_expected_fail"
        " (features/known.feature:13) and verify the fix"
    )
    excuse = "@tdd_expected_fail does not excuse this: "
    assert reasons["lacks its issue"] == (
        excuse + "it has no effect without @tdd_issue and @tdd_issue_<N>"
    )
    assert reasons["fails otherwise than stated"] == (
        excuse + "@expect_error:KeyError is stated, and it failed with ValueError: of no  value"
    )
    assert reasons["crashes"] == excuse + "its worker died"
    assert reasons["has a failing hook"] == excuse + "a hook or a cleanup failed"
    assert reasons["has a failing step hook"] == excuse + "a hook of a step failed"
    assert reasons["finds the database locked each time"] == (
        "an error of the infrastructure, which says nothing of the product: OperationalError:"
        " database is locked"
    )
    assert "ended on 2020-01-31" in reasons["held no longer"]
    assert reasons["held until a day"] == "@quarantine:2999-12-31, until 2999-12-31"
    assert reasons["fails"] == ""
    for text in (reasons["passes unexpectedly"], reasons["held until a day"]):
        assert text in run.out


def test_an_error_of_the_machine_is_retried_once_in_a_fresh_worker(run: Run) -> None:
    attempts = run.attempts()
    assert run.verdicts()["finds the database locked once"] == "flaky"
    assert len(attempts["finds the database locked each time"]) == 2
    assert [event.outcome.value for event in attempts["has a locked database in a hook once"]] == [
        "hook_error",
        "failed",
    ]
    assert "INFRASTRUCTURE  features/infrastructure.feature:7" in run.out


def test_junit(run: Run, suite: _Suite) -> None:
    cases = {
        case.get("name"): case
        for case in ET.parse(suite.path / "junit.xml").getroot().iter("testcase")
    }
    expected = cases["fails as expected"].find("skipped")
    assert expected is not None
    assert expected.get("type") == "expected_failure"
    assert expected.get("message") == "fails as expected (@tdd_issue_1)"
    assert "it was to be" in (cases["fails as expected"].findtext("system-out") or "")
    unexpected = cases["passes unexpectedly"].find("failure")
    assert unexpected is not None
    assert unexpected.get("type") == "unexpected_pass"
    assert "remove @tdd_expected_fail" in (unexpected.get("message") or "")
    held = cases["held and crashing"].find("skipped")
    assert held is not None
    assert held.get("type") == "quarantined"
    broken = cases["finds the database locked each time"].find("error")
    assert broken is not None
    assert broken.get("type") == "infrastructure"
    totals = Counter(run.verdicts().values())
    root = ET.parse(suite.path / "junit.xml").getroot()
    assert int(root.get("skipped", "")) == (
        totals["skipped"] + totals["expected_failure"] + totals["quarantined"]
    )
    bad = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert bad == totals["failed"] + totals["unexpected_pass"]


def test_formatters_show_what_behave_saw(run: Run, suite: _Suite) -> None:
    del run
    statuses = {
        element["name"]: element["status"]
        for feature in read_json(suite.path / "r.json")
        for element in feature.get("elements", [])
        if element["type"] == "scenario"
    }
    assert statuses["fails as expected"] == "failed"
    assert statuses["passes unexpectedly"] == "passed"
    assert statuses["held until a day"] == "failed"


def test_the_report_of_the_journal_says_the_same(run: Run, suite: _Suite) -> None:
    done = suite.call("report", str(run.journal), "-v", "--junit-xml", "again.xml")
    assert done.returncode == 1
    (counts,) = [line for line in run.out.splitlines() if "scenarios passed" in line]
    assert counts == (
        "3 scenarios passed, 10 expected_failure, 4 failed, 1 unexpected_pass, 9 error,"
        " 1 hook_error, 5 quarantined, 1 skipped"
    )
    assert counts in done.stdout
    assert "features/known.feature:4  fails as expected: fails as expected (@tdd_issue_1)" in (
        done.stdout
    )
    first, second = (_without_output(suite.path / name) for name in ("junit.xml", "again.xml"))
    assert second == first


def test_the_last_failed_are_those_that_failed_the_run(run: Run, suite: _Suite) -> None:
    listed = suite.call("list", "--last-failed").stdout
    failed = [name for name, verdict in run.verdicts().items() if verdict == "failed"]
    for name in [*failed, "passes unexpectedly"]:
        assert f"  {name}\n" in listed
    assert f"{len(failed) + 1} of 34 scenarios" in listed


@pytest.fixture
def bugs(project: Project) -> Project:
    """A project where expected failures are on."""
    project.file("surefoot.toml", ON)
    project.feature(
        "bugs",
        f"""\
        Feature: bugs
          {BUG}
          Scenario: one
            Given it fails
          {BUG}
          Scenario: two
            Given it raises
          Scenario: three
            Given it passes
        """,
    )
    return project


@pytest.mark.parametrize("unit", ["feature", "scenario"])
@pytest.mark.parametrize("limit", [(), ("--stop",), ("--max-fail", "1")])
def test_expected_failures_alone_are_green(
    bugs: Project, unit: str, limit: tuple[str, ...]
) -> None:
    run = bugs.run("-j", "1", "--unit", unit, *limit)
    assert run.code == 0, run.out
    assert run.verdicts() == {
        "one": "expected_failure",
        "two": "expected_failure",
        "three": "passed",
    }
    assert "1 feature passed, 0 failed" in run.out
    assert not run.finished().failed


def test_under_behaves_own_command(bugs: Project) -> None:
    done = _behave(bugs, "--runner=surefoot:Runner", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr


def test_off_by_default(bugs: Project) -> None:
    run = bugs.run("--no-expected-failures")
    assert run.code == 1
    assert run.verdicts() == {"one": "failed", "two": "failed", "three": "passed"}


def test_a_dry_run_inverts_nothing(bugs: Project) -> None:
    run = bugs.run("--dry-run")
    assert run.code == 0
    assert set(run.verdicts().values()) == {"untested"}


def test_an_unexpected_pass_ends_the_run_with_stop(bugs: Project) -> None:
    bugs.feature(
        "a",
        f"""\
        Feature: a
          {BUG}
          Scenario: mended
            Given it passes
          Scenario: after it
            Given it passes
        """,
    )
    run = bugs.run("-j", "1", "--stop")
    assert run.code == 1
    assert run.verdicts()["mended"] == "unexpected_pass"
    assert run.verdicts()["after it"] == "untested"


def test_what_passes_only_sometimes_is_flaky(bugs: Project) -> None:
    bugs.steps(
        """\
        import os
        from behave import step

        @step('it {how} the first time')
        def _(context, how):
            try:
                os.close(os.open(how, os.O_CREAT | os.O_EXCL))
                first = True
            except FileExistsError:
                first = False
            assert (how == 'passes') is first, 'now it fails'
        """
    )
    bugs.feature(
        "a",
        f"""\
        Feature: a
          {BUG}
          Scenario: passes, then fails
            Given it passes the first time
          {BUG} @expect_error:KeyError
          Scenario: fails otherwise, then passes
            Given it fails the first time
        """,
    )
    run = bugs.run("--retries", "1")
    assert run.code == 0, run.out
    assert run.verdicts()["passes, then fails"] == "flaky"
    assert run.verdicts()["fails otherwise, then passes"] == "flaky"
    assert len(run.attempts()["one"]) == 1


def test_the_retry_of_errors_of_the_machine_can_be_had_alone(project: Project) -> None:
    project.steps(
        """\
        import os
        from behave import step

        @step('the disk is full once')
        def _(context):
            try:
                os.close(os.open('seen', os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            raise OSError(28, 'No space left on device')
        """
    )
    project.scenarios("full", {"full": "the disk is full once", "fails": "it fails"})
    assert project.run().verdicts() == {"full": "failed", "fails": "failed"}
    os.unlink(project.path / "seen")
    run = project.run("--retry-infrastructure")
    assert run.verdicts() == {"full": "flaky", "fails": "failed"}
    assert len(run.attempts()["fails"]) == 1
    # With --stop, an attempt that will be repeated does not stop anything.
    os.unlink(project.path / "seen")
    project.scenarios("full", {"full": "the disk is full once", "passes": "it passes"})
    run = project.run("--retry-infrastructure", "--stop", "-j", "1")
    assert run.verdicts() == {"full": "flaky", "passes": "passed"}


def test_a_check_of_the_kit_is_not_the_expected_failure(bugs: Project) -> None:
    bugs.file(
        "surefoot.toml",
        ON + '[[guards]]\nclass = "counter.Counter"\nfields = ["value"]\nfail = true\n',
    )
    bugs.file(
        "counter.py",
        """\
        import threading

        class Counter:
            def __init__(self):
                self._lock = threading.Lock()
                self.value = 0
        """,
    )
    bugs.steps(
        """\
        from behave import step
        from counter import Counter

        @step('a field is touched without its lock')
        def _(context):
            Counter().value += 1
        """
    )
    bugs.feature(
        "a", f"Feature: a\n  {BUG}\n  Scenario: g\n    Given a field is touched without its lock\n"
    )
    run = bugs.run()
    assert run.code == 1, run.out
    assert run.verdicts()["g"] == "failed"
    assert "does not excuse this: a check around the scenario failed" in run.out


def test_plain_behave_inverts_too(bugs: Project) -> None:
    bugs.file(
        "features/environment.py",
        """\
        import surefoot

        def before_all(context):
            surefoot.enable(context)
        """,
    )
    done = _behave(bugs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 scenarios passed, 0 failed" in done.stdout
    assert "surefoot: features/bugs.feature:3: fails as expected (@tdd_issue_1)" in done.stderr
    bugs.feature("mended", f"Feature: m\n  {BUG}\n  Scenario: m\n    Given it passes\n")
    done = _behave(bugs)
    assert done.returncode == 1
    assert "3 scenarios passed, 1 failed" in done.stdout
    assert "remove @tdd_expected_fail (features/mended.feature:2)" in done.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[infrastructure]\nmessages = ['(']\n", 'messages "(" of [tool.surefoot.infrastructure]'),
        ("[tags]\nisue = ['x']\n", "[tags] has no key isue (did you mean issue?)"),
        ("[tags]\ndeclared_file = 'none.txt'\n", "the tag file none.txt cannot be read"),
    ],
)
def test_settings_that_are_wrong(project: Project, text: str, sentence: str) -> None:
    project.file("surefoot.toml", ON + text)
    project.scenarios("a", {"a": "it passes"})
    done = project.call("run")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def _without_output(path: Path) -> bytes:
    """Return a JUnit file without what was written: a journal elsewhere has no output files."""
    root = ET.parse(path).getroot()
    for parent in list(root.iter()):
        for child in [item for item in parent if item.tag in ("system-out", "system-err")]:
            parent.remove(child)
    return ET.tostring(root)


def _behave(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "behave", "--no-color", *arguments],
        cwd=project.path,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
