"""The seed's list of untagged known bugs, found by place on the suite of that day."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.project import Project

EXAMPLES = Path(__file__).parents[2] / "examples"
CATEGORY_B = {
    "cli_extensions": (307, 321, 336),
    "cli_global_format_flag": (51,),
    "cli_output_formats": (95,),
    "m6_autonomy_acceptance": (170,),
    "tdd_a2a_sdk_dependency": (15,),
    "tdd_event_bus_exception_swallow": (22,),
    "tdd_session_create_di": (22,),
    "cli_json_envelope": (22, 61),
}
PLACES = [f"features/{name}.feature:{line}" for name, lines in CATEGORY_B.items() for line in lines]


class _Example(Project):
    """A project of examples/, copied."""

    def __init__(self, name: str, path: Path) -> None:
        self.path = path / name
        ignore = shutil.ignore_patterns(".surefoot", "__pycache__")
        shutil.copytree(EXAMPLES / name, self.path, ignore=ignore)


def _found(project: Project, *arguments: str) -> list[dict[str, Any]]:
    done = project.call("check", "--format", "json", *arguments)
    assert done.returncode in (0, 6), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return found


@pytest.mark.parametrize(("name", "expected"), [("agents_incident", PLACES), ("agents", [])])
def test_category_b(name: str, expected: list[str], tmp_path: Path) -> None:
    project = _Example(name, tmp_path)
    for number in (1, 2):
        # The first of each feature passes: it is not listed.
        first = {f"features/{feature}.feature:10" for feature in CATEGORY_B}
        project.call(
            "run", "-j", "2", "--retries", "0", "--journal", f"{number}.jsonl", *PLACES,
            *sorted(first), timeout=100,
        )  # fmt: skip
    found = _found(project, "--results", "1.jsonl", "2.jsonl", "--issue", "9798")
    assert sorted(f"{item['file']}:{item['line']}" for item in found) == sorted(expected)
    assert {item["rule"] for item in found} <= {"SF511"}
    added = "@tdd_issue @tdd_issue_9798 @tdd_expected_fail"
    assert all(item["edits"][0]["new"].endswith(added) for item in found)


def test_the_malformed_tag(tmp_path: Path) -> None:
    feature = "features/tui_slash_overlay_descriptions.feature"
    incident = _Example("agents_incident", tmp_path)
    (found,) = _found(incident, "--select", "SF5", feature)
    assert (found["rule"], found["line"]) == ("SF503", 36)
    assert "did you mean @tdd_issue_9791?" in found["message"]
    assert _found(_Example("agents", tmp_path), "--select", "SF5") == []
