"""Copying a planned tree, seeing what was written in the copy, keeping it, removing it."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surefoot.isolation import filecopy
from surefoot.isolation.tree import (
    CopyError,
    CopyPlan,
    copy_tree,
    keep_written,
    plan_copy,
    remove_tree,
    written,
)

LIMIT = 10_000_000
NOBODY = 65534


def put(at: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def plan(root: Path) -> CopyPlan:
    return plan_copy(str(root), LIMIT)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    put(root, {"a": "1", "sub/b": "22", "sub/in/c": "333", "run.sh": "#!/bin/sh\n"})
    (root / "run.sh").chmod(0o750)
    (root / "empty").mkdir()
    (root / "link").symlink_to("sub/b")
    (root / "absolute").symlink_to(root / "sub")
    (root / "itself").symlink_to(root)
    for n, path in enumerate(sorted(root.rglob("*"))):
        if not path.is_symlink():
            os.utime(path, ns=(1, 1_000_000_000_000_000_001 + n))
    return root


@pytest.fixture
def copied(project: Path, tmp_path: Path) -> tuple[CopyPlan, Path]:
    return copy_tree(plan(project), str(tmp_path / "copy")), tmp_path / "copy"


@pytest.fixture
def bound_by_modes(tmp_path: Path) -> Iterator[Path]:
    """A directory worked on as a user whom modes bind, also where the tests run as root."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    os.chown(root, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield root
    finally:
        os.seteuid(0)
        shutil.rmtree(root)


def listing(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        name, status = str(path.relative_to(root)), path.lstat()
        if path.is_symlink():
            found[name] = ("link",)
        else:
            text = path.read_bytes() if path.is_file() else None
            found[name] = (text, status.st_mode, status.st_mtime_ns)
    return found


# -- copy_tree


def test_a_copy_is_the_same(project: Path, tmp_path: Path) -> None:
    planned = plan(project)
    copied = copy_tree(planned, str(tmp_path / "deep/down/copy"))
    assert copied is planned
    assert listing(tmp_path / "deep/down/copy") == listing(project)


def test_the_copy_is_private(copied: tuple[CopyPlan, Path]) -> None:
    assert copied[1].stat().st_mode & 0o777 == 0o700


def test_links_lead_into_the_copy(copied: tuple[CopyPlan, Path]) -> None:
    _, copy = copied
    assert os.readlink(copy / "link") == "sub/b"
    assert os.readlink(copy / "absolute") == str(copy / "sub")
    assert os.readlink(copy / "itself") == str(copy)


def test_writing_in_place_never_reaches_the_original(
    project: Path, copied: tuple[CopyPlan, Path]
) -> None:
    _, copy = copied
    with open(copy / "a", "r+") as file:
        file.write("X")
    with open(copy / "absolute/b", "a") as file:
        file.write("X")
    assert (project / "a").read_text() == "1"
    assert (project / "sub/b").read_text() == "22"
    assert (project / "a").stat().st_nlink == 1


def test_read_only_directories_and_files(bound_by_modes: Path) -> None:
    root, copy = bound_by_modes / "project", bound_by_modes / "copy"
    put(root, {"locked/f": "1", "locked/in/g": "2"})
    (root / "locked/f").chmod(0o444)
    for name in ("locked/in", "locked"):
        (root / name).chmod(0o555)
    copy_tree(plan(root), str(copy))
    assert listing(copy) == listing(root)
    remove_tree(str(copy))
    assert not copy.exists()
    assert (root / "locked/in/g").exists()
    remove_tree(str(root))


def test_two_names_of_one_file_become_two(project: Path, tmp_path: Path) -> None:
    os.link(project / "a", project / "a2")
    copy_tree(plan(project), str(tmp_path / "copy"))
    (tmp_path / "copy/a").write_text("changed")
    assert (tmp_path / "copy/a2").read_text() == "1"


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 17])
@pytest.mark.parametrize("way", ["kernel", "no kernel", "refused", "short", "absent"])
def test_every_way_copies_every_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, size: int
) -> None:
    data = os.urandom(size)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/f").write_bytes(data)
    real = os.copy_file_range

    def refused(source: int, target: int, count: int) -> int:
        raise OSError(errno.EXDEV, "not on this file system")

    def short(source: int, target: int, count: int) -> int:
        monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)
        return real(source, target, min(count, 5))

    if way == "absent":
        monkeypatch.delattr(os, "copy_file_range")
    elif way in {"refused", "short"}:
        monkeypatch.setattr(os, "copy_file_range", {"refused": refused, "short": short}[way])
    elif way == "no kernel":
        monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)
    copy_tree(plan(tmp_path / "project"), str(tmp_path / "copy"))
    assert (tmp_path / "copy/f").read_bytes() == data


def test_blocks_are_shared_where_the_file_system_can(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def clone(target: int, request: int, source: int) -> int:
        asked.append(request)
        os.write(target, b"by reference")
        return 0

    monkeypatch.setattr(filecopy.fcntl, "ioctl", clone)  # type: ignore[attr-defined]
    copy_tree(plan(project), str(tmp_path / "copy"))
    assert asked == [0x40049409] * 4
    assert (tmp_path / "copy/a").read_text() == "by reference"


def test_sharing_is_asked_once_of_a_device_that_cannot(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def clone(target: int, request: int, source: int) -> int:
        asked.append(request)
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(filecopy.fcntl, "ioctl", clone)  # type: ignore[attr-defined]
    copy_tree(plan(project), str(tmp_path / "copy"))
    assert len(asked) == 1
    assert listing(tmp_path / "copy") == listing(project)


def test_an_empty_directory_may_be_there_and_a_full_one_not(project: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    copy_tree(plan(project), str(tmp_path / "copy"))
    with pytest.raises(CopyError, match="is not empty"):
        copy_tree(plan(project), str(tmp_path / "copy"))
    assert (tmp_path / "copy/a").exists()


def test_a_place_that_cannot_be_made(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CopyError, match=r"could not be copied to .*/file/copy: .*/file$"):
        copy_tree(plan(project), str(tmp_path / "file/copy"))


def test_what_vanished_or_changed_in_between(project: Path, tmp_path: Path) -> None:
    put(project, {"log": "1", "fifo": "", "link-now": "", "dir/gone": ""})
    planned = plan(project)
    (project / "a").unlink()
    shutil.rmtree(project / "dir")
    (project / "dir").touch()
    (project / "fifo").unlink()
    os.mkfifo(project / "fifo")
    (project / "link-now").unlink()
    (project / "link-now").symlink_to("sub/b")
    with open(project / "log", "a") as log:
        log.write("2345")
    copied = copy_tree(planned, str(tmp_path / "copy"))
    reason = "vanished before it was copied"
    assert {item.path: item.reason for item in copied.skipped} == dict.fromkeys(
        ("a", "dir/gone", "fifo", "link-now"), reason
    )
    assert (tmp_path / "copy/log").read_text() == "12345"
    assert copied.total == sum(file.size for file in copied.files)
    assert written(copied, str(tmp_path / "copy")) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_cleaned_up(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(source: int, target: int, count: int) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(CopyError) as caught:
        copy_tree(plan(project), str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()
    text = str(caught.value)
    assert "the disk or its quota is full (" in text
    assert " free now): a copy of" in text
    assert "takes 16 bytes at" in text
    assert "fewer workers, or use --workdir shared" in text


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """On a small file system of its own, where the system lets us mount one."""
    (tmp_path / "small").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project/f").write_bytes(bytes(500_000))
    code = (
        "import os, sys\n"
        "from surefoot.isolation.tree import CopyError, copy_tree, plan_copy\n"
        "try:\n"
        "    copy_tree(plan_copy('project', 10**9), 'small/copy')\n"
        "except CopyError as error:\n"
        "    print(error, os.listdir('small'))\n"
    )
    mounted = 'mount -t tmpfs -o size=256k none small || exit 99; exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, sys.executable,
         code],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no mount here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert "the disk or its quota is full" in done.stdout
    assert "takes 500.0 kB at" in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a bug")])
def test_whatever_ends_a_copy_it_is_cleaned_up(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(*_: int) -> int:
        raise error

    monkeypatch.setattr(os, "copy_file_range", broken)
    with pytest.raises(type(error)):
        copy_tree(plan(project), str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


def test_a_file_that_became_unreadable_is_named(bound_by_modes: Path) -> None:
    root = bound_by_modes / "project"
    put(root, {"a": "1", "secret": "2"})
    planned = plan(root)
    (root / "secret").chmod(0)
    with pytest.raises(CopyError, match=r"Permission denied: .*/project/secret"):
        copy_tree(planned, str(bound_by_modes / "copy"))
    assert not (bound_by_modes / "copy").exists()


# -- written


def test_nothing_written(copied: tuple[CopyPlan, Path]) -> None:
    planned, copy = copied
    assert written(planned, str(copy)) == []


Change = Callable[[Path], object]


def in_place(copy: Path) -> None:
    """Same size, and the bytes are not looked at: the time tells."""
    (copy / "a").write_text("2")


def replaced_by_directory(copy: Path) -> None:
    (copy / "a").unlink()
    put(copy, {"a/inner": ""})


def replaced_by_link(copy: Path) -> None:
    shutil.rmtree(copy / "sub")
    (copy / "sub").symlink_to("/etc")


def compiled(copy: Path) -> None:
    put(copy, {"sub/__pycache__/b.pyc": "", "__pycache__/a.pyc": ""})


def relinked(copy: Path) -> None:
    (copy / "link").unlink()
    (copy / "link").symlink_to("a")


def unlinked_to_file(copy: Path) -> None:
    (copy / "link").unlink()
    (copy / "link").write_text("22")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (in_place, ["a"]),
        (lambda copy: (copy / "a").write_text("longer"), ["a"]),
        (lambda copy: (copy / "a").chmod(0o600), ["a"]),
        (lambda copy: (copy / "a").unlink(), ["a"]),
        (lambda copy: put(copy, {"new": "", "out/deep/new": ""}), ["new", "out/deep/new"]),
        (lambda copy: (copy / "sub/b").rename(copy / "sub/z"), ["sub/b", "sub/z"]),
        (lambda copy: shutil.rmtree(copy / "sub"), ["sub/b", "sub/in/c"]),
        (lambda copy: (copy / "empty").rmdir(), ["empty"]),
        (lambda copy: (copy / "made/in").mkdir(parents=True), ["made/in"]),
        (lambda copy: os.mkfifo(copy / "fifo"), ["fifo"]),
        (lambda copy: (copy / "dangling").symlink_to("x"), ["dangling"]),
        (replaced_by_directory, ["a", "a/inner"]),
        (replaced_by_link, ["sub", "sub/b", "sub/in/c"]),
        (compiled, []),
        (relinked, ["link"]),
        (unlinked_to_file, ["link"]),
    ],
)
def test_what_was_written(
    copied: tuple[CopyPlan, Path], change: Change, expected: list[str]
) -> None:
    planned, copy = copied
    change(copy)
    assert written(planned, str(copy)) == expected


def test_a_copy_that_is_gone_altogether(copied: tuple[CopyPlan, Path]) -> None:
    planned, copy = copied
    shutil.rmtree(copy)
    assert written(planned, str(copy)) == [
        "a", "absolute", "empty", "itself", "link", "run.sh", "sub/b", "sub/in/c",
    ]  # fmt: skip


def test_a_directory_that_was_closed_stands_for_what_is_in_it(bound_by_modes: Path) -> None:
    root, copy = bound_by_modes / "project", bound_by_modes / "copy"
    put(root, {"a": "1", "sub/b": "2", "sub/in/c": "3"})
    planned = copy_tree(plan(root), str(copy))
    (copy / "sub").chmod(0)
    assert written(planned, str(copy)) == ["sub"]
    remove_tree(str(copy))


# -- keep_written


def test_what_was_written_is_kept(copied: tuple[CopyPlan, Path], tmp_path: Path) -> None:
    planned, copy = copied
    put(copy, {"a": "changed", "out/deep/new": "new"})
    (copy / "sub/b").unlink()
    (copy / "made").mkdir()
    os.mkfifo(copy / "fifo")
    (copy / "to-new").symlink_to(copy / "out")
    (copy / "to-outside").symlink_to("/etc")
    paths = [*written(planned, str(copy)), "vanished"]
    dest = tmp_path / "kept"
    kept = keep_written(planned, str(copy), str(dest), paths)
    assert kept.paths == ("a", "made", "out/deep/new", "to-new", "to-outside")
    assert {item.path: item.reason for item in kept.left_out} == {
        "fifo": "a fifo",
        "sub/b": "removed by the run",
        "vanished": "no longer there",
    }
    assert (dest / "a").read_text() == "changed"
    assert (dest / "a").stat().st_mtime_ns == (copy / "a").stat().st_mtime_ns
    assert (dest / "to-new/deep/new").read_text() == "new"
    assert os.readlink(dest / "to-outside") == "/etc"
    assert (dest / "made").is_dir()
    remove_tree(str(copy))
    assert (dest / "to-new/deep/new").read_text() == "new"


def test_keeping_twice_keeps_the_later(copied: tuple[CopyPlan, Path], tmp_path: Path) -> None:
    planned, copy = copied
    for text in ("one", "two"):
        (copy / "a").write_text(text)
        keep_written(planned, str(copy), str(tmp_path / "kept"), ["a"])
    assert (tmp_path / "kept/a").read_text() == "two"


def test_what_is_kept_is_limited(copied: tuple[CopyPlan, Path], tmp_path: Path) -> None:
    planned, copy = copied
    put(copy, {"one": "x" * 60, "two": "x" * 60, "three": "x" * 40})
    kept = keep_written(
        planned, str(copy), str(tmp_path / "kept"), ["one", "two", "three"], limit=100
    )
    assert kept.paths == ("one", "three")
    (left,) = kept.left_out
    assert (left.path, left.reason) == (
        "two",
        "60 bytes, over the limit of 100 bytes for what is kept",
    )


@pytest.mark.parametrize("path", ["../project/a", "leading-out/a"])
def test_nothing_outside_of_the_copy_is_kept(
    project: Path, copied: tuple[CopyPlan, Path], tmp_path: Path, path: str
) -> None:
    planned, copy = copied
    (copy / "leading-out").symlink_to(project)
    kept = keep_written(planned, str(copy), str(tmp_path / "kept"), [path])
    assert kept.paths == ()
    assert kept.left_out[0].reason == "outside of the copy"
    assert not (tmp_path / "kept").exists()


def test_an_unreadable_file_is_left_out(bound_by_modes: Path) -> None:
    root, copy = bound_by_modes / "project", bound_by_modes / "copy"
    put(root, {"a": "1"})
    planned = copy_tree(plan(root), str(copy))
    put(copy, {"secret": "x"})
    (copy / "secret").chmod(0)
    kept = keep_written(planned, str(copy), str(bound_by_modes / "kept"), ["secret"])
    assert kept.left_out[0].reason == "cannot be read: Permission denied"


def test_a_place_that_cannot_be_written_to(copied: tuple[CopyPlan, Path], tmp_path: Path) -> None:
    planned, copy = copied
    (tmp_path / "file").touch()
    with pytest.raises(CopyError, match="could not be copied to"):
        keep_written(planned, str(copy), str(tmp_path / "file"), ["sub/b"])


# -- remove_tree


def test_a_file_a_link_and_nothing_are_removed(tmp_path: Path) -> None:
    put(tmp_path, {"file": "", "dir/inner": ""})
    (tmp_path / "link").symlink_to("dir")
    for name in ("file", "link", "missing", "file/below"):
        remove_tree(str(tmp_path / name))
    assert sorted(os.listdir(tmp_path)) == ["dir"]
    assert (tmp_path / "dir/inner").exists()


def test_closed_directories_are_opened_and_links_in_them_are_not_followed(
    bound_by_modes: Path,
) -> None:
    root, outside = bound_by_modes / "tree", bound_by_modes / "outside"
    put(root, {"a/b/c/f": "", "a/g": ""})
    put(outside, {"f": ""})
    outside.chmod(0o500)
    (root / "a/link").symlink_to(outside)
    for name, mode in (("a/b/c", 0), ("a/b", 0o400), ("a", 0o500)):
        (root / name).chmod(mode)
    remove_tree(str(root))
    assert not root.exists()
    assert outside.stat().st_mode & 0o777 == 0o500
    outside.chmod(0o700)


def test_what_stays_is_named(bound_by_modes: Path) -> None:
    put(bound_by_modes, {"closed/tree/f": ""})
    (bound_by_modes / "closed").chmod(0o500)
    with pytest.raises(CopyError, match=r"/closed/tree could not be removed: .*denied"):
        remove_tree(str(bound_by_modes / "closed/tree"))
    (bound_by_modes / "closed").chmod(0o700)


def test_a_process_that_still_writes_is_outlasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"tree/f": ""})
    real, calls = shutil.rmtree, 0

    def racing(path: str) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise (FileNotFoundError if calls == 1 else OSError)(errno.ENOTEMPTY, "not empty", path)
        real(path)

    monkeypatch.setattr(shutil, "rmtree", racing)
    remove_tree(str(tmp_path / "tree"))
    assert not (tmp_path / "tree").exists()
    calls = -9
    put(tmp_path, {"tree/f": ""})
    with pytest.raises(CopyError, match="not empty"):
        remove_tree(str(tmp_path / "tree"))
