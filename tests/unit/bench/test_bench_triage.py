"""The comparison with logs of known truth: what it scores, and what it says without the logs."""

import gzip
import json
import os

import pytest
from bench import triage

HAVE_LOGS = os.path.isdir(os.environ.get("SUREFOOT_LOGS", triage.DEFAULT))


def test_without_the_logs_it_says_so(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert triage.main(["--logs", os.path.join(tmp_path, "absent")]) == 2
    assert "name their directory with --logs" in capsys.readouterr().err


def test_a_set_that_is_not_there_is_named(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert triage.main(["--logs", str(tmp_path)]) == 0
    assert "bugswarm: not among the logs" in capsys.readouterr().out


def test_wrong_counts_and_missing_ids_are_told(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = os.path.join(tmp_path, "bugswarm")
    os.makedirs(folder)
    log = (
        "======================================================================\n"
        "FAIL: test_a (m.T)\n"
        "----------------------------------------------------------------------\n"
        "Traceback (most recent call last):\nAssertionError: no\n\n"
        "----------------------------------------------------------------------\n"
        "Ran 3 tests in 0.1s\n\nFAILED (failures=1)\n"
    )
    with gzip.open(os.path.join(folder, "a.log.gz"), "wt") as file:
        file.write(log)
    known = {"log": "a.log.gz", "num_t_run": 3, "num_t_ok": 2, "num_t_failed": 1}
    truth = {
        "right": {**known, "tr_t_failed": "test_a (m.T)"},
        "wrong": {**known, "num_t_run": 4, "tr_t_failed": "test_b (m.T)"},
    }
    with open(os.path.join(folder, "truth.json"), "w", encoding="utf-8") as file:
        json.dump(truth, file)
    triage.main(["--logs", str(tmp_path), "--only", "bugswarm"])
    out = capsys.readouterr().out
    assert "1 of 2 logs right" in out
    assert "wrong: num_t_run is 3, not 4; test_b (m.T) is not among the failures" in out


def test_lines_are_scored_as_a_terminal_shows_them(tmp_path: os.PathLike[str]) -> None:
    pair = os.path.join(tmp_path, "cidiff", "one")
    os.makedirs(pair)
    for name, content in {
        "pass.log": b"a\nprogress 1\rprogress 2\nb\n",
        "fail.log": b"a\nprogress 1\rprogress 2\nwidget does not turn\n",
        "groundtruth": b"DEFAULT\nE 4\n",
        "groundtruth2": b"GITHUB\nE 4-5\n",
    }.items():
        with gzip.open(os.path.join(pair, f"{name}.gz"), "wb") as file:
            file.write(content)
    figure = triage.cidiff(str(tmp_path))
    assert figure is not None
    assert figure.value.startswith("precision 1.00, recall 1.00")
    assert figure.reached


@pytest.mark.skipif(not HAVE_LOGS, reason="the logs with known truth are not at ../shared/logs")
def test_every_target_is_reached(capsys: pytest.CaptureFixture[str]) -> None:
    logs = os.environ.get("SUREFOOT_LOGS", triage.DEFAULT)
    assert triage.main(["--logs", logs]) == 0, capsys.readouterr().out
