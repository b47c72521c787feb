"""`surefoot config`: every setting of a run and where it came from. Runs nothing."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.config.helptext import command_help, wants_help
from surefoot.config.resolve import resolve
from surefoot.config.resolved import Resolved
from surefoot.config.settings import OPTIONS
from surefoot.config.tables import Tables
from surefoot.exitcodes import ExitCode


def main(argv: Sequence[str]) -> int:
    """Print what `surefoot run` would do with the same options.

    `argv` is what follows `surefoot config`. Raises UserError for what `resolve` refuses.
    """
    if wants_help(argv):
        sys.stdout.write(_help())
        return ExitCode.PASSED
    as_json, argv = _split(argv)
    resolved = resolve(argv, os.environ, os.getcwd())
    sys.stdout.write(_json(resolved) if as_json else _table(resolved))
    return ExitCode.PASSED


def _split(argv: Sequence[str]) -> tuple[bool, list[str]]:
    """Take out `--json`, unless it stands behind `--` and so is behave's."""
    end = list(argv).index("--") if "--" in argv else len(argv)
    options = [arg for arg in argv[:end] if arg != "--json"]
    return len(options) < end, [*options, *argv[end:]]


def _table(resolved: Resolved) -> str:
    rows = []
    for name, option in OPTIONS.items():
        origin = resolved.origins[name]
        shown = option.kind.show(getattr(resolved.settings, name))
        rows.append((name, shown, origin.detail or origin.kind))
    names = max(len(name) for name, _, _ in rows)
    values = max(len(shown) for _, shown, _ in rows)
    lines = [f"{name:<{names}}  {shown:<{values}}  {origin}" for name, shown, origin in rows]
    for title, keys in _set_tables(resolved).items():
        lines += ["", f"[{title}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    if resolved.behave_args:
        lines += ["", f"for behave: {shlex.join(resolved.behave_args)}"]
    return "\n".join(lines) + "\n"


def _set_tables(resolved: Resolved) -> dict[str, dict[str, Any]]:
    """Return the keys of tables that are not as they are by default."""
    default, given = (msgspec.to_builtins(tables) for tables in (Tables(), resolved.tables))
    changed = {
        title: {key: value for key, value in keys.items() if value != default[title][key]}
        for title, keys in given.items()
    }
    return {title: keys for title, keys in changed.items() if keys}


def _json(resolved: Resolved) -> str:
    document = {
        "settings": {
            name: {
                "value": msgspec.to_builtins(getattr(resolved.settings, name)),
                "origin": {"kind": origin.kind, "detail": origin.detail},
            }
            for name, origin in resolved.origins.items()
        },
        "tables": msgspec.to_builtins(resolved.tables),
        "behave_args": resolved.behave_args,
    }
    return json.dumps(document, indent=2) + "\n"


def _help() -> str:
    return command_help(
        "config",
        options=[
            ("--json", "as JSON: durations in seconds, sizes in bytes"),
            ("any option of run", "shown as surefoot run would take it"),
        ],
        examples=[
            ("surefoot config", "what is set, and where"),
            ("surefoot config --json -j4", "the same with an option, for a program"),
        ],
        about="Show every setting and where it came from.",
        arguments="[--json] [options of run]",
    )
