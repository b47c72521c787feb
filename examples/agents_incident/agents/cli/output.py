"""The formats of an answer: plain, table, json and yaml.

An answer is a record (a mapping), a list of records, or a text.
"""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from agents.cli import envelope
from agents.errors import AgentsError, UsageError

FORMATS = ("plain", "table", "json", "yaml")


def known_format(name: str) -> str:
    """Return the name of a format. Raises UsageError with the valid set."""
    if name not in FORMATS:
        raise UsageError(f'format "{name}" is not known', f"known: {', '.join(FORMATS)}")
    return name


def answer(style: str, command: str, data: Any) -> str:
    """Return the text of an answer, with its last line ended; empty when there is none."""
    match style:
        case "json":
            return _json(envelope.success(command, data))
        case "yaml":
            return yaml.safe_dump(data, sort_keys=False)
        case "table":
            return _lines(_table(data))
        case _:
            return _lines(_plain(data))


def error(style: str, command: str, problem: AgentsError) -> tuple[str, str]:
    """Return what an error writes to standard output and to standard error."""
    if style == "json":
        return _json(envelope.failure(command, problem)), ""
    hint = f"hint: {problem.hint}\n" if problem.hint else ""
    return "", f"error: {problem.message}\n{hint}"


def _plain(data: Any) -> list[str]:
    if isinstance(data, Mapping):
        return [f"{key}: {_cell(value)}" for key, value in data.items()]
    if isinstance(data, list):
        return ["  ".join(_cell(value) for value in record.values()) for record in data]
    return [str(data)]


def _table(data: Any) -> list[str]:
    if isinstance(data, Mapping):
        data = [data]
    if not isinstance(data, list):
        return [str(data)]
    if not data:
        return ["(none)"]
    rows = [[key.upper() for key in data[0]]]
    rows += [[_cell(value) for value in record.values()] for record in data]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
