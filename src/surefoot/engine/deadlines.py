"""Whether a worker is over a deadline, from where its board says it is."""

import msgspec

from surefoot.engine.slots import Finishing, Loading, Running, Starting, State
from surefoot.worker.board import Place, Position


class Timeouts(msgspec.Struct, frozen=True):
    """Deadlines in seconds; None for none."""

    step: float | None
    scenario: float | None
    hook: float | None
    run: float | None
    load: float | None


class Overrun(msgspec.Struct, frozen=True):
    """A deadline that has passed."""

    reason: str


def overrun(
    state: State, position: Position, timeouts: Timeouts, grace: float, now: float
) -> Overrun | None:
    """Return the deadline that a worker has passed, or None."""
    if isinstance(state, Loading):
        if timeouts.load is not None and now - state.since > timeouts.load:
            return Overrun(f"loading did not end within {timeouts.load:g} s (--preload-timeout)")
        return None
    if isinstance(state, Finishing) and state.finished:
        if now - state.since > grace:
            return Overrun(f"the process did not end within {grace:g} s of after_all (--grace)")
        return None
    if isinstance(state, Starting | Finishing):
        name = "before_all" if isinstance(state, Starting) else "after_all"
        if timeouts.hook is not None and now - state.since > timeouts.hook:
            return Overrun(f"{name} did not end within {timeouts.hook:g} s (--timeout-hook)")
        return None
    if not isinstance(state, Running) or position.unit != state.serial:
        return None
    spent = now - position.since
    if position.place is Place.STEP and _over(spent, timeouts.step):
        return Overrun(f"the step did not end within {timeouts.step:g} s (--timeout-step)")
    if position.place in (Place.SCENARIO_HOOK, Place.FEATURE_HOOK) and _over(spent, timeouts.hook):
        return Overrun(
            f"the hook {position.name} did not end within {timeouts.hook:g} s (--timeout-hook)"
        )
    if position.scenario >= 0 and _over(now - position.scenario_since, timeouts.scenario):
        return Overrun(
            f"the scenario did not end within {timeouts.scenario:g} s (--timeout-scenario)"
            + _of_schedules(position.schedules)
        )
    return None


def _of_schedules(count: int) -> str:
    """Return what the deadline of an explored scenario covers; empty for any other."""
    if count < 0:
        return ""
    return (
        f"; that covers all schedules of its exploration, of which {count} had been run: explore"
        " fewer (--schedules N, @explore:N), or give it longer"
    )


def _over(spent: float, limit: float | None) -> bool:
    return limit is not None and spent > limit
