"""Makes small Behave projects and runs the installed command on them."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from surefoot.events.events import (
    Event,
    FindingReported,
    Notice,
    RunFinished,
    ScenarioFinished,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.journal import JournalReader
from surefoot.model.findings import Finding

COMMON_STEPS = """\
    import ctypes, os, signal, subprocess, sys, threading, time
    from behave import given, when, then, step

    @step('it passes')
    def _(context):
        pass

    @step('it fails')
    def _(context):
        assert False, 'it was to be'

    @step('it raises')
    def _(context):
        raise ValueError('of no value')

    @step('it prints "{text}"')
    def _(context, text):
        print(text)

    @step('it waits for ever')
    def _(context):
        threading.Event().wait()
"""


_RUNNERS = ("SUREFOOT_", "BEHAVE_", "PYTEST_", "COV_", "GITHUB_", "FORGEJO_", "GITEA_")


class Project:
    """A Behave project in a directory of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "features" / "steps").mkdir(parents=True)
        self.steps(COMMON_STEPS, "common")

    def feature(self, name: str, text: str) -> None:
        """Write features/NAME.feature."""
        file = self.path / "features" / f"{name}.feature"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")

    def scenarios(self, name: str, steps: Mapping[str, str]) -> None:
        """Write a feature with a scenario of one step for each item."""
        lines = [f"Feature: {name}"]
        for scenario, step in steps.items():
            lines += [f"  Scenario: {scenario}", f"    Given {step}"]
        self.feature(name, "\n".join(lines) + "\n")

    def steps(self, text: str, name: str = "more") -> None:
        """Write features/steps/NAME.py."""
        file = self.path / "features" / "steps" / f"{name}.py"
        file.write_text(textwrap.dedent(text), encoding="utf-8")

    def file(self, name: str, text: str) -> None:
        """Write any file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "surefoot", *arguments]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return an environment without what the tests' own runner set."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_RUNNERS) and name != "CI"
        }
        return kept | dict(extra or {})

    def call(
        self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run `surefoot ARGUMENTS` to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.path,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=timeout,
            check=False,
        )

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60
    ) -> "Run":
        """Run `surefoot run ARGUMENTS` and read its journal."""
        journal = self.path / "run.jsonl"
        done = self.call("run", "--journal", str(journal), *arguments, env=env, timeout=timeout)
        return Run(done, journal)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `surefoot run ARGUMENTS`."""
        return subprocess.Popen(
            self.command("run", *arguments),
            cwd=self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class Run:
    """A run that ended, with its journal."""

    def __init__(self, done: subprocess.CompletedProcess[str], journal: Path) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self.journal = journal

    def events(self) -> Iterator[Event]:
        """Yield the journal's events."""
        return JournalReader(str(self.journal)).events()

    def attempts(self) -> dict[str, list[ScenarioFinished]]:
        """Return all attempts by scenario name."""
        found: dict[str, list[ScenarioFinished]] = {}
        for event in self.events():
            if isinstance(event, ScenarioFinished):
                found.setdefault(event.record.name, []).append(event)
        return found

    def attempt(self, name: str) -> ScenarioFinished:
        """Return the one attempt of a scenario."""
        attempts = self.attempts()[name]
        assert len(attempts) == 1, attempts
        return attempts[0]

    def outcomes(self) -> dict[str, str]:
        """Return the last outcome of each scenario, by name."""
        found = {name: events[-1].outcome.value for name, events in self.attempts().items()}
        for event in self.events():
            if isinstance(event, VerdictReached):
                found.setdefault(event.id.rpartition(" :: ")[2], event.outcomes[-1].value)
        return found

    def outcomes_by_place(self) -> dict[tuple[int, tuple[int, ...]], str]:
        """Return the last outcome of each scenario, by feature and path."""
        found: dict[tuple[int, tuple[int, ...]], str] = {}
        for event in self.events():
            if isinstance(event, ScenarioFinished):
                found[event.feature, event.record.path] = event.outcome.value
            elif isinstance(event, VerdictReached):
                # What never ran has a verdict, but need not have a record.
                found[event.feature, event.path] = event.outcomes[-1].value
        return found

    def flaky(self) -> list[str]:
        """Return the names of the scenarios whose verdict is flaky."""
        return [name for name, verdict in self.verdicts().items() if verdict == "flaky"]

    def verdict_ids(self) -> list[str]:
        """Return the ids of all verdicts."""
        return [event.id for event in self.events() if isinstance(event, VerdictReached)]

    def selected_ids(self) -> set[str]:
        """Return the ids of the scenarios that were to run."""
        return {
            scenario.id
            for event in self.events()
            if isinstance(event, SuitePlanned)
            for feature in event.features
            for scenario in feature.scenarios
            if scenario.selected
        }

    def verdicts(self) -> dict[str, str]:
        """Return the verdict of each scenario by the last part of its id."""
        found: dict[str, str] = {}
        for event in self.events():
            if isinstance(event, VerdictReached):
                assert event.id not in found, f"two verdicts for {event.id}"
                found[event.id] = event.verdict.value
        return {name.rpartition(" :: ")[2]: verdict for name, verdict in found.items()}

    def finished(self) -> RunFinished:
        """Return the last event."""
        events = [event for event in self.events() if isinstance(event, RunFinished)]
        assert len(events) == 1
        return events[0]

    def findings(self) -> list[Finding]:
        """Return the findings, in the order of being told."""
        return [event.finding for event in self.events() if isinstance(event, FindingReported)]

    def notices(self, code: str) -> list[str]:
        """Return the texts of the notices with a code."""
        return [
            event.text
            for event in self.events()
            if isinstance(event, Notice) and event.code == code
        ]


def wait_until(condition: Any, what: str, seconds: float = 20) -> None:
    """Wait for a condition of another process; fail with what was awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        # Another process is awaited, which has no event for us.
        signal.sigtimedwait([], 0.02)


def gone(pid: int) -> bool:
    """Whether a process is gone (or only a zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def read_json(path: Path) -> Any:
    """Return a JSON file's value."""
    return json.loads(path.read_text(encoding="utf-8"))
