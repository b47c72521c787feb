"""Compares behave's step registry with the indexed one: loading step modules, matching steps.

    python -m bench.registry [--modules 800] [--definitions 12] [--samples 3] [--json]

Each sample is a process of its own, and the two take turns. It imports behave, then takes the
time from an empty registry until all modules are executed, and the time to match steps: once
each for the first time (`cold`: ours compiles a pattern then), and once more (`warm`).
Like the rest of `bench`, this module imports nothing of surefoot; the measured processes do.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import msgspec

REGISTRIES = ("plain", "indexed")
_SIZES = (16, 4, 1)
"""Matching is measured with a sixteenth, a quarter and all of the modules."""
_STEPS = 300
_LIMIT = 1800.0

_PROGRAM = """
import json, sys, time
from types import SimpleNamespace
import behave.runner
from behave.runner_util import load_step_modules, reset_runtime

which, steps_directory, texts = sys.argv[1:]
if which == "plain":
    reset_runtime()
    registry = behave.runner.the_step_registry
else:
    from surefoot.suite.registry import install
    registry = install()
steps = []
with open(texts, encoding="utf-8") as file:
    for step_type, name, expected in json.load(file):
        steps.append((SimpleNamespace(step_type=step_type, name=name), expected))

start = time.perf_counter()
load_step_modules([steps_directory])
load = time.perf_counter() - start

rounds = []
for _ in range(2):
    start = time.perf_counter()
    matches = [registry.find_match(step) for step, _ in steps]
    rounds.append((time.perf_counter() - start) / len(steps))
for match, (step, expected) in zip(matches, steps):
    found = match.func.__name__ if match is not None else None
    if found != expected:
        sys.exit(f"{which}: {step.name!r} is {found}, not {expected}")
print(json.dumps({
    "definitions": sum(len(found) for found in registry.steps.values()),
    "load": load, "cold": rounds[0], "warm": rounds[1],
}))
"""

# One definition each: step type, matcher, pattern, a text that it matches. `{m}` is the module.
_TEMPLATES = (
    (
        "given",
        "parse",
        "the area{m} has a customer named {name}",
        "the area{m} has a customer named Ann",
    ),
    (
        "given",
        "parse",
        "the area{m} stock of {item:w} is {count:d}",
        "the area{m} stock of nuts is 7",
    ),
    ("given", "parse", "a signed in user of area{m}", "a signed in user of area{m}"),
    ("given", "parse", '{who} opens "{page}" of area{m}', 'Ann opens "home" of area{m}'),
    (
        "when",
        "parse",
        "I add {count:d} pieces to the cart of area{m}",
        "I add 3 pieces to the cart of area{m}",
    ),
    (
        "when",
        "parse",
        "I press the button {label} in panel {panel:d} of area{m}",
        "I press the button OK in panel 2 of area{m}",
    ),
    (
        "when",
        "parse",
        "the job of area{m} runs for {time:g} seconds",
        "the job of area{m} runs for 1.5 seconds",
    ),
    (
        "when",
        "re",
        r"I remove (?P<count>\d+) (?:piece|pieces) from area{m}",
        "I remove 3 pieces from area{m}",
    ),
    (
        "then",
        "parse",
        "the total of area{m} is {total:f} {currency}",
        "the total of area{m} is 9.50 EUR",
    ),
    ("then", "parse", "area{m} shows {count:d} rows", "area{m} shows 12 rows"),
    (
        "then",
        "parse",
        "I see the message {text} in area{m}",
        "I see the message all is well in area{m}",
    ),
    ("then", "re", r"the area{m} (is|is not) (?P<state>open|closed)", "the area{m} is not closed"),
)


class Sample(msgspec.Struct, frozen=True):
    """What one process measured, in seconds; matching is for one step, on average."""

    definitions: int
    load: float
    cold: float
    warm: float


class Size(msgspec.Struct, frozen=True):
    """All samples with one number of definitions, by registry, in the order of the rounds."""

    definitions: int
    samples: dict[str, list[Sample]]

    def median(self, registry: str, field: str) -> float:
        """Return the median over the samples, in seconds."""
        return float(statistics.median(getattr(one, field) for one in self.samples[registry]))

    def ratio(self, field: str) -> float:
        """Return how many times longer behave's registry takes."""
        return self.median("plain", field) / self.median("indexed", field)


def module_source(module: int, definitions: int) -> str:
    """Return the text of a step module with this many definitions."""
    lines = ["from behave import given, then, use_step_matcher, when", ""]
    for number in range(definitions):
        step_type, matcher, pattern, _ = _template(module, number)
        lines += [
            "",
            f"use_step_matcher({matcher!r})",
            "",
            "",
            f"@{step_type}({pattern!r})",
            f"def {_function(module, number)}(context, *args, **kwargs):",
            "    pass",
            "",
        ]
    return "\n".join(lines)


def _template(module: int, number: int) -> tuple[str, str, str, str]:
    turn, place = divmod(number, len(_TEMPLATES))
    step_type, matcher, pattern, text = _TEMPLATES[place]
    name = f"{module}part{turn}" if turn else str(module)
    return step_type, matcher, pattern.replace("{m}", name), text.replace("{m}", name)


def _function(module: int, number: int) -> str:
    return f"step_{module}_{number}"


def lay_out(directory: str, modules: int, definitions: int) -> tuple[str, str]:
    """Write step modules, and steps that they match; return both paths."""
    steps = os.path.join(directory, f"steps{modules}")
    os.mkdir(steps)
    for module in range(modules):
        name = os.path.join(steps, f"module{module:04d}.py")
        with open(name, "w", encoding="utf-8") as file:
            file.write(module_source(module, definitions))
    chosen = random.Random(modules)
    texts: list[tuple[str, str, str | None]] = []
    for _ in range(_STEPS):
        module, number = chosen.randrange(modules), chosen.randrange(definitions)
        step_type, _, _, text = _template(module, number)
        texts.append((step_type, text, _function(module, number)))
    # One in thirty is of no definition.
    texts += [("given", f"the area{index} has no owner", None) for index in range(_STEPS // 30)]
    listed = os.path.join(directory, f"texts{modules}.json")
    with open(listed, "w", encoding="utf-8") as file:
        json.dump(texts, file)
    return steps, listed


def take_sample(registry: str, directory: str, steps: str, texts: str) -> Sample:
    """Measure in a new process. Raises RuntimeError if that fails or a step is matched wrongly."""
    # Without byte code: neither registry may profit from the other's.
    done = subprocess.run(
        [sys.executable, "-B", "-c", _PROGRAM, registry, steps, texts],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{registry}: {done.stderr or done.stdout}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Sample)


def measure(modules: int, definitions: int, samples: int) -> list[Size]:
    """Measure with a growing number of modules."""
    sizes = []
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as directory:
        for count in sorted({max(1, modules // part) for part in _SIZES}):
            steps, texts = lay_out(directory, count, definitions)
            taken: dict[str, list[Sample]] = {registry: [] for registry in REGISTRIES}
            for _ in range(samples):
                for registry in REGISTRIES:
                    taken[registry].append(take_sample(registry, directory, steps, texts))
            sizes.append(Size(count * definitions, taken))
    return sizes


def report(sizes: list[Size]) -> str:
    """Return the table: medians, and how many times longer behave's registry takes."""
    samples = len(sizes[0].samples["plain"])
    lines = [f"median of {samples} sample{'s' if samples > 1 else ''} each"]
    for title, field, unit, factor in (
        ("load", "load", "s", 1.0),
        ("match, first time", "cold", "µs/step", 1e6),
        ("match, again", "warm", "µs/step", 1e6),
    ):
        lines += ["", f"{title:18} {'plain':>12} {'indexed':>12} {'ratio':>8}   {unit}"]
        for size in sizes:
            plain, indexed = (size.median(registry, field) * factor for registry in REGISTRIES)
            lines.append(
                f"{size.definitions:>6,} definitions {plain:12.2f} {indexed:12.2f}"
                f" {size.ratio(field):8.1f}"
            )
    return "\n".join(lines)


def as_json(sizes: Sequence[Size]) -> dict[str, Any]:
    """Return the figures that `python -m bench` judges, and the medians, in seconds.

    `load_ratio` is the indexed registry's time by behave's for loading the most definitions,
    `match_growth` its time a match among the most by that among the fewest.
    """
    fields = ("load", "cold", "warm")
    fewest, most = sizes[0], sizes[-1]
    return {
        "rounds": len(most.samples["indexed"]),
        "load_ratio": 1 / most.ratio("load"),
        "match_growth": most.median("indexed", "warm") / fewest.median("indexed", "warm"),
        "definitions": {
            str(size.definitions): {
                registry: {field: size.median(registry, field) for field in fields}
                for registry in REGISTRIES
            }
            for size in sizes
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.registry", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--modules", type=_positive, default=800)
    parser.add_argument("--definitions", type=_positive, default=12, help="of each module")
    parser.add_argument("--samples", type=_positive, default=3, help="of each registry")
    parser.add_argument("--json", action="store_true", help="for programs, in seconds")
    options = parser.parse_args(arguments)
    sizes = measure(options.modules, options.definitions, options.samples)
    print(json.dumps(as_json(sizes), indent=2) if options.json else report(sizes))
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
