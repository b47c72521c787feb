"""What the journals of runs say of each scenario, as far as the tag rules ask.

Reads events; opens nothing. Nothing is concluded from what a run does not show.
"""

from collections.abc import Iterable

import msgspec

from surefoot.events.events import (
    Event,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.failures import error_state, headline
from surefoot.model.outcomes import Outcome, Standing, Verdict
from surefoot.policy.infrastructure import InfrastructureRules, Raised, infrastructure_error


class RecordedScenario(msgspec.Struct, frozen=True):
    """One scenario in one run."""

    id: str
    file: str
    line: int
    name: str
    tags: tuple[str, ...]
    verdict: Verdict
    outcomes: tuple[Outcome, ...]
    error: str = ""
    """Why its last bad attempt was bad, in one line."""
    kind: str = ""
    """The type of its exception."""
    infrastructure: bool = False
    """Whether that was an error of the machine."""

    @property
    def failed(self) -> bool:
        """Whether no attempt of it passed, and the last one was bad."""
        return self.outcomes[-1].is_bad and Outcome.PASSED not in self.outcomes

    @property
    def passed(self) -> bool:
        """Whether every attempt passed."""
        return set(self.outcomes) == {Outcome.PASSED}

    @property
    def excusable(self) -> bool:
        """Whether it failed as an expected failure may: in its steps, and not by the machine."""
        steps = {Outcome.FAILED, Outcome.ERROR}
        return self.failed and set(self.outcomes) <= steps and not self.infrastructure


class RecordedRun(msgspec.Struct, frozen=True):
    """One run."""

    run: str
    cut: bool
    """Whether its journal has no end, so that it does not show everything."""
    scenarios: dict[str, RecordedScenario]
    """Those with a verdict, by id."""


def read_run(events: Iterable[Event], rules: InfrastructureRules) -> RecordedRun:
    """Return what a journal holds."""
    run = ""
    cut = True
    planned: dict[tuple[int, tuple[int, ...]], tuple[str, int, str, tuple[str, ...]]] = {}
    bad: dict[str, tuple[str, str, bool]] = {}
    found: dict[str, RecordedScenario] = {}
    for event in events:
        match event:
            case RunStarted():
                run = event.run
            case SuitePlanned():
                planned = {
                    (feature.index, item.path): (
                        feature.filename,
                        item.line,
                        item.name,
                        item.tags,
                    )
                    for feature in event.features
                    for item in feature.scenarios
                }
            case ScenarioFinished() if event.outcome.is_bad:
                bad[event.id] = _error(event, rules)
            case VerdictReached() if (event.feature, event.path) in planned:
                file, line, name, tags = planned[event.feature, event.path]
                error, kind, machine = bad.pop(event.id, ("", "", False))
                found[event.id] = RecordedScenario(
                    id=event.id,
                    file=file,
                    line=line,
                    name=name,
                    tags=tags,
                    verdict=event.verdict,
                    outcomes=tuple(event.outcomes),
                    error=error,
                    kind=kind,
                    infrastructure=machine,
                )
            case RunFinished():
                cut = False
            case _:
                pass
    return RecordedRun(run, cut, found)


def _error(event: ScenarioFinished, rules: InfrastructureRules) -> tuple[str, str, bool]:
    judgement = event.judgement
    error = error_state(event).error
    kind = error.type.removeprefix("builtins.") if error else event.outcome.value
    machine = judgement is not None and judgement.standing is Standing.INFRASTRUCTURE
    if judgement is None and error is not None:
        # The run did not ask; a record holds no causes, so only the error itself is looked at.
        raised = Raised((kind, error.type.rpartition(".")[2]), error.message)
        machine = infrastructure_error([raised], rules) is not None
    return headline(event), kind, machine
