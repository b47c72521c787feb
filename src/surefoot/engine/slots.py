"""The states of a worker slot.

A slot is one place to run units; worker processes come and go in it, one at a time. Each
state is a value with its data; `Slot.move` is the only way from one to the next, and a
transition that cannot be raises with both names.
"""

import msgspec

from surefoot.errors import InternalError
from surefoot.model.outcomes import Outcome
from surefoot.model.scenarios import ScenarioPath
from surefoot.model.units import Unit
from surefoot.worker.board import Board, Position
from surefoot.worker.protocol import Channel, Finished


class Vacant(msgspec.Struct, frozen=True):
    """No process. `closed` slots get no other one."""

    closed: bool = False


class Loading(msgspec.Struct, frozen=True):
    """Its own zygote loads the suite (spawned workers, private trees)."""

    since: float


class Starting(msgspec.Struct, frozen=True):
    """The process was asked for, or runs `before_all`."""

    since: float


class Idle(msgspec.Struct, frozen=True):
    """Ready for a unit."""

    since: float


class Running(msgspec.Struct):
    """Runs a unit. `reported` are the paths whose results have come."""

    serial: int
    unit: Unit
    since: float
    reported: set[ScenarioPath]
    seconds: float = 0.0


class Stopping(msgspec.Struct, frozen=True):
    """Is being killed; what it ran will get `outcome` for `reason`.

    First its stacks are awaited until `term_at`, then SIGTERM, then SIGKILL at `kill_at`.
    """

    running: Running | None
    outcome: Outcome
    reason: str
    position: Position
    term_at: float
    kill_at: float
    terminated: bool = False


class Finishing(msgspec.Struct, frozen=True):
    """Was told to run `after_all` and end. `finished` when it has run it."""

    since: float
    finished: bool = False


State = Vacant | Loading | Starting | Idle | Running | Stopping | Finishing

_NEXT: dict[type, tuple[type, ...]] = {
    Vacant: (Vacant, Loading, Starting),
    Loading: (Starting, Vacant, Stopping),
    Starting: (Idle, Finishing, Vacant, Stopping),
    Idle: (Running, Finishing, Vacant, Stopping),
    Running: (Idle, Vacant, Stopping),
    Stopping: (Stopping, Vacant),
    Finishing: (Finishing, Vacant, Stopping),
}


class Slot:
    """One slot with its current process."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.state: State = Vacant()
        self.channel: Channel | None = None
        self.board: Board | None = None
        self.pid = 0
        self.units_run = 0
        """Units that the current process has been given."""
        self.ready = False
        """Whether `before_all` has passed in the current process."""
        self.site: object | None = None
        self.failed_starts = 0
        self.finished: Finished | None = None
        """What the current process said of its `after_all`."""

    def move(self, state: State) -> None:
        """Go to the next state. Raises InternalError for one that cannot follow."""
        if type(state) not in _NEXT[type(self.state)]:
            raise InternalError(
                f"worker {self.number}: {type(state).__name__} cannot follow"
                f" {type(self.state).__name__}"
            )
        self.state = state
