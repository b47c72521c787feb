"""What filing would do, decided before anything is sent.

For each cause, in this order: an issue whose rules say `ignore` ends it; an open twin is updated
if the state changed; only closed twins make a new issue that names the latest as its regression;
an issue that is near without being a twin holds it back for a person; else it is new. Of all new
ones one is created. More new ones than the ceiling means that something upstream is broken (an
incomplete list of issues did this elsewhere, and a hundred were filed), and nothing is.
"""

from collections.abc import Mapping, Sequence

import msgspec

from surefoot.triage.filing.draft import (
    Draft,
    digest_text,
    draft,
    fields_of,
    jobs_of,
    state_of,
    title_of,
)
from surefoot.triage.filing.marker import (
    Marker,
    read_marker,
    read_rules,
    replace_digest,
    replace_marker,
)
from surefoot.triage.filing.rank import Index
from surefoot.triage.filing.same import DuplicateCheck, check, keys_of_cluster
from surefoot.triage.forges.values import Issue
from surefoot.triage.model import Analysis, Cluster
from surefoot.triage.report import Facts, fileable

CEILING = 10
"""New causes in one run beyond which nothing is filed."""
DUPLICATE = "duplicate"
"""State in the marker of an issue that closed itself: it is nobody's closed twin."""


class Update(msgspec.Struct, frozen=True):
    """A change of an open issue's digest."""

    issue: Issue
    body: str
    why: str


class Held(msgspec.Struct, frozen=True):
    """A cause that is not filed, and why."""

    fingerprint: str
    title: str
    why: str


class Plan(msgspec.Struct, frozen=True):
    """Everything that filing would do."""

    create: Draft | None = None
    cause: str = ""
    """Fingerprint of what would be created."""
    updates: tuple[Update, ...] = ()
    held: tuple[Held, ...] = ()
    waiting: int = 0
    """New causes beside the one that would be created: later runs file them."""
    refused: str = ""
    """Why nothing at all may be written; empty when something may."""


def check_all(analysis: Analysis, issues: Sequence[Issue]) -> dict[str, DuplicateCheck]:
    """Return the duplicate check of every cluster, by fingerprint."""
    index = Index(issues)
    found = {}
    for cluster in analysis.clusters:
        fields = fields_of(cluster, analysis)
        text = " ".join([cluster.message, cluster.exception, cluster.frame, *cluster.files])
        keys = keys_of_cluster(cluster, jobs_of(cluster, analysis))
        found[cluster.fingerprint] = check(title_of(cluster), text, keys, fields, index)
    return found


def plan_filing(
    analysis: Analysis,
    facts: Facts,
    checks: Mapping[str, DuplicateCheck],
    *,
    labels: tuple[str, ...] = (),
    ceiling: int = CEILING,
    allow_similar: bool = False,
) -> Plan:
    """Return what filing would do."""
    if analysis.own_environment is not None:
        return Plan(refused=f"our own environment is broken: {analysis.own_environment.why}")
    new: list[tuple[Cluster, Issue | None]] = []
    updates: list[Update] = []
    held: list[Held] = []
    for cluster in analysis.clusters:
        if not fileable(cluster):
            why = f"its class is {cluster.judgement.failure_class.value}"
            held.append(Held(cluster.fingerprint, title_of(cluster), why))
            continue
        decision = _decide(cluster, analysis, facts, checks[cluster.fingerprint], allow_similar)
        match decision:
            case Update():
                updates.append(decision)
            case Held():
                held.append(decision)
            case _:
                new.append((cluster, decision))
    if len(new) > ceiling:
        return Plan(
            held=tuple(held),
            refused=f"{len(new)} causes are new, more than the ceiling of {ceiling}: something"
            " upstream is probably broken; look at the report, or raise --max-new",
        )
    # What came back is more urgent than what is new; else the most frequent comes first.
    new.sort(key=lambda item: (item[1] is None, -len(item[0].occurrences), item[0].fingerprint))
    create = draft(new[0][0], analysis, facts, labels, new[0][1]) if new else None
    return Plan(
        create,
        new[0][0].fingerprint if new else "",
        tuple(updates),
        tuple(held),
        max(0, len(new) - 1),
    )


def _decide(
    cluster: Cluster,
    analysis: Analysis,
    facts: Facts,
    found: DuplicateCheck,
    allow_similar: bool,
) -> Update | Held | Issue | None:
    """Return what to do: update, hold, or create (None, or the issue that it is back from)."""
    title = title_of(cluster)
    twins = [item.issue for item in found.twins]
    for issue in twins:
        if read_rules(issue.body).ignore:
            why = f"#{issue.number} says that it is to be ignored"
            return Held(cluster.fingerprint, title, why)
    still = sorted((issue for issue in twins if issue.open), key=lambda issue: issue.number)
    if still:
        return _update(cluster, analysis, facts, still[0])
    if not allow_similar and found.near:
        near = found.near[0]
        why = f"#{near.issue.number} is near: {near.why}. A person must look; --allow-similar files"
        if not twins:
            return Held(cluster.fingerprint, title, f"{why} it all the same")
    closed = [issue for issue in twins if _ended(issue)]
    return max(closed, key=lambda issue: issue.number, default=None)


def _ended(issue: Issue) -> bool:
    marker = read_marker(issue.body)
    return marker is None or marker.state != DUPLICATE


def _update(cluster: Cluster, analysis: Analysis, facts: Facts, issue: Issue) -> Update | Held:
    title = title_of(cluster)
    marker = read_marker(issue.body)
    state = state_of(cluster)
    if marker is None:
        why = f"#{issue.number} is about it and was written by a person; nothing is changed there"
        return Held(cluster.fingerprint, title, why)
    if marker.state == state:
        why = f"#{issue.number} is about it and up to date"
        return Held(cluster.fingerprint, title, why)
    known = (marker.known | {cluster.fingerprint, *cluster.aliases}) - {marker.fingerprint}
    fresh = Marker(marker.fingerprint, tuple(sorted(known)), state, marker.by)
    body = replace_digest(issue.body, facts.redact(digest_text(cluster, analysis)))
    if body is None:
        why = f"#{issue.number} is about it, and a person took its digest out"
        return Held(cluster.fingerprint, title, why)
    return Update(issue, replace_marker(body, fresh), "its state changed")
