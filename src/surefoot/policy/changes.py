"""What a change does to known bugs: it captures one, mends one, or loses one.

Compares the tags of each scenario before and after. A scenario is the same one when its file,
rule and name are; one that moved to another file is found by its name, where that is clear.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from surefoot.model.findings import Finding
from surefoot.policy.names import BugTags, TagKind, TagRules, bug_tags, read_tag
from surefoot.policy.tags import Tag, TaggedFeature, TaggedItem

CAPTURE_OPEN = "SF521"
LINK_LOST = "SF522"
STILL_EXPECTED = "SF523"
CAPTURE_LOST = "SF524"

EXPLANATIONS = {
    CAPTURE_OPEN: (
        "captured bug without its issue",
        "A change that adds an expected failure captures a bug. It needs the generic tag and the"
        " link, so that the fix finds its test.",
    ),
    LINK_LOST: (
        "mended bug without its link",
        "A change that removes the expected failure mends the bug. The generic tag and the link"
        " stay: they say which bug the scenario guards against from now on.",
    ),
    STILL_EXPECTED: (
        "mended bug still expected",
        "A change mends an issue, by removing the tag from one of its scenarios or by saying"
        " `Closes #12`, and another scenario of that issue is still tagged to fail. Either the"
        " bug is not mended, or the tag hides that it is.",
    ),
    CAPTURE_LOST: (
        "captured bug lost",
        "The change deletes a scenario that captured a bug. That mends nothing, and nothing will"
        " show whether the bug is there.",
    ),
}
"""Title and explanation of each rule, by its code."""


class ChangeKind(StrEnum):
    """What a change does to one scenario."""

    CAPTURES = "captures"
    MENDS = "mends"
    LOSES = "loses"


class Change(msgspec.Struct, frozen=True):
    """One scenario whose expected failure came or went."""

    kind: ChangeKind
    file: str
    line: int
    """In the version where it stands: the new one, unless it was lost."""
    name: str
    before: tuple[str, ...]
    """Its effective tags; empty where there was no such scenario."""
    after: tuple[str, ...]

    def links(self, rules: TagRules) -> tuple[str, ...]:
        """Return the links that it has or had."""
        return bug_tags({*self.before, *self.after}, rules).links


class _Leaf(msgspec.Struct, frozen=True):
    file: str
    line: int
    name: str
    key: tuple[str, ...]
    """Names from the rule down, the table's included."""
    tags: tuple[Tag, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tag.name for tag in self.tags))


def changes(
    before: Iterable[TaggedFeature], after: Iterable[TaggedFeature], rules: TagRules
) -> list[Change]:
    """Return what changed of expected failures between two versions of the same files."""
    old = {leaf.key: leaf for leaf in _leaves(before)}
    new = {leaf.key: leaf for leaf in _leaves(after)}
    pairs: list[tuple[_Leaf | None, _Leaf | None]] = [
        (old[key], new[key]) for key in old if key in new
    ]
    gone = [leaf for key, leaf in old.items() if key not in new]
    come = [leaf for key, leaf in new.items() if key not in old]
    for leaf in come:
        same = _moved(leaf, gone) or _renamed(leaf, gone, come, rules)
        if same is not None:
            gone.remove(same)
        pairs.append((same, leaf))
    pairs += [(leaf, None) for leaf in gone]
    found = [change for pair in pairs if (change := _change(*pair, rules)) is not None]
    return sorted(found, key=lambda item: (item.file, item.line, item.kind))


def _moved(leaf: _Leaf, gone: Sequence[_Leaf]) -> _Leaf | None:
    """Return the one scenario of that name that is gone from another file."""
    found = [item for item in gone if item.key[1:] == leaf.key[1:]]
    return found[0] if len(found) == 1 else None


def _renamed(
    leaf: _Leaf, gone: Sequence[_Leaf], come: Sequence[_Leaf], rules: TagRules
) -> _Leaf | None:
    """Return the one scenario of the same issues that is gone from the same file."""
    links = _links_of(leaf, rules)
    found, rivals = (
        [item for item in side if item.file == leaf.file and _links_of(item, rules) == links]
        for side in (gone, come)
    )
    return found[0] if links and len(found) == len(rivals) == 1 else None


def _links_of(leaf: _Leaf, rules: TagRules) -> tuple[str, ...]:
    return bug_tags(leaf.names, rules).links


def _change(old: _Leaf | None, new: _Leaf | None, rules: TagRules) -> Change | None:
    was = bool(old and bug_tags(old.names, rules).expected_fail)
    is_ = bool(new and bug_tags(new.names, rules).expected_fail)
    if was == is_:
        return None
    here = new or old
    assert here is not None
    kind = ChangeKind.CAPTURES if is_ else ChangeKind.MENDS if new else ChangeKind.LOSES
    return Change(
        kind,
        here.file,
        here.line,
        here.name,
        old.names if old else (),
        new.names if new else (),
    )


def change_findings(
    found: Sequence[Change],
    suite: Iterable[TaggedFeature],
    rules: TagRules,
    closes: Iterable[int] = (),
) -> list[Finding]:
    """Return what is wrong with the tags that a change leaves behind.

    `suite` is the whole suite after the change, `closes` the issues that it says it closes.
    """
    findings = [finding for change in found for finding in _of(change, rules)]
    captured, mended = (
        {link for change in found if change.kind is kind for link in change.links(rules)}
        for kind in (ChangeKind.CAPTURES, ChangeKind.MENDS)
    )
    said = {f"{generic}_{number}" for number in closes for generic in rules.issue}
    # A change that captures an issue may close the request for its test.
    for leaf in _leaves(suite):
        bug = bug_tags(leaf.names, rules)
        over = [link for link in bug.links if link in (mended | said) - captured]
        if bug.expected_fail and over:
            findings.append(_still(leaf, bug, over, mended))
    return sorted(findings, key=lambda item: (item.file, item.line, item.rule))


def _of(change: Change, rules: TagRules) -> Iterator[Finding]:
    name = f"“{change.name}”"
    match change.kind:
        case ChangeKind.CAPTURES:
            missing = bug_tags(change.after, rules).missing
            if missing:
                lacks = " and ".join(f"@{tag}" for tag in missing)
                yield Finding(
                    CAPTURE_OPEN,
                    f"{name} captures a bug without {lacks}",
                    change.file,
                    change.line,
                    f"add {lacks} with the number of the issue",
                )
        case ChangeKind.MENDS:
            lost = [
                tag
                for tag in change.before
                if tag not in change.after
                and read_tag(tag, rules).kind in (TagKind.LINK, TagKind.GENERIC)
            ]
            if lost:
                tags = " ".join(f"@{tag}" for tag in lost)
                yield Finding(
                    LINK_LOST,
                    f"{name} is mended and lost {tags}",
                    change.file,
                    change.line,
                    f"put {tags} back: it says which bug the scenario guards against",
                )
        case ChangeKind.LOSES:
            links = " ".join(f"@{link}" for link in change.links(rules))
            yield Finding(
                CAPTURE_LOST,
                f"{name}, which captured {links or 'a bug'}, is deleted",
                change.file,
                0,
                "keep it, and remove its expected failure when the bug is mended",
            )


def _still(leaf: _Leaf, bug: BugTags, over: Sequence[str], mended: set[str]) -> Finding:
    link = over[0]
    how = "is mended elsewhere in this change" if link in mended else "is closed by this change"
    tag = next(item for item in leaf.tags if item.name == bug.expected_fail)
    return Finding(
        STILL_EXPECTED,
        f"@{link} {how}, and “{leaf.name}” is still @{bug.expected_fail}",
        leaf.file,
        tag.line or leaf.line,
        f"verify that it passes, and remove @{bug.expected_fail}",
    )


def _leaves(features: Iterable[TaggedFeature]) -> Iterator[_Leaf]:
    for feature in features:
        seen: dict[tuple[str, ...], int] = {}
        top = TaggedItem(feature.name, feature.line, feature.tags, feature.items)
        for leaf in _below(feature.file, top, (feature.file,), ()):
            count = seen[leaf.key] = seen.get(leaf.key, 0) + 1
            # Scenarios of one name are told apart by their order.
            key = leaf.key if count == 1 else (*leaf.key, f"#{count}")
            yield msgspec.structs.replace(leaf, key=key)


def _below(
    file: str, item: TaggedItem, key: tuple[str, ...], above: tuple[Tag, ...]
) -> Iterator[_Leaf]:
    tags = (*above, *item.tags)
    for inner in item.items:
        yield from _below(file, inner, (*key, inner.name), tags)
    if not item.items:
        yield _Leaf(file, item.line, key[-1] or key[-2], key, tags)


_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#([0-9]+)\b", re.IGNORECASE)


def closed_issues(messages: str) -> list[int]:
    """Return the issues that commit messages say they close, as forges read them."""
    return sorted({int(number) for number in _CLOSING.findall(messages)})
