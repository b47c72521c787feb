"""GitLab's side of the pretended server."""

import re
from typing import Any

from tests.forge.server import Answer, Call
from tests.forge.world import NAME, OWNER, WorldIssue, WorldJob, WorldRun, iso

_WORDS = {"failure": "failed", "cancelled": "canceled"}


def gitlab(call: Call) -> None:
    """Answer, or return for what is not there."""
    if call.path == "/api/v4/version":
        if "private-token" not in call.headers:
            raise Answer(401, {"message": "401 Unauthorized"})
        raise Answer(200, {"version": call.forge.profile.version, "revision": "abc"})
    found = re.fullmatch(rf"/api/v4/projects/(?:{OWNER}%2F{NAME}|11)(/.*)?", call.path)
    if found is None:
        return
    rest = found[1] or ""
    if rest == "":
        raise Answer(200, {"id": 11, "path_with_namespace": f"{OWNER}/{NAME}"})
    _pipelines(call, rest)
    _tracker(call, rest)


def _pipelines(call: Call, rest: str) -> None:
    world = call.world
    options = {"count_header": "X-Total", "default": 20}
    if rest == "/pipelines":
        runs = sorted(world.runs, key=lambda run: -run.id)
        after = call.query.get("updated_after", "")
        if after and not call.faults.ignore_filters:
            runs = [run for run in runs if iso(run.ended) >= after]
        raise call.page([_run(call, run) for run in runs], "per_page", **options)  # type: ignore[arg-type]
    found = re.fullmatch(r"/pipelines/(\d+)(/jobs)?", rest)
    if found is not None and (run := world.run(int(found[1]))):
        if not found[2]:
            raise Answer(200, _run(call, run))
        last = {job.name: job for job in run.jobs}
        retried = call.query.get("include_retried", "").lower() == "true"
        jobs = [job for job in reversed(run.jobs) if retried or last[job.name] is job]
        raise call.page([_job(call, job) for job in jobs], "per_page", **options)  # type: ignore[arg-type]
    found = re.fullmatch(r"/jobs/(\d+)(?:/(trace|artifacts))?", rest)
    if found is not None and (job := world.job(int(found[1]))):
        if found[2] == "trace":
            raise call.log(job.log)
        if found[2] == "artifacts":
            run = next(run for run in world.runs if job in run.jobs)
            name = f"ci-logs-{job.name}"
            if name in run.artefacts:
                raise call.archive(run.artefacts[name])
            return
        raise Answer(200, _job(call, job))


def _tracker(call: Call, rest: str) -> None:
    world = call.world
    if rest == "/issues" and call.method == "GET":
        issues = sorted(world.issues, key=lambda item: item.number)
        if not call.faults.ignore_filters:
            after = call.query.get("updated_after", "")
            issues = [item for item in issues if iso(item.updated) >= after]
        raise call.page([_issue(call, item) for item in issues], "per_page", count_header="X-Total")
    if rest == "/issues" and call.method == "POST":
        call.meet()
        labels = [name for name in call.value.get("labels", "").split(",") if name]
        issue = world.file(call.value["title"], call.value["description"], labels)
        world.writes.append(("POST", "issues", call.value))
        raise Answer(201, _issue(call, issue))
    found = re.fullmatch(r"/issues/(\d+)(/notes)?", rest)
    known = world.issue(int(found[1])) if found is not None else None
    if found is None or known is None:
        return
    if found[2] and call.method == "POST":
        known.comments.append(call.value["body"])
        raise Answer(201, {"id": 1, "body": call.value["body"]})
    if call.method == "PUT":
        known.body = call.value.get("description", known.body)
        if call.value.get("state_event") == "close":
            known.state = "closed"
        known.updated = world.tick()
        world.writes.append(("PUT", f"issues/{known.number}", call.value))
    raise Answer(200, _issue(call, known))


def _run(call: Call, run: WorldRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "iid": run.number,
        "project_id": 11,
        "name": run.workflow,
        "status": _WORDS.get(run.conclusion, run.conclusion),
        "source": run.event,
        "ref": run.branch,
        "sha": run.sha,
        "created_at": iso(run.started),
        "updated_at": iso(run.ended),
        "web_url": f"{call.forge.url}/{OWNER}/{NAME}/-/pipelines/{run.id}",
    }


def _job(call: Call, job: WorldJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "stage": "test",
        "status": _WORDS.get(job.conclusion, job.conclusion),
        "started_at": iso(job.started),
        "finished_at": iso(job.ended),
        "web_url": f"{call.forge.url}/{OWNER}/{NAME}/-/jobs/{job.id}",
    }


def _issue(call: Call, issue: WorldIssue) -> dict[str, Any]:
    return {
        "id": issue.number + 1000,
        "iid": issue.number,
        "project_id": 11,
        "title": issue.title,
        "description": issue.body,
        "state": "opened" if issue.state == "open" else "closed",
        "author": {"id": 3, "username": issue.author},
        "labels": issue.labels,
        "web_url": f"{call.forge.url}/{OWNER}/{NAME}/-/issues/{issue.number}",
        "created_at": iso(issue.created),
        "updated_at": iso(issue.updated),
    }
