"""The same answer as plain behave: the small suites and python-docx, whatever the workers.

`nox -s parity` compares behave's own suites as well, which takes minutes.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.expected import Expected, parity_rows
from tests.parity.compare import Comparison, compare_project, render
from tests.parity.running import Command, Project, candidate
from tests.parity.sources import cache_dir, prepare, real_suites

pytestmark = [pytest.mark.parity, pytest.mark.timeout(300)]


def commands(row: Expected) -> list[Command]:
    """The candidates of a row: 1, 2 and 4 workers, 4 with parts of features where they may be.

    `nox -s parity -- NAME --workers 1,2,4 --units feature,scenario` runs all of them.
    """
    if row.workers == (1,):
        # Where one worker alone is equal, the run ends early, and where depends on the units.
        return [candidate("surefoot-run", 1, "feature", row.workdir)]
    units = ("feature", "feature", "feature" if row.whole else "scenario")
    return [
        candidate("surefoot-run", number, unit, row.workdir)
        for number, unit in zip((1, 2, 4), units, strict=True)
    ]


@pytest.fixture(scope="module")
def compared(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[list[Comparison]]]]:
    """The comparisons of the rows that are asked for, two at a time: most of a run is waiting."""
    mine = {f"{test_a_small_suite_is_equal.__name__}[{row.name}]": row for row in parity_rows()}
    rows = [mine[item.name] for item in request.session.items if item.name in mine]
    with ThreadPoolExecutor(2) as pool:
        yield {
            row.name: pool.submit(
                compare_project,
                Project(row.path, row.args, dict(row.env), row.files),
                commands(row),
            )
            for row in rows
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in parity_rows()])
def test_a_small_suite_is_equal(
    row: Expected, compared: dict[str, Future[list[Comparison]]]
) -> None:
    comparisons = compared[row.name].result()
    assert not any(item.differences for item in comparisons), render(comparisons)


@pytest.mark.parametrize("name", ["failing", "rules", "undefined", "hook_before_all", "userdata"])
def test_it_is_equal_under_behaves_own_command(name: str) -> None:
    row = next(row for row in parity_rows() if row.name == name)
    project = Project(row.path, row.args, dict(row.env), row.files)
    comparisons = compare_project(project, [candidate("behave-runner", 2, "feature")])
    assert not any(item.differences for item in comparisons), render(comparisons)


def test_python_docx_is_equal() -> None:
    suite = next(suite for suite in real_suites() if suite.name == "python-docx")
    project = prepare(suite, cache_dir())
    # Its steps save to one file, so that workers need trees of their own.
    runs = [candidate("surefoot-run", n, "feature", "copy") for n in (1, 2, 4)]
    runs.append(candidate("surefoot-run", 2, "scenario", "copy"))
    comparisons = compare_project(project, runs)
    assert not any(item.differences for item in comparisons), render(comparisons)
