"""The cache of compiled step modules: an entry is used only where it is right."""

from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from surefoot.suite import codecache
from surefoot.suite.codecache import CodeCache


def run(code: CodeType) -> dict[str, Any]:
    """Execute code and return its globals."""
    found: dict[str, Any] = {}
    exec(code, found)
    return found


def entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


def test_second_use_reads_what_the_first_wrote(tmp_path: Path, monkeypatch: Any) -> None:
    cache = CodeCache(str(tmp_path / "code"))
    first = cache.compile(b"x = 1", "steps/a.py")
    monkeypatch.setattr(
        codecache, "compile", lambda *_a, **_k: pytest.fail("compiled twice"), raising=False
    )
    second = cache.compile(b"x = 1", "steps/a.py")
    assert run(first)["x"] == run(second)["x"] == 1
    assert second.co_filename == "steps/a.py"
    assert len(entries(tmp_path / "code")) == 1


def test_a_changed_source_is_compiled_and_replaces_the_entry(tmp_path: Path) -> None:
    cache = CodeCache(str(tmp_path / "code"))
    cache.compile(b"x = 1", "a.py")
    assert run(cache.compile(b"x = 2", "a.py"))["x"] == 2
    assert len(entries(tmp_path / "code")) == 1


def test_the_same_source_under_another_name_has_its_own_name(tmp_path: Path) -> None:
    cache = CodeCache(str(tmp_path / "code"))
    cache.compile(b"x = 1", "a.py")
    assert cache.compile(b"x = 1", "b.py").co_filename == "b.py"


@pytest.mark.parametrize("damage", [b"", b"short", None, b"\0" * 64])
def test_a_damaged_entry_is_compiled_anew(tmp_path: Path, damage: bytes | None) -> None:
    cache = CodeCache(str(tmp_path / "code"))
    cache.compile(b"x = 1", "a.py")
    (entry,) = entries(tmp_path / "code")
    content = entry.read_bytes()
    entry.write_bytes(content[:20] if damage is None else damage)
    assert run(cache.compile(b"x = 1", "a.py"))["x"] == 1
    assert entry.read_bytes() == content


def test_another_interpreter_has_other_entries(tmp_path: Path, monkeypatch: Any) -> None:
    cache = CodeCache(str(tmp_path / "code"))
    cache.compile(b"x = 1", "a.py")
    (entry,) = entries(tmp_path / "code")
    before = entry.read_bytes()
    monkeypatch.setattr(codecache, "_SETTING", b"other")
    cache.compile(b"x = 1", "a.py")
    assert entry.read_bytes() != before


def test_without_a_directory_that_can_be_written_it_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for directory in ("", str(tmp_path / "file" / "code")):
        assert run(CodeCache(directory).compile(b"x = 1", "a.py"))["x"] == 1


def test_an_error_is_that_of_compile(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError) as raised:
        CodeCache(str(tmp_path)).compile(b"x = (", "a.py")
    assert raised.value.filename == "a.py"
    assert entries(tmp_path) == []
