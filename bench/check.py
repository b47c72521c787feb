"""Measures `surefoot check` on a generated suite of the size of a large real one.

    python -m bench.check [--features 700] [--scenarios 15000] [--modules 800] [--samples 5]
                          [--write]

Times are those of whole commands, from the start of the interpreter to its end, taken in turn.
`cold` has no cache, `warm` an up-to-date one; `three files` is what pre-commit hands over after
a change of two features and a step module. ruff, which lints Python only and reads no feature,
stands beside it for scale. With --write the table goes to bench/RESULTS-check.md.
Like the rest of `bench`, this module imports nothing of surefoot; the measured commands do.
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from bench.generate import thing_of, write
from bench.measure import child_environment

RESULTS = os.path.join("bench", "RESULTS-check.md")
_DEFINITIONS = (
    ("given", 'a {thing} named "{{name}}" with {{count:d}} items'),
    ("given", "the {thing} service is running"),
    ("given", "{{count:d}} {thing} records of the kind {{kind:w}}"),
    ("given", "no {thing} exists"),
    ("when", "I open the {thing} {{name}}"),
    ("when", "the user saves the {thing} as {{name}} in {{place}}"),
    ("when", "the {thing} worker is asked {{count:d}} times"),
    ("when", "I delete the {thing}"),
    ("then", 'I see "{{text}}" in the {thing} list'),
    ("then", "the {thing} has {{count:d}} items"),
    ("then", "the {thing} state becomes {{state}}"),
    ("then", "nothing is left of the {thing}"),
)
_BODY = '''\
@{kind}({pattern!r})
def {kind}_{number}(context, **values):
    """What this step of the {thing} does."""
    service = context.services["{thing}"]
    wanted = {{key: _normalised(value) for key, value in values.items()}}
    for name, value in wanted.items():
        if value is None:
            raise ValueError(f"no value for {{name}} of {thing}")
        service.record(name, value, source="{kind}")
    try:
        context.result = service.call({number}, **wanted)
    except service.Failed as error:
        context.error = error
        context.result = None
    assert context.result is None or context.result.count >= 0, context.result
'''
_HEAD = """\
import json
from dataclasses import dataclass

from behave import given, then, when


@dataclass
class Expected:
    name: str
    count: int = 0


def _normalised(value):
    text = str(value).strip()
    return json.loads(text) if text.isdigit() else text or None
"""


class Size(msgspec.Struct, frozen=True):
    """How large the generated suite is."""

    features: int
    scenarios: int
    modules: int


class Timing(msgspec.Struct, frozen=True):
    """One measured command: its times in seconds."""

    name: str
    seconds: list[float]
    busy: list[float]
    """Processor time, user and system, of the command and its children."""

    @property
    def median(self) -> float:
        """The median of the samples."""
        return statistics.median(self.seconds)


def suite(size: Size) -> Iterator[tuple[str, str]]:
    """Yield the files of the suite; every step in it is defined, and nothing is wrong."""
    for module in range(size.modules):
        yield f"features/steps/{thing_of(module)}_steps.py", _module(thing_of(module))
    for number in range(size.features):
        first = size.scenarios * number // size.features
        last = size.scenarios * (number + 1) // size.features
        yield (
            f"features/area_{number % 20:02}/part_{number:03}.feature",
            _feature(number, range(first, last), size.modules),
        )


def _module(thing: str) -> str:
    parts = [_HEAD]
    for number, (kind, pattern) in enumerate(_DEFINITIONS):
        text = pattern.format(thing=thing)
        parts.append(_BODY.format(kind=kind, pattern=text, number=number, thing=thing))
    return "\n\n".join(parts)


def _feature(number: int, cases: Sequence[int], modules: int) -> str:
    lines = [f"@area_{number % 20:02}", f"Feature: part {number}", "", "  Background:"]
    lines += [f"    Given the {thing_of(number % modules)} service is running"]
    for case in cases:
        thing = thing_of(case * 37 % modules)
        if case % 10 == 9:
            lines += ["", f"  Scenario Outline: case {case} of <kind>"]
            lines += [f"    Given <count> {thing} records of the kind <kind>"]
            lines += [f"    When I delete the {thing}"]
            lines += [f"    Then nothing is left of the {thing}", "    Examples:"]
            lines += ["      | kind | count |", "      | one  | 1     |", "      | two  | 22    |"]
            continue
        lines += ["", "  @smoke" if case % 7 == 0 else "", f"  Scenario: case {case}"]
        lines += [f'    Given a {thing} named "first {case}" with {case} items']
        lines += [f"    And {case % 9} {thing} records of the kind plain"]
        lines += [f"    When the user saves the {thing} as draft in folder {case % 50}"]
        lines += [f'    Then I see "paid" in the {thing} list', "      | id | name |"]
        lines += [f"      | {case} | first |", f"    And the {thing} state becomes saved"]
    return "\n".join(lines) + "\n"


def measure(root: str, samples: int, size: Size) -> list[Timing]:
    """Return the times of all contestants on the suite at `root`."""
    # Installed packages have their bytecode: a shell that forbids writing it is no user's.
    env = child_environment(dict(os.environ), os.path.dirname(sys.executable))
    check = [sys.executable, "-m", "surefoot", "check"]
    ruff = [os.path.join(os.path.dirname(sys.executable), "ruff"), "check", "-q", "--isolated"]
    changed = [
        f"features/steps/{thing_of(size.modules // 2)}_steps.py",
        "features/area_01/part_001.feature",
        "features/area_02/part_002.feature",
    ]

    def no_cache() -> None:
        shutil.rmtree(os.path.join(root, ".surefoot"), ignore_errors=True)

    def with_cache() -> None:
        subprocess.run(check, cwd=root, check=True, stdout=subprocess.DEVNULL, env=env)

    def edited() -> None:
        for name in changed:
            with open(os.path.join(root, name), "a", encoding="utf-8") as file:
                file.write("\n")

    contestants: tuple[tuple[str, list[str], Callable[[], None]], ...] = (
        ("surefoot check, cold", check, no_cache),
        ("surefoot check, warm", check, with_cache),
        ("surefoot check, three files, warm", [*check, *changed], edited),
        ("ruff check, no cache", [*ruff, "--no-cache", "features"], lambda: None),
        ("ruff check, three files", [*ruff, "--no-cache", changed[0]], lambda: None),
        ("an empty interpreter", [sys.executable, "-c", ""], lambda: None),
    )
    # A file that has just been written is not yet at rest, and is then read again.
    with_cache()
    times: dict[str, list[float]] = {name: [] for name, _, _ in contestants}
    busy: dict[str, list[float]] = {name: [] for name, _, _ in contestants}
    for _ in range(samples):
        for name, command, before in contestants:
            before()
            used, start = _processor_time(), time.perf_counter()
            done = subprocess.run(
                command, cwd=root, capture_output=True, text=True, check=False, env=env
            )
            times[name].append(time.perf_counter() - start)
            busy[name].append(_processor_time() - used)
            if done.returncode != 0 or (command[:3] == check[:3] and done.stdout):
                raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stdout[:2000]}")
    return [Timing(name, values, busy[name]) for name, values in times.items()]


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(timings: Sequence[Timing], size: Size) -> str:
    """Return the results as Markdown."""
    samples = len(timings[0].seconds)
    lines = [
        "# surefoot check: figures",
        "",
        "Written by `python -m bench.check --write`: one run, whole commands, taken in turn.",
        "",
        f"{size.features} features with {size.scenarios:,} scenarios, {size.modules} step modules"
        f" with {size.modules * len(_DEFINITIONS):,} definitions; {os.cpu_count()} processors,"
        f" Python {platform.python_version()}; n = {samples};"
        f" load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "| command | median s | least s | most s | median processor s |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {item.name} | {item.median:.3f} | {min(item.seconds):.3f} | {max(item.seconds):.3f}"
        f" | {statistics.median(item.busy):.3f} |"
        for item in timings
    ]
    lines += [
        "",
        "Processor seconds are those of the command and its children. Where the load average is"
        " above the number of processors, times on the wall are those of a machine that was"
        " shared, and say little. ruff lints Python only: it reads no feature, matches no step.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description="measure surefoot check")
    parser.add_argument("--features", type=int, default=700)
    parser.add_argument("--scenarios", type=int, default=15000)
    parser.add_argument("--modules", type=int, default=800)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS}")
    parser.add_argument("--keep", metavar="DIR", help="generate there, and keep it")
    options = parser.parse_args()
    size = Size(options.features, options.scenarios, options.modules)
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        root = options.keep or folder
        write(suite(size), root)
        text = table(measure(root, options.samples, size), size)
    sys.stdout.write(text)
    if options.write:
        with open(RESULTS, "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
