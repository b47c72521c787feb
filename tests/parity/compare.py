"""Runs a suite under plain behave and under candidates, and tells where they differ.

Each run has a fresh copy of the project, at one and the same path, so that nothing is left from
the run before and absolute paths in messages are equal without masking. A comparison reads what
behave's own formatters wrote on both sides (`masking` says what two runs may differ in), and the
summary, the lists and the snippets that behave prints.

It judges nothing: what a difference means is for its caller to say.
"""

import difflib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import unescape

import msgspec
from tests.parity.masking import (
    Summary,
    mask_json,
    mask_junit,
    mask_plain,
    mask_progress,
    read_summary,
)
from tests.parity.running import BEHAVE, FORMATS, Command, MapExit, Observed, Project, observe

Mask = Callable[[str], str]

_RAN = {"passed", "failed", "error", "hook_error", "cleanup_error"}
_DIFF_LINES = 12
"""Lines of a difference in a report's text that are shown."""


class Kind(StrEnum):
    """What differs. The values are what the report says."""

    NO_END = "did not end in time"
    EXIT_CODE = "exit code"
    NO_OUTPUT = "a formatter's file is missing"
    FEATURES = "features"
    SCENARIOS = "scenarios"
    FEATURE_STATUS = "feature status"
    SCENARIO_STATUS = "scenario status"
    STEP_STATUS = "step status"
    STEP_MESSAGE = "step message"
    JSON = "JSON"
    PLAIN = "plain output"
    PROGRESS = "progress3 output"
    RERUN = "rerun output"
    JUNIT = "JUnit file"
    FILE = "file"
    COUNTS = "summary counts"
    FAILING = "list of failing scenarios"
    ERRORED = "list of errored scenarios"
    SNIPPETS = "snippets of undefined steps"


class Difference(msgspec.Struct, frozen=True):
    """One place where a candidate's answer is not the baseline's."""

    kind: Kind
    where: str
    """`file:line` of the scenario or feature; the name of a report where there is none."""
    what: str
    """Name of the scenario, step or report."""
    baseline: str = ""
    candidate: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """A candidate beside the baseline."""

    command: Command
    differences: tuple[Difference, ...]
    seconds: float
    baseline_seconds: float
    order_dependent: bool = False
    """True when scenarios end otherwise in runs by scenario only: they lean on each other."""


def compare_runs(
    baseline: Observed, other: Observed, map_exit: MapExit = int
) -> tuple[Difference, ...]:
    """Return where another run's answer differs from the baseline's, most telling first."""
    if baseline.exit_code is None or other.exit_code is None:
        return tuple(
            Difference(Kind.NO_END, "", label, "", f"killed after {run.seconds:.0f} s")
            for label, run in (("baseline", baseline), ("candidate", other))
            if run.exit_code is None
        )
    found: list[Difference] = []
    if map_exit(other.exit_code) != baseline.exit_code:
        codes = (str(baseline.exit_code), str(other.exit_code))
        found.append(Difference(Kind.EXIT_CODE, "", "exit code", *codes))
    for name in sorted(baseline.files.keys() ^ other.files.keys()):
        states = ("written", "missing") if name in baseline.files else ("missing", "written")
        found.append(Difference(Kind.NO_OUTPUT, "", name, *states))
    places = Places(baseline.files.get("json", ""))
    for name in sorted(baseline.files.keys() & other.files.keys(), key=_most_telling):
        kind, mask = _treatment(name)
        before, after = mask(baseline.files[name]), mask(other.files[name])
        if before != after:
            if kind is Kind.JSON:
                found += _compare_json(before, after)
            elif kind is Kind.JUNIT:
                # Each case on a line of its own, or the first would be told with the suite.
                before, after = _lines_of_cases(before), _lines_of_cases(after)
                found += _compare_lines(kind, name, before, after, places)
            else:
                found += _compare_lines(kind, name, before, after, places)
    found += _compare_summaries(baseline, other)
    return tuple(found)


def _lines_of_cases(text: str) -> str:
    return text.replace("><testcase ", ">\n<testcase ")


def _most_telling(name: str) -> tuple[bool, str]:
    return (name not in FORMATS, name)


def _treatment(name: str) -> tuple[Kind, Mask]:
    if name.startswith("junit/"):
        return Kind.JUNIT, mask_junit
    return _TREATMENTS.get(name, (Kind.FILE, _as_it_is))


def _as_it_is(text: str) -> str:
    return text


_TREATMENTS: dict[str, tuple[Kind, Mask]] = {
    "json": (Kind.JSON, mask_json),
    "plain": (Kind.PLAIN, mask_plain),
    "progress3": (Kind.PROGRESS, mask_progress),
    "rerun": (Kind.RERUN, _as_it_is),
}


def _compare_json(before: str, after: str) -> Iterator[Difference]:
    try:
        expected, found = json.loads(before), json.loads(after)
    except ValueError:
        yield Difference(Kind.JSON, "", "one of them is no JSON", _cut(before), _cut(after))
        return
    structural = list(_compare_features(expected, found))
    yield from structural or [Difference(Kind.JSON, "", "equal content, written otherwise")]


def _compare_features(expected: Any, found: Any) -> Iterator[Difference]:
    if [item["location"] for item in expected] != [item["location"] for item in found]:
        yield _members(Kind.FEATURES, "", expected, found)
    others = {item["location"]: item for item in found}
    for feature in expected:
        other = others.get(feature["location"])
        if other is not None:
            yield from _compare_feature(feature, other)


def _compare_feature(feature: Any, other: Any) -> Iterator[Difference]:
    where = feature["location"]
    if feature["status"] != other["status"]:
        states = (str(feature["status"]), str(other["status"]))
        yield Difference(Kind.FEATURE_STATUS, where, feature["name"], *states)
    yield from _rest(where, feature["name"], feature, other, ("status", "elements"))
    elements, theirs = feature.get("elements", []), other.get("elements", [])
    if [item["location"] for item in elements] != [item["location"] for item in theirs]:
        yield _members(Kind.SCENARIOS, where, elements, theirs)
        # Where one is missing, the others can still be compared.
        matched: dict[str, list[Any]] = {}
        for item in theirs:
            matched.setdefault(item["location"], []).append(item)
        pairs = [
            (item, matched[item["location"]].pop(0))
            for item in elements
            if matched.get(item["location"])
        ]
    else:
        pairs = list(zip(elements, theirs, strict=True))
    for element, its in pairs:
        yield from _compare_scenario(element, its)


def _compare_scenario(element: Any, other: Any) -> Iterator[Difference]:
    where, name = element["location"], element["name"]
    if element.get("status") != other.get("status"):
        states = (str(element.get("status")), str(other.get("status")))
        yield Difference(Kind.SCENARIO_STATUS, where, name, *states)
    yield from _rest(where, name, element, other, ("status", "steps"))
    steps, theirs = element["steps"], other["steps"]
    if len(steps) != len(theirs):
        yield _members(Kind.JSON, where, steps, theirs)
    for step, its in zip(steps, theirs, strict=False):
        label = f"{name}: {step['keyword']} {step['name']}"
        result, result_of_it = step.get("result", {}), its.get("result", {})
        if result.get("status") != result_of_it.get("status"):
            states = (str(result.get("status")), str(result_of_it.get("status")))
            yield Difference(Kind.STEP_STATUS, where, label, *states)
        if result.get("error_message") != result_of_it.get("error_message"):
            messages = (_cut(result.get("error_message")), _cut(result_of_it.get("error_message")))
            yield Difference(Kind.STEP_MESSAGE, where, label, *messages)
        yield from _rest(where, label, step, its, ("result",))


def _rest(
    where: str, what: str, expected: Any, found: Any, told: Sequence[str]
) -> Iterator[Difference]:
    """Compare the keys that were not told of one by one."""
    for key in dict.fromkeys([*expected, *found]):
        if key not in told and expected.get(key) != found.get(key):
            values = (_cut(expected.get(key)), _cut(found.get(key)))
            yield Difference(Kind.JSON, where, f"{what}: {key}", *values)


def _members(kind: Kind, where: str, expected: Any, found: Any) -> Difference:
    """Say which of two lists of JSON elements has what the other has not."""
    before = [f"{item['location']} {item['name']}" for item in expected]
    after = [f"{item['location']} {item['name']}" for item in found]
    missing = [item for item in before if item not in after]
    added = [item for item in after if item not in before]
    if missing or added:
        return Difference(kind, where, "only on one side", _cut(missing), _cut(added))
    return Difference(kind, where, "in another order or number", _cut(before), _cut(after))


def _compare_lines(
    kind: Kind, name: str, before: str, after: str, places: "Places"
) -> Iterator[Difference]:
    old, new = before.split("\n"), after.split("\n")
    # The common beginning and end are cut off first: the matcher's time grows with the square.
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            where = places.find(kind, name, old, start + i1)
            yield Difference(kind, where, name, _lines(a[i1:i2]), _lines(b[j1:j2]))


def _compare_summaries(baseline: Observed, other: Observed) -> Iterator[Difference]:
    expected = read_summary(baseline.stdout, baseline.stderr)
    found = read_summary(other.stdout, other.stderr)
    for kind, before, after in (
        (Kind.COUNTS, (*expected.counts, *_took(expected)), (*found.counts, *_took(found))),
        (Kind.FAILING, expected.failing, found.failing),
        (Kind.ERRORED, expected.errored, found.errored),
        (Kind.SNIPPETS, expected.snippets, found.snippets),
    ):
        if before != after:
            missing = [line for line in before if line not in after]
            added = [line for line in after if line not in before]
            if not missing and not added:
                missing, added = list(before), list(after)
            yield Difference(kind, "", str(kind), _lines(missing), _lines(added))


def _took(summary: Summary) -> tuple[str, ...]:
    return ("Took",) if summary.took else ()


def _cut(value: Any, limit: int = 600) -> str:
    if isinstance(value, list):
        value = "\n".join(str(item) for item in value)
    text = "" if value is None else str(value)
    return text if len(text) <= limit else f"{text[:limit]} [... {len(text)} characters]"


def _lines(lines: Sequence[str]) -> str:
    shown = "\n".join(_cut(line, 200) for line in lines[:_DIFF_LINES])
    rest = len(lines) - _DIFF_LINES
    return f"{shown}\n[... {rest} lines more]" if rest > 0 else shown


class Places:
    """Finds the scenario that a line of a report belongs to, from the JSON of the same run."""

    def __init__(self, json_text: str) -> None:
        try:
            features = json.loads(json_text)
        except ValueError:
            features = []
        self._scenarios = [
            (element["location"], element["keyword"], element["name"])
            for feature in features
            for element in feature.get("elements", [])
            if element["type"] == "scenario"
        ]

    def find(self, kind: Kind, report: str, lines: Sequence[str], number: int) -> str:
        """Return `file:line`, or the report's name where no scenario can be told."""
        if kind is Kind.RERUN:
            return lines[number].strip() or report if number < len(lines) else report
        if kind is Kind.JUNIT:
            return self._find_case(report, "\n".join(lines[: number + 1]))
        if kind not in (Kind.PLAIN, Kind.PROGRESS):
            return report
        where = report
        ahead = 0
        for line in lines[: number + 1]:
            if ahead == len(self._scenarios):
                break
            location, keyword, name = self._scenarios[ahead]
            header = f"{keyword}: {name}" if kind is Kind.PLAIN else f"{name} "
            if line.lstrip().startswith(header):
                where = location
                ahead += 1
        return where

    def _find_case(self, report: str, text: str) -> str:
        cases = re.findall(r'<testcase classname="[^"]*" name="([^"]*)"', text)
        if not cases:
            return report
        stem = report.removeprefix("junit/TESTS-").removesuffix(".xml")
        name = unescape(cases[-1], {"&quot;": '"', "&#10;": "\n"})
        same = [
            location
            for location, _, its_name in self._scenarios
            if its_name == name and _junit_stem(location).endswith(stem)
        ]
        nth = cases.count(cases[-1]) - 1
        return same[nth] if nth < len(same) else report


def _junit_stem(location: str) -> str:
    path = location.rpartition(":")[0]
    return path.rpartition(".")[0].replace("/", ".")


# -- a whole project


def compare_project(
    project: Project,
    commands: Iterable[Command],
    *,
    baseline: Command = BEHAVE,
    say: Callable[[str], None] = lambda _: None,
    keep: str = "",
) -> list[Comparison]:
    """Run the baseline and every command, one after the other, and compare each with it.

    With `keep`, what each run wrote stays in a directory below it.
    """
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="parity-"))
    try:
        say(f"running {baseline.label}")
        plain = observe(baseline, project, scratch)
        _keep(scratch, keep, "baseline")
        comparisons = []
        for command in commands:
            say(f"running {command.label}")
            run = observe(command, project, scratch)
            _keep(scratch, keep, command.label)
            differences = compare_runs(plain, run, command.map_exit)
            comparisons.append(Comparison(command, differences, run.seconds, plain.seconds))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return mark_order_dependence(comparisons)


def _keep(scratch: str, keep: str, label: str) -> None:
    if keep:
        target = os.path.join(keep, re.sub(r"[^\w.-]+", "-", label).strip("-"))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(os.path.join(scratch, "out"), target)


def mark_order_dependence(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Mark runs by scenario in which scenarios end otherwise, while no run by feature differs."""
    whole = [item for item in comparisons if item.command.unit == "feature"]
    steady = bool(whole) and not any(item.differences for item in whole)
    return [
        msgspec.structs.replace(
            item,
            order_dependent=steady and item.command.unit == "scenario" and bool(leaning(item)),
        )
        for item in comparisons
    ]


def leaning(comparison: Comparison) -> tuple[str, ...]:
    """Return the places of the scenarios that ran on both sides and ended otherwise, in order."""
    places = [
        item.where
        for item in comparison.differences
        if item.kind is Kind.SCENARIO_STATUS and {item.baseline, item.candidate} <= _RAN
    ]
    return tuple(dict.fromkeys(places))


def render(comparisons: Sequence[Comparison], most: int = 20) -> str:
    """Return the readable report; `most` differences of each comparison are written out."""
    parts = []
    for item in comparisons:
        times = f"{item.seconds:.1f} s, behave {item.baseline_seconds:.1f} s"
        count = len(item.differences)
        if not count:
            parts.append(f"{item.command.label}: equal ({times})")
            continue
        noun = "difference" if count == 1 else "differences"
        parts.append(f"{item.command.label}: {count} {noun} ({times})")
        if item.order_dependent:
            parts.append(
                "  order dependence: runs by feature are equal to plain behave, this one by"
                " scenario is not; these need earlier scenarios of their feature:"
            )
            parts += [f"    {where}" for where in leaning(item)]
        for difference in item.differences[:most]:
            parts.append(_render_difference(difference))
        if count > most:
            parts.append(f"  ... and {count - most} more")
    return "\n".join(parts) + "\n"


def _render_difference(difference: Difference) -> str:
    head = "  ".join(part for part in (difference.kind, difference.where, difference.what) if part)
    lines = [f"  {head}"]
    for label, text in (("behave", difference.baseline), ("here", difference.candidate)):
        lines += [f"    {label:>6} | {line}" for line in text.split("\n")]
    return "\n".join(lines)
