"""Carries out a plan, so that one issue exists however often and by how many it is carried out.

A lock of the machine keeps processes in one place apart. Against others elsewhere: the tracker
is read again right before an issue is created and right after; of two with one cause the younger
closes itself. Numbers of issues are given out by the tracker in order, so both sides agree which
one is younger, whoever looks first.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import msgspec

from surefoot.triage.filing.marker import Marker, read_marker, replace_marker
from surefoot.triage.filing.mirror import read_issues
from surefoot.triage.filing.plan import DUPLICATE, Plan
from surefoot.triage.forges.forge import Forge
from surefoot.triage.forges.http import ForgeError
from surefoot.triage.forges.values import Issue
from surefoot.triage.sources.cache import Cache

SETTLE = 2.0
"""Seconds before the second look after creating: trackers with replicas are late."""


class Sent(msgspec.Struct, frozen=True):
    """One thing that was written to the tracker, or found not to need writing."""

    action: str
    """`created`, `updated`, `closed` or `left`."""
    number: int
    url: str
    why: str = ""


def send(
    plan: Plan,
    forge: Forge,
    cache: Cache,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Sent]:
    """Carry out a plan. Raises ForgeError when the tracker cannot be read or written.

    `plan.refused` must be empty.
    """
    assert not plan.refused
    done: list[Sent] = []
    with locked(cache):
        for update in plan.updates:
            now = forge.issue(update.issue.number)
            if now.body != update.issue.body:
                done.append(Sent("left", now.number, now.url, "it was edited meanwhile"))
                continue
            forge.update_issue(now.number, update.body)
            done.append(Sent("updated", now.number, now.url, update.why))
        if plan.create is not None:
            done.append(_create(plan, forge, cache, sleep))
        # The mirror now knows what was written.
        with contextlib.suppress(ForgeError):
            read_issues(forge, cache)
    return done


def _create(plan: Plan, forge: Forge, cache: Cache, sleep: Callable[[float], None]) -> Sent:
    made = plan.create
    assert made is not None
    known = made.marker.known
    earlier = twins(read_issues(forge, cache), known)
    if earlier:
        first = earlier[0]
        return Sent("left", first.number, first.url, "it was filed meanwhile")
    issue = forge.create_issue(made.title, made.body, made.labels)
    for wait in (0.0, SETTLE):
        if wait:
            sleep(wait)
        older = [item for item in twins(read_issues(forge, cache), known)
                 if item.number < issue.number]  # fmt: skip
        if older:
            first = older[0]
            marker = Marker(made.marker.fingerprint, made.marker.aliases, DUPLICATE, made.marker.by)
            forge.update_issue(issue.number, replace_marker(made.body, marker))
            forge.close_issue(
                issue.number,
                f"Filed at the same moment as #{first.number}, which has the same cause"
                f" ({made.marker.fingerprint}) and is older.",
            )
            return Sent("closed", issue.number, issue.url, f"#{first.number} is an older twin")
    return Sent("created", issue.number, issue.url)


def twins(issues: tuple[Issue, ...], known: frozenset[str]) -> list[Issue]:
    """Return the open issues that carry one of the fingerprints, oldest first."""
    found = []
    for item in issues:
        marker = read_marker(item.body) if item.open else None
        if marker is not None and marker.known & known:
            found.append(item)
    return sorted(found, key=lambda item: item.number)


@contextlib.contextmanager
def locked(cache: Cache) -> Iterator[None]:
    """Hold the lock of filing from this machine.

    A system without such locks has none: reading the tracker again then finds the older twin.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    path = os.path.join(cache.directory, "filing.lock")
    with open(path, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
