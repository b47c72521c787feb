"""The history: what it remembers, what it forgets, and what it does about a file it cannot use."""

import math
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import overload

import pytest

from surefoot.history import database
from surefoot.history.database import FAILURES, NO_RESULT, PASSES, SqliteHistory
from surefoot.history.store import Entry, History, NullHistory, RunRecord, open_history
from surefoot.model.outcomes import Verdict

PASSED, FAILED, FLAKY = Verdict.PASSED, Verdict.FAILED, Verdict.FLAKY
SKIPPED, UNTESTED = Verdict.SKIPPED, Verdict.UNTESTED


def run(run_id: str, *results: tuple[str, Verdict, float]) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        started=1_700_000_000.0,
        entries=[Entry(scenario_id, verdict, seconds) for scenario_id, verdict, seconds in results],
    )


def no_warning(message: str) -> None:
    raise AssertionError(f"warned: {message}")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / ".surefoot" / "history.db")


def test_a_new_history_knows_nothing(path: str) -> None:
    history = open_history(path, no_warning)
    assert history.estimates() == {}
    assert history.last_failed() is None
    history.close()
    assert os.listdir(os.path.dirname(path)) == ["history.db"]


def test_it_remembers_across_openings(path: str) -> None:
    first = open_history(path, no_warning)
    first.record(run("r1", ("a", PASSED, 2.0), ("b", FAILED, 0.5)))
    first.close()
    second = open_history(path, no_warning)
    assert second.estimates() == {"a": 2.0, "b": 0.5}
    assert second.last_failed() == ["b"]


def test_a_run_without_entries_is_a_run(path: str) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1"))
    assert history.last_failed() == []


def test_a_run_of_a_subset_does_not_forget_failures_that_it_did_not_run(path: str) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", ("a", FAILED, 1.0), ("b", FAILED, 1.0), ("c", PASSED, 1.0)))
    history.record(run("r2", ("b", PASSED, 1.0)))
    assert history.last_failed() == ["a"]
    history.record(run("r3", ("c", FAILED, 1.0)))
    assert history.last_failed() == ["a", "c"]


@pytest.mark.parametrize(
    ("verdict", "still_failed"),
    [(PASSED, False), (FLAKY, False), (FAILED, True), (SKIPPED, True), (UNTESTED, True)],
)
def test_only_a_pass_ends_a_failure(path: str, verdict: Verdict, still_failed: bool) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", ("a", FAILED, 1.0)))
    history.record(run("r2", ("a", verdict, 1.0)))
    assert history.last_failed() == (["a"] if still_failed else [])


def test_every_verdict_is_a_failure_a_pass_or_no_result() -> None:
    assert set(Verdict) == FAILURES | PASSES | NO_RESULT
    assert len(FAILURES) + len(PASSES) + len(NO_RESULT) == len(Verdict)


def test_what_did_not_run_is_no_sample(path: str) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", ("a", SKIPPED, 0.0), ("b", UNTESTED, 0.0), ("c", PASSED, 3.0)))
    history.record(run("r2", ("c", SKIPPED, 0.0)))
    assert history.estimates() == {"c": 3.0}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM scenarios").fetchall() == [(b"c",)]


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0])
def test_what_is_no_duration_is_no_sample_but_the_verdict_counts(path: str, seconds: float) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", ("a", FAILED, seconds)))
    assert history.estimates() == {}
    assert history.last_failed() == ["a"]
    history.record(run("r2", ("a", FAILED, 2.0)))
    assert history.estimates() == {"a": 2.0}


def test_estimates_are_smoothed_over_runs(path: str) -> None:
    history = open_history(path, no_warning)
    for number, seconds in enumerate([5.0, 5.0, 5.0, 500.0, 5.0]):
        history.record(run(f"r{number}", ("a", PASSED, seconds)))
    assert history.estimates() == {"a": 5.0}


def test_a_run_that_is_recorded_twice_counts_once(path: str) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", ("a", FAILED, 9.0)))
    history.record(run("r1", ("a", PASSED, 1.0)))
    assert history.last_failed() == ["a"]
    assert history.estimates() == {"a": 9.0}


@pytest.mark.parametrize(
    "scenario_id",
    ["features/a b.feature :: Räuber: naïve ✓ @1.1 #2", "", "nul \0 byte", "name \udcff.feature"],
)
def test_any_id_is_kept_as_it_is(path: str, scenario_id: str) -> None:
    history = open_history(path, no_warning)
    history.record(run("r1", (scenario_id, FAILED, 1.0)))
    assert history.last_failed() == [scenario_id]
    assert history.estimates() == {scenario_id: 1.0}


class BreakingEntries(Sequence[Entry]):
    """Gives one entry and then fails: a run that is cut while it is recorded."""

    def __len__(self) -> int:
        return 2

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        if index == 0:
            return Entry("a", FAILED, 1.0)
        raise RuntimeError("cut")


def test_a_run_is_recorded_whole_or_not_at_all(path: str) -> None:
    history = open_history(path, no_warning)
    with pytest.raises(RuntimeError, match="cut"):
        history.record(RunRecord("r1", 0.0, BreakingEntries()))
    assert history.last_failed() is None
    assert history.estimates() == {}


def test_a_run_that_was_cut_by_a_crash_is_rolled_back(path: str) -> None:
    entries = [Entry(f"features/{n}.feature :: scenario", PASSED, 1.0) for n in range(2000)]
    open_history(path, no_warning).record(RunRecord("r1", 0.0, entries))
    with closing(sqlite3.connect(path, isolation_level=None)) as crashing:
        crashing.execute("PRAGMA cache_size = 5")  # so that pages are written before the end
        crashing.execute("BEGIN IMMEDIATE")
        crashing.execute("UPDATE scenarios SET estimate = 99.0, failed = 1")
        left = {name: Path(name).read_bytes() for name in (path, path + "-journal")}
    for name, content in left.items():
        Path(name).write_bytes(content)
    history = open_history(path, no_warning)
    assert history.last_failed() == []
    assert set(history.estimates().values()) == {1.0}


def test_forgetting_starts_above_the_limit_with_what_was_not_seen_for_longest(path: str) -> None:
    history = SqliteHistory(path, max_scenarios=3, kept_runs=2)
    history.record(run("r1", ("z", PASSED, 1.0), ("a", FAILED, 1.0)))
    history.record(run("r2", ("a", SKIPPED, 0.0)))
    history.record(run("r3", ("c", PASSED, 1.0)))
    history.record(run("r4", ("c", PASSED, 1.0)))
    assert set(history.estimates()) == {"z", "a", "c"}, "three are within the limit"
    history.record(run("r5", ("d", PASSED, 1.0)))
    assert set(history.estimates()) == {"a", "c", "d"}, "z was last seen in the first run"
    assert history.last_failed() == ["a"]
    history.record(run("r6", ("e", PASSED, 1.0)))
    assert set(history.estimates()) == {"c", "d", "e"}
    assert history.last_failed() == []


def test_forgetting_does_not_touch_a_history_below_the_limit(path: str) -> None:
    history = SqliteHistory(path, max_scenarios=3, kept_runs=1)
    history.record(run("r1", ("a", PASSED, 1.0)))
    history.record(run("r2", ("b", PASSED, 1.0)))
    assert set(history.estimates()) == {"a", "b"}


def test_what_the_last_runs_saw_is_kept_whatever_the_limit(path: str) -> None:
    history = SqliteHistory(path, max_scenarios=1, kept_runs=2)
    history.record(run("r1", ("a", PASSED, 1.0), ("b", PASSED, 1.0)))
    history.record(run("r2", ("c", PASSED, 1.0)))
    assert set(history.estimates()) == {"a", "b", "c"}
    history.record(run("r3", ("c", PASSED, 1.0)))
    assert set(history.estimates()) == {"c"}


def test_only_the_last_runs_are_kept(path: str) -> None:
    history = SqliteHistory(path, kept_runs=3)
    for number in range(10):
        history.record(run(f"r{number}", ("a", PASSED, 1.0)))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT number, run_id FROM runs ORDER BY number").fetchall()
    assert rows == [(8, "r7"), (9, "r8"), (10, "r9")]


def test_threads_record_at_the_same_time_and_nothing_is_lost(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 60.0)  # a slow disk is not what is tested

    def record_some(thread: int) -> None:
        history = open_history(path, no_warning)
        for number in range(5):
            history.record(
                run(f"r{thread}.{number}", (f"own {thread}", FAILED, 1.0), ("all", PASSED, 1.0))
            )
            history.estimates()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record_some, range(4)))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), max(number) FROM runs").fetchone() == (20, 20)
        samples = connection.execute("SELECT samples FROM scenarios WHERE id = ?", (b"all",))
        assert samples.fetchone() == (20,)
    assert open_history(path, no_warning).last_failed() == [f"own {n}" for n in range(4)]


def test_one_history_may_be_used_from_several_threads(path: str) -> None:
    history = open_history(path, no_warning)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(history.record, run("r1", ("a", FAILED, 1.0))).result()
    assert history.last_failed() == ["a"]


# Histories that cannot be used: one warning, then nothing is known and nothing is kept.


def assert_null(history: History) -> None:
    history.record(run("lost", ("a", FAILED, 1.0)))
    assert history.estimates() == {}
    assert history.last_failed() is None
    history.close()


def recorded(path: str) -> None:
    open_history(path, no_warning).record(run("r1", ("a", FAILED, 1.0)))


def test_a_damaged_file_is_moved_aside_and_the_next_run_begins_anew(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(b"this is no database" * 500)
    warnings: list[str] = []
    assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert f"the history {path} is damaged" in warning
    assert f"moved to {path}.damaged" in warning
    assert os.listdir(os.path.dirname(path)) == ["history.db.damaged"]
    recorded(path)
    assert open_history(path, no_warning).last_failed() == ["a"]


def break_with(*statements: str) -> Callable[[str], None]:
    def break_file(path: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return break_file


@pytest.mark.parametrize(
    "break_file",
    [
        break_with("DROP TABLE scenarios"),
        break_with("UPDATE scenarios SET estimate = -1.0"),
        break_with("UPDATE scenarios SET estimate = 'soon'"),
        break_with("UPDATE scenarios SET id = x'ff'"),
        break_with("UPDATE scenarios SET id = 5"),
        break_with(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET name = CAST(x'ff8f' AS TEXT), sql = 'CREATE'",
        ),
    ],
    ids=["table", "negative", "text", "undecodable", "number", "undecodable schema"],
)
def test_damage_that_shows_late_is_one_warning_as_well(
    path: str, break_file: Callable[[str], None]
) -> None:
    recorded(path)
    warnings: list[str] = []
    history = open_history(path, warnings.append)
    break_file(path)
    assert history.estimates() == {}
    assert_null(history)
    (warning,) = warnings
    assert "is damaged" in warning
    assert os.listdir(os.path.dirname(path)) == ["history.db.damaged"]


@pytest.mark.parametrize("samples", ["-3", "'many'", "1.5"])
def test_damage_is_found_when_a_run_is_recorded(path: str, samples: str) -> None:
    recorded(path)
    warnings: list[str] = []
    history = open_history(path, warnings.append)
    break_with(f"UPDATE scenarios SET samples = {samples}")(path)
    assert_null(history)
    assert len(warnings) == 1


def test_a_file_that_vanishes_during_the_run_is_begun_anew(path: str) -> None:
    history = open_history(path, no_warning)
    os.remove(path)
    os.rmdir(os.path.dirname(path))
    history.record(run("r1", ("a", FAILED, 1.0)))
    assert history.last_failed() == ["a"]


def test_a_newer_history_is_left_alone(path: str) -> None:
    recorded(path)
    break_with("PRAGMA user_version = 2")(path)
    before = Path(path).read_bytes()
    warnings: list[str] = []
    assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "newer surefoot (schema 2, known: 1)" in warning
    assert "update surefoot, or delete the file" in warning
    assert Path(path).read_bytes() == before


def test_somebody_elses_database_is_left_alone(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    break_with("CREATE TABLE customers (name TEXT)")(path)
    before = Path(path).read_bytes()
    warnings: list[str] = []
    assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "not a history of surefoot" in warning
    assert Path(path).read_bytes() == before


def test_a_locked_history_is_left_alone(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(path)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    warnings: list[str] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "is locked by another process" in warning
    assert open_history(path, no_warning).last_failed() == ["a"]


def test_a_history_that_is_locked_later_warns_once(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(path)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    warnings: list[str] = []
    history = open_history(path, warnings.append)
    assert history.last_failed() == ["a"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        history.record(run("r2", ("a", PASSED, 1.0)))
        assert_null(history)
    assert len(warnings) == 1


def test_a_read_only_history_is_left_alone(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(path)
    # Mode bits do not stop root, and tests often run as root; SQLite's own read-only mode does.
    connect = sqlite3.connect

    def connect_read_only(name: str, timeout: float, isolation_level: None) -> sqlite3.Connection:
        return connect(
            f"file:{name}?mode=ro", uri=True, timeout=timeout, isolation_level=isolation_level
        )

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", connect_read_only)
        warnings: list[str] = []
        assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "cannot be used (attempt to write a readonly database)" in warning
    assert "make the file and its directory writable" in warning
    assert open_history(path, no_warning).last_failed() == ["a"]


def test_a_directory_that_cannot_be_made_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    warnings: list[str] = []
    assert_null(open_history(str(tmp_path / "file" / "history.db"), warnings.append))
    (warning,) = warnings
    assert "cannot be used" in warning


def test_a_path_that_is_a_directory_is_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    assert_null(open_history(str(tmp_path), warnings.append))
    (warning,) = warnings
    assert "cannot be used (unable to open database file)" in warning


def test_damage_that_cannot_be_moved_aside_says_so(path: str) -> None:
    os.makedirs(os.path.join(path + ".damaged", "in the way"))
    Path(path).write_bytes(b"this is no database" * 500)
    warnings: list[str] = []
    assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "cannot be moved aside" in warning
    assert warning.endswith("delete the file")


def test_a_python_without_sqlite_runs_without_a_history(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "surefoot.history.database")
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    warnings: list[str] = []
    assert_null(open_history(path, warnings.append))
    (warning,) = warnings
    assert "has no SQLite" in warning


def test_the_null_history_keeps_nothing() -> None:
    assert_null(NullHistory())
