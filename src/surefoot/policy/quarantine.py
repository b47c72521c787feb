"""Quarantine: scenarios that fail without failing the run, for a time, and by name.

A tag says it (`@quarantine:2026-12-31`), or a tag and a table do. It holds only with an end:
a last day, or an issue (`@quarantine:123`, or a link such as `@tdd_issue_12` beside it). One
whose day has passed, or that has no end, does not hold: then its failures count.
"""

import datetime
import re
from collections.abc import Iterable, Mapping

import msgspec

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISSUE = re.compile(r"#?[0-9]+|[A-Z][A-Z0-9]*-[0-9]+")


class QuarantineRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which tags quarantine."""

    tags: tuple[str, ...] = ()
    until: Mapping[str, datetime.date] = {}
    issue: Mapping[str, str] = {}
    links: tuple[str, ...] = ("tdd_issue", "tdd_bug")
    """Beginnings of the links that count as the issue."""


class Quarantine(msgspec.Struct, frozen=True):
    """What the quarantine of a scenario comes to."""

    tag: str
    holds: bool
    text: str
    """Why it holds, or why it does not, in a few words."""
    remedy: str = ""
    over: bool = False
    """True when its last day has passed."""


def quarantine_of(
    names: Iterable[str], rules: QuarantineRules, today: datetime.date
) -> Quarantine | None:
    """Return the quarantine of a scenario with these tags, or None.

    One that holds is enough; else the first that does not, by name, is told.
    """
    if not rules.tags:
        return None
    present = sorted(set(names))
    found = [
        _read(name, present, rules, today)
        for name in present
        if name.partition(":")[0] in rules.tags
    ]
    return next((item for item in found if item.holds), found[0] if found else None)


def _read(
    name: str, present: list[str], rules: QuarantineRules, today: datetime.date
) -> Quarantine:
    word, _, value = name.partition(":")
    day = _day(value) or rules.until.get(word)
    issue = value if _ISSUE.fullmatch(value) else rules.issue.get(word, "")
    issue = issue or next((f"@{link}" for link in present if _is_link(link, rules.links)), "")
    if value and not _day(value) and not _ISSUE.fullmatch(value):
        return Quarantine(
            name,
            False,
            f"@{name} has neither a day nor an issue after the colon",
            f"write @{word}:YEAR-MONTH-DAY or @{word}:ISSUE",
        )
    if day is not None and day < today:
        return Quarantine(
            name,
            False,
            f"the quarantine of @{name} ended on {day.isoformat()}",
            "mend the scenario and take the tag away, or give a later day with its reason",
            over=True,
        )
    if day is not None:
        return Quarantine(name, True, f"@{name}, until {day.isoformat()}")
    if issue:
        return Quarantine(name, True, f"@{name}, for {issue}")
    return Quarantine(
        name,
        False,
        f"@{name} has no end, so it does not hold",
        f"write @{word}:YEAR-MONTH-DAY or @{word}:ISSUE, or add a link to its issue",
    )


def _day(value: str) -> datetime.date | None:
    if not _DAY.fullmatch(value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def _is_link(name: str, links: tuple[str, ...]) -> bool:
    return any(re.fullmatch(rf"{re.escape(link)}_[0-9]+", name) for link in links)
