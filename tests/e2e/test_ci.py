"""What a run leaves for a CI, and what `init` writes for one."""

import gzip
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.project import Project

from surefoot.config.sources import from_file, settings_file

IN_CI = {"GITHUB_ACTIONS": "true"}


def test_failures_are_annotated_where_a_ci_reads_them(project: Project) -> None:
    project.scenarios("a", {"good": "it passes", "bad: 1, %": "it fails"})
    run = project.run(env=IN_CI)
    lines = [line for line in run.out.splitlines() if line.startswith("::")]
    assert run.code == 1
    assert len(lines) == 1
    assert lines[0].startswith(
        "::error file=features/a.feature,line=4,title=failed%3A bad%3A 1%2C %25::"
    )
    assert "it was to be" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "env"), [((), {}), (("--ci", "off"), IN_CI), ((), {"GITHUB_ACTIONS": "false"})]
)
def test_elsewhere_nothing_is_annotated(
    project: Project, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    project.scenarios("a", {"bad": "it fails"})
    run = project.run(*arguments, env=env)
    assert "::error" not in run.out + run.err


def test_a_green_run_annotates_nothing(project: Project) -> None:
    project.scenarios("a", {"good": "it passes"})
    run = project.run(env=IN_CI)
    assert run.code == 0
    assert "::" not in run.out


def test_ten_are_annotated_and_the_rest_is_counted(project: Project) -> None:
    project.scenarios("a", {f"bad {number}": "it fails" for number in range(13)})
    run = project.run(env=IN_CI)
    lines = [line for line in run.out.splitlines() if line.startswith("::")]
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 10 + ["::notice"]
    assert "and 3 more failures" in lines[-1]


def test_a_formatter_keeps_its_terminal(project: Project) -> None:
    project.scenarios("a", {"bad": "it fails"})
    run = project.run("-f", "json", env=IN_CI)
    json.loads(run.out[: run.out.rindex("]") + 1])
    assert "::error" not in run.out
    assert "::error" in run.err


def test_a_suite_that_does_not_load_is_annotated(project: Project) -> None:
    project.steps("import nothing_of_this_name\n")
    project.scenarios("a", {"good": "it passes"})
    run = project.run("--artifacts", "kept", env=IN_CI)
    assert run.code == 4
    assert "::error title=the suite could not be loaded::" in run.err
    assert (project.path / "kept" / "journal.jsonl").exists()


def test_the_summary_of_the_job_is_added_to(project: Project, tmp_path: Path) -> None:
    project.scenarios("a", {"good": "it passes", "<b>`|bad": "it fails"})
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    project.run(env={"GITHUB_STEP_SUMMARY": str(summary)})
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n## surefoot\n")
    assert "| failed | 1 |" in text
    assert "| passed | 1 |" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| `features/a.feature:4`")]
    assert "`` <b>`¦bad ``" in row or "``<b>`¦bad``" in row
    assert "surefoot run features/a.feature:4" in text


def test_the_summary_never_grows_beyond_its_bound(project: Project, tmp_path: Path) -> None:
    project.scenarios("a", {f"bad {number}": "it fails" for number in range(60)})
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * ((1 << 20) - 900))
    project.run(env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.stat().st_size <= 1 << 20


def test_everything_to_upload_is_in_one_folder(project: Project) -> None:
    project.scenarios("a", {"bad": 'it prints "hello"', "worse": "it fails"})
    done = project.call("run", "--artifacts", "ci-logs/run", "--junit-xml", "j.xml")
    kept = project.path / "ci-logs" / "run"
    assert "all of it, for upload -> ci-logs/run" in done.stdout
    assert sorted(path.name for path in kept.iterdir()) == [
        "journal.jsonl.gz",
        "junit.xml",
        "output",
        "summary.md",
    ]
    assert b'"type":"run_finished"' in gzip.decompress((kept / "journal.jsonl.gz").read_bytes())
    assert "| failed | 1 |" in (kept / "summary.md").read_text(encoding="utf-8")
    again = project.call("report", str(kept / "journal.jsonl.gz"))
    assert "features/a.feature" in again.stdout


def test_triage_reads_the_folder_that_was_uploaded(project: Project) -> None:
    project.scenarios("a", {"good": "it passes", "worse": "it fails"})
    project.call("run", "--artifacts", "ci-logs/run", "--junit-xml", "j.xml")
    done = project.call("triage", "ci-logs", "--format", "json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert any("worse" in cluster["subject"] for cluster in value["clusters"])


# -- init


def read_yaml(path: Path) -> Any:
    """Return a YAML file's value."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


ALL = ("--config", "--github", "--forgejo", "--gitlab", "--pre-commit", "--nox")


def test_init_writes_files_that_their_tools_can_read(project: Project) -> None:
    project.scenarios("shop/a", {"good": "it passes"})
    project.scenarios("bank/b", {"good": "it passes"})
    project.file("requirements.txt", "behave\n")
    done = project.call("init", *ALL)
    assert done.returncode == 0, done.stderr
    root = project.path
    for name in (".github/workflows/surefoot.yml", ".forgejo/workflows/surefoot.yml"):
        (job,) = read_yaml(root / name)["jobs"].values()
        rows = job["strategy"]["matrix"]["include"]
        assert [row["paths"] for row in rows] == ["features/bank", "features/shop"]
        steps = job["steps"]
        upload = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
        assert upload["with"]["name"] == f"ci-logs-{job['name']}"
        assert upload["if"] == "${{ always() }}"
        run = next(step for step in steps if step.get("name") == "Run the suite")["run"]
        assert "set -o pipefail" in run
        assert '"${{ matrix.paths }}"' in run
        assert any("-r requirements.txt" in str(step.get("run")) for step in steps)
    gitlab = read_yaml(root / ".gitlab/surefoot.yml")["behave"]
    assert gitlab["artifacts"]["reports"]["junit"] == "ci-logs/junit.xml"
    assert gitlab["parallel"]["matrix"] == [{"FEATURES": ["features/bank", "features/shop"]}]
    hooks = read_yaml(root / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["surefoot-check", "surefoot-load"]
    assert tomllib.loads((root / "surefoot.toml").read_text(encoding="utf-8"))["retries"] == 1
    given = from_file(*settings_file(str(root)))
    assert {setting.name for setting in given} >= {"timeout_step", "retries"}
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "-f", str(root / "noxfile.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert listed.returncode == 0, listed.stderr
    assert "behave_full_logs" in listed.stdout
    checked = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = project.call("init", *ALL)
    assert again.returncode == 0
    assert again.stdout.count("as it should be") == 6


def test_the_commands_of_a_workflow_run(project: Project) -> None:
    project.scenarios("a", {"good": "it passes"})
    project.call("init", "--github")
    job = read_yaml(project.path / ".github/workflows/surefoot.yml")["jobs"]["behave"]
    assert "strategy" not in job
    script = next(step["run"] for step in job["steps"] if step.get("name") == "Run the suite")
    bin_folder = str(Path(sys.executable).parent)
    env = project.environment()
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=project.path,
        env={**env, "PATH": f"{bin_folder}:{env['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.path / "ci-logs" / "surefoot.log").read_text(encoding="utf-8") == done.stdout


def test_init_overwrites_nothing_without_force(project: Project) -> None:
    project.file("noxfile.py", "# mine\n")
    done = project.call("init", "--nox", "--config")
    assert done.returncode == 2
    assert "-# mine" in done.stdout
    assert "+import nox" in done.stdout
    assert "noxfile.py would change and stayed as it was" in done.stderr
    assert (project.path / "noxfile.py").read_text(encoding="utf-8") == "# mine\n"
    assert (project.path / "surefoot.toml").exists()
    assert project.call("init", "--nox", "--force").returncode == 0
    assert "import nox" in (project.path / "noxfile.py").read_text(encoding="utf-8")


def test_init_makes_no_second_place_for_settings(project: Project) -> None:
    project.file("pyproject.toml", "[tool.surefoot]\nretries = 2\n")
    done = project.call("init", "--config")
    assert done.returncode == 2
    assert "pyproject.toml has [tool.surefoot]" in done.stderr
    assert not (project.path / "surefoot.toml").exists()


def test_init_shows_and_writes_nothing_in_a_dry_run(project: Project) -> None:
    done = project.call("init", "--gitlab", "--dry-run")
    assert done.returncode == 0
    assert "image: python:" in done.stdout
    assert not (project.path / ".gitlab").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nobody can be asked: --config, --github"),
        (("--githb",), "did you mean --github"),
    ],
)
def test_mistakes_in_init_are_sentences(
    project: Project, arguments: tuple[str, ...], said: str
) -> None:
    done = project.call("init", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
