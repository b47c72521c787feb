"""Threads, locks, waits and clocks that a policy can see and order.

Virtual time (`surefoot.clock`) and schedule exploration (`surefoot.threads`) share this core. Use:

    with modelled(policy) as core:
        ...                       # user code; its threads are members

The caller becomes member 0. While the block runs, `threading`, `queue`, `time`, `datetime.now`,
`selectors`, `select` and what is built on them (`concurrent.futures`, `asyncio`) go through the
core for its members, and are the real ones for all other threads. `core.py` has the guarantees,
`policy.py` what a policy may do, `lock.py` how locks are handed on.

A policy is asked (a) when a thread becomes ready, (b) when one stops, and, where it wants that,
(c) before each lock operation, clock read or wait of no length, or wherever its own tracing calls
`policy.switch`. So a policy that lets one thread run at a time knows all that can run, and "nothing
ready and no deadline" is exactly a deadlock.

Imports neither behave nor the engine. Cheap to import; nothing is replaced before `modelled()`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.modelled.core import Core, Member, Wait, current
    from surefoot.modelled.lock import ModelledLock
    from surefoot.modelled.policy import Policy
    from surefoot.modelled.session import ModelledError, modelled, require_usable

__all__ = [
    "Core",
    "Member",
    "ModelledError",
    "ModelledLock",
    "Policy",
    "Wait",
    "current",
    "modelled",
    "require_usable",
]

_HOMES = {
    **dict.fromkeys(("Core", "Member", "Wait", "current"), "surefoot.modelled.core"),
    **dict.fromkeys(("ModelledError", "modelled", "require_usable"), "surefoot.modelled.session"),
    "ModelledLock": "surefoot.modelled.lock",
    "Policy": "surefoot.modelled.policy",
}


def __getattr__(name: str) -> Any:
    # On first use: a step module that only waits, and every worker, need not import the rest.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
