"""Schedule exploration finds the five bugs of `races`, replays them, and leaves the rest alone."""

import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest
from tests.e2e.project import Project
from tests.expected import SUITES

from surefoot.events.events import ScenarioFinished
from surefoot.exitcodes import ExitCode
from surefoot.threads.schedule import read_recipe

BUGS = {
    "lost update": r"AssertionError: 1 is not 2",
    "half moved item": r"AssertionError: \[False\]",
    "changed while listed": r"RuntimeError: dictionary changed size during iteration",
    "check then act": r"AssertionError: numbers \[0, 0\]",
    "deadlock": r"deadlock: (first -> second -> first|second -> first -> second)",
}


@pytest.fixture
def races(tmp_path: Path) -> Project:
    """A copy of tests/suites/races."""
    project = Project(tmp_path)
    shutil.rmtree(tmp_path / "features")
    shutil.copytree(Path(SUITES) / "races", tmp_path, dirs_exist_ok=True)
    return project


def line_of(project: Project, name: str) -> str:
    """Where a scenario stands, as `explore` takes it."""
    text = (project.path / "features" / "races.feature").read_text(encoding="utf-8")
    lines = text.splitlines()
    return f"features/races.feature:{lines.index(f'  Scenario: {name}') + 1}"


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_found_told_and_replayed_in_a_fresh_process(races: Project, name: str) -> None:
    where = line_of(races, name)
    done = races.call("explore", where, "--seed", "5", "--schedules", "60", timeout=110)
    assert done.returncode == ExitCode.FAILED, done.stdout + done.stderr
    assert re.search(rf"schedule \d+ of at most 60 failed: {BUGS[name]}", done.stdout)
    assert "replayed 3 times, of which 3 failed in the same way" in done.stdout
    assert "the switches that matter:" in done.stdout
    assert re.search(r"1\. \w+ .*; \w+ went on|1\. \w+ was started", done.stdout)
    assert "~ stops" in done.stdout or "~ waits" in done.stdout
    (command,) = re.findall(r"surefoot (explore \S+ --replay \S+)", done.stdout)
    again = races.call(*command.split())
    assert again.returncode == ExitCode.FAILED, again.stdout + again.stderr
    assert re.search(rf"failed: {BUGS[name]}", again.stdout)
    kept = min((races.path / ".surefoot" / "runs").glob("*/explore/*-1.json"))
    recipe = json.loads(kept.read_text(encoding="utf-8"))
    assert recipe["scenario"] == f"features/races.feature :: {name}"
    assert 1 <= len(recipe["decisions"]) <= 6


BEFORE = {
    "shop.py": """\
        import threading

        STOCK, TILL = threading.Lock(), threading.Lock()

        class Orders:
            def __init__(self):
                self.lock = threading.RLock()
                self.ready = threading.Event()
                self.open = 0

            def buy(self):
                with STOCK:
                    with TILL:
                        self.count()

            def refund(self):
                with TILL:
                    with STOCK:
                        self.count()

            def count(self):
                with self.lock:
                    self.open += 1
        """,
    "features/environment.py": """\
        from shop import Orders

        def before_all(context):
            context.orders = Orders()
        """,
    "features/steps/more.py": """\
        import threading
        from behave import when, then

        def together(*functions):
            threads = [threading.Thread(target=item, name=item.__name__) for item in functions]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        @when('one buys while another is refunded')
        def _(context):
            together(context.orders.buy, context.orders.refund)

        @when('two count, and one of them waits for the other')
        def _(context):
            def late():
                assert context.orders.ready.wait(3600)
                context.orders.count()

            def early():
                context.orders.count()
                context.orders.ready.set()

            together(late, early)

        @then('two were counted')
        def _(context):
            assert context.orders.open == 2, context.orders.open
        """,
    "features/before.feature": """\
        Feature: locks from before
          Scenario: crosswise
            When one buys while another is refunded
            Then two were counted
          Scenario: in order
            When two count, and one of them waits for the other
            Then two were counted
        """,
}
"""Locks of a module, and of a service that is made in `before_all`."""


@pytest.fixture
def before(tmp_path: Path) -> Project:
    """A suite whose locks are all made before its scenarios."""
    project = Project(tmp_path)
    for name, text in BEFORE.items():
        project.file(name, text)
    return project


def test_a_deadlock_of_locks_from_before_is_found_and_replayed(before: Project) -> None:
    done = before.call("explore", "features/before.feature:2", "--seed=5", "--schedules=60")
    assert done.returncode == ExitCode.FAILED, done.stdout + done.stderr
    assert re.search(
        "failed: deadlock: (buy -> refund -> buy|refund -> buy -> refund)", done.stdout
    )
    assert "replayed 3 times, of which 3 failed in the same way" in done.stdout
    assert re.search(r"taken at shop\.py:\d+  with (STOCK|TILL):", done.stdout)
    assert "not replayable" not in done.stdout
    (command,) = re.findall(r"surefoot (explore \S+ --replay \S+)", done.stdout)
    again = before.call(*command.split())
    assert again.returncode == ExitCode.FAILED, again.stdout + again.stderr
    assert "failed: deadlock" in again.stdout


def test_an_event_from_before_all_disturbs_no_schedule(before: Project) -> None:
    done = before.call("explore", "features/before.feature:5", "--seed=5", "--schedules=40")
    assert done.returncode == ExitCode.PASSED, done.stdout + done.stderr
    assert "none of 40 schedules failed (seed 5, 3 threads" in done.stdout
    assert "disturbed" not in done.stdout


def test_a_lost_update_needs_an_interpreter_without_a_global_lock(races: Project) -> None:
    done = races.call("explore", line_of(races, "lost update"), "--seed=5", "--schedules=40")
    assert "None of 40 schedules that switch only where this CPython" in done.stdout
    done = races.call("explore", line_of(races, "half moved item"), "--seed=5")
    assert "It can happen on this CPython" in done.stdout


def test_a_deadlock_is_shown_as_a_cycle_with_who_holds_what(races: Project) -> None:
    done = races.call("explore", line_of(races, "deadlock"), "--seed", "5")
    assert "holds lock #" in done.stdout
    assert "taken at shop/bank.py:14  with source.lock:" in done.stdout
    assert re.search(r"waits for lock #\w+, which (first|second) holds", done.stdout)


@pytest.mark.parametrize("name", BUGS)
def test_the_healthy_twin_fails_in_no_schedule(races: Project, name: str) -> None:
    done = races.call("explore", line_of(races, f"{name}, healthy"), "--schedules=40", "--seed=5")
    assert done.returncode == ExitCode.PASSED, done.stdout + done.stderr
    assert "none of 40 schedules failed (seed 5, 3 threads" in done.stdout


def test_a_deadline_says_that_it_covers_all_schedules(races: Project) -> None:
    where = line_of(races, "lost update, healthy")
    done = races.call("explore", where, "--schedules=1000000", "--timeout-scenario=3s")
    assert done.returncode == ExitCode.FAILED, done.stdout + done.stderr
    assert "not explored to the end; it timed out" in done.stdout
    assert re.search(r"covers all schedules of its exploration, of which \d+ had", done.stdout)
    assert "explore fewer (--schedules N, @explore:N), or give it longer" in done.stdout


def test_a_scenario_without_threads_is_told_apart(races: Project) -> None:
    done = races.call("explore", line_of(races, "no threads"))
    assert done.returncode == ExitCode.PASSED
    assert "never has two threads at once" in done.stdout


def test_the_same_seed_finds_the_same_schedule(races: Project) -> None:
    where = line_of(races, "half moved item")
    runs = [races.call("explore", where, "--seed=11").stdout for _ in range(2)]
    tokens = [re.findall(r"--replay (\S+)\n", text)[0] for text in runs]
    found = [re.findall(r"schedule (\d+) of", text)[0] for text in runs]
    assert found[0] == found[1]
    # The clock that a schedule began with differs; what was decided does not.
    first, second = (read_recipe(token) for token in tokens)
    assert msgspec.structs.replace(second, wall=first.wall) == first


def tag(project: Project, name: str, text: str) -> None:
    """Put a tag above a scenario."""
    path = project.path / "features" / "races.feature"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(lines.index(f"  Scenario: {name}\n"), f"  {text}\n")
    path.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("options", [("-j1",), ("-j2", "--unit", "scenario")])
def test_the_tag_explores_in_a_run_and_the_rest_is_undisturbed(
    races: Project, options: tuple[str, ...]
) -> None:
    tag(races, "half moved item", "@explore(schedules=100,seed=5)")
    tag(races, "lost update, healthy", "@explore:10")
    run = races.run(*options, "--tags", "@steady", timeout=110)
    assert run.code == ExitCode.FAILED, run.out + run.err
    outcomes = run.outcomes()
    failed = [name for name, outcome in outcomes.items() if outcome == "failed"]
    assert failed == ["half moved item"]
    attempt = run.attempt("half moved item")
    assert "schedule" in attempt.facts["explored"]
    assert "first" in attempt.facts["interleaving"]
    # The attempt itself ran once, plainly: its steps passed and its output is its own.
    assert [step.state.status for step in attempt.record.steps] == ["passed"] * 3
    assert "none of 10 schedules failed" in run.attempt("lost update, healthy").facts["explored"]
    assert "the scenario itself passes" in run.out.lower()


def test_exploring_can_be_switched_off(races: Project) -> None:
    tag(races, "half moved item", "@explore")
    run = races.run("--explore", "off", "-j1", "--tags", "@steady")
    assert run.code == ExitCode.PASSED
    assert all("explored" not in event.facts for event in events(run))


def events(run: object) -> list[ScenarioFinished]:
    """The attempts of a run."""
    return [event for event in run.events() if isinstance(event, ScenarioFinished)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("@explore(schedule=3)", "schedule is not known (known: schedules, seed"),
        ("@explore:none", 'schedules "none" is not a whole number of at least 1'),
        ("@explore(policy=best)", 'policy "best" is not known (known: both, random, pct)'),
        ("@explore/3", "neither @explore, @explore:200"),
        ("@explore(packages=shopp)", "there is no package shopp to trace"),
    ],
)
def test_a_wrong_tag_is_a_sentence_and_exit_code_2(races: Project, wrong: str, text: str) -> None:
    tag(races, "no threads", wrong)
    done = races.call("run")
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--replay", "nonsense"), "neither a file that surefoot explore wrote nor the token"),
        (("--package", "nope"), "there is no package nope to trace"),
        (("--policy", "best"), "not known (known: both, random, pct)"),
        (("--schedules", "0"), "a whole number of at least 1"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_exit_code_2(
    races: Project, arguments: tuple[str, ...], text: str
) -> None:
    done = races.call("explore", "features/races.feature", *arguments)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert text in done.stderr
