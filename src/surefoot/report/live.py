"""The live display: what each worker runs, how far the run is, failures as they happen.

Draws with rich, at each tick and at no other time, so that thousands of scenarios a second cost
four drawings. Everything it draws is cut to the terminal's width and height beforehand: a line
that wraps, or one line too many, would scroll and could not be taken back.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from surefoot.events.events import (
    Event,
    Notice,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
)
from surefoot.model.outcomes import Verdict
from surefoot.report.plain import (
    counts_text,
    failure_line,
    flaky_line,
    loading_line,
    notice_text,
    start_line,
    whole_duration,
)
from surefoot.report.progress import Progress, Running
from surefoot.report.style import SafeWriter, Style, cells, fit, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

SLOW_AFTER = 10.0
Size = Callable[[], tuple[int, int]]
"""Returns columns and lines."""


class LiveDisplay:
    """A listener that draws. Nothing is drawn before the first `loading` or `tick`."""

    def __init__(
        self,
        stream: TextIO,
        style: Style,
        clock: Callable[[], float] = time.monotonic,
        size: Size | None = None,
        slow_after: float = SLOW_AFTER,
    ) -> None:
        self.estimate_left: Callable[[], float | None] = lambda: None
        self._out = SafeWriter(stream)
        self._style = style
        # For what rich puts above the drawing: it takes colours as its own markup only.
        self._bare = Style()
        self._clock = clock
        self._size = size or self._terminal_size
        self._slow_after = slow_after
        self._progress = Progress()
        self._started: RunStarted | None = None
        self._began = clock()
        self._loading = ""
        self._above: list[Text] = []
        self._told: set[str] = set()
        self._console: Console | None = None
        self._live: Live | None = None
        self._closed = False

    def on_event(self, event: Event) -> None:
        """Take one event; what it changes is drawn at the next tick."""
        now = self._clock()
        self._progress.on_event(event, now)
        match event:
            case RunStarted():
                self._started = event
            case SuitePlanned():
                self._began = now
                self._loading = ""
                self._scroll(start_line(self._started, event), "")
            case Notice():
                self._scroll(f"note: {notice_text(event)}", "yellow")
            case ScenarioFinished() if event.is_bad and event.id not in self._told:
                self._told.add(event.id)
                self._scroll(failure_line(event, self._progress, self._bare), "red")
            case VerdictReached() if event.verdict is Verdict.FLAKY:
                self._scroll(flaky_line(event, self._progress, self._bare), "yellow")
            case RunFinished():
                self._progress.running.clear()
            case _:
                pass

    def loading(self, text: str, seconds: float | None = None) -> None:
        """Show what is being loaded and for how long."""
        self._loading = loading_line(text, seconds)
        self.tick()

    def tick(self) -> None:
        """Draw."""
        if self._closed or self._out.failed:
            return
        live = self._begin()
        assert self._console is not None
        width, height = self._size()
        self._console.size = (width, height)
        self._flush_above(width)
        live.update(self._drawing(width, height), refresh=True)

    def close(self) -> None:
        """Take the drawing away, write what is left to say, show the cursor. May be repeated."""
        if self._closed:
            return
        self._closed = True
        if self._above and not self._out.failed:
            self._begin()
        if self._console is None or self._live is None:
            return
        from rich.text import Text

        width, height = self._size()
        self._console.size = (width, height)
        try:
            self._flush_above(width)
            self._live.update(Text(""), refresh=True)
        finally:
            self._live.stop()
            self._out.flush()

    # -- drawing

    def _begin(self) -> "Live":
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            # What the environment says was weighed when this display was chosen; rich's own
            # guesses (TERM, COLUMNS, notebooks) would only contradict it.
            self._console = Console(
                file=self._out,  # type: ignore[arg-type]
                force_terminal=True,
                force_jupyter=False,
                color_system="standard" if self._style.colour else None,
                legacy_windows=False,
                highlight=False,
                markup=False,
                emoji=False,
                soft_wrap=False,
                _environ={},
            )
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
                vertical_overflow="crop",
            )
            self._live.start()
        return self._live

    def _scroll(self, line: str, colour: str) -> None:
        from rich.text import Text

        self._above.append(Text(self._out.carried(line), style=colour, no_wrap=True))

    def _flush_above(self, width: int) -> None:
        if not self._above or self._console is None:
            return
        from rich.text import Text

        lines, self._above = self._above, []
        for line in lines:
            line.plain = fit(line.plain, width - 1)
        self._console.print(Text("\n").join(lines), no_wrap=True, crop=False)

    def _drawing(self, width: int, height: int) -> "Text":
        from rich.text import Text

        if self._loading:
            return Text(self._cut(self._loading, width), no_wrap=True)
        if self._progress.plan is None:
            return Text("")
        now = self._clock()
        rows: list[tuple[str, str]] = []
        # One line stays free, so that the cursor below the drawing does not scroll it; one is
        # the bar, one the counts.
        for running, worker in self._shown(max(0, height - 3)):
            if running is None:
                rows.append((f"  ... and {worker} more workers", "dim"))
                continue
            slow = now - running.since >= self._slow_after
            rows.append((_worker_line(worker, running, now, slow=slow), "yellow" if slow else ""))
        elapsed = now - self._began
        rows.append((self._bar(width), "red" if self._progress.failed else "green"))
        rows.append((counts_text(self._progress, elapsed, self.estimate_left()), "bold"))
        drawing = Text(no_wrap=True)
        rows = rows[-max(1, height - 1) :]
        for number, (line, colour) in enumerate(rows):
            drawing.append("\n" if number else "")
            drawing.append(self._cut(line, width), style=colour)
        return drawing

    def _shown(self, room: int) -> list[tuple[Running | None, int]]:
        """Return what each worker runs; when there is no room for all, those that run longest."""
        running = self._progress.running
        workers = sorted(running)
        if len(workers) <= room:
            return [(running[worker], worker) for worker in workers]
        room = max(0, room - 1)
        oldest = sorted(workers, key=lambda worker: running[worker].since)[:room]
        shown: list[tuple[Running | None, int]] = [
            (running[worker], worker) for worker in sorted(oldest)
        ]
        return [*shown, (None, len(workers) - room)]

    def _bar(self, width: int) -> str:
        progress = self._progress
        room = max(1, min(width, 80) - 3)
        done = room * min(progress.done, progress.total) // max(1, progress.total)
        return f"[{'#' * done}{'.' * (room - done)}]"

    def _cut(self, line: str, width: int) -> str:
        # One column stays free: terminals differ on how wide some characters are.
        return fit(self._out.carried(line), width - 1)

    def _terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return 80, 24
        # A pseudo-terminal that nobody has sized says 0 by 0.
        return size.columns or 80, size.lines or 24


def _worker_line(worker: int, running: Running, now: float, *, slow: bool) -> str:
    """Return `  2   12s slow  features/x.feature  Name`."""
    mark = "slow" if slow else "    "
    took = whole_duration(now - running.since)
    place = one_line(_short_path(running.filename))
    return f"{worker:>3} {took:>6} {mark} {place}  {one_line(running.name)}"


def _short_path(path: str) -> str:
    """Return a path that leaves room for the name at 80 columns: its end."""
    if cells(path) <= 30:
        return path
    base = os.path.basename(path)
    return f".../{base}" if cells(base) <= 26 else fit(base, 30)
