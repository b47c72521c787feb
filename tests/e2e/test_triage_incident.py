"""The report that the incident began with, found again in logs of real runs.

`tests/logs/incident.py` made the logs: lint, unit, integration and targeted jobs of 33 runs and
a cancelled one. Each test takes a finding of the report and asks for it in what the installed
command prints. What the report found by reading code is shown by the logs only because two jobs
run surefoot: a log of behave alone tells neither which loop counts sleeps (it tells that a wait
was in vain), nor which map is read without its lock, nor `tempfile.mktemp`, nor the number of
workers. Not shown by any log, and not asked for here: that the runs on a developer's machine
hung too, effort in hours, and what the tracker has (the logs come without one).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from examples.incident.seed import FINDINGS, UNTAGGED

LOGS = Path(__file__).parents[1] / "logs"
INCIDENT = Path(__file__).parents[2] / "examples" / "agents_incident"
CHUNKS = [f"pr5271_lint_chunk_{number:03}.log" for number in range(1, 6)]
CUT = ("pr6723_unit_tests.log", "pr6729_integration_tests.log")


def triage(form: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).parent / "surefoot", "triage", "incident", "--format", form],
        cwd=LOGS,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    found = json.loads(triage("json"))
    assert isinstance(found, dict)
    return found


def clusters(report: dict[str, Any], failure_class: str) -> list[dict[str, Any]]:
    return [one for one in report["clusters"] if one["judgement"]["failure_class"] == failure_class]


def places(report: dict[str, Any], subject: str, *logs: str) -> set[str]:
    """Return `file:line` of what was told under a subject, in some logs or in all."""
    return {
        f"{item['failure']['file']}:{item['failure']['line']}"
        for one in report["clusters"]
        for item in one["occurrences"]
        if item["failure"]["subject"] == subject and (not logs or item["log"] in logs)
    }


def log(report: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [one for one in report["logs"] if one["log"]["name"] == name]
    return dict(found)


def test_the_failure_rate_is_the_report_s_with_its_sample(report: dict[str, Any]) -> None:
    [rate] = [one for one in report["rates"] if one["what"] == "all"]
    assert (rate["failures"], rate["n"], rate["cancelled"], rate["flaky"]) == (23, 33, 1, 2)
    assert f"{rate['share']:.1%}" == "69.7%"
    assert rate["interval"]["low"] < rate["share"] < rate["interval"]["high"]
    assert len(rate["runs"]) == 33


def test_57_ruff_errors_are_counted_over_five_pieces_of_one_log(report: dict[str, Any]) -> None:
    found = [
        item for one in report["clusters"] for item in one["occurrences"] if item["log"] in CHUNKS
    ]
    assert len(found) == 57
    assert {item["failure"]["kind"] for item in found} == {"lint"}
    first = {(item["log"], item["failure"]["quotes"][0]["line"]) for item in found}
    assert len(first) == 57
    said = (LOGS / "incident" / CHUNKS[-1]).read_text(encoding="utf-8")
    assert "Found 57 errors." in said
    # The pieces are one job of one run.
    assert log(report, CHUNKS[0])["log"]["run"] == log(report, CHUNKS[4])["log"]["run"]


def test_b904_stops_a_unit_job_and_is_deterministic(report: dict[str, Any]) -> None:
    judged = log(report, "ci_run_12455_unit_tests.log")["judgement"]
    assert (judged["failure_class"], judged["rule"]) == ("deterministic", "static-lint")
    assert places(report, "B904", "ci_run_12455_unit_tests.log") == {
        "agents/extensions.py:189",
        "agents/extensions.py:191",
        "agents/sessions.py:57",
        "features/steps/cli_steps.py:155",
    }


@pytest.mark.parametrize("name", CUT)
def test_a_cut_log_is_neither_green_nor_judged_by_what_it_lacks(
    name: str, report: dict[str, Any]
) -> None:
    cut = log(report, name)
    assert cut["truncation"]["verdict"] == "truncated"
    assert cut["truncation"]["reasons"]
    assert 0.3 < cut["truncation"]["kept"] < 0.9
    assert cut["judgement"]["failure_class"] == "truncated"
    assert "nothing is known" in cut["judgement"]["why"]
    # What it shows of the tests is no verdict on them: there are no counts.
    assert not cut.get("counts")


def test_the_eleven_known_bugs_are_told_by_place_and_are_no_flakes(report: dict[str, Any]) -> None:
    expected = {f"features/{name}.feature:{line}" for name, line in UNTAGGED}
    red = clusters(report, "regression")
    told = {
        f"{item['failure']['file']}:{item['failure']['line']}"
        for one in red
        for item in one["occurrences"]
    }
    assert told == expected
    assert len(red) == 11
    for one in red:
        # In four logs of behave and one of surefoot, one of them of letters alone.
        assert len(one["logs"]) == 5
        assert one["judgement"]["rule"] == "red-since"
        assert one["exception"]
    counted = log(report, "main_unit_tests.log")["counts"]
    [counts] = [one for one in counted if one["reader"] == "behave"]
    assert (counts["run"], counts["failed"], counts["passed"]) == (229, 11, 218)


def test_the_eleven_lack_a_tag_and_one_tag_is_malformed(report: dict[str, Any]) -> None:
    expected = {f"features/{name}.feature:{line}" for name, line in UNTAGGED}
    assert places(report, "SF511", "known_bugs.log") == expected
    assert places(report, "SF503", "preflight.log") == {
        "features/tui_slash_overlay_descriptions.feature:36"
    }
    subjects = {one["subject"] for one in clusters(report, "tag fault")}
    assert subjects == {"SF503", "SF511"}
    assert log(report, "known_bugs.log")["judgement"]["failure_class"] == "tag fault"


def test_waits_that_end_early_are_flaky(report: dict[str, Any]) -> None:
    flaky = clusters(report, "flaky")
    assert {one["files"][0] for one in flaky} == {"features/async_execution.feature"}
    for one in flaky:
        assert one["judgement"]["rule"] == "same-commit"
        assert one["exception"]
    kinds = {one["judgement"]["flaky_kind"] for one in flaky}
    assert kinds <= {"timing", "concurrency"}
    assert "timing" in kinds


def test_targeted_runs_hang_after_the_import(report: dict[str, Any]) -> None:
    [hang] = clusters(report, "hang")
    assert sorted(hang["logs"]) == [
        "targeted_async_execution.log",
        "targeted_context_tier.log",
        "targeted_flaky_example.log",
    ]
    for item in hang["occurrences"]:
        said = [quote["text"] for quote in item["judgement"]["quotes"]]
        assert "exitcode '124': failure" in said
        assert said[-1] == "import agents.preload"
    limits = [log(report, name)["log"] for name in hang["logs"]]
    assert all(one["ended"] - one["started"] > 90 for one in limits)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.key)
def test_what_only_surefoot_s_own_jobs_tell(finding: Any, report: dict[str, Any]) -> None:
    run = "surefoot_unit_tests.log"
    expected = {spot.place(str(INCIDENT)) for spot in finding.spots}
    told = {
        place
        for rule in finding.rules
        for place in places(report, rule, "preflight.log", "known_bugs.log", run)
    }
    if finding.key == "blocked-import":
        assert places(report, "SF204") == {"agents/uko/default_maps.py:18"}
    else:
        # A run folds a rule that is told often: two of its six places stand behind "... more".
        missing = expected - told
        assert len(missing) <= (2 if finding.key == "unlocked-reads" else 0)


def test_markdown_says_it_in_its_sections() -> None:
    page = triage("markdown")
    heads = [line for line in page.split("\n") if line.startswith("## ")]
    assert heads == [
        "## Summary",
        "## Evidence",
        "## Findings",
        "## Recommended actions",
        "## Duplicate check",
        "## References",
    ]
    assert "23 of 33 runs failed: 69.7% (52.7% to 82.6% at 95 %, Wilson)" in page
    for name in CUT:
        assert f"`{name}` is truncated" in page
    assert "keep the full logs" in page
    assert "an expected failure" in page
