"""On a system without fork, what needs none works and the rest says so."""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import os, sys, subprocess
del os.fork
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {"fcntl", "resource", "termios", "pwd", "grp"}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules.pop(name, None)
from surefoot.cli.main import main
sys.exit(main())
"""


def _call(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["run", "list", "explore"])
def test_what_must_fork_refuses_with_a_sentence(tmp_path: Path, command: str) -> None:
    done = _call(tmp_path, command)
    assert done.returncode == 2
    assert done.stderr.startswith(f"surefoot: {command} needs a system that can fork")
    assert done.stderr.count("\n") == 1
    assert _call(tmp_path, command, "--help").returncode == 0


def test_check_and_triage_and_config_need_none(tmp_path: Path) -> None:
    steps = tmp_path / "features" / "steps"
    steps.mkdir(parents=True)
    (tmp_path / "features" / "a.feature").write_text(
        "Feature: a\n  Scenario: b\n    Given c\n", encoding="utf-8"
    )
    (steps / "s.py").write_text("", encoding="utf-8")
    check = _call(tmp_path, "check")
    assert (check.returncode, "SF101" in check.stdout) == (6, True), check.stderr
    log = tmp_path / "job.log"
    log.write_text(
        "1 feature passed, 0 failed, 0 skipped\n1 scenario passed, 0 failed, 0 skipped\n"
        "1 step passed, 0 failed, 0 skipped, 0 undefined\nTook 0m0.001s\n",
        encoding="utf-8",
    )
    triage = _call(tmp_path, "triage", str(log))
    assert triage.returncode == 0, triage.stderr
    assert _call(tmp_path, "config").returncode == 0
