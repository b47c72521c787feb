"""SQLite templates: built once, copied whole, never shared, and errors that say what to do."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from surefoot.isolation import scope, sqlite_template, template
from surefoot.isolation.template import TemplateError, digest


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run below tmp_path, with a scenario that runs."""
    run_dir = tmp_path / ".surefoot" / "runs" / "r1"
    run_dir.mkdir(parents=True)
    (tmp_path / "scenario").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = scope.place()
    scope.stand(scope.Place("r1", str(run_dir), 2))
    scope.open_scenario(scope.Scenario("a :: one", str(tmp_path / "scenario")))
    yield run_dir
    scope.close_scenario(failed=False)
    scope.stand(before)


class Build:
    """A migration that counts how often it ran."""

    def __init__(self, *more: str, mode: str = "delete") -> None:
        self.calls: list[str] = []
        self._more = more
        self._mode = mode

    def __call__(self, path: str) -> None:
        self.calls.append(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA journal_mode={self._mode}")
            connection.execute("CREATE TABLE item (name TEXT)")
            connection.execute("INSERT INTO item VALUES ('first')")
            for statement in self._more:
                connection.execute(statement)
            connection.commit()


def names(path: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM item ORDER BY rowid")]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_template_is_built_once_and_copies_do_not_share(tmp_path: Path, mode: str) -> None:
    build = Build(mode=mode)
    shop = sqlite_template(build, name="shop")
    first, second = shop.copy(), shop.copy()
    assert len(build.calls) == 1
    assert os.path.dirname(first.path) == str(tmp_path / "scenario")
    with closing(first.connect()) as connection:
        connection.execute("INSERT INTO item VALUES ('second')")
        connection.commit()
    assert names(first.path) == ["first", "second"]
    assert names(second.path) == names(shop.copy().path) == ["first"]
    assert first.url == f"sqlite:///{first.path}"
    with closing(sqlite3.connect(second.uri + "?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (1,)
    first.remove()
    assert not list((tmp_path / "scenario").glob("shop-1.sqlite*"))


def test_another_template_object_of_the_run_finds_what_was_built() -> None:
    def build(path: str) -> None:
        calls.append(path)
        Build()(path)

    calls: list[str] = []
    sqlite_template(build, name="shop").copy()
    sqlite_template(build, name="shop").copy()
    assert len(calls) == 1


def test_uses_decide_whether_a_later_run_builds_anew(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "1.sql").write_text("CREATE")
    build = Build()
    seen = []
    for run_id in ("r1", "r2", "r3"):
        scope.stand(scope.Place(run_id, str(tmp_path / ".surefoot" / "runs" / run_id), 0))
        if run_id == "r3":
            (migrations / "2.sql").write_text("ALTER")
        sqlite_template(build, name="shop", uses=[migrations, b"v1"]).copy()
        seen.append(len(build.calls))
    assert seen == [1, 1, 2]
    assert (tmp_path / ".surefoot" / ".gitignore").read_text() == "*\n"


def test_stale_templates_do_not_pile_up(tmp_path: Path) -> None:
    for version in range(6):
        sqlite_template(Build(), name="shop", uses=[str(version).encode()]).copy()
    sqlite_template(Build(), name="other", uses=[b"1"]).copy()
    kept = list((tmp_path / ".surefoot" / "templates").glob("*.sqlite"))
    assert sorted(path.name.partition("-")[0] for path in kept) == ["other", *["shop"] * 3]


def test_a_digest_follows_code_content_and_names(tmp_path: Path) -> None:
    def one(path: str) -> None:
        print("one", {"a", "b"}, path in {"x", "y"})

    def two(path: str) -> None:
        print("two", {"a", "b"}, path in {"x", "y"})

    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "file").write_text("x")
    assert digest(one, ()) == digest(one, ()) != digest(two, ())
    before = digest(one, [tmp_path / "d"])
    (tmp_path / "d" / "file").rename(tmp_path / "d" / "other")
    assert digest(one, [tmp_path / "d"]) != before
    assert digest(one, [b"ab", b"c"]) != digest(one, [b"a", b"bc"])
    with pytest.raises(TemplateError, match=r"nowhere, which cannot be read.*correct `uses`"):
        digest(one, [tmp_path / "nowhere"])


def test_a_digest_is_the_same_in_every_process() -> None:
    program = """
from surefoot.isolation.template import digest
def build(path):
    if path in {"alpha", "beta", "gamma", "delta"}:
        return (lambda: [x for x in (1, 2)])()
print(digest(build, [b"x"]))
"""
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1


def broken(path: str) -> None:
    raise sqlite3.OperationalError("no such table: shop")


def nothing(path: str) -> None:
    pass


def text(path: str) -> None:
    Path(path).write_text("not a database")


held: list[sqlite3.Connection] = []


def open_transaction(path: str) -> None:
    held.append(sqlite3.connect(path))
    held[-1].execute("CREATE TABLE item (name TEXT)")
    held[-1].commit()
    held[-1].execute("INSERT INTO item VALUES ('lost')")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (broken, "shop could not be built: OperationalError: no such table: shop"),
        (nothing, "left no SQLite database at .*, and to commit"),
        (text, "left no SQLite database at"),
        (open_transaction, "left a transaction open .*commit it and close"),
    ],
)
def test_a_template_that_cannot_be_built_is_a_sentence_and_is_not_tried_again(
    build: object, message: str, run: Path
) -> None:
    shop = sqlite_template(build, name="shop")  # type: ignore[arg-type]
    with pytest.raises(TemplateError, match=message):
        shop.copy()
    with pytest.raises(TemplateError, match=message + r".*tried once in this run"):
        shop.copy()
    assert not list((run / "templates").glob("*.building"))
    while held:
        held.pop().close()


def test_a_failed_build_is_tried_again_in_the_next_run(tmp_path: Path) -> None:
    works: list[bool] = []

    def build(path: str) -> None:
        if not works:
            raise OSError("no")
        Build()(path)

    shop = sqlite_template(build, name="shop", uses=[b"1"])
    with pytest.raises(TemplateError):
        shop.copy()
    works.append(True)
    scope.stand(scope.Place("r2", str(tmp_path / ".surefoot" / "runs" / "r2"), 0))
    assert names(shop.copy().path) == ["first"]


@pytest.mark.parametrize("name", ["", "Shop", "a b", "1a", "a" * 25, "a/b", "ä"])
def test_a_bad_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(TemplateError, match="at most 24 small letters"):
        sqlite_template(Build(), name=name)


BUILDER = """
import os, signal, sqlite3, sys, tempfile
from surefoot.isolation import scope, sqlite_template
scope.stand(scope.Place("r1", sys.argv[1], int(sys.argv[2])))
tempfile.tempdir = sys.argv[3]

def build(path):
    print("building", flush=True)
    if {waits}:
        sys.stdin.readline()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE item (name TEXT)")
    connection.commit()
    connection.close()

shop = sqlite_template(build, name="shop", timeout={timeout})
print(os.path.basename(shop.copy().path), flush=True)
"""


def start(run: Path, *, waits: bool, timeout: float) -> "subprocess.Popen[str]":
    program = textwrap.dedent(BUILDER).format(waits=waits, timeout=timeout)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(run), "7", str(run.parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def building(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_others_wait_for_the_builder_and_then_copy(run: Path) -> None:
    first = start(run, waits=True, timeout=30)
    assert building(first) == "building"
    # The same code, so that it is the same template.
    second = start(run, waits=True, timeout=30)
    out, _ = first.communicate("\n", timeout=30)
    assert out == "shop-1.sqlite\n"
    out, error = second.communicate(timeout=30)
    assert out == "shop-1.sqlite\n", error


def test_who_waits_gives_up_at_the_deadline_and_names_the_builder(run: Path) -> None:
    first = start(run, waits=True, timeout=0.1)
    assert building(first) == "building"
    second = start(run, waits=True, timeout=0.1)
    _, error = second.communicate(timeout=30)
    assert f"still being built by worker 7 (process {first.pid}, run r1) after 0.1 s" in error
    assert "timeout=" in error
    assert first.communicate("\n", timeout=30)[0] == "shop-1.sqlite\n"


def test_a_builder_that_was_killed_leaves_the_next_to_build(run: Path) -> None:
    first = start(run, waits=True, timeout=30)
    assert building(first) == "building"
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)
    second = start(run, waits=True, timeout=30)
    assert building(second) == "building"
    assert second.communicate("\n", timeout=30)[0] == "shop-1.sqlite\n"


def test_forked_workers_copy_the_whole_file_each(tmp_path: Path) -> None:
    shop = sqlite_template(Build("CREATE TABLE big AS SELECT zeroblob(3000000) AS b"), name="shop")
    shop.copy()
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                scope.open_scenario(scope.Scenario("b", str(tmp_path / "scenario")))
                code = 0 if all(names(shop.copy().path) == ["first"] for _ in range(20)) else 1
            finally:
                os._exit(code)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4


def test_a_directory_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    shop = sqlite_template(Build(), name="shop")
    shop.copy()
    scope.open_scenario(scope.Scenario("a", str(tmp_path / "gone")))
    with pytest.raises(TemplateError, match=r"could not be copied to .*gone.*free space"):
        shop.copy()


def test_outside_of_a_scenario_a_copy_is_the_process_s(tmp_path: Path) -> None:
    scope.close_scenario(failed=False)
    copy = sqlite_template(Build(), name="shop").copy()
    assert names(copy.path) == ["first"]
    assert os.path.basename(os.path.dirname(copy.path)).startswith("shop-")


def test_real_time_is_waited_for() -> None:
    asked: list[int] = []

    def done() -> bool:
        asked.append(1)
        return len(asked) == 3

    assert template.wait(done, 10)
    assert not template.wait(lambda: False, 0)
