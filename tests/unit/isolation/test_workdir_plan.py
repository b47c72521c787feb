"""Which tree a run belongs to, and what a copy of it must hold; with real git repositories."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from surefoot.errors import UserError
from surefoot.isolation import survey, worktree
from surefoot.isolation.tree import CopyPlan, plan_copy, project_root

LIMIT = 10_000_000
NOBODY = 65534


@pytest.fixture(autouse=True)
def git_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    return root


@pytest.fixture
def owned_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory worked on as a user whom modes bind, also where the tests run as root."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    # Not tmp_path: those above it are closed to everybody else.
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    os.chown(root, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield root
    finally:
        os.seteuid(0)
        shutil.rmtree(root)


def git(at: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", at, *arguments], check=True, capture_output=True)


def repository(at: Path, **files: str) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    git(at, "init", "--quiet")
    put(at, files)
    git(at, "add", "--all")
    git(at, "commit", "--quiet", "--allow-empty", "--message", "first")
    return at


def put(at: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def plan(root: Path, limit: int = LIMIT, exclude: tuple[str, ...] = ()) -> CopyPlan:
    return plan_copy(str(root), limit, exclude)


def files(found: CopyPlan) -> set[str]:
    return {file.path for file in found.files}


def directories(found: CopyPlan) -> list[str]:
    return [directory.path for directory in found.directories]


def links(found: CopyPlan) -> dict[str, tuple[str, bool]]:
    return {link.path: (link.target, link.inside) for link in found.links}


def skipped(found: CopyPlan) -> dict[str, str]:
    return {item.path: item.reason for item in found.skipped}


# -- project_root


def test_the_root_is_gits_top(project: Path) -> None:
    repository(project, a="1")
    (project / "sub/deep").mkdir(parents=True)
    assert project_root(str(project / "sub/deep")) == str(project)
    assert project_root(str(project)) == str(project)


def test_an_ignored_directory_is_its_own_root(project: Path) -> None:
    repository(project, **{".gitignore": "scratch/\n"})
    (project / "scratch/in").mkdir(parents=True)
    assert project_root(str(project / "scratch/in")) == str(project / "scratch/in")


def test_without_a_repository_the_root_is_the_directory(project: Path) -> None:
    assert project_root(str(project)) == str(project)


def test_inside_of_dot_git_there_is_no_work_tree(project: Path) -> None:
    repository(project)
    assert project_root(str(project / ".git")) == str(project / ".git")


def test_the_root_is_real(project: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project)
    assert project_root(str(tmp_path / "link")) == str(project)
    repository(project)
    (project / "sub").mkdir()
    assert project_root(str(tmp_path / "link/sub")) == str(project)


def test_a_name_that_ends_in_a_newline(tmp_path: Path) -> None:
    root = repository(tmp_path / "odd\n")
    (root / "sub").mkdir()
    assert project_root(str(root / "sub")) == str(root)


def test_without_git_the_root_is_the_directory(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(project, a="1")
    (project / "sub").mkdir()
    put(project, {"sub/f": "1"})
    monkeypatch.setenv("PATH", str(project))
    assert project_root(str(project / "sub")) == str(project / "sub")
    found = plan(project / "sub")
    assert files(found) == {"f"}
    assert "git is not installed" in found.notes[0]
    assert "nothing of a repository around it" in found.notes[0]


def test_a_git_that_cannot_be_started(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(project, a="1")
    fake = project / "bin/git"
    put(project, {"bin/git": "no program\n"})
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    assert "git cannot be started" in plan(project).notes[0]


def test_a_hooks_variables_do_not_mislead(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", o="1")
    repository(project, a="1")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert project_root(str(project)) == str(project)
    assert files(plan(project)) == {"a"}


def test_a_git_that_never_ends(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "_SECONDS", 0.01)
    fake = project / "bin/git"
    put(project, {"bin/git": "#!/bin/sh\nwhile :; do :; done\n"})
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(UserError, match=r"did not end within .* --workdir shared"):
        project_root(str(project))


def test_a_repository_of_another_owner_is_said(project: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    repository(project, **{"a": "1", ".gitignore": "b\n"})
    put(project, {"b": "2"})
    os.chown(project, NOBODY, NOBODY)
    os.chown(project / ".git", NOBODY, NOBODY)
    found = plan(project)
    assert files(found) == {"a", "b", ".gitignore"}
    assert "dubious ownership" in found.notes[0]


# -- plan_copy in a repository


def test_tracked_and_untracked_but_not_ignored(project: Path) -> None:
    repository(project, **{"a": "1", "sub/b": "22", ".gitignore": "*.log\nbuild/\n"})
    put(project, {"new": "333", "sub/new.log": "x", "build/out": "x", "a": "1 changed"})
    found = plan(project)
    assert files(found) == {"a", "sub/b", ".gitignore", "new"}
    assert directories(found) == ["sub"]
    assert found.total == sum(os.path.getsize(project / path) for path in files(found))
    assert skipped(found) == {"sub/new.log": "ignored by git", "build/": "ignored by git"}
    assert found.notes == ()


def test_noise_is_not_reported_as_ignored(project: Path) -> None:
    repository(project, **{".gitignore": "*.pyc\n.surefoot/\n__pycache__/\n"})
    put(project, {"__pycache__/m.pyc": "", "m.pyc": "", ".surefoot/runs/1": ""})
    assert skipped(plan(project)) == {}


def test_sizes_times_and_modes(project: Path) -> None:
    repository(project, run="#!/bin/sh\n")
    (project / "run").chmod(0o750)
    os.utime(project / "run", ns=(1, 1_234_567_890_123_456_789))
    (file,) = plan(project).files
    assert (file.size, file.mtime_ns, file.mode) == (10, 1_234_567_890_123_456_789, 0o750)


def test_deleted_files_are_left_out(project: Path) -> None:
    repository(project, **{"a": "1", "gone": "2", "dir/gone": "3"})
    (project / "gone").unlink()
    shutil.rmtree(project / "dir")
    found = plan(project)
    assert files(found) == {"a"}
    assert directories(found) == []


def test_a_tracked_directory_replaced_by_a_link(project: Path, tmp_path: Path) -> None:
    """Git still lists `d/f`; through the link it would be the outside's file."""
    repository(project, **{"d/f": "1"})
    put(tmp_path, {"outside/f": "secret"})
    shutil.rmtree(project / "d")
    (project / "d").symlink_to(tmp_path / "outside")
    found = plan(project)
    assert files(found) == set()
    assert links(found) == {"d": (str(tmp_path / "outside"), False)}


def test_a_tracked_file_replaced_by_a_directory(project: Path) -> None:
    repository(project, f="1")
    (project / "f").unlink()
    put(project, {"f/inner": "2"})
    found = plan(project)
    assert files(found) == {"f/inner"}
    assert directories(found) == ["f"]


def test_a_conflicted_file_is_listed_once(project: Path) -> None:
    repository(project, f="1")
    git(project, "checkout", "-q", "-b", "other")
    put(project, {"f": "2"})
    git(project, "commit", "-qam", "two")
    git(project, "checkout", "-q", "-")
    put(project, {"f": "3"})
    git(project, "commit", "-qam", "three")
    merge = ["git", "-C", str(project), "merge", "-q", "other"]
    assert subprocess.run(merge, capture_output=True, check=False).returncode == 1
    found = plan(project)
    assert [file.path for file in found.files] == ["f"]
    assert found.total == found.files[0].size


def test_empty_directories_are_kept(project: Path) -> None:
    repository(project, **{"a": "1", "sub/b": "2", ".gitignore": "full/\nhollow/\n"})
    (project / "empty/in/in").mkdir(parents=True)
    (project / "sub/empty").mkdir()
    (project / "hollow").mkdir()
    put(project, {"full/of/it": "1"})
    assert directories(plan(project)) == [
        "empty", "empty/in", "empty/in/in", "hollow", "sub", "sub/empty",
    ]  # fmt: skip


def test_submodules_and_nested_repositories(project: Path, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", **{"i": "1", ".gitignore": "*.log\n"})
    repository(project, a="1")
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "lib/in")
    git(project, "commit", "-qm", "submodule")
    nested = repository(project / "tools/nested", **{"n": "1", ".gitignore": "*.o\n"})
    repository(nested / "deeper", d="1")
    put(project, {"lib/in/new": "2", "lib/in/x.log": "3", "tools/nested/n.o": "4"})
    found = plan(project)
    assert files(found) == {
        "a", ".gitmodules", "lib/in/i", "lib/in/.gitignore", "lib/in/new", "tools/nested/n",
        "tools/nested/.gitignore", "tools/nested/deeper/d",
    }  # fmt: skip
    assert skipped(found) == {
        "lib/in/x.log": "ignored by git",
        "tools/nested/n.o": "ignored by git",
    }


def test_a_submodule_that_was_not_fetched_is_an_empty_directory(
    project: Path, tmp_path: Path
) -> None:
    inner = repository(tmp_path / "inner", i="1")
    repository(tmp_path / "outer", a="1")
    git(tmp_path / "outer", "-c", "protocol.file.allow=always", "submodule", "add", "-q",
        str(inner), "lib")  # fmt: skip
    git(tmp_path / "outer", "commit", "-qm", "submodule")
    subprocess.run(["git", "clone", "-q", tmp_path / "outer", project], check=True)
    assert directories(plan(project)) == ["lib"]
    # Files put there by hand (an unpacked archive) belong to the tree as well.
    put(project, {"lib/i": "1"})
    assert "lib/i" in files(plan(project))


def test_a_nested_repository_that_is_broken_is_copied_whole(project: Path) -> None:
    repository(project, a="1")
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},nested")
    put(project, {"nested/.git": "gitdir: /nowhere\n", "nested/n": "1"})
    found = plan(project)
    assert files(found) == {"a", "nested/n"}
    assert "did not list" in found.notes[0]
    assert "around it" not in found.notes[0]


def test_an_ignored_root_is_walked(project: Path) -> None:
    repository(project, **{".gitignore": "scratch/\n*.log\n"})
    put(project, {"scratch/a": "1", "scratch/b.log": "2"})
    found = plan(project / "scratch")
    assert files(found) == {"a", "b.log"}
    assert found.notes == ()


def test_untracked_bulk_is_left_out_and_tracked_bulk_is_not(project: Path) -> None:
    repository(project, **{
        "data/env/pyvenv.cfg": "", "data/env/bin/x": "", "js/node_modules/kept/i.js": "",
    })  # fmt: skip
    put(project, {
        "env/pyvenv.cfg": "", "env/lib/x.py": "", "node_modules/a/i.js": "",
        "web/node_modules/b/node_modules/c/i.js": "", "js/node_modules/new.js": "",
    })  # fmt: skip
    found = plan(project)
    assert files(found) == {
        "data/env/pyvenv.cfg", "data/env/bin/x", "js/node_modules/kept/i.js",
    }  # fmt: skip
    assert skipped(found) == {
        "env/": "a virtual environment",
        "node_modules/": "installed packages",
        "web/node_modules/": "installed packages",
        "js/node_modules/": "installed packages",
    }


def test_surefoots_own_directory_is_left_out_unless_ignored_already(project: Path) -> None:
    repository(project, a="1")
    put(project, {".surefoot/runs/1": "x", "sub/.surefoot/x": "x"})
    assert files(plan(project)) == {"a"}


def test_a_directory_that_git_cannot_read(owned_by_nobody: Path) -> None:
    root = repository(owned_by_nobody / "project", a="1")
    put(root, {"closed/f": "1"})
    (root / "closed").chmod(0)
    with pytest.raises(UserError, match=r"1 paths in .* cannot be read.*: closed; make them"):
        plan(root)
    (root / "closed").chmod(0o700)


# -- plan_copy outside of git


def test_without_git_all_is_taken_but_the_bulk(project: Path) -> None:
    put(project, {
        "a": "1", ".gitignore": "a\n", "pkg/__pycache__/m.cpython-311.pyc": "x", ".hg/x": "",
        "sub/.git/config": "", "sub/f": "", ".surefoot/x": "", "venv/pyvenv.cfg": "",
        "venv/bin/p": "", "web/node_modules/x": "", "web/pyvenv.cfg.txt": "",
    })  # fmt: skip
    (project / "empty").mkdir()
    found = plan(project)
    assert files(found) == {
        "a", ".gitignore", "pkg/__pycache__/m.cpython-311.pyc", "sub/f", "web/pyvenv.cfg.txt",
    }  # fmt: skip
    assert directories(found) == ["empty", "pkg", "pkg/__pycache__", "sub", "web"]
    assert skipped(found) == {
        "venv/": "a virtual environment",
        "web/node_modules/": "installed packages",
    }


@pytest.mark.parametrize("in_git", [True, False])
def test_only_directories_are_left_out_by_name(project: Path, in_git: bool) -> None:
    put(project, {"a/.hg": "", "a/.surefoot": "", "b/.hg/x": "", "b/.surefoot/x": ""})
    if in_git:
        repository(project)
    assert files(plan(project)) == {"a/.hg", "a/.surefoot"}


def test_special_files_are_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)  # a socket's path is short
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
    if os.geteuid() == 0:
        os.mknod("null", 0o20666, os.makedev(1, 3))
    found = skipped(plan(project))
    assert found.pop("null", "a device") == "a device"
    assert found == {"fifo": "a fifo", "sock": "a socket"}


def test_special_files_in_a_repository_are_named(project: Path) -> None:
    repository(project, fifo="tracked as a file")
    (project / "fifo").unlink()
    os.mkfifo(project / "fifo")
    assert skipped(plan(project)) == {"fifo": "a fifo"}


def test_excluded_paths(project: Path) -> None:
    put(project, {"tmp/run/x": "", "tmp/running": "", "a": ""})
    assert files(plan(project, exclude=(str(project / "tmp/run"), "/elsewhere"))) == {
        "tmp/running",
        "a",
    }
    repository(project)
    assert files(plan(project, exclude=(str(project / "tmp"),))) == {"a"}


def test_unreadable_files_and_directories_are_named(owned_by_nobody: Path) -> None:
    root = owned_by_nobody / "project"
    put(root, {f"f{n}": "" for n in range(7)} | {"closed/f": "", "fine": ""})
    for path in root.glob("f?"):
        path.chmod(0)
    (root / "closed").chmod(0)
    with pytest.raises(UserError) as caught:
        plan(root)
    assert "8 paths in" in str(caught.value)
    assert ": closed, f0, f1, f2, f3, and 3 more;" in str(caught.value)
    assert "--workdir shared" in str(caught.value)
    (root / "closed").chmod(0o700)


def test_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "missing"):
        with pytest.raises(UserError, match="is not a directory"):
            plan(tmp_path / name)


def test_odd_names(project: Path) -> None:
    names = [" ", "\n", "*", "ä", "-n", os.fsdecode(b"caf\xe9"), "a\tb", '"q"']
    put(project, dict.fromkeys(names, "x"))
    os.mkfifo(project / os.fsdecode(b"p\xe9\x1b[1m"))
    found = plan(project)
    assert files(found) == set(names)
    # What is shown can be printed, and cannot colour the screen.
    assert skipped(found) == {"p\\udce9\\x1b[1m": "a fifo"}
    repository(project)
    assert files(plan(project)) == set(names)


# -- links


def test_links_are_planned_and_not_followed(project: Path, tmp_path: Path) -> None:
    put(project, {"d/f": "1"})
    put(tmp_path, {"outside/f": "2"})
    aside = str(tmp_path / "outside")
    made = {
        "rel": ("d/f", ("d/f", False)),
        "d/up": ("../rel", ("../rel", False)),
        "cycle": ("cycle", ("cycle", False)),
        "d/parent": ("..", ("..", False)),
        "absolute": (f"{project}/d/f", ("d/f", True)),
        "absolute-dots": (f"{project}/x/../d", ("d", True)),
        "itself": (str(project), ("", True)),
        "out": (aside, (aside, False)),
        "out-relative": ("../outside/f", (f"{aside}/f", False)),
        "d/out-relative": ("../../outside", (aside, False)),
        "out-and-in": ("../project/d", ("d", True)),
        "dangling": ("nowhere", ("nowhere", False)),
        "dangling-absolute": ("/nowhere/at/all", ("/nowhere/at/all", False)),
        "root": ("/", ("/", False)),
        "beside": (f"{project}-too", (f"{project}-too", False)),
    }
    for path, (target, _) in made.items():
        (project / path).symlink_to(target)
    expected = {path: planned for path, (_, planned) in made.items()}
    found = plan(project)
    assert links(found) == expected
    assert files(found) == {"d/f"}
    assert found.notes == ()
    repository(project)
    assert links(plan(project)) == expected


def test_a_link_that_spells_the_root_another_way(project: Path, tmp_path: Path) -> None:
    put(project, {"d/f": "1"})
    (tmp_path / "alias").symlink_to(project)
    (project / "link").symlink_to(tmp_path / "alias/d/f")
    assert links(plan(project)) == {"link": ("d/f", True)}


def test_links_to_what_is_not_copied_are_noted(project: Path) -> None:
    repository(project, **{".gitignore": "local/\n", "d/f": "1"})
    put(project, {"local/settings": "1"})
    (project / "settings").symlink_to("local/settings")
    (project / "absolute").symlink_to(project / "local")
    (project / "fine").symlink_to("d")
    (project / "through").symlink_to("fine/f")
    (note,) = plan(project).notes
    assert note == "2 symbolic links lead to files that are not copied: absolute, settings"


# -- the limit


def test_over_the_limit_says_what_is_big_and_what_helps(project: Path) -> None:
    put(project, {"top": "x" * 10, "many/a/f": "x" * 3_000, "many/b/f": "x" * 3_000})
    put(project, {f"d{n}/deep/er/f": "x" * 1000 * n for n in range(1, 7)})
    with pytest.raises(UserError) as caught:
        plan(project, limit=20_000)
    assert str(caught.value) == (
        f"a copy of {project} for each worker takes 27.0 kB in 9 files, over the limit of "
        "20.0 kB; biggest: d6/deep/er 6.0 kB, many 6.0 kB, d5/deep/er 5.0 kB, "
        "d4/deep/er 4.0 kB, d3/deep/er 3.0 kB. Add what the suite does not need to "
        ".gitignore, raise --workdir-limit, or use --workdir shared and mark the scenarios that "
        "share files with @lock:NAME. (It is not under git, so nothing in it is ignored.)"
    )


def test_over_the_limit_in_a_repository_around_the_project(project: Path) -> None:
    repository(project, **{"top": "x" * 500, "big/f": "x" * 600})
    assert plan(project, limit=1_100).total == 1_100
    with pytest.raises(UserError) as caught:
        plan(project, limit=1_099)
    assert "takes 1.1 kB in 2 files" in str(caught.value)
    assert "biggest: big 600 bytes, . 500 bytes." in str(caught.value)
    assert f"{project} for each" in str(caught.value)
    assert "top of the git repository around the working directory" in str(caught.value)


@pytest.mark.parametrize("in_git", [True, False])
def test_counting_ends_in_a_huge_tree(
    project: Path, monkeypatch: pytest.MonkeyPatch, in_git: bool
) -> None:
    monkeypatch.setattr(survey, "_COUNT_ON", 3)
    put(project, {f"f{n}": "x" * 10 for n in range(9)})
    if in_git:
        repository(project)
    with pytest.raises(UserError, match="takes more than 30 bytes in 3 files"):
        plan(project, limit=15)


def test_sizes_are_said_in_the_units_of_disks() -> None:
    from surefoot.isolation.copyplan import size_text

    assert [size_text(n) for n in (0, 999, 1000, 5_200_000, 5_200_000_000, 7_000_000_000_000)] == [
        "0 bytes", "999 bytes", "1.0 kB", "5.2 MB", "5.2 GB", "7.0 TB",
    ]  # fmt: skip
