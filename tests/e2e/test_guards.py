"""Guards that a suite declares: findings with both stacks, or failures; errors in sentences."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.project import Project, Run

from surefoot.events.events import FindingReported
from surefoot.exitcodes import ExitCode

STORE = """\
    import threading

    class Store:
        def __init__(self):
            self._lock = threading.Lock()
            self.active = {}

        def put(self, key):
            with self._lock:
                self.active[key] = 1

        def careless(self):
            return len(self.active)
    """
STEPS = """\
    import threading
    from behave import when, then
    from store import Store

    @when('a thread puts a key')
    def _(context):
        context.store = Store()
        thread = threading.Thread(target=context.store.put, args=('k',), name='putter')
        thread.start()
        thread.join()

    @then('the step reads it')
    def _(context):
        assert 'k' in context.store.active

    @then('the service reads it')
    def _(context):
        assert context.store.careless() == 1
    """
FEATURE = """\
    Feature: guards
      Scenario: from the step
        When a thread puts a key
        Then the step reads it
      Scenario: from the service
        When a thread puts a key
        Then the service reads it
      Scenario: not at all
        When a thread puts a key
    """
GUARD = """\
    [[tool.surefoot.guards]]
    class = "store.Store"
    fields = ["active"]
    """


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A suite whose steps read a service's map without its lock."""
    project = Project(tmp_path)
    project.file("store.py", STORE)
    project.steps(STEPS)
    project.feature("guards", FEATURE)
    return project


def found(run: Run) -> dict[str, FindingReported]:
    """The findings of a run by place."""
    events = [event for event in run.events() if isinstance(event, FindingReported)]
    return {event.finding.place: event for event in events}


def test_a_declared_guard_finds_the_accesses_without_touching_the_suite(project: Project) -> None:
    project.file("pyproject.toml", GUARD)
    run = project.run("-j1")
    assert run.code == ExitCode.PASSED, run.out + run.err
    findings = found(run)
    assert set(findings) == {"features/steps/more.py:14", "store.py:13"}
    finding = findings["features/steps/more.py:14"].finding
    assert finding.rule == "SF301"
    assert finding.message == "Store.active is read without holding _lock"
    assert finding.scenario.endswith("from the step")
    text = "\n".join(finding.evidence)
    assert "assert 'k' in context.store.active" in text
    assert "it was last read by putter" in text
    assert "SF301" in run.out
    assert "snapshot()" in run.out


def test_a_read_that_the_sources_show_too_is_told_once_and_with_its_stacks(
    project: Project,
) -> None:
    project.file("pyproject.toml", GUARD)
    project.steps(
        """\
        from behave import then

        @then('nobody says this')
        def _(context):
            assert 'k' in context.store.active
        """,
        "unused",
    )
    run = project.run("-j1", "--preflight", "report")
    told = [item for item in run.findings() if item.rule == "SF301"]
    assert sorted(item.place for item in told) == [
        "features/steps/more.py:14",
        "features/steps/unused.py:5",
        "store.py:13",
    ]
    messages = {item.place: item.message for item in told}
    assert messages["features/steps/more.py:14"] == "Store.active is read without holding _lock"
    assert messages["features/steps/unused.py:5"] == (
        "context.store.active is read without context.store._lock"
    )
    evidence = next("\n".join(item.evidence) for item in told if "more.py" in item.file)
    assert "it was last read by putter" in evidence


def test_a_guard_may_fail_the_scenario(project: Project) -> None:
    project.file("pyproject.toml", GUARD + "    fail = true\n")
    run = project.run("-j2", "--unit", "scenario")
    assert run.code == ExitCode.FAILED
    assert run.outcomes() == {
        "from the step": "failed",
        "from the service": "failed",
        "not at all": "passed",
    }
    assert "Store.active is read without holding _lock" in run.out


@pytest.mark.parametrize(
    ("guard", "text"),
    [
        (GUARD.replace("active", "activ"), "no field activ to guard (did you mean active?)"),
        (GUARD + 'lock = "put"', "Store has no attribute put that could be the lock"),
        (GUARD.replace("store.Store", "store.Stor"), "store has no Stor (did you mean Store?)"),
        (GUARD.replace("store.Store", "shop.Store"), "there is no module shop"),
        (GUARD.replace("class", "klass"), "klass"),
        ("[tool.surefoot]\nguards = 3", "array of tables [[tool.surefoot.guards]]"),
    ],
)
def test_a_wrong_guard_is_a_sentence_and_exit_code_2(
    project: Project, guard: str, text: str
) -> None:
    project.file("pyproject.toml", guard.replace("    ", ""))
    done = project.call("run")
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_guards_work_under_plain_behave(project: Project) -> None:
    project.file("pyproject.toml", GUARD)
    project.file(
        "features/environment.py",
        """\
        import surefoot

        def before_all(context):
            surefoot.enable(context)
        """,
    )
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--no-color"],
        cwd=project.path,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SF301 store.py:13 Store.active is read without holding _lock" in done.stderr
