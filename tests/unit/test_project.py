"""The project's own rules that are cheap to check: versions, docstrings, sizes, pins, paths."""

import ast
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import surefoot

ROOT = Path(__file__).parents[2]
SUITES = "tests/suites/"
LONGEST_MODULE = 600

# Written so that this file does not match itself.
# Users of public CI runners are no machine of ours; readers of CI logs know them.
_MACHINE = re.compile(
    r"(?<![\w.~$}-])/(?:(?:root|work)/\w|(?:home|Users)/(?!(?:runner|travis)/)\w)"
)
_REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|crates\.io|deb\.debian\.org")
_INDEX = re.compile(r"^\s*(?:-i\b|--(?:extra-)?index-url|--find-links|-f\b|-e\b|--trusted-host)")
_BINARY = frozenset({".png", ".gz", ".zip", ".ico"})


def _git_files() -> list[str]:
    """Every file that is or would be in the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git work tree (a source archive has no list of its files)")
    names = [os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]
    return [name for name in dict.fromkeys(names) if (ROOT / name).is_file()]


def _modules() -> list[str]:
    return sorted(
        str(path.relative_to(ROOT))
        for folder in ("src", "tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if not str(path.relative_to(ROOT)).startswith(SUITES)
    )


def _project() -> dict[str, Any]:
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]  # type: ignore[no-any-return]


def _pins() -> dict[str, str]:
    pins = {}
    for line in (ROOT / "requirements/dev.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.lstrip().startswith("#"):
            match = re.fullmatch(r"([\w.-]+)==([\w.]+)(?: ; .+)?", line)
            assert match is not None, f"not a pin: {line}"
            pins[_normal(match[1])] = match[2]
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_package_and_its_metadata_have_one_version() -> None:
    assert _project()["version"] == surefoot.__version__


def test_the_changelog_has_a_place_for_what_comes() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## [Unreleased]\n" in text


@pytest.mark.parametrize("module", _modules())
def test_a_module_says_what_it_is_for_and_stays_short(module: str) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)) or not source.strip(), "it has no docstring"
    assert source.count("\n") <= LONGEST_MODULE


def test_no_package_is_empty() -> None:
    empty = [
        str(folder.relative_to(ROOT))
        for folder in (ROOT / "src/surefoot").iterdir()
        if (folder / "__init__.py").exists() and len(list(folder.glob("*.py"))) < 2
    ]
    assert not empty


def test_every_folder_of_modules_is_a_package() -> None:
    # A folder without __init__.py imports too, and is then left out by tools that look for one.
    folders = {path.parent for path in (ROOT / "src/surefoot").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for name in _git_files():
        if name.startswith(SUITES) or Path(name).suffix in _BINARY:
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if _MACHINE.search(line) or _REGISTRY.search(line):
                found.append(f"{name}:{number}: {line.strip()}")
    assert not found


@pytest.mark.parametrize("text", ["see /" + "home/somebody/x", "https://pypi" + ".org/simple"])
def test_the_rule_about_machines_and_registries_can_fail(text: str) -> None:
    assert _MACHINE.search(text) or _REGISTRY.search(text)


def test_the_lock_pins_all_that_is_asked_for() -> None:
    lines = (ROOT / "requirements/dev.in").read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line and not line.startswith("#")]
    asked += _project()["dependencies"]
    names = {_normal(re.split(r"[<>=!~; \[]", requirement, maxsplit=1)[0]) for requirement in asked}
    assert names <= _pins().keys()


def test_the_lock_depends_on_no_place() -> None:
    text = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if _INDEX.match(line) or " @ " in line] == []


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").rstrip().endswith(" test")
