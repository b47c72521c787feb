"""The pages of Forgejo and Gitea that show a log, asked as the browser asks them.

No promise of theirs covers this: some servers answer a token here, others want a session. So
whatever goes wrong is an error that says so, and the next way is tried. Both forms of the answer
are read: `logs.stepsLog[].lines[{index, message, timestamp}]` and
`stepsLog[].logLines[...]`.
"""

from typing import Any

from surefoot.triage.forges.forge import Write
from surefoot.triage.forges.http import BadAnswerError, Http, NotOfferedError, RefusedError
from surefoot.triage.forges.times import stamp
from surefoot.triage.forges.values import Job, Run, text, whole

_MAX_CALLS = 5000


class Views:
    """Views of runs, by number and place of the job."""

    def __init__(self, http: Http, repo: str) -> None:
        self._http = http
        self._repo = repo
        self._jobs: dict[int, list[dict[str, Any]]] = {}
        self._shut = ""
        """Why these pages are closed to us; they are then not asked again."""

    def job_id(self, run: Run, job: Job) -> str:
        """Return the id of a job; empty when its page does not tell."""
        try:
            for item in self._listed(run):
                if text(item.get("name")) == job.name:
                    return text(item.get("id"))
        except (BadAnswerError, NotOfferedError, RefusedError):
            return ""
        return ""

    def log(self, run: Run, job: Job, write: Write) -> str:
        """Write the log of a job, step by step; return what is missing, or an empty string.

        Raises ForgeError when the page gives nothing.
        """
        index = job.index
        if index is None:
            names = [text(item.get("name")) for item in self._listed(run)]
            if job.name not in names:
                raise NotOfferedError(f"the page of the run lists no job {job.name}")
            index = names.index(job.name)
        path = f"/{self._repo}/actions/runs/{run.number}/jobs/{index}"
        if not job.last:
            # Without it the page shows the last attempt.
            path += f"/attempt/{job.attempt}"
        first = self._ask(path, [])
        current = (first.get("state") or {}).get("currentJob") or {}
        steps = current.get("steps") or []
        if not isinstance(steps, list) or not steps:
            raise NotOfferedError("the page shows no steps: the log has expired, or never was")
        lines = 0
        for number, step in enumerate(steps):
            name = text(step.get("summary")) if isinstance(step, dict) else str(number)
            write(f"##[group]{name}\n".encode())
            lines += self._step(path, number, write)
            write(b"##[endgroup]\n")
        if not lines:
            raise NotOfferedError("the page shows no lines: the log has expired, or never was")
        return ""

    def _step(self, path: str, step: int, write: Write) -> int:
        cursor: Any = None
        count = 0
        last = -1
        for _ in range(_MAX_CALLS):
            value = self._ask(path, [{"step": step, "cursor": cursor, "expanded": True}])
            listed = (value.get("logs") or value).get("stepsLog") or []
            fresh = 0
            for part in listed:
                if not isinstance(part, dict) or whole(part.get("step"), -1) != step:
                    continue
                for line in part.get("lines") or part.get("logLines") or []:
                    index = whole(line.get("index"), count)
                    if index <= last:
                        continue
                    last, fresh, count = index, fresh + 1, count + 1
                    write(_line(line))
                cursor = part.get("cursor", cursor)
            if not fresh:
                break
        return count

    def _listed(self, run: Run) -> list[dict[str, Any]]:
        known = self._jobs.get(run.number)
        if known is None:
            value = self._ask(f"/{self._repo}/actions/runs/{run.number}/jobs/0", [])
            listed = ((value.get("state") or {}).get("run") or {}).get("jobs") or []
            known = [item for item in listed if isinstance(item, dict)]
            self._jobs[run.number] = known
        return known

    def _ask(self, path: str, cursors: list[dict[str, Any]]) -> dict[str, Any]:
        if self._shut:
            raise RefusedError(self._shut)
        try:
            value = self._http.send("POST", path, {"logCursors": cursors})
        except RefusedError as error:
            self._shut = f"the pages of logs want a session of a browser ({error})"
            raise RefusedError(self._shut) from error
        if not isinstance(value, dict):
            raise BadAnswerError(f"{path} gave no object")
        return value


def _line(line: dict[str, Any]) -> bytes:
    moment = line.get("timestamp")
    prefix = f"{stamp(float(moment))} " if isinstance(moment, int | float) and moment > 0 else ""
    return f"{prefix}{text(line.get('message'))}\n".encode("utf-8", "replace")
