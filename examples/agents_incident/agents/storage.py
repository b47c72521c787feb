"""SQLite persistence: one file, and the migrations that bring it up to date.

A connection is opened for each piece of work and closed after it, so that threads share nothing.
Each migration is one transaction, and the version is checked again within it: of two processes
that start at the same time one migrates, and the other finds it done.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from agents.errors import StorageError, UsageError

PREFIX = "sqlite:///"
QUICK = "?durable=no"

MIGRATIONS: tuple[str, ...] = (
    """CREATE TABLE sessions (
        name TEXT PRIMARY KEY,
        profile TEXT NOT NULL)""",
    """CREATE TABLE extensions (
        name TEXT PRIMARY KEY,
        version TEXT NOT NULL,
        enabled INTEGER NOT NULL DEFAULT 1,
        manifest TEXT NOT NULL)""",
    "ALTER TABLE sessions ADD COLUMN state TEXT NOT NULL DEFAULT 'open'",
    """CREATE TABLE notes (
        session TEXT NOT NULL REFERENCES sessions (name),
        text TEXT NOT NULL)""",
)


class Database:
    """A database by URL (`sqlite:///path`), migrated when it is first used.

    With `?durable=no` nothing waits for the disk: what was written last may be lost when the
    machine stops, not when the program does.
    """

    def __init__(self, url: str, busy_timeout: float = 10.0) -> None:
        path = url.removeprefix(PREFIX).removesuffix(QUICK)
        if not url.startswith(PREFIX) or not path or "?" in path:
            raise UsageError(f'"{url}" is no database URL', f"write {PREFIX}path/to/file.db")
        self.url = url
        self.path = path
        self._synchronous = "OFF" if url.endswith(QUICK) else "FULL"
        self._busy_timeout = busy_timeout
        self._ready = False

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return rows by column name."""
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(sql, values)]

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change rows and return how many. Raises sqlite3.IntegrityError as SQLite does."""
        with self._transaction() as connection:
            return connection.execute(sql, values).rowcount

    def version(self) -> int:
        """Return how many migrations the file has had; 0 when there is no file."""
        if not os.path.exists(self.path):
            return 0
        with self._connection() as connection:
            return _version(connection)

    def migrate(self, target: int = len(MIGRATIONS)) -> tuple[int, ...]:
        """Apply what is missing up to a version; returns the numbers of what was applied."""
        applied = []
        with self._connection() as connection:
            self._refuse_newer(_version(connection))
            for number, sql in enumerate(MIGRATIONS[:target], start=1):
                if _version(connection) >= number:
                    continue
                # IMMEDIATE takes the write lock now: between the check and the change nobody
                # else can migrate.
                connection.execute("BEGIN IMMEDIATE")
                if _version(connection) < number:
                    connection.execute(sql)
                    connection.execute(f"PRAGMA user_version = {number}")
                    applied.append(number)
                connection.execute("COMMIT")
        return tuple(applied)

    def _refuse_newer(self, version: int) -> None:
        if version > len(MIGRATIONS):
            raise StorageError(
                f"the database has version {version}, and this program knows {len(MIGRATIONS)}",
                "use a newer program, or another database",
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if not self._ready:
            self.migrate()
            self._ready = True
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(
                self.path, timeout=self._busy_timeout, isolation_level=None
            )
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        with closing(connection):
            connection.row_factory = sqlite3.Row
            try:
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
                yield connection
            except sqlite3.IntegrityError:
                raise
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"{self.path}: {error}", "see that the path is right and free")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
