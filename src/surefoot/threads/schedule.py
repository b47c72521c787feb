"""The values of schedule exploration: what is tried, what came of it, and what replays it."""

import base64
import binascii
import sys
import zlib
from typing import Literal

import msgspec

from surefoot.errors import UserError

Policy = Literal["random", "pct", "replay"]
Granularity = Literal["sync", "line", "opcode", "breaker"]
"""Where a thread can be stopped: at modelled locks alone, or also before each line, before each
instruction, or only where this interpreter itself lets other threads run."""


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """A place where the schedule did something else than letting the running thread go on."""

    thread: int
    """Who was running; threads are numbered in the order of being started, the scenario is 0."""
    point: int
    """At which of its own points, from 1."""
    to: int
    """Who went on."""
    mark: int = 0
    """Where in the code that was (`places.mark`); tells when the code is not the same."""


class Trial(msgspec.Struct, frozen=True):
    """One schedule to run."""

    granularity: Granularity
    policy: Policy
    seed: int = 0
    number: int = 0
    """Of the schedule; with the seed it gives the random numbers."""
    length: int = 60
    """How many points the schedules before it had, for PCT."""
    decisions: tuple[Decision, ...] = ()
    """For policy replay."""
    record: bool = False
    """Whether the story is wanted."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One line of the story of a schedule."""

    thread: int
    kind: Literal["line", "stop", "wait", "start", "end", "error"]
    file: str = ""
    line: int = 0
    note: str = ""


class Failure(msgspec.Struct, frozen=True):
    """How a schedule failed."""

    kind: Literal["step", "thread", "deadlock", "guard"]
    text: str
    """In one line."""
    detail: str = ""
    """With its stacks."""

    @property
    def sort(self) -> str:
        """What makes two failures the same: the kind, and the type of the exception."""
        return f"{self.kind}:{self.text.partition(':')[0] if self.kind != 'deadlock' else ''}"


class Result(msgspec.Struct):
    """What one schedule came to."""

    failure: Failure | None = None
    decisions: tuple[Decision, ...] = ()
    """All that were taken."""
    stops: tuple[Row, ...] = ()
    """Where the running thread was at each decision."""
    points: int = 0
    """Points at which there was a choice."""
    threads: tuple[str, ...] = ()
    """Names, by number."""
    disturbed: str = ""
    """Why the schedule cannot be replayed exactly; empty if it can."""
    diverged: str = ""
    """For a replay: where the code was not what it had been."""
    cut: bool = False
    """Whether it was given up: too many points, or too much time."""
    rows: tuple[Row, ...] = ()
    output: str = ""
    """The end of what it printed, where the story is wanted."""
    findings: list[msgspec.Raw] = []
    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of processor time of its process, until it told its result."""


class Recipe(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a replay needs; stands in a file, or as a token on a command line."""

    scenario: str
    granularity: Granularity
    decisions: tuple[Decision, ...]
    packages: tuple[str, ...] = ()
    seed: int = 0
    """Of the search; it seeds the generator of `random` too."""
    wall: int = 0
    """What the clock said, in nanoseconds since the epoch."""
    python: str = ""
    failure: str = ""
    version: int = 1

    def token(self) -> str:
        """Return it as one word for a command line; the failure's text is left out."""
        short = msgspec.structs.replace(self, failure="")
        packed = zlib.compress(msgspec.msgpack.encode(short), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def python_version() -> str:
    """Return what a schedule of bytecode depends on, such as 3.11."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def read_recipe(text: str) -> Recipe:
    """Return the recipe in a file's text, or in a token. Raises UserError if it is neither."""
    stripped = text.strip()
    try:
        if stripped.startswith("{"):
            recipe = msgspec.json.decode(stripped.encode(), type=Recipe)
        else:
            packed = base64.urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4))
            recipe = msgspec.msgpack.decode(zlib.decompress(packed), type=Recipe)
    except (binascii.Error, zlib.error, msgspec.DecodeError, ValueError):
        raise UserError(
            "--replay is neither a file that surefoot explore wrote nor the token that it"
            " printed; copy the whole command from the report"
        ) from None
    if recipe.version != 1:
        raise UserError(
            f"--replay is of version {recipe.version} of the format; this surefoot reads version 1"
        )
    return recipe
