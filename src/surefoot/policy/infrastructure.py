"""Errors of the machine that say nothing of the product: told apart, never inverted.

A type alone is enough where nothing else raises it; elsewhere the message decides. The errors
that an error was raised from count too, since a suite wraps them: `assert` on the exit code of
a command that found its database locked is such a failure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from surefoot.config.tables import InfrastructureTable
from surefoot.errors import UserError

TYPES = (
    "ConnectionRefusedError",
    "ConnectionResetError",
    "ConnectionAbortedError",
    "BrokenPipeError",
    "MemoryError",
    "socket.gaierror",
)
"""Exception types that are of the machine whatever they say, their subclasses included."""

MESSAGES = (
    r"database (table )?is locked",
    r"database or disk is full",
    r"disk I/O error",
    r"unable to open database file",
    r"no space left on device",
    r"disk quota exceeded",
    r"too many open files",
    r"cannot allocate memory",
    r"can't start new thread",
    r"resource temporarily unavailable",
    r"connection refused",
    r"connection reset by peer",
    r"network is unreachable",
    r"no route to host",
    r"temporary failure in name resolution",
    r"name or service not known",
    r"too many (clients|connections)",
    r"the database system is (starting up|shutting down)",
    r"could not connect to server",
)
"""Parts of messages: the texts of errno(3), of SQLite's result codes and of PostgreSQL."""


class InfrastructureRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which errors are of the machine."""

    types: tuple[str, ...] = TYPES
    messages: tuple[str, ...] = MESSAGES


class Raised(msgspec.Struct, frozen=True):
    """One exception: the names of its type and of that type's bases, and its message."""

    names: tuple[str, ...]
    """Nearest first, each as `module.Name`, and as `Name` for built-in ones."""
    message: str

    def is_a(self, name: str) -> bool:
        """Return whether it is of a type of that name, with or without its module."""
        return any(name == known or name == known.rpartition(".")[2] for known in self.names)

    def text(self) -> str:
        """Return `OperationalError: database is locked`, its first line only."""
        kind = self.names[0].rpartition(".")[2] if self.names else "Exception"
        first = self.message.strip().partition("\n")[0]
        return f"{kind}: {first}" if first else kind


def infrastructure_rules(table: InfrastructureTable) -> InfrastructureRules:
    """Return the rules of a project. Raises UserError for a pattern that is none."""
    for pattern in table.messages:
        try:
            re.compile(pattern)
        except re.error as error:
            raise UserError(
                f'messages "{pattern}" of [tool.surefoot.infrastructure] is not a regular'
                f" expression: {error}; mend it"
            ) from None
    shipped = table.shipped
    return InfrastructureRules(
        types=(TYPES if shipped else ()) + table.types,
        messages=(MESSAGES if shipped else ()) + table.messages,
    )


def infrastructure_error(chain: Iterable[Raised], rules: InfrastructureRules) -> Raised | None:
    """Return the first error of a chain (itself, then its causes) that is of the machine."""
    pattern = _pattern(rules.messages)
    for raised in chain:
        if any(raised.is_a(name) for name in rules.types):
            return raised
        if pattern is not None and pattern.search(raised.message):
            return raised
    return None


@lru_cache(maxsize=8)
def _pattern(messages: tuple[str, ...]) -> re.Pattern[str] | None:
    if not messages:
        return None
    return re.compile("|".join(f"(?:{message})" for message in messages), re.IGNORECASE)
