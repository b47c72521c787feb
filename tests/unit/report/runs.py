"""Runs made of events, for the tests of reports: no engine, no processes."""

from collections.abc import Iterable

from surefoot.events.events import (
    SCHEMA,
    Counts,
    Event,
    Notice,
    RunFinished,
    RunStarted,
    ScenarioEnded,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.records import (
    CapturedRecord,
    ErrorRecord,
    ScenarioRecord,
    State,
    StepRecord,
)
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.model.scenarios import PlannedFeature, PlannedScenario, scenario_id

ASSERTION = State(
    status="failed",
    error_message="ASSERT FAILED: one is\nnot two",
    error=ErrorRecord("builtins.AssertionError", "one is\nnot two"),
)
TRACEBACK = State(
    status="error",
    error_message=(
        "Traceback (most recent call last):\n"
        '  File "features/steps/s.py", line 10, in r\n'
        '    raise KeyError("zap")\n'
        "KeyError: 'zap'\n"
    ),
    error=ErrorRecord("builtins.KeyError", "'zap'"),
)
UNDEFINED = State(status="undefined")


def feature(index: int, names: Iterable[str], filename: str = "") -> PlannedFeature:
    """A feature whose scenarios stand on lines 3, 13, 23, ..."""
    filename = filename or f"features/f{index}.feature"
    scenarios = tuple(
        PlannedScenario(
            scenario_id(filename, None, name, None, 0) + f" #{number}",
            (number,),
            name,
            3 + 10 * number,
            (),
            2,
            True,
        )
        for number, name in enumerate(names)
    )
    return PlannedFeature(index, filename, f"Feature {index}", 1, (), scenarios)


def started(**more: object) -> RunStarted:
    """The first event."""
    values: dict[str, object] = {
        "run": "run-1",
        "time": 1_700_000_000.0,
        "schema": SCHEMA,
        "surefoot": "0.1.0",
        "behave": "1.3.3",
        "python": "3.11.0",
        "platform": "linux",
        "cwd": "/project",
        "args": ["surefoot", "run"],
        "options": {},
        "seed": 42,
        **more,
    }
    return RunStarted(**values)  # type: ignore[arg-type]


def planned(*features: PlannedFeature, workers: int = 2) -> SuitePlanned:
    """The plan."""
    return SuitePlanned(0.1, workers, "feature", list(features), len(features))


def attempt(
    item: PlannedFeature,
    number: int,
    outcome: Outcome,
    *,
    attempt: int = 1,
    worker: int = 1,
    seconds: float = 0.5,
    bad: State | None = None,
    captured: list[CapturedRecord] | None = None,
    scenario: State | None = None,
    **more: object,
) -> ScenarioFinished:
    """One attempt; its second step ends in state `bad`."""
    planned_scenario = item.scenarios[number]
    state = scenario or State(
        status=outcome.value if outcome.value in ("passed", "failed", "skipped") else "error",
        captured=captured or [],
    )
    last = bad or State(status="passed" if outcome is Outcome.PASSED else "untested")
    line = planned_scenario.line
    record = ScenarioRecord(
        path=planned_scenario.path,
        keyword="Scenario",
        name=planned_scenario.name,
        line=line,
        steps=[
            StepRecord("Given", "given", "a start", line + 1, state=State(status="passed")),
            StepRecord("Then", "then", "an end", line + 2, state=last),
        ],
        state=state,
    )
    return ScenarioFinished(
        feature=item.index,
        id=planned_scenario.id,
        attempt=attempt,
        worker=worker,
        outcome=outcome,
        started=1_700_000_000.0,
        seconds=seconds,
        record=record,
        **more,  # type: ignore[arg-type]
    )


def ended(event: ScenarioFinished) -> ScenarioEnded:
    """What displays get beside (or instead of) the attempt."""
    return ScenarioEnded(
        event.worker,
        event.feature,
        event.record.path,
        event.id,
        event.attempt,
        event.outcome,
        event.seconds,
    )


def verdict(*attempts: ScenarioFinished, of: Verdict) -> VerdictReached:
    """The verdict over attempts of one scenario."""
    last = attempts[-1]
    return VerdictReached(
        last.id, last.feature, last.record.path, of, [a.outcome for a in attempts], last.seconds
    )


def untested(item: PlannedFeature, number: int) -> VerdictReached:
    """The verdict of a scenario that never ran."""
    scenario = item.scenarios[number]
    return VerdictReached(
        scenario.id, item.index, scenario.path, Verdict.UNTESTED, [Outcome.UNTESTED]
    )


def finished(
    *, failed: bool = False, scenarios: dict[str, int] | None = None, **more: object
) -> RunFinished:
    """The last event."""
    scenarios = scenarios or {"passed": 2}
    values: dict[str, object] = {
        "at": 12.5,
        "exit_code": int(failed),
        "failed": failed,
        "counts": Counts(
            features={"failed" if failed else "passed": 1},
            rules={},
            scenarios=scenarios,
            steps={"passed": 4},
        ),
        "verdicts": scenarios,
        "workers": 2,
        "makespan": 12.3,
        "bound": 11.8,
        **more,
    }
    return RunFinished(**values)  # type: ignore[arg-type]


def passing(item: PlannedFeature, number: int) -> list[Event]:
    """A scenario that passes, as a journal holds it."""
    event = attempt(item, number, Outcome.PASSED)
    return [event, verdict(event, of=Verdict.PASSED)]


def green() -> list[Event]:
    """Two scenarios pass."""
    item = feature(0, ["First", "Second"])
    return [started(), planned(item), *passing(item, 0), *passing(item, 1), finished()]


def red() -> list[Event]:
    """One fails, one raises, one is undefined, one passes."""
    item = feature(0, ["Fails", "Raises", "Undefined", "Passes"])
    fails = attempt(
        item,
        0,
        Outcome.FAILED,
        bad=ASSERTION,
        worker=2,
        captured=[CapturedRecord("scenario", stdout="hello out\n", failed=True)],
        output="output/w2-000001.log",
        output_bytes=10,
    )
    raises = attempt(item, 1, Outcome.ERROR, bad=TRACEBACK)
    undefined = attempt(item, 2, Outcome.UNDEFINED, bad=UNDEFINED)
    bad = [fails, raises, undefined]
    return [
        started(),
        planned(item),
        *bad,
        *passing(item, 3),
        *(verdict(event, of=Verdict.FAILED) for event in bad),
        finished(failed=True, scenarios={"passed": 1, "failed": 1, "error": 2}),
    ]


def flaky() -> list[Event]:
    """One fails and passes then, one fails twice, in different ways."""
    item = feature(0, ["Wobbles", "Stays bad"])
    first = attempt(item, 0, Outcome.FAILED, bad=ASSERTION, output="output/w1-000001.log")
    second = attempt(item, 0, Outcome.PASSED, attempt=2, worker=3, output="output/w3-000001.log")
    bad = attempt(item, 1, Outcome.FAILED, bad=ASSERTION)
    again = attempt(item, 1, Outcome.ERROR, bad=TRACEBACK, attempt=2, worker=4)
    return [
        started(),
        planned(item),
        first,
        bad,
        second,
        again,
        verdict(first, second, of=Verdict.FLAKY),
        verdict(bad, again, of=Verdict.FAILED),
        finished(failed=True, scenarios={"flaky": 1, "failed": 1}),
    ]


def died(outcome: Outcome = Outcome.CRASHED) -> list[Event]:
    """A scenario that its worker did not survive."""
    item = feature(0, ["Dies"])
    reason = (
        "the worker process died: signal SIGSEGV"
        if outcome is Outcome.CRASHED
        else "the step took longer than 5 s (--timeout-step)"
    )
    stacks = 'Thread 0x01 (most recent call first):\n  File "s.py", line 3 in crash\n' * 30
    message = f"{reason}\n{stacks}"
    event = attempt(
        item,
        0,
        outcome,
        bad=State(
            status="error",
            error_message=message,
            error=ErrorRecord("surefoot.WorkerCrashed", message),
        ),
        reason=reason,
        stacks=stacks,
        shared_paths=["/project/shared.txt"],
    )
    return [
        started(),
        planned(item),
        event,
        verdict(event, of=Verdict.FAILED),
        finished(failed=True, scenarios={"error": 1}),
    ]


def many_failures(count: int) -> list[Event]:
    """Every scenario fails."""
    item = feature(0, [f"Number {number}" for number in range(count)])
    events: list[Event] = [started(), planned(item)]
    for number in range(count):
        event = attempt(item, number, Outcome.FAILED, bad=ASSERTION)
        events += [event, verdict(event, of=Verdict.FAILED)]
    return [*events, finished(failed=True, scenarios={"failed": count})]


def notices(code: str, count: int) -> list[Event]:
    """Notices of one kind."""
    return [Notice(0.2, code, f"{code} number {number}") for number in range(count)]
