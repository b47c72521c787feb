"""The sources besides the command line: TOML files, environment, overrides of the caller.

Reads values and says where each came from. Which one wins is for `resolve` to decide.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from surefoot.config.kinds import BadValue, toml_text
from surefoot.config.options import Option
from surefoot.config.resolved import Origin
from surefoot.config.settings import OPTIONS
from surefoot.config.suggest import did_you_mean
from surefoot.config.tables import TABLES
from surefoot.errors import UserError

OWN_FILE = "surefoot.toml"
PROJECT_FILE = "pyproject.toml"

PREFIX = "SUREFOOT_"
NOT_OPTIONS = frozenset(
    {"SUREFOOT_WORKER", "SUREFOOT_WORKERS", "SUREFOOT_RUN", "SUREFOOT_SCENARIO_DIR"}
)
"""What surefoot itself sets for the suite; it is there when surefoot runs inside a scenario."""


class Given(msgspec.Struct, frozen=True):
    """A value that a source gave for an option."""

    name: str
    value: Any
    origin: Origin


def read_text(option: Option, text: str, origin: Origin) -> Given:
    """Return the value of a text, or raise a UserError that names its origin."""
    try:
        return Given(option.name, option.kind.parse(text), origin)
    except BadValue as bad:
        raise _refused(option, text, bad, origin) from None


def settings_file(cwd: str) -> tuple[str, dict[str, Any]]:
    """Return surefoot.toml, or [tool.surefoot] of pyproject.toml, in `cwd`: its name and table."""
    own = _load(os.path.join(cwd, OWN_FILE))
    project = _section(_load(os.path.join(cwd, PROJECT_FILE), only_with=b"surefoot"))
    if own and project:
        raise UserError(
            f"{OWN_FILE} and [tool.surefoot] of {PROJECT_FILE} both have settings; "
            "keep them in one of the two"
        )
    return (OWN_FILE, own) if own else (PROJECT_FILE, project)


def from_file(filename: str, table: Mapping[str, Any]) -> list[Given]:
    """Return what a file's table sets. The tables in it are read by `tables.read_tables`."""
    return [_from_toml(name, raw, filename) for name, raw in table.items() if name not in TABLES]


def from_environment(environ: Mapping[str, str]) -> list[Given]:
    """Return what SUREFOOT_* variables set. An empty one counts as not set, as CI leaves them."""
    by_variable = {option.variable: option for option in OPTIONS.values()}
    given = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NOT_OPTIONS:
            continue
        option = by_variable.get(variable)
        if option is None:
            raise UserError(
                f"{variable} is not an option{did_you_mean(variable, by_variable)}; "
                f"known: {PREFIX} followed by {_listed(name.upper() for name in OPTIONS)}"
            )
        if environ[variable]:
            origin = Origin("environment", variable)
            given.append(read_text(option, environ[variable], origin))
    return given


def from_overrides(overrides: Mapping[str, str]) -> list[Given]:
    """Return what the caller sets, such as `-D surefoot.retries=2` in behave's own runner.

    The name of the option is what follows the last dot of a key; the whole key is the origin.
    """
    given = []
    for key, text in overrides.items():
        name = key.rpartition(".")[2]
        option = OPTIONS.get(name)
        if option is None:
            raise _unknown_name(name, key)
        given.append(read_text(option, text, Origin("override", key)))
    return given


def _from_toml(name: str, raw: object, filename: str) -> Given:
    option = OPTIONS.get(name)
    if option is None:
        raise _unknown_name(name, filename)
    origin = Origin("file", filename)
    try:
        return Given(name, option.kind.from_toml(raw), origin)
    except BadValue as bad:
        raise _refused(option, toml_text(raw), bad, origin) from None


def _load(path: str, only_with: bytes = b"") -> dict[str, Any]:
    """Return the table of a TOML file, empty when it is missing or does not hold `only_with`.

    Most pyproject.toml files say nothing to us, and then need no parser: importing and running
    tomllib costs more than everything else here.
    """
    filename = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"{filename} cannot be read: {error.strerror}; mend or remove it") from None
    if only_with not in data:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError both are
        raise UserError(f"{filename} is not valid TOML: {error}; mend it") from None


def _section(document: dict[str, Any]) -> dict[str, Any]:
    tool = document.get("tool", {})
    section = tool.get("surefoot", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        raise UserError(f"tool.surefoot of {PROJECT_FILE} is not a table; write [tool.surefoot]")
    return section


def _refused(option: Option, shown: str, bad: BadValue, origin: Origin) -> UserError:
    # On the command line the user has just typed it; elsewhere it has to be found first.
    where = "" if origin.kind == "command line" else f"{origin.detail}: "
    return UserError(
        f'{where}{option.name} "{shown}" {bad}; set it in [tool.surefoot] or with {option.flag}'
    )


def _unknown_name(name: str, where: str) -> UserError:
    return UserError(
        f"{where}: {name} is not an option{did_you_mean(name, OPTIONS)}; known: {_listed(OPTIONS)}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
