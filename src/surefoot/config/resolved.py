"""What the sources of options come to: values, where each came from, what is left for behave."""

import msgspec

from surefoot.config.settings import Settings
from surefoot.config.tables import Tables


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from.

    `kind` is "default", "file", "environment", "override" or "command line"; `detail` is the
    file, the variable, the caller's own words or the flag, and empty for a default.
    """

    kind: str
    detail: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """The settings of a run, where each came from, and the arguments that behave gets."""

    settings: Settings
    origins: dict[str, Origin]
    behave_args: tuple[str, ...]
    tables: Tables = Tables()
