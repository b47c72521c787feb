"""Tags against results: what always fails and is not tagged, what always passes and is.

A finding needs a result in every run that is given: a scenario that one of them does not show
is left alone. The edit that mends a finding is given where it is known and right: tags cannot
be given to a single row, and nobody knows the number of an issue but its author.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from surefoot.model.findings import Edit, Finding
from surefoot.model.outcomes import Outcome
from surefoot.policy.names import TagKind, TagRules, bug_tags, read_tag
from surefoot.policy.recorded import RecordedRun, RecordedScenario
from surefoot.policy.tags import Tag, TaggedFeature, TaggedItem, adding, removing

ALWAYS_FAILS = "SF511"
ALWAYS_PASSES = "SF512"

EXPLANATIONS = {
    ALWAYS_FAILS: (
        "fails in every run",
        "A scenario that fails in every recorded run is a known bug or a broken scenario. Mend"
        " it, or tag it as an expected failure with its issue, so that the runs say something"
        " again.",
    ),
    ALWAYS_PASSES: (
        "passes in every run",
        "A scenario that is tagged as an expected failure and passes in every recorded run: the"
        " bug seems to be mended. Verify it and remove the tag; the link stays.",
    ),
}
"""Title and explanation of each rule, by its code."""


_MOST_RUNS = 5
"""Runs whose error stands in the evidence."""


class _Seen(msgspec.Struct, frozen=True):
    """A scenario in all runs, the last one last."""

    runs: tuple[RecordedScenario, ...]

    @property
    def last(self) -> RecordedScenario:
        return self.runs[-1]

    @property
    def always_fails(self) -> bool:
        return all(item.failed for item in self.runs)

    @property
    def always_passes(self) -> bool:
        return all(item.passed for item in self.runs)

    @property
    def alike(self) -> bool:
        """Whether it fails as an expected failure may, with one type of error."""
        return all(item.excusable for item in self.runs) and len({x.kind for x in self.runs}) == 1


class _Spot(msgspec.Struct, frozen=True):
    """Where a scenario stands in its file now."""

    item: TaggedItem
    """What can be tagged: the scenario, or the Examples table of a row."""
    above: tuple[TaggedItem, ...]
    """What that stands in, the feature first."""


def result_findings(
    runs: Sequence[RecordedRun],
    feature_of: Callable[[str], TaggedFeature | None],
    rules: TagRules,
    issue: int | None = None,
) -> list[Finding]:
    """Return what the runs show of tags that are missing or left over, by file and line.

    `feature_of` returns a file as it is now; it is asked about few. `issue` is the number for
    scenarios that have no link yet.
    """
    if not runs or not rules.expected_fail:
        return []
    labels = [run.run or f"run {number}" for number, run in enumerate(runs, start=1)]
    reporter = _Reporter(labels, rules, issue)
    by_file: dict[str, list[_Seen]] = {}
    for identity, first in runs[0].scenarios.items():
        seen = [run.scenarios[identity] for run in runs if identity in run.scenarios]
        if len(seen) == len(runs):
            by_file.setdefault(first.file, []).append(_Seen(tuple(seen)))
    findings: list[Finding] = []
    for file, found in by_file.items():
        telling = [seen for seen in found if reporter.tells(seen)]
        if telling:
            findings += reporter.file(file, telling, feature_of(file))
    return sorted(findings, key=lambda item: (item.file, item.line, item.rule))


class _Reporter:
    """Makes findings of what was seen."""

    def __init__(self, labels: Sequence[str], rules: TagRules, issue: int | None) -> None:
        self._labels = labels
        self._rules = rules
        self._issue = issue

    def tells(self, seen: _Seen) -> bool:
        """Whether the tags of a scenario contradict its results."""
        if not seen.always_fails and not seen.always_passes:
            return False
        bug = bug_tags(seen.last.tags, self._rules)
        expected = bool(bug.expected_fail)
        return expected if seen.always_passes else not expected or bool(bug.missing)

    def file(
        self, file: str, found: Sequence[_Seen], feature: TaggedFeature | None
    ) -> Iterator[Finding]:
        tables: dict[int, tuple[_Spot, list[_Seen]]] = {}
        for seen in found:
            spot = _spot(feature, seen.last) if feature is not None else None
            if spot is not None and spot.item.rows:
                tables.setdefault(spot.item.line, (spot, []))[1].append(seen)
            else:
                yield self._one(file, seen, spot)
        for spot, rows in tables.values():
            yield from self._table(file, spot, rows)

    def _one(self, file: str, seen: _Seen, spot: _Spot | None) -> Finding:
        line = spot.item.line if spot else seen.last.line
        if seen.always_passes:
            expected = bug_tags(seen.last.tags, self._rules).expected_fail
            return self._left_over(file, line, seen, expected, spot)
        return self._untagged(file, line, seen, spot if seen.alike else None)

    def _table(self, file: str, spot: _Spot, rows: Sequence[_Seen]) -> Iterator[Finding]:
        """Rows of one Examples table: only the whole of it can have a tag."""
        whole = len(rows) == len(spot.item.rows)
        same = len({(seen.always_passes, seen.alike, seen.last.kind) for seen in rows}) == 1
        if whole and same:
            yield self._one(file, rows[0], spot)
            return
        for seen in rows:
            row = _Spot(TaggedItem(seen.last.name, seen.last.line), ())
            remedy = (
                "a single row cannot be tagged: move it to an Examples table of its own, and tag"
                " that"
            )
            yield msgspec.structs.replace(self._one(file, seen, row), remedy=remedy, edits=())

    def _untagged(self, file: str, line: int, seen: _Seen, spot: _Spot | None) -> Finding:
        rules = self._rules
        last = seen.last
        expected = rules.expected_fail[0]
        bug = bug_tags({*last.tags, expected}, rules)
        wanted = [*bug.missing]
        if self._issue is not None:
            wanted = [name.replace("<N>", str(self._issue)) for name in wanted]
        if expected not in last.tags:
            wanted.append(expected)
        slips = [name for name in last.tags if read_tag(name, rules).kind is TagKind.MALFORMED]
        text = f"“{last.name}” failed in {self._sample()} and is no expected failure"
        text += "".join(f"; its @{name} is malformed" for name in slips)
        evidence = [
            f"{label}: {item.error}" for label, item in zip(self._labels, seen.runs, strict=True)
        ][-_MOST_RUNS:]
        if not all(item.excusable for item in seen.runs):
            why = next(_never(item) for item in seen.runs if not item.excusable)
            remedy = f"mend it: {why} is not excused by any tag"
        elif not seen.alike:
            remedy = "mend it: it does not always fail in the same way, so no tag can state how"
        else:
            tags = " ".join(f"@{name}" for name in wanted)
            evidence.append(f"the tags that it lacks: {tags}")
            remedy = f"mend it, or add {tags} above line {line}"
        edits: tuple[Edit, ...] = ()
        if spot is not None and not slips and not any("<N>" in name for name in wanted):
            edits = (adding(file, spot.item, *wanted),)
        return Finding(ALWAYS_FAILS, text, file, line, remedy, tuple(evidence), last.id, edits)

    def _left_over(
        self, file: str, line: int, seen: _Seen, expected: str, spot: _Spot | None
    ) -> Finding:
        last = seen.last
        text = f"“{last.name}” passed in {self._sample()} although @{expected} says it fails"
        remedy = f"verify that the bug is mended, and remove @{expected}; the link stays"
        edits: tuple[Edit, ...] = ()
        own = _tag(spot.item, expected) if spot else None
        if own is not None:
            line, edits = own.line, (removing(file, own),)
        elif spot is not None:
            holder = next((tag for item in spot.above if (tag := _tag(item, expected))), None)
            if holder is not None:
                remedy += (
                    f". It stands on line {holder.line} for others too: move it to those that"
                    " still fail"
                )
        return Finding(ALWAYS_PASSES, text, file, line, remedy, (), last.id, edits)

    def _sample(self) -> str:
        count = len(self._labels)
        return "the one run given" if count == 1 else f"all {count} runs"


def _never(item: RecordedScenario) -> str:
    if item.infrastructure:
        return "an error of the infrastructure"
    return next(
        outcome.value.replace("_", " ") for outcome in item.outcomes if outcome not in _IN_STEPS
    )


_IN_STEPS = (Outcome.FAILED, Outcome.ERROR)


def _tag(item: TaggedItem, name: str) -> Tag | None:
    return next((tag for tag in item.tags if tag.name == name), None)


def _spot(feature: TaggedFeature, seen: RecordedScenario) -> _Spot | None:
    """Return where a recorded scenario stands now: by its line, or if it moved, by its name."""
    spots = list(_spots(feature))
    for spot in spots:
        if seen.line in spot.item.rows or (spot.item.line, spot.item.name) == (
            seen.line,
            seen.name,
        ):
            return spot
    named = [spot for spot in spots if not spot.item.rows and spot.item.name == seen.name]
    return named[0] if len(named) == 1 else None


def _spots(feature: TaggedFeature) -> Iterator[_Spot]:
    top = TaggedItem(feature.name, feature.line, feature.tags, feature.items)
    waiting: list[tuple[TaggedItem, tuple[TaggedItem, ...]]] = [
        (item, (top,)) for item in feature.items
    ]
    while waiting:
        item, above = waiting.pop(0)
        if item.items:
            waiting += [(inner, (*above, item)) for inner in item.items]
        else:
            yield _Spot(item, above)
