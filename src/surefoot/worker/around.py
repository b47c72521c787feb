"""What surrounds an attempt of a scenario: the stability kit's tools, one inside the other.

Each tool (a directory of its own, seeds, virtual time, leak checks, ...) is an `Around`: it is
called with the attempt and with what is left to do, and calls that once, or, to explore, more
often. The same chain runs in a worker and, after `surefoot.enable(context)`, under plain behave.

A tool reports through the attempt and never raises: an exception of its own is a defect of ours,
becomes a finding, and does not change the scenario's result.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from behave.model import Scenario
from behave.model_type import Status

from surefoot.model.findings import Finding

Proceed = Callable[[], bool]
"""Runs the scenario, with the tools further inside; returns behave's `failed`."""


class Attempt:
    """One attempt of a scenario, as the tools around it see it."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        identity: str,
        number: int = 1,
        worker: int = 0,
        run: str = "",
        run_dir: str = "",
        seed: int = 0,
        selected: bool = True,
        on_schedule: Callable[[int], None] = lambda _: None,
        held: Sequence[Any] = (),
    ) -> None:
        self.scenario = scenario
        self.id = identity
        """The stable scenario id."""
        self.number = number
        """From 1; a retry is another attempt."""
        self.worker = worker
        self.run = run
        """Id of the run."""
        self.run_dir = run_dir
        """Absolute; where this run keeps what it writes. Empty under plain behave."""
        self.seed = seed
        """Of the run; with the scenario's id it gives the scenario's own."""
        self.selected = selected
        """Whether it will run; behave goes through what it skips as well."""
        self.on_schedule = on_schedule
        """Told how many schedules an exploration has run; -1 when it has ended."""
        self.held = held
        """What outlives the scenario in behave's context: the dictionaries of its layers."""
        self.tags: frozenset[str] = frozenset(map(str, scenario.effective_tags))
        self.findings: list[Finding] = []
        self.facts: dict[str, str] = {}
        self.failure = ""

    def report(self, finding: Finding) -> None:
        """Tell a finding."""
        self.findings.append(finding)

    def fact(self, name: str, value: str) -> None:
        """Note something that the outcome carries, shown when the scenario fails."""
        self.facts[name] = value

    def fail(self, message: str) -> None:
        """Make the scenario fail although its steps may have passed; the first message stays."""
        self.failure = self.failure or message


class Around(Protocol):
    """A tool around a scenario."""

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        """Do what comes before, `return proceed()`, and in between or after it the rest."""
        ...


def run_around(
    arounds: Sequence[Around], attempt: Attempt, run: Callable[[Scenario, Any], bool], runner: Any
) -> bool:
    """Run a scenario inside its tools, the first outermost; return behave's `failed`."""

    def proceed_from(index: int) -> bool:
        if index == len(arounds):
            return run(attempt.scenario, runner)
        around = arounds[index]
        result: list[bool] = []

        def proceed() -> bool:
            failed = proceed_from(index + 1)
            result.append(failed)
            return failed

        try:
            return around(attempt, proceed)
        except Exception as error:  # a tool must not change a result
            attempt.report(
                Finding(
                    "SF001",
                    f"{type(around).__name__} failed and was left out:"
                    f" {type(error).__name__}: {error}",
                    scenario=attempt.id,
                    remedy="this is a defect of surefoot; please report it",
                )
            )
            return result[-1] if result else proceed_from(index + 1)

    failed = proceed_from(0)
    if attempt.failure and not failed:
        scenario = attempt.scenario
        scenario.set_status(Status.failed)
        scenario.error_message = attempt.failure
        return True
    return failed
