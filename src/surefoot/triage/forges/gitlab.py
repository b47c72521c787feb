"""GitLab: pipelines, jobs, traces and issues over its REST API, version 4.

A pipeline is a run; its `iid` is the number that people see. Retried jobs are listed only on
request, and are the attempts of a job.
"""

from typing import Any
from urllib.parse import quote

from surefoot.triage.forges.forge import Given, Way, Write
from surefoot.triage.forges.http import BadAnswerError, Http, NotOfferedError, RefusedError
from surefoot.triage.forges.times import iso
from surefoot.triage.forges.values import (
    Issue,
    Job,
    Run,
    Server,
    conclusion,
    issue_of,
    moment,
    text,
    whole,
)
from surefoot.triage.model import Conclusion


class GitLab:
    """One project on a GitLab server."""

    kind = "gitlab"

    def __init__(self, http: Http, repo: str, web: str) -> None:
        self.http = http
        self.web = f"{web.rstrip('/')}/{repo}"
        self.notes: list[str] = []
        self._project = f"/projects/{quote(repo, safe='')}"

    def probe(self) -> Server:
        """Ask for the project; the version is told only to those who have a token."""
        self.http.json(self._project)
        try:
            version = text(self.http.json("/version").get("version"))
        except (BadAnswerError, NotOfferedError, RefusedError, AttributeError):
            version = ""
        return Server(self.kind, version, tuple(way.name for way in self.ways()))

    def runs(self, since: float | None, limit: int) -> list[Run]:
        """Return pipelines, newest first."""
        params: dict[str, str | int] = {"order_by": "id", "sort": "desc"}
        if since:
            params["updated_after"] = iso(since)
        pages = self.http.pages(f"{self._project}/pipelines", params, size=("per_page", 100))
        found: list[Run] = []
        for page in pages:
            fresh = [_run(item) for item in page]
            found += [run for run in fresh if not since or (run.started or since) >= since]
            if len(found) >= limit:
                break
        if pages.problem:
            self.notes.append(pages.problem)
        found.sort(key=lambda run: run.started or 0.0, reverse=True)
        return found[:limit]

    def jobs(self, run: Run) -> list[Job]:
        """Return the jobs of every attempt, first attempts first."""
        items: list[dict[str, Any]] = []
        for page in self.http.pages(
            f"{self._project}/pipelines/{run.id}/jobs",
            {"include_retried": "true"},
            size=("per_page", 100),
        ):
            items += page
        items.sort(key=lambda item: whole(item.get("id")))
        attempts: dict[str, int] = {}
        found = []
        for item in items:
            name = text(item.get("name"))
            attempts[name] = attempts.get(name, 0) + 1
            found.append(_job(item, attempts[name]))
        return found

    def ways(self) -> list[Way]:
        """Return the ways to a log."""
        return [
            Way("job trace API", self._trace),
            Way("artefact ci-logs", self._artefact),
        ]

    def _trace(self, run: Run, job: Job, write: Write) -> Given:
        del run
        wrote = False
        with self.http.open("GET", f"{self._project}/jobs/{job.id}/trace") as answer:
            for block in answer.blocks():
                wrote = wrote or bool(block)
                write(block)
            if not wrote:
                # Erased and archived traces answer with success and nothing.
                raise BadAnswerError("the trace is empty: it was erased, or the job never began")
            return Given(size=answer.size, note=answer.short)

    def _artefact(self, run: Run, job: Job, write: Write) -> Given:
        del run
        with self.http.open("GET", f"{self._project}/jobs/{job.id}/artifacts") as answer:
            for block in answer.blocks():
                write(block)
            return Given(
                archive=True,
                wanted=lambda name: (
                    name.startswith("ci-logs") or name.endswith((".log", ".log.gz"))
                ),
                note=answer.short,
            )

    # -- the tracker

    def issues(self, since: float | None) -> list[Issue]:
        """Return issues, open and closed."""
        params: dict[str, str | int] = {"scope": "all", "order_by": "created_at", "sort": "asc"}
        if since:
            params["updated_after"] = iso(since)
        pages = self.http.pages(f"{self._project}/issues", params, size=("per_page", 100))
        found = [_issue(item) for page in pages for item in page]
        if pages.problem:
            raise BadAnswerError(pages.problem)
        return found

    def issue(self, number: int) -> Issue:
        """Return one issue."""
        return _issue(self.http.json(f"{self._project}/issues/{number}"))

    def create_issue(self, title: str, body: str, labels: tuple[str, ...]) -> Issue:
        """Create an issue."""
        value = {"title": title, "description": body, "labels": ",".join(labels)}
        return _issue(self.http.send("POST", f"{self._project}/issues", value))

    def update_issue(self, number: int, body: str) -> None:
        """Replace a description."""
        self.http.send("PUT", f"{self._project}/issues/{number}", {"description": body})

    def close_issue(self, number: int, comment: str) -> None:
        """Comment and close."""
        self.http.send("POST", f"{self._project}/issues/{number}/notes", {"body": comment})
        self.http.send("PUT", f"{self._project}/issues/{number}", {"state_event": "close"})


def _run(item: dict[str, Any]) -> Run:
    end = conclusion(item.get("status"))
    return Run(
        id=text(item.get("id")),
        number=whole(item.get("iid")),
        workflow=text(item.get("name")) or "pipeline",
        event=text(item.get("source")),
        branch=text(item.get("ref")),
        commit=text(item.get("sha")),
        conclusion=end,
        started=moment(item.get("created_at")),
        ended=None if end is Conclusion.RUNNING else moment(item.get("updated_at")),
        url=text(item.get("web_url")),
    )


def _job(item: dict[str, Any], attempt: int) -> Job:
    end = conclusion(item.get("status"))
    if item.get("failure_reason") == "job_execution_timeout":
        end = Conclusion.TIMED_OUT
    return Job(
        name=text(item.get("name")),
        id=text(item.get("id")),
        attempt=attempt,
        conclusion=end,
        started=moment(item.get("started_at")),
        ended=moment(item.get("finished_at")),
        url=text(item.get("web_url")),
    )


def _issue(item: Any) -> Issue:
    return issue_of(
        item, number="iid", body="description", who="author", name="username", url="web_url"
    )
