"""Looks at a worker's board ten times a second: for displays, and for deadlines."""

from typing import Protocol

from surefoot.engine.deadlines import Overrun, overrun
from surefoot.engine.ending import Ending
from surefoot.engine.launching import Launching
from surefoot.engine.loading import Site
from surefoot.engine.readiness import MAX_STARTS
from surefoot.engine.results import Results
from surefoot.engine.slots import (
    Finishing,
    Idle,
    Loading,
    Running,
    Slot,
    Starting,
    Stopping,
    Vacant,
)
from surefoot.engine.terms import Ended, Plan
from surefoot.events.events import ScenarioStarted
from surefoot.model.outcomes import Outcome
from surefoot.worker.board import Position


class Floor(Protocol):
    """What watching needs of the coordinator."""

    ended: Ended

    def from_worker(self, slot: Slot) -> None:
        """Take what a worker has sent."""


class Watching:
    """Watches the slots of one run."""

    def __init__(
        self, plan: Plan, results: Results, launching: Launching, ending: Ending, floor: Floor
    ) -> None:
        self._plan = plan
        self._results = results
        self._launching = launching
        self._ending = ending
        self._floor = floor

    def look_at(self, slot: Slot, now: float) -> None:
        """Look once: tell displays what it runs, and act on a deadline that has passed."""
        # A child of the suite may hold the socket open, so that its end alone is no sign.
        if self._launching.reap(slot, wait=False):
            return
        state = slot.state
        if isinstance(state, Vacant | Idle):
            return
        if isinstance(state, Stopping):
            self._ending.advance(slot, state, now)
            return
        if slot.board is None:
            return
        position = slot.board.read()
        if isinstance(state, Running) and position.unit == state.serial:
            planned = self._plan.features[state.unit.feature].scenarios
            if 0 <= position.scenario < len(planned):
                self._results.tell(
                    ScenarioStarted(
                        slot.number,
                        state.unit.feature,
                        planned[position.scenario].path,
                        position.scenario_since,
                    )
                )
        found = overrun(state, position, self._plan.timeouts, self._plan.grace, now)
        if found is None:
            return
        # What it has reported in the meantime comes first.
        self._floor.from_worker(slot)
        if slot.state is state and slot.board.read() == position:
            self._overrun(slot, found, position)

    def _overrun(self, slot: Slot, found: Overrun, position: Position) -> None:
        state = slot.state
        if isinstance(state, Loading):
            self._results.notice("degraded-workers", f"worker {slot.number}: {found.reason}")
            site = slot.site
            assert isinstance(site, Site)
            self._launching.drop(slot, site)
            return
        if isinstance(state, Finishing) and state.finished:
            self._results.notice(
                "leftover-processes",
                f"worker {slot.number} did not end after after_all ({position.name}); it was"
                " killed",
            )
        elif isinstance(state, Starting | Finishing):
            self._results.notice("degraded-workers", f"worker {slot.number}: {found.reason}")
            self._floor.ended.hook_output.append(found.reason + "\n")
            if isinstance(state, Finishing):
                self._floor.ended.after_all_failed = True
            else:
                slot.failed_starts = MAX_STARTS
        if slot.pid:
            self._ending.begin(slot, Outcome.TIMED_OUT, found.reason)
