"""What the write watch notes, what it leaves alone, and that user code never notices it."""

import dbm.dumb
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surefoot.errors import InternalError
from surefoot.isolation.watch import MAX_TOUCHES, Touch, WriteWatch

Watched = Callable[[Callable[[], object]], set[tuple[str, str]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def watch(project: Path) -> Iterator[WriteWatch]:
    watch = WriteWatch([str(project)], [str(project / "run")])
    assert watch.install()
    yield watch
    watch.end()


@pytest.fixture
def watched(watch: WriteWatch, project: Path) -> Watched:
    """Run something under the watch; return (path relative to the project, operation)."""

    def run(action: Callable[[], object]) -> set[tuple[str, str]]:
        watch.begin()
        try:
            action()
        finally:
            touches = watch.end()
        return {(os.path.relpath(touch.path, project), touch.op) for touch in touches}

    return run


def opened(path: str | bytes | Path, mode: str) -> None:
    with open(path, mode):
        pass


def os_opened(path: str, flags: int) -> None:
    os.close(os.open(path, flags))


@pytest.mark.parametrize(
    ("mode", "op"),
    [("w", "write"), ("x", "write"), ("r+", "write"), ("w+b", "write"), ("a", "append")],
)
def test_modes_that_write(watched: Watched, project: Path, mode: str, op: str) -> None:
    if mode == "r+":
        (project / "f").touch()
    assert watched(lambda: opened("f", mode)) == {("f", op)}


@pytest.mark.parametrize("mode", ["r", "rb"])
def test_reading_is_not_noted(watched: Watched, project: Path, mode: str) -> None:
    (project / "f").touch()
    assert watched(lambda: opened("f", mode)) == set()


@pytest.mark.parametrize(
    "flags",
    [os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_CREAT, os.O_RDONLY | os.O_TRUNC],
)
def test_flags_that_write(watched: Watched, project: Path, flags: int) -> None:
    (project / "f").touch()
    assert watched(lambda: os_opened("f", flags)) == {("f", "write")}


def test_a_plain_os_open_reads(watched: Watched, project: Path) -> None:
    (project / "f").touch()
    assert watched(lambda: os_opened("f", os.O_RDONLY)) == set()


def test_bytes_path_and_pathlike(watched: Watched, project: Path) -> None:
    class Like:
        def __fspath__(self) -> str:
            return "like"

    def act() -> None:
        opened(b"bytes", "w")
        opened(project / "path", "w")
        with open(Like(), "w"):
            pass

    assert watched(act) == {("bytes", "write"), ("path", "write"), ("like", "write")}


def test_a_name_that_is_not_utf8_can_be_shown(watched: Watched) -> None:
    assert watched(lambda: opened(b"caf\xe9", "w")) == {("caf\\xe9", "write")}


def test_file_descriptors_are_ignored(watched: Watched, project: Path) -> None:
    fd = os.open(project / "f", os.O_CREAT | os.O_RDWR)

    def act() -> None:
        with open(fd, "w", closefd=False):
            pass
        os.truncate(fd, 0)
        os.ftruncate(fd, 0)

    assert watched(act) == set()
    os.close(fd)


def test_os_functions(watched: Watched, project: Path) -> None:
    (project / "old").touch()
    (project / "gone").touch()
    (project / "there").touch()

    def act() -> None:
        os.remove("gone")
        os.rename("old", "new")
        os.replace(project / "new", b"newer")
        os.makedirs("d/e", exist_ok=True)
        os.rmdir("d/e")
        os.link("there", "hard")
        os.symlink("there", "soft")
        os.truncate("there", 0)

    assert watched(act) == {
        ("gone", "remove"),
        ("old", "rename"),
        ("new", "rename"),
        ("newer", "rename"),
        ("d", "mkdir"),
        ("d/e", "mkdir"),
        ("d/e", "rmdir"),
        ("hard", "link"),
        ("soft", "symlink"),
        ("there", "truncate"),
    }


def test_shutil(watched: Watched, project: Path) -> None:
    (project / "src").mkdir()
    (project / "src/f").write_text("x")

    def act() -> None:
        shutil.copy("src/f", "copied")
        shutil.copytree("src", "tree")
        shutil.move("tree", "moved")
        shutil.make_archive("pack", "zip", "src")
        shutil.unpack_archive("pack.zip", "unpacked")
        shutil.rmtree("moved")

    found = watched(act)
    assert {
        ("copied", "write"),
        ("tree", "mkdir"),
        ("tree/f", "write"),
        ("tree", "rename"),
        ("moved", "rename"),
        ("pack.zip", "write"),
        ("unpacked/f", "write"),
        ("moved", "remove"),
        # By a directory's descriptor and a bare name, as rmtree does it.
        ("moved/f", "remove"),
        ("moved", "rmdir"),
    } <= found
    assert not [path for path, _ in found if path.startswith("src")]


def test_a_directory_descriptor_is_followed(watched: Watched, project: Path) -> None:
    (project / "d").mkdir()
    fd = os.open(project / "d", os.O_RDONLY)

    def act() -> None:
        os.mkdir("made", dir_fd=fd)
        os.rename("made", "renamed", src_dir_fd=fd, dst_dir_fd=fd)

    assert watched(act) == {("d/made", "mkdir"), ("d/made", "rename"), ("d/renamed", "rename")}
    os.close(fd)


@pytest.mark.parametrize(
    "name",
    ["plain.db", b"plain.db", Path("plain.db"), "file:plain.db?cache=shared", "file:pl%61in.db"],
)
def test_databases(watched: Watched, name: str | bytes | Path) -> None:
    uri = isinstance(name, str) and name.startswith("file:")
    found = watched(lambda: sqlite3.connect(name, uri=uri).close())
    assert found == {("plain.db", "connect")}


@pytest.mark.parametrize(
    "name",
    [":memory:", "", "file::memory:?cache=shared", "file:x?mode=memory", "file:there.db?mode=ro",
     "file:there.db?immutable=1"],
)  # fmt: skip
def test_databases_that_nobody_shares(watched: Watched, project: Path, name: str) -> None:
    sqlite3.connect(project / "there.db").close()
    uri = name.startswith("file:")
    assert watched(lambda: sqlite3.connect(name, uri=uri).close()) == set()


def test_a_key_value_store(watched: Watched) -> None:
    """dbm.dumb is Python; dbm.ndbm and dbm.gnu open their files in C, unseen."""

    def act() -> None:
        with dbm.dumb.open("shelf"):
            pass

    assert ("shelf.dat", "write") in watched(act)


def test_relative_paths_follow_the_working_directory(watched: Watched, project: Path) -> None:
    (project / "a/b").mkdir(parents=True)

    def act() -> None:
        os.chdir("a")
        opened("one", "w")
        os.chdir("b")
        opened("../two", "w")
        opened("./three", "w")
        opened(f"/{project}//four", "w")

    assert watched(act) == {
        ("a/one", "write"),
        ("a/two", "write"),
        ("a/b/three", "write"),
        ("four", "write"),
    }


def test_a_working_directory_that_is_gone(watched: Watched, project: Path) -> None:
    (project / "gone").mkdir()

    def act() -> None:
        os.chdir("gone")
        os.rmdir(project / "gone")
        with pytest.raises(FileNotFoundError):
            opened("f", "w")

    assert watched(act) == {("gone", "rmdir")}
    os.chdir(project)


def test_outside_of_the_roots(watched: Watched, project: Path, tmp_path: Path) -> None:
    def act() -> None:
        opened(tmp_path / "outside", "w")
        opened(tmp_path / "project-too", "w")
        opened(os.devnull, "w")

    assert watched(act) == set()


def test_ignored_paths(watched: Watched, project: Path) -> None:
    for name in ("run", "runs", ".surefoot", ".git", "pkg/__pycache__", "link"):
        (project / name).mkdir(parents=True)
    (project / "link").rmdir()
    (project / "link").symlink_to("run")

    def act() -> None:
        for name in (
            "run/f", "runs/f", ".surefoot/f", ".git/index", "pkg/__pycache__/m.pyc", "m.pyc",
            "link/f", ".gitignore",
        ):  # fmt: skip
            opened(name, "w")

    assert watched(act) == {("runs/f", "write"), (".gitignore", "write")}


def test_a_root_inside_of_an_ignored_directory_is_watched(tmp_path: Path) -> None:
    root = tmp_path / ".surefoot" / "tmp"
    root.mkdir(parents=True)
    watch = WriteWatch([str(root)])
    watch.install()
    watch.begin()
    opened(root / "f", "w")
    assert watch.end() == (Touch(str(root / "f"), "write"),)


def test_two_spellings_are_one_path(project: Path, tmp_path: Path) -> None:
    (project / "data").mkdir()
    (project / "also").symlink_to("data")
    (tmp_path / "other").symlink_to(project)
    watch = WriteWatch([str(tmp_path / "other")])
    watch.install()
    watch.begin()
    opened(tmp_path / "other/data/f", "w")
    opened(project / "data/f", "w")
    opened(project / "also/f", "w")
    assert watch.end() == (Touch(str(project / "data/f"), "write"),)


def test_a_temporary_file_does_not_touch_its_directory(watched: Watched, project: Path) -> None:
    """tempfile passes the directory as the name of what it opens."""
    (project / "d").mkdir()

    def act() -> None:
        with tempfile.NamedTemporaryFile(dir=project / "d"):
            pass
        with tempfile.TemporaryFile(dir=project / "d"):
            pass

    found = watched(act)
    assert ("d", "write") not in found
    assert {op for _, op in found} <= {"write", "remove"}


def test_each_once_in_order(watch: WriteWatch, project: Path) -> None:
    watch.begin()
    for name in ("b", "a", "b", "a"):
        opened(name, "w")
    os.remove("b")
    assert [(Path(t.path).name, t.op) for t in watch.end()] == [
        ("b", "write"),
        ("a", "write"),
        ("b", "remove"),
    ]
    assert not watch.cut


def test_the_cut_is_flagged(watch: WriteWatch) -> None:
    watch.begin()
    for n in range(MAX_TOUCHES):
        opened(f"f{n}", "w")
    opened("f0", "w")
    assert len(watch.end()) == MAX_TOUCHES
    assert not watch.cut
    watch.begin()
    for n in range(MAX_TOUCHES + 5):
        opened(f"f{n}", "w")
    assert len(watch.end()) == MAX_TOUCHES
    assert watch.cut
    watch.begin()
    assert watch.end() == ()
    assert not watch.cut


def test_nothing_is_noted_while_it_is_not_active(watch: WriteWatch) -> None:
    opened("before", "w")
    watch.begin()
    first = watch.end()
    opened("after", "w")
    assert first == ()
    assert watch.end() == ()


def test_begin_forgets(watch: WriteWatch) -> None:
    watch.begin()
    opened("one", "w")
    watch.begin()
    opened("two", "w")
    assert [Path(touch.path).name for touch in watch.end()] == ["two"]


def test_one_watch_at_a_time(watch: WriteWatch, tmp_path: Path) -> None:
    other = WriteWatch([str(tmp_path)])
    watch.begin()
    with pytest.raises(InternalError, match="another one is active"):
        other.begin()
    assert other.end() == ()
    opened("still", "w")
    assert len(watch.end()) == 1


def test_threads(watched: Watched) -> None:
    def write(name: str) -> None:
        for n in range(20):
            opened(f"{name}{n}", "w")

    def act() -> None:
        threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(watched(act)) == 60


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ()),
        ("open", ("f",)),
        ("open", ("f", None, None)),
        ("open", ("f", "w", "flags")),
        ("open", (None, "w", os.O_WRONLY)),
        ("open", (object(), None, os.O_WRONLY)),
        ("open", ("", "w", os.O_WRONLY)),
        ("os.remove", ()),
        ("os.remove", ("f", 12345)),
        ("os.rename", ("f",)),
        ("os.rename", (b"\0", object(), "x", None)),
        ("os.link", (1, 2)),
        ("os.truncate", ()),
        ("shutil.rmtree", ()),
        ("shutil.rmtree", (object(),)),
        ("sqlite3.connect", (3,)),
        ("sqlite3.connect", ("file://[broken",)),
    ],
)
def test_events_that_anybody_may_raise_do_no_harm(
    watched: Watched, event: str, arguments: tuple[object, ...]
) -> None:
    assert watched(lambda: sys.audit(event, *arguments)) == set()


def test_an_event_without_flags_goes_by_its_mode(watched: Watched) -> None:
    """As C code that opens through `_Py_fopen_obj` raises it."""

    def act() -> None:
        sys.audit("open", "written", "wb", 0)
        sys.audit("open", "read", "rb", 0)

    assert watched(act) == {("written", "write")}


def test_a_path_that_writes_when_it_is_asked_does_not_recurse(watched: Watched) -> None:
    class Nosy:
        def __fspath__(self) -> str:
            opened("inner", "w")
            return "outer"

    found = watched(lambda: sys.audit("shutil.rmtree", Nosy()))
    assert ("outer", "remove") in found
    assert ("inner", "write") not in found


def test_a_path_that_raises_when_it_is_asked(watched: Watched) -> None:
    class Broken:
        def __fspath__(self) -> str:
            raise RuntimeError("no path today")

    assert watched(lambda: sys.audit("shutil.rmtree", Broken())) == set()


def test_failures_of_the_user_stay_their_own(watched: Watched) -> None:
    def act() -> None:
        with pytest.raises(FileNotFoundError):
            opened("missing/f", "w")

    assert watched(act) == {("missing/f", "write")}


def test_install_adds_one_hook(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = WriteWatch([str(project)])
    assert first.install()
    added: list[object] = []
    monkeypatch.setattr(sys, "addaudithook", added.append)
    assert WriteWatch([str(project)]).install()
    assert added == []


def in_a_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("error", ["RuntimeError", "PermissionError"])
def test_install_says_when_another_hook_refused_it(error: str) -> None:
    assert in_a_process(f"""
import sys
def guard(event, args):
    if event == "sys.addaudithook":
        raise {error}("no more hooks")
sys.addaudithook(guard)
from surefoot.isolation.watch import WriteWatch
watch = WriteWatch(["/"])
print(watch.install())
watch.begin()
print(watch.end())
""").split() == ["False", "()"]


def test_install_while_active_and_in_a_forked_child(tmp_path: Path) -> None:
    assert (
        in_a_process(f"""
import os
from surefoot.isolation.watch import WriteWatch
watch = WriteWatch(["/"])
watch.begin()
assert watch.install()
watch.end()
child = os.fork()
if child == 0:
    watch.begin()
    open({str(tmp_path / "f")!r}, "w").close()
    os._exit(len(watch.end()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""")
        == "1"
    )


def test_the_watch_imports_little() -> None:
    """Step modules are imported beside it, and the coordinator reads its values."""
    loaded = in_a_process(
        "import sys, surefoot.isolation.watch, surefoot.isolation.conflicts; "
        "print(*[m for m in ('behave', 'rich', 'sqlite3', 'surefoot.engine') if m in sys.modules])"
    )
    assert loaded == ""
