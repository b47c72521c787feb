"""Directories, ports and seeds of scenarios, by the installed command and under plain behave."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.project import Project, Run
from tests.expected import SUITES

from surefoot.events.events import FindingReported, RunStarted
from surefoot.model.findings import Finding

STEPS = """\
    import os, random, shutil, signal, subprocess, sys, tempfile
    from behave import step
    from surefoot.isolation import scenario_dir

    @step('a file is left in the directory')
    def _(context):
        assert scenario_dir() == os.environ['SUREFOOT_SCENARIO_DIR']
        assert os.listdir(scenario_dir()) == []
        with open(os.path.join(scenario_dir(), 'left'), 'w') as file:
            file.write('x')

    @step('the places are printed')
    def _(context):
        print('tmp', tempfile.gettempdir(), os.environ.get('TMPDIR'))
        print('dir', scenario_dir())
        open(os.path.join(scenario_dir(), 'used'), 'w').close()

    @step('the temporary directory is removed')
    def _(context):
        shutil.rmtree(tempfile.gettempdir())

    @step('a temporary file can be made')
    def _(context):
        os.close(tempfile.mkstemp()[0])

    @step('numbers are drawn')
    def _(context):
        child = subprocess.run(
            [sys.executable, '-c', 'print(hash("x"))'], capture_output=True, text=True)
        print('drawn', random.random(), child.stdout.strip())

    @step('the worker is killed')
    def _(context):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def kit(project: Project, tmp_path: Path) -> Project:
    """A project with steps that look at their places; its temporary directory is `tmp`."""
    project.steps(STEPS, "kit")
    (tmp_path / "tmp").mkdir()
    return project


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary directory with a short path."""
    path = tempfile.mkdtemp(prefix="t-", dir="/tmp")
    yield Path(path)
    shutil.rmtree(path)


def printed(run: Run, name: str) -> str:
    """What a scenario printed."""
    (run_id,) = [event.run for event in run.events() if isinstance(event, RunStarted)]
    output = run.attempt(name).output
    return (run.journal.parent / ".surefoot/runs" / run_id / output).read_text(encoding="utf-8")


def test_what_a_failing_scenario_left_is_named_and_the_rest_is_gone(
    kit: Project, short: Path
) -> None:
    kit.feature(
        "a",
        """\
        Feature: a
          Scenario: green
            Given a file is left in the directory
            And a temporary file can be made
          Scenario: red
            Given a file is left in the directory
            And it fails
        """,
    )
    kit.scenarios("b", {"also green": "a file is left in the directory"})
    run = kit.run("-j", "2", env={"TMPDIR": str(short)})
    assert run.code == 1
    (base,) = short.glob("sf-*")
    left = sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())
    facts = run.attempt("red").facts
    assert Path(facts["directory"], "left").is_file()
    assert [name for name in left if name.endswith("/left")] == [
        os.path.relpath(os.path.join(facts["directory"], "left"), base)
    ]
    assert os.listdir(facts["temporary files"]) != []
    assert f"directory: {facts['directory']}" in run.out
    assert str(base) in run.out
    # It goes with the run that it is of.
    assert kit.run("--keep-runs", "1", "features/b.feature", env={"TMPDIR": str(short)}).code == 0
    kit.run("--keep-runs", "1", "features/b.feature", env={"TMPDIR": str(short)})
    assert list(short.iterdir()) == []


def test_what_the_scenario_of_a_killed_worker_left_stays(kit: Project, short: Path) -> None:
    kit.feature(
        "a",
        """\
        Feature: a
          Scenario: dead
            Given a file is left in the directory
            And the worker is killed
          Scenario: green
            Given a file is left in the directory
        """,
    )
    run = kit.run(env={"TMPDIR": str(short)})
    assert run.outcomes() == {"dead": "crashed", "green": "passed"}
    assert len(list(short.glob("sf-*/w*/s*/left"))) == 1


def test_tmpdir_scenario_gives_each_its_own(kit: Project, short: Path) -> None:
    kit.scenarios("a", {"one": "the places are printed", "two": "the places are printed"})
    for tmpdir in ("scenario", "worker", "shared"):
        run = kit.run("-j", "1", "--tmpdir", tmpdir, env={"TMPDIR": str(short)})
        assert run.code == 0
        seen = []
        for name in ("one", "two"):
            ((tmp, variable, own),) = re.findall(
                r"tmp (\S+) (\S+)\ndir (\S+)\n", printed(run, name)
            )
            assert tmp == variable
            assert own.startswith(str(short))
            seen.append((tmp, own))
        (tmp1, own1), (tmp2, own2) = seen
        assert own1 != own2
        if tmpdir == "scenario":
            assert (tmp1, tmp2) == (own1, own2)
        else:
            assert tmp1 == tmp2
            assert (tmp1 == str(short)) == (tmpdir == "shared")


def test_a_suite_that_chose_its_own_temporary_directory_keeps_it(
    kit: Project, tmp_path: Path
) -> None:
    kit.file(
        "features/environment.py",
        f"""\
        import os, tempfile
        os.environ['TMPDIR'] = tempfile.tempdir = {str(tmp_path / "tmp")!r}
        """,
    )
    kit.scenarios("a", {"one": "the places are printed"})
    for tmpdir in ("worker", "scenario"):
        run = kit.run("--tmpdir", tmpdir)
        assert run.code == 0
        assert f"tmp {tmp_path}/tmp {tmp_path}/tmp" in printed(run, "one")


def test_a_removed_tmpdir_is_there_again_for_the_next_scenario(kit: Project) -> None:
    kit.scenarios(
        "a", {"one": "the temporary directory is removed", "two": "a temporary file can be made"}
    )
    assert kit.run("-j", "1").code == 0


def test_a_long_temporary_path_is_shared_and_that_is_said(kit: Project, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 70)
    long.mkdir()
    kit.scenarios("a", {"one": "the places are printed"})
    run = kit.run(env={"TMPDIR": str(long)})
    assert run.code == 0
    assert any("too long for the sockets" in text for text in run.notices("scratch"))
    assert f"tmp {long} {long}" in printed(run, "one")


def test_where_no_directory_can_be_made_the_scenarios_still_run(
    kit: Project, tmp_path: Path
) -> None:
    # A base that vanishes stands for a full disk, which cannot be had in a test.
    kit.file(
        "features/environment.py",
        """\
        import glob, os, shutil, tempfile
        def before_all(context):
            base = os.path.dirname(os.path.dirname(os.environ['TMPDIR']))
            shutil.rmtree(base)
            open(base, 'w').close()
            os.environ['TMPDIR'] = tempfile.tempdir = os.path.dirname(base)
        """,
    )
    kit.scenarios("a", {"one": "it passes"})
    run = kit.run()
    assert run.code == 0, run.out + run.err
    assert "SF411" in run.out
    assert "free space" in run.out


def test_seeds_repeat_by_the_option_that_a_failure_names(kit: Project) -> None:
    kit.feature(
        "a",
        """\
        Feature: a
          Scenario: one
            Given numbers are drawn
            And it fails
          Scenario: two
            Given numbers are drawn
            And it fails
        """,
    )
    drawn = []
    seed: list[str] = []
    for more in (("-j", "2", "--unit", "scenario"), ("-j", "1"), ("-j", "1", "--seed")):
        run = kit.run("--seeds", "scenario", *more, *(seed if more[-1] == "--seed" else ()))
        fact = run.attempt("one").facts["seeds"]
        assert fact in run.out
        seed = seed or re.findall(r"--seed (\d+)", fact)
        drawn.append((printed(run, "one"), printed(run, "two")))
    first, other, again = drawn
    assert first == again
    assert first[0] != first[1]
    assert first[0] != other[0]


def behave(project: Project, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "behave", "--no-capture"],
        cwd=project.path,
        env=project.environment(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_plain_behave_has_directories_and_seeds_too(kit: Project, short: Path) -> None:
    kit.file(
        "features/environment.py",
        "import surefoot\ndef before_all(context):\n    surefoot.enable(context)\n",
    )
    kit.feature(
        "a",
        """\
        Feature: a
          Scenario: green
            Given a file is left in the directory
            And the places are printed
          Scenario: red
            Given a file is left in the directory
            And numbers are drawn
            And it fails
        """,
    )
    env = {"TMPDIR": str(short), "SUREFOOT_SEEDS": "scenario", "SUREFOOT_SEED": "5"}
    first = behave(kit, env)
    assert first.returncode == 1
    assert f"tmp {short} {short}" in first.stdout
    (kept,) = short.glob("sf-*/w0/s*")
    assert f"surefoot: directory: {kept}" in first.stderr
    assert "--seed 5" in first.stderr
    second = behave(kit, env)
    drawn = [re.findall(r"drawn .+", run.stdout) for run in (first, second)]
    assert drawn[0] == drawn[1] != []


def test_two_runs_at_once_share_no_port(tmp_path: Path) -> None:
    shutil.copytree(os.path.join(SUITES, "ports"), tmp_path / "one")
    shutil.copytree(os.path.join(SUITES, "ports"), tmp_path / "two")
    (tmp_path / "state").mkdir()
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "surefoot", "run", "-j", "2", "--unit", "scenario"],
            cwd=tmp_path / name,
            env={**os.environ, "SUITE_STATE": str(tmp_path / "state")},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for run in runs:
        out, _ = run.communicate(timeout=60)
        assert run.returncode == 0, out


def test_a_template_is_built_once_for_all_workers_and_runs(tmp_path: Path) -> None:
    project = Project.__new__(Project)
    project.path = tmp_path / "shop"
    shutil.copytree(os.path.join(SUITES, "template_database"), project.path)
    for workdir, built in (("shared", "x"), ("shared", "x"), ("copy", "x")):
        run = project.run("-j", "2", "--unit", "scenario", "--workdir", workdir)
        assert run.code == 1
        assert Counter(run.outcomes().values()) == {"passed": 6, "error": 2}
        assert "the template broken could not be built: OperationalError: no such column" in run.out
        assert "Traceback" not in run.err
        assert (project.path / "built").read_text() == built
    (project.path / "migrations" / "2.sql").write_text("SELECT 1;")
    assert project.run("-j", "2").code == 1
    assert (project.path / "built").read_text() == "xx"


EXPECTED_LEAKS = {
    "A thread": ("SF421", "left a thread running: poll, from thread", "steps.py"),
    "A child process": ("SF422", "left a child process running: sleep, from child", "steps.py"),
    "An open file": ("SF423", "left the file ", "steps.py"),
    "A socket": ("SF423", "left a socket open, from sock", "steps.py"),
    "A temporary file": ("SF424", "left a temporary file, from temporary", "steps.py"),
    "A variable": ("SF425", "set the environment variable SHOP_TOKEN, from variable", "steps.py"),
    "The working directory": ("SF426", "left the working directory changed", "steps.py"),
    "The path of imports": ("SF427", "sys.path changed: added /nowhere/at/all", ""),
    "A patched function": ("SF428", "left app.price replaced by a MagicMock", ""),
    "A patched method": ("SF428", "app.Till.open replaced by method.<locals>.open_wrongly", ""),
    "A signal handler": ("SF429", "left a handler of SIGUSR1: on_alarm (", ""),
    "A log handler": ("SF430", "left a handler on the logger app.till: NullHandler", ""),
}


def leaking(tmp_path: Path) -> Project:
    project = Project.__new__(Project)
    project.path = tmp_path / "leaks"
    shutil.copytree(os.path.join(SUITES, "leaks"), project.path)
    return project


def findings(run: Run) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for event in run.events():
        if isinstance(event, FindingReported):
            name = event.finding.scenario.rpartition(" :: ")[2]
            found.setdefault(name, []).append(event.finding)
    return found


def test_leaks_are_reported_with_who_left_them(tmp_path: Path) -> None:
    run = leaking(tmp_path).run("-j", "1", "--leaks", "report")
    assert run.code == 0, run.out + run.err
    found = findings(run)
    # Back in the working directory is a change too.
    back = [item.rule for item in found["The path of imports"]]
    assert sorted(back) == ["SF426", "SF427"]
    for name, (rule, message, file) in EXPECTED_LEAKS.items():
        (finding,) = [item for item in found.pop(name) if item.rule == rule]
        assert message in finding.message, finding
        assert finding.file.endswith(file), finding
        assert bool(finding.line) == bool(file), finding
        assert 'leaks_allow = ["' in finding.remedy
    assert found == {}
    assert "a secret value" not in run.out + run.journal.read_text(encoding="utf-8")
    assert "SF421" in run.out


def test_leaks_fail_by_choice_and_may_be_allowed(tmp_path: Path) -> None:
    project = leaking(tmp_path)
    run = project.run("-j", "2", "--leaks", "fail", "--leaks-allow", "thread:poller-*,env:SHOP_*")
    assert run.code == 1
    outcomes = run.outcomes()
    assert {name for name, outcome in outcomes.items() if outcome == "failed"} == set(
        EXPECTED_LEAKS
    ) - {"A thread", "A variable"}
    assert re.search(r"steps.py:\d+: a scenario left a socket open", run.out)


def test_leaks_are_off_by_default(tmp_path: Path) -> None:
    run = leaking(tmp_path).run("-j", "1")
    assert run.code == 0
    assert findings(run) == {}


def test_plain_behave_reports_the_same_leaks(tmp_path: Path) -> None:
    project = leaking(tmp_path)
    done = behave(project, {"SUITE_ENABLE": "1", "SUREFOOT_LEAKS": "report"})
    assert done.returncode == 0, done.stderr
    rules = re.findall(r"^surefoot: (SF4\d\d)", done.stderr, re.MULTILINE)
    assert Counter(rules) == Counter([*(rule for rule, _, _ in EXPECTED_LEAKS.values()), "SF426"])
    assert "a secret value" not in done.stderr


def test_a_pattern_of_no_known_kind_is_a_sentence(project: Project) -> None:
    project.scenarios("a", {"one": "it passes"})
    done = project.call("run", "--leaks-allow", "tread:x")
    assert done.returncode == 2
    assert "did you mean thread?" in done.stderr
