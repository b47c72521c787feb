"""Signals end a run in order: what ran is reported, and no process is left."""

import signal
import subprocess
from pathlib import Path

import pytest
from tests.e2e.project import Project, gone, wait_until

from surefoot.events.events import ScenarioFinished, VerdictReached
from surefoot.events.journal import JournalReader

STEPS = """\
    import os, subprocess, threading
    from behave import step

    @step('it says where it is and waits')
    def _(context):
        child = subprocess.Popen(['sleep', '1000'])
        with open('waiting.tmp', 'w') as file:
            file.write(f'{os.getpid()} {child.pid}')
        os.rename('waiting.tmp', 'waiting')
        threading.Event().wait()
"""


@pytest.fixture
def waiting(project: Project) -> Project:
    """A suite whose second scenario waits for ever, with a child process."""
    project.steps(STEPS, "waits")
    project.scenarios(
        "a",
        {
            "done": "it passes",
            "running": "it says where it is and waits",
            "never begun": "it passes",
        },
    )
    project.scenarios("z", {"not given out": "it passes"})
    return project


def pids(project: Project) -> list[int]:
    """The worker and its child, once they wait."""
    path = project.path / "waiting"
    wait_until(path.exists, "the scenario that waits")
    return [int(word) for word in path.read_text().split()]


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the command's end."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_grace_and_reports(waiting: Project, number: int) -> None:
    process = waiting.start(
        "-j", "1", "--grace", "500ms", "--journal", "j.jsonl", "--junit-xml", "junit.xml",
        "-f", "plain", "-o", "plain.txt",
    )  # fmt: skip
    worker, child = pids(waiting)
    process.send_signal(number)
    code, out, _ = end(process)
    assert code == 130
    assert gone(worker)
    assert gone(child)
    verdicts = {
        event.id.rpartition(" :: ")[2]: event.verdict.value
        for event in JournalReader(str(waiting.path / "j.jsonl")).events()
        if isinstance(event, VerdictReached)
    }
    assert verdicts == {
        "done": "passed",
        "running": "untested",
        "never begun": "untested",
        "not given out": "untested",
    }
    assert "scenario passed" in out
    assert "Scenario: done" in (waiting.path / "plain.txt").read_text()
    assert "not given out" in (waiting.path / "junit.xml").read_text()


def test_a_second_signal_ends_at_once(waiting: Project) -> None:
    process = waiting.start("-j", "1", "--grace", "1h", "--journal", "j.jsonl")
    worker, child = pids(waiting)
    process.send_signal(signal.SIGINT)
    journal = waiting.path / "j.jsonl"
    wait_until(lambda: '"interrupted"' in journal.read_text(), "the notice of the first signal")
    process.send_signal(signal.SIGINT)
    code, _, _ = end(process)
    assert code == 130
    assert gone(worker)
    assert gone(child)


def test_a_killed_coordinator_takes_its_workers_along(waiting: Project) -> None:
    process = waiting.start("-j", "1", "--journal", "j.jsonl")
    worker, child = pids(waiting)
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: gone(worker) and gone(child), "the end of the workers", seconds=2)
    reader = JournalReader(str(waiting.path / "j.jsonl"))
    names = [e.record.name for e in reader.events() if isinstance(e, ScenarioFinished)]
    assert names == ["done"]
    assert reader.cut
    report = waiting.call("report", "j.jsonl")
    assert report.returncode == 1
    assert "cut" in report.stdout + report.stderr


def test_an_interrupted_load_leaves_nothing(project: Project) -> None:
    project.scenarios("a", {"one": "it passes"})
    project.steps(
        """\
        import os, threading
        with open('loading.tmp', 'w') as file:
            file.write(str(os.getpid()))
        os.rename('loading.tmp', 'loading')
        threading.Event().wait()
        """,
        "blocks",
    )
    process = project.start("-j", "1")
    path = Path(project.path, "loading")
    wait_until(path.exists, "the load")
    zygote = int(path.read_text())
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    assert code == 130
    assert "interrupted" in err
    assert gone(zygote)
