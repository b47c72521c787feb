"""Workers' and scenarios' directories: made, pointed to, kept and removed."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from surefoot.errors import UserError
from surefoot.isolation import directories, scope
from surefoot.isolation.directories import Directories, Temporary


@pytest.fixture(autouse=True)
def below_a_directory(tmp_path: Path) -> Iterator[Path]:
    before = Temporary.now()
    tmp_path.chmod(0o1777)
    directories.point_to(str(tmp_path))
    yield tmp_path
    before.restore()
    scope.close_scenario(failed=False)


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_rights_are_those_of_the_temporary_directory(below_a_directory: Path) -> None:
    base = directories.make_base()
    here = Directories(base, 3)
    assert (mode(base), mode(here.top), mode(here.make_tmp())) == (0o711, 0o711, 0o1777)
    below_a_directory.chmod(0o700)
    private = directories.make_base()
    assert mode(private) == 0o700
    assert mode(Directories(private, 0).make_tmp()) == 0o700


def test_temporary_files_go_there_and_back_again(below_a_directory: Path) -> None:
    tmp = Directories(directories.make_base(), 0).make_tmp()
    before = directories.point_to(tmp)
    assert os.path.dirname(tempfile.mkdtemp()) == tmp
    assert os.path.dirname(tempfile.mktemp()) == tmp
    child = subprocess.run(["mktemp"], capture_output=True, text=True, check=True).stdout.strip()
    assert os.path.dirname(child) == tmp
    before.restore()
    assert os.path.dirname(tempfile.mkdtemp()) == str(below_a_directory)


def test_a_tmpdir_that_the_suite_removed_is_made_again() -> None:
    here = Directories(directories.make_base(), 0)
    os.rmdir(here.make_tmp())
    assert os.path.isdir(here.make_tmp())
    os.rmdir(here.tmp)
    os.rmdir(here.top)
    assert os.path.isdir(here.make_scenario())


def test_two_processes_of_one_worker_have_different_directories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = directories.make_base()
    first = Directories(base, 0).make_scenario()
    # The next process of the worker; its number may even be the same one.
    second = Directories(base, 0).make_scenario()
    assert first != second


def test_the_end_of_a_run_keeps_what_failing_scenarios_left(below_a_directory: Path) -> None:
    base = directories.make_base()
    green, red = Directories(base, 0), Directories(base, 1)
    for here in (green, red):
        Path(here.make_tmp(), "file").write_text("x")
    red.make_scenario()
    assert directories.settle(base)
    assert sorted(os.listdir(base)) == ["w1"]
    assert os.listdir(red.top) == ["t"]
    assert os.listdir(red.tmp) == ["file"]


def test_the_end_of_a_run_without_failures_leaves_nothing(below_a_directory: Path) -> None:
    base = directories.make_base()
    here = Directories(base, 0)
    locked = Path(here.make_tmp(), "closed")
    locked.mkdir()
    (locked / "file").write_text("x")
    locked.chmod(0o500)
    assert directories.remove(here.make_scenario()) == ""
    assert not directories.settle(base)
    assert os.listdir(below_a_directory) == []


def test_what_a_run_left_goes_with_the_run(below_a_directory: Path) -> None:
    run_dir = below_a_directory / "run"
    run_dir.mkdir()
    base = directories.make_base(str(run_dir))
    Path(Directories(base, 0).make_scenario(), "file").write_text("x")
    directories.remove_base_of(str(run_dir))
    assert not os.path.exists(base)
    directories.remove_base_of(str(run_dir))


@pytest.mark.parametrize("target", ["precious", "sf-link"])
def test_a_link_to_anything_else_removes_nothing(below_a_directory: Path, target: str) -> None:
    precious = below_a_directory / "precious"
    precious.mkdir()
    (below_a_directory / "sf-link").symlink_to(precious)
    (below_a_directory / "scratch").symlink_to(below_a_directory / target)
    directories.remove_base_of(str(below_a_directory))
    assert precious.is_dir()


def test_a_path_too_long_for_sockets_is_said() -> None:
    assert directories.why_not_private("/tmp/sf-12345678") == ""
    why = directories.why_not_private("/" + "x" * 60)
    assert "67 bytes" not in why
    assert "too long for the sockets" in why
    assert "set TMPDIR" in why


def test_a_suite_that_chose_its_own_directory_is_seen(
    below_a_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = Temporary.now()
    tempfile.gettempdir()
    assert not before.chosen_since(str(below_a_directory))
    monkeypatch.setattr(tempfile, "tempdir", "/elsewhere")
    assert before.chosen_since(str(below_a_directory))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert before.chosen_since(str(below_a_directory))


def test_scenario_dir_says_where_it_can_be_called(below_a_directory: Path) -> None:
    with pytest.raises(UserError, match=r"while no scenario runs.*surefoot.enable"):
        directories.scenario_dir()
    scope.open_scenario(scope.Scenario("a", ""))
    with pytest.raises(UserError, match="SF411"):
        directories.scenario_dir()
    scope.open_scenario(scope.Scenario("a", str(below_a_directory)))
    assert directories.scenario_dir() == str(below_a_directory)


def test_an_empty_directory_serves_the_next_scenario_and_a_used_one_does_not() -> None:
    base = directories.make_base()
    here = Directories(base, 0)
    first = here.make_scenario()
    assert here.settle_scenario(first) == ""
    second = here.make_scenario()
    assert second == first
    Path(second, "file").write_text("x")
    assert here.settle_scenario(second) == ""
    third = here.make_scenario()
    assert third != second
    assert not os.path.exists(second)
    here.settle_scenario(third)
    # A straggler of the scenario before has written.
    Path(third, "late").write_text("x")
    assert here.make_scenario() != third
    here.end()


def test_the_spare_directory_of_a_worker_that_ends_is_no_failed_scenario(
    below_a_directory: Path,
) -> None:
    base = directories.make_base()
    here = Directories(base, 0)
    Path(here.make_tmp(), "file").write_text("x")
    here.settle_scenario(here.make_scenario())
    here.end()
    assert not directories.settle(base)


def test_what_is_left_of_a_run_that_is_gone_goes_after_two_days(below_a_directory: Path) -> None:
    bases = {}
    for name in ("there", "gone", "gone and old"):
        run_dir = below_a_directory / name
        run_dir.mkdir()
        bases[name] = directories.make_base(str(run_dir))
        Path(Directories(bases[name], 0).make_scenario(), "file").write_text("x")
        if name != "there":
            shutil.rmtree(run_dir)
        if name != "gone":
            os.utime(bases[name], (0, 0))
    (below_a_directory / "sf-theirs").mkdir()
    os.utime(below_a_directory / "sf-theirs", (0, 0))
    directories.remove_orphans(str(below_a_directory))
    left = {name for name, base in bases.items() if os.path.isdir(base)}
    assert left == {"there", "gone"}
    assert (below_a_directory / "sf-theirs").is_dir()
    assert (below_a_directory / "there").is_dir()


def test_the_link_to_the_run_neither_keeps_a_directory_nor_loses_the_run(
    below_a_directory: Path,
) -> None:
    run_dir = below_a_directory / "run"
    (run_dir / "sub").mkdir(parents=True)
    base = directories.make_base(str(run_dir))
    here = Directories(base, 0)
    here.make_tmp()
    assert not directories.settle(base)
    assert not os.path.exists(base)
    assert (run_dir / "sub").is_dir()
