"""The generated suites: which files they have, and what plain behave must say of them.

Pure: the same call gives the same files. Writing them is the last function's only business.
"""

import os
from collections.abc import Callable, Iterable, Iterator

import msgspec

from bench.contestants import Answer, Counts

Files = Iterable[tuple[str, str]]
"""Path relative to the suite's root, and text."""

DEFAULT_LIMIT = 180.0

# Some definitions of a module share their first words with those of all other modules, some do
# not: step registries that index by first words may not be flattered.
_GIVEN = (
    "a {thing} with {{count:d}} items",
    'the user has a {thing} named "{{name}}"',
    "{thing} is empty",
    "no {thing} exists",
)
_WHEN = (
    "I open the {thing}",
    "the user adds {{count:d}} items to the {thing}",
    '{thing} is saved as "{{name}}"',
    "I delete {thing} number {{index:d}}",
)
_THEN = (
    "the {thing} has {{count:d}} items",
    'I see "{{text}}" in the {thing}',
    "{thing} shows {{count:d}} rows",
    "no {thing} is left",
)
_PATTERNS = {"given": _GIVEN, "when": _WHEN, "then": _THEN}
_THINGS = ("account", "basket", "coupon", "document", "invoice", "letter", "order", "price", "role")

_NOTHING = """\
from behave import step


@step("nothing happens")
def nothing_happens(context):
    pass
"""

_WAITING = """\
import time

from behave import step


@step("{seconds:g} seconds pass")
def seconds_pass(context, seconds):
    time.sleep(seconds)
"""


class Suite(msgspec.Struct, frozen=True):
    """Something to run, and how."""

    name: str
    about: str
    lay_out: Callable[[str], None]
    """Writes the suite's tree below the directory given, which exists and is empty."""
    contestants: tuple[str, ...]
    expected: Answer | None = None
    """What plain behave says of it, where that is known without asking it."""
    limit: float = DEFAULT_LIMIT
    """Seconds after which a run is ended."""
    max_rounds: int | None = None
    often: int = 1
    """How many rounds for one of the others."""


def no_op(features: int, scenarios: int) -> Iterator[tuple[str, str]]:
    """Yield a suite of scenarios whose three steps do nothing."""
    yield "features/steps/nothing.py", _NOTHING
    steps = ["Given nothing happens", "When nothing happens", "Then nothing happens"]
    for number in range(features):
        yield (
            f"features/part_{number:04}.feature",
            _feature(f"part {number}", [(f"case {case}", steps) for case in range(scenarios)]),
        )


def sleeping(features: int, scenarios: int, seconds: float) -> Iterator[tuple[str, str]]:
    """Yield a suite of scenarios that sleep for `seconds` each."""
    yield "features/steps/waiting.py", _WAITING
    for number in range(features):
        yield f"features/part_{number:02}.feature", _waits(f"part {number}", scenarios, seconds)


def one_long(short: int, scenarios: int, seconds: float) -> Iterator[tuple[str, str]]:
    """Yield `short` features of one sleeping scenario, and one of many.

    The long one comes last in the suite's order, so that who starts it in turn pays for that.
    """
    yield "features/steps/waiting.py", _WAITING
    for number in range(short):
        yield f"features/short_{number:02}.feature", _waits(f"short {number}", 1, seconds)
    yield "features/the_long_one.feature", _waits("the long one", scenarios, seconds)


def definitions(modules: int, features: int = 100, scenarios: int = 5) -> Iterator[tuple[str, str]]:
    """Yield `modules` step modules of twelve definitions, and features that use some of each."""
    for module in range(modules):
        yield f"features/steps/steps_{module:03}.py", _step_module(thing_of(module))
    for number in range(features):
        # A stride over the modules, so that a feature uses definitions from everywhere.
        cases = [
            (f"case {case}", _steps_of((number * scenarios + case) * 37 % modules, case))
            for case in range(scenarios)
        ]
        yield f"features/part_{number:03}.feature", _feature(f"part {number}", cases)


def thing_of(module: int) -> str:
    """Return the word that only this module's definitions have."""
    return f"{_THINGS[module % len(_THINGS)]}{module:03}"


def all_pass(features: int, scenarios: int) -> Answer:
    """Return the answer of a suite where nothing fails."""
    return Answer(0, Counts(features, 0, 0), Counts(scenarios, 0, 0))


def write(files: Files, root: str) -> None:
    """Write the files below `root`."""
    made: set[str] = set()
    for path, text in files:
        target = os.path.join(root, path)
        folder = os.path.dirname(target)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)


def generated(
    name: str,
    about: str,
    files: Callable[[], Files],
    expected: Answer,
    contestants: tuple[str, ...],
    *,
    limit: float = DEFAULT_LIMIT,
    max_rounds: int | None = None,
) -> Suite:
    """Return a suite that is written from what `files` yields."""
    return Suite(
        name,
        about,
        lambda root: write(files(), root),
        contestants,
        expected,
        limit,
        max_rounds,
    )


def _feature(name: str, cases: Iterable[tuple[str, list[str]]]) -> str:
    lines = [f"Feature: {name}"]
    for case, steps in cases:
        lines += ["", f"  Scenario: {case}"]
        lines += [f"    {step}" for step in steps]
    return "\n".join(lines) + "\n"


def _waits(name: str, scenarios: int, seconds: float) -> str:
    step = f"When {seconds:g} seconds pass"
    return _feature(name, [(f"case {case}", [step]) for case in range(scenarios)])


def _step_module(thing: str) -> str:
    lines = ["from behave import given, then, when", ""]
    for kind, patterns in _PATTERNS.items():
        for number, pattern in enumerate(patterns):
            lines += [
                "",
                f"@{kind}({pattern.format(thing=thing)!r})",
                f"def {kind}_{number}(context, **values):",
                "    pass",
                "",
            ]
    return "\n".join(lines)


def _steps_of(module: int, choice: int) -> list[str]:
    thing = thing_of(module)
    return [
        f"{kind.title()} {_filled(patterns[choice % len(patterns)], thing)}"
        for kind, patterns in _PATTERNS.items()
    ]


def _filled(pattern: str, thing: str) -> str:
    text = pattern.format(thing=thing)
    for field, value in (
        ("{count:d}", "3"),
        ("{index:d}", "2"),
        ("{name}", "first"),
        ("{text}", "paid"),
    ):
        text = text.replace(field, value)
    return text
