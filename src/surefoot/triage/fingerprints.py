"""Fingerprints of failures, and the clusters they make.

A fingerprint is `v1:` and 16 hexadecimal digits of a SHA-256 over kind, subject, exception,
masked message and top frame. It depends on nothing else: not on the machine, the log's name or
the order of logs. The version is raised when masking or the fields change, so that old markers in
issues are recognised as old.

Clusters: failures with the same fingerprint are one; then clusters of the same kind and exception
whose texts differ in less than a tenth are merged, each into the oldest it is near to. The oldest
gives the id, so a cluster keeps its id when newer failures join it. An id that was filed can be
given as a seed: seeds come before everything that is found. (Kubernetes' triage does the same:
edit distance under 10 %, bounded from below by 4-grams, seeded with the ids of the last run.)
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from surefoot.triage.masking import mask
from surefoot.triage.model import (
    FINGERPRINT_VERSION,
    Cluster,
    Failure,
    FailureKind,
    Occurrence,
)

NEAR = 0.10
MAX_KEY = 600
MAX_MESSAGE = 300


class Seed(msgspec.Struct, frozen=True):
    """A cluster that is known from before: its id and the text that it was found by."""

    fingerprint: str
    key: str
    kind: FailureKind


def parts(failure: Failure) -> tuple[str, str, str, str, str]:
    """Return what identifies a failure: kind, subject, exception, masked message, frame."""
    message = mask(failure.message.strip().partition("\n")[0])[:MAX_MESSAGE]
    subject = failure.subject
    if failure.kind in {FailureKind.LINT, FailureKind.TYPES, FailureKind.SECURITY}:
        # One rule is one cause, wherever it hits; names in its message are not part of it.
        message = ""
    elif failure.kind not in {FailureKind.TEST, FailureKind.SCENARIO, FailureKind.HOOK}:
        subject = mask(subject)
    exception = failure.exception.rpartition(".")[2]
    frame = failure.frame
    if failure.kind is FailureKind.SCENARIO and exception == "AssertionError":
        # behave prints no stack for these; a journal has one. It is the same failure.
        frame = ""
    return failure.kind.value, subject, exception, message, frame


def key_of(failure: Failure) -> str:
    """Return the text by which clusters are compared."""
    return "\n".join(parts(failure))[:MAX_KEY]


def fingerprint(failure: Failure) -> str:
    """Return `v1:0123456789abcdef`."""
    text = "\x00".join((str(FINGERPRINT_VERSION), *parts(failure)))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"v{FINGERPRINT_VERSION}:{digest[:16]}"


def named_alone(failures: Iterable[Failure]) -> dict[str, str]:
    """Return the fingerprint to count a failure under of which a log shows the name alone.

    A formatter of letters, or a cut log, tells that a scenario failed and not how. It is taken
    for the failure that other logs show under that name, where those agree on the exception.
    """
    told: dict[tuple[FailureKind, str], list[Failure]] = {}
    bare: list[Failure] = []
    for failure in failures:
        if failure.kind not in {FailureKind.SCENARIO, FailureKind.TEST}:
            continue
        if failure.exception or failure.message or failure.frame:
            told.setdefault((failure.kind, failure.subject), []).append(failure)
        else:
            bare.append(failure)
    found: dict[str, str] = {}
    for failure in bare:
        same = told.get((failure.kind, failure.subject), [])
        if same and len({one.exception.rpartition(".")[2] for one in same}) == 1:
            found[fingerprint(failure)] = fingerprint(same[0])
    return found


def near(one: str, two: str, limit: float = NEAR) -> bool:
    """Return True when the edit distance is below `limit` of the mean length."""
    if one == two:
        return True
    allowed = int(limit * (len(one) + len(two)) / 2)
    if allowed < 1 or abs(len(one) - len(two)) > allowed:
        return False
    if _gram_distance(one, two) > allowed:
        return False
    return _distance_within(one, two, allowed)


def _gram_distance(one: str, two: str) -> float:
    """Return a lower bound of the edit distance: one edit changes at most four 4-grams."""
    grams = Counter(one[at : at + 4] for at in range(len(one) - 3))
    others = Counter(two[at : at + 4] for at in range(len(two) - 3))
    different = (grams - others).total() + (others - grams).total()
    return different / 8


def _distance_within(one: str, two: str, allowed: int) -> bool:
    """Levenshtein's distance in a band of `allowed` cells to each side of the diagonal."""
    if len(one) > len(two):
        one, two = two, one
    far = allowed + 1
    row = {at: at for at in range(min(len(two), allowed) + 1)}
    for index, left in enumerate(one, 1):
        first, last = max(0, index - allowed), min(len(two), index + allowed)
        new: dict[int, int] = {}
        for at in range(first, last + 1):
            if at == 0:
                new[0] = index
                continue
            cost = row.get(at - 1, far) + (left != two[at - 1])
            new[at] = min(cost, row.get(at, far) + 1, new.get(at - 1, far) + 1)
        if min(new.values()) > allowed:
            return False
        row = new
    return row.get(len(two), far) <= allowed


class _Growing:
    """A cluster while it is put together."""

    def __init__(self, identity: str, key: str, kind: FailureKind, exception: str) -> None:
        self.identity = identity
        self.key = key
        self.kind = kind
        self.exception = exception
        self.occurrences: list[Occurrence] = []
        self.aliases: dict[str, None] = {}


def cluster(occurrences: Sequence[Occurrence], seeds: Sequence[Seed] = ()) -> tuple[Cluster, ...]:
    """Return the clusters, those with the most logs first.

    `occurrences` come oldest first; that order decides which id a cluster has.
    """
    growing: list[_Growing] = []
    by_id: dict[str, _Growing] = {}
    for seed in seeds:
        lines = seed.key.split("\n")
        one = _Growing(seed.fingerprint, seed.key, seed.kind, lines[2] if len(lines) > 2 else "")
        growing.append(one)
        by_id.setdefault(seed.fingerprint, one)
    alone = named_alone(item.failure for item in occurrences)
    for item in sorted(occurrences, key=lambda item: item.fingerprint in alone):
        found = by_id.get(item.fingerprint) or by_id.get(alone.get(item.fingerprint, ""))
        if found is None:
            key = key_of(item.failure)
            exception = item.failure.exception.rpartition(".")[2]
            found = next(
                (
                    one
                    for one in growing
                    if one.kind is item.failure.kind
                    and one.exception == exception
                    and near(one.key, key)
                ),
                None,
            )
            if found is None:
                found = _Growing(item.fingerprint, key, item.failure.kind, exception)
                growing.append(found)
            by_id[item.fingerprint] = found
        by_id[item.fingerprint] = found
        found.occurrences.append(item)
        if item.fingerprint != found.identity:
            found.aliases[item.fingerprint] = None
    ready = [_finished(one) for one in growing if one.occurrences]
    return tuple(sorted(ready, key=lambda one: (-len(one.logs), one.fingerprint)))


def _finished(one: _Growing) -> Cluster:
    first = one.occurrences[0].failure
    kind, subject, exception, message, frame = parts(first)
    best = max(one.occurrences, key=lambda item: item.judgement.confidence)
    files = dict.fromkeys(item.failure.file for item in one.occurrences if item.failure.file)
    return Cluster(
        one.identity,
        FINGERPRINT_VERSION,
        FailureKind(kind),
        subject,
        exception,
        message or mask(first.message.partition("\n")[0])[:MAX_MESSAGE],
        frame,
        best.judgement,
        tuple(one.occurrences),
        aliases=tuple(one.aliases),
        files=tuple(files)[:50],
        key=one.key,
    )
