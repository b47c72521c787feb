"""What a worker, or plain behave, shows the policy of an attempt: exceptions while they are there.

Decides nothing (`policy.expected` does) and keeps nothing.
"""

from collections import deque
from typing import Any

from behave.model import Scenario
from behave.model_type import Status

from surefoot.model.outcomes import Judgement, Outcome, Standing
from surefoot.policy.expected import Failure, Policy, Seen, judge
from surefoot.policy.infrastructure import Raised

_LONGEST_CHAIN = 20
_LONGEST_MESSAGE = 20_000

_OUTCOMES = {
    "passed": Outcome.PASSED,
    "skipped": Outcome.SKIPPED,
    "untested": Outcome.UNTESTED,
    "failed": Outcome.FAILED,
    "error": Outcome.ERROR,
    "hook_error": Outcome.HOOK_ERROR,
    "cleanup_error": Outcome.HOOK_ERROR,
    "undefined": Outcome.UNDEFINED,
    "pending": Outcome.ERROR,
}


def outcome_of(scenario: Scenario) -> Outcome:
    """Return what an attempt came to, by behave's status."""
    name = scenario.status.name
    if name == "error" and any(step.status is Status.undefined for step in scenario.all_steps):
        return Outcome.UNDEFINED
    return _OUTCOMES.get(name, Outcome.ERROR)


def judge_scenario(
    scenario: Scenario, outcome: Outcome, policy: Policy, *, check: str = "", aborted: bool = False
) -> Judgement | None:
    """Return what the policy makes of a scenario that has just run.

    `check` is what a tool around it failed it for.
    """
    seen = Seen(outcome=outcome)
    if outcome.is_bad:
        failures = [step for step in scenario.all_steps if step.status.has_failed()]
        seen = Seen(
            outcome=outcome,
            failures=tuple(
                Failure(step.status.name, chain_of(step.exception)) for step in failures
            ),
            outside=chain_of(scenario.exception),
            check=check,
            aborted=aborted,
        )
    tags = frozenset(map(str, scenario.effective_tags))
    return judge(tags, seen, policy, lambda name: _place(scenario, name))


def counts_as_failed(judgement: Judgement, outcome: Outcome, *, first: bool) -> bool:
    """Return what `Scenario.run` is to answer, by which behave stops with `--stop`.

    In a first attempt an error of the machine decides nothing: there will be another.
    """
    if first and judgement.standing is Standing.INFRASTRUCTURE:
        return False
    return judgement.is_bad(outcome) and not judgement.quarantine


def chain_of(error: BaseException | None) -> tuple[Raised, ...]:
    """Return an exception and what it was raised from or while handling, nearest first.

    The members of a group stand behind it.
    """
    chain: list[Raised] = []
    seen: set[int] = set()
    waiting = deque([] if error is None else [error])
    while waiting and len(chain) < _LONGEST_CHAIN:
        error = waiting.popleft()
        if id(error) in seen:
            continue
        seen.add(id(error))
        chain.append(Raised(_names(type(error)), _message(error)))
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
        hidden = error.__suppress_context__
        before = error.__cause__ or (None if hidden else error.__context__)
        if before is not None:
            waiting.append(before)
    return tuple(chain)


def _names(kind: type[BaseException]) -> tuple[str, ...]:
    bases = (base for base in kind.__mro__ if base not in (BaseException, object))
    return tuple(
        base.__qualname__ if base.__module__ == "builtins" else f"{base.__module__}.{base.__name__}"
        for base in bases
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST_MESSAGE]
    except Exception:  # an exception of the user's whose text cannot be had
        return ""


def _place(scenario: Scenario, name: str) -> str:
    """Return where a tag of a scenario stands, its parents' tags included."""
    element: Any = scenario
    while element is not None:
        for tag in getattr(element, "tags", ()):
            line = getattr(tag, "line", None)
            if str(tag) == name and line:
                return f"{scenario.filename}:{line}"
        element = getattr(element, "parent", None)
    return ""


def invert(scenario: Scenario, judgement: Judgement) -> bool:
    """Give a scenario of plain behave the status that the policy makes of it; return `failed`.

    Formatters have shown its steps by then. Quarantine is left to surefoot's own runs.
    """
    if judgement.standing is Standing.EXPECTED_FAILURE:
        scenario.set_status(Status.passed)
        return False
    if judgement.standing is Standing.UNEXPECTED_PASS:
        scenario.set_status(Status.failed)
        scenario.error_message = judgement.text
        return True
    return bool(scenario.status.has_failed())
