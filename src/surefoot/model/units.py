"""A unit: what one worker takes at a time."""

import msgspec

from surefoot.model.scenarios import ScenarioPath


class Lock(msgspec.Struct, frozen=True, array_like=True):
    """A named lock from `@lock:NAME` or `@lock:NAME:read`."""

    name: str
    shared: bool = False
    """True for `:read`: many readers at once, or one writer."""


class Unit(msgspec.Struct, frozen=True, array_like=True):
    """A feature, or some scenarios of one, to be run by one worker in file order."""

    feature: int
    paths: tuple[ScenarioPath, ...]
    """The selected scenarios to run; empty for a feature without scenarios."""
    complete: bool = True
    """True when the unit is the whole feature, so that behave's own feature loop runs it."""
    rest: bool = False
    """True when the unit also announces the scenarios of its feature that no unit runs."""
    attempt: int = 1
    fresh: bool = False
    """True when only a worker that has run nothing yet may take it (a retry)."""
    serial: bool = False
    """True for `@serial`: nothing else runs meanwhile."""
    locks: tuple[Lock, ...] = ()
    estimate: float | None = None
    """Seconds it is expected to take, from history; None when unknown."""
