"""A worker that dies costs exactly the scenario that it was running."""

import pytest
from tests.e2e.project import Project

DEADLY = """\
    import ctypes, os, signal
    from behave import step

    @step('the process exits with {code:d}')
    def _(context, code):
        print('last words')
        os._exit(code)

    @step('the memory is violated')
    def _(context):
        ctypes.string_at(0)

    @step('the process is killed')
    def _(context):
        os.kill(os.getpid(), signal.SIGKILL)

    @step('the step exits')
    def _(context):
        raise SystemExit(0)
"""


@pytest.mark.parametrize("unit", ["feature", "scenario"])
def test_every_kind_of_death_costs_one_scenario(project: Project, unit: str) -> None:
    project.steps(DEADLY, "deadly")
    project.scenarios(
        "deaths",
        {
            "before": "it passes",
            "exit 0": "the process exits with 0",
            "between": "it passes",
            "exit 3": "the process exits with 3",
            "segfault": "the memory is violated",
            "kill": "the process is killed",
            "system exit": "the step exits",
            "after": "it passes",
        },
    )
    project.scenarios("bystanders", {f"bystander {n}": "it passes" for n in range(5)})
    run = project.run("-j", "2", "--unit", unit)
    assert run.code == 1
    expected = {f"bystander {n}": "passed" for n in range(5)} | {
        "before": "passed",
        "exit 0": "crashed",
        "between": "passed",
        "exit 3": "crashed",
        "segfault": "crashed",
        "kill": "crashed",
        "system exit": "error",
        "after": "passed",
    }
    assert run.outcomes() == expected
    assert all(len(attempts) == 1 for attempts in run.attempts().values())
    assert run.attempt("exit 0").reason.startswith("the worker process died: exit 0")
    assert "deadly.py" in run.attempt("exit 0").stacks
    assert "exit 3" in run.attempt("exit 3").reason
    assert "SIGSEGV" in run.attempt("segfault").reason
    assert "deadly.py" in run.attempt("segfault").stacks
    assert "SIGKILL" in run.attempt("kill").reason
    assert run.attempt("exit 0").output_bytes >= len("last words")
    for name in ("exit 0", "exit 3", "segfault", "kill", "system exit"):
        assert name in run.out
    assert "last words" in run.out


def test_a_crash_is_an_error_in_every_report(project: Project) -> None:
    project.steps(DEADLY, "deadly")
    project.feature(
        "crash",
        """\
        Feature: crash
          Scenario: dies
            Given it passes
            When the process exits with 0
            Then it passes
          Scenario: lives
            Given it passes
        """,
    )
    run = project.run("-j", "1", "-f", "plain", "-o", "plain.txt", "-f", "rerun", "-o", "rerun.txt")
    assert run.code == 1
    plain = (project.path / "plain.txt").read_text()
    assert "When the process exits with 0 ... error" in plain
    assert "Given it passes ... passed" in plain
    assert "features/crash.feature:2" in (project.path / "rerun.txt").read_text()
    assert run.finished().counts.steps == {"passed": 2, "error": 1, "skipped": 1}


def test_a_death_in_a_feature_hook_costs_the_feature_once(project: Project) -> None:
    project.scenarios("a", {"one": "it passes", "two": "it passes"})
    project.scenarios("b", {"three": "it passes"})
    project.file(
        "features/environment.py",
        """\
        import os

        def before_feature(context, feature):
            if feature.name == "a":
                os._exit(9)
        """,
    )
    run = project.run("-j", "2")
    assert run.code == 1
    assert run.outcomes() == {"one": "crashed", "two": "crashed", "three": "passed"}
    assert "before_feature" in run.attempt("one").reason


def test_a_before_all_that_kills_the_process_ends_the_run(project: Project) -> None:
    project.scenarios("a", {"one": "it passes"})
    project.file(
        "features/environment.py",
        "import os\ndef before_all(context):\n    os._exit(0)\n",
    )
    run = project.run("-j", "2")
    assert run.code == 1
    assert run.verdicts() == {"one": "untested"}
    assert "before it was ready" in run.notices("degraded-workers")[0]
