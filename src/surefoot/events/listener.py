"""What listens to a run: displays, reports, history. None of them can change a result."""

from typing import Protocol

from surefoot.events.events import Event


class Listener(Protocol):
    """Called by the engine, in order, from its one thread.

    A listener that raises is dropped with a notice. `tick` is called about four times a second
    while the run goes on, for displays.
    """

    def on_event(self, event: Event) -> None:
        """Take one event."""

    def tick(self) -> None:
        """Refresh what is shown."""

    def close(self) -> None:
        """The run is over; leave the terminal as it was found."""
