"""What every forge is to the rest of triage: a protocol, and the ways to a log."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from surefoot.triage.forges.http import Http
from surefoot.triage.forges.values import Issue, Job, Run, Server

Write = Callable[[bytes], object]
"""Takes the next bytes of a log or an archive."""


class Given(msgspec.Struct, frozen=True):
    """What a way to a log wrote."""

    archive: bool = False
    """True for a zip archive; `wanted` then picks its members."""
    wanted: Callable[[str], bool] | None = None
    size: int | None = None
    """Bytes that the server said the log has."""
    note: str = ""
    """What went wrong on the way, when something was written all the same."""


class Way(msgspec.Struct, frozen=True):
    """One way to the log of a job. `fetch` raises ForgeError when it does not lead there."""

    name: str
    fetch: Callable[[Run, Job, Write], Given]


class Forge(Protocol):
    """One repository of one forge: its runs, jobs and logs, and its tracker."""

    kind: str
    http: Http
    notes: list[str]
    """What was odd and survived, in sentences."""
    web: str
    """Address of the repository for people."""

    def probe(self) -> Server:
        """Ask what the server is and offers. Raises UnreachableError, RefusedError."""

    def runs(self, since: float | None, limit: int) -> list[Run]:
        """Return runs that began at `since` or later, newest first, at most `limit`."""

    def jobs(self, run: Run) -> list[Job]:
        """Return the jobs of every attempt of a run."""

    def ways(self) -> list[Way]:
        """Return the ways to a log, best first."""

    def issues(self, since: float | None) -> list[Issue]:
        """Return all issues, open and closed; with `since`, those changed at or after it.

        Raises BadAnswerError for a list that is known to be cut: what is filed rests on it.
        """

    def issue(self, number: int) -> Issue:
        """Return one issue as it is now."""

    def create_issue(self, title: str, body: str, labels: tuple[str, ...]) -> Issue:
        """Create an issue."""

    def update_issue(self, number: int, body: str) -> None:
        """Replace the body of an issue."""

    def close_issue(self, number: int, comment: str) -> None:
        """Say why, then close an issue."""


def is_log_artefact(name: str, job: str) -> bool:
    """Return True for an artefact that holds the logs of a job, or of all jobs."""
    if not name.startswith("ci-logs"):
        return False
    rest = name.removeprefix("ci-logs").lstrip("-_")
    return not rest or plain_name(rest) == plain_name(job)


def plain_name(name: str) -> str:
    """Return a job's name as archives and artefacts spell it: letters and digits alone."""
    return "".join(char for char in name.lower() if char.isalnum())
