"""The table of expected results against the suites' folders and against plain behave itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.expected import BY_NAME, ROWS, SUITES, Expected, parity_rows

from surefoot.model.outcomes import Outcome

# Forks a process for each job: behave is imported once, which takes longer than most suites.
_RUN_ALL = r"""
import json, os, sys, traceback
from behave.__main__ import main
import behave.formatter.plain, behave.reporter.summary, behave.reporter.junit
for job in json.load(sys.stdin):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.chdir(job["tree"])
            output = os.open(job["output"], os.O_CREAT | os.O_WRONLY)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.environ.update(job["env"])
            sys.path[:0] = filter(None, [job["env"].get("PYTHONPATH")])
            code = main(job["args"])
        except SystemExit as error:
            code = error.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    print(json.dumps([job["name"], os.waitstatus_to_exitcode(status)]), flush=True)
"""
_COUNTS = re.compile(r"^\d+ scenarios? passed.*$|^\d+ scenarios passed.*$", re.MULTILINE)
_PART = re.compile(r"(\d+) (?:scenarios? )?(\w+)")
_ENDING = [row for row in ROWS if row.behave is not None]


class _Run(msgspec.Struct, frozen=True):
    code: int
    output: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, _Run]:
    """Each row under plain behave."""
    base = tmp_path_factory.mktemp("plain")
    jobs: list[dict[str, Any]] = []
    for row in _ENDING:
        place = base / row.name
        shutil.copytree(row.path, place / "tree")
        (place / "state").mkdir()
        jobs.append(
            {
                "name": row.name,
                "tree": str(place / "tree"),
                "output": str(place / "output"),
                "args": [*row.args, "-f", "progress2"],
                "env": {"SUITE_STATE": str(place / "state"), "SUITE_PATIENCE": "0", **row.env},
            }
        )
    done = subprocess.run(
        [sys.executable, "-P", "-c", _RUN_ALL],
        input=json.dumps(jobs),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "SUITE_DELAY": "0"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    codes = dict(json.loads(line) for line in done.stdout.splitlines())
    return {
        name: _Run(code, (base / name / "output").read_text(encoding="utf-8", errors="replace"))
        for name, code in codes.items()
    }


@pytest.mark.parametrize("row", _ENDING, ids=lambda row: row.name)
def test_plain_behave_ends_as_the_table_says(row: Expected, runs: Mapping[str, _Run]) -> None:
    assert runs[row.name].code == row.behave, runs[row.name].output[-2000:]


@pytest.mark.parametrize("row", parity_rows(), ids=lambda row: row.name)
def test_the_outcomes_are_those_of_plain_behave(row: Expected, runs: Mapping[str, _Run]) -> None:
    (line,) = _COUNTS.findall(runs[row.name].output)[-1:]
    counted = {status: int(number) for number, status in _PART.findall(line)}
    expected = Counter(_in_behaves_words(row.outcomes))
    shown = Counter(_in_behaves_words(counted))
    assert +shown == +expected


def _in_behaves_words(counts: Mapping[str, int]) -> dict[str, int]:
    """behave counts a scenario with an undefined step as an error, and knows cleanup errors."""
    words = {"undefined": "error", "cleanup_error": "hook_error"}
    total: dict[str, int] = {}
    for status, number in counts.items():
        word = words.get(status, status)
        total[word] = total.get(word, 0) + number
    return total


def test_every_suite_has_a_row_and_every_row_a_suite() -> None:
    assert {row.folder or row.name for row in ROWS} == set(os.listdir(SUITES))


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_does_not_contradict_itself(row: Expected) -> None:
    assert set(row.outcomes) <= {outcome.value for outcome in Outcome}
    if row.scenarios:
        assert Counter(row.scenarios.values()) == Counter(row.outcomes)
    assert row.workers
    assert row.behave is not None or row.unlike
    bad = any(Outcome(word).is_bad and number for word, number in row.outcomes.items())
    assert not bad or row.exit == 1


def test_no_suite_holds_what_a_run_left_behind() -> None:
    left = {".surefoot", "__pycache__", "reports", "work", "junit"}
    found = [str(path) for path in Path(SUITES).rglob("*") if path.name in left]
    assert not found
