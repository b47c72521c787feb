"""Progress as lines: little when green, each failure once, never a flood."""

import io

from tests.unit.report import runs

from surefoot.events.events import Event, Notice, ScenarioStarted, SuiteLoaded
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.model.scenarios import PlannedFeature
from surefoot.report.plain import PlainDisplay
from surefoot.report.style import Style


class Clock:
    """Time that moves when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def display(
    *, quiet: bool = False, verbose: bool = False
) -> tuple[PlainDisplay, io.StringIO, Clock]:
    clock = Clock()
    stream = io.StringIO()
    return PlainDisplay(stream, Style(), quiet, verbose, clock), stream, clock


def run(shown: PlainDisplay, item: PlannedFeature, numbers: range) -> None:
    for number in numbers:
        event = runs.attempt(item, number, Outcome.PASSED)
        shown.on_event(runs.ended(event))
        shown.on_event(runs.verdict(event, of=Verdict.PASSED))


def test_the_start_says_what_runs() -> None:
    shown, stream, _ = display()
    shown.on_event(runs.started())
    shown.on_event(runs.planned(runs.feature(0, ["A", "B"]), runs.feature(1, ["C"]), workers=8))
    assert stream.getvalue() == "surefoot 0.1.0: 3 scenarios in 2 features, 8 workers, seed 42\n"


def test_a_short_green_run_shows_no_progress() -> None:
    shown, stream, clock = display()
    item = runs.feature(0, [str(number) for number in range(100)])
    shown.on_event(runs.planned(item))
    before = stream.getvalue()
    for number in range(100):
        run(shown, item, range(number, number + 1))
        clock.now += 0.09
        shown.tick()
    shown.close()
    assert stream.getvalue() == before


def test_progress_comes_at_most_every_ten_seconds_and_ten_percent() -> None:
    shown, stream, clock = display()
    item = runs.feature(0, [str(number) for number in range(1200)])
    shown.on_event(runs.planned(item))
    stream.truncate(0)
    stream.seek(0)
    for number in range(1200):
        run(shown, item, range(number, number + 1))
        clock.now += 0.25
        shown.tick()
    lines = stream.getvalue().splitlines()
    assert 8 <= len(lines) <= 10
    assert lines[0] == "  120/1,200 done, 0 failed, 0 flaky, 30s elapsed, about 4m30s left"


def test_history_knows_better_how_long_is_left() -> None:
    shown, stream, clock = display()
    shown.estimate_left = lambda: 7.2
    item = runs.feature(0, [str(number) for number in range(20)])
    shown.on_event(runs.planned(item))
    run(shown, item, range(10))
    clock.now += 190
    shown.tick()
    assert "  10/20 done, 0 failed, 0 flaky, 3m10s elapsed, about 7s left\n" in stream.getvalue()


def test_a_long_wait_shows_what_is_waited_for() -> None:
    shown, stream, clock = display()
    item = runs.feature(0, ["Slow", "Other"])
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), clock.now))
    clock.now += 59
    shown.on_event(ScenarioStarted(1, 0, (0,), clock.now))
    shown.on_event(ScenarioStarted(2, 0, (1,), clock.now))
    shown.tick()
    assert "running" not in stream.getvalue()
    clock.now += 2
    shown.tick()
    assert stream.getvalue().endswith("  running for 1m01s: features/f0.feature:3  Slow\n")


def test_each_failure_is_one_line_when_it_happens() -> None:
    shown, stream, _ = display()
    for event in runs.flaky():
        if hasattr(event, "record"):
            shown.on_event(runs.ended(event))  # type: ignore[arg-type]
        shown.on_event(event)
    assert stream.getvalue().splitlines()[1:] == [
        "FAILED  features/f0.feature:3  Wobbles: ASSERT FAILED: one is",
        "FAILED  features/f0.feature:13  Stays bad: ASSERT FAILED: one is",
        "FLAKY  features/f0.feature:3  Wobbles: passed on attempt 2",
    ]


def test_notices_come_at_once_in_one_line() -> None:
    shown, stream, _ = display()
    shown.on_event(Notice(0.1, "no-fork", "spawned, not forked\nstack\n\x1b[2J"))
    assert stream.getvalue() == "note: spawned, not forked\n"


def test_quiet_shows_nothing() -> None:
    shown, stream, clock = display(quiet=True)
    events: list[Event] = [*runs.red(), Notice(0.1, "no-fork", "x")]
    for event in events:
        shown.on_event(event)
    clock.now += 100
    shown.tick()
    shown.loading("features/steps/x.py", 99.0)
    shown.close()
    assert stream.getvalue() == ""


def test_verbose_shows_the_load() -> None:
    shown, stream, _ = display(verbose=True)
    shown.on_event(SuiteLoaded(0.1, 1.25, 4800, 3, 12, [], "fork"))
    assert "loaded in 1.25s: 4,800 step definitions, 12 scenarios; workers by fork\n" in (
        stream.getvalue()
    )


def test_a_long_load_shows_what_is_loaded() -> None:
    shown, stream, clock = display()
    shown.loading("features/steps/x.py", 3.2)
    assert stream.getvalue() == ""
    for _ in range(15):
        clock.now += 1
        shown.loading("features/steps/x.py", clock.now - 1000)
    assert stream.getvalue() == "loading features/steps/x.py, 10.0 s\n"


def test_counts_never_exceed_the_total() -> None:
    shown, stream, clock = display()
    item = runs.feature(0, ["A", "B"])
    shown.on_event(runs.planned(item))
    first = runs.attempt(item, 0, Outcome.UNTESTED)
    shown.on_event(runs.ended(first))
    run(shown, item, range(1))
    shown.on_event(runs.untested(item, 1))
    clock.now += 100
    shown.tick()
    assert "  2/2 done" in stream.getvalue()
