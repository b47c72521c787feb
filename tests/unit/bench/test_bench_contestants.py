"""Reading the contestants' answers, from small samples of what they really print and write."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from bench.contestants import (
    ALL,
    BY_KEY,
    STDOUT,
    Answer,
    Behave,
    BehavePool,
    Behavex,
    Counts,
    Surefoot,
    is_peer,
    summary_counts,
)

# One suite for all: two features, and scenarios that pass (2), fail, break, are undefined, and
# are left out by a tag.
BEHAVE_MIXED = """\
USING RUNNER: behave.runner:Runner
features/a.feature  .FEES
features/b.feature  .


Failing scenarios:
  features/a.feature:4  bad

Errored scenarios:
  features/a.feature:6  worse
  features/a.feature:8  unknown

1 feature passed, 1 failed, 0 skipped
2 scenarios passed, 1 failed, 2 error, 1 skipped
2 steps passed, 1 failed, 1 error, 1 skipped, 1 undefined
Took 0min 0.001s
"""
BEHAVEX_MIXED = """\
************************************************************
Running parallel features.
************************************************************


Errored scenarios:
  features/a.feature:6  worse
  features/a.feature:8  unknown

Failing scenarios:
  features/a.feature:4  bad


1 feature passed, 1 failed, 0 skipped
2 scenarios passed, 3 failed, 0 skipped
2 steps passed, 1 failed, 1 error, 0 skipped, 1 undefined
Took:   0.1s

HTML output report is located at: OUT/report.html
Exit code: 1
"""
BEHAVE_GREEN = """\
features/txt-parfmt-props.feature  .....

67 features passed, 0 failed, 0 skipped
650 scenarios passed, 0 failed, 0 skipped
1856 steps passed, 0 failed, 0 skipped
Took 0min 1.621s
"""
POOL_MIXED: dict[str, Any] = {
    "schemaVersion": "1.1.0",
    "statistics": {"features": 2, "scenarios": 6, "steps": 6, "passed": 2, "failed": 1},
    "features": [
        {
            "name": "a",
            "status": "failed",
            "scenarios": [
                {"name": "good", "status": "passed"},
                {"name": "bad", "status": "failed"},
                {"name": "worse", "status": "error"},
                {"name": "unknown", "status": "error"},
                {"name": "left out", "status": "skipped"},
            ],
        },
        {"name": "b", "status": "passed", "scenarios": [{"name": "good", "status": "passed"}]},
    ],
}
JOURNAL = [
    {"type": "run_started", "run": "r", "schema": 1},
    {
        "type": "run_finished",
        "exit_code": 1,
        "counts": {
            "features": {"passed": 1, "failed": 1},
            "rules": {},
            "scenarios": {"passed": 2, "failed": 1, "error": 2, "skipped": 1},
            "steps": {"passed": 2},
        },
    },
]
MIXED = Answer(1, Counts(1, 1, 0), Counts(2, 3, 1))


def _printed(folder: Path, text: str) -> str:
    (folder / STDOUT).write_text(text, "utf-8")
    return str(folder)


def test_behave_with_failures(tmp_path: Path) -> None:
    assert Behave().answer(1, _printed(tmp_path, BEHAVE_MIXED)) == MIXED


def test_behave_green(tmp_path: Path) -> None:
    answer = Behave().answer(0, _printed(tmp_path, BEHAVE_GREEN))
    assert answer == Answer(0, Counts(67, 0, 0), Counts(650, 0, 0))


def test_behavex_leaves_out_what_tags_left_out(tmp_path: Path) -> None:
    answer = Behavex().answer(1, _printed(tmp_path, BEHAVEX_MIXED))
    assert answer == Answer(1, Counts(1, 1, 0), Counts(2, 3, 0))
    assert answer.difference(MIXED) == (
        "scenarios: 2 passed, 3 failed, 0 skipped; not 2 passed, 3 failed, 1 skipped"
    )


def test_behave_pool_is_read_from_its_report(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(POOL_MIXED), "utf-8")
    assert BehavePool().answer(1, str(tmp_path)) == MIXED


@pytest.mark.parametrize("text", ["", "{", "[]", '{"features": [{"status": "passed"}]}'])
def test_an_unreadable_report_of_behave_pool_has_no_counts(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text, "utf-8")
    assert BehavePool().answer(0, str(tmp_path)) == Answer(0)


def test_surefoot_is_read_from_its_journal(tmp_path: Path) -> None:
    text = "".join(json.dumps(event) + "\n" for event in JOURNAL)
    (tmp_path / "journal.jsonl").write_text(text, "utf-8")
    assert Surefoot().answer(1, str(tmp_path)) == MIXED


def test_surefoot_is_read_from_its_compressed_journal(tmp_path: Path) -> None:
    text = "".join(json.dumps(event) + "\n" for event in JOURNAL)
    (tmp_path / "journal.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert Surefoot().answer(1, str(tmp_path)) == MIXED


def test_a_journal_without_its_end_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text(json.dumps(JOURNAL[0]) + "\n", "utf-8")
    assert Surefoot().answer(0, str(tmp_path)) == Answer(0)


def test_surefoot_without_a_journal_is_read_from_what_it_printed(tmp_path: Path) -> None:
    assert Surefoot().answer(1, _printed(tmp_path, BEHAVE_MIXED)) == MIXED


@pytest.mark.parametrize("contestant", ALL, ids=lambda one: one.key)
def test_a_run_that_left_nothing_has_no_counts(contestant: Any, tmp_path: Path) -> None:
    assert contestant.answer(-9, str(tmp_path)) == Answer(-9)


def test_the_last_summary_counts() -> None:
    text = "3 scenarios passed, 0 failed, 0 skipped\n" + BEHAVE_GREEN
    assert summary_counts(text)["scenario"] == Counts(650, 0, 0)


def test_a_summary_within_a_sentence_does_not_count() -> None:
    assert summary_counts("saw 3 scenarios passed, 0 failed\n3 scenarios passed, all well\n") == {}


def test_the_end_of_a_long_output_is_read(tmp_path: Path) -> None:
    text = "x" * (3 << 20) + "\n" + BEHAVE_GREEN
    answer = Behave().answer(0, _printed(tmp_path, text))
    assert answer.scenarios == Counts(650, 0, 0)


def test_the_right_answer_has_no_difference() -> None:
    assert MIXED.difference(MIXED) == ""


def test_a_wrong_exit_code_and_missing_counts_are_told() -> None:
    assert Answer(0).difference(MIXED) == (
        "exit code 0, not 1; no count of features; no count of scenarios"
    )


def test_keys_are_unique_and_peers_are_the_others() -> None:
    assert len(BY_KEY) == len(ALL)
    assert {one.package for one in ALL if is_peer(one)} == {"behavex", "behave-pool"}


@pytest.mark.parametrize("contestant", ALL, ids=lambda one: one.key)
def test_commands_run_the_features_and_write_only_to_the_output(contestant: Any) -> None:
    command = contestant.command("/venv/bin", "/out")
    assert command[0].startswith("/venv/bin/")
    assert "features" in command
    absolute = [part for part in command[1:] if "/" in part]
    assert all("/out/" in part for part in absolute)
