"""`surefoot check` and `--preflight`, by the installed command, on a suite with each fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.checked import SUITES, Suite, copy
from tests.e2e.project import Project, Run

FAULTS = {
    ("SF107", "features/empty.feature", 1),
    ("SF201", "features/environment.py", 11),
    ("SF403", "features/environment.py", 12),
    ("SF401", "features/environment.py", 17),
    ("SF101", "features/faults.feature", 5),
    ("SF104", "features/faults.feature", 10),
    ("SF108", "features/faults.feature", 13),
    ("SF109", "features/faults.feature", 15),
    ("SF110", "features/faults.feature", 19),
    ("SF501", "features/faults.feature", 24),
    ("SF503", "features/faults.feature", 28),
    ("SF203", "features/steps/faults.py", 20),
    ("SF202", "features/steps/faults.py", 21),
    ("SF351", "features/steps/faults.py", 32),
    ("SF352", "features/steps/faults.py", 32),
    ("SF301", "features/steps/faults.py", 38),
    ("SF302", "features/steps/faults.py", 39),
    ("SF402", "features/steps/faults.py", 46),
    ("SF402", "features/steps/faults.py", 47),
    ("SF604", "features/steps/faults.py", 52),
    ("SF603", "features/steps/faults.py", 53),
    ("SF602", "features/steps/faults.py", 56),
    ("SF601", "features/steps/faults.py", 61),
    ("SF605", "features/steps/faults.py", 62),
    ("SF111", "features/steps/twice.py", 4),
    ("SF103", "features/steps/twice.py", 9),
    ("SF103", "features/steps/twice.py", 14),
    ("SF111", "features/steps/twice.py", 19),
    ("SF111", "features/steps/twice.py", 9),
    ("SF111", "features/steps/twice.py", 14),
    ("SF102", "features/steps/twice.py", 24),
    ("SF111", "features/steps/twice.py", 24),
    ("SF106", "features/steps/twice.py", 32),
    ("SF111", "features/steps/twice.py", 32),
    ("SF404", "noxfile.py", 3),
    ("SF204", "shop/tiers.py", 23),
}
"""Every fault of tests/suites/faults: rule, file, line."""


@pytest.fixture
def faults(tmp_path: Path) -> Suite:
    """The suite with each fault."""
    return copy("faults", tmp_path)


@pytest.fixture
def mended(tmp_path: Path) -> Suite:
    """Its healthy twin."""
    return copy("faults_mended", tmp_path)


def test_each_fault_is_found_at_its_line_and_nothing_else(faults: Suite) -> None:
    assert faults.places() == FAULTS
    assert faults.check().returncode == 6


def test_the_healthy_twin_has_no_finding_and_passes(mended: Suite) -> None:
    done = mended.check("--strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert mended.places() == set()
    assert mended.call("run", "--preflight", "fail").returncode == 0


def test_files_that_cannot_be_read_are_findings(tmp_path: Path) -> None:
    suite = copy("faults_unreadable", tmp_path)
    assert suite.places() == {
        ("SF010", "features/latin.feature", 1),
        ("SF011", "features/broken.feature", 4),
        ("SF012", "features/steps/syntax.py", 5),
    }
    done = suite.check("-v")
    assert "Traceback" not in done.stdout + done.stderr
    assert "cannot tell whether all steps are defined" in done.stdout


def test_nothing_of_the_suite_is_run(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it passes\n")
    project.steps("import os\nopen('ran', 'w').close()\nos._exit(9)\n")
    done = project.call("check")
    assert done.returncode == 0, done.stdout
    assert not (project.path / "ran").exists()


def test_text_names_place_rule_and_remedy(faults: Suite) -> None:
    text = faults.check("features/faults.feature").stdout
    assert "features/faults.feature:5: error SF101 no definition for: When I push the buton" in text
    assert "remedy: " in text
    assert "SF110" not in text, "info is shown with -v only"
    quiet = faults.check("-q", "features/faults.feature").stdout
    assert "remedy" not in quiet


def test_a_similar_pattern_is_offered(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it pases\n")
    text = project.call("check").stdout
    assert "did you mean 'it passes' (features/steps/common.py:" in text


def test_a_step_that_is_defined_for_another_kind_says_so(project: Project) -> None:
    project.steps("from behave import given\n@given('only given')\ndef _(context): pass\n")
    project.feature("a", "Feature: a\n  Scenario: s\n    When only given\n")
    assert "it is defined for @given only" in project.call("check").stdout


def test_sarif_has_rules_results_regions_and_fixes(faults: Suite) -> None:
    done = faults.check("--format", "sarif", "--output", "check.sarif")
    assert (done.returncode, done.stdout) == (6, "")
    log = json.loads((faults.path / "check.sarif").read_text(encoding="utf-8"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(rules)
    assert len(run["results"]) == len(FAULTS)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"]
        assert place["region"]["startLine"] > 0
    (fixed,) = [result for result in run["results"] if result["ruleId"] == "SF601"]
    change = fixed["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert change["insertedContent"]["text"] == " from error"


def test_annotations_are_escaped(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given 100% of it, now\n")
    (line,) = project.call("check", "--format", "github").stdout.splitlines()
    assert line.startswith("::error file=features/a.feature,line=3,title=SF101 undefined-step::")
    assert "Given 100%25 of it, now" in line


def test_suppression_needs_a_reason(project: Project) -> None:
    project.feature(
        "a",
        """\
        Feature: a
          # surefoot: ignore[SF104] two ways to the same end
          @one
          Scenario: s
            Given it passes
          Scenario: s
            # surefoot: ignore[SF101] defined by a plug-in
            Given nobody knows
          # surefoot: ignore[SF104] the second of the two
          Scenario: s
            Given it passes
        """,
    )
    project.steps(
        """\
        import time
        from behave import given

        @given("a wait")
        def wait(context):
            time.sleep(1)  # surefoot: ignore[SF203] the device settles
            time.sleep(
                2
            )  # surefoot: ignore[SF203] over several lines
            time.sleep(3)  # surefoot: ignore[SF203]
            time.sleep(4)  # surefoot: ignore[SF230] mistyped
            time.sleep(5)  # surefoot: ignore all of it
        """
    )
    suite = Suite(project.path)
    assert suite.places("--ignore", "SF111") == {
        ("SF014", "features/a.feature", 2),
        ("SF104", "features/a.feature", 6),
        ("SF013", "features/steps/more.py", 10),
        ("SF203", "features/steps/more.py", 10),
        ("SF014", "features/steps/more.py", 11),
        ("SF203", "features/steps/more.py", 11),
        ("SF013", "features/steps/more.py", 12),
        ("SF203", "features/steps/more.py", 12),
    }
    assert "SF230 is no rule (did you mean SF" in suite.check().stdout


def test_settings_choose_rules_and_how_they_count(faults: Suite) -> None:
    (faults.path / "surefoot.toml").write_text(
        '[check]\nselect = ["SF1"]\nignore = ["undefined-step"]\n'
        'exclude = ["features/steps/*"]\nseverity = { SF104 = "error" }\n',
        encoding="utf-8",
    )
    found = {(item["rule"], item["severity"]) for item in faults.found()}
    assert found == {
        ("SF104", "error"),
        ("SF107", "warning"),
        ("SF108", "warning"),
        ("SF109", "warning"),
        ("SF110", "warning"),
    }
    assert faults.check("--select", "SF107").returncode == 0
    assert faults.check("--select", "SF107", "--strict").returncode == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "SF999"], "SF999 is no rule"),
        (["--explain", "SF2004"], "did you mean SF204?"),
        (["--formt", "json"], "did you mean --format?"),
        (["--format", "xml"], "known: text, json, sarif, github"),
        (["--fix", "--diff"], "contradict each other"),
        (["--output"], "--output needs a value"),
        (["nowhere"], "there is no such file or directory: nowhere"),
        (["--output", "no/such/folder/x", "features"], "cannot be written"),
    ],
)
def test_mistakes_are_sentences(faults: Suite, arguments: list[str], said: str) -> None:
    done = faults.check(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_without_anything_to_check_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    done = Suite(tmp_path).check()
    assert done.returncode == 2
    assert "there is nothing to check in features" in done.stderr


def test_a_named_file_is_judged_with_its_suite_and_told_alone(faults: Suite) -> None:
    assert faults.places("features/faults.feature") == {
        item for item in FAULTS if item[1] == "features/faults.feature"
    }
    assert faults.places("features/steps/twice.py") == {
        item for item in FAULTS if item[1] == "features/steps/twice.py" and item[0] != "SF111"
    }


def test_a_clash_with_a_later_module_is_told_where_the_change_is(project: Project) -> None:
    project.steps(
        "from behave import when\n@when('one {thing}')\ndef _(context, thing): pass\n", "a"
    )
    project.steps("from behave import when\n\n@when('one more')\ndef _(context): pass\n", "b")
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it passes\n")
    suite = Suite(project.path)
    assert suite.places("features/steps/a.py") == {("SF102", "features/steps/a.py", 2)}
    assert suite.places("features/steps/b.py") == {("SF102", "features/steps/b.py", 3)}
    assert ("SF102", "features/steps/b.py", 3) in suite.places()


def test_the_cache_is_believed_only_while_it_is_right(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it passes\n")
    suite = Suite(project.path)
    assert suite.check().returncode == 0
    folder = project.path / ".surefoot" / "check"
    assert sorted(path.name for path in folder.iterdir()) == ["features", "modules"]
    assert suite.check().returncode == 0
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it fades!\n")
    assert suite.places("--ignore", "SF111") == {("SF101", "features/a.feature", 3)}
    for path in folder.iterdir():
        path.write_bytes(b"\x93damaged")
    assert suite.places("--ignore", "SF111") == {("SF101", "features/a.feature", 3)}


def test_a_declared_guard_is_looked_for_by_name(project: Project) -> None:
    project.file(
        "surefoot.toml",
        '[[guards]]\nclass = "shop.jobs.Jobs"\nfields = ["running"]\nlock = "mutex"\n',
    )
    project.steps(
        """\
        from behave import then

        @then("none is running")
        def none(context):
            assert not context.jobs.running
            with context.jobs.mutex:
                assert not context.jobs.running
        """
    )
    project.feature("a", "Feature: a\n  Scenario: s\n    Then none is running\n")
    (found,) = Suite(project.path).found("--ignore", "SF111")
    assert (found["rule"], found["line"]) == ("SF301", 5)
    assert "context.jobs.mutex" in found["message"]


def test_a_public_field_that_its_class_guards_is_found(project: Project) -> None:
    project.file(
        "jobs.py",
        """\
        import threading

        class Jobs:
            def __init__(self):
                self.lock = threading.RLock()
                self.running = {}
                self.name = "jobs"

            def start(self, job):
                with self.lock:
                    self.running[job] = True
        """,
    )
    project.steps(
        """\
        from behave import then
        from jobs import Jobs

        @then("none is running")
        def none(context):
            context.jobs = Jobs()
            assert context.jobs.name == "jobs"
            assert len(context.jobs.running) == 0
            assert len(context.others.running) == 0
        """
    )
    project.feature("a", "Feature: a\n  Scenario: s\n    Then none is running\n")
    assert Suite(project.path).places("--ignore", "SF111") == {
        ("SF301", "features/steps/more.py", 8)
    }


def test_definitions_are_followed_through_aliases_and_imports(project: Project) -> None:
    project.file("shared/__init__.py", "")
    project.file(
        "shared/steps.py",
        """\
        from behave import register_type, step, use_step_matcher
        import parse

        @parse.with_pattern(r"red|green")
        def colour(text):
            return text

        register_type(Colour=colour)

        @step("a {what:Colour} light")
        def light(context, what):
            pass
        """,
    )
    project.steps(
        """\
        from behave import given as g, when as w, use_step_matcher
        from shared.steps import *

        PATTERN = "is " + "joined"

        @g(PATTERN)
        def joined(context): pass

        use_step_matcher("re")

        @w(r"(?P<count>[0-9]+) files?")
        def files(context, count): pass
        """
    )
    project.feature(
        "a",
        """\
        # language: de
        Funktion: a
          Szenario: s
            Angenommen is joined
            Und a red light
            Wenn 3 files
            Und a blue light
            Dann 3 files
        """,
    )
    assert Suite(project.path).places("--ignore", "SF111") == {
        ("SF101", "features/a.feature", 7),
        ("SF101", "features/a.feature", 8),
    }


def test_what_cannot_be_told_is_not_told_wrongly(project: Project) -> None:
    project.steps(
        """\
        from behave import given
        NAME = open(__file__).name

        @given(f"the file {NAME}")
        def named(context): pass
        """
    )
    project.feature(
        "a", "Feature: a\n  Scenario: s\n    Given who knows\n    Then surely nothing\n"
    )
    suite = Suite(project.path)
    assert suite.places("--ignore", "SF111") == {("SF101", "features/a.feature", 4)}
    assert "a pattern is computed (features/steps/more.py:4)" in suite.check("-v").stdout


def test_the_preflight_is_shown_with_the_run(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it passes\n")
    project.steps("import tempfile\n\ndef name():\n    return tempfile.mktemp()\n")
    plain = project.run()
    assert "SF401" not in plain.out
    told: Run = project.run("--preflight", "report")
    assert told.code == 0
    assert "SF401 features/steps/more.py:4: tempfile.mktemp returns" in told.out
    stopped = project.call("run", "--preflight", "fail")
    assert stopped.returncode == 6
    assert "nothing was run (--preflight fail)" in stopped.stderr
    assert "features/steps/more.py:4: SF401" in stopped.stderr
    assert "remedy: " in stopped.stderr


def test_the_preflight_says_why_a_suite_does_not_load(faults: Suite) -> None:
    done = faults.call("run", "--preflight", "report")
    assert done.returncode == 4
    assert "AmbiguousStep" in done.stderr
    assert "the preflight says:" in done.stderr
    assert "SF103 @when('the job ends') is defined twice" in done.stderr


def test_the_hook_for_users_names_the_command() -> None:
    text = (SUITES.parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert "id: surefoot-check" in text
    assert "entry: surefoot check" in text


DRY = (
    "matchers",
    "custom_types",
    "languages",
    "proxies",
    "imported_steps",
    "outlines",
    "rules",
    "undefined",
    "backgrounds",
    "substeps",
    "stage",
    "nested",
    "tables_texts",
    "names",
)

_ASK_BEHAVE = """
import os
from behave.configuration import Configuration
from behave.runner import Runner, the_step_registry
from behave.runner_util import parse_features

runner = Runner(Configuration([]))
runner.setup_paths()
with runner.path_manager:
    runner.load_hooks()
    runner.load_step_definitions()
    for feature in parse_features(runner.feature_locations(), language=runner.config.lang):
        for scenario in feature.walk_scenarios():
            for step in scenario.all_steps:
                found = the_step_registry.find_match(step) is not None
                print("STEP", int(found), step.line, os.path.relpath(step.filename))
"""


@pytest.mark.parametrize("name", DRY)
def test_undefined_steps_are_those_that_behave_finds_no_definition_for(
    name: str, tmp_path: Path
) -> None:
    suite = copy(name, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _ASK_BEHAVE],
        cwd=suite.path,
        env={**os.environ, "PYTHONPATH": str(suite.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line.split(" ", 3) for line in done.stdout.splitlines() if line.startswith("STEP ")]
    assert told, done.stdout + done.stderr
    undefined = {("SF101", file, int(line)) for _, found, line, file in told if found == "0"}
    ours = {place for place in suite.places() if place[0] == "SF101"}
    if "cannot tell" in suite.check("-v").stdout:
        assert ours <= undefined
    else:
        assert ours == undefined
