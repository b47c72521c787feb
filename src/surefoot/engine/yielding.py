"""Lets workers go on computing while the coordinator has something to read.

Each message of a worker wakes the coordinator, and Linux gives a process that wakes the processor
of one that computes: with as many workers as processors, a worker stands still for every scenario
that another has finished. A process of the batch policy (sched(7), SCHED_BATCH) waits for its turn
instead, a few milliseconds, and then takes all messages that have come. Where a processor is
idle, it runs at once as before.
"""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def yielding(*, inherited: bool) -> Iterator[None]:
    """Run the block under the batch policy, where the system has one and the user chose no other.

    `inherited`: the block starts processes that would inherit the policy; nothing is changed.
    """
    if inherited or not _is_usual():
        yield
        return
    _choose(os.SCHED_BATCH)
    try:
        yield
    finally:
        _choose(os.SCHED_OTHER)


def _is_usual() -> bool:
    if sys.platform != "linux":
        return False
    try:
        return os.sched_getscheduler(0) == os.SCHED_OTHER
    except (AttributeError, OSError):
        return False  # musl has these calls only by name


def _choose(policy: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, policy, os.sched_param(0))
