"""What `surefoot check --fix` mends, by the installed command, and what SARIF says of it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.checked import Suite, copy
from tests.e2e.project import Project


@pytest.fixture
def faults(tmp_path: Path) -> Suite:
    """The suite with each fault."""
    return copy("faults", tmp_path)


def test_what_sarif_says_of_fixes_does_what_fix_does(faults: Suite, tmp_path: Path) -> None:
    feature = faults.path / "features" / "faults.feature"
    feature.write_bytes(feature.read_bytes().replace(b"\n", b"\r\n"))
    twin = Suite(shutil.copytree(faults.path, tmp_path / "twin"))
    (run,) = json.loads(twin.check("--format", "sarif").stdout)["runs"]
    fixed = {result["ruleId"] for result in run["results"] if "fixes" in result}
    assert fixed == {item["rule"] for item in twin.found() if item["fixable"]}
    assert fixed >= {"SF501", "SF503", "SF601"}
    apply_fixes(run["results"], twin.path)
    assert "mended 3 findings" in faults.check("--fix").stderr
    for path in faults.path.rglob("*.*"):
        if ".surefoot" not in path.parts and path.is_file():
            assert (twin.path / path.relative_to(faults.path)).read_bytes() == path.read_bytes()


def apply_fixes(results: list[dict[str, Any]], root: Path) -> None:
    """Do what an editor does with the first fix of each result; none may overlap."""
    wanted: dict[str, list[tuple[int, int, int, int, str]]] = {}
    for result in results:
        for change in [c for fix in result.get("fixes", [])[:1] for c in fix["artifactChanges"]]:
            for item in change["replacements"]:
                region = item["deletedRegion"]
                names = ("startLine", "startColumn", "endLine", "endColumn")
                start, column, end, last = (region[name] for name in names)
                wanted.setdefault(change["artifactLocation"]["uri"], []).append(
                    (start, column, end, last, item["insertedContent"]["text"])
                )
    for uri, replacements in wanted.items():
        path = root / uri
        lines = [*path.read_bytes().decode().splitlines(keepends=True), ""]
        for start, column, end, last, text in sorted(replacements, reverse=True):
            whole = lines[start - 1][: column - 1] + text + lines[end - 1][last - 1 :]
            lines[start - 1 : end] = [whole]
        path.write_bytes("".join(lines).encode())


def test_fix_mends_what_is_safe_and_keeps_the_rest(faults: Suite) -> None:
    feature = faults.path / "features" / "faults.feature"
    feature.write_bytes(feature.read_bytes().replace(b"\n", b"\r\n"))
    feature.chmod(0o640)
    steps = faults.path / "features" / "steps" / "faults.py"
    latin = steps.read_text(encoding="utf-8").replace("a paid order", "a paid caf\u00e9")
    steps.write_bytes(b"# -*- coding: latin-1 -*-\n" + latin.encode("latin-1"))
    before = {path: path.read_bytes() for path in faults.path.rglob("*") if path.is_file()}

    diff = faults.check("--diff")
    assert diff.returncode == 6
    assert "+  @tdd_issue @tdd_issue_12" in diff.stdout
    assert '+        raise ValueError("no such thing") from error' in diff.stdout
    assert {p: p.read_bytes() for p in before} == before, "--diff writes nothing"

    done = faults.check("--fix")
    assert "mended 3 findings in 2 files" in done.stderr
    assert not {"SF501", "SF503", "SF601"} & {item["rule"] for item in faults.found()}
    mended = feature.read_bytes()
    assert mended.count(b"\r\n") == mended.count(b"\n")
    assert b"  @tdd_issue @tdd_issue_12\r\n" in mended
    assert feature.stat().st_mode & 0o777 == 0o640
    assert "caf\u00e9".encode("latin-1") in steps.read_bytes()
    changed = {path for path, data in before.items() if path.read_bytes() != data}
    assert changed == {feature, steps}
    assert "mended" not in faults.check("--fix").stderr


def test_mktemp_becomes_a_name_in_a_directory_that_is_removed(project: Project) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given two files\n")
    project.steps(
        """\
        import os
        import tempfile
        from behave import given

        @given("two files")
        def two(context):
            if context:
                context.url = "sqlite://" + tempfile.mktemp(suffix=".db")
                context.pair = (tempfile.mktemp(".b", dir=os.curdir), tempfile.mktemp())
            for path in (context.url[9:], *context.pair):
                assert not os.path.exists(path)
                open(path, "x").close()
            with open("paths", "w") as file:
                file.write("\\n".join([context.url[9:], *context.pair]))
        """
    )
    path = project.path / "features" / "steps" / "more.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    # Two names in one statement are mended one after the other.
    project.call("check", "--fix")
    assert project.call("check", "--fix").returncode == 0
    text = path.read_bytes().decode()
    assert text.count("\r\n") == text.count("\n")
    assert "mktemp" not in text
    assert (
        "        temporary = tempfile.TemporaryDirectory()\r\n"
        "        context.add_cleanup(temporary.cleanup)\r\n"
        '        context.url = "sqlite://" + os.path.join(temporary.name, "file.db")\r\n'
    ) in text
    assert "TemporaryDirectory(dir=os.curdir)" in text
    assert project.run().code == 0
    names = (project.path / "paths").read_text(encoding="utf-8").splitlines()
    assert len(set(map(os.path.dirname, names))) == 3
    assert not any((project.path / os.path.dirname(name)).exists() for name in names)


def test_mktemp_is_left_where_nothing_tells_when_its_file_is_needed_no_more(
    project: Project,
) -> None:
    project.feature("a", "Feature: a\n  Scenario: s\n    Given it passes\n")
    project.steps(
        """\
        import os
        import tempfile
        from behave import given

        PATH = tempfile.mktemp()

        def name():
            return tempfile.mktemp(suffix=".db")

        @given("names")
        def names(context):
            path = tempfile.mktemp()
            context.paths = [tempfile.mktemp() for _ in range(2)]
            context.later = lambda: tempfile.mktemp()
            os.path = tempfile.mktemp()
            context.first = 1; context.second = tempfile.mktemp()
        """
    )
    path = project.path / "features" / "steps" / "more.py"
    before = path.read_bytes()
    told = [item for item in Suite(project.path).found("--fix") if item["rule"] == "SF401"]
    assert [(item["line"], item["fixable"]) for item in told] == [
        (line, False) for line in (5, 8, 12, 13, 14, 15, 16)
    ]
    assert path.read_bytes() == before
