"""What a pretended forge holds: runs, jobs, logs, artefacts, issues. Plain values, one lock."""

import io
import threading
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

START = 1_776_000_000.0
"""Start of the first run: 2026-04-12."""
OWNER, NAME = "team", "app"


@dataclass
class WorldJob:
    """One attempt of one job."""

    id: int
    name: str
    conclusion: str = "success"
    log: bytes = b""
    attempt: int = 1
    started: float = START
    ended: float = START + 60


@dataclass
class WorldRun:
    """One run; its id is never its number."""

    id: int
    number: int
    conclusion: str = "success"
    jobs: list[WorldJob] = field(default_factory=list)
    attempt: int = 1
    workflow: str = "ci.yml"
    event: str = "push"
    branch: str = "main"
    sha: str = "a" * 40
    started: float = START
    artefacts: dict[str, bytes] = field(default_factory=dict)

    @property
    def ended(self) -> float:
        """End of its last job."""
        return max((job.ended for job in self.jobs), default=self.started + 1)


@dataclass
class WorldIssue:
    """One issue."""

    number: int
    title: str
    body: str = ""
    state: str = "open"
    author: str = "someone"
    labels: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    created: float = START
    updated: float = START
    pull: bool = False


class World:
    """Everything, under one lock: requests come in threads."""

    def __init__(self, runs: list[WorldRun] | None = None) -> None:
        self.lock = threading.RLock()
        self.runs = runs or []
        self.issues: list[WorldIssue] = []
        self.clock = START + 10 * 86_400
        self.writes: list[tuple[str, str, Any]] = []
        """Every request that changed something: method, path, value."""

    def tick(self) -> float:
        """Return a moment later than all before."""
        self.clock += 1
        return self.clock

    def run(self, key: int) -> WorldRun | None:
        """Return a run by id."""
        return next((run for run in self.runs if run.id == key), None)

    def numbered(self, number: int) -> WorldRun | None:
        """Return a run by number."""
        return next((run for run in self.runs if run.number == number), None)

    def job(self, key: int) -> WorldJob | None:
        """Return a job by id."""
        return next((job for run in self.runs for job in run.jobs if job.id == key), None)

    def issue(self, number: int) -> WorldIssue | None:
        """Return an issue by number."""
        return next((item for item in self.issues if item.number == number), None)

    def file(self, title: str, body: str, labels: list[str], author: str = "bot") -> WorldIssue:
        """Create an issue."""
        with self.lock:
            number = max((item.number for item in self.issues), default=0) + 1
            now = self.tick()
            issue = WorldIssue(number, title, body, author=author, labels=labels)
            issue.created = issue.updated = now
            self.issues.append(issue)
            return issue


RED_LOG = b"""\
2026-04-12T13:20:00.0000000Z ##[group]Run behave
2026-04-12T13:20:01.0000000Z Feature: waits # features/waits.feature:1
2026-04-12T13:20:02.0000000Z   Scenario: it waits # features/waits.feature:3
2026-04-12T13:20:03.0000000Z     Then the queue is empty # features/steps/queue.py:9
2026-04-12T13:20:04.0000000Z       ASSERT FAILED: expected 3 subplans, got 2
2026-04-12T13:20:05.0000000Z Failing scenarios:
2026-04-12T13:20:05.1000000Z   features/waits.feature:3  it waits
2026-04-12T13:20:05.2000000Z 0 features passed, 1 failed, 0 skipped
2026-04-12T13:20:05.3000000Z 0 scenarios passed, 1 failed, 0 skipped
2026-04-12T13:20:05.4000000Z 0 steps passed, 1 failed, 0 skipped
2026-04-12T13:20:05.5000000Z Took 0min 2.100s
2026-04-12T13:20:06.0000000Z ##[error]Process completed with exit code 1.
"""
GREEN_LOG = b"""\
2026-04-12T13:20:00.0000000Z ##[group]Run behave
2026-04-12T13:20:01.0000000Z Feature: waits # features/waits.feature:1
2026-04-12T13:20:02.0000000Z   Scenario: it waits # features/waits.feature:3
2026-04-12T13:20:05.2000000Z 1 feature passed, 0 failed, 0 skipped
2026-04-12T13:20:05.3000000Z 1 scenario passed, 0 failed, 0 skipped
2026-04-12T13:20:05.4000000Z 1 step passed, 0 failed, 0 skipped
2026-04-12T13:20:05.5000000Z Took 0min 2.000s
"""


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def usual(runs: int = 4) -> World:
    """Return a world of `runs` runs with two jobs each; every second run is red."""
    world = World()
    for number in range(1, runs + 1):
        red = number % 2 == 0
        started = START + number * 3600
        jobs = []
        for at, name in enumerate(("lint", "unit_tests")):
            fails = red and name == "unit_tests"
            jobs.append(
                WorldJob(
                    id=9000 + number * 10 + at,
                    name=name,
                    conclusion="failure" if fails else "success",
                    log=RED_LOG if fails else GREEN_LOG if at else b"All checks passed!\n",
                    started=started,
                    ended=started + 60 + at,
                )
            )
        world.runs.append(
            WorldRun(
                id=5000 + number,
                number=number,
                conclusion="failure" if red else "success",
                jobs=jobs,
                sha=f"{number:040x}",
                started=started,
                artefacts={
                    "ci-logs-unit_tests": zipped({"nox-unit_tests-output.log": jobs[1].log}),
                    "coverage": zipped({"coverage.xml": b"<coverage/>"}),
                },
            )
        )
    return world


def iso(seconds: float) -> str:
    """Return a time as forges write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
