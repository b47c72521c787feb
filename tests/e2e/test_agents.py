"""The example of a healthy suite: green in any order, at any parallelism, and by plain behave."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example."""
    folder = tmp_path_factory.mktemp("agents") / "agents"
    ignored = shutil.ignore_patterns("__pycache__", ".surefoot")
    return Path(shutil.copytree(EXAMPLES / "agents", folder, ignore=ignored))


def call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this interpreter in a directory."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "options",
    [
        ("-j", "2"),
        ("-j", "4", "--unit", "scenario", "--seed", "1"),
        ("-j", "16", "--unit", "scenario", "--seed", "2"),
        ("-j", "2", "--isolation", "scenario", "--seed", "3"),
        ("-j", "2", "--workdir", "copy", "--tmpdir", "scenario", "--seed", "4"),
    ],
    ids=" ".join,
)
def test_green_in_any_order_at_any_parallelism(agents: Path, options: tuple[str, ...]) -> None:
    done = call(agents, "surefoot", "run", *options)
    assert done.returncode == 0, done.stdout
    assert "232 scenarios passed, 0 failed" in done.stdout
    assert "SF" not in done.stdout


def test_green_under_plain_behave(agents: Path) -> None:
    done = call(agents, "behave", "--format", "progress")
    assert done.returncode == 0, done.stdout
    assert "232 scenarios passed, 0 failed" in done.stdout


def test_the_incident_fails_its_known_bugs_under_plain_behave(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".surefoot")
    folder = Path(shutil.copytree(EXAMPLES / "agents_incident", tmp_path / "i", ignore=ignored))
    done = call(folder, "behave", "--format", "progress")
    assert done.returncode == 1
    for place in ("cli_extensions.feature:307", "cli_json_envelope.feature:61"):
        assert place in done.stdout


def test_the_application_runs_by_itself(agents: Path) -> None:
    done = call(agents, "agents", "slash", "list", "/j", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"name": "jobs"' in done.stdout
