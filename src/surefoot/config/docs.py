"""Writes docs/options.md from the declarations: `python -m surefoot.config.docs [--check]`.

For people who work on surefoot; run in the root of the repository.
"""

import os
import sys
from collections.abc import Sequence
from typing import get_type_hints

import msgspec

from surefoot.config.kinds import Modules, toml_text
from surefoot.config.options import Group, Option
from surefoot.config.settings import OPTIONS
from surefoot.config.sources import NOT_OPTIONS
from surefoot.config.tables import TABLES

PAGE = os.path.join("docs", "options.md")

_HEAD = """\
<!-- Written by `python -m surefoot.config.docs`; change the declarations instead. -->
# Options

surefoot takes its options from four places, the weakest first:

1. the defaults below;
2. `surefoot.toml` (top-level keys) or `[tool.surefoot]` in `pyproject.toml`, in the working
   directory; not both;
3. the environment: `SUREFOOT_` and the name in capitals. An empty variable counts as not set;
4. the command line of `surefoot run`.

Under `behave --runner=surefoot:Runner`, `-D surefoot.NAME=VALUE` stands in for the command line.

`surefoot config` shows every value and where it came from. A name or a value that is not known
is an error in every place.

On the command line, `--name value` and `--name=value` are the same, and the last one wins.
Options that are not listed here are behave's and reach it unchanged; after `--` all of them do.
A flag that turns something on has a `--no-` form. In the environment a flag is 1, true, yes or
on, or 0, false, no or off; in TOML it is `true` or `false`.

```toml
[tool.surefoot]
jobs = 4
timeout_step = "2m"
preload = ["shop.models"]
fail_on_flaky = true
```
"""

_TABLES_HEAD = """\
## Tables

What has a structure stands in a table of the file, `[tool.surefoot.NAME]` in `pyproject.toml`
or `[NAME]` in `surefoot.toml`, and nowhere else.
"""


def page() -> str:
    """Return the text of docs/options.md."""
    parts = [_HEAD]
    for group in Group:
        parts.append(f"## {group}\n")
        parts += [_section(option) for option in OPTIONS.values() if option.group is group]
    parts.append(_TABLES_HEAD)
    parts += [_table(name, kind) for name, kind in TABLES.items()]
    reserved = ", ".join(f"`{name}`" for name in sorted(NOT_OPTIONS))
    parts.append(
        "## Variables that are not options\n\n"
        f"surefoot sets these for the suite, and ignores them when it starts: {reserved}.\n"
    )
    return "\n".join(parts)


def main(argv: Sequence[str], path: str = PAGE) -> int:
    """Write the page, or with `--check` return 1 when it is not what would be written."""
    return write_page(argv, path, page(), "surefoot.config.docs")


def write_page(argv: Sequence[str], path: str, text: str, module: str) -> int:
    """Write a generated page, or with `--check` return 1 when it is not what would be written.

    `module` is what makes it, for messages.
    """
    if list(argv) not in ([], ["--check"]):
        sys.stderr.write(f"usage: python -m {module} [--check]\n")
        return 2
    if not argv:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    try:
        with open(path, encoding="utf-8") as file:
            current = file.read()
    except FileNotFoundError:
        current = ""
    if current == text:
        return 0
    sys.stderr.write(f"{path} is out of date; run python -m {module}\n")
    return 1


def _section(option: Option) -> str:
    default = option.kind.show(option.default)
    rows = (
        f"values: {option.kind.values}",
        f"default: `{default}`" if default else "default: none",
        f"TOML: `{option.name}`" + (", a list" if isinstance(option.kind, Modules) else ""),
        f"variable: `{option.variable}`",
        "flag: " + ", ".join(f"`{flag}`" for flag in _flags(option)),
    )
    return f"### {option.name}\n\n{option.text}\n\n" + "".join(f"- {row}\n" for row in rows)


def _table(name: str, kind: type[msgspec.Struct]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(kind):
        text = hints[field.name].__metadata__[0].description
        rows.append(f"- `{field.name}`: {text} Default: `{_toml(field.default)}`.\n")
    return f"### [{name}]\n\n{' '.join((kind.__doc__ or '').split())}\n\n" + "".join(rows)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict) or value is msgspec.NODEFAULT:
        return "{}"
    return toml_text(list(value) if isinstance(value, tuple) else value)


def _flags(option: Option) -> list[str]:
    flags = sorted((option.flag, *option.flags), key=len)
    if option.is_flag:
        return [*flags, option.negative]
    return [f"{flag} {option.metavar}" for flag in flags]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
