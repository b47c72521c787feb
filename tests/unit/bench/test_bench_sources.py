"""Archives and stamps: what is unpacked, and when the environment is made anew."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from bench import sources
from bench.sources import (
    BenchError,
    Venv,
    docx_suite,
    environment,
    fetch,
    read_stamp,
    stamp,
    unpack,
)


def _archive(path: Path, top: str) -> str:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in (("features/a.feature", "Feature: a\n"), ("README.md", "hello\n")):
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return str(path)


def test_an_archive_is_unpacked_without_its_top_directory(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "thing-1.0.tar.gz", "thing-1.0")
    root = tmp_path / "tree"
    root.mkdir()
    unpack(archive, str(root))
    assert sorted(os.listdir(root)) == ["README.md", "features"]
    assert (root / "features" / "a.feature").read_text() == "Feature: a\n"


def test_an_archive_that_is_there_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_run", _no_command)
    (tmp_path / "sources").mkdir()
    archive = _archive(tmp_path / "sources" / "python_docx-1.2.0.tar.gz", "python_docx-1.2.0")
    assert fetch("python-docx==1.2.0", str(tmp_path)) == archive
    root = tmp_path / "tree"
    root.mkdir()
    docx_suite(str(tmp_path), ("behave",)).lay_out(str(root))
    assert (root / "features").is_dir()


def test_an_archive_that_did_not_come_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_run", lambda _command, _purpose: "")
    with pytest.raises(BenchError, match=r"not as nothing-1\.0\.tar\.gz"):
        fetch("nothing==1.0", str(tmp_path))


def test_a_command_that_fails_says_what_for() -> None:
    with pytest.raises(BenchError, match=r"could not break things .* 3\):\nit broke"):
        sources._run(["sh", "-c", "echo it broke >&2; exit 3"], "break things")


class _Pip:
    """Stands in for pip and venv: notes what was asked, and makes the interpreter's file."""

    def __init__(self, venv: Venv) -> None:
        self.venv = venv
        self.calls: list[str] = []

    def __call__(self, command: list[str], _purpose: str) -> str:
        if command[1:3] == ["-m", "venv"]:
            os.makedirs(self.venv.bin_dir)
            Path(self.venv.python).touch()
            self.calls.append("venv")
        else:
            self.calls.append(" ".join(os.path.basename(part) for part in command[6:]))
        return ""


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Pip:
    (tmp_path / "sources").mkdir()
    _archive(tmp_path / "sources" / "python_docx-1.2.0.tar.gz", "python_docx-1.2.0")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    fake = _Pip(Venv(str(tmp_path / "bench-venv")))
    monkeypatch.setattr(sources, "_run", fake)
    return fake


def test_the_environment_is_made_once_and_renewed_for_new_metadata(
    tmp_path: Path, pip: _Pip
) -> None:
    where = str(tmp_path)
    peers = "behave==1.3.3 behavex==4.6.8 behave-pool==1.3.0 python_docx-1.2.0.tar.gz"
    checkout = f"--editable {tmp_path.name}"

    assert environment(where, where, surefoot=False) == pip.venv
    assert pip.calls == ["venv", peers]
    environment(where, where, surefoot=True)
    assert pip.calls == ["venv", peers, checkout]
    environment(where, where, surefoot=True)
    environment(where, where, surefoot=False)
    assert pip.calls == ["venv", peers, checkout]
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    environment(where, where, surefoot=True)
    assert pip.calls == ["venv", peers, checkout, checkout]


def test_other_pins_make_a_new_environment(tmp_path: Path, pip: _Pip) -> None:
    where = str(tmp_path)
    environment(where, where, surefoot=False)
    stamp_file = tmp_path / "bench-venv" / "bench-stamp.json"
    stamp_file.write_text(json.dumps({"pins": "behave==1.2.6"}))
    environment(where, where, surefoot=False)
    assert pip.calls.count("venv") == 2


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_damaged_stamp_is_no_stamp(tmp_path: Path, text: str) -> None:
    (tmp_path / "bench-stamp.json").write_text(text)
    assert read_stamp(str(tmp_path)) == {}


def test_the_stamp_names_the_pins(tmp_path: Path) -> None:
    pins = stamp(str(tmp_path), surefoot=False)["pins"]
    assert "behave==1.3.3 behavex==4.6.8 behave-pool==1.3.0 python-docx==1.2.0 3." in pins


def test_versions_are_those_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = [
        {"name": "Behave", "version": "1.3.3"},
        {"name": "pillow", "version": "13.0.0"},
        {"name": "behave-pool", "version": "1.3.0"},
    ]
    monkeypatch.setattr(sources, "_run", lambda _command, _purpose: json.dumps(listing))
    assert Venv("/v").versions() == {"behave": "1.3.3", "behave-pool": "1.3.0"}


def _no_command(command: list[str], _purpose: str) -> str:
    raise AssertionError(f"ran {command}")
