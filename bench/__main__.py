"""The command `python -m bench`: picks suites and contestants, runs them, writes the results.

Everything that it makes on the way is below `.cache`; only a whole run writes to `bench/`.
"""

import argparse
import datetime
import difflib
import importlib.util
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import psutil

from bench import generate
from bench.contestants import ALL, BY_KEY, PLAIN, Contestant
from bench.generate import Suite, all_pass, generated
from bench.measure import child_environment, race
from bench.report import (
    LARGE,
    LARGE_BASE,
    Machine,
    Results,
    Target,
    render,
    save,
    table_of,
    targets_of,
)
from bench.sources import BenchError, Venv, docx_suite, environment

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CACHE = os.path.join(_CHECKOUT, ".cache")
_ROUNDS = 3
_REGISTRY_LIMIT = 1800.0

_BY_FEATURE = (PLAIN, "behavex-2", "pool-2", "surefoot-1", "surefoot-2")
_BY_SCENARIO = ("behavex-2-scenario", "pool-2-scenario", "surefoot-2-scenario")
_COORDINATOR = ("surefoot-2",)


def suites() -> tuple[Suite, ...]:
    """Return all suites, in the order that they are run."""
    return (
        docx_suite(_CACHE, _BY_FEATURE),
        generated(
            "tiny",
            "1,000 scenarios that do nothing, in 100 features",
            lambda: generate.no_op(100, 10),
            all_pass(100, 1000),
            _BY_FEATURE,
        ),
        generated(
            "sleeping",
            "20 features of 5 scenarios that sleep 0.05 s",
            lambda: generate.sleeping(20, 5, 0.05),
            all_pass(20, 100),
            _BY_FEATURE,
        ),
        generated(
            "long",
            "one feature of 30 scenarios of 0.2 s after 10 features of one",
            lambda: generate.one_long(10, 30, 0.2),
            all_pass(11, 40),
            _BY_FEATURE + _BY_SCENARIO,
        ),
        generated(
            "definitions",
            "800 step modules of 12 definitions, used by 500 scenarios in 100 features",
            lambda: generate.definitions(800),
            all_pass(100, 500),
            _BY_FEATURE,
            max_rounds=1,
        ),
        generated(
            LARGE_BASE,
            "1,000 scenarios that do nothing, in 20 features of 50",
            lambda: generate.no_op(20, 50),
            all_pass(20, 1000),
            _COORDINATOR,
        ),
        generated(
            LARGE,
            "100,000 scenarios that do nothing, in 2,000 features of 50",
            lambda: generate.no_op(2000, 50),
            all_pass(2000, 100_000),
            _COORDINATOR,
            limit=1800.0,
            max_rounds=1,
        ),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bench. Returns 1 when a target that was measured is not met, 2 for bad usage."""
    options = _parser().parse_args(argv)
    known = suites()
    try:
        chosen = pick(options.only, [suite.name for suite in known], "suite")
        keys = pick(options.contestants, list(BY_KEY), "contestant")
        if options.list:
            print(listing(known))
            return 0
        results = measure_all(
            [suite for suite in known if suite.name in chosen],
            keys,
            options.rounds,
            "python -m bench " + " ".join(sys.argv[1:] if argv is None else argv),
        )
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    whole = not options.only and not options.contestants and options.rounds >= _ROUNDS
    folder = options.out or os.path.join(_CHECKOUT if whole else _CACHE, "bench")
    save(results, folder)
    print(render(results))
    print(f"written: {os.path.relpath(folder)}/RESULTS.md and results.json")
    return exit_code(results.targets)


def measure_all(chosen: Sequence[Suite], keys: Sequence[str], rounds: int, command: str) -> Results:
    """Measure the suites and the registry, and judge the targets."""
    entrants = [one for one in ALL if one.key in keys]
    with_surefoot = any(one.package == "surefoot" for one in entrants)
    machine = this_machine()
    venv = environment(_CACHE, _CHECKOUT, surefoot=with_surefoot)
    tables = []
    for suite in chosen:
        running: list[Contestant] = [one for one in entrants if one.key in suite.contestants]
        if running:
            work = os.path.join(_CACHE, "bench", "work")
            tables.append(
                table_of(race(suite, running, rounds, work=work, bin_dir=venv.bin_dir, say=say))
            )
    whole = len(chosen) == len(suites())
    registry = registry_figures(venv) if whole and with_surefoot else None
    return Results(
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=command.strip(),
        rounds=rounds,
        machine=machine,
        versions=venv.versions(),
        tables=tables,
        registry=registry,
        targets=targets_of(tables, registry),
    )


def registry_figures(venv: Venv) -> dict[str, Any] | None:
    """Return what `python -m bench.registry --json` says; None where it is not there or fails."""
    if importlib.util.find_spec("bench.registry") is None:
        return None
    say("registry: loading and matching")
    try:
        done = subprocess.run(
            [venv.python, "-m", "bench.registry", "--json"],
            cwd=_CHECKOUT,
            env=child_environment(dict(os.environ), venv.bin_dir),
            stdout=subprocess.PIPE,
            timeout=_REGISTRY_LIMIT,
            check=True,
        )
        figures: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        say(f"registry: not measured: {error}")
        return None
    return figures


def this_machine() -> Machine:
    """Return what the figures may depend on, and nothing that names the machine."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        python=platform.python_version(),
        system=platform.system(),
        load=round(os.getloadavg()[0], 2),
    )


def pick(asked: str, known: Sequence[str], kind: str) -> list[str]:
    """Return the names of a comma-separated list, all of them for an empty one.

    Raises BenchError for an unknown name.
    """
    names = [name for name in asked.split(",") if name]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BenchError(f"{kind} {name!r} is not known (known: {', '.join(known)}){hint}")
    return names or list(known)


def listing(known: Sequence[Suite]) -> str:
    """Return the suites and who runs on each."""
    return "\n".join(
        f"{suite.name}: {suite.about}\n    {', '.join(suite.contestants)}" for suite in known
    )


def exit_code(targets: Sequence[Target]) -> int:
    """Return 1 when a target was measured and not met."""
    return 1 if any(target.met is False for target in targets) else 0


def say(text: str) -> None:
    """Tell who watches; the results go to standard output."""
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure plain behave, behavex, behave-pool and surefoot in one run.",
        epilog="example: python -m bench --only docx,tiny --rounds 1",
    )
    parser.add_argument("--only", default="", metavar="SUITES", help="suites, comma-separated")
    parser.add_argument("--contestants", default="", help="contestants, comma-separated")
    parser.add_argument("--rounds", type=_positive, default=_ROUNDS, help="default %(default)s")
    parser.add_argument("--out", metavar="DIR", help="where to write the results")
    parser.add_argument("--list", action="store_true", help="list suites and contestants, and end")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} rounds measure nothing; give 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
