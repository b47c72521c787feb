"""After the end of a worker in mid unit: blames what it ran, and gives out the rest again."""

import contextlib
import os
import time
from typing import Any

import msgspec

from surefoot.engine.results import Results
from surefoot.engine.slots import Running
from surefoot.model.outcomes import Outcome
from surefoot.model.scenarios import PlannedFeature, ScenarioPath
from surefoot.model.units import Unit
from surefoot.plan.queue import UnitQueue
from surefoot.worker.board import Place, Position

_monotonic = time.monotonic
_MAX_REQUEUES = 3
"""How often the rest of a unit is given out again when workers die between its scenarios."""


class Loss(msgspec.Struct, frozen=True):
    """A worker that ended while it ran a unit."""

    worker: int
    pid: int
    running: Running
    position: Position
    outcome: Outcome
    reason: str
    stacks: str


class Settling:
    """Turns losses into results and new units."""

    def __init__(
        self, features: list[PlannedFeature], run_dir: str, queue: UnitQueue, results: Results
    ) -> None:
        self._features = features
        self._run_dir = run_dir
        self._queue = queue
        self._results = results
        self._requeues: dict[int, int] = {}

    def may_requeue(self, unit: Unit) -> bool:
        """Whether a unit may be given out again although nothing of it can be blamed."""
        count = self._requeues.get(unit.feature, 0) + 1
        self._requeues[unit.feature] = count
        return count <= _MAX_REQUEUES

    def settle(self, loss: Loss, *, stopping: bool) -> int:
        """Record what the lost worker ran and requeue the rest; return how many finally failed.

        Costs exactly the scenario that was running. A worker that died in a hook of the feature
        costs the rest of its unit: the hook would do so again.
        """
        running = loss.running
        unit = running.unit
        remaining = [path for path in unit.paths if path not in running.reported]
        culprits = self._culprits(loss, remaining)
        failed = 0
        for path in culprits:
            retry = self._record(loss, path)
            if retry is not None and not stopping:
                self._queue.add(retry)
            elif retry is not None:
                self._results.unit_ended(unit.feature)
            elif loss.outcome.is_bad:
                failed += 1
        if not remaining and loss.outcome.is_bad:
            # Every scenario had ended: it was a hook or cleanup after them.
            where = _where(loss.position) if loss.position.unit == running.serial else ""
            self._results.unit_lost(loss.worker, unit, loss.reason + where, loss.stacks)
        rest = tuple(path for path in remaining if path not in culprits)
        self._queue.done(unit)
        if rest and not stopping:
            self._queue.add(msgspec.structs.replace(unit, paths=rest, complete=False, rest=False))
        else:
            self._results.unit_ended(unit.feature)
        return failed

    def _culprits(self, loss: Loss, remaining: list[ScenarioPath]) -> list[ScenarioPath]:
        unit = loss.running.unit
        position = loss.position
        if position.unit == loss.running.serial:
            scenarios = self._features[unit.feature].scenarios
            if 0 <= position.scenario < len(scenarios):
                path = scenarios[position.scenario].path
                if path not in loss.running.reported:
                    return [path]
            if position.place is Place.FEATURE_HOOK:
                return remaining
        return [] if self.may_requeue(unit) else remaining

    def _record(self, loss: Loss, path: ScenarioPath) -> Unit | None:
        position = loss.position
        mine = position.unit == loss.running.serial
        since = position.scenario_since
        return self._results.lost(
            loss.worker,
            loss.running.unit,
            path,
            position.step if mine and position.place is Place.STEP else -1,
            loss.outcome,
            loss.reason + (_where(position) if mine else ""),
            stacks=loss.stacks,
            seconds=max(0.0, _monotonic() - since) if mine and since else 0.0,
            **self._last_output(loss.pid),
        )

    def _last_output(self, pid: int) -> dict[str, Any]:
        """Return the output file of the attempt that a dead worker was running."""
        directory = os.path.join(self._run_dir, "output")
        prefix = f"{pid}-"
        with contextlib.suppress(OSError):
            # Numbered, and with leading zeros: the last name is the newest file.
            names = sorted(name for name in os.listdir(directory) if name.startswith(prefix))
            if names and (size := os.path.getsize(os.path.join(directory, names[-1]))):
                return {"output": f"output/{names[-1]}", "output_bytes": size}
        return {}


def _where(position: Position) -> str:
    if position.place is Place.STEP:
        return f", in step {position.step + 1}"
    if position.name:
        return f", in {position.name}"
    return ""
