"""Splits a log into the steps of its job, as far as the forge's markup shows them.

Knows the logs of GitHub, Forgejo and Gitea (act's runner), GitLab, Travis, Jenkins and Azure.
A log without markup is one step.
"""

import re
from enum import StrEnum

from surefoot.triage.model import Line, Step, StepEnd

MAX_STEPS = 500
_EXIT = re.compile(
    r"(?:Process completed with exit code|The process '[^']{1,300}' failed with exit code"
    r"|Step script exited with code|exitcode '|exit(?:ed with)? (?:code|status)) ?'?(-?\d{1,9})"
)
_TRAVIS_EXIT = re.compile(
    r'The command "(.{1,400})" (?:exited with|failed and exited with) (\d{1,6})'
)
_GITLAB_END = re.compile(
    r"ERROR: Job failed(?: \(([^)]{1,100})\))?(?:: exit (?:code|status) (\d{1,6}))?"
)
_ACT_RUN = re.compile(r".{0,120}⭐ ?(?:Run )?(?:Main |Pre |Post )?(\S.*)")
_ACT_END = re.compile(r".{0,120}(✅|❌) ?\s?(Success|Failure) - (?:Main |Pre |Post )?(\S.*)")
_ACT_EXIT = re.compile(r"exitcode '(\d{1,6})': failure")


class Platform(StrEnum):
    """Whose log it is; decides what its last line must be."""

    GITHUB = "GitHub"
    FORGEJO = "Forgejo or Gitea"
    GITLAB = "GitLab"
    TRAVIS = "Travis"
    JENKINS = "Jenkins"
    AZURE = "Azure"
    UNKNOWN = ""


_FIRST = (
    ("Current runner version: ", Platform.GITHUB),
    ("Requested labels: ", Platform.GITHUB),
    ("Job defined at: ", Platform.GITHUB),
    ("Requested runner group", Platform.GITHUB),
    ("Job is about to start running on", Platform.GITHUB),
    ("Runner name: ", Platform.GITHUB),
    ("Running with gitlab-runner", Platform.GITLAB),
    ("Worker information", Platform.TRAVIS),
    ("Using worker: ", Platform.TRAVIS),
    ("Started by ", Platform.JENKINS),
    ("Lancé par ", Platform.JENKINS),
    ("Running as SYSTEM", Platform.JENKINS),
    ("Building remotely on ", Platform.JENKINS),
)
_LAST: dict[Platform, tuple[str, ...]] = {
    Platform.GITHUB: ("Cleaning up orphan processes", "Terminate orphan process"),
    Platform.GITLAB: ("Job succeeded", "ERROR: Job failed", "WARNING: Job failed"),
    Platform.TRAVIS: (
        "Done. Your build exited with",
        "Your build has been stopped",
        "Done: Job Cancelled",
    ),
    Platform.JENKINS: ("Finished: ",),
    Platform.FORGEJO: ("🏁", "Job succeeded", "Job failed"),
    Platform.AZURE: ("Finishing: Job", "Finishing: "),
}


class Splitter:
    """Takes lines and keeps the steps; `feed` says when a step ended."""

    def __init__(self) -> None:
        self.platform = Platform.UNKNOWN
        self.ended: Line | None = None
        """The line with which this forge's logs always end."""
        self.exit_code: int | None = None
        self.steps: list[Step] = []
        self.error_lines: list[Line] = []
        self._name = ""
        self._first = 1
        self._started: float | None = None
        self._failed = False
        self._exit: int | None = None
        self._last: Line | None = None
        self._tool_step = ""

    def feed(self, line: Line, tool_step: str = "") -> bool:
        """Take one line. True when a new step begins with it, so that what was open ends."""
        text = line.text
        marker = line.marker
        begins = False
        if self.platform is Platform.UNKNOWN and line.number <= 400:
            self._recognise(line)
        if marker:
            begins = self._marked(line)
        elif text:
            begins = self._plain(line)
        if tool_step and tool_step != self._tool_step:
            self._tool_step = tool_step
            self._begin(line, tool_step)
            begins = True
        if text and self._is_last(text):
            self.ended = line
        self._last = line
        return begins

    def _recognise(self, line: Line) -> None:
        for words, platform in _FIRST:
            if line.text.startswith(words):
                self.platform = platform
                return
        if line.marker.startswith("section_"):
            self.platform = Platform.GITLAB
        elif line.marker.startswith("travis_"):
            self.platform = Platform.TRAVIS
        elif line.marker == "section" and line.text.startswith("Starting: "):
            self.platform = Platform.AZURE
        elif "runner(version:" in line.text[:80] or "⭐" in line.text[:120]:
            self.platform = Platform.FORGEJO

    def _is_last(self, text: str) -> bool:
        for words in _LAST.get(self.platform, ()):
            if text.startswith(words) or (words == "🏁" and words in text[:160]):
                return True
        return False

    def _marked(self, line: Line) -> bool:
        marker, text = line.marker, line.text
        if marker == "group" and text.startswith("Run "):
            self._begin(line, text)
            return True
        if marker == "section_start" or (marker == "section" and text.startswith("Starting: ")):
            self._begin(line, text)
            return True
        if marker in {"travis_fold_start", "travis_time_start"}:
            self._begin(line, text)
            return True
        if marker == "error":
            self._failed = True
            if len(self.error_lines) < 50:
                self.error_lines.append(line)
            self._read_exit(text)
        return False

    def _plain(self, line: Line) -> bool:
        text = line.text
        first = text[0]
        if first == "P" and text.startswith("Post job cleanup"):
            self._begin(line, text)
            return True
        if first == "C" and text == "Cleaning up orphan processes":
            self._begin(line, text)
            return True
        if "⭐" in text and (found := _ACT_RUN.match(text)):
            self._begin(line, found[1])
            return True
        if ("❌" in text or "✅" in text) and (ended := _ACT_END.match(text)):
            self._failed = self._failed or ended[1] == "❌"
        elif (
            first == "T" and text.startswith('The command "') and (said := _TRAVIS_EXIT.match(text))
        ):
            code = int(said[2])
            self._failed = self._failed or code != 0
            if code:
                self._set_exit(code)
            self._close(line)
        elif first == "E" and (gitlab := _GITLAB_END.match(text)):
            self._failed = True
            if gitlab[2]:
                self._set_exit(int(gitlab[2]))
        elif first == "B" and text.startswith("Build step ") and text.endswith("as failure"):
            self._failed = True
        elif "exitcode '" in text and (act := _ACT_EXIT.search(text)):
            self._failed = True
            self._set_exit(int(act[1]))
        return False

    def _read_exit(self, text: str) -> None:
        found = _EXIT.search(text)
        if found is not None:
            self._set_exit(int(found[1]))

    def _set_exit(self, code: int) -> None:
        self._exit = code
        if self.exit_code is None:
            self.exit_code = code

    def _begin(self, line: Line, name: str) -> None:
        if self._last is not None and self._last.number >= self._first:
            self._close(self._last)
        self._name = name[:300]
        self._first = line.number
        self._started = line.time

    def _close(self, line: Line) -> None:
        if len(self.steps) < MAX_STEPS and line.number >= self._first:
            self.steps.append(
                Step(
                    self._name,
                    self._first,
                    line.number,
                    self._started,
                    line.time,
                    StepEnd.FAILED if self._failed else StepEnd.PASSED,
                    self._exit,
                )
            )
        self._name = ""
        self._first = line.number + 1
        self._started = line.time
        self._failed = False
        self._exit = None

    def close(self) -> None:
        """The log ended."""
        if self._last is not None and self._last.number >= self._first:
            self._close(self._last)
            if self.ended is None and self.platform is not Platform.UNKNOWN and self.steps:
                last = self.steps[-1]
                if last.end is StepEnd.PASSED:
                    self.steps[-1] = Step(
                        last.name,
                        last.first,
                        last.last,
                        last.started,
                        last.ended,
                        StepEnd.OPEN,
                        last.exit_code,
                    )
