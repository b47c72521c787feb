"""Retries are honest: a scenario that passed on a retry is flaky, by name, with both attempts."""

import xml.etree.ElementTree as ET

import pytest
from tests.e2e.project import Project

ONCE = """\
    import os
    from behave import step

    @step('it {how} the first time')
    def _(context, how):
        name = context.scenario.name.replace(' ', '-') + '.seen'
        if os.path.exists(name):
            return
        with open(name, 'w') as file:
            file.write(str(os.getpid()))
        if how == 'fails':
            assert False, 'not yet'
        if how == 'raises':
            raise OSError('not yet')
        os._exit(7)
"""


@pytest.fixture
def flaky(project: Project) -> Project:
    """Scenarios that fail in their first attempt."""
    project.steps(ONCE, "once")
    project.scenarios(
        "flaky",
        {
            "steady": "it passes",
            "assertion": "it fails the first time",
            "error": "it raises the first time",
            "crash": "it dies the first time",
        },
    )
    return project


def test_what_passes_on_a_retry_is_flaky(flaky: Project) -> None:
    run = flaky.run(
        "-j", "2", "--retries", "1", "--junit-xml", "junit.xml", "-f", "json", "-o", "r.json"
    )
    assert run.code == 0
    assert run.verdicts() == {
        "steady": "passed",
        "assertion": "flaky",
        "error": "flaky",
        "crash": "flaky",
    }
    attempts = run.attempts()
    assert [event.outcome.value for event in attempts["assertion"]] == ["failed", "passed"]
    assert [event.outcome.value for event in attempts["crash"]] == ["crashed", "passed"]
    assert [event.attempt for event in attempts["error"]] == [1, 2]
    for name in ("assertion", "error", "crash"):
        assert name in run.out
    assert "flaky" in run.out.lower()
    cases = {case.get("name"): case for case in ET.parse(flaky.path / "junit.xml").iter("testcase")}
    assert cases["assertion"].find("flakyFailure") is not None
    assert cases["assertion"].find("failure") is None
    assert '"status": "failed"' not in (flaky.path / "r.json").read_text()


def test_a_retry_runs_in_a_fresh_worker(flaky: Project) -> None:
    flaky.steps(
        """\
        from behave import step
        seen = []

        @step('the process is fresh the second time')
        def _(context):
            import os
            first = not os.path.exists('marker')
            with open('marker', 'a') as file:
                file.write('x')
            assert not first
            assert not seen

        @step('the process is used')
        def _(context):
            seen.append(1)
        """,
        "fresh",
    )
    flaky.scenarios(
        "fresh",
        {"used": "the process is used", "victim": "the process is fresh the second time"},
    )
    run = flaky.run("-j", "1", "--retries", "1", "features/fresh.feature")
    assert run.verdicts() == {"used": "passed", "victim": "flaky"}


def test_flaky_can_be_made_to_fail(flaky: Project) -> None:
    run = flaky.run("--retries", "1", "--fail-on-flaky")
    assert run.code == 3


def test_without_retries_it_failed(flaky: Project) -> None:
    run = flaky.run("-j", "1")
    assert run.code == 1
    assert run.verdicts()["assertion"] == "failed"


def test_what_fails_every_time_is_failed_with_its_first_failure(project: Project) -> None:
    project.scenarios("a", {"bad": "it fails", "undefined": "nobody knows this step"})
    run = project.run("--retries", "2")
    assert run.code == 1
    assert run.verdicts() == {"bad": "failed", "undefined": "failed"}
    assert len(run.attempts()["bad"]) == 3
    # Undefined stays undefined, so it is not tried again.
    assert len(run.attempts()["undefined"]) == 1
    assert run.finished().counts.scenarios == {"failed": 1, "error": 1}


def test_a_hook_that_fails_once_is_flaky_too(project: Project) -> None:
    project.scenarios("a", {"one": "it passes", "two": "it passes"})
    project.file(
        "features/environment.py",
        """\
        import os

        def before_feature(context, feature):
            if not os.path.exists("seen"):
                open("seen", "w").close()
                raise RuntimeError("not yet")
        """,
    )
    run = project.run("-j", "1", "--retries", "1")
    assert run.verdicts() == {"one": "flaky", "two": "flaky"}
    assert run.code == 0


def test_last_failed_runs_what_failed_until_it_passes(project: Project) -> None:
    project.scenarios("a", {"good": "it passes", "bad": "it fails"})
    project.scenarios("b", {"other": "it passes"})
    assert project.call("run", "--last-failed").returncode == 2
    assert project.run().code == 1
    run = project.run("--last-failed")
    assert run.code == 1
    assert run.verdicts() == {"bad": "failed"}
    project.scenarios("a", {"good": "it passes", "bad": "it passes"})
    run = project.run("--last-failed")
    assert run.code == 0
    assert run.verdicts() == {"bad": "passed"}
    empty = project.call("run", "--last-failed")
    assert empty.returncode == 5
    assert project.call("run", "--last-failed", "--allow-empty").returncode == 0


def test_max_fail_and_stop_begin_nothing_more(project: Project) -> None:
    project.scenarios("a", {"one": "it fails", "two": "it fails"})
    project.scenarios("b", {"three": "it passes"})
    run = project.run("-j", "1", "--max-fail", "2")
    assert run.code == 1
    assert run.verdicts() == {"one": "failed", "two": "failed", "three": "untested"}
    assert "--max-fail 2" in run.finished().aborted
    run = project.run("-j", "1", "--stop")
    assert run.code == 1
    assert run.verdicts() == {"one": "failed", "two": "untested", "three": "untested"}
