"""What the coordinator is told, and what it answers beside the results."""

from typing import Protocol

import msgspec

from surefoot.engine.deadlines import Timeouts
from surefoot.model.scenarios import PlannedFeature
from surefoot.worker.protocol import Channel, CopyTree, Load


class Sites(Protocol):
    """Makes zygotes for slots that have their own (spawned workers, private trees)."""

    def tree(self, slot: int) -> CopyTree | None:
        """Return the private tree that a forked worker of this slot is to enter."""

    def start(self, slot: int) -> tuple[Channel, int, Load]:
        """Start a process for a slot; return its channel, pid and what it is to load."""


class Plan(msgspec.Struct, frozen=True):
    """What the coordinator is to do."""

    features: list[PlannedFeature]
    jobs: int
    run_dir: str
    timeouts: Timeouts
    grace: float
    max_fail: int | None = None
    stop: bool = False
    fresh_workers: bool = False
    """Isolation: a new worker for each unit."""
    fork: bool = True
    """False: each slot's own process becomes its worker."""
    own_sites: bool = False
    """True: each slot has a zygote of its own (implied by not `fork`)."""
    replay: bool = False
    """Whether behave's formatters and reporters are called."""
    snippets: bool = False
    """Whether snippets for undefined steps are wanted."""


class Ended(msgspec.Struct):
    """How the run went, beside the results."""

    aborted: str = ""
    interrupted: bool = False
    before_all_failed: bool = False
    after_all_failed: bool = False
    cleanup_failed: bool = False
    makespan: float = 0.0
    unit_seconds: list[float] = []
    """How long each unit took, in the order in which they ended."""
    workers: int = 0
    replay_problems: list[str] = []
    snippets: str = ""
    hook_output: list[str] = []
