"""Warnings that were shown before are left out; nothing else is."""

from surefoot.events.records import CapturedRecord, ScenarioRecord, State, StepRecord
from surefoot.report.warned import ShownOnce

WARNING = "shop.py:3: UserWarning: old\n  old_way()\n"
OTHER = "shop.py:9: FutureWarning: older\n"


def scenario(*texts: str, hook: str = "", stdout: str = "", repeat: bool = False) -> ScenarioRecord:
    """A scenario with a step for each text on standard error."""
    steps = [
        StepRecord(
            "Given", "given", str(number), number, state=State("passed", captured=captured(text))
        )
        for number, text in enumerate(texts)
    ]
    state = State("passed", captured=[CapturedRecord(stderr=hook, stdout=stdout)] if hook else [])
    return ScenarioRecord(
        (0,), "Scenario", "s", 1, steps=steps, state=state, warnings_repeat=repeat
    )


def captured(text: str) -> list[CapturedRecord]:
    return [CapturedRecord(stderr=text)]


def errors(record: ScenarioRecord) -> list[list[str]]:
    """Standard error of the scenario's own sections, then of each step's."""
    states = [record.state, *(step.state for step in record.steps)]
    return [[part.stderr for part in state.captured] for state in states]


def test_the_first_scenario_keeps_a_warning_and_the_second_does_not() -> None:
    shown = ShownOnce()
    assert errors(shown.scenario(scenario(WARNING + "text\n"))) == [[], [WARNING + "text\n"]]
    assert errors(shown.scenario(scenario(WARNING + "text\n"))) == [[], ["text\n"]]


def test_a_section_that_is_left_with_nothing_goes() -> None:
    shown = ShownOnce(WARNING)
    record = shown.scenario(scenario(WARNING, OTHER, hook="before\n" + WARNING))  # kept twice
    assert errors(record) == [["before\n"], [], [OTHER]]
    kept = shown.scenario(scenario(hook=OTHER, stdout="out"))
    assert kept.state.captured == [CapturedRecord(stdout="out", stderr="")]


def test_a_scenario_that_shows_one_twice_asked_for_all() -> None:
    shown = ShownOnce(WARNING)
    twice = scenario(WARNING, WARNING)
    assert shown.scenario(twice) is twice
    assert errors(shown.scenario(scenario(WARNING))) == [[], []]


def test_a_scenario_says_that_warnings_repeat() -> None:
    shown = ShownOnce(WARNING)
    record = scenario(WARNING, repeat=True)
    assert shown.scenario(record) is record


def test_what_only_looks_like_one_stays() -> None:
    text = "a UserWarning: is no line of a warning\nshop.py:3: note: UserWarning: no\n"
    shown = ShownOnce()
    for _ in range(2):
        assert errors(shown.scenario(scenario(text))) == [[], [text]]
