"""What an option is. The options themselves are declared in `settings`."""

from enum import StrEnum
from typing import Any, get_type_hints

import msgspec

from surefoot.config.kinds import Flag, Guards, Kind, LeakPatterns, Modules


class Group(StrEnum):
    """The headings under which help and documentation list the options, in this order."""

    WORKERS = "Workers"
    DEADLINES = "Deadlines"
    SELECTION = "Selection, order and retries"
    POLICY = "Expected failures"
    THREADS = "Threads"
    TIME = "Time"
    ISOLATION = "Isolation of scenarios"
    OUTPUT = "Output and records"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option: the place that command line, environment, TOML, help and docs derive from.

    It stands in the annotation of its field in `Settings`, which also gives it `name` and
    `default`.
    """

    kind: Kind
    group: Group
    brief: str
    """One line of `surefoot run --help`."""
    text: str
    """What docs/options.md says; whole sentences."""
    metavar: str = ""
    """The value in help and docs; empty for a flag."""
    flags: tuple[str, ...] = ()
    """Other spellings besides `--name`."""
    behave_too: bool = False
    """True when behave has the option as well, so that it is passed on."""
    common: bool = False
    """True for the options that `--help` shows; `--help-all` shows every one."""
    name: str = ""
    default: Any = None

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def negative(self) -> str:
        """The flag that turns a flag off; empty for an option with a value."""
        return "--no-" + self.flag.removeprefix("--") if self.is_flag else ""

    @property
    def variable(self) -> str:
        return "SUREFOOT_" + self.name.upper()

    @property
    def is_flag(self) -> bool:
        return isinstance(self.kind, Flag)

    @property
    def repeatable(self) -> bool:
        """True when giving it twice on the command line adds; otherwise the last one wins."""
        return isinstance(self.kind, LeakPatterns | Modules | Guards)


def declared(struct: type[msgspec.Struct]) -> dict[str, Option]:
    """Return the options that the fields of `struct` are annotated with, in field order."""
    hints = get_type_hints(struct, include_extras=True)
    options = {}
    for field in msgspec.structs.fields(struct):
        (option,) = (x for x in hints[field.name].__metadata__ if isinstance(x, Option))
        options[field.name] = msgspec.structs.replace(
            option, name=field.name, default=field.default
        )
    return options
