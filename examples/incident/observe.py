"""Runs the installed command on a suite: `check`, `run`, `check --results`; keeps what it says."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.events.events import (
    FindingReported,
    Notice,
    RunStarted,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.journal import JournalReader


class ObserveError(Exception):
    """The command did not do its work; the message holds what it said."""


class Seen(msgspec.Struct, frozen=True):
    """A finding that was told, and by which command."""

    by: str
    rule: str
    file: str
    line: int
    message: str
    remedy: str

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


class Logs(msgspec.Struct, frozen=True):
    """What a run keeps of the output of its scenarios."""

    attempts: int = 0
    """How many attempts wrote something."""
    told: int = 0
    """Bytes that they wrote, by the journal."""
    kept: int = 0
    """Bytes in the files that are kept."""
    largest: int = 0
    """Bytes of the largest file."""
    where: str = ""
    """The largest file, relative to the run's directory."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What surefoot says about a suite."""

    name: str
    root: str
    features: int
    scenarios: int
    workers: int
    seen: tuple[Seen, ...]
    notices: tuple[tuple[str, str], ...]
    """Code and text."""
    verdicts: Mapping[str, int]
    check_seconds: float
    exit_check: int
    exit_run: int
    logs: Logs
    confirmed: Mapping[str, str] = {}
    """By place: how a scenario that fails does so under plain behave too."""

    def told(self, rules: Sequence[str], place: str = "") -> list[Seen]:
        """Return the findings of some rules, at one place or anywhere."""
        return [item for item in self.seen if item.rule in rules and place in ("", item.place)]

    def noticed(self, code: str) -> list[str]:
        """Return the texts of the notices with a code."""
        return [text for found, text in self.notices if found == code]


def observe(
    name: str,
    root: str,
    paths: Sequence[str] = (),
    *,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout: float = 1800.0,
) -> Observed:
    """Check and run a suite. Raises ObserveError when a command fails of itself.

    `options` are for `surefoot run`; `env` is added to the environment, of which what belongs to
    other runners is left out.
    """
    call = _Call(root, {**clean_environment(), **(env or {})}, timeout)
    with tempfile.TemporaryDirectory(prefix="incident-") as scratch:
        journal = os.path.join(scratch, "journal.jsonl")
        began = time.perf_counter()
        code, text = call("check", "--no-cache", "--format", "json", *paths)
        seconds = time.perf_counter() - began
        seen = _findings("check", code, text)
        ran, said = call("run", "--progress", "off", "--journal", journal, *options, *paths)
        if ran not in (0, 1):
            raise ObserveError(f"surefoot run on {name} ended with exit code {ran}:\n{said}")
        after, text = call("check", "--results", journal, "--format", "json")
        seen += [item for item in _findings("check --results", after, text) if item not in seen]
        return _observed(name, root, journal, seen, seconds, code, ran)


class _Call:
    """The installed command, in a directory."""

    def __init__(self, root: str, env: Mapping[str, str], timeout: float) -> None:
        self._root, self._env, self._timeout = root, env, timeout

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and what it printed."""
        command = os.path.join(os.path.dirname(sys.executable), "surefoot")
        done = subprocess.run(
            [command, *arguments],
            cwd=self._root,
            env=dict(self._env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=self._timeout,
            check=False,
        )
        return done.returncode, done.stdout or done.stderr


def clean_environment() -> dict[str, str]:
    """Return the environment without what belongs to other runners, and to a CI."""
    foreign = ("SUREFOOT_", "BEHAVE_", "PYTEST_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept.pop("CI", None)
    return kept


def _findings(by: str, code: int, text: str) -> list[Seen]:
    if code not in (0, 6):
        raise ObserveError(f"surefoot {by} ended with exit code {code}:\n{text}")
    return [
        Seen(by, item["rule"], item["file"], item["line"], item["message"], item["remedy"])
        for item in msgspec.json.decode(text)["findings"]
    ]


def _observed(
    name: str, root: str, journal: str, seen: list[Seen], seconds: float, check: int, run: int
) -> Observed:
    notices: list[tuple[str, str]] = []
    verdicts: dict[str, int] = {}
    finished: list[ScenarioFinished] = []
    features = scenarios = workers = 0
    run_dir = ""
    for event in JournalReader(journal).events():
        match event:
            case RunStarted():
                run_dir = os.path.join(root, ".surefoot", "runs", event.run)
            case SuitePlanned():
                workers = event.workers
                features = len(event.features)
                scenarios = sum(len(feature.scenarios) for feature in event.features)
            case Notice():
                notices.append((event.code, event.text))
            case FindingReported(finding=finding):
                found = (finding.rule, finding.file, finding.line, finding.message, finding.remedy)
                seen.append(Seen("run", *found))
            case VerdictReached():
                verdict = event.verdict.value
                verdicts[verdict] = verdicts.get(verdict, 0) + 1
            case ScenarioFinished():
                finished.append(event)
    return Observed(
        name=name,
        root=root,
        features=features,
        scenarios=scenarios,
        workers=workers,
        seen=tuple(seen),
        notices=tuple(notices),
        verdicts=verdicts,
        check_seconds=seconds,
        exit_check=check,
        exit_run=run,
        logs=_logs(run_dir, finished),
    )


def _logs(run_dir: str, finished: list[ScenarioFinished]) -> Logs:
    sizes = {
        event.output: os.path.getsize(os.path.join(run_dir, event.output))
        for event in finished
        if event.output and os.path.exists(os.path.join(run_dir, event.output))
    }
    where = max(sizes, key=lambda path: sizes[path], default="")
    return Logs(
        attempts=len(sizes),
        told=sum(event.output_bytes for event in finished),
        kept=sum(sizes.values()),
        largest=sizes.get(where, 0),
        where=where,
    )
