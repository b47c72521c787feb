"""The history in one SQLite file. Every sqlite3 error leaves as UnusableHistoryError.

Import it only to open a history (`history.store.open_history`): sqlite3 is slow to import.
"""

# Decisions
#
# - A rollback journal, not WAL. WAL keeps its index in memory that the processes share, which a
#   network file system does not offer (https://www.sqlite.org/wal.html), and home and work
#   directories often are on one. The journal needs nothing but file locks. What WAL is good for,
#   readers beside a writer, is worth little here: a run reads when it begins and writes when
#   it ends, each for milliseconds.
# - A connection lives for one call. The coordinator makes processes, and a connection must not be
#   carried across a fork (https://www.sqlite.org/howtocorrupt.html); nor is a thread bound to it.
# - Every transaction takes the lock for writing at once. Two that both read first and then want
#   to write would deadlock, and SQLite would fail one of them without waiting. It also tells at
#   the start of a run, not when an hour of results is to be kept, that the file is read-only.
# - Every transaction creates what is missing, so that a file that is deleted during a run (a
#   suite that cleans up, another run that moved it aside) is no damaged one.
# - Ids are stored as bytes: a file name that is not valid UTF-8 gives an id with lone surrogates,
#   which SQLite's text does not take.
# - No SQL that is newer than SQLite 3.26, the oldest that distributions still link Python to.
# - The size is bounded by counting runs, not days: one run on a machine with a wrong clock must
#   not make the next one forget everything.

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from surefoot.history.estimates import Timing, advance, is_duration
from surefoot.history.store import Entry, RunRecord, UnusableHistoryError
from surefoot.model.outcomes import Verdict

SCHEMA_VERSION = 1
BUSY_SECONDS = 2.0
MAX_SCENARIOS = 200_000
KEPT_RUNS = 50

FAILURES = frozenset({Verdict.FAILED, Verdict.UNEXPECTED_PASS})
PASSES = frozenset({Verdict.PASSED, Verdict.FLAKY, Verdict.EXPECTED_FAILURE, Verdict.QUARANTINED})
NO_RESULT = frozenset({Verdict.SKIPPED, Verdict.UNTESTED})

_APPLICATION_ID = 0x53464854  # "SFHT", so that nobody's own database is taken for a history
_SCHEMA = (
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        started REAL NOT NULL
    )""",
    """CREATE TABLE scenarios (
        id BLOB PRIMARY KEY,
        failed INTEGER NOT NULL,
        seen INTEGER NOT NULL, -- number of the last run that held it
        samples INTEGER NOT NULL,
        estimate REAL,
        last REAL,
        before_last REAL
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
# SQLITE_ERROR and the like: the file says it has our schema, and then has not.
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_SCHEMA,
}

_Row = tuple[bytes, bool, int, int, float | None, float | None, float | None]


class SqliteHistory:
    """A history in the file `path`.

    Forgetting: beyond `max_scenarios`, the scenarios that were not in any of the last `kept_runs`
    runs are forgotten, the longest unseen first. So a suite of any size is kept whole, and
    renamed scenarios do not pile up for ever.
    """

    def __init__(
        self, path: str, max_scenarios: int = MAX_SCENARIOS, kept_runs: int = KEPT_RUNS
    ) -> None:
        self._path = path
        self._max_scenarios = max_scenarios
        self._kept_runs = kept_runs
        with self._transaction():
            pass

    def estimates(self) -> dict[str, float]:
        with self._transaction() as connection:
            rows = connection.execute("SELECT id, estimate FROM scenarios WHERE samples > 0")
            return {_text(key): _seconds(estimate) for key, estimate in rows}

    def last_failed(self) -> list[str] | None:
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is None:
                return None
            rows = connection.execute("SELECT id FROM scenarios WHERE failed ORDER BY id")
            return [_text(key) for (key,) in rows]

    def record(self, run: RunRecord) -> None:
        with self._transaction() as connection:
            known = connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (run.run_id,))
            if known.fetchone() is not None:
                return
            number = connection.execute(
                "INSERT INTO runs (run_id, started) VALUES (?, ?)", (run.run_id, run.started)
            ).lastrowid
            assert number is not None
            for entry in run.entries:
                row = _next_row(connection, entry, number)
                if row is not None:
                    connection.execute(
                        "INSERT OR REPLACE INTO scenarios VALUES (?, ?, ?, ?, ?, ?, ?)", row
                    )
            self._forget(connection, number)

    def close(self) -> None:
        """Nothing is open between two calls."""

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, version, objects) == (0, 0, 0):
            for statement in _SCHEMA:
                connection.execute(statement)
        elif application != _APPLICATION_ID:
            raise UnusableHistoryError(
                f"{self._path} is a database, but not a history of surefoot; the run goes without "
                f"a history: choose another path, or move that file"
            )
        elif version > SCHEMA_VERSION:
            raise UnusableHistoryError(
                f"the history {self._path} was written by a newer surefoot (schema {version}, "
                f"known: {SCHEMA_VERSION}); the run goes without a history: update surefoot, or "
                f"delete the file"
            )
        elif version < SCHEMA_VERSION:
            raise _DamagedError(f"schema {version}")

    def _forget(self, connection: sqlite3.Connection, number: int) -> None:
        oldest_kept = number - self._kept_runs + 1
        connection.execute("DELETE FROM runs WHERE number < ?", (oldest_kept,))
        (count,) = connection.execute("SELECT count(*) FROM scenarios").fetchone()
        if count > self._max_scenarios:
            connection.execute(
                "DELETE FROM scenarios WHERE id IN "
                "(SELECT id FROM scenarios WHERE seen < ? ORDER BY seen, id LIMIT ?)",
                (oldest_kept, count - self._max_scenarios),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction; commit at the end, roll back on an exception."""
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._prepare(connection)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()
        except (sqlite3.Error, OSError, UnicodeDecodeError, _DamagedError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> UnusableHistoryError:
        extended = getattr(error, "sqlite_errorcode", None)
        code = None if extended is None else extended & 0xFF
        if code in _LOCKED:
            return UnusableHistoryError(
                f"the history {self._path} is locked by another process (waited "
                f"{BUSY_SECONDS:g} s); the run goes on without it and is not recorded"
            )
        # sqlite3 fails to decode where SQLite's own message quotes what it could not read.
        if code in _DAMAGED or isinstance(error, UnicodeDecodeError | _DamagedError):
            return self._move_aside(error)
        return self._cannot_be_used(error)

    def _cannot_be_used(self, error: Exception) -> UnusableHistoryError:
        return UnusableHistoryError(
            f"the history {self._path} cannot be used ({error}); the run goes on without it and is "
            f"not recorded: make the file and its directory writable, or choose another path"
        )

    def _move_aside(self, error: Exception) -> UnusableHistoryError:
        target = f"{self._path}.damaged"
        # A journal that stays behind does no harm: SQLite deletes it when the next file is empty.
        try:
            with suppress(FileNotFoundError):  # another run that found it damaged was first
                os.replace(self._path, target)
        except OSError as refused:
            return UnusableHistoryError(
                f"the history {self._path} is damaged ({error}) and cannot be moved aside "
                f"({refused}); the run goes without a history: delete the file"
            )
        return UnusableHistoryError(
            f"the history {self._path} is damaged ({error}) and was moved to {target}; this run "
            f"goes without a history, the next one begins a new one"
        )


class _DamagedError(Exception):
    """SQLite read the file, but what it holds is not what we write."""


def _next_row(connection: sqlite3.Connection, entry: Entry, number: int) -> _Row | None:
    """Return the row of a scenario after one more run; None when there is nothing to keep."""
    key = entry.scenario_id.encode("utf-8", "surrogatepass")
    row = connection.execute(
        "SELECT failed, samples, estimate, last, before_last FROM scenarios WHERE id = ?", (key,)
    ).fetchone()
    failed, timing = (False, None) if row is None else (bool(row[0]), _timing(*row[1:]))
    if entry.verdict in NO_RESULT:
        if row is None:
            return None
    else:
        failed = entry.verdict in FAILURES
        # A failure counts as a sample as well: until it is mended, that is what it costs.
        if is_duration(entry.seconds):
            timing = advance(timing, entry.seconds)
    if timing is None:
        return key, failed, number, 0, None, None, None
    return (
        key,
        failed,
        number,
        timing.samples,
        timing.estimate,
        timing.last,
        timing.before_last,
    )


def _timing(samples: object, estimate: object, last: object, before: object) -> Timing | None:
    if samples == 0:
        return None
    if not isinstance(samples, int) or samples < 0:
        raise _DamagedError(f"{samples!r} is not a number of samples")
    before_last = None if before is None else _seconds(before)
    return Timing(samples, _seconds(estimate), _seconds(last), before_last)


def _seconds(value: object) -> float:
    if not isinstance(value, float) or not is_duration(value):
        raise _DamagedError(f"{value!r} is not a duration")
    return value


def _text(key: object) -> str:
    if not isinstance(key, bytes):
        raise _DamagedError(f"{key!r} is not an id")
    try:
        return key.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise _DamagedError(f"{key!r} is not an id") from error
