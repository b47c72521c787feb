"""Which tags of a suite break a rule, and the edit that mends each where that is safe.

Works on plain values: whoever reads feature files makes `TaggedFeature`s. A tag counts for all
that stands below it, so a rule is checked for each scenario with all its tags, and told where
the tag stands that asks for another one.
"""

import datetime
import fnmatch
import re
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.config.suggest import nearest
from surefoot.model.findings import Edit, Finding
from surefoot.policy.names import Reading, TagKind, TagRules, bug_tags, read_tag
from surefoot.policy.quarantine import QuarantineRules, quarantine_of

LINK_ALONE = "SF501"
EXPECTED_ALONE = "SF502"
MALFORMED = "SF503"
UNDECLARED = "SF504"
QUARANTINE_OPEN = "SF505"
QUARANTINE_OVER = "SF506"
STATED_ALONE = "SF507"

EXPLANATIONS = {
    LINK_ALONE: (
        "link without the generic tag",
        "A link such as @tdd_issue_12 needs @tdd_issue beside it (or above it: on the rule or"
        " the feature), so that one tag expression finds all known bugs.",
    ),
    EXPECTED_ALONE: (
        "expected failure without its issue",
        "@tdd_expected_fail turns a failure into a pass. It needs @tdd_issue and a link such as"
        " @tdd_issue_12, so that it is known which bug is to be mended. Without them it has no"
        " effect.",
    ),
    MALFORMED: (
        "malformed tag",
        "A tag that looks like one of the known-bug tags, or begins as only they may, and is none"
        " of them. It has no effect, and nobody would notice.",
    ),
    UNDECLARED: (
        "undeclared tag",
        "The project declares its tags ([tool.surefoot.tags] declared or declared_file), and this"
        " one is not among them.",
    ),
    QUARANTINE_OPEN: (
        "quarantine without an end",
        "A quarantined scenario does not fail the run, so it needs a last day or an issue."
        " Without one the quarantine has no effect.",
    ),
    QUARANTINE_OVER: (
        "quarantine is over",
        "The last day of the quarantine has passed: the scenario fails the run again.",
    ),
    STATED_ALONE: (
        "stated failure without an expected failure",
        "@expect_error:TYPE and @expect_message:TEXT say how an expected failure fails. Without"
        " the tag that makes it one they have no effect.",
    ),
}
"""Title and explanation of each rule, by its code."""

_KNOWN = (
    "serial",
    "lock:*",
    "virtual_time*",
    "explore*",
    "setup",
    "teardown",
    "fixture.*",
    "use.with_*",
    "not.with_*",
    "active.with_*",
    "not_active.with_*",
)
"""Tags that behave and surefoot themselves give a meaning to, so that no project declares them."""


class Tag(msgspec.Struct, frozen=True, array_like=True):
    """A tag, without its `@`, and the line that it stands on."""

    name: str
    line: int


class TaggedItem(msgspec.Struct, frozen=True):
    """A rule, scenario, outline or Examples table: what can have tags below a feature."""

    name: str
    line: int
    tags: tuple[Tag, ...] = ()
    items: tuple["TaggedItem", ...] = ()
    rows: tuple[int, ...] = ()
    """Of an Examples table: the lines of its rows."""


class TaggedFeature(msgspec.Struct, frozen=True):
    """A feature file with its tags, and those of all that stands in it."""

    file: str
    name: str
    line: int
    tags: tuple[Tag, ...] = ()
    items: tuple[TaggedItem, ...] = ()


def tag_findings(
    features: Iterable[TaggedFeature],
    rules: TagRules,
    quarantine: QuarantineRules | None = None,
    today: datetime.date | None = None,
) -> list[Finding]:
    """Return what breaks a rule, in the order of the files, each once.

    Without `today` no quarantine is over.
    """
    checker = _Checker(rules, quarantine, today or datetime.date.min)
    found: dict[tuple[str, str, int, str], Finding] = {}
    for feature in features:
        top = TaggedItem(feature.name, feature.line, feature.tags, feature.items)
        for finding in checker.item(feature.file, top, ()):
            found.setdefault(finding.key, finding)
    return sorted(found.values(), key=lambda item: (item.file, item.line, item.rule))


class _Checker:
    """The rules, with what was found out about each name."""

    def __init__(
        self, rules: TagRules, quarantine: QuarantineRules | None, today: datetime.date
    ) -> None:
        self._rules = rules
        self._quarantine = quarantine or QuarantineRules()
        self._today = today
        self._readings: dict[str, Reading] = {}
        declared = rules.declared
        self._declared = None if declared is None else (*declared, *_KNOWN)
        self._undeclared: dict[str, str] = {}
        self._pattern = re.compile(
            "|".join(fnmatch.translate(pattern) for pattern in self._declared or ())
        )

    def item(self, file: str, item: TaggedItem, above: tuple[Tag, ...]) -> Iterator[Finding]:
        for tag in item.tags:
            yield from self._tag(file, tag, item, above)
        effective = (*above, *item.tags)
        for inner in item.items:
            yield from self.item(file, inner, effective)

    def _read(self, name: str) -> Reading:
        if name not in self._readings:
            self._readings[name] = read_tag(name, self._rules)
        return self._readings[name]

    def _tag(
        self, file: str, tag: Tag, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Iterator[Finding]:
        reading = self._read(tag.name)
        match reading.kind:
            case TagKind.LINK:
                yield from self._link(file, tag, reading.value, item, above)
            case TagKind.EXPECTED_FAIL:
                yield from self._expected(file, tag, item, above)
            case TagKind.EXPECT_ERROR | TagKind.EXPECT_MESSAGE:
                yield from self._stated(file, tag, reading.value, item, above)
            case TagKind.MALFORMED:
                yield self._slip(file, tag, reading, item, above)
            case TagKind.QUARANTINE:
                yield from self._held(file, tag, item, above)
            case TagKind.OTHER if self._declared is not None:
                yield from self._unknown(file, tag)

    def _link(
        self, file: str, tag: Tag, generic: str, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Iterator[Finding]:
        lacking = [(leaf, names) for leaf, names in _leaves(item, above) if generic not in names]
        text = f"@{tag.name} needs @{generic}"
        if len(lacking) == sum(1 for _ in _leaves(item, above)):
            edit = Edit(file, tag.line, f"@{generic} @{tag.name}", f"@{tag.name}")
            yield Finding(
                LINK_ALONE, text, file, tag.line, f"add @{generic} beside it", edits=(edit,)
            )
            return
        for leaf, _ in lacking:
            yield Finding(
                LINK_ALONE,
                f"{text} in “{leaf.name}”",
                file,
                leaf.line,
                f"add @{generic} to it",
                edits=(adding(file, leaf, generic),),
            )

    def _expected(
        self, file: str, tag: Tag, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Iterator[Finding]:
        lacking: list[tuple[TaggedItem, tuple[str, ...]]] = []
        leaves = 0
        for leaf, names in _leaves(item, above):
            leaves += 1
            corrected = {self._read(name).nearest or name for name in names}
            bug = bug_tags(corrected, self._rules)
            # A link without its generic tag is told, and mended, at the link.
            if bug.missing and not bug.links:
                lacking.append((leaf, bug.missing))
        if not lacking:
            return
        everywhere = len(lacking) == leaves and len({missing for _, missing in lacking}) == 1
        for leaf, missing in lacking[:1] if everywhere else lacking:
            needs = " and ".join(f"@{name}" for name in missing)
            yield Finding(
                EXPECTED_ALONE,
                f"@{tag.name} needs {needs}" + ("" if everywhere else f" in “{leaf.name}”"),
                file,
                tag.line if everywhere else leaf.line,
                f"add {needs} with the number of the issue, or take @{tag.name} away",
            )

    def _stated(
        self, file: str, tag: Tag, value: str, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Iterator[Finding]:
        expected = self._rules.expected_fail
        if not value:
            remedy = f"write @{tag.name}NAME, or take it away"
            yield Finding(MALFORMED, f"@{tag.name} states nothing", file, tag.line, remedy)
        elif expected and not any(names & set(expected) for _, names in _leaves(item, above)):
            yield Finding(
                STATED_ALONE,
                f"@{tag.name} has no effect without @{expected[0]}",
                file,
                tag.line,
                f"add @{expected[0]}, or take it away",
            )

    def _slip(
        self, file: str, tag: Tag, reading: Reading, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Finding:
        rules = self._rules
        if not reading.nearest:
            known = [f"@{name}" for name in (*rules.issue, *rules.expected_fail)]
            known += [f"@{name}_<N>" for name in rules.issue]
            message = f"@{tag.name} is none of the tags of known bugs"
            remedy = f"known: {', '.join(sorted(known))}"
            return Finding(MALFORMED, message, file, tag.line, remedy)
        message = f"@{tag.name} is malformed: did you mean @{reading.nearest}?"
        edits: tuple[Edit, ...] = ()
        if reading.certain:
            new = f"@{reading.nearest}"
            present = {name for _, names in _leaves(item, above) for name in names}
            if reading.value and reading.value not in present:
                new = f"@{reading.value} {new}"
            edits = (Edit(file, tag.line, new, f"@{tag.name}"),)
        return Finding(MALFORMED, message, file, tag.line, f"write @{reading.nearest}", edits=edits)

    def _held(
        self, file: str, tag: Tag, item: TaggedItem, above: tuple[Tag, ...]
    ) -> Iterator[Finding]:
        for _, names in _leaves(item, above):
            held = quarantine_of({tag.name, *self._links(names)}, self._quarantine, self._today)
            if held is not None and not held.holds:
                rule = QUARANTINE_OVER if held.over else QUARANTINE_OPEN
                yield Finding(rule, held.text, file, tag.line, held.remedy)

    def _links(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if self._read(name).kind is TagKind.LINK}

    def _unknown(self, file: str, tag: Tag) -> Iterator[Finding]:
        if self._pattern.fullmatch(tag.name) or "<" in tag.name:
            return
        if tag.name not in self._undeclared:
            plain = [name for name in self._declared or () if "*" not in name]
            self._undeclared[tag.name] = nearest(tag.name, plain) or ""
        near = self._undeclared[tag.name]
        hint = f": did you mean @{near}?" if near else ""
        remedy = f"write @{near}, or declare it" if near else "declare it, or take it away"
        message = f"@{tag.name} is not declared{hint}"
        yield Finding(UNDECLARED, message, file, tag.line, remedy)


def _leaves(
    item: TaggedItem, above: tuple[Tag, ...]
) -> Iterator[tuple[TaggedItem, frozenset[str]]]:
    """Yield what runs below an item, itself included, with the names of all its tags."""
    effective = (*above, *item.tags)
    if not item.items:
        yield item, frozenset(tag.name for tag in effective)
    for inner in item.items:
        yield from _leaves(inner, effective)


def adding(file: str, item: TaggedItem, *names: str) -> Edit:
    """Return the edit that gives tags to an item: after its last one, or on a line above it."""
    new = " ".join(f"@{name}" for name in names)
    if item.tags:
        last = item.tags[-1]
        return Edit(file, last.line, f"@{last.name} {new}", f"@{last.name}")
    return Edit(file, item.line, new)


def removing(file: str, tag: Tag) -> Edit:
    """Return the edit that takes a tag away."""
    return Edit(file, tag.line, "", f"@{tag.name}")
