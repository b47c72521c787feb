"""What was handed out is undone when the scenario, or the process, ends."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from surefoot.isolation import scope


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    scope.close_scenario(failed=False)


def test_a_scenario_undoes_in_reverse_order_and_knows_whether_it_failed() -> None:
    done: list[tuple[str, bool]] = []
    scope.open_scenario(scope.Scenario("a", "/somewhere"))
    scope.at_end(lambda failed: done.append(("first", failed)))
    scope.at_end(lambda failed: done.append(("second", failed)))
    assert scope.current() == scope.Scenario("a", "/somewhere")
    assert scope.close_scenario(failed=True) == []
    assert done == [("second", True), ("first", True)]
    assert scope.current() is None
    assert scope.close_scenario(failed=False) == []
    assert len(done) == 2


def test_what_cannot_be_undone_is_told_and_keeps_nothing_else_from_it() -> None:
    done: list[str] = []

    def broken(failed: bool) -> None:
        raise OSError("the door is stuck")

    scope.open_scenario(scope.Scenario("a", ""))
    scope.at_end(lambda failed: done.append("first"))
    scope.at_end(broken)
    assert scope.close_scenario(failed=False) == ["the door is stuck"]
    assert done == ["first"]


def test_a_scenario_that_was_not_closed_is_closed_by_the_next_as_failed() -> None:
    done: list[bool] = []
    scope.open_scenario(scope.Scenario("a", ""))
    scope.at_end(done.append)
    scope.open_scenario(scope.Scenario("b", ""))
    assert done == [True]


def test_what_was_taken_back_is_not_undone_again() -> None:
    done: list[bool] = []
    scope.open_scenario(scope.Scenario("a", ""))
    scope.at_end(done.append)
    scope.forget(done.append)
    scope.close_scenario(failed=False)
    assert done == []


def test_outside_of_a_scenario_the_process_undoes_and_a_forked_child_does_not() -> None:
    program = """
import os, sys
from surefoot.isolation import scope
scope.at_end(lambda failed: print("undone", os.getpid() == first, failed, flush=True))
first = os.getpid()
pid = os.fork()
if pid == 0:
    sys.exit(0)
os.waitpid(pid, 0)
print("child ended", flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines() == ["child ended", "undone True False"]


def test_a_forked_child_has_no_scenario_of_its_parent() -> None:
    scope.open_scenario(scope.Scenario("a", ""))
    pid = os.fork()
    if pid == 0:
        os._exit(0 if scope.current() is None else 1)
    assert os.waitpid(pid, 0)[1] == 0
