"""Two places of behave's model that dominate parsing, made cheaper with the same result.

Rows of Scenario Outlines are made by `copy.deepcopy` of each step, 60 objects a step, nearly all
of them empty. And each statement computes its file's relative path anew. Together that is a
third of the time between the start and the first scenario of a suite with many outlines.
"""

import copy
import functools
import os
from typing import Any

import behave.model_core
from behave.capture import CaptureSinkAsCollector, ManyCaptured
from behave.model import Step

_original_relpath = behave.model_core.make_relpath_if_possible
_PLAIN = (str, int, float, bool, type(None))


def install() -> None:
    """Change behave in this process; a second call changes nothing."""
    behave.model_core.make_relpath_if_possible = _relpath
    Step.__deepcopy__ = _copy_step


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
    for name, value in step.__dict__.items():
        # Locations are values: behave and its users only read them.
        if type(value) in _PLAIN or name in ("location", "status"):
            new.__dict__[name] = value
        elif name not in ("_captured", "_capture_sink"):
            new.__dict__[name] = copy.deepcopy(value, memo)
    if step._captured.captures:
        new._captured = copy.deepcopy(step._captured, memo)
    else:
        new._captured = ManyCaptured()
    new._capture_sink = CaptureSinkAsCollector(new._captured)
    new._capture_sink.store_on_success = step._capture_sink.store_on_success
    return new
