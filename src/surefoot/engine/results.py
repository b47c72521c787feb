"""Takes what workers report, stores it, decides on retries, closes features in turn.

This side of the coordinator knows results; the other (`coordinator.py`) knows processes.
"""

import bisect
import time
from collections.abc import Callable

import msgspec

from surefoot.engine import records
from surefoot.engine.tally import Ledger, Part, Result, Tally
from surefoot.events.events import (
    Event,
    FeatureFinished,
    FindingReported,
    Notice,
    ScenarioEnded,
    ScenarioFinished,
)
from surefoot.events.journal import JournalWriter, Ref, decode, encode
from surefoot.events.listener import Listener
from surefoot.events.records import RuleItem, step_counts
from surefoot.isolation.conflicts import Conflicts, remedy
from surefoot.isolation.watch import Touch
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Judgement, Outcome, Standing
from surefoot.model.scenarios import PlannedFeature, PlannedScenario, ScenarioPath
from surefoot.model.units import Unit
from surefoot.policy.expected import Policy, Seen, judge
from surefoot.worker.protocol import GroupState, ScenarioDone, Touched, UnitDone

_monotonic = time.monotonic
Describe = Callable[[int], list[bytes]]
"""Asks the zygote for the records of a feature as it was parsed."""


class Results:
    """The results of a run."""

    def __init__(
        self,
        features: list[PlannedFeature],
        journal: JournalWriter,
        listeners: list[Listener],
        describe: Describe,
        *,
        started: float,
        retries: int,
        policy: Policy | None = None,
        show_skipped: bool = True,
    ) -> None:
        self.tally = Tally(features)
        self.journal = journal
        self.undefined: dict[int, list[tuple[ScenarioPath, list[tuple[str, str]]]]] = {}
        self._features = features
        self._listeners = listeners
        self._describe = describe
        self._described: tuple[int, list[bytes]] = (-1, [])
        self._started = started
        self._retries = retries
        self._policy = policy
        self._show_skipped = show_skipped
        self._conflicts = Conflicts()
        self._found: set[tuple[str, str, int, str]] = set()
        self._subjects: set[tuple[str, str, int, str]] = set()
        """Of what the run told, and not of what only the sources show."""
        self._closed: dict[int, list[Ref]] = {}
        self._next_replay = 0
        self.on_replay: Callable[[int, list[Ref]], None] | None = None

    # -- events

    def emit(self, event: Event) -> Ref:
        """Store an event and tell the listeners."""
        ref = self.journal.append(event)
        self.tell(event)
        return ref

    def tell(self, event: Event) -> None:
        """Tell the listeners, without storing."""
        for listener in list(self._listeners):
            try:
                listener.on_event(event)
            except Exception as error:  # a display must not change a result
                self._listeners.remove(listener)
                self.notice(
                    "listener", f"{type(listener).__name__} failed and was dropped: {error}"
                )

    def tick(self) -> None:
        """Let displays refresh."""
        for listener in list(self._listeners):
            try:
                listener.tick()
            except Exception as error:
                self._listeners.remove(listener)
                self.notice(
                    "listener", f"{type(listener).__name__} failed and was dropped: {error}"
                )

    def notice(self, code: str, text: str) -> None:
        """Say something that the user should know."""
        self.emit(Notice(self.at(), code, text))

    def finding(self, finding: Finding) -> None:
        """Tell a defect of the suite, once."""
        self._subjects.add(finding.about)
        self._tell_once(finding)

    def finding_of_sources(self, finding: Finding) -> None:
        """Tell what the sources show, unless the run told the same of that line, with stacks."""
        if finding.about not in self._subjects:
            self._tell_once(finding)

    def _tell_once(self, finding: Finding) -> None:
        if finding.key not in self._found:
            self._found.add(finding.key)
            self.emit(FindingReported(self.at(), finding))

    def at(self) -> float:
        """Return seconds since the run began."""
        return round(_monotonic() - self._started, 6)

    # -- attempts

    def scenario_done(
        self, worker: int, unit: Unit, done: ScenarioDone, line: bytes, *, again: bool
    ) -> Unit | None:
        """Take a scenario's result; return the unit of its retry, if there is to be one."""
        scenario = self._planned(unit.feature, done.path)
        identity = scenario.id if scenario else f"{unit.feature}:{done.path}"
        self._touch(worker, identity, done.touched)
        for finding in done.findings:
            self.finding(finding)
        if done.outcome.is_bad:
            line = self._with_shared_paths(identity, line)
        ref = self.journal.append_line(line)
        result = Result(
            id=identity,
            outcome=done.outcome,
            status=done.status,
            steps=done.steps,
            seconds=done.seconds,
            ref=ref,
            hook_failures=done.hook_failures,
            undefined=done.undefined,
            attempts=[done.outcome],
            judgements=[done.judgement],
            judgement=done.judgement,
        )
        if done.undefined:
            event = decode(line)
            assert isinstance(event, ScenarioFinished)
            self.undefined.setdefault(unit.feature, []).append((done.path, event.record.undefined))
        return self._take(worker, unit, done.path, result, line, again=again)

    def _take(
        self,
        worker: int,
        unit: Unit,
        path: ScenarioPath,
        result: Result,
        line: bytes,
        *,
        again: bool,
    ) -> Unit | None:
        ledger = self.tally.ledger(unit.feature)
        ledger.ran = True
        if again:
            self.tally.replace(unit.feature, path, result)
        else:
            self.tally.add(unit.feature, path, result)
        planned = self._planned(unit.feature, path)
        if planned is None or planned.selected:
            self.tell(
                ScenarioEnded(
                    worker=worker,
                    feature=unit.feature,
                    path=path,
                    id=result.id,
                    attempt=unit.attempt,
                    outcome=result.outcome,
                    seconds=result.seconds,
                    judgement=result.judgement,
                )
            )
            if result.outcome.is_bad or result.judgement is not None or unit.attempt > 1:
                self.tell(decode(line))
        if self._may_retry(ledger.results[path], result, unit):
            ledger.results[path].retrying = True
            ledger.units += 1
            return msgspec.structs.replace(
                unit,
                paths=(path,),
                complete=False,
                rest=False,
                attempt=unit.attempt + 1,
                fresh=True,
                estimate=result.seconds,
            )
        self.tally.bad += result.is_bad and not (result.judgement and result.judgement.quarantine)
        return None

    def _may_retry(self, so_far: Result, result: Result, unit: Unit) -> bool:
        """Whether another attempt could end otherwise and is allowed.

        An error of the infrastructure is worth one attempt more than was asked for; an expected
        failure is what was wanted.
        """
        standing = result.judgement.standing if result.judgement else Standing.AS_IS
        if standing is Standing.EXPECTED_FAILURE:
            return False
        if not result.outcome.may_retry and standing is not Standing.UNEXPECTED_PASS:
            return False
        infrastructure = any(
            item is not None and item.standing is Standing.INFRASTRUCTURE
            for item in so_far.judgements
        )
        return unit.attempt <= self._retries + infrastructure

    def unit_done(self, unit: Unit, done: UnitDone, line: bytes, worker: int) -> Unit | None:
        """Take a unit's end; return the unit to run instead, if it must be run again."""
        ledger = self.tally.ledger(unit.feature)
        self._touch(worker, f"{ledger.planned.filename} (feature hooks)", done.touched)
        if done.changed:
            ledger.units += 1
            paths = tuple(item.path for item in ledger.planned.scenarios if item.selected)
            # The hooks have changed the model in that worker; they must not do so twice.
            return msgspec.structs.replace(unit, paths=paths, complete=True, rest=False, fresh=True)
        if done.own_hook_failed and unit.attempt <= self._retries and not done.ended_early:
            # A hook of the feature failed: its scenarios could not run, so all are tried again.
            for path in unit.paths:
                result = ledger.results.get(path)
                if result is not None and not result.retrying:
                    result.attempts[-1] = Outcome.HOOK_ERROR
                    result.judgements[-1] = None
            self.journal.append_line(line)
            ledger.units += 1
            return msgspec.structs.replace(unit, attempt=unit.attempt + 1, fresh=True)
        ref = self.journal.append_line(line)
        if done.hook_failures:
            self.tell(decode(line))
        ledger.parts.append(
            Part(
                attempt=unit.attempt,
                complete=unit.complete,
                failed=done.failed,
                status=done.feature_status,
                own_hook_failed=done.own_hook_failed,
                hook_failures=done.hook_failures,
                groups=done.groups,
                ref=ref,
            )
        )
        return None

    def lost(
        self,
        worker: int,
        unit: Unit,
        path: ScenarioPath,
        step: int,
        outcome: Outcome,
        reason: str,
        *,
        stacks: str = "",
        seconds: float = 0.0,
        output: str = "",
        output_bytes: int = 0,
    ) -> Unit | None:
        """Record a scenario whose worker did not survive it; return its retry, if any."""
        event = self._described_scenario(unit.feature, path)
        kind = "WorkerCrashed" if outcome is Outcome.CRASHED else "TimedOut"
        message = f"{reason}\n{stacks}".rstrip()
        record = event.record
        if outcome is not Outcome.UNTESTED:
            record = records.ended_with_worker(record, step, kind, message)
        judgement = self._judge_lost(unit.feature, path, outcome)
        event = msgspec.structs.replace(
            event,
            attempt=unit.attempt,
            worker=worker,
            outcome=outcome,
            seconds=round(seconds, 6),
            started=round(time.time() - seconds, 6),
            record=record,
            reason=reason,
            stacks=stacks,
            output=output,
            output_bytes=output_bytes,
            shared_paths=self._shared_paths(event.id),
            judgement=judgement,
        )
        line = encode(event)
        result = Result(
            id=event.id,
            outcome=outcome,
            status=record.state.status,
            steps=step_counts(record),
            seconds=seconds,
            ref=self.journal.append_line(line),
            hook_failures=0,
            undefined=0,
            attempts=[outcome],
            judgements=[judgement],
            judgement=judgement,
        )
        return self._take(worker, unit, path, result, line, again=False)

    def _judge_lost(self, feature: int, path: ScenarioPath, outcome: Outcome) -> Judgement | None:
        planned = self._planned(feature, path)
        if self._policy is None or planned is None:
            return None
        return judge(planned.tags, Seen(outcome=outcome), self._policy)

    def unit_lost(self, worker: int, unit: Unit, reason: str, stacks: str) -> None:
        """Record a feature whose worker did not survive what came after its scenarios."""
        event = records.lost_after_scenarios(
            self._described_feature(unit.feature), worker, unit.attempt, reason, stacks
        )
        ref = self.emit(event)
        self.tally.ledger(unit.feature).parts.append(
            Part(
                attempt=unit.attempt,
                complete=False,
                failed=True,
                status=event.record.state.status,
                own_hook_failed=True,
                hook_failures=event.hook_failures,
                groups=[],
                ref=ref,
            )
        )

    # -- closing

    def unit_ended(self, feature: int) -> None:
        """One unit of a feature neither waits nor runs any more; close the feature if it was
        the last."""
        ledger = self.tally.ledger(feature)
        ledger.units -= 1
        if ledger.units == 0:
            self._close(ledger)

    def close_rest(self) -> None:
        """Close every open feature: nothing more will run."""
        for feature in sorted(self.tally.ledgers):
            self._close(self.tally.ledgers[feature])

    def _close(self, ledger: Ledger) -> None:
        self._complete(ledger)
        feature = ledger.planned.index
        _, verdicts = self.tally.close(feature)
        for verdict in verdicts:
            self.emit(verdict)
        self.tally.done += len(verdicts)
        self._closed[feature] = ledger.lines()
        self._replay()

    def _complete(self, ledger: Ledger) -> None:
        """Fill in, from the parsed feature, what no worker reported."""
        feature = ledger.planned.index
        missing = [item for item in ledger.planned.scenarios if item.path not in ledger.results]
        if ledger.parts and ledger.parts[-1].complete:
            # The worker reported every scenario that there is; a hook took the others away.
            missing = []
        if missing and not ledger.ran and self.on_replay is None:
            self._leave_untested(ledger)
            return
        for scenario in missing:
            event = self._described_scenario(feature, scenario.path)
            outcome = Outcome.UNTESTED
            record = event.record
            if not scenario.selected:
                outcome = Outcome.SKIPPED
                record = records.left_out(record, announced=ledger.ran and self._show_skipped)
            event = msgspec.structs.replace(event, outcome=outcome, record=record)
            ledger.results[scenario.path] = Result(
                id=event.id,
                outcome=outcome,
                status=record.state.status,
                steps=step_counts(record),
                seconds=0.0,
                ref=self.emit(event),
                hook_failures=0,
                undefined=0,
                attempts=[outcome],
                judgements=[None],
            )
        if not any(part.complete for part in ledger.parts):
            self._add_skeleton(ledger)

    def _add_skeleton(self, ledger: Ledger) -> None:
        """Store the feature as parsed: units that are parts of it tell only of themselves."""
        whole = self._described_feature(ledger.planned.index)
        if ledger.ran and not ledger.parts:
            whole = records.as_if_run(whole)
        ledger.parts.insert(
            0,
            Part(
                attempt=0,
                complete=False,
                failed=False,
                status=whole.record.state.status,
                own_hook_failed=False,
                hook_failures=0,
                groups=[
                    GroupState("rule", item.path, item.state.status, False, len(item.items))
                    for item in whole.record.items
                    if isinstance(item, RuleItem)
                ],
                ref=self.emit(whole),
            ),
        )

    def _leave_untested(self, ledger: Ledger) -> None:
        """Close a feature of which nothing ran, when no formatter needs its records.

        After an early end there may be tens of thousands of them.
        """
        for scenario in ledger.planned.scenarios:
            outcome = Outcome.UNTESTED if scenario.selected else Outcome.SKIPPED
            ledger.results[scenario.path] = Result(
                id=scenario.id,
                outcome=outcome,
                status=outcome.value,
                steps={outcome.value: scenario.steps},
                seconds=0.0,
                ref=Ref(0, 0),
                hook_failures=0,
                undefined=0,
                attempts=[outcome],
                judgements=[None],
            )

    def _replay(self) -> None:
        """Hand closed features to the formatters, in suite order."""
        while self._next_replay in self._closed:
            lines = self._closed.pop(self._next_replay)
            if self.on_replay is not None:
                self.on_replay(self._next_replay, lines)
            self._next_replay += 1

    # -- looking things up

    def _planned(self, feature: int, path: ScenarioPath) -> PlannedScenario | None:
        scenarios = self._features[feature].scenarios
        place = bisect.bisect_left(scenarios, path, key=lambda scenario: scenario.path)
        if place < len(scenarios) and scenarios[place].path == path:
            return scenarios[place]
        return None

    def _lines_of(self, feature: int) -> list[bytes]:
        if self._described[0] != feature:
            self._described = (feature, self._describe(feature))
        return self._described[1]

    def _described_scenario(self, feature: int, path: ScenarioPath) -> ScenarioFinished:
        scenarios = self._features[feature].scenarios
        ordinal = bisect.bisect_left(scenarios, path, key=lambda scenario: scenario.path)
        event = decode(self._lines_of(feature)[ordinal])
        assert isinstance(event, ScenarioFinished)
        return event

    def _described_feature(self, feature: int) -> FeatureFinished:
        event = decode(self._lines_of(feature)[-1])
        assert isinstance(event, FeatureFinished)
        return event

    def undefined_steps(self) -> list[tuple[str, str]]:
        """Return all undefined steps in suite order, as behave would have met them."""
        return [
            step
            for feature in sorted(self.undefined)
            for _, steps in sorted(self.undefined[feature], key=lambda item: item[0])
            for step in steps
        ]

    # -- shared paths

    def _touch(self, worker: int, scenario: str, touched: list[Touched]) -> None:
        if not touched:
            return
        touches = [Touch(item.path, item.op) for item in touched]  # type: ignore[arg-type]
        for conflict in self._conflicts.add(worker, scenario, touches):
            self.notice("shared-path", remedy(conflict))

    def _shared_paths(self, scenario: str) -> list[str]:
        return sorted({conflict.path for conflict in self._conflicts.touched_shared(scenario)})

    def _with_shared_paths(self, scenario: str, line: bytes) -> bytes:
        paths = self._shared_paths(scenario)
        if not paths:
            return line
        event = decode(line)
        assert isinstance(event, ScenarioFinished)
        return encode(msgspec.structs.replace(event, shared_paths=paths))
