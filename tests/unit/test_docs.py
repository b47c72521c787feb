"""What the documents say of the code, checked against the code. Reads; changes nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from surefoot.config.sources import from_file, settings_file
from surefoot.config.tables import read_tables
from surefoot.exitcodes import ExitCode

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"\[[^]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _prose(document: Path) -> str:
    return _CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_exit_code_is_in_its_document_and_no_other() -> None:
    text = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\w+) \| .+ \|$", text, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [
        (code.value, code.name) for code in ExitCode
    ]


def test_the_readme_names_every_exit_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^0 passed · .*$", text, re.MULTILINE)
    assert [int(number) for number in re.findall(r"(?:^|· )(\d+) ", line)] == list(ExitCode)


def test_the_readme_opens_with_what_a_newcomer_types() -> None:
    opening = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert "make demo\nmake test\n" in opening


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    missing = []
    for target, anchor in _LINK.findall(_prose(path)):
        if target.startswith(("https:", "mailto:")):
            continue
        file = path.parent / target if target else path
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            missing.append(f"{target}#{anchor}" if anchor else target)
    assert not missing


def test_the_makefile_has_what_its_help_and_the_documents_name() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r'@echo "make ([a-z]+) ', makefile))
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        named |= set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE))
    assert named
    assert named <= targets


def test_the_quickstart_is_a_suite_that_passes_as_its_readme_says(tmp_path: Path) -> None:
    suite = tmp_path / "quickstart"
    shutil.copytree(ROOT / "examples/quickstart", suite)
    done = subprocess.run(
        [sys.executable, "-m", "behave", "--no-color", "-f", "progress"],
        cwd=suite,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {
        kind.rstrip("s"): int(number)
        for number, kind in re.findall(r"^(\d+) (\w+) passed, 0 failed", done.stdout, re.MULTILINE)
    }
    readme = (suite / "README.md").read_text(encoding="utf-8")
    said = re.search(r"(\d+) features, (\d+) scenarios, all passed", readme)
    assert said is not None
    assert (counts["feature"], counts["scenario"]) == (int(said[1]), int(said[2]))


def test_the_settings_that_the_quickstart_shows_are_valid() -> None:
    given = from_file(*settings_file(str(ROOT / "examples/quickstart")))
    assert [setting.name for setting in given] == ["timeout_scenario"]


def test_the_settings_that_the_documents_show_are_valid(tmp_path: Path) -> None:
    shown = 0
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for block in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            if "[tool.surefoot" in block:
                (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
                filename, table = settings_file(str(tmp_path))
                read_tables(filename, table)
                shown += len(from_file(filename, table))
    assert shown
