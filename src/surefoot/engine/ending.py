"""Ends worker processes: stacks first, then SIGTERM, then SIGKILL on the whole group."""

import contextlib
import os
import signal
import time

import msgspec

from surefoot.engine.loading import stack_text
from surefoot.engine.slots import Running, Slot, Stopping
from surefoot.model.outcomes import Outcome
from surefoot.worker import processes
from surefoot.worker.board import Position

_monotonic = time.monotonic
_STACKS_WITHIN = 1.0
"""Seconds that a worker's stacks are awaited before it is ended without them."""


class Ending:
    """Ends the workers of one run."""

    def __init__(self, run_dir: str, grace: float) -> None:
        self._run_dir = run_dir
        self._grace = grace
        self._taken: dict[int, str] = {}

    def stacks(self, slot: Slot) -> str:
        """Return the stacks that a slot's worker wrote."""
        return stack_text(os.path.join(self._run_dir, f"stacks-w{slot.number}.txt"))

    def taken_stacks(self, slot: Slot) -> str:
        """Return the stacks that were taken before the worker was ended."""
        return self._taken.pop(slot.number, "")

    def begin(self, slot: Slot, outcome: Outcome, reason: str) -> None:
        """Ask for the stacks; `advance` does the rest."""
        state = slot.state
        position = slot.board.read() if slot.board else Position()
        now = _monotonic()
        if slot.board is not None:
            # The stack signal can end the call that hangs; nothing more may begin then.
            slot.board.request_stop()
        processes.ask_stacks(slot.pid)
        slot.move(
            Stopping(
                running=state if isinstance(state, Running) else None,
                outcome=outcome,
                reason=reason,
                position=position,
                term_at=now + _STACKS_WITHIN,
                kill_at=now + _STACKS_WITHIN + self._grace,
            )
        )

    def advance(self, slot: Slot, state: Stopping, now: float) -> None:
        """Take the next step towards the end of a worker, if it is time."""
        if state.terminated:
            if now >= state.kill_at:
                processes.kill(slot.pid)
            return
        # Written by a signal handler in one go: once there is something, it is whole.
        stacks = self.stacks(slot)
        if not stacks and now < state.term_at:
            return
        self._taken[slot.number] = stacks
        others = processes.descendants(slot.pid)
        processes.terminate(slot.pid)
        for pid in others:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        slot.move(msgspec.structs.replace(state, terminated=True, kill_at=now + self._grace))

    def kill(self, slot: Slot, reason: str) -> None:
        """End a worker at once; what it ran is untested."""
        state = slot.state
        if not isinstance(state, Stopping):
            now = _monotonic()
            slot.move(
                Stopping(
                    running=state if isinstance(state, Running) else None,
                    outcome=Outcome.UNTESTED,
                    reason=reason,
                    position=slot.board.read() if slot.board else Position(),
                    term_at=now,
                    kill_at=now,
                    terminated=True,
                )
            )
        processes.kill(slot.pid)


def sweep(site: int, spared: int) -> list[str]:
    """End what units left running below the zygote; return the names of what there was."""
    left = [pid for pid in processes.descendants(site) if pid != spared]
    if not left:
        return []
    names = processes.names(left)
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return names
