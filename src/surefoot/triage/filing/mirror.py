"""All issues of a tracker, open and closed, kept in the cache and brought up to date.

Searching on the server depends on its indexer and found nothing where dozens existed, so every
issue is read once, and later only those that changed. A list that is known to be cut is an
error: what is filed rests on it.
"""

import msgspec

from surefoot.triage.forges.forge import Forge
from surefoot.triage.forges.values import Issue
from surefoot.triage.sources.cache import Cache

_OVERLAP = 120.0
"""Seconds that are read again: two issues may carry the same second, and clocks differ."""


class _Stored(msgspec.Struct, frozen=True):
    issues: tuple[Issue, ...] = ()


def read_issues(forge: Forge, cache: Cache) -> tuple[Issue, ...]:
    """Return every issue, by number. Raises ForgeError when the list cannot be had whole."""
    key = f"issues 1 {forge.kind} {forge.web}"
    known = {item.number: item for item in (cache.get(key, _Stored) or _Stored()).issues}
    latest = max((item.updated for item in known.values()), default=0.0)
    for item in forge.issues(latest - _OVERLAP if latest else None):
        known[item.number] = item
    found = tuple(known[number] for number in sorted(known))
    cache.put(key, _Stored(found))
    return found
