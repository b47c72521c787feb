"""A guard as a suite's configuration declares it."""

import msgspec


class GuardSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which fields of a class may be touched only under which of its locks."""

    owner: str = msgspec.field(name="class")
    """Full name of the class, such as package.module.Class."""
    fields: tuple[str, ...]
    lock: str = "_lock"
    fail: bool = False
    """Whether a scenario that breaks it fails; otherwise it is a finding."""
