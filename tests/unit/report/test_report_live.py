"""The live display, as a terminal of 80 by 24 shows it."""

import io
from collections.abc import Callable

import pyte
import pytest
from tests.unit.report import runs

from surefoot.events.events import Notice, RunFinished, ScenarioStarted
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.report.live import LiveDisplay
from surefoot.report.style import Style


class FakeTerminal(io.StringIO):
    """A terminal whose screen can be read."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._feed = pyte.Stream(self.screen)
        self.now = 1000.0
        self.written = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += text
        # A terminal's driver returns the carriage at each newline.
        self._feed.feed(text.replace("\n", "\r\n"))
        return len(text)

    def clock(self) -> float:
        return self.now

    def size(self) -> tuple[int, int]:
        return self.screen.columns, self.screen.lines

    @property
    def rows(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.rows).rstrip()

    @property
    def cursor_hidden(self) -> bool:
        return bool(self.screen.cursor.hidden)


def show(terminal: FakeTerminal, *, colour: bool = True) -> LiveDisplay:
    return LiveDisplay(terminal, Style(colour), clock=terminal.clock, size=terminal.size)


def test_what_a_run_looks_like() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    item = runs.feature(0, ["First", "Second", "Third", "Fourth"])
    shown.on_event(runs.started())
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), 1000.0))
    shown.on_event(ScenarioStarted(2, 0, (1,), 1000.0))
    terminal.now += 12
    failed = runs.attempt(item, 1, Outcome.FAILED, bad=runs.ASSERTION, worker=2)
    shown.on_event(runs.ended(failed))
    shown.on_event(failed)
    shown.on_event(ScenarioStarted(2, 0, (2,), terminal.now))
    terminal.now += 1
    shown.estimate_left = lambda: 65.0
    shown.tick()
    assert terminal.text == (
        "surefoot 0.1.0: 4 scenarios in 1 feature, 2 workers, seed 42\n"
        "FAILED  features/f0.feature:13  Second: ASSERT FAILED: one is\n"
        "  1    13s slow features/f0.feature  First\n"
        "  2     1s      features/f0.feature  Third\n"
        f"[{'#' * 19}{'.' * 58}]\n"
        "1/4 done, 1 failed, 0 flaky, 13s elapsed, about 1m05s left"
    )
    assert terminal.cursor_hidden


def test_it_draws_only_when_told() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    for event in runs.red():
        shown.on_event(event)
    assert terminal.written == ""


def test_drawings_replace_each_other_and_failures_scroll_above() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    item = runs.feature(0, [f"Number {number}" for number in range(60)])
    shown.on_event(runs.started())
    shown.on_event(runs.planned(item))
    for number in range(60):
        shown.on_event(ScenarioStarted(1, 0, (number,), terminal.now))
        shown.tick()
        event = runs.attempt(item, number, Outcome.FAILED, bad=runs.ASSERTION)
        shown.on_event(runs.ended(event))
        shown.on_event(event)
        shown.tick()
    history = ["".join(char.data for char in row.values()) for row in terminal.screen.history.top]
    everything = "\n".join([*history, *terminal.rows])
    assert everything.count("FAILED  features") == 60
    assert everything.count("done, ") == 1
    assert terminal.rows[-2 if not terminal.rows[-1] else -1].startswith("60/60 done, 60 failed")


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (80, 5), (40, 10), (20, 3), (80, 2)])
def test_it_never_takes_more_room_than_there_is(columns: int, lines: int) -> None:
    terminal = FakeTerminal(columns, lines)
    shown = show(terminal)
    long = "A scenario with a very long name, far beyond any line 日本語 " * 5
    item = runs.feature(0, [long] * 64, filename="features/" + "deep/" * 30 + "x.feature")
    shown.on_event(runs.planned(item, workers=64))
    shown.tick()
    for worker in range(64):
        shown.on_event(ScenarioStarted(worker, 0, (worker,), terminal.now))
    for _ in range(5):
        terminal.now += 1
        shown.tick()
    # Only the start line may have scrolled away.
    assert len(terminal.screen.history.top) <= 1
    assert "0/64 done"[: columns - 4] in terminal.text
    if lines > 6:
        assert f"... and {64 - (lines - 4)} more workers" in terminal.text
    shown.close()
    assert "done" not in terminal.text


def test_close_leaves_a_clean_terminal() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    item = runs.feature(0, ["First"])
    shown.on_event(runs.started())
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), terminal.now))
    shown.tick()
    shown.on_event(Notice(0.5, "interrupted", "SIGINT: no new units"))
    shown.close()
    shown.close()
    shown.tick()
    assert terminal.text == (
        "surefoot 0.1.0: 1 scenario in 1 feature, 2 workers, seed 42\nnote: SIGINT: no new units"
    )
    assert not terminal.cursor_hidden
    assert terminal.screen.cursor.x == 0
    terminal.write("the summary\n")
    assert terminal.rows[2] == "the summary"


def test_close_restores_the_terminal_after_an_exception_in_a_drawing() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    shown.on_event(runs.planned(runs.feature(0, ["First"])))
    shown.tick()

    def broken() -> float | None:
        raise RuntimeError("no estimate")

    shown.estimate_left = broken
    with pytest.raises(RuntimeError):
        shown.tick()
    shown.close()
    assert not terminal.cursor_hidden
    assert "done" not in terminal.text


def test_nothing_to_say_writes_nothing() -> None:
    terminal = FakeTerminal()
    show(terminal).close()
    assert terminal.written == ""


def test_loading_shows_what_is_loaded_until_there_is_a_plan() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    shown.loading("features/steps/x.py", 3.21)
    assert terminal.text == "loading features/steps/x.py, 3.2 s"
    shown.loading("features/steps/y.py", 4.0)
    assert terminal.text == "loading features/steps/y.py, 4.0 s"
    shown.on_event(runs.planned(runs.feature(0, ["First"])))
    shown.tick()
    assert "loading" not in terminal.text
    assert "0/1 done" in terminal.text


def test_a_finished_run_shows_no_worker() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    item = runs.feature(0, ["First"])
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), terminal.now))
    end = runs.finished()
    assert isinstance(end, RunFinished)
    shown.on_event(end)
    shown.tick()
    assert "First" not in terminal.text


def test_flaky_is_counted_and_told() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    item = runs.feature(0, ["Wobbles"])
    bad = runs.attempt(item, 0, Outcome.FAILED, bad=runs.ASSERTION)
    good = runs.attempt(item, 0, Outcome.PASSED, attempt=2)
    shown.on_event(runs.planned(item))
    for event in (bad, good):
        shown.on_event(runs.ended(event))
        shown.on_event(event)
    shown.on_event(runs.verdict(bad, good, of=Verdict.FLAKY))
    shown.tick()
    assert "FLAKY  features/f0.feature:3  Wobbles: passed on attempt 2" in terminal.text
    assert "1/1 done, 0 failed, 1 flaky" in terminal.text


def test_hostile_names_do_not_move_the_cursor() -> None:
    terminal = FakeTerminal()
    shown = show(terminal)
    name = "\x1b[10;10H\x1b[2J\x1b[?25h[red]markup[/red]\r\n\x07\x9b2J :smile:"
    item = runs.feature(0, [name])
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), terminal.now))
    shown.loading(name, 1.0)
    shown.on_event(Notice(0.1, "x", name))
    shown.on_event(runs.planned(item))
    failed = runs.attempt(item, 0, Outcome.FAILED, bad=runs.ASSERTION, reason=name)
    shown.on_event(failed)
    shown.tick()
    assert "\\x1b[10;10H\\x1b[2J" in terminal.text
    assert "[red]markup[/red]" in terminal.text.replace("\n", "")
    assert terminal.cursor_hidden


def test_without_colour_nothing_is_coloured() -> None:
    terminal = FakeTerminal()
    shown = show(terminal, colour=False)
    for event in runs.red()[:-1]:
        shown.on_event(event)
    shown.tick()
    shown.close()
    assert "\x1b[31" not in terminal.written
    coloured = FakeTerminal()
    shown = show(coloured)
    for event in runs.red()[:-1]:
        shown.on_event(event)
    shown.tick()
    assert "\x1b[31" in coloured.written


def test_a_resized_terminal_is_noticed() -> None:
    terminal = FakeTerminal(120, 24)
    shown = show(terminal)
    item = runs.feature(0, ["x" * 200])
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), terminal.now))
    shown.tick()
    before = max(len(row) for row in terminal.rows)
    terminal.screen.resize(24, 60)
    shown.tick()
    assert before > 100
    assert max(len(row) for row in terminal.rows) < 60


@pytest.mark.parametrize("closed", [BrokenPipeError(32, "Broken pipe"), OSError(5, "I/O error")])
def test_a_closed_terminal_goes_silent(closed: OSError) -> None:
    class Gone(FakeTerminal):
        calls = 0

        def write(self, text: str) -> int:
            self.calls += 1
            raise closed

    terminal = Gone()
    shown = show(terminal)
    for event in runs.red():
        shown.on_event(event)
        shown.tick()
    shown.close()
    assert terminal.calls == 1


def test_an_ascii_terminal_still_fits() -> None:
    raw = io.BytesIO()

    class Ascii(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stream = Ascii(raw, encoding="ascii", write_through=True)
    size: Callable[[], tuple[int, int]] = lambda: (80, 24)  # noqa: E731
    shown = LiveDisplay(stream, Style(), clock=lambda: 1000.0, size=size)
    item = runs.feature(0, ["日本" * 60])
    shown.on_event(runs.planned(item))
    shown.on_event(ScenarioStarted(1, 0, (0,), 1000.0))
    shown.tick()
    shown.close()
    screen = pyte.HistoryScreen(80, 24)
    feed = pyte.Stream(screen)
    feed.feed(raw.getvalue().decode("ascii").replace("\n", "\r\n"))
    assert not screen.history.top
    assert b"\\u65e5" in raw.getvalue()
