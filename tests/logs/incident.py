"""Makes `incident/`: the jobs of a CI on the days of the incident, run with the real tools.

    python -m tests.logs.incident TOOLS

`TOOLS` is an environment (a directory with `bin/`) with behave 1.3, surefoot, ruff, nox, PyYAML
and Robot Framework. Each job is run in a copy of `examples/agents` (mended), of
`examples/agents_incident`, or of the mended one with the hooks and steps of the incident
(`flickering`), and what it prints gets the frame and the time stamps of a Forgejo runner. What
the forge knows of each job goes to `surefoot-logs.json`.

Chosen to be those of the report are: how many runs are green and red (23 of 33), the rules of ruff
(57 errors), dates, names of branches and pull requests, where two logs are cut and one is cut into
pieces. What a tool prints, and the seconds within a log, are those of its run.
Scenarios that fail now and then are not provoked: many runs at once are started, as many workers
of one machine would, until one fails.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec
from tests.logs.make import hosted

from surefoot.triage.model import Conclusion
from surefoot.triage.sources.files import Described

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "incident")
_DESCRIBED = os.path.join(OUT, "surefoot-logs.json")
_EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "examples")
_DAY = datetime(2026, 4, 13, 6, tzinfo=UTC).timestamp()
_EVERY = 5400.0
"""Seconds between the starts of two runs."""
_AT_ONCE = 32

_TIMED = (
    "features/async_execution.feature",
    "features/context_tier_thread_safety.feature",
    "features/test_infra_flaky_test_example.feature",
)
_NOXFILE = """import nox

nox.options.default_venv_backend = "none"


@nox.session
def lint(session):
    session.run("ruff", "check", "--no-cache", *session.posargs, ".", external=True)


@nox.session
def unit_tests(session):
    session.run("python", "run_behave.py", *session.posargs, external=True)


@nox.session
def unit_tests_linted(session):
    session.run("ruff", "check", "--no-cache", "--select", "B904", ".", external=True)
    session.run("python", "run_behave.py", external=True)


@nox.session
def integration_tests(session):
    session.run("robot", "--outputdir", "/tmp/robot", "robot", external=True)
"""
_RUNNER = '''"""Imports the application before the tests when only some features are asked for."""

import sys

from behave.__main__ import main

if any(argument.endswith(".feature") for argument in sys.argv):
    print("import agents.preload", flush=True)
    import agents.preload  # noqa: F401
sys.exit(main(sys.argv[1:]))
'''
_LINT = """[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["E4", "E7", "E9", "F", "B", "BLE", "I", "SIM", "ARG", "SLF", "D107"]
"""
"""The rules of the project. The robot tests and the files of the session have no errors."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job to run."""

    name: str
    """Of the file of its log."""
    suite: str
    command: str
    job: str
    branch: str = "main"
    event: str = "push"
    attempt: int = 1
    cut: int = 0
    """Bytes of the log that the forge kept; 0: all."""
    pieces: int = 1
    """Files that whoever fetched the log cut it into."""
    conclusion: Conclusion | None = None
    """What the forge says, where it is not what the exit code says."""


def _lint(name: str, branch: str, options: str = "", pieces: int = 1) -> Job:
    return Job(
        name=name,
        suite="agents_incident",
        command=f"nox -s lint{options}",
        job="lint",
        branch=branch,
        event="pull_request",
        pieces=pieces,
    )


def _unit(name: str, branch: str, form: str, event: str = "pull_request", cut: int = 0) -> Job:
    return Job(
        name=name,
        suite="agents_incident",
        command=f"nox -s unit_tests -- --no-color -f {form}",
        job="unit_tests",
        branch=branch,
        event=event,
        cut=cut,
    )


def _hang(name: str, seconds: int, feature: str) -> Job:
    return Job(
        name=name,
        suite="agents_incident",
        command=f"timeout {seconds} nox -s unit_tests -- --no-color {feature}",
        job="targeted",
        branch="reproduce",
        event="workflow_dispatch",
    )


def _green(number: int) -> tuple[Job, ...]:
    form = "progress3" if number == 1 else "progress"
    return (
        Job(
            name=f"run_{number}_lint",
            suite="agents",
            command="nox -s lint -- --select B904",
            job="lint",
        ),
        Job(
            name=f"run_{number}_unit_tests",
            suite="agents",
            command=f"nox -s unit_tests -- --no-color -f {form}",
            job="unit_tests",
        ),
        *(
            [
                Job(
                    name=f"run_{number}_integration_tests",
                    suite="agents",
                    command="nox -s integration_tests",
                    job="integration_tests",
                )
            ]
            if number < 3
            else []
        ),
    )


def _flicker(number: int) -> tuple[Job, ...]:
    """A run whose first attempt failed, and whose second, of the same commit, passed."""
    return tuple(
        Job(
            name=f"run_{number}_unit_tests_{attempt}",
            suite="flickering",
            command=f"behave --no-color -f progress3 {' '.join(_TIMED)}",
            job="unit_tests",
            attempt=attempt,
        )
        for attempt in (1, 2)
    )


RUNS: Sequence[tuple[Job, ...]] = (
    *(_green(number) for number in range(1, 9)),
    _flicker(9),
    _flicker(10),
    *((_lint(f"pr_{number}_lint", f"pr-{number}", " -- --select B904,E722"),)
      for number in range(6701, 6711)),
    (_lint("pr5271_lint", "pr-5271", pieces=5),),
    (
        Job(
            name="ci_run_12455_unit_tests",
            suite="agents_incident",
            command="nox -s unit_tests_linted",
            job="unit_tests",
            branch="pr-6712",
            event="pull_request",
        ),
    ),
    (_unit("main_unit_tests", "main", "progress3", "push"),),
    (_unit("pr6721_unit_tests", "pr-6721", "progress3"),),
    (_unit("pr6722_unit_tests", "pr-6722", "progress3"),),
    (_unit("pr6724_unit_tests", "pr-6724", "progress"),),
    (_unit("pr6723_unit_tests", "pr-6723", "plain", cut=36_000),),
    (
        Job(
            name="pr6729_integration_tests",
            suite="agents_incident",
            command="nox -s integration_tests",
            job="integration_tests",
            branch="pr-6729",
            event="pull_request",
            cut=2_700,
        ),
    ),
    (_hang("targeted_async_execution", 91, _TIMED[0]),),
    (_hang("targeted_context_tier", 92, _TIMED[1]),),
    (_hang("targeted_flaky_example", 121, _TIMED[2]),),
    (
        Job(
            name="preflight",
            suite="agents_incident",
            command="surefoot check --no-cache",
            job="preflight",
        ),
    ),
    (
        Job(
            name="surefoot_unit_tests",
            suite="agents_incident",
            command="surefoot run",
            job="surefoot",
        ),
        Job(
            name="known_bugs",
            suite="agents_incident",
            command="surefoot check --no-cache --results last",
            job="known_bugs",
        ),
    ),
    (
        Job(
            name="pr6725_unit_tests",
            suite="agents",
            command="timeout -s INT 3 nox -s unit_tests -- --no-color -f progress",
            job="unit_tests",
            branch="pr-6725",
            event="pull_request",
            conclusion=Conclusion.CANCELLED,
        ),
    ),
)  # fmt: skip


class _Ran(msgspec.Struct, frozen=True):
    code: int
    lines: tuple[tuple[float, str], ...]
    """Seconds since the start, and the text."""
    seconds: float


def main(tools: str) -> None:
    """Write the logs that are not there yet, and the file that describes all."""
    os.makedirs(OUT, exist_ok=True)
    described: dict[str, Described] = {}
    if os.path.exists(_DESCRIBED):
        with open(_DESCRIBED, "rb") as file:
            described = msgspec.json.decode(file.read(), type=dict[str, Described])
    made = {name.partition("_chunk_")[0].removesuffix(".log") for name in described}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("agents", "agents_incident", "flickering"):
            _suite(folder, name)
        call = _Call(folder, os.path.abspath(tools))
        runs = list(enumerate(RUNS))
        # Those that need luck come last.
        for place, jobs in sorted(runs, key=lambda item: item[1][0].suite == "flickering"):
            began = _DAY + place * _EVERY
            for job in jobs:
                if job.name not in made:
                    ran = call(job)
                    described |= _write(job, ran, 12_430 + place, began)
                    began += ran.seconds + 60
                    _describe(described)


def _describe(described: Mapping[str, Described]) -> None:
    text = msgspec.json.encode(dict(sorted(described.items())))
    with open(_DESCRIBED, "wb") as file:
        file.write(msgspec.json.format(text, indent=1) + b"\n")


def _suite(folder: str, name: str) -> None:
    path = os.path.join(folder, name)
    source = "agents" if name == "flickering" else name
    shutil.copytree(
        os.path.join(_EXAMPLES, source),
        path,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "README.md"),
    )
    if name == "flickering":
        for part in ("environment.py", "steps/async_execution_steps.py",
                     "steps/context_tier_steps.py"):  # fmt: skip
            shutil.copy(
                os.path.join(_EXAMPLES, "agents_incident", "features", part),
                os.path.join(path, "features", part),
            )
    shutil.copytree(os.path.join(HERE, "robot_incident"), os.path.join(path, "robot"))
    for file, content in (
        ("noxfile.py", _NOXFILE),
        ("run_behave.py", _RUNNER),
        ("pyproject.toml", _LINT),
    ):
        with open(os.path.join(path, file), "w", encoding="utf-8") as out:
            out.write(content)


class _Call:
    """Runs a job and cleans what it printed."""

    def __init__(self, folder: str, tools: str) -> None:
        self._folder = folder
        self._tools = tools
        kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG"}}
        self._environment = {
            **kept,
            "PATH": f"{tools}/bin:{os.environ['PATH']}",
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def __call__(self, job: Job) -> _Ran:
        """Run it. A first attempt that has a second is run until it fails."""
        if job.suite != "flickering":
            return self._run(job)
        if job.attempt > 1:
            return next(ran for ran in self._many(job, 1) if ran.code == 0)
        for _ in range(40):
            failed = [ran for ran in self._many(job, _AT_ONCE) if ran.code]
            if failed:
                return failed[0]
        raise SystemExit(f"{job.name}: no run failed; try again on a busier machine")

    def _many(self, job: Job, count: int) -> list[_Ran]:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self._run(job), range(count)))

    def _run(self, job: Job) -> _Ran:
        where = os.path.join(self._folder, job.suite)
        began = time.monotonic()
        lines: list[tuple[float, str]] = []
        with subprocess.Popen(
            job.command.split(),
            cwd=where,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for text in process.stdout:
                clean = hosted(text.rstrip("\n"), where, (self._tools,), "/workspace/team/agents")
                lines.append((time.monotonic() - began, clean))
        return _Ran(process.returncode, tuple(lines), time.monotonic() - began)


def _write(job: Job, ran: _Ran, run: int, began: float) -> Mapping[str, Described]:
    """Write the log as a runner of Forgejo would; return what the forge knows, by file name."""
    good = ran.code == 0
    frame = [
        (0.0, f"forgejo-runner(version:v6.3.1) received task {run} of job {job.job}"),
        (0.0, f"⭐ Run Main {job.command}"),
        *((at + 1, text) for at, text in ran.lines),
    ]
    ended = ran.seconds + 1
    if good:
        frame += [(ended, f"  ✅  Success - Main {job.command}"), (ended, "🏁  Job succeeded")]
    elif job.conclusion is Conclusion.CANCELLED:
        frame += [(ended, "context canceled"), (ended, "🏁  Job failed")]
    else:
        frame += [
            (ended, f"  ❌  Failure - Main {job.command}"),
            (ended, f"exitcode '{ran.code}': failure"),
            (ended, "🏁  Job failed"),
        ]
    lines = [f"{_stamp(began + at)} {text}\n".encode() for at, text in frame]
    if job.cut:
        lines = [b"".join(lines)[: job.cut]]
    described: dict[str, Described] = {}
    length = -(-len(lines) // job.pieces)
    for piece in range(job.pieces):
        name = job.name + (f"_chunk_{piece + 1:03}" if job.pieces > 1 else "") + ".log"
        with open(os.path.join(OUT, name), "wb") as out:
            out.writelines(lines[piece * length : (piece + 1) * length])
        described[name] = Described(
            run=str(run),
            number=run,
            attempt=job.attempt,
            job=job.job,
            workflow="targeted.yml" if job.job == "targeted" else "ci.yml",
            event=job.event,
            branch=job.branch,
            commit=hashlib.sha256(f"{run}".encode()).hexdigest()[:40],
            conclusion=job.conclusion or (Conclusion.SUCCESS if good else Conclusion.FAILURE),
            started=began,
            ended=round(began + ended, 3),
        )
    return described


def _stamp(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


if __name__ == "__main__":
    main(sys.argv[1])
