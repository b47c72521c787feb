"""What a user of the core decides: which thread goes on, and when time does.

Two kinds exist. Virtual time lets every thread that can run, run: `ready` is `core.let_run`, and
only `stopped` decides something, once `core.running` is 0. Exploration lets one thread run at a
time: `ready` leaves the thread in `core.ready`, and `stopped` and `switch` pick from there.
"""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from surefoot.modelled.core import Core, Member


class Policy(Protocol):
    """Decides for a `Core`. Must not call user code, nor wait."""

    switching: bool
    """Whether `switch` is to be called; False costs nothing."""

    def ready(self, core: "Core", member: "Member") -> None:
        """Note that a thread can go on (it is new, or what it waited for has come).

        Called under the core's mutex. Either `core.let_run(member)` now, or later: until then it
        stands in `core.ready`, the one that came first in front.
        """
        ...

    def stopped(self, core: "Core", member: "Member") -> None:
        """Note that a thread that was running has blocked or ended.

        Called under the core's mutex, `core.running` being what is left. Where nothing else
        brings a thread to run, one of these must: `core.let_run` of a ready one,
        `core.fire_next()` (time goes to the next deadline), or `core.fail` of a blocked one.
        """
        ...

    def switch(self, core: "Core", member: "Member", point: str) -> None:
        """Note that the running thread is at a switch point; called by it, outside the mutex.

        `point` is "acquire", "release", "look" (a clock read, a wait of no length), or what the
        policy's own tracing passes. To let another go first, use `core.pause(member, pick)`.
        An exception raised here comes out of the user's call.
        """
        ...
