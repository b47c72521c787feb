"""What forges give, in one shape for all of them. Frozen values; times are epoch seconds."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from surefoot.triage.model import Conclusion


class Server(msgspec.Struct, frozen=True):
    """What a server said it is and can do."""

    kind: str
    version: str = ""
    steps: tuple[str, ...] = ()
    """Ways to a log that it offers, best first, in words."""
    missing: tuple[str, ...] = ()
    """Ways that it does not offer, each with the reason."""


class Run(msgspec.Struct, frozen=True):
    """One run of a workflow or pipeline."""

    id: str
    """The forge's id; empty where only the number is known. Never the number."""
    number: int = 0
    """What people see (`#73`). Counts from 1 in each repository."""
    attempt: int = 1
    workflow: str = ""
    event: str = ""
    branch: str = ""
    commit: str = ""
    conclusion: Conclusion = Conclusion.UNKNOWN
    started: float | None = None
    ended: float | None = None
    url: str = ""

    @property
    def key(self) -> str:
        """What tells it from other runs of the repository: the id, else `#number`."""
        return self.id or f"#{self.number}"


class Job(msgspec.Struct, frozen=True):
    """One job of one attempt of a run."""

    name: str
    id: str = ""
    index: int | None = None
    """Its place in the run, from 0, where the forge's pages need it."""
    attempt: int = 1
    conclusion: Conclusion = Conclusion.UNKNOWN
    started: float | None = None
    ended: float | None = None
    url: str = ""
    needs: tuple[str, ...] = ()
    last: bool = True
    """False when a later attempt is known: pages that know no attempts show that one."""


class Artefact(msgspec.Struct, frozen=True):
    """A file that a run kept."""

    id: str
    name: str
    size: int = 0
    expired: bool = False
    run: str = ""


class Issue(msgspec.Struct, frozen=True):
    """An issue of a tracker."""

    number: int
    title: str
    body: str = ""
    open: bool = True
    url: str = ""
    author: str = ""
    labels: tuple[str, ...] = ()
    created: float = 0.0
    updated: float = 0.0


_CONCLUSIONS = {
    "success": Conclusion.SUCCESS,
    "passed": Conclusion.SUCCESS,
    "neutral": Conclusion.SUCCESS,
    "failure": Conclusion.FAILURE,
    "failed": Conclusion.FAILURE,
    "error": Conclusion.FAILURE,
    "startup_failure": Conclusion.FAILURE,
    "cancelled": Conclusion.CANCELLED,
    "canceled": Conclusion.CANCELLED,
    "canceling": Conclusion.CANCELLED,
    "stale": Conclusion.CANCELLED,
    "skipped": Conclusion.SKIPPED,
    "manual": Conclusion.SKIPPED,
    "warning": Conclusion.SUCCESS,
    "timed_out": Conclusion.TIMED_OUT,
    "running": Conclusion.RUNNING,
    "in_progress": Conclusion.RUNNING,
    "queued": Conclusion.RUNNING,
    "pending": Conclusion.RUNNING,
    "waiting": Conclusion.RUNNING,
    "waiting_for_resource": Conclusion.RUNNING,
    "preparing": Conclusion.RUNNING,
    "requested": Conclusion.RUNNING,
    "scheduled": Conclusion.RUNNING,
    "created": Conclusion.RUNNING,
    "blocked": Conclusion.RUNNING,
}


def conclusion(status: object, outcome: object = None) -> Conclusion:
    """Return what a status and, on forges that have one, a conclusion say."""
    for word in (outcome, status):
        known = _CONCLUSIONS.get(str(word or "").lower())
        if known is not None:
            return known
    return Conclusion.UNKNOWN


def moment(value: object) -> float | None:
    """Return a time in epoch seconds; None for what names no time.

    Takes ISO 8601 text and numbers. Go's zero time and the Unix epoch mean "not yet".
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if value > 0 else None
    if not isinstance(value, str) or not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    if parsed.year < 1971:
        return None
    return parsed.timestamp()


def text(value: Any) -> str:
    """Return a value of JSON as text; empty for null."""
    return "" if value is None else str(value)


def whole(value: Any, default: int = 0) -> int:
    """Return a value of JSON as a number; the default for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def issue_of(
    item: Any,
    *,
    number: str = "number",
    body: str = "body",
    who: str = "user",
    name: str = "login",
    url: str = "html_url",
) -> Issue:
    """Return an issue of a forge's JSON; the words are the names of its fields.

    Labels come as objects with a name, or as names. Raises msgspec.ValidationError for a value
    that is no object.
    """
    if not isinstance(item, dict):
        raise msgspec.ValidationError("an issue is not an object")
    return Issue(
        number=whole(item.get(number)),
        title=text(item.get("title")),
        body=text(item.get(body)),
        open=item.get("state") in {"open", "opened"},
        url=text(item.get(url)),
        author=text((item.get(who) or {}).get(name)),
        labels=tuple(
            text(label.get("name") if isinstance(label, dict) else label)
            for label in item.get("labels") or []
        ),
        created=moment(item.get("created_at")) or 0.0,
        updated=moment(item.get("updated_at")) or 0.0,
    )
