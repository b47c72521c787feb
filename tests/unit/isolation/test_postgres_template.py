"""PostgreSQL templates, against a real server: built once, copied, dropped, swept."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.e2e.project import wait_until
from tests.postgres import databases

from surefoot.isolation import free_port, postgres_template, scope
from surefoot.isolation import postgres as module
from surefoot.isolation.template import TemplateError


@pytest.fixture(autouse=True)
def run(tmp_path: Path, postgres: str) -> Iterator[Path]:
    """A run below tmp_path, with a scenario that runs; the server is empty afterwards."""
    run_dir = tmp_path / ".surefoot" / "runs" / "r1"
    run_dir.mkdir(parents=True)
    before = scope.place()
    stand(run_dir)
    scope.open_scenario(scope.Scenario("a :: one", str(tmp_path)))
    yield run_dir
    scope.close_scenario(failed=False)
    scope.stand(before)
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in databases(postgres):
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def stand(run_dir: Path) -> None:
    scope.stand(scope.Place(run_dir.name, str(run_dir), 0))


class Build:
    """A migration that counts how often it ran."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, url: str) -> None:
        self.urls.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE item (name text)")
            connection.execute("INSERT INTO item VALUES ('first')")


def names(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(row[0]) for row in connection.execute("SELECT name FROM item")]


def add(url: str, name: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO item VALUES (%s)", [name])


def test_a_template_is_built_once_and_copies_do_not_share(postgres: str) -> None:
    build = Build()
    shop = postgres_template(build, server=postgres, name="shop")
    first, second = shop.copy(), shop.copy()
    add(first.url, "second")
    assert names(first.conninfo) == ["first", "second"]
    assert names(second.url) == names(shop.copy().url) == ["first"]
    assert len(build.urls) == 1
    another = postgres_template(build, server=postgres, name="shop")
    assert names(another.copy().url) == ["first"]
    assert len(build.urls) == 1
    second.drop()
    second.drop()
    assert second.name not in databases(postgres)


def test_the_end_of_the_scenario_drops_its_copies_though_they_are_connected(postgres: str) -> None:
    copy = postgres_template(Build(), server=postgres).copy()
    left = psycopg.connect(copy.url)
    assert copy.name in databases(postgres)
    assert scope.close_scenario(failed=True) == []
    assert copy.name not in databases(postgres)
    left.close()


def test_with_uses_a_later_run_finds_it_until_it_changes(postgres: str, run: Path) -> None:
    build = Build()
    seen = []
    for name, version in (("r1", b"1"), ("r2", b"1"), ("r3", b"2")):
        stand(run.with_name(name))
        postgres_template(build, server=postgres, uses=[version]).copy()
        seen.append(len(build.urls))
    assert seen == [1, 1, 2]


def test_without_uses_each_run_has_its_own_and_the_next_drops_it(postgres: str, run: Path) -> None:
    build = Build()
    first = postgres_template(build, server=postgres)
    first.copy()
    scope.close_scenario(failed=False)
    (template,) = databases(postgres)
    # All of the run's processes are gone.
    assert first._session is not None
    first._session.connection.close()
    stand(run.with_name("r2"))
    postgres_template(build, server=postgres).copy()
    assert len(build.urls) == 2
    wait_until(lambda: swept(postgres, template), "the template of the run that is over to go")


def sweep(url: str) -> None:
    session = module._open(url)
    session.sweep()
    session.end()


def swept(url: str, name: str) -> bool:
    """Sweep; whether a database is gone. The server takes a moment to see a dead connection."""
    sweep(url)
    return name not in databases(url)


def test_a_kept_template_that_is_not_used_for_a_week_is_dropped(postgres: str) -> None:
    postgres_template(Build(), server=postgres, uses=[b"1"]).copy()
    scope.close_scenario(failed=False)
    (name,) = databases(postgres)
    for day, stays in (("2999-01-01", True), ("", True), ("2020-01-01", False)):
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"COMMENT ON DATABASE \"{name}\" IS 'surefoot template; used {day}'")
        sweep(postgres)
        assert (name in databases(postgres)) == stays


def test_other_databases_that_begin_alike_are_left_alone(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in ("sf_c_of somebody_1", "sf_t_theirs", "sf_c_"):
            connection.execute(f'CREATE DATABASE "{name}"')
    sweep(postgres)
    assert databases(postgres) == ["sf_c_", "sf_c_of somebody_1", "sf_t_theirs"]


PROGRAM = """
import os, signal, sys, time
import psycopg
from surefoot.isolation import postgres_template, scope
server, run_dir, how = sys.argv[1:]
scope.stand(scope.Place("r1", run_dir, 7))

def build(url):
    print("building", flush=True)
    if "wait" in how:
        sys.stdin.readline()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE item (name text)")

shop = postgres_template(build, server=server, uses=[b"x"], timeout=0.2 if "brief" in how else 30)
copy = shop.copy()
print(copy.name, flush=True)
if "killed" in how:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(postgres: str, run: Path, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), postgres, str(run), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def building(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "building\n"


def test_copies_of_a_killed_process_are_swept_and_those_of_a_live_one_stay(
    postgres: str, run: Path
) -> None:
    out, error = start(postgres, run, "killed").communicate(timeout=60)
    dead = out.split()[-1]
    assert dead.startswith("sf_c_"), error
    mine = postgres_template(Build(), server=postgres, uses=[b"mine"]).copy()
    wait_until(lambda: swept(postgres, dead), "the copy of the dead process to go")
    assert mine.name in databases(postgres)


def test_a_process_that_ends_drops_its_own(postgres: str, run: Path) -> None:
    out, error = start(postgres, run, "").communicate(timeout=60)
    assert out.split()[-1].startswith("sf_c_"), error
    assert [name[:5] for name in databases(postgres)] == ["sf_t_"]


def test_others_wait_for_the_builder(postgres: str, run: Path) -> None:
    first = start(postgres, run, "wait")
    building(first)
    second = start(postgres, run, "")
    out, error = first.communicate("\n", timeout=60)
    assert out.startswith("sf_c_"), error
    out, error = second.communicate(timeout=60)
    assert out.startswith("sf_c_"), error


def test_who_waits_gives_up_at_the_deadline(postgres: str, run: Path) -> None:
    first = start(postgres, run, "wait")
    building(first)
    _, error = start(postgres, run, "brief").communicate(timeout=60)
    assert "still being built by another process after 0.2 s" in error
    assert first.communicate("\n", timeout=60)[0].startswith("sf_c_")


def test_a_builder_that_was_killed_leaves_the_next_to_build(postgres: str, run: Path) -> None:
    first = start(postgres, run, "wait")
    building(first)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    out, error = start(postgres, run, "").communicate("\n", timeout=60)
    assert out.startswith("building\nsf_c_"), error


def test_the_end_of_a_run_drops_what_its_crashed_workers_left(postgres: str, run: Path) -> None:
    start(postgres, run, "killed").communicate(timeout=60)
    (record,) = module.records(str(run))
    assert "s e/c:r@t" not in Path(record).read_text(encoding="utf-8")
    assert Path(record).stat().st_mode & 0o777 == 0o600
    wait_until(
        lambda: (
            subprocess.run(
                [sys.executable, "-m", "surefoot.isolation.postgres", str(run)],
                env={**os.environ, "PGPASSWORD": "s e/c:r@t"},
                timeout=60,
                check=False,
            )
            and [name[:5] for name in databases(postgres)] == ["sf_t_"]
        ),
        "the dead process's connection to end",
    )
    assert module.records(str(run)) == []


def raises(url: str) -> None:
    raise ValueError("no such migration: 7")


held: list["psycopg.Connection[tuple[object, ...]]"] = []


def open_transaction(url: str) -> None:
    held.append(psycopg.connect(url))
    held[-1].execute("CREATE TABLE item (name text)")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (raises, r"shop could not be built: ValueError: no such migration: 7"),
        (open_transaction, r"left a transaction open; commit it"),
    ],
)
def test_a_template_that_cannot_be_built_is_a_sentence_and_leaves_nothing(
    postgres: str, build: object, message: str
) -> None:
    shop = postgres_template(build, server=postgres, name="shop")  # type: ignore[arg-type]
    with pytest.raises(TemplateError, match=message):
        shop.copy()
    with pytest.raises(TemplateError, match=message + r".*tried once in this run"):
        shop.copy()
    assert databases(postgres) == []
    while held:
        held.pop().close()


def test_what_the_build_left_connected_is_ended(postgres: str) -> None:
    def build(url: str) -> None:
        held.append(psycopg.connect(url, autocommit=True))
        held[-1].execute("CREATE TABLE item (name text)")

    copy = postgres_template(build, server=postgres).copy()
    assert names(copy.url) == []
    while held:
        held.pop().close()


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    port = free_port()
    shop = postgres_template(Build(), server=f"postgresql://shop:secret@127.0.0.1:{port}/x")
    with pytest.raises(TemplateError) as caught:
        shop.copy()
    assert f"PostgreSQL at 127.0.0.1, port {port}, cannot be used:" in str(caught.value)
    assert "start it, or name it with server= or PGHOST" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_text_that_names_no_server_is_a_sentence() -> None:
    with pytest.raises(TemplateError, match=r"no connection text .*postgresql://user@host:port"):
        postgres_template(Build(), server="localhost:5432").copy()


def test_a_role_that_may_not_create_databases_is_told_how(postgres: str) -> None:
    poor = "postgresql://poor@" + postgres.partition("@")[2]
    with pytest.raises(TemplateError, match="ALTER ROLE poor CREATEDB"):
        postgres_template(Build(), server=poor).copy()


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(TemplateError, match=r"pip install 'surefoot\[postgres\]'"):
        postgres_template(Build()).copy()


def test_a_connection_that_was_cut_is_made_again(postgres: str) -> None:
    shop = postgres_template(Build(), server=postgres)
    shop.copy()
    assert shop._session is not None
    pid = shop._session.connection.info.backend_pid
    admin = "postgresql://postgres@" + postgres.partition("@")[2]
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(TemplateError, match="could not be copied"):
        shop.copy()
    assert names(shop.copy().url) == ["first"]


def test_a_forked_worker_has_its_own_connection(postgres: str, tmp_path: Path) -> None:
    shop = postgres_template(Build(), server=postgres)
    copy = shop.copy()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            scope.open_scenario(scope.Scenario("b", str(tmp_path)))
            code = 0 if names(shop.copy().url) == ["first"] else 2
            scope.close_scenario(failed=False)
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert names(copy.url) == ["first"]
    assert names(shop.copy().url) == ["first"]


@pytest.mark.parametrize(
    ("parameters", "url"),
    [
        ({"host": "::1", "port": "5"}, "postgresql://me@[::1]:5/db"),
        ({"host": "/run/pg", "port": "5"}, "postgresql://me@/db?host=%2Frun%2Fpg&port=5"),
        (
            {"host": "h", "port": "5", "password": "a b/@", "sslmode": "require"},
            "postgresql://me:a%20b%2F%40@h:5/db?sslmode=require",
        ),
    ],
)
def test_urls(parameters: dict[str, str], url: str) -> None:
    assert module._url({"user": "me", "dbname": "db", **parameters}) == url
