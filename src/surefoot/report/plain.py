"""Progress as plain lines, for CI and pipes: the start, each failure as it happens, how far.

Says little when all is well: no progress line comes within 10 s of the last one.
"""

import time
from collections.abc import Callable
from typing import TextIO

from surefoot.events.events import (
    Event,
    Notice,
    RunStarted,
    ScenarioFinished,
    SuiteLoaded,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.failures import headline
from surefoot.model.outcomes import Verdict
from surefoot.report.detail import attempt_word
from surefoot.report.progress import Progress
from surefoot.report.style import SafeWriter, Style, duration, one_line

MIN_GAP = 10.0
HEARTBEAT = 60.0
"""After so many seconds without a progress line one comes whatever was done: CI systems end
jobs that say nothing, and a reader wants to know what it waits for."""


class PlainDisplay:
    """A listener that writes lines. With `quiet` it writes none."""

    def __init__(
        self,
        stream: TextIO,
        style: Style,
        quiet: bool = False,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.estimate_left: Callable[[], float | None] = lambda: None
        self._out = SafeWriter(stream)
        self._style = style
        self._quiet = quiet
        self._verbose = verbose
        self._clock = clock
        self._progress = Progress()
        self._started: RunStarted | None = None
        self._began = clock()
        self._last_line = self._began
        self._last_tenth = 0
        self._told: set[str] = set()

    def on_event(self, event: Event) -> None:
        """Take one event."""
        now = self._clock()
        self._progress.on_event(event, now)
        match event:
            case RunStarted():
                self._started = event
            case SuiteLoaded() if self._verbose:
                self.say(
                    f"loaded in {duration(event.seconds)}: {event.step_definitions:,} step"
                    f" definitions, {event.scenarios:,} scenarios; workers by {event.start_method}"
                )
            case SuitePlanned():
                self._began = self._last_line = now
                self.say(start_line(self._started, event))
            case Notice():
                self.say(f"{self._style.yellow('note:')} {notice_text(event)}")
            case ScenarioFinished() if event.is_bad and event.id not in self._told:
                self._told.add(event.id)
                self.say(failure_line(event, self._progress, self._style))
            case VerdictReached() if event.verdict is Verdict.FLAKY:
                self.say(flaky_line(event, self._progress, self._style))
            case _:
                pass

    def loading(self, text: str, seconds: float | None = None) -> None:
        """Say what is being loaded, when it takes long."""
        now = self._clock()
        if now - self._last_line >= MIN_GAP:
            self._last_line = now
            self.say(loading_line(text, seconds))

    def tick(self) -> None:
        """Write a progress line if one is due."""
        now = self._clock()
        gap = now - self._last_line
        progress = self._progress
        if gap < MIN_GAP or not progress.total:
            return
        tenth = 10 * progress.done // progress.total
        if tenth == self._last_tenth and gap < HEARTBEAT:
            return
        self._last_line = now
        self._last_tenth = tenth
        elapsed = now - self._began
        self.say(f"  {counts_text(progress, elapsed, self.estimate_left())}")
        oldest = min(progress.running.values(), key=lambda item: item.since, default=None)
        if oldest is not None and gap >= HEARTBEAT:
            place = one_line(f"{oldest.filename}:{oldest.line}  {oldest.name}")
            self.say(f"  running for {duration(now - oldest.since)}: {place}")

    def close(self) -> None:
        """Flush."""
        self._out.flush()

    def say(self, line: str) -> None:
        """Write one line, unless quiet."""
        if not self._quiet:
            self._out.write(line + "\n")
            self._out.flush()


def start_line(started: RunStarted | None, planned: SuitePlanned) -> str:
    """Return what runs, with how many workers."""
    total = sum(scenario.selected for item in planned.features for scenario in item.scenarios)
    features = sum(
        any(scenario.selected for scenario in item.scenarios) for item in planned.features
    )
    parts = [
        f"{total:,} scenario{'' if total == 1 else 's'} in"
        f" {features:,} feature{'' if features == 1 else 's'}",
        f"{planned.workers} worker{'' if planned.workers == 1 else 's'}",
    ]
    if started is not None and started.seed is not None:
        parts.append(f"seed {started.seed}")
    name = f"surefoot {started.surefoot}: " if started is not None else ""
    return one_line(name + ", ".join(parts))


def counts_text(progress: Progress, elapsed: float, estimate: float | None) -> str:
    """Return done, failed, flaky, elapsed and what is left."""
    text = (
        f"{progress.done:,}/{progress.total:,} done, {len(progress.failed):,} failed,"
        f" {progress.flaky:,} flaky"
    )
    if progress.expected:
        text += f", {progress.expected:,} failed as expected"
    if progress.quarantined:
        text += f", {progress.quarantined:,} quarantined"
    text += f", {whole_duration(elapsed)} elapsed"
    left = progress.left(elapsed, estimate)
    return text if left is None else f"{text}, about {whole_duration(left)} left"


def whole_duration(seconds: float) -> str:
    """Return a duration without fractions: 5s, 3m10s."""
    return f"{max(0, round(seconds))}s" if seconds < 59.5 else duration(seconds)


def failure_line(event: ScenarioFinished, progress: Progress, style: Style) -> str:
    """Return one line for a bad attempt."""
    location, name = progress.describe(event.feature, event.record.path, event.id)
    word = attempt_word(event, style)
    return f"{word}  {one_line(location)}  {one_line(name)}: {one_line(headline(event))}"


def flaky_line(event: VerdictReached, progress: Progress, style: Style) -> str:
    """Return one line for a scenario that passed after it had failed."""
    location, name = progress.describe(event.feature, event.path, event.id)
    how = "failed as expected" if event.outcomes[-1].is_bad else "passed"
    tries = f"{how} on attempt {len(event.outcomes)}"
    return f"{style.yellow('FLAKY')}  {one_line(location)}  {one_line(name)}: {tries}"


def notice_text(event: Notice) -> str:
    """Return a notice in one line; the summary has the rest of it."""
    return one_line(event.text.strip().partition("\n")[0])


def loading_line(text: str, seconds: float | None) -> str:
    """Return `loading features/steps/x.py, 3.2 s`; without seconds, the text is the line."""
    return one_line(text if seconds is None else f"loading {text}, {seconds:.1f} s")
