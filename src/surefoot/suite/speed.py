"""Three places of behave's model that dominate parsing, made cheaper with the same result.

Rows of Scenario Outlines are made by `copy.deepcopy` of each step, 60 objects a step, nearly all
of them empty; and the name of each row by two objects of a class that is made for it. And each
statement computes its file's relative path anew. Together that is a third of the time between the
start and the first scenario of a suite with many outlines.
"""

import copy
import functools
import os
from typing import Any

import behave.model_core
from behave.capture import CaptureSinkAsCollector, ManyCaptured
from behave.model import ScenarioOutlineBuilder, Step

_original_relpath = behave.model_core.make_relpath_if_possible
_PLAIN = frozenset({str, int, float, bool, type(None)})
_NOT_WALKED = frozenset({"location", "status", "_captured", "_capture_sink"})
"""Locations and statuses are values: behave and its users only read them."""


def install() -> None:
    """Change behave in this process; a second call changes nothing."""
    behave.model_core.make_relpath_if_possible = _relpath
    Step.__deepcopy__ = _copy_step
    ScenarioOutlineBuilder.make_scenario_name = _make_scenario_name


@functools.lru_cache(maxsize=4096)
def _known_relpath(filename: str, directory: str, _cwd: str) -> str:
    return str(_original_relpath(filename, directory))


def _relpath(filename: str, base_directory: str | None = None) -> str:
    cwd = os.getcwd()
    return _known_relpath(filename, base_directory or cwd, cwd)


def _copy_step(step: Step, memo: dict[int, Any]) -> Step:
    """`copy.deepcopy` of a step, without walking through what cannot change."""
    new = Step.__new__(Step)
    memo[id(step)] = new
    values = new.__dict__
    values.update(step.__dict__)
    for name, value in step.__dict__.items():
        if type(value) not in _PLAIN and name not in _NOT_WALKED:
            values[name] = copy.deepcopy(value, memo)
    if step._captured.captures:
        new._captured = copy.deepcopy(step._captured, memo)
    else:
        new._captured = ManyCaptured()
    new._capture_sink = CaptureSinkAsCollector(new._captured)
    new._capture_sink.store_on_success = step._capture_sink.store_on_success
    return new


class _Named:
    """What an annotation schema may name of an Examples table or of its row."""

    def __init__(self, name: str, index: int) -> None:
        self.name = name
        self.index = index
        self.id = name


def _make_scenario_name(
    builder: Any, outline_name: str, example: Any, row: Any, params: dict[str, Any] | None = None
) -> str:
    """`ScenarioOutlineBuilder.make_scenario_name`, with a class that exists already."""
    params = {} if params is None else params
    params["examples.name"] = example.name or ""
    params.setdefault("examples.index", example.index)
    params.setdefault("row.index", row.index)
    params.setdefault("row.id", row.id)
    examples_name = builder.render_template(example.name, row, params)
    params["examples.name"] = examples_name
    return str(
        builder.annotation_schema.format(
            name=builder.render_template(outline_name, row, params),
            examples=_Named(examples_name, example.index),
            row=_Named(row.id, row.index),
        )
    )
