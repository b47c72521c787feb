"""Extension commands: a YAML manifest adds commands, which are kept in the database.

A manifest has a name, a version, what version of this program it requires (optional), and
commands: each a name, a help text, parameters, and either a `template` that it prints or a
`fail` text with an `exit` code. It can run no code.
"""

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from agents import __version__
from agents.errors import ConflictError, ExtensionFailedError, NotFoundError, UsageError
from agents.storage import Database

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
RESERVED = ("session", "profile", "job", "context", "slash", "ext", "db", "version")


@dataclass(frozen=True, slots=True)
class ExtensionCommand:
    """One command of an extension."""

    name: str
    help: str
    parameters: tuple[str, ...]
    template: str
    fail: str = ""
    exit: int = 0

    def run(self, arguments: list[str]) -> str:
        """Return what the command prints. Raises UsageError and ExtensionFailedError."""
        if len(arguments) != len(self.parameters):
            needs = " ".join(name.upper() for name in self.parameters) or "no arguments"
            raise UsageError(f"{self.name} needs {needs}", f"{len(arguments)} were given")
        values = dict(zip(self.parameters, arguments, strict=True))
        if self.fail:
            raise ExtensionFailedError(self.fail.format(**values), self.exit)
        return self.template.format(**values)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension as it is installed."""

    name: str
    version: str
    commands: tuple[ExtensionCommand, ...]
    enabled: bool = True

    def command(self, name: str) -> ExtensionCommand:
        """Return a command. Raises NotFoundError with those that there are."""
        for command in self.commands:
            if command.name == name:
                return command
        known = ", ".join(command.name for command in self.commands)
        raise NotFoundError(f'{self.name} has no command "{name}"', f"its commands: {known}")


class ExtensionRegistry:
    """The extensions in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def install(self, path: str, *, upgrade: bool = False) -> Extension:
        """Install a manifest, or a newer version of it. Raises UsageError and ConflictError."""
        manifest = _read(path)
        extension = parse(manifest)
        present = self._find(extension.name)
        if present is not None and not upgrade:
            raise ConflictError(
                f"{extension.name} {present.version} is installed already", "see: ext upgrade"
            )
        if upgrade:
            if present is None:
                raise NotFoundError(f"{extension.name} is not installed", "see: ext install")
            if _number(extension.version) <= _number(present.version):
                raise ConflictError(
                    f"{extension.version} is not newer than {present.version}, which is installed"
                )
        self._database.change(
            "INSERT INTO extensions (name, version, manifest) VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET version = excluded.version, manifest = excluded.manifest",
            (extension.name, extension.version, json.dumps(manifest)),
        )
        return self.get(extension.name)

    def extensions(self) -> list[Extension]:
        """Return all extensions by name."""
        rows = self._database.query("SELECT * FROM extensions ORDER BY name")
        return [_stored(row) for row in rows]

    def get(self, name: str) -> Extension:
        """Return an extension. Raises NotFoundError."""
        found = self._find(name)
        if found is None:
            raise NotFoundError(f'there is no extension "{name}"', "see: agents ext list")
        return found

    def enable(self, name: str, on: bool) -> Extension:
        """Enable or disable an extension. Raises NotFoundError."""
        self.get(name)
        self._database.change("UPDATE extensions SET enabled = ? WHERE name = ?", (on, name))
        return self.get(name)

    def remove(self, name: str) -> Extension:
        """Remove an extension and return what it was. Raises NotFoundError."""
        extension = self.get(name)
        self._database.change("UPDATE extensions SET enabled = 0 WHERE name = ?", (name,))
        return extension

    def run(self, name: str, command: str, arguments: list[str]) -> str:
        """Run a command."""
        return self.get(name).command(command).run(arguments)

    def _find(self, name: str) -> Extension | None:
        rows = self._database.query("SELECT * FROM extensions WHERE name = ?", (name,))
        return _stored(rows[0]) if rows else None


def parse(manifest: object) -> Extension:
    """Return the extension that a manifest describes. Raises UsageError."""
    if not isinstance(manifest, Mapping):
        raise UsageError("the manifest is no mapping", "start with: name: my-extension")
    name = _text(manifest, "name", _NAME)
    if name in RESERVED:
        raise UsageError(f'"{name}" is a command of agents itself', "choose another name")
    version = _text(manifest, "version", _VERSION)
    _check_requirement(name, str(manifest.get("requires", "")))
    raw = manifest.get("commands")
    if not isinstance(raw, list) or not raw:
        raise UsageError(f"{name} has no commands")
    commands = tuple(_command(name, item) for item in raw)
    names = [command.name for command in commands]
    for command in names:
        if names.count(command) > 1:
            raise UsageError(f'{name} has two commands "{command}"')
    return Extension(name, version, commands)


def _command(owner: str, raw: object) -> ExtensionCommand:
    if not isinstance(raw, Mapping):
        raise UsageError(f"{owner}: a command is no mapping")
    name = _text(raw, "name", _NAME)
    parameters = tuple(str(item) for item in raw.get("parameters") or ())
    template, fail = str(raw.get("template", "")), str(raw.get("fail", ""))
    if bool(template) == bool(fail):
        raise UsageError(f"{owner} {name}: give either template or fail")
    used = {field for _, field, _, _ in string.Formatter().parse(template or fail) if field}
    for field in sorted(used - set(parameters)):
        raise UsageError(f'{owner} {name}: "{field}" is no parameter')
    code = raw.get("exit", 1 if fail else 0)
    if not isinstance(code, int) or not 0 <= code <= 125:
        raise UsageError(f"{owner} {name}: exit is not from 0 to 125")
    return ExtensionCommand(name, str(raw.get("help", "")), parameters, template, fail, code)


def _check_requirement(name: str, requires: str) -> None:
    if not requires:
        return
    wanted = requires.removeprefix(">=")
    if not _VERSION.fullmatch(wanted):
        raise UsageError(f'{name}: requires is not like ">=1.2.0"')
    if _number(__version__) < _number(wanted):
        raise UsageError(f"{name} requires agents {wanted}; this is {__version__}", "upgrade it")


def _text(raw: Mapping[Any, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = raw.get(key)
    if value is None:
        raise UsageError(f'the manifest lacks "{key}"')
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UsageError(f'"{value}" is no {key}')
    return value


def _read(path: str) -> object:
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}")
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UsageError(f"{path} is no YAML")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _stored(row: Mapping[str, Any]) -> Extension:
    extension = parse(json.loads(row["manifest"]))
    return Extension(
        extension.name, extension.version, extension.commands, enabled=bool(row["enabled"])
    )
