"""The contestants: one class for each runner, with its command line and how to read its answer.

An answer is read from what the runner itself prints or writes after a run. A contestant that
says nothing readable has no counts, which is never the right answer.
"""

import gzip
import json
import os
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

STDOUT = "stdout.txt"
"""Where the measuring side keeps what a run printed, in the output directory of that run."""
STDERR = "stderr.txt"

_SUMMARY = re.compile(r"^(\d+) (feature|scenario)s? (\w+)((?:, \d+ \w+)*)\s*$", re.MULTILINE)
_FURTHER = re.compile(r", (\d+) (\w+)")
_UNLIKE_FAILED = {"passed", "skipped"}
_TAIL = 1 << 20


class Counts(msgspec.Struct, frozen=True):
    """How many passed, were skipped, and ended in any other way."""

    passed: int
    failed: int
    """Failed, errors, undefined, untested, hook errors: runners name these differently."""
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    @classmethod
    def of_statuses(cls, statuses: Mapping[str, int]) -> "Counts":
        """Return the counts of a status-to-number table in behave's words."""
        failed = sum(n for status, n in statuses.items() if status not in _UNLIKE_FAILED)
        return cls(statuses.get("passed", 0), failed, statuses.get("skipped", 0))


class Answer(msgspec.Struct, frozen=True):
    """What a runner said of a suite."""

    exit_code: int
    features: Counts | None = None
    scenarios: Counts | None = None

    def difference(self, right: "Answer") -> str:
        """Return where this is unlike the right answer, in words; empty when it is right."""
        parts = []
        if self.exit_code != right.exit_code:
            parts.append(f"exit code {self.exit_code}, not {right.exit_code}")
        for label, mine, theirs in (
            ("features", self.features, right.features),
            ("scenarios", self.scenarios, right.scenarios),
        ):
            if mine is None:
                parts.append(f"no count of {label}")
            elif mine != theirs:
                parts.append(f"{label}: {mine}; not {theirs}")
        return "; ".join(parts)


class Contestant(Protocol):
    """One way to run a suite. `command` and `answer` are called by `bench.measure`."""

    @property
    def key(self) -> str:
        """Short name for `--contestants` and for directories."""

    @property
    def name(self) -> str:
        """Name for the tables."""

    @property
    def package(self) -> str:
        """The distribution it comes from."""

    def command(self, bin_dir: str, output: str) -> list[str]:
        """Return the command that runs the suite of the working directory.

        `bin_dir` is where the contestants' programs are, `output` an empty directory for
        whatever the run writes about itself.
        """

    def answer(self, exit_code: int, output: str) -> Answer:
        """Read the answer of a run that has ended. Never raises for an unreadable one."""


class Behave(msgspec.Struct, frozen=True):
    """Plain behave: the measure of right and of 1.00. Formatter `progress` is its cheapest
    that still shows something."""

    key: str = "behave"
    name: str = "plain behave"
    package: str = "behave"

    def command(self, bin_dir: str, output: str) -> list[str]:  # noqa: ARG002
        """Return the command."""
        return [os.path.join(bin_dir, "behave"), "--no-color", "-f", "progress", "features"]

    def answer(self, exit_code: int, output: str) -> Answer:
        """Read the summary that it prints."""
        return printed_answer(exit_code, output)


class Behavex(msgspec.Struct, frozen=True):
    """BehaveX. Its summary has behave's form, and counts errors as failed. It empties its output
    folder, so that is a folder of its own."""

    workers: int = 2
    scheme: str = "feature"
    package: str = "behavex"

    @property
    def key(self) -> str:
        """Short name."""
        return _key("behavex", self.workers, self.scheme)

    @property
    def name(self) -> str:
        """Name for the tables."""
        return _name("behavex", self.workers, self.scheme)

    def command(self, bin_dir: str, output: str) -> list[str]:
        """Return the command."""
        return [
            os.path.join(bin_dir, "behavex"),
            "features",
            "--parallel-processes",
            str(self.workers),
            "--parallel-scheme",
            self.scheme,
            "--output-folder",
            os.path.join(output, "behavex"),
        ]

    def answer(self, exit_code: int, output: str) -> Answer:
        """Read the summary that it prints."""
        return printed_answer(exit_code, output)


class BehavePool(msgspec.Struct, frozen=True):
    """behave-pool. Its printed totals are of steps only; features and scenarios are in its JSON
    report. It writes a file of durations to the working directory and reads it the next time."""

    workers: int = 2
    scheme: str = "feature"
    package: str = "behave-pool"

    @property
    def key(self) -> str:
        """Short name."""
        return _key("pool", self.workers, self.scheme)

    @property
    def name(self) -> str:
        """Name for the tables."""
        return _name("behave-pool", self.workers, self.scheme)

    def command(self, bin_dir: str, output: str) -> list[str]:
        """Return the command."""
        return [
            os.path.join(bin_dir, "behave-pool"),
            "--jobs",
            str(self.workers),
            "--parallel-scheme",
            self.scheme,
            f"--parallel-report={os.path.join(output, 'report.json')}",
            "features",
        ]

    def answer(self, exit_code: int, output: str) -> Answer:
        """Read its JSON report."""
        try:
            with open(os.path.join(output, "report.json"), encoding="utf-8") as file:
                features = json.load(file)["features"]
            scenarios = [one for feature in features for one in feature["scenarios"]]
            return Answer(exit_code, _counted(features), _counted(scenarios))
        except (OSError, ValueError, KeyError, TypeError):
            return Answer(exit_code)


class Surefoot(msgspec.Struct, frozen=True):
    """surefoot. The last line of its journal has the counts; without one, what it printed."""

    workers: int = 2
    unit: str = "feature"
    package: str = "surefoot"

    @property
    def key(self) -> str:
        """Short name."""
        return _key("surefoot", self.workers, self.unit)

    @property
    def name(self) -> str:
        """Name for the tables."""
        return _name("surefoot", self.workers, self.unit)

    def command(self, bin_dir: str, output: str) -> list[str]:
        """Return the command."""
        return [
            os.path.join(bin_dir, "surefoot"),
            "run",
            "--jobs",
            str(self.workers),
            "--unit",
            self.unit,
            "--journal",
            os.path.join(output, "journal.jsonl"),
            "features",
        ]

    def answer(self, exit_code: int, output: str) -> Answer:
        """Read the end of its journal, compressed or not."""
        line = _last_line(os.path.join(output, "journal.jsonl"))
        try:
            counts = json.loads(line)["counts"]
            return Answer(
                exit_code,
                Counts.of_statuses(counts["features"]),
                Counts.of_statuses(counts["scenarios"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return printed_answer(exit_code, output)


PLAIN = "behave"
"""Key of the contestant that all others are compared with."""


def is_peer(contestant: Contestant) -> bool:
    """Return True for another project's parallel runner."""
    return contestant.package not in ("behave", "surefoot")


def printed_answer(exit_code: int, output: str) -> Answer:
    """Return the answer of a run that printed a summary in behave's form."""
    try:
        with open(os.path.join(output, STDOUT), "rb") as file:
            file.seek(0, os.SEEK_END)
            # The summary stands at the end; some runners print megabytes before it.
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        text = ""
    counts = summary_counts(text)
    return Answer(exit_code, counts.get("feature"), counts.get("scenario"))


def summary_counts(text: str) -> dict[str, Counts]:
    """Return the counts of a summary in behave's form, by "feature" and "scenario".

    Its lines read "67 features passed, 0 failed, 1 error, 0 skipped". The last one of a kind
    counts, since a suite's own output may hold such lines too.
    """
    found: dict[str, Counts] = {}
    for number, kind, status, further in _SUMMARY.findall(text):
        statuses = {status: int(number)}
        statuses.update({other: int(n) for n, other in _FURTHER.findall(further)})
        found[kind] = Counts.of_statuses(statuses)
    return found


def _counted(elements: Iterable[Mapping[str, Any]]) -> Counts:
    return Counts.of_statuses(Counter(str(element["status"]) for element in elements))


def _last_line(path: str) -> bytes:
    """Return the last line of a file or of its `.gz` twin; empty when there is neither."""
    try:
        if os.path.exists(path):
            with open(path, "rb") as file:
                return next(iter(deque(file, maxlen=1)), b"")
        with gzip.open(path + ".gz", "rb") as packed:
            return next(iter(deque(packed, maxlen=1)), b"")
    except (OSError, EOFError):
        return b""


def _key(package: str, workers: int, scheme: str) -> str:
    return f"{package}-{workers}" + ("" if scheme == "feature" else f"-{scheme}")


def _name(package: str, workers: int, scheme: str) -> str:
    size = "1 worker" if workers == 1 else f"{workers} workers"
    return f"{package}, {size}" + ("" if scheme == "feature" else f", by {scheme}")


ALL: tuple[Contestant, ...] = (
    Behave(),
    Behavex(),
    BehavePool(),
    Surefoot(workers=1),
    Surefoot(workers=2),
    Behavex(scheme="scenario"),
    BehavePool(scheme="scenario"),
    Surefoot(workers=2, unit="scenario"),
)
BY_KEY = {contestant.key: contestant for contestant in ALL}
