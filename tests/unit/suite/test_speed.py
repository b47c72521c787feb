"""The cheaper copies of steps are copies."""

import copy
from pathlib import Path

import pytest
from behave.capture import Captured
from behave.model import ScenarioOutline, ScenarioOutlineBuilder, Step, Table, Text
from behave.model_type import Status
from behave.parser import parse_feature

from surefoot.suite import speed


def make_step() -> Step:
    """A step with everything."""
    table = Table(["a", "b"], rows=[["<x>", "2"]], line=5)
    return Step("features/a.feature", 4, "Given", "given", "a <x>", Text("t", line=6), table)


def test_a_copied_step_shares_nothing_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = copy.deepcopy(make_step())
    monkeypatch.setattr(Step, "__deepcopy__", speed._copy_step, raising=False)
    step = make_step()
    new = copy.deepcopy(step)
    assert new.__dict__.keys() == plain.__dict__.keys()
    assert (new.name, new.keyword, new.line, new.filename) == ("a <x>", "Given", 4, plain.filename)
    assert (new.text, new.text.line) == ("t", 6)
    new.table.rows[0].cells[0] = "1"
    new.table.headings[0] = "c"
    assert step.table.rows[0].cells[0] == "<x>"
    assert step.table.headings == ["a", "b"]
    new.captured.add_captured(Captured(stdout="x", name="step"))
    new.capture_sink.process_captured(Captured(stdout="y", name="step"))
    assert not step.captured.has_output()
    new.status = Status.failed
    assert step.status is Status.untested


def test_what_a_step_captured_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Step, "__deepcopy__", speed._copy_step, raising=False)
    step = make_step()
    step.captured.add_captured(Captured(stdout="x", name="step"))
    new = copy.deepcopy(step)
    assert new.captured.stdout == "x"
    assert new.captured is not step.captured


def test_relative_paths_follow_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert speed._relpath(str(tmp_path / "a.feature")) == "a.feature"
    assert speed._relpath("a.feature") == "a.feature"
    monkeypatch.chdir(tmp_path / "sub")
    assert speed._relpath(str(tmp_path / "a.feature")) == "../a.feature"


def test_names_of_rows_are_behave_s(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "Feature: f\n"
        "  @t\n"
        "  Scenario Outline: <a> and <row.id> of <examples.name>\n"
        "    Given <a>\n"
        "    Examples: first <a>\n      | a | b |\n      | 1 | x |\n      | <b> | y |\n"
        "    Examples:\n      | a |\n      | 3 |\n"
    )
    schemas = (
        ScenarioOutline.annotation_schema,
        "{name} {row.index} {row.name} {examples.index} {examples.id} {examples.name}",
    )

    def names() -> list[str]:
        found = []
        for schema in schemas:
            monkeypatch.setattr(ScenarioOutline, "annotation_schema", schema)
            feature = parse_feature(text, filename="a.feature")
            found += [scenario.name for scenario in feature.walk_scenarios()]
        return found

    expected = names()
    monkeypatch.setattr(ScenarioOutlineBuilder, "make_scenario_name", speed._make_scenario_name)
    assert names() == expected
    assert len(set(expected)) == 6
