"""PostgreSQL databases from a template: `CREATE DATABASE ... TEMPLATE`, dropped afterwards.

    shop = postgres_template(migrate, uses=["migrations"])   # server from PGHOST, PGPORT, ...
    context.db = shop.copy()                                 # in a step or a scenario's hook

Whose is a database whose owner died? Each process holds an advisory lock as long as it is
connected, and its copies carry the lock's number in their names. The server lets a lock go when
the connection ends, however it ends. So what nobody holds a lock for may be dropped by whoever
comes next: at the end of the run, or at the next start, from any machine. The same holds for a
template that serves one run only, by a lock that all processes of the run share.

Needs psycopg (`pip install 'surefoot[postgres]'`), a role that may create databases, and a direct
connection: a pooler that changes sessions between statements loses the locks.
"""

import contextlib
import datetime
import hashlib
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from surefoot.isolation import scope
from surefoot.isolation.template import (
    Source,
    Store,
    TemplateError,
    checked_name,
    digest,
    failure_text,
    open_store,
    this_run,
    wait,
)

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 5
_UNUSED_DAYS = 7
"""After so many days without use a kept template is dropped."""
_READY = "surefoot template"
_RECORD = "postgres"


class PostgresCopy(msgspec.Struct, frozen=True):
    """A database of one scenario, dropped at its end."""

    name: str
    parameters: dict[str, str]
    """Of the connection, but for the database: user, password, host, port, ..."""
    template: "PostgresTemplate"

    @property
    def url(self) -> str:
        """For libpq, SQLAlchemy and others: `postgresql://user:password@host:port/name`."""
        return _url({**self.parameters, "dbname": self.name})

    @property
    def conninfo(self) -> str:
        """For libpq and psycopg: `user=... host=... dbname=...`."""
        from psycopg.conninfo import make_conninfo

        return str(make_conninfo(**{**self.parameters, "dbname": self.name}))

    def drop(self) -> None:
        """Drop it now; connections to it are ended. Again, it does nothing."""
        self.template._drop(self.name)


class PostgresTemplate:
    """A database that is built once and copied often. Made by `postgres_template`."""

    def __init__(
        self,
        build: Callable[[str], Any],
        server: str,
        name: str,
        uses: Iterable[Source],
        timeout: float,
    ) -> None:
        self._build = build
        self._server = server
        self._name = checked_name(name)
        self._uses = (uses,) if isinstance(uses, str | bytes | os.PathLike) else tuple(uses)
        self._timeout = timeout
        self._session: _Session | None = None
        self._database = ""
        self._numbers = itertools.count(1)

    def copy(self) -> PostgresCopy:
        """Return a new copy, for the scenario that runs now; built first where need be.

        Outside of a scenario it is the process's, until its end. Raises TemplateError.
        """
        session = self._ready()
        name = f"sf_c_{session.key}_{next(self._numbers)}"
        problem: list[Exception] = []

        def made() -> bool:
            problem.clear()
            try:
                session.run("CREATE DATABASE {} TEMPLATE {}", name, self._database)
            except session.errors.ObjectInUse as error:
                problem.append(error)
                return False
            except session.errors.InvalidCatalogName:
                # Dropped meanwhile, by a sweep that found nobody of this run: build it again.
                self._ensure(session)
                return False
            return True

        with session.told(f"the template {self._name} could not be copied"):
            if not wait(made, self._timeout):
                raise TemplateError(
                    f"the template {self._name} could not be copied within {self._timeout:g} s:"
                    f" {problem[0] if problem else 'it vanishes'}; end what is connected to it"
                )
        copy = PostgresCopy(name, session.parameters, self)
        scope.at_end(lambda _failed: copy.drop())
        return copy

    def _drop(self, name: str) -> None:
        session = self._session
        if session is None or session.pid != os.getpid():
            return
        with session.told(f"the database {name} could not be dropped"):
            session.drop(name, force=True)

    def _ready(self) -> "_Session":
        """Return this process's session, with the template built."""
        session = self._session
        if session is None or session.pid != os.getpid() or session.connection.closed:
            session = self._session = _open(self._server)
            with session.told("the databases of runs that are over could not be dropped"):
                session.sweep()
            self._database = ""
        if not self._database:
            with session.told(f"the template {self._name} could not be built"):
                self._ensure(session)
        return session

    def _ensure(self, session: "_Session") -> None:
        """See that the template is there: build it, or wait for who does."""
        more = () if self._uses else (this_run(),)
        key = digest(self._build, self._uses, "postgres", session.version, *more)
        database = f"sf_t_{self._name}_{key}"
        remark = "" if self._uses else f"; of run {_run_key()}"
        store = open_store(kept=bool(self._uses))
        if not session.is_ready(database):
            store.check_failed(database)
            lock = _number(database)
            if not wait(lambda: session.try_lock(lock), self._timeout):
                raise TemplateError(
                    f"the template {self._name} is still being built by another process after"
                    f" {self._timeout:g} s; make the build faster, or wait longer with timeout="
                )
            try:
                if not session.is_ready(database):
                    store.check_failed(database)
                    self._make(session, store, database)
                    # Before others may look: what has no remark is taken for half built.
                    session.mark(database, remark)
            finally:
                session.unlock(lock)
        else:
            session.mark(database, remark)
        self._database = database

    def _make(self, session: "_Session", store: Store, database: str) -> None:
        # Left by a builder that died, if it is there.
        session.drop(database, force=True)
        session.run("CREATE DATABASE {}", database)
        try:
            self._build(_url({**session.parameters, "dbname": database}))
            session.close_others(database)
        except Exception as error:
            text = failure_text(self._name, error)
            store.note_failed(database, text)
            session.drop(database, force=True)
            raise TemplateError(text) from error
        except BaseException:
            session.drop(database, force=True)
            raise


def postgres_template(
    build: Callable[[str], Any],
    *,
    server: str = "",
    name: str = "database",
    uses: Iterable[Source] = (),
    timeout: float = 300.0,
) -> PostgresTemplate:
    """Return a template of a PostgreSQL database. Nothing is done before the first copy.

    `build` gets the URL of an empty database, and leaves it migrated, with what all scenarios
    need, committed. `server` is a URL or `key=value` text of libpq; what it leaves out comes from
    PGHOST, PGPORT, PGUSER, PGPASSWORD and the like. `uses` names what the template depends on, as
    with `sqlite_template`: with it the template stays on the server for later runs until it
    changes or is not used for a week; without, it is built for this run and dropped after it.
    Others wait at most `timeout` seconds for the one that builds.
    Raises TemplateError for a name that is not usable.
    """
    return PostgresTemplate(build, server, name, uses, timeout)


class _Session:
    """This process's connection to a server's maintenance database, and the locks it holds."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        import psycopg.errors
        import psycopg.sql

        self.errors = psycopg.errors
        self._sql = psycopg.sql
        self.connection = connection
        self.pid = os.getpid()
        info = connection.info
        self.version = str(info.server_version // 10000)
        self.parameters = {
            name: value for name, value in info.get_parameters().items() if name != "dbname"
        } | {"host": info.host, "port": str(info.port), "user": info.user}
        if info.password:
            self.parameters["password"] = info.password
        number = int.from_bytes(os.urandom(8), "big") >> 1
        self.key = f"{number:016x}"
        connection.execute("SELECT pg_advisory_lock(%s)", [number])
        connection.execute("SELECT pg_advisory_lock_shared(%s)", [_number(_run_key())])

    @contextlib.contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Turn errors of the server into a sentence."""
        try:
            yield
        except self.errors.InsufficientPrivilege as error:
            user = self.parameters["user"]
            raise TemplateError(
                f"{what}: {_line(error)}; let the role create databases: ALTER ROLE {user} CREATEDB"
            ) from error
        except self.errors.Error as error:
            raise TemplateError(f"{what}: {_line(error)}") from error

    def run(self, statement: str, *names: str) -> None:
        """Run a statement with identifiers for its `{}`."""
        text = self._sql.SQL(statement).format(*map(self._sql.Identifier, names))
        self.connection.execute(text)

    def is_ready(self, database: str) -> bool:
        """Whether a finished template of this name is there: its remark is made last."""
        return str(self._remark(database)).startswith(_READY)

    def mark(self, database: str, remark: str) -> None:
        """Say that a template is whole, and was used today."""
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        text = f"{_READY}; used {today}{remark}"
        if self._remark(database) == text:
            return
        statement = self._sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            self._sql.Identifier(database), self._sql.Literal(text)
        )
        try:
            self.connection.execute(statement)
        except self.errors.InternalError_:
            # Another worker writes the same remark at this moment ("tuple concurrently updated").
            if not self.is_ready(database):
                raise

    def _remark(self, database: str) -> str | None:
        row = self.connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [database],
        ).fetchone()
        return row[0] if row else None

    def try_lock(self, number: int) -> bool:
        """Take an advisory lock if nobody has it."""
        row = self.connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
        return bool(row and row[0])

    def unlock(self, number: int) -> None:
        """Let an advisory lock go."""
        self.connection.execute("SELECT pg_advisory_unlock(%s)", [number])

    def close_others(self, database: str) -> None:
        """End what the build left connected: a template may have no connections."""
        rows = self.connection.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = %s"
            " AND backend_type = 'client backend'",
            [database],
        ).fetchall()
        if any(state and state != "idle" for (state,) in rows):
            raise TemplateError("the build left a transaction open; commit it and close")
        self.run("ALTER DATABASE {} ALLOW_CONNECTIONS false", database)
        self._end_connections(database)

    def drop(self, database: str, *, force: bool) -> None:
        """Drop a database if it is there; with `force` end its connections."""
        if force and int(self.version) >= 13:
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)
            return
        if force:
            self._end_connections(database)
        self.run("DROP DATABASE IF EXISTS {}", database)

    def _end_connections(self, database: str) -> None:
        self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )

    def sweep(self) -> None:
        """Drop what processes and runs that are over have left, and what nobody used for long."""
        rows = self.connection.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
            " WHERE datname LIKE 'sf\\_%'"
        ).fetchall()
        for name, remark in rows:
            if self._is_over(str(name), remark or ""):
                # Without force: what is connected to it is alive after all.
                with contextlib.suppress(
                    self.errors.ObjectInUse, self.errors.InsufficientPrivilege
                ):
                    self.drop(name, force=False)

    def _is_over(self, name: str, remark: str) -> bool:
        if name.startswith("sf_c_"):
            key = name.split("_")[2]
            try:
                return not self._is_held(int(key, 16))
            except ValueError:
                return False
        if not (name.startswith("sf_t_") and remark.startswith(_READY)):
            return False
        _, _, run = remark.partition("; of run ")
        if run:
            return not self._is_held(_number(run))
        oldest = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(_UNUSED_DAYS)
        used = remark.partition("used ")[2][:10]
        # Dates of this form sort as text.
        return "" < used < oldest.isoformat()

    def _is_held(self, number: int) -> bool:
        """Whether any session of the server has an advisory lock, whatever its database."""
        row = self.connection.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
            " AND classid::bigint = %s AND objid::bigint = %s",
            [number >> 32, number & 0xFFFFFFFF],
        ).fetchone()
        return row is not None

    def end(self) -> None:
        """Drop what only this process or its run used, and close."""
        with contextlib.suppress(Exception):
            if not scope.place().run_dir:
                # Nobody comes after this process to do so.
                self.connection.execute(
                    "SELECT pg_advisory_unlock_shared(%s)", [_number(_run_key())]
                )
                self.sweep()
        scope.let_go(self.connection.fileno())
        self.connection.close()


def _open(server: str) -> _Session:
    """Connect to the maintenance database. Raises TemplateError."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise TemplateError(
            f"postgres_template needs psycopg, which cannot be imported ({error}); run pip install"
            " 'surefoot[postgres]'"
        ) from error
    try:
        options = conninfo_to_dict(server)
    except psycopg.Error as error:
        raise TemplateError(
            f"server= is no connection text of PostgreSQL ({_line(error)}); write it as"
            " postgresql://user@host:port or host=... port=..."
        ) from error
    options.setdefault("dbname", os.environ.get("PGDATABASE", "postgres"))
    options.setdefault("connect_timeout", str(_CONNECT_SECONDS))
    options.setdefault("application_name", "surefoot")
    host = options.get("host") or os.environ.get("PGHOST") or "the default socket"
    port = options.get("port") or os.environ.get("PGPORT") or "5432"
    try:
        connection = psycopg.connect(**options, autocommit=True)  # type: ignore[arg-type]
        scope.hold(connection.fileno())
        session = _Session(connection)
    except psycopg.Error as error:
        raise TemplateError(
            f"PostgreSQL at {host}, port {port}, cannot be used: {_line(error)}; start it, or name"
            " it with server= or PGHOST and PGPORT"
        ) from error
    _keep_record(session.parameters, str(options["dbname"]))
    scope.at_process_end(lambda _failed: session.end())
    return session


def _keep_record(parameters: dict[str, str], dbname: str) -> None:
    """Note for the end of the run which server was used. The password is not written."""
    run_dir = scope.place().run_dir
    if not run_dir:
        return
    known = {key: value for key, value in parameters.items() if key != "password"}
    data = msgspec.json.encode({**known, "dbname": dbname})
    name = f"{_RECORD}-{hashlib.sha256(data).hexdigest()[:12]}.json"
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(os.path.join(run_dir, name), flags, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)


def records(run_dir: str) -> list[str]:
    """Return the files that say which servers a run has used."""
    with contextlib.suppress(OSError):
        return [
            os.path.join(run_dir, name)
            for name in sorted(os.listdir(run_dir))
            if name.startswith(f"{_RECORD}-")
        ]
    return []


def sweep_run(run_dir: str) -> int:
    """Drop what a run that has ended left on its servers; return how many could not be asked."""
    failed = 0
    for path in records(run_dir):
        try:
            with open(path, "rb") as file:
                parameters = msgspec.json.decode(file.read(), type=dict[str, str])
            from psycopg.conninfo import make_conninfo

            session = _open(make_conninfo(**parameters))
            with session.told("a sweep"):
                session.sweep()
            os.unlink(path)
        except (TemplateError, ImportError, OSError, msgspec.MsgspecError):
            # The next process that uses the server sweeps it.
            failed += 1
    return failed


def _run_key() -> str:
    """Return what stands for this run, in text that names nothing of it."""
    place = scope.place()
    text = place.run_dir or f"process {os.getpid()} {_BIRTH}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


_BIRTH = os.urandom(8).hex()


def _number(text: str) -> int:
    """Return the number of a text's advisory lock: 63 bits."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _url(parameters: dict[str, str]) -> str:
    rest = {
        key: value
        for key, value in parameters.items()
        if key not in {"user", "password", "host", "port", "dbname", "application_name"}
    }
    user = quote(parameters["user"], safe="")
    if parameters.get("password"):
        user += f":{quote(parameters['password'], safe='')}"
    host, port = parameters.get("host", ""), parameters.get("port", "")
    if host.startswith("/"):
        # A directory of sockets.
        rest = {"host": host, "port": port, **rest}
        place = ""
    else:
        place = (f"[{host}]" if ":" in host else host) + f":{port}"
    query = f"?{urlencode(rest)}" if rest else ""
    return f"postgresql://{user}@{place}/{quote(parameters['dbname'], safe='')}{query}"


def _line(error: BaseException) -> str:
    """Return the first line of an error of the server's."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


if __name__ == "__main__":
    sys.exit(1 if sweep_run(sys.argv[1]) else 0)
