"""GitHub: runs, jobs, logs and issues over the REST API, version 2022-11-28.

Its lists stop at 1,000 items for a filter, so `created` narrows them; the archive of a run may
be damaged or leave files out, so the logs of jobs are asked for one by one first.
"""

from typing import Any
from urllib.parse import urlsplit

from surefoot.triage.forges.forge import Given, Way, Write, is_log_artefact, plain_name
from surefoot.triage.forges.http import BadAnswerError, Http, NotOfferedError
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

CAP = 1000
"""Items that GitHub lists for one filter, however many there are."""


class GitHub:
    """One repository on GitHub or GitHub Enterprise Server."""

    kind = "github"

    def __init__(self, http: Http, repo: str, web: str) -> None:
        self.http = http
        self.web = f"{web.rstrip('/')}/{repo}"
        self.notes: list[str] = []
        self._repo = f"/repos/{repo}"
        self._artefacts: dict[str, list[dict[str, Any]]] = {}

    def probe(self) -> Server:
        """Ask for the repository: there is one API, and whether it answers is all there is."""
        headers, _ = self.http.json_with_headers(self._repo)
        version = headers.get("x-github-enterprise-version", "")
        return Server(self.kind, version, tuple(way.name for way in self.ways()))

    def runs(self, since: float | None, limit: int) -> list[Run]:
        """Return runs, newest first."""
        params: dict[str, str | int] = {"created": f">={iso(since)}"} if since else {}
        pages = self.http.pages(
            f"{self._repo}/actions/runs",
            params,
            items=lambda value: value.get("workflow_runs"),
            size=("per_page", 100),
        )
        found: list[Run] = []
        for page in pages:
            fresh = [_run(item) for item in page]
            found += [run for run in fresh if not since or (run.started or since) >= since]
            if len(found) >= limit:
                break
            if since and all((run.started or since) < since for run in fresh):
                break
        if pages.problem:
            self.notes.append(f"{pages.problem}; GitHub lists at most {CAP:,} for one filter")
        found.sort(key=lambda run: run.started or 0.0, reverse=True)
        return found[:limit]

    def jobs(self, run: Run) -> list[Job]:
        """Return the jobs of every attempt."""
        found = []
        for attempt in range(1, run.attempt + 1):
            path = f"{self._repo}/actions/runs/{run.id}/attempts/{attempt}/jobs"
            try:
                for page in self.http.pages(
                    path, {}, items=lambda value: value.get("jobs"), size=("per_page", 100)
                ):
                    found += [_job(item, attempt) for item in page]
            except NotOfferedError:
                self.notes.append(f"attempt {attempt} of run {run.id} is not kept any more")
        return found

    def ways(self) -> list[Way]:
        """Return the ways to a log."""
        return [
            Way("job log API", self._job_log),
            Way("archive of the run", self._archive),
            Way("artefact ci-logs-*", self._artefact),
        ]

    def _job_log(self, run: Run, job: Job, write: Write) -> Given:
        del run
        with self.http.open("GET", f"{self._repo}/actions/jobs/{job.id}/logs") as answer:
            for block in answer.blocks():
                write(block)
            return Given(size=answer.size, note=answer.short)

    def _archive(self, run: Run, job: Job, write: Write) -> Given:
        path = f"{self._repo}/actions/runs/{run.id}/attempts/{job.attempt}/logs"
        with self.http.open("GET", path) as answer:
            for block in answer.blocks():
                write(block)
            wanted = plain_name(job.name)

            def of_job(name: str) -> bool:
                # `3_unit tests.txt` at the top is the whole job; names are cut and cleaned.
                stem = name.rpartition(".")[0].partition("_")[2]
                return "/" not in name and bool(stem) and wanted.startswith(plain_name(stem))

            return Given(archive=True, wanted=of_job, note=answer.short)

    def _artefact(self, run: Run, job: Job, write: Write) -> Given:
        known = self._artefacts.get(run.id)
        if known is None:
            known = []
            for page in self.http.pages(
                f"{self._repo}/actions/runs/{run.id}/artifacts",
                {},
                items=lambda value: value.get("artifacts"),
                size=("per_page", 100),
            ):
                known += page
            self._artefacts[run.id] = known
        for item in known:
            if is_log_artefact(text(item.get("name")), job.name) and not item.get("expired"):
                path = f"{self._repo}/actions/artifacts/{item.get('id')}/zip"
                with self.http.open("GET", path) as answer:
                    for block in answer.blocks():
                        write(block)
                    return Given(archive=True, note=answer.short)
        raise NotOfferedError("the run keeps no artefact ci-logs-*")

    # -- the tracker

    def issues(self, since: float | None) -> list[Issue]:
        """Return issues, open and closed."""
        params: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "asc"}
        if since:
            params["since"] = iso(since)
        pages = self.http.pages(f"{self._repo}/issues", params, size=("per_page", 100))
        found = [issue_of(item) for page in pages for item in page if "pull_request" not in item]
        if pages.problem:
            raise BadAnswerError(pages.problem)
        return found

    def issue(self, number: int) -> Issue:
        """Return one issue."""
        return issue_of(self.http.json(f"{self._repo}/issues/{number}"))

    def create_issue(self, title: str, body: str, labels: tuple[str, ...]) -> Issue:
        """Create an issue."""
        value = {"title": title, "body": body, "labels": list(labels)}
        return issue_of(self.http.send("POST", f"{self._repo}/issues", value))

    def update_issue(self, number: int, body: str) -> None:
        """Replace a body."""
        self.http.send("PATCH", f"{self._repo}/issues/{number}", {"body": body})

    def close_issue(self, number: int, comment: str) -> None:
        """Comment and close."""
        self.http.send("POST", f"{self._repo}/issues/{number}/comments", {"body": comment})
        value = {"state": "closed", "state_reason": "not_planned"}
        self.http.send("PATCH", f"{self._repo}/issues/{number}", value)


def _run(item: dict[str, Any]) -> Run:
    done = item.get("status") == "completed"
    return Run(
        id=text(item.get("id")),
        number=whole(item.get("run_number")),
        attempt=max(1, whole(item.get("run_attempt"), 1)),
        workflow=text(item.get("name")),
        event=text(item.get("event")),
        branch=text(item.get("head_branch")),
        commit=text(item.get("head_sha")),
        conclusion=conclusion(item.get("status"), item.get("conclusion")),
        started=moment(item.get("run_started_at")) or moment(item.get("created_at")),
        ended=moment(item.get("updated_at")) if done else None,
        url=text(item.get("html_url")),
    )


def _job(item: dict[str, Any], attempt: int) -> Job:
    return Job(
        name=text(item.get("name")),
        id=text(item.get("id")),
        attempt=max(1, whole(item.get("run_attempt"), attempt)),
        conclusion=conclusion(item.get("status"), item.get("conclusion")),
        started=moment(item.get("started_at")),
        ended=moment(item.get("completed_at")),
        url=text(item.get("html_url")),
    )


def api_address(url: str) -> str:
    """Return the address of the API for that of GitHub or of an Enterprise server."""
    host = urlsplit(url).hostname or ""
    if host in {"github.com", "www.github.com", "api.github.com"}:
        return "https://api.github.com"
    return url.rstrip("/") if url.rstrip("/").endswith("/api/v3") else url.rstrip("/") + "/api/v3"
