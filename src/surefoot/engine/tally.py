"""What is known of each feature and scenario, and what the run has come to so far.

Every selected scenario ends with exactly one verdict: a feature is closed when each of its
planned scenarios has a final result, and then its verdicts and counts are fixed. Nothing of a
closed and replayed feature stays in memory.
"""

from collections.abc import Iterable

import msgspec

from surefoot.errors import InternalError
from surefoot.events.events import Counts, VerdictReached
from surefoot.events.journal import Ref
from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict, is_bad, verdict_of
from surefoot.model.scenarios import PlannedFeature, ScenarioPath
from surefoot.worker.protocol import GroupState


class Result(msgspec.Struct):
    """The latest attempt of one scenario, and what came before it."""

    id: str
    outcome: Outcome
    status: str
    steps: dict[str, int]
    seconds: float
    ref: Ref
    hook_failures: int
    undefined: int
    attempts: list[Outcome]
    judgements: list[Judgement | None]
    """What the policy makes of each attempt."""
    judgement: Judgement | None = None
    """Of the attempt that this is."""
    retrying: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether this attempt counts against the scenario."""
        return is_bad(self.outcome, self.judgement)

    @property
    def verdict(self) -> Verdict:
        """What the scenario has come to."""
        return verdict_of(self.attempts, self.judgements)

    @property
    def counted(self) -> str:
        """The status that the scenario is counted under: behave's, or what policy made of it."""
        if not any(self.judgements):
            return self.status
        verdict = self.verdict
        if verdict in _JUDGED:
            return verdict.value
        judgement = self.judgement
        if judgement is not None and judgement.standing is Standing.EXPECTED_FAILURE:
            return Verdict.EXPECTED_FAILURE.value
        return self.status

    @property
    def reason(self) -> str:
        """Why the policy decided as it did; empty where behave did."""
        if self.verdict is Verdict.QUARANTINED:
            return next(item.quarantine for item in self.judgements if item and item.quarantine)
        return self.judgement.text if self.judgement else ""


_JUDGED = (Verdict.EXPECTED_FAILURE, Verdict.UNEXPECTED_PASS, Verdict.QUARANTINED)


class Part(msgspec.Struct, frozen=True):
    """One unit of a feature that ended."""

    attempt: int
    complete: bool
    failed: bool
    status: str
    own_hook_failed: bool
    hook_failures: int
    groups: list[GroupState]
    ref: Ref


class Ledger:
    """One feature while it is open."""

    def __init__(self, planned: PlannedFeature) -> None:
        self.planned = planned
        self.results: dict[ScenarioPath, Result] = {}
        self.parts: list[Part] = []
        self.units = 0
        """Units of it that wait or run."""
        self.ran = False

    def lines(self) -> list[Ref]:
        """Return the journal lines that a replay of the feature needs."""
        refs = [result.ref for result in self.results.values()]
        return refs + [part.ref for part in self.parts]

    @property
    def split(self) -> bool:
        """Whether the feature's status must be computed from its scenarios."""
        if len(self.parts) != 1 or not self.parts[0].complete:
            return True
        return any(
            len(result.attempts) > 1 or result.counted != result.status
            for result in self.results.values()
        )

    def status(self) -> str:
        """Return the feature's status by behave's rule."""
        if not self.split:
            return self.parts[0].status
        for part in self.parts:
            if part.own_hook_failed and part.status in ("hook_error", "cleanup_error"):
                return part.status
        return container_status(
            [self._group_status(path, paths) for path, paths in self._children()]
        )

    def rule_statuses(self) -> list[str]:
        """Return the status of each rule."""
        rules = {
            group.path: group
            for part in self.parts
            for group in part.groups
            if group.kind == "rule"
        }
        if not self.split:
            return [group.status for group in rules.values()]
        statuses = []
        for path in rules:
            hook = [
                group.status
                for part in self.parts
                for group in part.groups
                if group.path == path and group.hook_failed
            ]
            inside = [
                result.counted
                for place, result in sorted(self.results.items())
                if place[: len(path)] == path
            ]
            statuses.append(hook[0] if hook else container_status(inside))
        return statuses

    def _children(self) -> list[tuple[ScenarioPath, list[ScenarioPath]]]:
        children: dict[ScenarioPath, list[ScenarioPath]] = {}
        for path in sorted(self.results):
            children.setdefault(path[:1], []).append(path)
        return list(children.items())

    def _group_status(self, path: ScenarioPath, paths: list[ScenarioPath]) -> str:
        for part in self.parts:
            for group in part.groups:
                if group.path == path and group.hook_failed:
                    return group.status
        return container_status([self.results[item].counted for item in paths])


_FAILURES = frozenset({"failed", Verdict.UNEXPECTED_PASS.value})
_PASSES = frozenset({"passed", Verdict.EXPECTED_FAILURE.value, Verdict.QUARANTINED.value})
_ERRORS = frozenset({"error", "hook_error", "cleanup_error", "undefined", "pending"})


def container_status(statuses: Iterable[str]) -> str:
    """`behave.model.ScenarioContainer.compute_status` over its items' statuses.

    What policy decided counts as the pass or the failure that it stands for.
    """
    skipped = True
    passed = 0
    for status in statuses:
        if status in _ERRORS:
            return "error"
        if status in _FAILURES:
            return "failed"
        if status == "untested":
            return "failed" if passed else "untested"
        if status != "skipped":
            skipped = False
        if status in _PASSES:
            passed += 1
    return "skipped" if skipped else "passed"


class Tally:
    """All features of the run."""

    def __init__(self, features: list[PlannedFeature]) -> None:
        self.ledgers: dict[int, Ledger] = {feature.index: Ledger(feature) for feature in features}
        self.features: dict[str, int] = {}
        self.rules: dict[str, int] = {}
        self.scenarios: dict[str, int] = {}
        self.steps: dict[str, int] = {}
        self.verdicts: dict[str, int] = {}
        self.hook_failures = 0
        self.undefined = 0
        self.failed_features = 0
        self.done = 0
        self.bad = 0
        self.history: list[tuple[str, Verdict, float]] = []

    def ledger(self, feature: int) -> Ledger:
        """Return an open feature. Raises InternalError for a closed one."""
        try:
            return self.ledgers[feature]
        except KeyError:
            raise InternalError(f"feature {feature} is closed already") from None

    def add(self, feature: int, path: ScenarioPath, result: Result) -> Result:
        """Take an attempt's result; return what now stands for the scenario.

        When every attempt was bad the first one is reported, because a scenario that leans on
        earlier ones fails alone for another reason.
        """
        ledger = self.ledger(feature)
        previous = ledger.results.get(path)
        if previous is None or previous.attempts == [Outcome.UNTESTED]:
            ledger.results[path] = result
            return result
        attempts = [*previous.attempts, *result.attempts]
        judgements = [*previous.judgements, *result.judgements]
        failed = previous.outcome.is_bad and previous.is_bad
        stands = previous if failed and result.is_bad and result.outcome.is_bad else result
        stands = msgspec.structs.replace(
            stands, attempts=attempts, judgements=judgements, retrying=False
        )
        ledger.results[path] = stands
        return stands

    def replace(self, feature: int, path: ScenarioPath, result: Result) -> None:
        """Replace a result of the same attempt (a scenario that user code ran again)."""
        ledger = self.ledger(feature)
        previous = ledger.results.get(path)
        if previous is not None:
            result = msgspec.structs.replace(
                result,
                attempts=[*previous.attempts[:-1], result.outcome],
                judgements=[*previous.judgements[:-1], result.judgement],
            )
        ledger.results[path] = result

    def close(self, feature: int) -> tuple[Ledger, list[VerdictReached]]:
        """Fix a feature whose every scenario has its result; return its verdicts."""
        ledger = self.ledgers.pop(feature)
        status = ledger.status()
        _count(self.features, status)
        for rule in ledger.rule_statuses():
            _count(self.rules, rule)
        if (
            status in _ERRORS
            or status == "failed"
            or (ledger.parts and not ledger.split and ledger.parts[0].failed)
        ):
            self.failed_features += 1
        self.hook_failures += sum(part.hook_failures for part in ledger.parts)
        verdicts = []
        selected = {scenario.path for scenario in ledger.planned.scenarios if scenario.selected}
        for path in sorted(ledger.results):
            result = ledger.results[path]
            _count(self.scenarios, result.counted)
            for name, count in result.steps.items():
                self.steps[name] = self.steps.get(name, 0) + count
            verdict = result.verdict
            if verdict is not Verdict.QUARANTINED:
                self.hook_failures += result.hook_failures
            self.undefined += result.undefined
            if path not in selected and result.outcome is Outcome.SKIPPED:
                continue
            _count(self.verdicts, verdict.value)
            self.history.append((result.id, verdict, result.seconds))
            verdicts.append(
                VerdictReached(
                    id=result.id,
                    feature=feature,
                    path=path,
                    verdict=verdict,
                    outcomes=result.attempts,
                    seconds=round(result.seconds, 6),
                    reason=result.reason,
                )
            )
        return ledger, verdicts

    def counts(self) -> Counts:
        """Return how many elements have each status."""
        return Counts(self.features, self.rules, self.scenarios, self.steps)


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
