"""Forgejo's and Gitea's side of the pretended server."""

import re
from typing import Any

from tests.forge.server import Answer, Call
from tests.forge.world import NAME, OWNER, WorldIssue, WorldJob, WorldRun, iso

_PATHS = {
    "runs": "/repos/{owner}/{repo}/actions/runs",
    "jobs": "/repos/{owner}/{repo}/actions/runs/{run}/jobs",
    "job logs": "/repos/{owner}/{repo}/actions/jobs/{job_id}/logs",
    "run job logs": "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs/{job}/logs",
    "artefacts": "/repos/{owner}/{repo}/actions/runs/{run}/artifacts",
    "artefact": "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/zip",
    "tasks": "/repos/{owner}/{repo}/actions/tasks",
}
_WORDS = {"success": "Successful in", "failure": "Failing after", "cancelled": "Has been cancelled"}


def gitea(call: Call) -> None:
    """Answer, or return for what is not there."""
    profile = call.forge.profile
    path = call.path
    if path == "/swagger.v1.json" and profile.swagger:
        paths: dict[str, Any] = {_PATHS[name]: {} for name in profile.offers}
        raise Answer(200, {"paths": {"/repos/{owner}/{repo}": {}, **paths}})
    if path == "/api/v1/version":
        raise Answer(200, {"version": profile.version})
    if path == "/api/v1/user":
        raise Answer(200, _user("bot"))
    found = re.fullmatch(rf"/api/v1/repos/{OWNER}/{NAME}(/.*)?", path)
    if found is not None:
        _api(call, found[1] or "")
    found = re.fullmatch(rf"/{OWNER}/{NAME}/actions/runs/(\d+)/(.+)", path)
    if found is not None:
        _web(call, int(found[1]), found[2])


def _api(call: Call, rest: str) -> None:
    world, offers = call.world, call.forge.profile.offers
    if rest == "":
        raise Answer(200, _repository(call))
    if rest == "/actions/tasks" and "tasks" in offers:
        tasks = [_task(call, run, job) for run in world.runs for job in run.jobs]
        tasks.sort(key=lambda item: -int(item["id"]))
        raise call.page(tasks, "limit", "workflow_runs", count_in_body=True)
    if rest == "/actions/runs" and "runs" in offers:
        runs = sorted(world.runs, key=lambda run: -run.id)
        listed = [_run(call, run) for run in runs]
        raise call.page(listed, "limit", "workflow_runs", count_in_body=True)
    found = re.fullmatch(r"/actions/runs/(\d+)/jobs", rest)
    if found is not None and "jobs" in offers:
        run = world.run(int(found[1]))
        if run is None and world.numbered(int(found[1])) is not None:
            # What some versions do with a number in place of an id.
            raise Answer(200, {"jobs": [], "total_count": 0})
        if run is not None:
            jobs = [_job(call, run, job) for job in run.jobs]
            raise call.page(jobs, "limit", "jobs", count_in_body=True)
    found = re.fullmatch(r"/actions/jobs/(\d+)/logs", rest)
    if found is not None and "job logs" in offers:
        job = world.job(int(found[1]))
        if job is not None and job.log:
            raise call.log(job.log)
    found = re.fullmatch(r"/actions/runs/(\d+)/jobs/(\d+)/logs", rest)
    if found is not None and "run job logs" in offers:
        run = world.run(int(found[1]))
        if run is not None and int(found[2]) < len(run.jobs):
            raise call.log(run.jobs[int(found[2])].log)
    found = re.fullmatch(r"/actions/runs/(\d+)/artifacts", rest)
    if found is not None and "artefacts" in offers and (run := world.run(int(found[1]))):
        listed = [
            {"id": run.id * 100 + at, "name": name, "size_in_bytes": len(data), "expired": False}
            for at, (name, data) in enumerate(run.artefacts.items())
        ]
        raise call.page(listed, "limit", "artifacts", count_in_body=True)
    found = re.fullmatch(r"/actions/artifacts/(\d+)/zip", rest)
    if found is not None and "artefact" in offers:
        run = world.run(int(found[1]) // 100)
        if run is not None:
            raise call.archive(list(run.artefacts.values())[int(found[1]) % 100])
    if rest == "/commits":
        shas = dict.fromkeys(run.sha for run in reversed(world.runs))
        raise call.page([{"sha": sha} for sha in shas], "limit")
    found = re.fullmatch(r"/commits/([0-9a-f]+)/statuses", rest)
    if found is not None:
        raise call.page(_statuses(call, found[1]), "limit")
    if rest == "/labels":
        raise call.page([{"id": 7, "name": "flaky"}], "limit")
    _tracker(call, rest)


def _web(call: Call, number: int, rest: str) -> None:
    run = call.world.numbered(number)
    if run is None:
        return
    found = re.fullmatch(r"artifacts/(.+)", rest)
    if found is not None and call.method == "GET" and found[1] in run.artefacts:
        raise call.archive(run.artefacts[found[1]])
    found = re.fullmatch(r"jobs/(\d+)(?:/attempt/(\d+))?", rest)
    if found is None or call.method != "POST":
        return
    web = call.forge.profile.web
    if web == "session" or call.headers.get("authorization") is None:
        raise Answer(403, body=b"<html>Sign In</html>", headers={"Content-Type": "text/html"})
    last = {job.name: job for job in run.jobs}
    names = list(last)
    if int(found[1]) >= len(names):
        return
    name = names[int(found[1])]
    attempt = int(found[2] or 0)
    job = next((job for job in run.jobs if job.name == name and job.attempt == attempt), last[name])
    steps = [{"summary": "Set up job"}, {"summary": "Run tests"}] if job.log else []
    state = {
        "run": {"jobs": [{"id": last[each].id, "name": each} for each in names]},
        "currentJob": {"title": name, "steps": steps},
    }
    lines = job.log.decode().splitlines()
    logs = []
    for cursor in (call.value or {}).get("logCursors", []):
        start = int(cursor.get("cursor") or 0)
        mine = lines if cursor["step"] == 1 else []
        # Two at a time, so that the cursor has to be followed.
        part = mine[start : start + 2]
        shown = [
            {"index": at, "message": text.partition("Z ")[2] or text, "timestamp": job.started + at}
            for at, text in enumerate(part, start=start)
        ]
        inside = "logLines" if web == "old" else "lines"
        logs.append({"step": cursor["step"], "cursor": start + len(part), inside: shown})
    if web == "old":
        raise Answer(200, {"state": state, "stepsLog": logs})
    raise Answer(200, {"state": state, "logs": {"stepsLog": logs}})


def _tracker(call: Call, rest: str) -> None:
    world = call.world
    if rest == "/issues" and call.method == "GET":
        issues = sorted(world.issues, key=lambda item: -item.number)
        if not call.faults.ignore_filters:
            state = call.query.get("state", "open")
            issues = [item for item in issues if state in {"all", item.state}]
            if call.query.get("type") == "issues":
                issues = [item for item in issues if not item.pull]
            since = call.query.get("since", "")
            issues = [item for item in issues if iso(item.updated) >= since]
        raise call.page([_issue(call, item) for item in issues], "limit")
    if rest == "/issues" and call.method == "POST":
        call.meet()
        labels = [{7: "flaky"}[key] for key in call.value.get("labels") or []]
        issue = world.file(call.value["title"], call.value.get("body", ""), labels)
        world.writes.append(("POST", "issues", call.value))
        raise Answer(201, _issue(call, issue))
    found = re.fullmatch(r"/issues/(\d+)(/comments)?", rest)
    issue_found = world.issue(int(found[1])) if found is not None else None
    if found is None or issue_found is None:
        return
    if found[2] and call.method == "POST":
        issue_found.comments.append(call.value["body"])
        world.writes.append(("POST", "comments", call.value))
        raise Answer(201, {"id": 1, "body": call.value["body"]})
    if call.method == "PATCH":
        issue_found.body = call.value.get("body", issue_found.body)
        issue_found.state = call.value.get("state", issue_found.state)
        issue_found.updated = world.tick()
        world.writes.append(("PATCH", f"issues/{issue_found.number}", call.value))
        raise Answer(201, _issue(call, issue_found))
    raise Answer(200, _issue(call, issue_found))


# -- values


def _user(name: str) -> dict[str, Any]:
    return {"id": 3, "login": name, "username": name, "full_name": name, "email": f"{name}@x.org"}


def _repository(call: Call) -> dict[str, Any]:
    return {
        "id": 11,
        "name": NAME,
        "full_name": f"{OWNER}/{NAME}",
        "owner": _user(OWNER),
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}",
        "default_branch": "main",
    }


def _task(call: Call, run: WorldRun, job: WorldJob) -> dict[str, Any]:
    return {
        "id": job.id + 40_000,
        "name": job.name,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "run_number": run.number,
        "event": run.event,
        "display_title": "a change",
        "status": job.conclusion,
        "workflow_id": run.workflow,
        "url": f"{call.forge.url}/{OWNER}/{NAME}/actions/runs/{run.number}",
        "created_at": iso(job.started),
        "updated_at": iso(job.ended),
        "run_started_at": iso(job.started),
    }


def _run(call: Call, run: WorldRun) -> dict[str, Any]:
    url = f"{call.forge.url}/{OWNER}/{NAME}/actions/runs/{run.number}"
    if call.forge.profile.kind == "forgejo":
        return {
            "id": run.id,
            "title": "a change",
            "workflow_id": run.workflow,
            "index_in_repo": run.number,
            "prettyref": run.branch,
            "commit_sha": run.sha,
            "event": run.event,
            "trigger_event": run.event,
            "status": run.conclusion,
            "started": iso(run.started),
            "stopped": iso(run.ended),
            "created": iso(run.started),
            "html_url": url,
        }
    return {
        "id": run.id,
        "run_number": run.number,
        "run_attempt": run.attempt,
        "path": f"{run.workflow}@refs/heads/{run.branch}",
        "event": run.event,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "status": "completed",
        "conclusion": run.conclusion,
        "started_at": iso(run.started),
        "completed_at": iso(run.ended),
        "html_url": url,
    }


def _job(call: Call, run: WorldRun, job: WorldJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "run_id": run.id,
        "name": job.name,
        "run_attempt": job.attempt,
        "head_sha": run.sha,
        "status": "completed",
        "conclusion": job.conclusion,
        "started_at": iso(job.started),
        "completed_at": iso(job.ended),
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}/actions/runs/{run.number}",
    }


def _statuses(call: Call, sha: str) -> list[dict[str, Any]]:
    found = []
    for run in call.world.runs:
        if run.sha != sha:
            continue
        names = list(dict.fromkeys(job.name for job in run.jobs))
        for job in run.jobs:
            took = int(job.ended - job.started)
            found.append(
                {
                    "id": job.id,
                    "status": job.conclusion,
                    "context": f"CI / {job.name} ({run.event})",
                    "description": f"{_WORDS[job.conclusion]} {took // 60}m{took % 60}s",
                    "target_url": f"/{OWNER}/{NAME}/actions/runs/{run.number}/jobs/"
                    f"{names.index(job.name)}",
                    "created_at": iso(job.ended),
                    "updated_at": iso(job.ended),
                    "creator": _user("bot"),
                }
            )
    return found[::-1]


def _issue(call: Call, issue: WorldIssue) -> dict[str, Any]:
    return {
        "id": issue.number + 1000,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "user": _user(issue.author),
        "labels": [{"id": 7, "name": name} for name in issue.labels],
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}/issues/{issue.number}",
        "url": f"{call.forge.url}/api/v1/repos/{OWNER}/{NAME}/issues/{issue.number}",
        "created_at": iso(issue.created),
        "updated_at": iso(issue.updated),
        "pull_request": {"merged": False} if issue.pull else None,
        "comments": len(issue.comments),
    }
