"""`python -m bench.triage [--logs DIR]`: how well triage reads and judges logs with known truth.

Four sets, none of them part of this repository: logs of Python jobs with their counts and failing
ids (BugSwarm), fragments of GitHub logs with the line that decides (PyTorch), pairs of a passing
and a failing log with the lines that two people marked (CiDiff), and titles of issues with their
duplicates. They are read from `../shared/logs` beside the checkout, from the directory that
`SUREFOOT_LOGS` names, or from `--logs`; where they are not, this says so and ends with 2.

A figure is printed with its sample, and each miss with what was found instead. Nothing is fitted
here: no name of a file decides anything but which truth belongs to it.
"""

import argparse
import gzip
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.triage.evidence import Baseline
from surefoot.triage.masking import mask_line
from surefoot.triage.model import Conclusion, Failure, FailureClass, Log
from surefoot.triage.pipeline import analyse
from surefoot.triage.reading import read_log

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEFAULT = os.path.join(os.path.dirname(_CHECKOUT), "shared", "logs")


class Figure(msgspec.Struct, frozen=True):
    """What one set came to."""

    name: str
    value: str
    """The figure with its sample."""
    target: str
    reached: bool
    lines: tuple[str, ...] = ()
    """Baselines, and what was missed and how."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 0 when every target is reached, 1 when one is not, 2 without logs."""
    parser = argparse.ArgumentParser(prog="python -m bench.triage", description=__doc__)
    parser.add_argument("--logs", default=os.environ.get("SUREFOOT_LOGS", DEFAULT), metavar="DIR")
    parser.add_argument("--only", choices=sorted(SETS), help="one of the sets")
    chosen = parser.parse_args(arguments)
    if not os.path.isdir(chosen.logs):
        print(
            f"bench.triage: there are no logs at {os.path.relpath(chosen.logs)}; name their"
            " directory with --logs or SUREFOOT_LOGS (they are third-party data and no part of"
            " this repository)",
            file=sys.stderr,
        )
        return 2
    reached = True
    for key in [chosen.only] if chosen.only else list(SETS):
        figure = SETS[key](chosen.logs)
        if figure is None:
            print(f"{key}: not among the logs")
            continue
        reached &= figure.reached
        word = "reached" if figure.reached else "MISSED"
        print(f"{figure.name}: {figure.value}; target {figure.target}: {word}")
        for line in figure.lines:
            print(f"  {line}")
    return 0 if reached else 1


# -- BugSwarm: counts and failing ids


def bugswarm(logs: str) -> Figure | None:
    """Compare what pytest and unittest came to with BugSwarm's own analysers."""
    folder = os.path.join(logs, "bugswarm")
    truth_file = os.path.join(folder, "truth.json")
    if not os.path.exists(truth_file):
        return None
    with open(truth_file, encoding="utf-8") as file:
        truth: dict[str, dict[str, Any]] = json.load(file)
    right, misses = 0, []
    for name, known in sorted(truth.items()):
        wrong = _bugswarm_one(Log(name, os.path.join(folder, known["log"])), known)
        right += not wrong
        if wrong:
            misses.append(f"{name}: {'; '.join(wrong)}")
    needed = len(truth) - max(1, len(truth) // 25)
    return Figure(
        "BugSwarm, counts and failing ids",
        f"{right} of {len(truth)} logs right",
        f"at least {needed}",
        right >= needed,
        tuple(misses),
    )


def _bugswarm_one(log: Log, known: dict[str, Any]) -> list[str]:
    parsed = read_log(log, None)
    counts = [item for item in parsed.counts if item.reader in {"pytest", "unittest"}]
    # BugSwarm counts what unittest skipped as ok: its `Ran N tests` holds them.
    passed = sum(
        (item.run or 0) - (item.failed or 0) if item.reader == "unittest" else item.passed or 0
        for item in counts
    )
    found = {
        "num_t_run": sum(item.run or 0 for item in counts),
        "num_t_ok": passed,
        "num_t_failed": sum(item.failed or 0 for item in counts),
        "num_t_skipped": sum(item.skipped or 0 for item in counts),
    }
    wrong = [
        f"{key} is {value}, not {known[key]}"
        for key, value in found.items()
        if known.get(key, "NA") != "NA" and known[key] != value
    ]
    if "tr_t_failed" not in known:
        return wrong
    left = [item for item in parsed.failures if item.reader in {"pytest", "unittest"}]
    for wanted in filter(None, known["tr_t_failed"].split("#")):
        same = next((item for item in left if _same_test(item, wanted)), None)
        if same is None:
            wrong.append(f"{wanted} is not among the failures")
        else:
            left.remove(same)
    wrong += [f"{item.subject} should not be a failure" for item in left]
    return wrong


def _same_test(failure: Failure, wanted: str) -> bool:
    """Compare ids by their dotted form: BugSwarm drops `.py` and puts dots for slashes."""
    wanted = wanted.strip()
    if wanted.startswith("(") and wanted.endswith(")") and " " not in wanted:
        wanted = wanted[1:-1]
    wanted = wanted.replace("::", ".")
    own = failure.subject
    if failure.reader == "pytest":
        path, colons, rest = own.partition("::")
        own = path.removesuffix(".py").replace("/", ".") + (f".{rest}" if colons else "")
        own = own.replace("::", ".")
    # nose's load errors have the exception for an id.
    return own == wanted or own.endswith(f".{wanted}") or failure.exception == wanted


# -- PyTorch: the line that decides, and the class

CLASSES = {
    # The ladder's class of each kind of failure that PyTorch's rule set tells apart. A test that
    # failed in a log by itself stays unknown: flaky and broken look the same there.
    FailureClass.CANCELLED: ("gha_catchall", "gha_operation", "cancel"),
    FailureClass.HANG: ("pytest_failure", "python_runtimeerror", "timeout", "timed_out"),
    FailureClass.UNKNOWN: ("test_file", "segfault", "crash"),
    FailureClass.INFRASTRUCTURE: (
        "action_", "artifact", "checkout", "infra", "s3_", "uv_", "docker", "runner", "no_space",
        "network", "curl", "git_",
    ),
    FailureClass.DETERMINISTIC: (
        "collection", "compile", "ghstack", "lint", "ninja", "pr_", "python_import", "build",
        "syntax", "mypy", "cmake", "merge",
    ),
}  # fmt: skip


def pytorch(logs: str) -> Figure | None:
    """Find the line that the rule set of PyTorch's log classifier marks, and its class."""
    folder = os.path.join(logs, "pytorch")
    if not os.path.isdir(folder):
        return None
    names = sorted(name for name in os.listdir(folder) if name.endswith(".txt"))
    right, misses = 0, []
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            wrong = _pytorch_one(os.path.join(folder, name), name, scratch)
            right += not wrong
            if wrong:
                misses.append(f"{name}: {wrong}")
    needed = len(names) - max(1, len(names) // 22)
    return Figure(
        "PyTorch, deciding line and class",
        f"{right} of {len(names)} logs right",
        f"at least {needed}",
        right >= needed,
        tuple(misses),
    )


def _pytorch_one(path: str, name: str, scratch: str) -> str:
    with open(path, encoding="utf-8", newline="\n") as file:
        raw = file.read().split("\n")
    wanted = 0
    lines: list[str] = []
    for text in raw:
        if text.startswith("#=SOURCE=#"):
            continue
        marked = text.startswith("#=MATCH=# ")
        if marked:
            wanted = len(lines) + 1
        plain_text = text.removeprefix("#=MATCH=# ").replace("‹", "").replace("›", "")
        lines.append(plain_text if marked else text)
    plain = os.path.join(scratch, name)
    with open(plain, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines))
    judgement = analyse([Log(name, plain)]).logs[0].judgement
    if judgement is None or not judgement.quotes:
        return f"no verdict, line {wanted} is wanted"
    line = judgement.quotes[0].line
    expected = next((kind for kind, starts in CLASSES.items() if name.startswith(starts)), None)
    if line == wanted and expected in {None, judgement.failure_class}:
        return ""
    return (
        f"line {line} ({judgement.failure_class}, {judgement.rule}), not {wanted} ({expected});"
        f" it says: {judgement.quotes[0].text[:90]}"
    )


# -- CiDiff: the lines that tell


def cidiff(logs: str) -> Figure | None:
    """Compare the evidence of failing logs with the lines that people marked, line by line."""
    folder = os.path.join(logs, "cidiff")
    if not os.path.isdir(folder):
        return None
    own, second, novel, misses = [], [], [], []
    for name in sorted(os.listdir(folder)):
        pair = os.path.join(folder, name)
        wanted = _marked(os.path.join(pair, "groundtruth.gz"))
        if not wanted:
            continue
        # Line numbers of the truth count carriage returns, as Python's text mode does.
        raw = _content(os.path.join(pair, "fail.log.gz"))
        shown = _shown_segments(raw)
        analysis = analyse(
            [
                Log("passing", os.path.join(pair, "pass.log.gz"), job="job", started=1.0,
                    conclusion=Conclusion.SUCCESS),
                Log("failing", os.path.join(pair, "fail.log.gz"), job="job", started=2.0,
                    conclusion=Conclusion.FAILURE),
            ]
        )  # fmt: skip
        failing = next(item for item in analysis.logs if item.log.name == "failing")
        found = {
            shown[number - 1]
            for span in failing.parsed.evidence.ranges
            for number in range(span.first, span.last + 1)
        }
        own.append(_score(found, wanted))
        second.append(_score(_marked(os.path.join(pair, "groundtruth2.gz")), wanted))
        novel.append(_score(_novel(pair, raw), wanted))
        if min(own[-1]) < 0.75:
            misses.append(f"{name}: precision {own[-1][0]:.2f}, recall {own[-1][1]:.2f}")
    precision, recall = _mean(own)
    lines = (
        f"a second person against the first: {_mean(second)[0]:.2f} / {_mean(second)[1]:.2f}"
        " (published for all 36 pairs: .93 / .64)",
        f"all lines that are new against the passing log: {_mean(novel)[0]:.2f} /"
        f" {_mean(novel)[1]:.2f} (published: .65 / .93)",
        *misses,
    )
    return Figure(
        "CiDiff, lines that tell",
        f"precision {precision:.2f}, recall {recall:.2f}, mean of {len(own)} pairs",
        "at least .80 / .85",
        precision >= 0.80 and recall >= 0.85,
        lines,
    )


def _content(path: str) -> bytes:
    with gzip.open(path) as file:
        return file.read()


def _marked(path: str) -> set[int]:
    lines: set[int] = set()
    for text in _content(path).decode().splitlines()[1:]:
        kind, _, span = text.partition(" ")
        if kind == "E" and span:
            first, _, last = span.partition("-")
            lines |= set(range(int(first), int(last or first) + 1))
    return lines


def _shown_segments(raw: bytes) -> list[int]:
    """Return for each line the number, among segments, of the one that a terminal shows last."""
    numbers, before = [], 0
    for line in raw.split(b"\n"):
        parts = line.split(b"\r")
        if len(parts) > 1 and not parts[-1]:
            parts.pop()
        shown = max((at for at, part in enumerate(parts) if part.strip()), default=len(parts) - 1)
        numbers.append(before + shown + 1)
        before += len(parts)
    return numbers


def _novel(pair: str, raw: bytes) -> set[int]:
    """The baseline: every line whose masked form the passing log does not have."""
    baseline = Baseline("passing")
    with gzip.open(os.path.join(pair, "pass.log.gz")) as file:
        for text in re.split(rb"\r\n|\n|\r", file.read()):
            baseline.add_text(_bare(text))
    return {
        number
        for number, text in enumerate(re.split(rb"\r\n|\n|\r", raw), 1)
        if (masked := mask_line(_bare(text))) and masked not in baseline
    }


_STAMP_OR_COLOUR = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ?|\x1b\[[0-9;]*[A-Za-z]")


def _bare(raw: bytes) -> str:
    return _STAMP_OR_COLOUR.sub("", raw.decode("utf-8", "replace"))


def _score(found: set[int], wanted: set[int]) -> tuple[float, float]:
    hit = len(found & wanted)
    return hit / len(found) if found else 0.0, hit / len(wanted)


def _mean(scores: list[tuple[float, float]]) -> tuple[float, float]:
    count = len(scores) or 1
    return sum(one for one, _ in scores) / count, sum(two for _, two in scores) / count


# -- the tracker's duplicates


def tracker(logs: str) -> Figure | None:
    """Rank each issue that has a duplicate against all others."""
    from surefoot.triage.filing.rank import rank
    from surefoot.triage.filing.same import is_duplicate
    from surefoot.triage.forges.values import Issue

    path = os.path.join(logs, "tracker_duplicates.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        known: list[dict[str, Any]] = json.load(file)
    issues = [Issue(item["number"], item["title"], item["line"]) for item in known]
    # An issue without a cluster is a cluster of its own: only a distractor.
    clusters = {item["number"]: item["cluster"] or str(item["number"]) for item in known}
    sizes = Counter(clusters.values())
    first = fifth = asked = decided = wrong = 0
    misses = []
    for query in issues:
        others = [issue for issue in issues if issue.number != query.number]
        for issue in others:
            if is_duplicate(query, issue):
                decided += 1
                wrong += clusters[issue.number] != clusters[query.number]
        if sizes[clusters[query.number]] < 2:
            continue
        asked += 1
        ranked = [item.issue.number for item in rank(query, others, 5)]
        same = [clusters[number] == clusters[query.number] for number in ranked]
        first += same[0]
        fifth += any(same)
        if not same[0]:
            misses.append(f"#{query.number} has #{ranked[0]} first")
    recall = first / asked if asked else 0.0
    return Figure(
        "Tracker, duplicates",
        f"recall {recall:.2f} at 1, {fifth / (asked or 1):.2f} at 5, {asked} queries of"
        f" {len(issues)} issues; {decided} decided without a person, {wrong} of them wrong",
        "at least .92 at 1, none wrong",
        recall >= 0.92 and not wrong,
        tuple(misses),
    )


SETS = {"bugswarm": bugswarm, "pytorch": pytorch, "cidiff": cidiff, "tracker": tracker}


if __name__ == "__main__":
    sys.exit(main())
