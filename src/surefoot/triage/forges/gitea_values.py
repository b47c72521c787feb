"""JSON of Forgejo and Gitea as runs, jobs and issues. Pure functions.

Forgejo's runs carry `index_in_repo`, `prettyref` and `started`; Gitea's `run_number`,
`head_branch` and `started_at`. Tasks are one attempt of one job each, and name their run by
number alone. A commit status names workflow, job and event in its context, the run's number and
the job's place in its address, and how long it took in its description.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.triage.forges.values import Job, Run, conclusion, moment, text, whole
from surefoot.triage.model import Conclusion

_CONTEXT = re.compile(r"(.{1,200}) / (.{1,200}) \(([a-z_]{1,40})\)")
_TARGET = re.compile(r"/actions/runs/(\d{1,12})(?:/jobs/(\d{1,6}))?")
_TOOK = re.compile(r"\b(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,4})s)?$")
_RED = {Conclusion.FAILURE, Conclusion.TIMED_OUT}


def run_value(item: dict[str, Any]) -> Run:
    """Return an item of `actions/runs`."""
    workflow = text(item.get("workflow_id")) or text(item.get("path")).partition("@")[0]
    return Run(
        id=text(item.get("id")),
        number=whole(item.get("index_in_repo") or item.get("run_number")),
        attempt=max(1, whole(item.get("run_attempt"), 1)),
        workflow=workflow.rpartition("/")[2] or text(item.get("name")),
        event=text(item.get("trigger_event") or item.get("event")),
        branch=text(item.get("prettyref") or item.get("head_branch")),
        commit=text(item.get("commit_sha") or item.get("head_sha")),
        conclusion=conclusion(item.get("status"), item.get("conclusion")),
        started=moment(item.get("started"))
        or moment(item.get("started_at"))
        or moment(item.get("created"))
        or moment(item.get("created_at")),
        ended=moment(item.get("stopped")) or moment(item.get("completed_at")),
        url=text(item.get("html_url")),
    )


def job_value(item: dict[str, Any]) -> Job:
    """Return an item of a run's `jobs`."""
    needs = item.get("needs")
    return Job(
        name=text(item.get("name")),
        id=text(item.get("id")),
        attempt=max(1, whole(item.get("run_attempt") or item.get("attempt"), 1)),
        conclusion=conclusion(item.get("status"), item.get("conclusion")),
        started=moment(item.get("started_at") or item.get("started")),
        ended=moment(item.get("completed_at") or item.get("stopped")),
        url=text(item.get("html_url")),
        needs=tuple(text(name) for name in needs) if isinstance(needs, list) else (),
    )


def runs_of_tasks(tasks: Sequence[dict[str, Any]], web: str) -> list[Run]:
    """Return the runs that tasks belong to. Their ids are not known, only their numbers."""
    grouped: dict[int, list[dict[str, Any]]] = {}
    for item in tasks:
        number = whole(item.get("run_number"))
        if number > 0:
            grouped.setdefault(number, []).append(item)
    found = []
    for number, items in grouped.items():
        jobs = task_attempts(items, web)
        last = {job.name: job for job in jobs}
        first = min(items, key=lambda item: whole(item.get("id")))
        starts = [job.started for job in jobs if job.started is not None]
        ends = [job.ended for job in last.values()]
        found.append(
            Run(
                id="",
                number=number,
                attempt=max(job.attempt for job in jobs),
                workflow=text(first.get("workflow_id")),
                event=text(first.get("event")),
                branch=text(first.get("head_branch")),
                commit=text(first.get("head_sha")),
                conclusion=together([job.conclusion for job in last.values()]),
                started=min(starts) if starts else moment(first.get("created_at")),
                ended=max(end for end in ends if end) if all(ends) and ends else None,
                url=f"{web}/actions/runs/{number}",
            )
        )
    return found


def task_attempts(tasks: Sequence[dict[str, Any]], web: str) -> list[Job]:
    """Return the tasks of one run as jobs; a name that comes again is another attempt."""
    attempts: dict[str, int] = {}
    found = []
    for item in sorted(tasks, key=lambda item: whole(item.get("id"))):
        name = text(item.get("name"))
        attempts[name] = attempts.get(name, 0) + 1
        end = conclusion(item.get("status"))
        found.append(
            Job(
                name=name,
                # The id of a task opens nothing: logs go by the id of the job.
                id="",
                attempt=attempts[name],
                conclusion=end,
                started=moment(item.get("run_started_at")) or moment(item.get("created_at")),
                ended=None if end is Conclusion.RUNNING else moment(item.get("updated_at")),
                url=f"{web}/actions/runs/{whole(item.get('run_number'))}",
            )
        )
    return [msgspec.structs.replace(job, last=job.attempt == attempts[job.name]) for job in found]


def from_statuses(statuses: Sequence[dict[str, Any]], commit: str) -> list[tuple[Run, list[Job]]]:
    """Return the runs, with their jobs, that the statuses of a commit tell of."""
    jobs: dict[tuple[int, str, str], dict[str, Job]] = {}
    for item in statuses:
        context = _CONTEXT.fullmatch(text(item.get("context")))
        target = _TARGET.search(text(item.get("target_url")))
        if context is None or target is None:
            continue
        end = conclusion(item.get("status") or item.get("state"))
        ended = moment(item.get("updated_at")) or moment(item.get("created_at"))
        took = seconds_of(text(item.get("description")))
        key = (int(target[1]), context[1], context[3])
        # A later status of a job replaces the one before: pending, then its end.
        jobs.setdefault(key, {})[context[2]] = Job(
            name=context[2],
            index=int(target[2]) if target[2] else None,
            conclusion=end,
            started=ended - took if ended is not None and took is not None else None,
            ended=None if end is Conclusion.RUNNING else ended,
            url=text(item.get("target_url")),
        )
    found = []
    for (number, workflow, event), by_name in jobs.items():
        known = list(by_name.values())
        starts = [job.started for job in known if job.started is not None]
        ends = [job.ended for job in known if job.ended is not None]
        run = Run(
            id="",
            number=number,
            workflow=workflow,
            event=event,
            commit=commit,
            conclusion=together([job.conclusion for job in known]),
            started=min(starts) if starts else min(ends, default=None),
            ended=max(ends, default=None),
            url=known[0].url.partition("/jobs/")[0],
        )
        found.append((run, known))
    return found


def seconds_of(description: str) -> float | None:
    """Return the duration at the end of `Failing after 7m6s`; None where there is none."""
    found = _TOOK.search(description.strip())
    if found is None or not found[0]:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def together(ends: Sequence[Conclusion]) -> Conclusion:
    """Return what jobs make of their run."""
    if any(end is Conclusion.RUNNING for end in ends):
        return Conclusion.RUNNING
    if any(end in _RED for end in ends):
        return Conclusion.FAILURE
    if any(end is Conclusion.CANCELLED for end in ends):
        return Conclusion.CANCELLED
    if any(end is Conclusion.SUCCESS for end in ends):
        return Conclusion.SUCCESS
    return ends[0] if ends else Conclusion.UNKNOWN
