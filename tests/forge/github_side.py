"""GitHub's side of the pretended server: an Enterprise server, whose API is below /api/v3."""

import re
from typing import Any

from tests.forge.server import Answer, Call
from tests.forge.world import NAME, OWNER, WorldIssue, WorldJob, WorldRun, iso, zipped


def github(call: Call) -> None:
    """Answer, or return for what is not there."""
    if call.path.startswith("/blobs/"):
        job = call.world.job(int(call.path.rpartition("/")[2]))
        if job is not None:
            raise call.log(job.log)
    found = re.fullmatch(rf"/api/v3/repos/{OWNER}/{NAME}(/.*)?", call.path)
    if found is None:
        return
    rest = found[1] or ""
    if rest == "":
        raise Answer(200, _repository(call))
    _actions(call, rest)
    _tracker(call, rest)


def _actions(call: Call, rest: str) -> None:
    world = call.world
    if rest == "/actions/runs":
        runs = sorted(world.runs, key=lambda run: -run.id)
        created = call.query.get("created", "").removeprefix(">=")
        if created and not call.faults.ignore_filters:
            runs = [run for run in runs if iso(run.started) >= created]
        listed = [_run(call, run) for run in runs]
        raise call.page(listed, "per_page", "workflow_runs", count_in_body=True)
    found = re.fullmatch(r"/actions/runs/(\d+)(?:/attempts/(\d+))?/(jobs|logs|artifacts)", rest)
    if found is not None and (run := world.run(int(found[1]))):
        attempt = int(found[2] or run.attempt)
        if found[3] == "jobs":
            jobs = [_job(call, run, job) for job in run.jobs if job.attempt == attempt]
            raise call.page(jobs, "per_page", "jobs", count_in_body=True)
        if found[3] == "logs":
            files = {f"{at}_{job.name}.txt": job.log for at, job in enumerate(run.jobs)}
            files |= {f"{job.name}/1_Set up job.txt": b"steps\n" for job in run.jobs}
            raise call.archive(zipped(files))
        listed = [
            {"id": run.id * 100 + at, "name": name, "size_in_bytes": len(data), "expired": False}
            for at, (name, data) in enumerate(run.artefacts.items())
        ]
        raise call.page(listed, "per_page", "artifacts", count_in_body=True)
    found = re.fullmatch(r"/actions/jobs/(\d+)/logs", rest)
    if found is not None:
        place = call.faults.log_redirect or call.forge.url
        raise Answer(302, headers={"Location": f"{place}/blobs/{found[1]}"})
    found = re.fullmatch(r"/actions/artifacts/(\d+)/zip", rest)
    if found is not None and (run := world.run(int(found[1]) // 100)):
        raise call.archive(list(run.artefacts.values())[int(found[1]) % 100])


def _tracker(call: Call, rest: str) -> None:
    world = call.world
    if rest == "/issues" and call.method == "GET":
        issues = sorted(world.issues, key=lambda item: -item.number)
        if not call.faults.ignore_filters:
            state = call.query.get("state", "open")
            issues = [item for item in issues if state in {"all", item.state}]
            issues = [item for item in issues if iso(item.updated) >= call.query.get("since", "")]
        raise call.page([_issue(call, item) for item in issues], "per_page")
    if rest == "/issues" and call.method == "POST":
        call.meet()
        issue = world.file(call.value["title"], call.value["body"], call.value.get("labels", []))
        world.writes.append(("POST", "issues", call.value))
        raise Answer(201, _issue(call, issue))
    found = re.fullmatch(r"/issues/(\d+)(/comments)?", rest)
    known = world.issue(int(found[1])) if found is not None else None
    if found is None or known is None:
        return
    if found[2] and call.method == "POST":
        known.comments.append(call.value["body"])
        raise Answer(201, {"id": 1, "body": call.value["body"]})
    if call.method == "PATCH":
        known.body = call.value.get("body", known.body)
        known.state = call.value.get("state", known.state)
        known.updated = world.tick()
        world.writes.append(("PATCH", f"issues/{known.number}", call.value))
    raise Answer(200, _issue(call, known))


def _repository(call: Call) -> dict[str, Any]:
    return {
        "id": 11,
        "name": NAME,
        "full_name": f"{OWNER}/{NAME}",
        "owner": {"login": OWNER, "id": 2},
        "url": f"{call.forge.url}/api/v3/repos/{OWNER}/{NAME}",
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}",
    }


def _run(call: Call, run: WorldRun) -> dict[str, Any]:
    api = f"{call.forge.url}/api/v3/repos/{OWNER}/{NAME}/actions/runs/{run.id}"
    return {
        "id": run.id,
        "name": run.workflow.removesuffix(".yml"),
        "path": f".github/workflows/{run.workflow}",
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": run.event,
        "head_branch": run.branch,
        "head_sha": run.sha,
        "status": "completed",
        "conclusion": run.conclusion,
        "created_at": iso(run.started),
        "run_started_at": iso(run.started),
        "updated_at": iso(run.ended),
        "url": api,
        "jobs_url": f"{api}/jobs",
        "logs_url": f"{api}/logs",
        "artifacts_url": f"{api}/artifacts",
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}/actions/runs/{run.id}",
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
        "url": f"{call.forge.url}/api/v3/repos/{OWNER}/{NAME}/actions/jobs/{job.id}",
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}/actions/runs/{run.id}/job/{job.id}",
        "steps": [],
    }


def _issue(call: Call, issue: WorldIssue) -> dict[str, Any]:
    value = {
        "id": issue.number + 1000,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "user": {"login": issue.author, "id": 3},
        "labels": [{"id": 7, "name": name} for name in issue.labels],
        "url": f"{call.forge.url}/api/v3/repos/{OWNER}/{NAME}/issues/{issue.number}",
        "html_url": f"{call.forge.url}/{OWNER}/{NAME}/issues/{issue.number}",
        "created_at": iso(issue.created),
        "updated_at": iso(issue.updated),
    }
    if issue.pull:
        value["pull_request"] = {"url": "x"}
    return value
