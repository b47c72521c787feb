"""Time for steps: waits that hold, virtual time, and what is wrong with a suite's own.

Imports neither behave nor the engine, and is cheap to import in step modules.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_VIRTUAL = ("DeadlockError", "VirtualClock", "real_time", "virtual_time")
_HOMES = {
    name: f"surefoot.clock.{'virtual' if name in _VIRTUAL else 'waiting'}" for name in __all__
}


def __getattr__(name: str) -> Any:
    # On first use: a step module that only waits, and every worker, need not import the rest.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
