"""SQLite databases from a template: migrated once, then one copy of the file for each scenario.

    shop = sqlite_template(migrate, uses=["migrations"])     # anywhere, once
    context.db = shop.copy()                                 # in a step or a scenario's hook
    engine = create_engine(context.db.url)

A copy of the file, and not SQLite's own backup: it is a hundred times as fast, and safe, since
nobody has the template open: it is itself a copy of what was built, taken when its write-ahead
log was empty and no transaction was open.
"""

import contextlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from surefoot.isolation import scope
from surefoot.isolation.filecopy import copy_bytes, share_blocks
from surefoot.isolation.template import (
    Source,
    Store,
    TemplateError,
    builder_lock,
    checked_name,
    digest,
    failure_text,
    open_store,
    store_name,
)

_MAGIC = b"SQLite format 3\0"
_KEPT = 3
"""Templates of one name, of different hashes, that stay from earlier runs."""


class SqliteCopy(msgspec.Struct, frozen=True):
    """A database of one scenario. It is removed with the scenario's directory."""

    path: str
    """Absolute."""

    @property
    def url(self) -> str:
        """For SQLAlchemy and others: `sqlite:////absolute/path`."""
        return f"sqlite:///{self.path}"

    @property
    def uri(self) -> str:
        """For SQLite's own: `file:/absolute/path`, to which `?mode=ro` may be added."""
        return f"file:{quote(self.path)}"

    def connect(self, **options: Any) -> sqlite3.Connection:
        """Return `sqlite3.connect(path, **options)`."""
        connection: sqlite3.Connection = sqlite3.connect(self.path, **options)
        return connection

    def remove(self) -> None:
        """Remove the files. Who has it open keeps what was there."""
        for tail in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path + tail)


class SqliteTemplate:
    """A database that is built once and copied often. Made by `sqlite_template`."""

    def __init__(
        self, build: Callable[[str], Any], name: str, uses: Iterable[Source], timeout: float
    ) -> None:
        self._build = build
        self._name = checked_name(name)
        self._uses = (uses,) if isinstance(uses, str | bytes | os.PathLike) else tuple(uses)
        self._timeout = timeout
        self._pid = 0
        self._descriptor = -1
        self._numbers = itertools.count(1)
        self._unshared: set[int] = set()

    def copy(self) -> SqliteCopy:
        """Return a new copy, for the scenario that runs now; built first where need be.

        In the scenario's directory; outside of a scenario in the temporary directory, until the
        process ends. Raises TemplateError.
        """
        source = self._source()
        scenario = scope.current()
        directory = scenario.directory if scenario is not None else ""
        if not directory:
            directory = tempfile.mkdtemp(prefix=f"{self._name}-")
            scope.at_end(lambda _failed: shutil.rmtree(directory, ignore_errors=True))
        while True:
            path = os.path.join(directory, f"{self._name}-{next(self._numbers)}.sqlite")
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                target = os.open(path, flags, 0o644)
                break
            except FileExistsError:
                continue
            except OSError as error:
                raise self._not_copied(path, error) from error
        try:
            status = os.fstat(source)
            if not share_blocks(source, target, status.st_dev, self._unshared):
                os.lseek(source, 0, os.SEEK_SET)
                copy_bytes(source, target, status.st_size)
        except OSError as error:
            os.unlink(path)
            raise self._not_copied(path, error) from error
        finally:
            os.close(target)
        return SqliteCopy(path)

    def _not_copied(self, path: str, error: OSError) -> TemplateError:
        return TemplateError(
            f"the template {self._name} could not be copied to {path}: {error.strerror}; free"
            " space, or set TMPDIR"
        )

    def _source(self) -> int:
        """Return a descriptor of the template's file that is this process's own.

        It stays open: a run in another branch may replace the file, and what was read from here
        at first is what all of this process's scenarios get.
        """
        if self._pid != os.getpid():
            # A descriptor from before a fork shares its position with the parent's.
            path = self._built()
            try:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                raise self._not_copied(path, error) from error
            scope.hold(self._descriptor)
            self._pid = os.getpid()
        return self._descriptor

    def _built(self) -> str:
        """Return the path of the finished template; build it, or wait for who does."""
        version = sqlite3.sqlite_version
        key = f"{self._name}-{digest(self._build, self._uses, 'sqlite', version)}"
        try:
            store = open_store(kept=bool(self._uses))
            path = os.path.join(store.directory, f"{key}.sqlite")
            if _is_whole(path):
                return path
            with builder_lock(os.path.join(store.directory, f"{key}.lock"), key, self._timeout):
                if not _is_whole(path):
                    store.check_failed(key)
                    self._make(store, key, path)
        except OSError as error:
            raise TemplateError(
                f"the template {self._name} could not be built: {error.filename or store_name()}:"
                f" {error.strerror}; free space, or make the directory writable"
            ) from error
        return path

    def _make(self, store: Store, key: str, path: str) -> None:
        # Left by a builder that died, if it is there.
        work = os.path.join(store.directory, f"{key}.building")
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        raw = os.path.join(work, "database.sqlite")
        try:
            try:
                self._build(raw)
                _settle(raw)
            except Exception as error:
                text = failure_text(self._name, error)
                store.note_failed(key, text)
                raise TemplateError(text) from error
            whole = os.path.join(work, "whole")
            _copy_whole(raw, whole)
            os.rename(whole, path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _remove_stale(store.directory, self._name, path)


def sqlite_template(
    build: Callable[[str], Any],
    *,
    name: str = "database",
    uses: Iterable[Source] = (),
    timeout: float = 300.0,
) -> SqliteTemplate:
    """Return a template of an SQLite database. Nothing is built before the first copy.

    `build` gets the path of a file that is not there yet, and leaves a database there: migrated,
    with what all scenarios need, closed. `uses` names what it depends on: paths of migrations
    and fixtures, or bytes. With it the template is kept for later runs, in `.surefoot/templates`,
    until any of it, or the code of `build`, changes; without, it is built once in each run.
    Others wait at most `timeout` seconds for the one that builds.
    Raises TemplateError for a name that is not usable.
    """
    return SqliteTemplate(build, name, uses, timeout)


def _is_whole(path: str) -> bool:
    """Whether a finished template is there: it comes by a rename, so never half."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except FileNotFoundError:
        return False


def _settle(path: str) -> None:
    """See that all of the database is in its one file. Raises TemplateError and sqlite3.Error."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(_MAGIC))
    except FileNotFoundError:
        magic = b""
    if magic != _MAGIC:
        raise TemplateError(
            f"the build left no SQLite database at {path}; it has to make one at the path that it"
            " is called with, and to commit"
        )
    with contextlib.closing(sqlite3.connect(path, timeout=1.0)) as connection:
        connection.isolation_level = None
        try:
            # Fails while a transaction is open elsewhere.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise TemplateError(
                f"the build left a transaction open ({error}); commit it and close the connection"
            ) from error
        if busy:
            raise TemplateError("the build left a reader open; close all of its connections")


def _copy_whole(source_path: str, target_path: str) -> None:
    """Copy for good: what the build still has open is another file then. Raises OSError."""
    source = os.open(source_path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        target = os.open(target_path, flags, 0o444)
        try:
            status = os.fstat(source)
            if not share_blocks(source, target, status.st_dev, set()):
                copy_bytes(source, target, status.st_size)
            os.fsync(target)
        finally:
            os.close(target)
    finally:
        os.close(source)


def _remove_stale(directory: str, name: str, newest: str) -> None:
    """Remove older templates of a name. Who has one open can go on copying it."""
    found = []
    for file in os.listdir(directory):
        base, dot, _ = file.partition(".")
        path = os.path.join(directory, file)
        if base.rpartition("-")[0] == name and path != newest and dot:
            with contextlib.suppress(OSError):
                found.append((os.stat(path).st_mtime_ns, path))
    templates = [item for item in sorted(found) if item[1].endswith(".sqlite")]
    for _, path in templates[: max(0, len(templates) - _KEPT + 1)]:
        for tail in (".sqlite", ".failed"):
            with contextlib.suppress(OSError):
                os.unlink(path.removesuffix(".sqlite") + tail)
