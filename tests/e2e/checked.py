"""A copy of a suite of tests/suites, and `surefoot check` on it by the installed command."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

SUITES = Path(__file__).parents[1] / "suites"


class Suite:
    """A copy of a suite of tests/suites, and the command on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `surefoot check ARGUMENTS`."""
        return self.call("check", *arguments)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `surefoot ARGUMENTS`."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SUREFOOT_", "BEHAVE_", "PYTEST_")) and name != "CI"
        }
        return subprocess.run(
            [sys.executable, "-m", "surefoot", *arguments],
            cwd=self.path,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def found(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the findings of a check as JSON has them."""
        done = self.check("--format", "json", *arguments)
        assert done.returncode in (0, 6), done.stderr
        findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
        return findings

    def places(self, *arguments: str) -> set[tuple[str, str, int]]:
        """Return rule, file and line of each finding."""
        return {(item["rule"], item["file"], item["line"]) for item in self.found(*arguments)}


def copy(name: str, tmp_path: Path) -> Suite:
    """Return a copy of a suite."""
    target = tmp_path / name
    shutil.copytree(SUITES / name, target)
    return Suite(target)
