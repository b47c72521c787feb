"""How far a run is, as displays need it. Only listens; knows no terminal."""

import msgspec

from surefoot.events.events import (
    Event,
    ScenarioEnded,
    ScenarioStarted,
    SuitePlanned,
    VerdictReached,
    WorkerEnded,
)
from surefoot.model.outcomes import Verdict
from surefoot.model.scenarios import ScenarioPath
from surefoot.report.planned import feature_of, find_planned, selected_count


class Running(msgspec.Struct, frozen=True):
    """What a worker is doing."""

    feature: int
    path: ScenarioPath
    filename: str
    name: str
    line: int
    since: float
    """On the display's clock."""


class Progress:
    """How far a run is."""

    def __init__(self) -> None:
        self.plan: SuitePlanned | None = None
        self.total = 0
        self.done = 0
        self.flaky = 0
        self.expected = 0
        self.quarantined = 0
        self.failed: set[str] = set()
        self.running: dict[int, Running] = {}
        self._ended: dict[int, set[ScenarioPath]] = {}

    def on_event(self, event: Event, now: float) -> None:
        """Take one event at `now` on the display's clock."""
        match event:
            case SuitePlanned():
                self.plan = event
                self.total = selected_count(event)
            case ScenarioStarted():
                self._begin(event, now)
            case ScenarioEnded():
                self.running.pop(event.worker, None)
                if event.is_bad and not (event.judgement and event.judgement.quarantine):
                    self.failed.add(event.id)
                ended = self._ended.setdefault(event.feature, set())
                if event.path not in ended:
                    ended.add(event.path)
                    self.done += 1
            case VerdictReached():
                ended = self._ended.get(event.feature, set())
                if event.path in ended:
                    ended.remove(event.path)
                else:
                    self.done += 1
                if not ended:
                    self._ended.pop(event.feature, None)
                self._settle(event)
            case WorkerEnded():
                self.running.pop(event.worker, None)
            case _:
                pass

    def left(self, elapsed: float, estimate: float | None) -> float | None:
        """Return the expected seconds to the end: by history, or else by the rate so far."""
        if estimate is not None:
            return max(0.0, estimate)
        if self.done < 10 or self.total <= self.done or elapsed < 2.0:
            return None
        return elapsed * (self.total - self.done) / self.done

    def describe(self, feature: int, path: ScenarioPath, identity: str = "") -> tuple[str, str]:
        """Return location and name of a scenario."""
        planned = find_planned(self.plan, feature, path)
        filename = feature_of(self.plan, feature, identity).filename
        if planned is None:
            return filename, identity.split(" :: ", 1)[-1]
        return f"{filename}:{planned.line}", planned.name

    def _begin(self, event: ScenarioStarted, now: float) -> None:
        known = self.running.get(event.worker)
        if known is not None and (known.feature, known.path) == (event.feature, event.path):
            return
        planned = find_planned(self.plan, event.feature, event.path)
        self.running[event.worker] = Running(
            feature=event.feature,
            path=event.path,
            filename=feature_of(self.plan, event.feature, "").filename,
            name=planned.name if planned else "",
            line=planned.line if planned else 0,
            # A worker's clock may be another one, so only a plausible value is taken.
            since=event.since if now - 86400 < event.since <= now else now,
        )

    def _settle(self, event: VerdictReached) -> None:
        if event.verdict is Verdict.FLAKY:
            self.flaky += 1
            self.failed.discard(event.id)
        elif event.verdict.fails:
            self.failed.add(event.id)
        elif event.verdict is Verdict.EXPECTED_FAILURE:
            self.expected += 1
        elif event.verdict is Verdict.QUARANTINED:
            self.quarantined += 1
            self.failed.discard(event.id)
