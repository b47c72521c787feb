"""Enters and leaves a core: one at a time in a process, on a Python where every patch holds."""

import contextlib
from collections.abc import Iterator

from surefoot.errors import UserError
from surefoot.modelled import real, selftest
from surefoot.modelled.core import LIVE, MEMBERS, Core
from surefoot.modelled.patches import PATCHES
from surefoot.modelled.policy import Policy


class ModelledError(UserError):
    """Virtual time or exploration cannot be entered here.

    Common causes: it is entered already, by this thread or another; a patch does not hold on
    this Python.
    """


_verdict: list[str] = []
"""What the self-test found: a sentence, or empty where all holds. Empty list: not tested yet."""


def require_usable() -> None:
    """Test the patches, once a process; raise ModelledError where one does not hold."""
    if not _verdict:
        if LIVE or MEMBERS:
            return
        _verdict.append(selftest.run(_session))
    if _verdict[0]:
        raise ModelledError(_verdict[0])


@contextlib.contextmanager
def modelled(
    policy: Policy, *, start: int | None = None, wall: int | None = None
) -> Iterator[Core]:
    """Run the block as member 0 of a new core.

    `start` and `wall` as in `Core`; by default the clocks go on from where they are. Threads
    that outlive the block go on in real time, by the core's clock: `core.close` tells which.
    Raises ModelledError where that cannot be.
    """
    require_usable()
    if LIVE:
        raise ModelledError(
            "virtual time or schedule exploration was entered a second time while it is on:"
            " they do not nest; remove the inner virtual_time(), or the tag"
        )
    with _session(policy, start, wall) as core:
        yield core


@contextlib.contextmanager
def _session(policy: Policy, start: int | None = None, wall: int | None = None) -> Iterator[Core]:
    now = real.monotonic_ns() if start is None else start
    offset = real.time_ns() - now if wall is None else wall
    with _INSTALLING:
        PATCHES.uninstall()  # stragglers of an earlier core may have kept them
        PATCHES.install()
        try:
            core = Core(policy, start=now, wall=offset)
        except BaseException:
            PATCHES.uninstall()
            raise
    core.after_last = _put_back
    try:
        yield core
    finally:
        core.close()
        _put_back()


_INSTALLING = real.allocate_lock()


def _put_back() -> None:
    """Take the patches away, unless threads that outlived their core still live by its clock."""
    with _INSTALLING:
        if not MEMBERS and not LIVE:
            PATCHES.uninstall()
