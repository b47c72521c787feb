"""Nothing hangs: each deadline ends with the stacks of what was waited for."""

from pathlib import Path

import pytest
from tests.e2e.project import Project, gone

STUBBORN = """\
    import ctypes, os, signal, subprocess, threading
    from behave import step

    @step('C code holds the interpreter lock')
    def _(context):
        ctypes.PyDLL(None).sleep(1000)

    @step('SIGTERM is ignored')
    def _(context):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            threading.Event().wait()

    @step('a grandchild holds the output')
    def _(context):
        child = subprocess.Popen(['sleep', '1000'])
        with open('grandchild', 'w') as file:
            file.write(str(child.pid))
        threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("step", "in_stack"),
    [
        ("it waits for ever", "common.py"),
        ("C code holds the interpreter lock", "stubborn.py"),
        ("SIGTERM is ignored", "stubborn.py"),
        ("a grandchild holds the output", "stubborn.py"),
    ],
)
def test_a_step_that_never_ends_is_stopped(project: Project, step: str, in_stack: str) -> None:
    project.steps(STUBBORN, "stubborn")
    project.scenarios("hang", {"before": "it passes", "hangs": step, "after": "it passes"})
    run = project.run("-j", "1", "--timeout-step", "500ms", "--grace", "300ms")
    assert run.code == 1
    assert run.outcomes() == {"before": "passed", "hangs": "timed_out", "after": "passed"}
    attempt = run.attempt("hangs")
    assert "--timeout-step" in attempt.reason
    assert in_stack in attempt.stacks
    assert in_stack in run.out
    pid = project.path / "grandchild"
    if pid.exists():
        assert gone(int(pid.read_text()))


@pytest.mark.parametrize(
    ("hook", "option"),
    [
        ("before_scenario", "--timeout-hook"),
        ("after_scenario", "--timeout-hook"),
        ("before_tag", "--timeout-hook"),
    ],
)
def test_a_hook_of_a_scenario_is_stopped(project: Project, hook: str, option: str) -> None:
    project.feature(
        "a",
        """\
        Feature: a
          @slow
          Scenario: hooked
            Given it passes
          Scenario: other
            Given it passes
        """,
    )
    argument = "tag" if hook == "before_tag" else "scenario"
    wanted = "slow" if hook == "before_tag" else "hooked"
    name = "tag" if hook == "before_tag" else "scenario.name"
    project.file(
        "features/environment.py",
        f"""\
        import threading

        def {hook}(context, {argument}):
            if {name} == "{wanted}":
                threading.Event().wait()
        """,
    )
    run = project.run("-j", "1", option, "500ms", "--grace", "300ms")
    assert run.code == 1
    assert run.outcomes() == {"hooked": "timed_out", "other": "passed"}
    assert hook in run.attempt("hooked").reason
    assert "environment.py" in run.attempt("hooked").stacks


def test_the_scenario_and_the_run_have_deadlines_too(project: Project) -> None:
    project.feature(
        "a",
        """\
        Feature: a
          Scenario: long
            Given it passes
            When it waits for ever
        """,
    )
    project.scenarios("b", {"other": "it passes"})
    run = project.run("-j", "1", "--timeout-scenario", "500ms", "--grace", "300ms")
    assert run.outcomes() == {"long": "timed_out", "other": "passed"}
    run = project.run("-j", "1", "--timeout-run", "1s", "--grace", "300ms")
    assert run.code == 1
    assert run.verdicts() == {"long": "failed", "other": "untested"}
    assert "--timeout-run" in run.finished().aborted


def test_before_all_and_after_all_that_hang_end_the_run(project: Project) -> None:
    project.scenarios("a", {"one": "it passes"})
    hang = "import threading\ndef {hook}(context):\n    threading.Event().wait()\n"
    project.file("features/environment.py", hang.format(hook="before_all"))
    run = project.run("-j", "2", "--timeout-hook", "500ms", "--grace", "300ms")
    assert run.code == 1
    assert run.verdicts() == {"one": "untested"}
    assert "before_all" in run.out
    project.file("features/environment.py", hang.format(hook="after_all"))
    run = project.run("-j", "1", "--timeout-hook", "500ms", "--grace", "300ms")
    assert run.code == 1
    assert run.verdicts() == {"one": "passed"}
    assert "after_all" in run.out


def test_a_thread_that_outlives_the_worker_is_named(project: Project) -> None:
    project.scenarios("a", {"one": "a thread is left"})
    project.steps(
        """\
        import threading
        from behave import step

        @step('a thread is left')
        def _(context):
            threading.Thread(target=threading.Event().wait).start()
        """,
        "threads",
    )
    run = project.run("-j", "1", "--grace", "300ms")
    assert run.code == 0
    assert "did not end after after_all" in run.notices("leftover-processes")[0]


def test_processes_left_running_are_ended_and_named(project: Project) -> None:
    project.steps(
        """\
        import subprocess
        from behave import step

        @step('a process is left')
        def _(context):
            child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
            with open('left', 'w') as file:
                file.write(str(child.pid))
        """,
        "processes",
    )
    project.scenarios("a", {"one": "a process is left"})
    run = project.run("-j", "1")
    assert run.code == 0
    assert "sleep" in run.notices("leftover-processes")[0]
    assert gone(int(Path(project.path, "left").read_text()))
