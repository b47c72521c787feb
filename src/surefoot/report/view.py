"""A run as a summary needs it, from its events: live, or read from a journal. Only listens.

Nothing is kept for a green scenario but its place among the slowest, and of thousands of bad
ones only the first in suite order are kept whole.
"""

import heapq

import msgspec

from surefoot.events.events import (
    Event,
    FeatureFinished,
    FindingReported,
    LoadFailed,
    Notice,
    RunFinished,
    RunStarted,
    ScenarioEnded,
    ScenarioFinished,
    SuiteLoaded,
    SuitePlanned,
    VerdictReached,
    WorkerEnded,
    WorkerReady,
)
from surefoot.events.failures import headline
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Judgement, Outcome, Verdict, is_bad
from surefoot.model.scenarios import ScenarioPath
from surefoot.report.attempts import (
    HookFailure,
    bounded,
    brief,
    feature_hook_failures,
    settled,
)
from surefoot.report.planned import feature_of, find_planned, selected_count

_MAX_NOTICES = 100
"""Texts of one code that are kept; beyond it only their number is known."""
_MAX_EXPECTED = 1000
"""Expected failures that are kept by name; the counts hold all."""
_MAX_FINDINGS = 1000
"""Findings that are kept; beyond it only their number is known."""


class Case(msgspec.Struct):
    """A scenario with a bad attempt, or one that was tried again."""

    id: str
    feature: int
    path: ScenarioPath
    filename: str
    line: int
    name: str
    outcomes: dict[int, Outcome] = {}
    judgements: dict[int, Judgement] = {}
    attempts: dict[int, ScenarioFinished] = {}
    """By number. Of a case that is not `whole` they lack steps, captured output and stacks."""
    headlines: dict[int, str] = {}
    whole: bool = True
    verdict: Verdict | None = None
    reason: str = ""
    """Why, where the policy of the suite decided."""

    @property
    def location(self) -> str:
        """`features/x.feature:12`."""
        return f"{self.filename}:{self.line}"

    @property
    def outcome(self) -> Outcome:
        """What is reported when it failed: its first bad attempt, as the engine counts it."""
        bad = [self.outcomes[number] for number in sorted(self.outcomes)]
        return next((outcome for outcome in bad if outcome.is_bad), Outcome.FAILED)

    @property
    def settled(self) -> Verdict:
        """The engine's verdict; of a cut run, what the attempts came to."""
        return self.verdict or settled(self.outcomes, self.judgements)

    def counts_against(self, number: int) -> bool:
        """Whether an attempt counts against the scenario."""
        return is_bad(self.outcomes[number], self.judgements.get(number))


class _Open(msgspec.Struct):
    """A scenario that has run and has no verdict yet."""

    outcomes: dict[int, Outcome] = {}
    judgements: dict[int, Judgement] = {}
    seconds: float = 0.0


class RunView:
    """What a run has come to so far."""

    def __init__(self, slowest: int = 10, whole: int = 100) -> None:
        self.started: RunStarted | None = None
        self.loaded: SuiteLoaded | None = None
        self.load_failed: LoadFailed | None = None
        self.plan: SuitePlanned | None = None
        self.finished: RunFinished | None = None
        self.notices: dict[str, list[str]] = {}
        self.notice_counts: dict[str, int] = {}
        self.findings: list[Finding] = []
        self.finding_count = 0
        self.untested_reasons: dict[str, int] = {}
        self.expected: list[VerdictReached] = []
        """Of the expected failures, as far as they are kept."""
        self._cases: dict[str, Case] = {}
        self._open: dict[str, _Open] = {}
        self._verdicts: dict[str, int] = {}
        self._worker_hooks: list[HookFailure] = []
        self._feature_hooks: dict[int, tuple[int, list[HookFailure]]] = {}
        self._keep_slowest = slowest
        self._slowest: list[tuple[float, str]] = []
        self._keep_whole = whole
        self._whole: dict[str, Case] = {}

    @property
    def cut(self) -> bool:
        """True while there is no RunFinished: the run goes on, or its journal was cut."""
        return self.finished is None

    # -- listening

    def on_event(self, event: Event) -> None:
        """Take one event."""
        match event:
            case ScenarioEnded():
                self._ended(event)
            case ScenarioFinished():
                self._scenario(event)
            case VerdictReached():
                self._verdict(event)
            case FeatureFinished():
                self._feature(event)
            case Notice():
                texts = self.notices.setdefault(event.code, [])
                self.notice_counts[event.code] = self.notice_counts.get(event.code, 0) + 1
                if len(texts) < _MAX_NOTICES:
                    texts.append(event.text)
            case FindingReported():
                if len(self.findings) < _MAX_FINDINGS:
                    self.findings.append(event.finding)
                self.finding_count += 1
            case WorkerReady() if event.hook_failed:
                self._worker_hook(f"before_all of worker {event.worker}", event.output)
            case WorkerEnded() if event.hook_failed or event.cleanup_failed:
                hook = "after_all" if event.hook_failed else "a cleanup function"
                self._worker_hook(f"{hook} of worker {event.worker}", event.output)
            case RunStarted():
                self.started = event
            case SuiteLoaded():
                self.loaded = event
            case LoadFailed():
                self.load_failed = event
            case SuitePlanned():
                self.plan = event
            case RunFinished():
                self.finished = event
            case _:
                pass

    def tick(self) -> None:
        """Nothing to refresh."""

    def close(self) -> None:
        """Nothing to close."""

    # -- asking

    def failing(self) -> list[Case]:
        """Return what failed, in suite order."""
        return self._with_verdict(Verdict.FAILED, Verdict.UNEXPECTED_PASS)

    def flaky(self) -> list[Case]:
        """Return what failed first and passed then, in suite order."""
        return self._with_verdict(Verdict.FLAKY)

    def quarantined(self) -> list[Case]:
        """Return what failed and is quarantined, in suite order."""
        return self._with_verdict(Verdict.QUARANTINED)

    def verdicts(self) -> dict[str, int]:
        """Return how many scenarios have each verdict; of a cut run, as far as is known."""
        if self.finished is not None:
            return self.finished.verdicts
        counts = dict(self._verdicts)
        for scenario in self._open.values():
            name = settled(scenario.outcomes, scenario.judgements).value
            counts[name] = counts.get(name, 0) + 1
        missing = selected_count(self.plan) - sum(counts.values())
        if missing > 0:
            counts[Verdict.UNTESTED.value] = counts.get(Verdict.UNTESTED.value, 0) + missing
        return dict(sorted(counts.items()))

    def hook_failures(self) -> list[HookFailure]:
        """Return failures of hooks of workers, features and rules; the last attempt counts."""
        found = list(self._worker_hooks)
        for feature in sorted(self._feature_hooks):
            found += self._feature_hooks[feature][1]
        return found

    def slowest(self) -> list[tuple[float, str]]:
        """Return seconds and id of the slowest scenarios, slowest first."""
        known = [*self._slowest, *((item.seconds, key) for key, item in self._open.items())]
        return heapq.nlargest(self._keep_slowest, known)

    # -- taking

    def _ended(self, event: ScenarioEnded) -> None:
        self._note(event)
        case = self._cases.get(event.id)
        if case is not None and not event.is_bad and event.attempt == 1:
            # The suite ran this attempt again by itself (scenario_autoretry) and it passed.
            del self._cases[event.id]
            self._whole.pop(event.id, None)

    def _scenario(self, event: ScenarioFinished) -> None:
        planned = find_planned(self.plan, event.feature, event.record.path)
        if planned is not None and not planned.selected and not event.outcome.is_bad:
            return
        if event.outcome is Outcome.UNTESTED and event.reason:
            reasons = self.untested_reasons
            reasons[event.reason] = reasons.get(event.reason, 0) + 1
        self._note(event)
        case = self._cases.get(event.id)
        if not event.is_bad and event.attempt == 1:
            if case is not None and 1 in case.attempts:
                del self._cases[event.id]
                self._whole.pop(event.id, None)
            return
        if case is None:
            case = self._cases[event.id] = Case(
                id=event.id,
                feature=event.feature,
                path=event.record.path,
                filename=self._filename(event.feature, event.id),
                line=event.record.line,
                name=event.record.name,
            )
        if case.whole:
            self._whole[event.id] = case
        case.outcomes[event.attempt] = event.outcome
        if event.judgement is not None:
            case.judgements[event.attempt] = event.judgement
        case.headlines[event.attempt] = headline(event)
        case.attempts[event.attempt] = bounded(event) if case.whole else brief(event)
        self._trim()

    def _note(self, event: ScenarioEnded | ScenarioFinished) -> None:
        scenario = self._open.get(event.id)
        if scenario is None:
            scenario = self._open[event.id] = _Open()
        scenario.outcomes[event.attempt] = event.outcome
        if event.judgement is not None:
            scenario.judgements[event.attempt] = event.judgement
        scenario.seconds = event.seconds

    def _verdict(self, event: VerdictReached) -> None:
        self._verdicts[event.verdict.value] = self._verdicts.get(event.verdict.value, 0) + 1
        self._open.pop(event.id, None)
        if self._keep_slowest > 0:
            heapq.heappush(self._slowest, (event.seconds, event.id))
            if len(self._slowest) > self._keep_slowest:
                heapq.heappop(self._slowest)
        if event.verdict is Verdict.EXPECTED_FAILURE and len(self.expected) < _MAX_EXPECTED:
            self.expected.append(event)
        case = self._cases.get(event.id)
        if case is None:
            if not event.verdict.fails and event.verdict is not Verdict.FLAKY:
                return
            # A hook of its feature failed, so that it has no bad attempt of its own.
            planned = find_planned(self.plan, event.feature, event.path)
            case = self._cases[event.id] = Case(
                id=event.id,
                feature=event.feature,
                path=event.path,
                filename=self._filename(event.feature, event.id),
                line=planned.line if planned else 0,
                name=planned.name if planned else event.id,
            )
        case.verdict = event.verdict
        case.reason = event.reason
        case.outcomes = {**dict(enumerate(event.outcomes, start=1)), **case.outcomes}

    def _feature(self, event: FeatureFinished) -> None:
        failures = list(feature_hook_failures(event.record))
        attempt, known = self._feature_hooks.get(event.feature, (0, []))
        if event.attempt < attempt:
            return
        if event.attempt > attempt:
            known = []
        if failures or event.feature in self._feature_hooks:
            self._feature_hooks[event.feature] = (event.attempt, known + failures)

    def _worker_hook(self, where: str, output: str) -> None:
        if len(self._worker_hooks) < _MAX_NOTICES:
            self._worker_hooks.append(HookFailure(where, output))

    def _trim(self) -> None:
        """Keep whole what a summary shows first: flaky and failing cases, in suite order."""
        if len(self._whole) <= 2 * self._keep_whole:
            return
        cases = sorted(self._whole.values(), key=_place)
        flaky = [case for case in cases if case.verdict is Verdict.FLAKY]
        others = [case for case in cases if case.verdict is not Verdict.FLAKY]
        for case in [*flaky[self._keep_whole :], *others[self._keep_whole :]]:
            case.whole = False
            case.attempts = {number: brief(item) for number, item in case.attempts.items()}
            del self._whole[case.id]

    def _with_verdict(self, *verdicts: Verdict) -> list[Case]:
        found = [case for case in self._cases.values() if case.settled in verdicts]
        return sorted(found, key=_place)

    def _filename(self, feature: int, identity: str) -> str:
        return feature_of(self.plan, feature, identity).filename


def _place(case: Case) -> tuple[int, ScenarioPath]:
    return case.feature, case.path
