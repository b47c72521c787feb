"""The commands, their options, and mistakes in them."""

import json
import subprocess
import sys

import pytest
from tests.e2e.project import Project, read_json


@pytest.fixture
def suite(project: Project) -> Project:
    """Green, red and tagged scenarios."""
    project.feature(
        "a",
        """\
        Feature: a
          @smoke
          Scenario: good
            Given it passes
          Scenario: bad
            Given it passes
            When it fails
          Scenario Outline: row <n>
            Given it passes
            Examples:
              | n |
              | 1 |
              | 2 |
        """,
    )
    project.scenarios("b", {"ünïcode näme": "it passes"})
    return project


def test_list_shows_what_would_run(suite: Project) -> None:
    done = suite.call("list", "--tags", "smoke")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "features/a.feature:3  good",
        "1 of 5 scenarios in 1 features would run",
    ]
    value = json.loads(suite.call("list", "--json").stdout)
    assert (value["selected"], value["total"]) == (5, 5)
    names = [s["name"] for f in value["features"] for s in f["scenarios"]]
    assert names == ["good", "bad", "row 1 -- @1.1 ", "row 2 -- @1.2 ", "ünïcode näme"]
    assert not (suite.path / ".surefoot" / "runs").exists() or not list(
        (suite.path / ".surefoot" / "runs").iterdir()
    )


def test_report_rebuilds_everything_from_the_journal(suite: Project) -> None:
    run = suite.run(
        "-j", "2", "-f", "json", "-o", "r1.json", "-f", "plain", "-o", "p1.txt",
        "--junit-xml", "j1.xml",
    )  # fmt: skip
    assert run.code == 1
    report = suite.call(
        "report", "run.jsonl", "-f", "json", "-o", "r2.json", "-f", "plain", "-o", "p2.txt",
        "--junit-xml", "j2.xml",
    )  # fmt: skip
    assert report.returncode == 1, report.stderr
    for first, second in (("r1.json", "r2.json"), ("p1.txt", "p2.txt"), ("j1.xml", "j2.xml")):
        assert (suite.path / first).read_text() == (suite.path / second).read_text()
    tail = run.out[run.out.index("Failing scenarios") :].splitlines()
    assert tail[:2] == report.stdout[report.stdout.index("Failing scenarios") :].splitlines()[:2]
    elsewhere = max(path.name for path in (suite.path / ".surefoot" / "runs").iterdir())
    assert f"run {elsewhere} has no journal" in suite.call("report", elsewhere).stderr
    last = suite.call("report", "last")
    assert last.returncode == 2
    assert suite.run().code == 1
    suite.call("run")
    assert suite.call("report", "last").returncode == 1


def test_under_behaves_own_command(suite: Project) -> None:
    plain = subprocess.run(
        [sys.executable, "-m", "behave", "-f", "plain"],
        cwd=suite.path, env=suite.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = subprocess.run(
        [sys.executable, "-m", "behave", "--runner=surefoot:Runner", "--jobs", "2", "-f", "plain"],
        cwd=suite.path, env=suite.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (plain.returncode, ours.returncode) == (1, 1)

    def masked(text: str) -> list[str]:
        lines = [line for line in text.splitlines() if not line.startswith(("USING", "Took"))]
        return [line.rpartition(" in ")[0] or line for line in lines]

    assert masked(ours.stdout) == masked(plain.stdout)


def test_under_behave_options_come_from_userdata(suite: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--runner=surefoot:Runner", "-D", "surefoot.retires=1"],
        cwd=suite.path, env=suite.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "retries" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_formatter_on_the_terminal_has_it_alone(suite: Project) -> None:
    done = suite.call("run", "-f", "plain", "features/b.feature")
    assert done.returncode == 0
    assert done.stdout.startswith("Feature: b")
    assert "1 scenario passed, 0 failed, 0 skipped" in done.stdout
    assert "surefoot 0" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--retires", "3"], 2, ["--retires", "did you mean --retries"]),
        (["--unit", "thread"], 2, ["thread", "feature, scenario"]),
        (["--jobs", "none"], 2, ["--jobs"]),
        (["-j"], 2, ["-j"]),
        (["--quiet", "--verbose"], 2, ["contradict"]),
        (["--tags", "a and ("], 2, ["TagExpressionError"]),
        (["-f", "nope"], 2, ["nope"]),
        (["-f", "plain", "-o", "x", "-o", "y"], 2, ["-o"]),
        (["nowhere"], 2, ["no such file or directory", "nowhere"]),
        (["features/none.feature"], 2, ["features/none.feature"]),
        (["features/steps/common.py"], 2, [".feature"]),
        (["@none.txt"], 2, ["none.txt"]),
        (["--tags", "nobody"], 5, ["none of 5 scenarios", "--allow-empty"]),
        (["--name", "nobody"], 5, ["none of 5 scenarios"]),
        (["--tags", "nobody", "--allow-empty"], 0, []),
        (["--version"], 0, []),
    ],
)
def test_mistakes_get_a_sentence_and_a_code(
    suite: Project, arguments: list[str], code: int, words: list[str]
) -> None:
    done = suite.call("run", *arguments)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_that_is_no_scenario_is_told(suite: Project) -> None:
    run = suite.run("features/a.feature:4")
    assert run.verdicts() == {"good": "passed"}
    assert "features/a.feature:4 is not the line of a scenario" in run.out


@pytest.mark.parametrize(
    ("files", "code", "word"),
    [
        ({}, 2, "steps"),
        ({"features/steps/x.py": ""}, 5, "No feature files"),
        ({"features/a.feature": "Feature: a\n"}, 2, "steps"),
        ({"features/steps/x.py": "", "features/a.feature": ""}, 5, "none of 0"),
    ],
)
def test_suites_without_anything(
    project: Project, files: dict[str, str], code: int, word: str
) -> None:
    other = project.path / "other"
    other.mkdir()
    for name, text in files.items():
        path = other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        project.command("run"), cwd=other, env=project.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_odd_paths(project: Project) -> None:
    project.scenarios("sub dir/ä b", {"one": "it passes"})
    (project.path / "features" / "loop").symlink_to(project.path / "features" / "sub dir")
    (project.path / "features" / "sub dir" / "cycle").symlink_to("cycle")
    run = project.run("features/sub dir/ä b.feature", "features/sub dir/ä b.feature")
    assert run.code == 0
    assert list(run.verdicts().values()) == ["passed"]
    run = project.run()
    assert run.code == 0
    assert len(run.verdicts()) >= 1


def test_commands_have_help_that_fits(project: Project) -> None:
    for command in ("", "run", "list", "report", "config"):
        done = project.call(*command.split(), "--help")
        assert done.returncode == 0
        lines = done.stdout.splitlines()
        assert len(lines) <= 50
        assert max(map(len, lines)) <= 80
        assert "surefoot" in done.stdout
    unknown = project.call("rnu")
    assert unknown.returncode == 2
    assert "did you mean run" in unknown.stderr


def test_config_shows_every_value_and_its_origin(project: Project) -> None:
    project.file("surefoot.toml", "retries = 2\n")
    done = project.call("config", "--json", "-j", "3", env={"SUREFOOT_UNIT": "scenario"})
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "surefoot.toml" in text
    assert "SUREFOOT_UNIT" in text
    assert '"jobs"' in text


def test_head_does_not_change_the_result(suite: Project) -> None:
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m surefoot run -j 2 | head -n 1; echo ${{PIPESTATUS[0]}}",
        ],
        cwd=suite.path, env=suite.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "1"
    assert "Traceback" not in done.stderr


def test_a_lost_locale_loses_nothing(suite: Project) -> None:
    ascii_only = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONCOERCECLOCALE": "0",
    }
    run = suite.run("features/b.feature", env=ascii_only)
    assert run.code == 0
    assert "Traceback" not in run.err
    assert "1 scenario passed" in run.out


def test_the_seed_is_told_and_orders_units(project: Project) -> None:
    for name in "abcdefgh":
        project.scenarios(name, {name: "it passes"})
    seeded = project.run("-j", "1", "--seed", "7")
    order = list(seeded.attempts())
    assert order != list("abcdefgh")
    assert list(project.run("-j", "1", "--seed", "7").attempts()) == order
    assert list(project.run("-j", "1").attempts()) == list("abcdefgh")
    assert "seed 7" in seeded.out


def test_allure_results_are_those_of_behave(suite: Project) -> None:
    formatter = "allure_behave.formatter:AllureFormatter"
    suite.steps(
        """\
        import allure
        from behave import step

        @step('something is attached')
        def _(context):
            allure.attach("hello", name="note", attachment_type=allure.attachment_type.TEXT)
        """,
        "attach",
    )
    suite.scenarios("c", {"attached": "something is attached"})
    subprocess.run(
        [sys.executable, "-m", "behave", "-f", formatter, "-o", "allure1"],
        cwd=suite.path, env=suite.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    run = suite.run("-j", "2", "-f", formatter, "-o", "allure2", "--workdir", "copy")
    assert run.code == 1

    def results(name: str) -> dict[str, tuple[str, list[str], int]]:
        found = {}
        for path in (suite.path / name).glob("*-result.json"):
            value = read_json(path)
            attachments = sum(len(s.get("attachments", [])) for s in value["steps"])
            statuses = [step["status"] for step in value["steps"]]
            found[value["fullName"]] = (value["status"], statuses, attachments)
        return found

    assert results("allure1") == results("allure2")
    assert results("allure2")["c: attached"][2] == 1
