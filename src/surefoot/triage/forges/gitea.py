"""Forgejo and Gitea: one family, many generations. Asks what the server offers, then falls back.

What differs between generations (checked against clients generated from their descriptions):

| | Gitea 1.23 | 1.24 | 1.25 and later | Forgejo to 11 | to 15 | later |
|---|---|---|---|---|---|---|
| tasks (jobs by run number) | yes | yes | yes | yes | yes | yes |
| runs | | | yes | | yes | yes |
| jobs of a run | | | yes | | | yes |
| logs of a job | | yes | yes | | | yes |
| artefacts | | yes | yes | | | yes |

Versions are not trusted: `swagger.v1.json` lists the paths, and where it is switched off each
path is tried and a 404 is its answer. Pages of the web interface give what the API does not, on
some servers also to a token; commit statuses exist everywhere.
"""

import re
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from surefoot.triage.forges import gitea_web
from surefoot.triage.forges.forge import Given, Way, Write, is_log_artefact
from surefoot.triage.forges.gitea_values import (
    from_statuses,
    job_value,
    run_value,
    runs_of_tasks,
    task_attempts,
)
from surefoot.triage.forges.http import (
    BadAnswerError,
    ForgeError,
    Http,
    NotOfferedError,
    Pages,
    RefusedError,
    UnreachableError,
)
from surefoot.triage.forges.times import iso
from surefoot.triage.forges.values import Issue, Job, Run, Server, issue_of, text

API = "/api/v1"
_PAGES_OF_COMMITS = 4

_PATHS = {
    "runs": "/repos/{}/{}/actions/runs",
    "jobs": "/repos/{}/{}/actions/runs/{}/jobs",
    "job logs": "/repos/{}/{}/actions/jobs/{}/logs",
    "run job logs": "/repos/{}/{}/actions/runs/{}/jobs/{}/logs",
    "artefacts": "/repos/{}/{}/actions/runs/{}/artifacts",
    "artefact": "/repos/{}/{}/actions/artifacts/{}/zip",
    "tasks": "/repos/{}/{}/actions/tasks",
}


class Gitea:
    """One repository on a Forgejo or Gitea server."""

    def __init__(self, http: Http, repo: str, kind: str = "forgejo") -> None:
        self.http = http
        self.kind = kind
        self.repo = repo
        self.web = f"{http.base}/{repo}"
        self.notes: list[str] = []
        self._api = f"{API}/repos/{repo}"
        self._offers: frozenset[str] | None = None
        """None: nobody told, so everything is tried."""
        self._tasks: dict[int, list[dict[str, Any]]] | None = None
        self._oldest: float | None = None
        """Start of the oldest run that was asked for: tasks are listed back to it."""
        self._statuses: dict[str, list[dict[str, Any]]] = {}
        self._artefacts: dict[str, list[dict[str, Any]]] = {}
        self._views = gitea_web.Views(http, repo)

    # -- what there is

    def probe(self) -> Server:
        """Ask for version and paths, and whether the repository is there for us."""
        version = ""
        try:
            version = text(self.http.json(f"{API}/version").get("version"))
        except (NotOfferedError, RefusedError, BadAnswerError, AttributeError) as error:
            self.notes.append(f"the server does not tell its version ({error})")
        self.http.json(self._api)
        self._offers = self._described()
        if self._offers is None:
            self.notes.append(
                "the server does not describe its API (swagger.v1.json); each path is tried"
            )
        missing = [
            f"{name}: not in this server's API"
            for name in ("runs", "jobs", "job logs", "artefacts")
            if not self._may(name) and not (name == "job logs" and self._may("run job logs"))
        ]
        return Server(self.kind, version, tuple(way.name for way in self.ways()), tuple(missing))

    def _described(self) -> frozenset[str] | None:
        try:
            paths = self.http.json("/swagger.v1.json").get("paths")
        except (NotOfferedError, RefusedError, BadAnswerError, AttributeError):
            return None
        if not isinstance(paths, dict) or not paths:
            return None
        known = {re.sub(r"\{[^}]*\}", "{}", path) for path in paths}
        return frozenset(name for name, path in _PATHS.items() if path in known)

    def _may(self, name: str) -> bool:
        return self._offers is None or name in self._offers

    def _lost(self, name: str) -> None:
        """Remember that a path that may have been there is not."""
        offers = frozenset(_PATHS) if self._offers is None else self._offers
        self._offers = offers - {name}

    # -- runs and jobs

    def runs(self, since: float | None, limit: int) -> list[Run]:
        """Return runs, newest first, from whichever list there is."""
        found: list[Run] | None = None
        if self._may("runs"):
            try:
                found = self._listed_runs(since, limit)
            except NotOfferedError:
                self._lost("runs")
        if found is None and self._may("tasks"):
            try:
                found = runs_of_tasks(self._all_tasks(since, limit), self.web)
            except NotOfferedError:
                self._lost("tasks")
        if found is None:
            self.notes.append(
                "the server lists neither runs nor tasks; runs are taken from commit statuses"
            )
            found = self._runs_of_statuses(since)
        # Filters and orders of the server may be ignored: both are applied here again.
        kept = [run for run in found if since is None or (run.started or since) >= since]
        kept.sort(key=lambda run: (run.started or 0.0, run.number), reverse=True)
        del kept[limit:]
        self._oldest = min((run.started for run in kept if run.started), default=None)
        return kept

    def _listed_runs(self, since: float | None, limit: int) -> list[Run]:
        pages = self._list(f"{self._api}/actions/runs", "workflow_runs")
        found: list[Run] = []
        old = 0
        for page in pages:
            runs = [run_value(item) for item in page]
            found += runs
            kept = sum(since is None or (run.started or since) >= since for run in found)
            # Two pages of old runs, since their order is not promised.
            outdated = since is not None and all((r.started or since) < since for r in runs)
            old = old + 1 if outdated else 0
            if kept >= limit or old >= 2:
                break
        if pages.problem:
            self.notes.append(pages.problem)
        return found

    def _all_tasks(self, since: float | None, limit: int) -> list[dict[str, Any]]:
        pages = self._list(f"{self._api}/actions/tasks", "workflow_runs")
        found: list[dict[str, Any]] = []
        numbers: set[int] = set()
        old = 0
        for page in pages:
            found += page
            runs = runs_of_tasks(page, self.web)
            numbers |= {r.number for r in runs if since is None or (r.started or since) >= since}
            outdated = since is not None and all((r.started or since) < since for r in runs)
            old = old + 1 if outdated else 0
            # A run's tasks may reach into the next page, so one run more is read.
            if len(numbers) > limit or old >= 2:
                break
        if pages.problem:
            self.notes.append(pages.problem)
        self._tasks = {}
        for item in found:
            number = item.get("run_number")
            if isinstance(number, int):
                self._tasks.setdefault(number, []).append(item)
        return found

    def _runs_of_statuses(self, since: float | None) -> list[Run]:
        pages = self._list(f"{self._api}/commits", None, {"stat": "false"}, key="sha")
        found: list[Run] = []
        for number, page in enumerate(pages, start=1):
            for item in page:
                sha = text(item.get("sha"))
                runs = from_statuses(self.statuses(sha), sha)
                found += [run for run, _ in runs]
            if number >= _PAGES_OF_COMMITS or (
                since is not None and found and all((r.started or since) < since for r in found)
            ):
                break
        return found

    def statuses(self, commit: str) -> list[dict[str, Any]]:
        """Return the statuses of a commit, oldest first; empty where there are none."""
        known = self._statuses.get(commit)
        if known is None:
            known = []
            if commit:
                try:
                    for page in self._list(f"{self._api}/commits/{commit}/statuses", None):
                        known += page
                except UnreachableError:
                    raise
                except ForgeError as error:
                    self.notes.append(f"no statuses of {commit[:10]}: {error}")
            known.sort(key=lambda item: int(item.get("id") or 0))
            self._statuses[commit] = known
        return known

    def jobs(self, run: Run) -> list[Job]:
        """Return the jobs of every attempt that the server still knows."""
        jobs: list[Job] = []
        if run.id and self._may("jobs"):
            try:
                # By id: with the number in its place some versions answer with an empty list.
                for page in self._list(f"{self._api}/actions/runs/{run.id}/jobs", "jobs"):
                    jobs += [job_value(item) for item in page]
            except NotOfferedError:
                self._lost("jobs")
        if not jobs and self._may("tasks"):
            jobs = self._jobs_of_tasks(run)
        by_status = [
            job
            for other, found in from_statuses(self.statuses(run.commit), run.commit)
            if other.number == run.number
            for job in found
        ]
        if not jobs:
            return by_status
        places = {job.name: job for job in by_status}
        return [_placed(job, places.get(job.name)) for job in jobs]

    def _jobs_of_tasks(self, run: Run) -> list[Job]:
        if self._tasks is None:
            try:
                self._all_tasks(self._oldest or run.started, 1 << 30)
            except NotOfferedError:
                self._lost("tasks")
                return []
        assert self._tasks is not None
        return task_attempts(self._tasks.get(run.number, []), self.web)

    # -- ways to a log

    def ways(self) -> list[Way]:
        """Return the ways that are worth trying on this server."""
        ways = []
        if self._may("job logs") or self._may("run job logs"):
            ways.append(Way("job log API", self._job_log))
        ways += [
            Way("web log cursor", self._web_log),
            Way("artefact ci-logs-*", self._artefact),
        ]
        return ways

    def _job_log(self, run: Run, job: Job, write: Write) -> Given:
        identity = job.id
        if not identity and run.number and job.last:
            # Gitea 1.24 has logs by id and no list of ids; its page has them.
            identity = self._views.job_id(run, job)
        tries = []
        if identity and self._may("job logs"):
            tries.append(f"{self._api}/actions/jobs/{identity}/logs")
        if run.id and job.index is not None and self._may("run job logs"):
            tries.append(f"{self._api}/actions/runs/{run.id}/jobs/{job.index}/logs")
        if not tries:
            raise NotOfferedError("the id of the job is not known")
        last: ForgeError | None = None
        for path in tries:
            try:
                with self.http.open("GET", path) as answer:
                    for block in answer.blocks():
                        write(block)
                    return Given(size=answer.size, note=answer.short)
            except (NotOfferedError, BadAnswerError, RefusedError) as error:
                last = error
        assert last is not None
        raise last

    def _web_log(self, run: Run, job: Job, write: Write) -> Given:
        if not run.number:
            raise NotOfferedError("the number of the run is not known")
        return Given(note=self._views.log(run, job, write))

    def _artefact(self, run: Run, job: Job, write: Write) -> Given:
        if run.id and self._may("artefacts"):
            for item in self._artefacts_of(run):
                if is_log_artefact(text(item.get("name")), job.name) and not item.get("expired"):
                    path = f"{self._api}/actions/artifacts/{item.get('id')}/zip"
                    return self._archive(path, write)
            raise NotOfferedError("the run keeps no artefact ci-logs-*")
        if not run.number:
            raise NotOfferedError("the number of the run is not known")
        # The page's own download, by name.
        name = quote(f"ci-logs-{job.name}", safe="")
        return self._archive(f"/{self.repo}/actions/runs/{run.number}/artifacts/{name}", write)

    def _artefacts_of(self, run: Run) -> list[dict[str, Any]]:
        known = self._artefacts.get(run.id)
        if known is None:
            known = []
            try:
                path = f"{self._api}/actions/runs/{run.id}/artifacts"
                for page in self._list(path, "artifacts"):
                    known += page
            except NotOfferedError:
                self._lost("artefacts")
                raise
            self._artefacts[run.id] = known
        return known

    def _archive(self, path: str, write: Write) -> Given:
        with self.http.open("GET", path) as answer:
            for block in answer.blocks():
                write(block)
            return Given(archive=True, note=answer.short)

    def _list(
        self,
        path: str,
        within: str | None,
        params: dict[str, str | int] | None = None,
        key: str = "id",
    ) -> Pages:
        return self.http.pages(
            path,
            params or {},
            # Go gives null for an empty list.
            items=lambda value: (value.get(within) if within else value) or [],
            size=("limit", 50),
            key=key,
        )

    # -- the tracker

    def issues(self, since: float | None) -> list[Issue]:
        """Return issues, open and closed."""
        params: dict[str, str | int] = {"state": "all", "type": "issues"}
        if since:
            params["since"] = iso(since)
        pages = self._list(f"{self._api}/issues", None, params)
        found = [issue_of(item) for page in pages for item in page if not item.get("pull_request")]
        if pages.problem:
            raise BadAnswerError(pages.problem)
        return found

    def issue(self, number: int) -> Issue:
        """Return one issue."""
        return issue_of(self.http.json(f"{self._api}/issues/{number}"))

    def create_issue(self, title: str, body: str, labels: tuple[str, ...]) -> Issue:
        """Create an issue. Labels go by id here, so those that exist are looked up."""
        value: dict[str, Any] = {"title": title, "body": body}
        if labels:
            known: dict[str, Any] = {}
            for page in self._list(f"{self._api}/labels", None):
                known |= {text(item.get("name")): item.get("id") for item in page}
            value["labels"] = [known[name] for name in labels if name in known]
            unknown = [name for name in labels if name not in known]
            if unknown:
                self.notes.append(f"no such label here, left out: {', '.join(unknown)}")
        return issue_of(self.http.send("POST", f"{self._api}/issues", value))

    def update_issue(self, number: int, body: str) -> None:
        """Replace a body."""
        self.http.send("PATCH", f"{self._api}/issues/{number}", {"body": body})

    def close_issue(self, number: int, comment: str) -> None:
        """Comment and close."""
        self.http.send("POST", f"{self._api}/issues/{number}/comments", {"body": comment})
        self.http.send("PATCH", f"{self._api}/issues/{number}", {"state": "closed"})


def _placed(job: Job, status: Job | None) -> Job:
    """Return a job with the place that its commit status names."""
    if status is None or job.index is not None:
        return job
    return msgspec.structs.replace(job, index=status.index, url=job.url or status.url)


def check_repo(repo: str) -> str:
    """Return `owner/name` as it goes into a path. Raises ValueError for anything else."""
    parts = urlsplit(repo).path.strip("/").split("/")
    if len(parts) < 2 or any(not part or part in {".", ".."} for part in parts):
        raise ValueError(repo)
    return "/".join(quote(part, safe="") for part in parts)
