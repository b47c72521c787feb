"""Which slots can have workers, after `before_all` has run in each.

One worker that could not be prepared does not end the run while another one could: such a suite
starts something in `before_all` that can exist only once. The run goes on without it, and says
so. When no worker could be prepared, the run is what it is under behave: nothing tested, failed.
"""

from surefoot.engine.results import Results
from surefoot.engine.slots import Slot, Vacant
from surefoot.worker.protocol import Ready

MAX_STARTS = 3
"""Workers that may die in a row, in one slot, before they have run a unit."""


class Readiness:
    """Follows the slots of one run."""

    def __init__(self, slots: list[Slot], results: Results) -> None:
        self._slots = slots
        self._results = results
        self._unready: list[str] = []

    def passed(self, slot: Slot) -> None:
        """A worker has run `before_all`."""
        slot.ready = True
        slot.failed_starts = 0
        self._tell()

    def failed(self, slot: Slot, message: Ready) -> None:
        """`before_all` failed in a worker; its slot gets no other one."""
        slot.failed_starts = MAX_STARTS
        text = message.output.strip()
        self._unready.append(
            f"before_all failed in worker {slot.number}; the run goes on with the others. If it"
            " starts something that can exist only once (a fixed port, a file), give each worker"
            " its own (SUREFOOT_WORKER is its number)." + (f" It printed: {text}" if text else "")
        )
        self._tell()

    def hopeless(self) -> bool:
        """Whether no slot has had a worker that was ready, and none can get one."""
        return not any(slot.ready or _usable(slot) for slot in self._slots)

    def _tell(self) -> None:
        # Not before it is known that another worker could be prepared.
        if any(slot.ready for slot in self._slots):
            for text in self._unready:
                self._results.notice("degraded-workers", text)
            self._unready.clear()


def _usable(slot: Slot) -> bool:
    closed = isinstance(slot.state, Vacant) and slot.state.closed
    return not closed and slot.failed_starts < MAX_STARTS
