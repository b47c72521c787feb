"""Records that the coordinator makes itself, for what no worker could report."""

import msgspec

from surefoot.events.events import FeatureFinished
from surefoot.events.records import (
    Call,
    ErrorRecord,
    MatchCall,
    ResultCall,
    ScenarioRecord,
    State,
    StepCall,
    StepRecord,
)


def ended_with_worker(record: ScenarioRecord, step: int, kind: str, message: str) -> ScenarioRecord:
    """Return the record of an attempt whose worker did not survive it.

    `record` is the scenario as parsed. Steps before `step` passed, since behave goes on only
    after a pass; `step` itself has the error and the rest was skipped. With `step` -1 the
    worker ended outside of a step.
    """
    error = ErrorRecord(f"surefoot.{kind}", message)
    bad = State(status="error", error_message=message, error=error)
    steps: list[StepRecord] = []
    calls: list[Call] = [StepCall(index) for index in range(len(record.steps))]
    for index, item in enumerate(record.steps):
        if step < 0 or index > step:
            state = State(status="skipped")
        elif index < step:
            state = State(status="passed")
        else:
            state = bad
        if 0 <= index <= step:
            calls.append(MatchCall(None))
            calls.append(ResultCall(index))
        steps.append(msgspec.structs.replace(item, state=state))
    outside = step < 0 or step >= len(record.steps)
    return msgspec.structs.replace(
        record,
        steps=steps,
        calls=calls,
        announced=True,
        state=State(
            status="error",
            hook_failed=False,
            error_message=message if outside else None,
            error=error if outside else None,
        ),
    )


def left_out(record: ScenarioRecord, *, announced: bool) -> ScenarioRecord:
    """Return the record of a scenario that was not selected, as behave would leave it."""
    return msgspec.structs.replace(
        record,
        steps=[
            msgspec.structs.replace(step, state=State(status="skipped")) for step in record.steps
        ],
        calls=[StepCall(index) for index in range(len(record.steps))] if announced else [],
        announced=announced,
        state=State(status="skipped", should_skip=True),
    )


def as_if_run(event: FeatureFinished) -> FeatureFinished:
    """Return the event of a feature whose scenarios ran, but none of whose units ended."""
    return msgspec.structs.replace(
        event,
        record=msgspec.structs.replace(event.record, ran=True, announced=True, finished=True),
    )


def lost_after_scenarios(
    event: FeatureFinished, worker: int, attempt: int, reason: str, stacks: str
) -> FeatureFinished:
    """Return the end of a feature whose worker ended in a hook after its scenarios.

    `event` is the feature as parsed.
    """
    state = State(
        status="hook_error",
        hook_failed=True,
        error_message=f"{reason}\n{stacks}".rstrip(),
        error=ErrorRecord("surefoot.WorkerCrashed", reason),
    )
    record = msgspec.structs.replace(
        event.record, ran=True, announced=True, finished=True, state=state
    )
    return msgspec.structs.replace(
        event,
        attempt=attempt,
        worker=worker,
        failed=True,
        hook_failures=1,
        record=record,
        reason=reason,
    )
