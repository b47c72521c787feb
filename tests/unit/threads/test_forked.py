"""The child that waits for the next schedule: used, ended, and missed."""

import subprocess
import sys
from pathlib import Path

_HEAD = """
import os, signal
from tests.unit.threads.cases import runner
from surefoot.threads.schedule import Trial

def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]

run = runner("healthy_queue")
"""


def _says(body: str) -> list[str]:
    """Run a program in an interpreter of its own: the runner's patches stay for good."""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + body],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_one_child_waits_and_one_ends_and_close_sees_both_gone() -> None:
    said = _says(
        """
for number in range(3):
    result = run.run(Trial("line", "random", 1, number))
    waits, ends = run._next.pid, run._last.pid
    print(waits in children(), set(children()) <= {waits, ends}, result.cut)
run.close()
print(len(children()))
"""
    )
    assert said == [*["True True False"] * 3, "0"]


def test_a_schedule_whose_child_was_killed_says_so_and_the_next_one_runs() -> None:
    said = _says(
        """
run.run(Trial("line", "random", 1, 0))
os.kill(run._next.pid, signal.SIGKILL)
result = run.run(Trial("line", "random", 1, 1))
print(result.cut, result.disturbed)
print(run.run(Trial("line", "random", 1, 2)).cut)
run.close()
"""
    )
    assert said == ["True its process was ended by SIGKILL", "False"]


def test_the_child_that_waits_goes_with_the_searcher() -> None:
    said = _says(
        """
run.run(Trial("line", "random", 1, 0))
print(run._next.pid, flush=True)
os._exit(0)
"""
    )
    gone = Path(f"/proc/{said[0]}/stat")
    for _ in range(1000):
        if not gone.exists() or ") Z " in gone.read_text(encoding="ascii"):
            break
        subprocess.run(["sleep", "0.01"], check=True)
    else:
        raise AssertionError("the child is still there")


def test_a_long_list_of_decisions_reaches_the_child() -> None:
    said = _says(
        """
from surefoot.threads.schedule import Decision
many = tuple(Decision(0, 1_000_000 + number, 1) for number in range(40_000))
result = run.run(Trial("line", "replay", 1, decisions=many))
print(result.failure, len(result.threads))
run.close()
"""
    )
    assert said == ["None 3"]
