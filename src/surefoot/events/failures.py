"""What an attempt's record says of why it is bad. Reads records, keeps nothing."""

from surefoot.events.events import ScenarioFinished
from surefoot.events.records import ScenarioRecord, State, StepRecord
from surefoot.model.outcomes import Standing

BAD_STATUSES = frozenset({"failed", "error", "undefined", "pending", "hook_error", "cleanup_error"})
_MAX_HEADLINE = 500


def failing_step(record: ScenarioRecord) -> StepRecord | None:
    """Return the step at which an attempt ended badly."""
    return next((step for step in record.steps if step.state.status in BAD_STATUSES), None)


def error_state(event: ScenarioFinished) -> State:
    """Return the state that holds the attempt's error: the failing step's, or the scenario's."""
    step = failing_step(event.record)
    return step.state if step is not None else event.record.state


def headline(event: ScenarioFinished) -> str:
    """Return in one line why an attempt is bad; may hold any character."""
    step = failing_step(event.record)
    judgement = event.judgement
    if judgement is not None and judgement.standing is Standing.UNEXPECTED_PASS:
        text = judgement.text
    elif event.reason:
        text = event.reason
    elif step is not None and step.state.status == "undefined":
        text = f"undefined step: {step.keyword} {step.name}"
    else:
        text = error_line(step.state if step else None) or error_line(event.record.state)
    return text.strip().split("\n", 1)[0][:_MAX_HEADLINE] or event.outcome.value


def error_line(state: State | None) -> str:
    """Return an error's type and text without its traceback."""
    if state is None:
        return ""
    message = (state.error_message or "").strip()
    error = state.error
    if error is not None and (not message or message.startswith("Traceback (")):
        kind = error.type.removeprefix("builtins.")
        return f"{kind}: {error.message}" if error.message else kind
    if message.startswith("Traceback ("):
        return message.rsplit("\n", 1)[-1]
    return message
