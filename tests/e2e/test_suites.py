"""Every suite of tests/suites comes to what tests/expected.py says, by the installed command."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from tests.e2e.project import Project, Run
from tests.expected import ROWS, Expected

_UNITS = ("feature", "scenario")
_CASES = [
    pytest.param(row, workers, unit, id=f"{row.name}-{workers}-{unit}")
    for row in ROWS
    for workers in row.workers[-1:]
    for unit in (_UNITS[:1] if row.whole else _UNITS)
]


class _Copy(Project):
    """A suite of tests/suites, copied."""

    def __init__(self, row: Expected, path: Path) -> None:
        shutil.copytree(row.path, path, symlinks=True)
        self.path = path


@pytest.mark.parametrize(("row", "workers", "unit"), _CASES)
def test_a_suite_comes_to_what_the_table_says(
    row: Expected, workers: int, unit: str, tmp_path: Path
) -> None:
    project = _Copy(row, tmp_path / os.path.basename(row.path))
    env = dict(row.env)
    if row.state:
        state = tmp_path / "state"
        state.mkdir()
        env["SUITE_STATE"] = str(state)
    run = project.run(
        "-j", str(workers), "--unit", unit, "--workdir", row.workdir, *row.options, *row.args,
        env=env, timeout=100,
    )  # fmt: skip
    assert run.code == row.exit, run.out + run.err
    assert "Traceback" not in run.err or row.exit == 4
    if not row.outcomes or not run.journal.exists():
        # Nothing could be loaded, or nothing was selected.
        return
    outcomes = run.outcomes_by_place()
    assert Counter(outcomes.values()) == Counter(row.outcomes), run.out
    by_name = run.outcomes()
    assert {name: by_name.get(name) for name in row.scenarios} == dict(row.scenarios)
    assert sorted(run.flaky()) == sorted(row.flaky)
    if row.verdicts:
        assert Counter(run.verdicts().values()) == Counter(row.verdicts), run.out
    for code in row.notices:
        assert run.notices(code), run.out
    _each_selected_scenario_has_one_verdict(run)


def _each_selected_scenario_has_one_verdict(run: Run) -> None:
    verdicts = run.verdict_ids()
    assert len(verdicts) == len(set(verdicts))
    # Hooks may make scenarios that were not planned, and take planned ones away.
    made = {identity for identity in verdicts if " @" in identity.rpartition(" :: ")[2]}
    if not made:
        assert run.selected_ids() == set(verdicts)
