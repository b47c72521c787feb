"""Settings that are tables: what they hold, and the sentences about what they may not hold."""

import datetime
from pathlib import Path

import pytest

from surefoot.config.resolve import resolve
from surefoot.config.tables import Tables, TagTable
from surefoot.errors import UserError


def _tables(tmp_path: Path, text: str, name: str = "surefoot.toml") -> Tables:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return resolve([], {}, str(tmp_path)).tables


def test_without_a_file_each_table_has_its_defaults(tmp_path: Path) -> None:
    assert resolve([], {}, str(tmp_path)).tables == Tables()


def test_a_table_stands_beside_options(tmp_path: Path) -> None:
    text = 'jobs = 2\n[tags]\nissue = ["bug"]\nneeds_issue = false\n'
    assert _tables(tmp_path, text).tags == TagTable(issue=("bug",), needs_issue=False)


def test_a_table_of_pyproject(tmp_path: Path) -> None:
    text = '[tool.surefoot.quarantine]\ntags = ["net"]\nuntil = { net = 2026-12-31 }\n'
    quarantine = _tables(tmp_path, text, "pyproject.toml").quarantine
    assert quarantine.until == {"net": datetime.date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tags = 3", "surefoot.toml: tags is a table; write [tool.surefoot.tags]"),
        ("[tags]\nisue = []", "surefoot.toml: [tags] has no key isue (did you mean issue?); known"),
        (
            "[tags]\nissue = 'x'",
            "surefoot.toml: [tags] issue: expected `array`, got `str`; mend it",
        ),
        ("[quarantine.until]\nx = 'soon'", "[quarantine] until[...]: invalid RFC3339"),
        ("[tags\n", "surefoot.toml is not valid TOML"),
    ],
)
def test_mistakes_in_a_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        _tables(tmp_path, text)
    assert message in str(caught.value)
