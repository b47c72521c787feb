"""What a tag says by its name. Reads one name at a time; whether it may stand there is for others.

The tags of a known bug come in three, as the trackers that use them have it: a generic one
(`tdd_issue`), a link (`tdd_issue_12`), and one that says that the scenario is to fail
(`tdd_expected_fail`). Older suites say `tdd_bug`. All names are settings.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from surefoot.config.suggest import nearest
from surefoot.config.tables import TagTable

_NUMBER = re.compile(r"[0-9]+")
_ALIKE = 0.85
"""How much alike (difflib's ratio) a tag and a name must be for the one to be a slip of the
other: `tdd_isue` has 0.94 to `tdd_issue`; `issue_12`, a tag of its own, has 0.71."""


class TagRules(msgspec.Struct, frozen=True, kw_only=True):
    """The names that the tags of known bugs have, and what a project declares."""

    issue: tuple[str, ...] = TagTable().issue
    expected_fail: tuple[str, ...] = TagTable().expected_fail
    needs_issue: bool = True
    expect_error: str = TagTable().expect_error
    expect_message: str = TagTable().expect_message
    reserved: tuple[str, ...] = TagTable().reserved
    quarantine: tuple[str, ...] = ()
    declared: tuple[str, ...] | None = None
    """Patterns of all tags of the project; None where it declares none."""


class TagKind(StrEnum):
    """What a tag is."""

    GENERIC = "generic"
    LINK = "link"
    EXPECTED_FAIL = "expected_fail"
    EXPECT_ERROR = "expect_error"
    EXPECT_MESSAGE = "expect_message"
    QUARANTINE = "quarantine"
    MALFORMED = "malformed"
    OTHER = "other"


class Reading(msgspec.Struct, frozen=True):
    """What one tag says."""

    kind: TagKind
    value: str = ""
    """Of a link its generic tag; of the others what follows the colon."""
    nearest: str = ""
    """Of a malformed tag: what was probably meant."""
    certain: bool = False
    """Of a malformed tag: whether `nearest` can be written in its place without a question."""


def read_tag(name: str, rules: TagRules) -> Reading:
    """Return what a tag, without its `@`, says."""
    if name in rules.issue:
        return Reading(TagKind.GENERIC)
    if name in rules.expected_fail:
        return Reading(TagKind.EXPECTED_FAIL)
    for generic in rules.issue:
        if name.startswith(f"{generic}_") and _NUMBER.fullmatch(name, len(generic) + 1):
            return Reading(TagKind.LINK, generic)
    if "<" in name:
        # Of an outline: each row has a tag of its own.
        stem = name.partition("<")[0].removesuffix("_")
        return Reading(TagKind.LINK, stem) if stem in rules.issue else Reading(TagKind.OTHER)
    word, colon, value = name.partition(":")
    if colon and word == rules.expect_error:
        return Reading(TagKind.EXPECT_ERROR, value)
    if colon and word == rules.expect_message:
        return Reading(TagKind.EXPECT_MESSAGE, value)
    if word in rules.quarantine:
        return Reading(TagKind.QUARANTINE, value)
    return _malformed(name, rules) or Reading(TagKind.OTHER)


def _malformed(name: str, rules: TagRules) -> Reading | None:
    """Return what a slip was meant to be; None for a tag that has nothing to do with ours."""
    word, colon, value = name.partition(":")
    for ours in (rules.expect_error, rules.expect_message):
        if (colon or word == ours) and _ratio(_plain(word), ours) >= _ALIKE:
            return Reading(TagKind.MALFORMED, nearest=f"{ours}:{value or '...'}")
    stem, number = _stem_and_number(name)
    likeness, best = max(
        ((_ratio(stem, known), known) for known in (*rules.issue, *rules.expected_fail)),
        default=(0.0, ""),
    )
    if likeness < _ALIKE:
        if not name.lower().startswith(rules.reserved):
            return None
        near = nearest(stem, (*rules.issue, *rules.expected_fail)) or ""
        return Reading(TagKind.MALFORMED, nearest=near)
    if best in rules.expected_fail:
        # Written out, it would turn a failure into a pass: nobody but its author may do that.
        return Reading(TagKind.MALFORMED, nearest=best)
    if number:
        return Reading(TagKind.MALFORMED, best, f"{best}_{number}", certain=True)
    if stem == best:
        # `tdd_issue_`: with nothing after the last mark, the number was forgotten.
        forgotten = not name[-1].isalnum()
        return Reading(
            TagKind.MALFORMED, nearest=f"{best}_<N>" if forgotten else best, certain=not forgotten
        )
    return Reading(TagKind.MALFORMED, nearest=best, certain=True)


def _ratio(one: str, other: str) -> float:
    # Imported here: a suite whose tags are all known needs none of it.
    import difflib

    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _stem_and_number(name: str) -> tuple[str, str]:
    plain = _plain(name)
    found = re.search(r"_?([0-9]+)$", plain)
    return (plain[: found.start()], found[1]) if found else (plain, "")


class BugTags(msgspec.Struct, frozen=True):
    """What the effective tags of a scenario say of a known bug."""

    expected_fail: str = ""
    """The tag that says that it is to fail; empty where there is none."""
    links: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """The tags without which the expected failure does not count."""
    errors: tuple[str, ...] = ()
    """The types of failure that it states."""
    messages: tuple[str, ...] = ()
    """The parts of a message that it states."""


def bug_tags(names: Iterable[str], rules: TagRules) -> BugTags:
    """Return what tags, inherited ones included, say together."""
    readings = {name: read_tag(name, rules) for name in sorted(set(names))}
    by_kind: dict[TagKind, list[str]] = {}
    for name, reading in readings.items():
        by_kind.setdefault(reading.kind, []).append(name)
    expected = by_kind.get(TagKind.EXPECTED_FAIL, [])
    links = by_kind.get(TagKind.LINK, [])
    missing: list[str] = []
    if expected and rules.needs_issue and rules.issue:
        if not links:
            generic = next(iter(by_kind.get(TagKind.GENERIC, [])), "")
            missing += [] if generic else [rules.issue[0]]
            missing.append(f"{generic or rules.issue[0]}_<N>")
        else:
            # One complete pair is enough; a half one beside it is a finding, and no obstacle.
            wanted = list(dict.fromkeys(readings[link].value for link in links))
            missing += [] if any(item in readings for item in wanted) else wanted[:1]
    return BugTags(
        expected_fail=expected[0] if expected else "",
        links=tuple(links),
        missing=tuple(missing),
        errors=tuple(
            readings[name].value
            for name in by_kind.get(TagKind.EXPECT_ERROR, [])
            if readings[name].value
        ),
        messages=tuple(
            readings[name].value
            for name in by_kind.get(TagKind.EXPECT_MESSAGE, [])
            if readings[name].value
        ),
    )
