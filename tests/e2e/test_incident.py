"""The incident: everything that the report found is told at its place, and none of it in the twin.

Drives the installed command on copies of `examples/agents_incident` and `examples/agents`.
"""

import filecmp
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from examples.incident.judge import MOST_CUT, count, judge, others
from examples.incident.observe import Observed, Seen, observe
from examples.incident.page import page
from examples.incident.plain import confirm, why_failed
from examples.incident.seed import FINDINGS, UNTAGGED, SeedFinding
from tests.e2e.project import Project

EXAMPLES = Path(__file__).parents[2] / "examples"
PLACES = {f"features/{name}.feature:{line}" for name, line in UNTAGGED}
WAITING = ("async_execution", "context_tier_thread_safety", "test_infra_flaky_test_example")
"""Features whose deadlines count sleeps: on a busy machine they may fail, which is the incident."""
MENDED = {
    "README.md",
    "surefoot.toml",
    "agents/a2a.py",
    "agents/application.py",
    "agents/autonomy.py",
    "agents/bus.py",
    "agents/errors.py",
    "agents/extensions.py",
    "agents/runtime.py",
    "agents/sessions.py",
    "agents/cli/commands.py",
    "agents/cli/envelope.py",
    "agents/cli/main.py",
    "agents/cli/output.py",
    "agents/uko/default_maps.py",
    "agents/uko/detail_levels.py",
    "features/environment.py",
    "features/steps/async_execution_steps.py",
    "features/steps/cli_steps.py",
    "features/steps/context_tier_steps.py",
    *(f"features/{name}.feature" for name, _ in UNTAGGED),
    "features/tui_slash_overlay_descriptions.feature",
}
"""The files in which the two suites differ."""

pytestmark = pytest.mark.timeout(600)


def copied(name: str, folder: Path) -> str:
    """Return a copy of an example: a run writes beside what it runs."""
    ignored = shutil.ignore_patterns("__pycache__", ".surefoot")
    return str(shutil.copytree(EXAMPLES / name, folder / name, ignore=ignored))


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    return observe("incident", copied("agents_incident", tmp_path_factory.mktemp("incident")))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    return observe("agents", copied("agents", tmp_path_factory.mktemp("healthy")))


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda item: item.key)
def test_the_incident_is_told(finding: SeedFinding, incident: Observed) -> None:
    assert judge(finding, incident).missing == ()


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda item: item.key)
def test_the_healthy_twin_is_told_nothing(finding: SeedFinding, healthy: Observed) -> None:
    assert count(finding, healthy) == 0


def test_the_untagged_scenarios_are_those_of_the_report(incident: Observed) -> None:
    told = {item.place for item in incident.told(["SF511"])}
    assert told >= PLACES
    assert all(any(name in place for name in WAITING) for place in told - PLACES)


def test_the_run_goes_on_to_a_verdict_for_each_scenario(incident: Observed) -> None:
    assert incident.exit_run == 1
    assert sum(incident.verdicts.values()) == incident.scenarios >= 120
    assert incident.verdicts["passed"] > 0.9 * incident.scenarios


def test_no_output_is_cut(incident: Observed) -> None:
    logs = incident.logs
    assert logs.kept == logs.told
    assert logs.largest > MOST_CUT


def test_the_healthy_twin_is_green(healthy: Observed) -> None:
    assert healthy.scenarios >= 120
    assert healthy.verdicts == {"passed": healthy.scenarios}
    assert (healthy.exit_check, healthy.exit_run) == (0, 0)
    assert healthy.seen == ()
    assert healthy.notices == ()


def test_the_page_has_a_row_for_each_finding(incident: Observed, healthy: Observed) -> None:
    text = page([judge(finding, incident) for finding in FINDINGS], incident, [healthy])
    for finding in FINDINGS:
        assert f"| {finding.said} |" in text
    assert "not told" not in text
    for place in PLACES:
        assert place in text


def test_what_plain_behave_confirms_is_no_finding_of_the_report(
    tmp_path: Path, incident: Observed
) -> None:
    project = Project(tmp_path)
    project.scenarios("a", {"fails": "it fails", "passes": "it passes"})
    fails, passes = (f"features/a.feature:{line}" for line in (2, 4))
    seen = tuple(
        Seen("check --results", "SF511", "features/a.feature", line, "failed in the one run", "")
        for line in (2, 4)
    )
    (untagged,) = [item for item in FINDINGS if "SF511" in item.rules]
    told = msgspec.structs.replace(incident, name="other", root=str(tmp_path), seen=seen)
    assert count(untagged, told) == 2
    confirmed = confirm(told, {})
    assert set(confirmed.confirmed) == {fails}
    assert [item.place for item in others(confirmed)] == [fails]
    assert count(untagged, confirmed) == 1, "what passes under plain behave is a false alarm"
    text = page([judge(untagged, incident)], incident, [confirmed])
    assert f"| other | {fails} | SF511 | `check --results` | the step “Given it fails”" in text
    assert passes not in text


def test_a_failure_within_a_rule_is_found_by_its_steps() -> None:
    step = {"keyword": "Then", "name": "it is so", "location": "a.feature:9"}
    report = [
        {
            "elements": [
                {"location": "a.feature:7", "steps": [{**step, "result": {"status": "failed"}}]},
                {"location": "a.feature:11", "steps": [], "status": "failed"},
            ]
        }
    ]
    assert why_failed(report, "a.feature:7") == "the step “Then it is so” (a.feature:9) fails"
    assert why_failed(report, "a.feature:11") == "it ends as failed"
    assert why_failed(report, "a.feature:13") == ""


def test_the_two_suites_differ_only_in_what_was_mended() -> None:
    suites = [EXAMPLES / name for name in ("agents", "agents_incident")]
    found = {path.relative_to(suite).as_posix() for suite in suites for path in files_of(suite)}
    same = {
        name
        for name in found
        if all((suite / name).exists() for suite in suites)
        and filecmp.cmp(suites[0] / name, suites[1] / name, shallow=False)
    }
    assert found - same == MENDED


def files_of(suite: Path) -> Iterator[Path]:
    """Yield what a person wrote."""
    for ending in ("py", "feature", "toml", "ini", "md"):
        yield from suite.rglob(f"*.{ending}")
