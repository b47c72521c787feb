"""The preload guard: what cannot be loaded is told, and never hangs."""

import pytest
from tests.e2e.project import Project

from surefoot.events.events import SuiteLoaded


@pytest.fixture
def one(project: Project) -> Project:
    """A suite of one green scenario."""
    project.scenarios("a", {"one": "it passes"})
    return project


def test_a_step_module_that_blocks_is_stopped_with_its_stack(one: Project) -> None:
    one.steps("import threading\nthreading.Event().wait()\n", "blocks")
    run = one.call("run", "--preload-timeout", "1s")
    assert run.returncode == 4
    assert "--preload-timeout, SF205" in run.stderr
    assert "features/steps/blocks.py" in run.stderr
    assert 'blocks.py", line 2' in run.stderr


def test_a_preload_module_that_blocks_is_left_out(one: Project) -> None:
    one.file("blocking.py", "import threading\nthreading.Event().wait()\n")
    # As by the installed script, whose path does not begin with the working directory.
    run = one.run("--preload", "blocking", "--preload-timeout", "1s", env={"PYTHONSAFEPATH": "1"})
    assert run.code == 0
    assert run.verdicts() == {"one": "passed"}
    assert "--preload blocking did not end" in run.notices("preload-skipped")[0]
    (finding,) = run.findings()
    assert (finding.rule, finding.place) == ("SF205", "blocking.py:2")
    assert finding.message == "importing blocking does not end"
    assert 'blocking.py", line 2' in "\n".join(finding.evidence)
    assert "SF205 blocking.py:2" in run.out


def test_a_preload_that_was_left_out_is_no_cause_of_what_steps_raise(one: Project) -> None:
    one.file("blocking.py", "import threading\nthreading.Event().wait()\n")
    one.scenarios("b", {"two": "it raises"})
    run = one.run("--preload", "blocking", "--preload-timeout", "1s")
    assert "of no value" in run.out
    assert "BlockedPreload" not in run.out


def test_a_slow_environment_is_loaded_once(one: Project) -> None:
    one.scenarios("b", {"two": "it passes"})
    one.file(
        "features/environment.py",
        "import time\nwith open('loads', 'a') as file:\n    file.write('x')\ntime.sleep(0.5)\n",
    )
    run = one.run("-j", "2")
    assert run.code == 0
    assert (one.path / "loads").read_text() == "x"


def test_a_thread_started_on_import_means_new_processes(one: Project) -> None:
    one.scenarios("b", {"two": "it passes"})
    one.steps(
        """\
        import threading
        wait = threading.Event().wait

        def begin():
            threading.Thread(target=wait, daemon=True, name="poller").start()

        begin()
        """,
        "threads",
    )
    run = one.run("-j", "2", "-f", "plain", "-o", "plain.txt")
    assert run.code == 0
    assert run.verdicts() == {"one": "passed", "two": "passed"}
    notice = run.notices("no-fork")[0]
    assert '"poller"' in notice
    assert "features/steps/threads.py:5" in notice
    assert "Scenario: two" in (one.path / "plain.txt").read_text()


def test_start_method_spawn_is_obeyed(one: Project) -> None:
    one.file("features/environment.py", "with open('loads', 'a') as f:\n    f.write('x')\n")
    run = one.run("--start-method", "spawn", "-j", "1")
    assert run.code == 0
    assert (one.path / "loads").read_text() == "xx"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("def broken(:\n", "SyntaxError"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("import sys\nsys.exit(0)\n", "sys.exit(0)"),
        (
            "from behave import given\n@given('it {x}')\ndef _(c, x): pass\n"
            "@given('it is so')\ndef _(c): pass\n",
            "AmbiguousStep",
        ),
        ("import os\nos._exit(0)\n", "ended"),
    ],
)
def test_a_step_module_that_cannot_be_loaded(one: Project, steps: str, message: str) -> None:
    one.steps(steps, "bad")
    run = one.call("run")
    assert run.returncode == 4
    assert message in run.stderr
    assert "bad.py" in run.stderr
    assert "surefoot/" not in run.stderr.replace("surefoot: ", "")


def test_a_feature_that_does_not_parse_is_named(one: Project) -> None:
    one.feature("bad", "Feature: bad\n  Scenario: x\n    Given it passes\n    Nonsense here\n")
    run = one.call("run")
    assert run.returncode == 4
    assert "bad.feature" in run.stderr
    assert "4" in run.stderr
    assert "Nonsense here" in run.stderr


def test_a_load_failure_is_in_the_journal(one: Project) -> None:
    one.steps("raise RuntimeError('no way')\n", "bad")
    run = one.call("run", "--journal", "j.jsonl")
    assert run.returncode == 4
    assert "no way" in (one.path / "j.jsonl").read_text()


def test_telemetry_names_the_slowest_imports(one: Project) -> None:
    one.steps("import time\ntime.sleep(0.2)\n", "slow")
    run = one.run("-v")
    assert run.code == 0
    loaded = next(event for event in run.events() if isinstance(event, SuiteLoaded))
    slowest = loaded.slowest_imports[0]
    assert slowest.module == "features/steps/slow.py"
    assert slowest.own >= 0.2
    assert "features/steps/slow.py" in run.out


@pytest.mark.parametrize("arguments", [(), ("--start-method", "spawn"), ("--retries", "1")])
def test_what_the_command_sets_for_itself_is_not_passed_on(
    project: Project, arguments: tuple[str, ...]
) -> None:
    project.steps(
        """\
        import gc, os
        from behave import given

        @given('a process as usual')
        def _(context):
            assert gc.isenabled()
            assert os.sched_getscheduler(0) == os.SCHED_OTHER
        """
    )
    project.scenarios("a", {"one": "a process as usual", "two": "it fails"})
    project.scenarios("b", {"three": "a process as usual"})
    run = project.run("-j", "2", *arguments)
    assert run.verdicts() == {"one": "passed", "two": "failed", "three": "passed"}
