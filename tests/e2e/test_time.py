"""Time in a suite: virtual time by tag and setting, and what is said of sleeps."""

import os
import subprocess
import sys

from tests.e2e.project import Project

STEPS = """\
    import datetime, subprocess, sys, threading, time
    from behave import step
    from surefoot.clock import eventually, virtual_time

    @step('an hour passes')
    def _(context):
        began = datetime.datetime.now()
        time.sleep(3600)
        assert datetime.datetime.now() - began >= datetime.timedelta(hours=1)

    @step('a job of {seconds:d} s is awaited')
    def _(context, seconds):
        done = threading.Event()
        threading.Timer(seconds, done.set).start()
        eventually(done.is_set, timeout=seconds + 1)

    @step('a child of {seconds:f} s is awaited')
    def _(context, seconds):
        child = subprocess.Popen([sys.executable, '-c', f'import time; time.sleep({seconds})'])
        for _ in range(100):
            time.sleep(0.1)
            if child.poll() is not None:
                return
        raise AssertionError('it was not awaited')

    @step('two threads wait for each other')
    def _(context):
        one, other = threading.Lock(), threading.Lock()
        def cross():
            with other:
                time.sleep(1)
                one.acquire()
        threading.Thread(target=cross, daemon=True).start()
        with one:
            time.sleep(1)
            other.acquire()

    @step('virtual time is entered again')
    def _(context):
        with virtual_time():
            pass

    @step('virtual time is entered for a minute')
    def _(context):
        with virtual_time() as clock:
            time.sleep(60)
        assert clock.jumped >= 60
"""

FEATURE = """
    Feature: waits
      @virtual_time
      Scenario: long
        Given an hour passes
        And a job of 500 s is awaited
      @virtual_time
      Scenario: child
        Given a child of 0.2 s is awaited
        And it fails
      @virtual_time
      Scenario: stuck
        Given two threads wait for each other
      @virtual_time
      Scenario: twice
        Given virtual time is entered again
      Scenario: by hand
        Given virtual time is entered for a minute
"""


def test_scenarios_in_virtual_time(project: Project) -> None:
    project.steps(STEPS)
    project.feature("waits", FEATURE)
    run = project.run("-j1")
    assert run.code == 1
    attempts = run.attempts()
    assert {name: tries[0].outcome.value for name, tries in attempts.items()} == {
        "long": "passed",
        "child": "failed",
        "stuck": "error",
        "twice": "error",
        "by hand": "passed",
    }
    long = run.attempt("long")
    assert long.facts["virtual time"].startswith("jumped 4100.")
    # Durations are those of the real clock.
    assert long.seconds < 60
    assert all(step.duration < 60 for step in long.record.steps)
    child = run.attempt("child").facts["virtual time"]
    assert "a child process is alive" in child
    assert "virtual time: jumped" in run.out
    assert "deadlock: every thread waits" in run.out
    assert "in cross" in run.out
    assert "they do not nest" in run.out


def test_by_setting(project: Project) -> None:
    project.steps(STEPS)
    project.scenarios("plain", {"untagged": "an hour passes"})
    project.file("surefoot.toml", 'virtual_time = "all"\nvirtual_time_apart = ["metrics-*"]\n')
    run = project.run("-j1")
    assert run.outcomes() == {"untagged": "passed"}
    assert "jumped 3600.000 s" in run.attempt("untagged").facts["virtual time"]


def test_off(project: Project) -> None:
    project.steps(STEPS)
    project.feature("short", "@virtual_time\nFeature: f\n  Scenario: s\n    Given it passes\n")
    run = project.run("-j1", "--virtual-time", "off")
    assert run.outcomes() == {"s": "passed"}
    assert "virtual time" not in run.attempt("s").facts


def test_a_sleep_cap_is_found_where_it_is(project: Project) -> None:
    project.file(
        "features/environment.py",
        """\
        import time

        _real_sleep = time.sleep

        def _fast_sleep(seconds):
            _real_sleep(min(seconds, 0.01))

        def before_all(context):
            time.sleep = _fast_sleep
        """,
    )
    project.steps(
        """\
        import time
        from behave import step

        @step('it waits')
        def _(context):
            for _ in range(30):
                if getattr(context, 'ready', True):
                    break
                time.sleep(0.1)
        """
    )
    project.scenarios("cap", {"one": "it waits", "two": "it waits"})
    run = project.run("-j1")
    assert run.code == 0
    findings = {(f.rule, f.file, f.line): f for f in run.findings()}
    assert set(findings) == {
        ("SF201", "features/environment.py", 5),
        ("SF202", "features/steps/more.py", 6),
    }
    cap = findings["SF201", "features/environment.py", 5]
    assert cap.message == "time.sleep is replaced by _fast_sleep(), which shortens it"
    assert cap.evidence[0].startswith("a sleep of 0.1 s takes 0.0")
    assert cap.evidence[1:] == (
        "assigned at features/environment.py:9 in before_all()",
        "time.sleep = _fast_sleep",
    )
    assert "(it means 3 s)" in findings["SF202", "features/steps/more.py", 6].message


def test_a_cap_at_load_and_one_for_each_scenario(project: Project) -> None:
    project.file(
        "features/environment.py",
        """\
        import asyncio, time

        async def _no_sleep(delay, result=None):
            return result

        asyncio.sleep = _no_sleep

        def before_scenario(context, scenario):
            context.kept = time.sleep
            time.sleep = lambda seconds: None

        def after_scenario(context, scenario):
            time.sleep = context.kept
        """,
    )
    project.scenarios("cap", {"one": "it passes"})
    run = project.run("-j1")
    found = sorted((f.rule, f.line, f.message.partition(",")[0]) for f in run.findings())
    assert found == [
        ("SF201", 3, "asyncio.sleep is replaced by _no_sleep()"),
        ("SF201", 10, "time.sleep is replaced by before_scenario.<locals>.<lambda>()"),
    ]


def test_nothing_is_said_of_what_is_fine(project: Project) -> None:
    project.file(
        "features/environment.py",
        """\
        import time
        from unittest import mock

        _real_sleep = time.sleep

        def slow(seconds):
            _real_sleep(seconds)

        time.sleep = slow
        """,
    )
    project.steps(
        """\
        import time
        from unittest import mock
        from behave import step

        @step('a mock sleeps')
        def _(context):
            with mock.patch('time.sleep') as sleep:
                time.sleep(5)
            sleep.assert_called_once_with(5)

        @step('it waits')
        def _(context):
            for _ in range(3):  # surefoot: ignore[SF202] the device answers within three polls
                if context.text is None:
                    break
                time.sleep(0.1)
        """
    )
    project.scenarios("fine", {"one": "a mock sleeps", "two": "it waits"})
    run = project.run("-j1")
    assert run.code == 0
    assert list(run.findings()) == []


def test_under_plain_behave(project: Project) -> None:
    project.steps(STEPS)
    project.feature("waits", FEATURE)
    project.file(
        "features/environment.py",
        """\
        import surefoot

        def before_all(context):
            surefoot.enable(context)
        """,
    )
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--no-color", "-f", "plain"],
        cwd=project.path,
        env=project.environment({"PYTHONPATH": os.environ.get("PYTHONPATH", "")}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "2 scenarios passed, 1 failed, 2 error" in done.stdout
    assert "surefoot: virtual time: jumped" in done.stderr
    assert "deadlock: every thread waits" in done.stdout + done.stderr


def test_names_that_step_modules_and_environment_imported(project: Project) -> None:
    """behave makes no modules of them: what they import by name must be found all the same."""
    project.file(
        "features/environment.py",
        """\
        from time import monotonic, sleep

        def before_scenario(context, scenario):
            context.began = monotonic()
            sleep(1000)
        """,
    )
    project.steps(
        """\
        from datetime import datetime
        from time import monotonic as now, sleep as nap
        from behave import step

        @step('it naps')
        def _(context):
            began = datetime.now()
            nap(1000)
            assert now() - context.began == 2000, now() - context.began
            assert 1000 <= (datetime.now() - began).total_seconds() < 1001
        """
    )
    project.feature("naps", "@virtual_time\nFeature: f\n  Scenario: s\n    Given it naps\n")
    run = project.run("-j1", "--timeout-scenario", "30s")
    assert run.outcomes() == {"s": "passed"}, run.out
