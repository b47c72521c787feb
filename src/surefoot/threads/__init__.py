"""Threads: guarded fields, many threads at once, and the search for the interleaving that fails.

What step modules and services import: `guarded`, `guarded_by`, `snapshot`, `run_concurrently`.
Imports neither engine, report, worker nor behave.
"""

from surefoot.threads.concurrent import ConcurrencyTimeoutError, run_concurrently
from surefoot.threads.guard import GuardError, guarded, guarded_by, violations
from surefoot.threads.snapshot import LockTimeoutError, Snapshot, snapshot

__all__ = [
    "ConcurrencyTimeoutError",
    "GuardError",
    "LockTimeoutError",
    "Snapshot",
    "guarded",
    "guarded_by",
    "run_concurrently",
    "snapshot",
    "violations",
]
