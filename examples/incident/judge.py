"""Holds the report's findings against what surefoot said. Decides nothing by name of a suite."""

import msgspec
from examples.incident.observe import Observed, Seen
from examples.incident.plain import FAILS
from examples.incident.seed import SeedFinding

MOST_CUT = 170_000
"""Bytes after which the log of the incident was cut."""


class Judged(msgspec.Struct, frozen=True):
    """One finding of the report, and what was said about it."""

    seed: SeedFinding
    seen: tuple[Seen, ...]
    notices: tuple[str, ...]
    missing: tuple[str, ...]
    """What should have been told and was not, in sentences; empty when all is well."""


def judge(seed: SeedFinding, observed: Observed) -> Judged:
    """Return whether a suite that has a finding of the report was told of it, everywhere."""
    missing: list[str] = []
    seen: list[Seen] = []
    for spot in seed.spots:
        place = spot.place(observed.root)
        at = observed.told(seed.rules, place)
        seen += at
        if not at:
            missing.append(f"none of {', '.join(seed.rules)} at {place}")
    notices = observed.noticed(seed.notice) if seed.notice else []
    if seed.notice and not any(all(part in text for part in seed.notice_text) for text in notices):
        missing.append(f"no notice {seed.notice} with {', '.join(seed.notice_text)}")
    advice = "\n".join([*(item.remedy for item in seen), *notices])
    missing += [f"no remedy says {part!r}" for part in seed.remedy if part not in advice]
    return Judged(seed, tuple(seen), tuple(notices), tuple(missing))


def count(seed: SeedFinding, observed: Observed) -> int:
    """Return how often a suite was told of a finding, wherever that was.

    What plain behave confirms is true of the suite, and none of the report's: see `others`.
    """
    notices = len(observed.noticed(seed.notice)) if seed.notice else 0
    others_too = others(observed)
    return sum(item not in others_too for item in observed.told(seed.rules)) + notices


def others(observed: Observed) -> list[Seen]:
    """Return the findings by one of the report's rules that are true for a reason of their own."""
    return [item for item in observed.told((FAILS,)) if item.place in observed.confirmed]
