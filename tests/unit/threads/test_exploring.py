"""The explorer on the modelled core: what fails, what only waits, and what it cannot see."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def searched(name: str, schedules: int = 20) -> dict[str, Any]:
    """Search a function of `cases.py` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.threads.cases", name, str(schedules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_an_exception_in_a_thread_fails_the_schedule_and_is_printed() -> None:
    report = searched("raises_in_a_thread")
    assert report["plain"]
    assert report["failure"] == "KeyError: 'lost'"
    assert report["detail"].startswith("in bad:")
    assert "Exception in thread bad" in report["output"]


def test_an_hour_of_sleep_costs_nothing_and_keeps_its_order() -> None:
    report = searched("sleeps_for_an_hour")
    assert (report["found"], report["tried"], report["cut"]) == (0, 20, 0)


def test_loops_that_wait_for_another_thread_end() -> None:
    for name in ("spins", "polls"):
        report = searched(name, 12)
        assert (report["found"], report["cut"], report["disturbed"]) == (0, 0, 0), (name, report)


def test_locks_made_before_are_ordered_like_any_other() -> None:
    report = searched("deadlock_of_before", 60)
    assert report["found"] > 1
    assert report["failure"] in {
        "deadlock: back -> forth -> back",
        "deadlock: forth -> back -> forth",
    }
    assert report["replays"] == [3, 3]
    assert report["disturbed"] == 0


def test_an_event_made_before_is_waited_for_in_the_time_of_the_schedule() -> None:
    report = searched("waits_for_an_event_of_before", 20)
    assert (report["found"], report["cut"], report["disturbed"]) == (0, 0, 0), report


def test_a_lock_made_before_that_is_not_replaced_is_survived_and_marked() -> None:
    report = searched("unseen_lock", 30)
    assert (report["found"], report["cut"]) == (0, 0), report
    assert report["disturbed"] >= 1


def test_a_wait_that_nobody_can_end_is_a_deadlock() -> None:
    report = searched("lost_wake_up", 100)
    assert not report["plain"]
    assert report["failure"].startswith("deadlock: all 2 threads wait, and nobody can wake them")
    assert "waits for a notification, which nobody is left to send" in report["detail"]
    assert report["replays"] == [3, 3]


def test_a_lock_taken_twice_is_a_deadlock_of_one() -> None:
    report = searched("takes_it_twice", 2)
    assert report["failure"] == "deadlock: twice -> twice"
    assert "which it holds itself" in report["detail"]


def test_a_healthy_producer_and_consumer_fail_in_no_schedule() -> None:
    report = searched("healthy_queue", 40)
    assert (report["found"], report["cut"], report["disturbed"]) == (0, 0, 0)


def test_a_process_that_ends_itself_is_counted_and_named() -> None:
    report = searched("ends_its_process", 3)
    assert report["cut"] == report["tried"]
    assert report["why"] == "its process ended by itself, with exit code 3"
