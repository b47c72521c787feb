"""The kinds of value that an option can have: how each is read from text and from TOML.

A kind knows no option and no source; it says what is wrong with a value, and the caller says
whose value it was.
"""

import re
from math import isfinite
from typing import Any, Protocol

import msgspec

from surefoot.config.duration import format_duration, parse_duration
from surefoot.config.size import format_size, parse_size
from surefoot.config.suggest import nearest
from surefoot.model.guards import GuardSpec

NONE = "none"
"""The word that unsets an option which may be unset."""

_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")
_WHOLE = re.compile(r"[+-]?[0-9]{1,1000}")
_MOST = 10**18
"""Numbers go into events, whose integers have 64 bits."""


class BadValue(ValueError):  # noqa: N818  # reads as what it is: a value, and what is bad about it
    """A value that its kind does not know; the text follows the value: `is not ...`."""


class Kind(Protocol):
    """What every kind of value can do."""

    @property
    def values(self) -> str:
        """The valid set, as a noun phrase for messages and documentation."""

    def parse(self, text: str) -> object:
        """Return the value of a text from the command line or the environment, or BadValue."""

    def from_toml(self, raw: object) -> object:
        """Return the value of what a TOML file holds, or BadValue."""

    def show(self, value: Any) -> str:
        """Return a value as `parse` would read it."""


class Flag(msgspec.Struct, frozen=True):
    """On or off. On the command line `--name` and `--no-name`, without a value."""

    values: str = "true or false"

    def parse(self, text: str) -> object:
        word = text.lower()
        if word not in _ON + _OFF:
            raise BadValue(_unknown(text, _ON + _OFF))
        return word in _ON

    def from_toml(self, raw: object) -> object:
        if not isinstance(raw, bool):
            raise BadValue("is not true or false, without quotes")
        return raw

    def show(self, value: Any) -> str:
        return "true" if value else "false"


class Choice(msgspec.Struct, frozen=True):
    """One word out of a few."""

    words: tuple[str, ...]

    @property
    def values(self) -> str:
        return ", ".join(self.words[:-1]) + f" or {self.words[-1]}"

    def parse(self, text: str) -> object:
        if text not in self.words:
            raise BadValue(_unknown(text, self.words))
        return text

    def from_toml(self, raw: object) -> object:
        return self.parse(raw if isinstance(raw, str) else toml_text(raw))

    def show(self, value: Any) -> str:
        return str(value)


class Whole(msgspec.Struct, frozen=True):
    """A whole number, or one word in its place. The word "none" is stored as None."""

    least: int | None = None
    word: str | None = None

    @property
    def values(self) -> str:
        number = "a whole number" + ("" if self.least is None else f" of at least {self.least}")
        return f"{number}, or {self.word}" if self.word else number

    def parse(self, text: str) -> object:
        if text == self.word:
            return None if text == NONE else text
        if not _WHOLE.fullmatch(text):
            raise BadValue(f"is not {self.values}")
        return self._checked(int(text))

    def from_toml(self, raw: object) -> object:
        if isinstance(raw, str) and raw == self.word:
            return self.parse(raw)
        # bool is an int to Python, but `retries = true` is a mistake.
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise BadValue(f"is not {self.values}" + _unquoted(raw))
        return self._checked(raw)

    def show(self, value: Any) -> str:
        return NONE if value is None else str(value)

    def _checked(self, number: int) -> int:
        if self.least is not None and number < self.least:
            raise BadValue(f"is not {self.values}")
        if abs(number) >= _MOST:
            raise BadValue("has more than 18 digits")
        return number


class Seconds(msgspec.Struct, frozen=True):
    """A duration, stored as float seconds; "off" is None, or 0.0 where `at_once` is set."""

    at_once: bool = False

    @property
    def values(self) -> str:
        return "a duration (like 90, 90s, 5m, 1h, 1m30s or 500ms), or off"

    def parse(self, text: str) -> object:
        try:
            seconds = parse_duration(text)
        except ValueError:
            raise BadValue(f"is not {self.values}") from None
        return seconds if seconds or self.at_once else None

    def from_toml(self, raw: object) -> object:
        if isinstance(raw, str):
            return self.parse(raw)
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise BadValue(f"is not {self.values}")
        seconds = float(raw) if abs(raw) < 10**12 else float("inf")
        if not isfinite(seconds) or seconds < 0:
            raise BadValue(f"is not {self.values}")
        return seconds if seconds or self.at_once else None

    def show(self, value: Any) -> str:
        return format_duration(value or 0.0)


class Bytes(msgspec.Struct, frozen=True):
    """A size, stored as bytes."""

    values: str = "a size (like 500MB, 2GB, 1GiB, or a number of bytes)"

    def parse(self, text: str) -> object:
        try:
            return parse_size(text)
        except ValueError:
            raise BadValue(f"is not {self.values}") from None

    def from_toml(self, raw: object) -> object:
        if isinstance(raw, bool) or not isinstance(raw, int | str):
            raise BadValue(f"is not {self.values}")
        return self.parse(str(raw))

    def show(self, value: Any) -> str:
        return format_size(value)


class PathText(msgspec.Struct, frozen=True):
    """A path, kept as it was written, or "none". A file of that name is `./none`."""

    values: str = "a path, or none"

    def parse(self, text: str) -> object:
        if not text or "\0" in text:
            raise BadValue(f"is not {self.values}")
        return None if text == NONE else text

    def from_toml(self, raw: object) -> object:
        if not isinstance(raw, str):
            raise BadValue(f"is not {self.values}, in quotes")
        return self.parse(raw)

    def show(self, value: Any) -> str:
        return NONE if value is None else str(value)


class Modules(msgspec.Struct, frozen=True):
    """Names of modules, separated by commas; on the command line also one a flag."""

    values: str = "a list of module names (like package.module), separated by commas"

    def parse(self, text: str) -> object:
        return self._checked([name.strip() for name in text.split(",")] if text.strip() else [])

    def from_toml(self, raw: object) -> object:
        if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
            raise BadValue('is not a list of module names (like ["package.module"])')
        return self._checked(raw)

    def show(self, value: Any) -> str:
        return ",".join(value)

    def _checked(self, names: list[str]) -> tuple[str, ...]:
        for name in names:
            if not all(part.isidentifier() for part in name.split(".")):
                raise BadValue(f"is not {self.values}")
        return tuple(names)


class ThreadNames(Modules, frozen=True):
    """Names of threads, with wildcards, separated by commas; on the command line one a flag too."""

    values: str = "a list of thread names (like metrics-*), separated by commas"

    def from_toml(self, raw: object) -> object:
        if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
            raise BadValue('is not a list of thread names (like ["metrics-*"])')
        return self._checked(raw)

    def _checked(self, names: list[str]) -> tuple[str, ...]:
        if not all(names):
            raise BadValue(f"is not {self.values}")
        return tuple(names)


_GUARD = re.compile(r"([\w.]+\.\w+):(\w+)\(\s*(\w+(?:\s*,\s*\w+)*)\s*\)(!?)")


class Guards(msgspec.Struct, frozen=True):
    """Guarded fields of classes: an array of tables in TOML, one line of text elsewhere."""

    values: str = (
        "guards separated by semicolons (like package.module.Class:_lock(field,other), with ! at"
        " the end of one that fails the scenario)"
    )

    def parse(self, text: str) -> object:
        specs = []
        for part in filter(None, (part.strip() for part in text.split(";"))):
            found = _GUARD.fullmatch(part)
            if not found:
                raise BadValue(f"is not {self.values}")
            owner, lock, fields, fail = found.groups()
            names = tuple(name.strip() for name in fields.split(","))
            specs.append(GuardSpec(owner, names, lock, bool(fail)))
        return tuple(specs)

    def from_toml(self, raw: object) -> object:
        try:
            specs = msgspec.convert(raw, tuple[GuardSpec, ...])
        except msgspec.ValidationError as error:
            raise BadValue(
                "is not an array of tables [[tool.surefoot.guards]] with class, fields and"
                f" perhaps lock and fail: {error}"
            ) from None
        for spec in specs:
            parts = (*spec.owner.split("."), spec.lock, *spec.fields)
            if "." not in spec.owner or not all(part.isidentifier() for part in parts):
                raise BadValue(
                    f"has the class {spec.owner}, which is not of the form package.module.Class,"
                    " or a lock or field that is no name"
                )
            if not spec.fields:
                raise BadValue(f"has no fields for the class {spec.owner}")
        return specs

    def show(self, value: Any) -> str:
        return "; ".join(
            f"{spec.owner}:{spec.lock}({','.join(spec.fields)}){'!' * spec.fail}" for spec in value
        )


class LeakPatterns(msgspec.Struct, frozen=True):
    """Patterns of leaks, `kind:name` with wildcards; separated by commas, or one a flag."""

    kinds: tuple[str, ...]

    @property
    def values(self) -> str:
        return (
            "a list of patterns KIND:NAME (like thread:pool-*), separated by commas; the kinds are"
            f" {', '.join(self.kinds)}"
        )

    def parse(self, text: str) -> object:
        return self._checked([item.strip() for item in text.split(",")] if text.strip() else [])

    def from_toml(self, raw: object) -> object:
        if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
            raise BadValue('is not a list of patterns (like ["thread:pool-*"])')
        return self._checked(raw)

    def show(self, value: Any) -> str:
        return ",".join(value)

    def _checked(self, items: list[str]) -> tuple[str, ...]:
        for item in items:
            kind, colon, name = item.partition(":")
            if not colon or not name or "," in name:
                raise BadValue(f"is not {self.values}")
            if kind not in self.kinds:
                raise BadValue(_unknown(kind, self.kinds))
        return tuple(items)


def toml_text(raw: object) -> str:
    """Return a value from a TOML file about as the file has it, for messages."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, list):
        return "[" + ", ".join(f'"{x}"' if isinstance(x, str) else toml_text(x) for x in raw) + "]"
    return str(raw)


def _unknown(word: str, known: tuple[str, ...]) -> str:
    near = nearest(word, known)
    return f"is not known (known: {', '.join(known)}" + (
        f"; did you mean {near}?)" if near else ")"
    )


def _unquoted(raw: object) -> str:
    quoted = isinstance(raw, str) and _WHOLE.fullmatch(raw)
    return " (write it without quotes)" if quoted else ""
