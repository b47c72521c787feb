"""Time for steps: waits that hold, virtual time, and what is wrong with a suite's own.

Imports neither behave nor the engine, and is cheap to import in step modules.
"""

from surefoot.clock.virtual import DeadlockError, VirtualClock, real_time, virtual_time
from surefoot.clock.waiting import (
    Deadline,
    WaitTimeoutError,
    eventually,
    real_monotonic,
    real_sleep,
    wait_for,
)

__all__ = [
    "Deadline",
    "DeadlockError",
    "VirtualClock",
    "WaitTimeoutError",
    "eventually",
    "real_monotonic",
    "real_sleep",
    "real_time",
    "virtual_time",
    "wait_for",
]
