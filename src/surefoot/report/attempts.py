"""What attempts and hooks say of why they are bad. Reads records, keeps and prints nothing."""

from collections.abc import Iterable

import msgspec

from surefoot.events.events import ScenarioFinished
from surefoot.events.failures import BAD_STATUSES, error_line
from surefoot.events.records import (
    CapturedRecord,
    FeatureRecord,
    OutlineItem,
    RuleItem,
    ScenarioRecord,
    State,
    StepRecord,
)
from surefoot.model.outcomes import Judgement, Outcome, Verdict, verdict_of

_MAX_CAPTURED = 64 * 1024


class HookFailure(msgspec.Struct, frozen=True):
    """A hook that failed outside of scenarios."""

    where: str
    """The feature, rule or worker that it belongs to."""
    message: str
    captured: list[CapturedRecord] = []


def settled(outcomes: dict[int, Outcome], judgements: dict[int, Judgement]) -> Verdict:
    """Return the verdict over the attempts so far, as the engine reaches it at the end."""
    numbers = sorted(outcomes)
    if not numbers:
        return Verdict.UNTESTED
    return verdict_of(
        [outcomes[number] for number in numbers], [judgements.get(number) for number in numbers]
    )


def feature_hook_failures(record: FeatureRecord) -> Iterable[HookFailure]:
    """Yield the hook failures of a feature and its rules."""
    if record.state.hook_failed:
        yield _hook_failure(f"feature {record.filename}:{record.line}", record.state)
    for item in record.items:
        if isinstance(item, RuleItem | OutlineItem) and item.state.hook_failed:
            yield _hook_failure(f"{item.keyword} {record.filename}:{item.line}", item.state)


def _hook_failure(where: str, state: State) -> HookFailure:
    message = state.error_message or error_line(state) or state.status
    return HookFailure(where, message, [_tail(item) for item in state.captured])


def bounded(event: ScenarioFinished) -> ScenarioFinished:
    """Return the attempt without what no summary shows, so that a hundred fit in memory."""
    record = event.record
    return msgspec.structs.replace(
        event,
        record=msgspec.structs.replace(
            record,
            calls=[],
            earlier=[],
            state=_bounded_state(record.state),
            steps=[_bounded_step(step) for step in record.steps],
        ),
    )


def _bounded_step(step: StepRecord) -> StepRecord:
    state = step.state
    if state.status in BAD_STATUSES:
        return msgspec.structs.replace(step, state=_bounded_state(state))
    # The scenario's own sections hold what its passing steps wrote.
    return msgspec.structs.replace(step, state=State(status=state.status), text=None, table=None)


def _bounded_state(state: State) -> State:
    message = state.error_message
    return msgspec.structs.replace(
        state,
        error_message=None if message is None else message[-_MAX_CAPTURED:],
        captured=[_tail(item) for item in state.captured],
    )


def _tail(section: CapturedRecord) -> CapturedRecord:
    return msgspec.structs.replace(
        section,
        stdout=section.stdout[-_MAX_CAPTURED:],
        stderr=section.stderr[-_MAX_CAPTURED:],
        log=section.log[-_MAX_CAPTURED:],
    )


def brief(event: ScenarioFinished) -> ScenarioFinished:
    """Return the attempt without steps, captured output and stacks."""
    record = event.record
    return msgspec.structs.replace(
        event,
        stacks="",
        shared_paths=[],
        record=ScenarioRecord(record.path, record.keyword, record.name, record.line),
    )
