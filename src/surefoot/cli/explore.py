"""`surefoot explore`: searches the schedules of scenarios for one that fails; replays one.

A run like any other, with every selected scenario explored, and a report of its own.
"""

import os
import sys
from collections.abc import Sequence

from surefoot.cli.session import Session
from surefoot.config.helptext import wants_help
from surefoot.config.resolve import resolve
from surefoot.engine.loading import LoadRefusedError
from surefoot.errors import UserError
from surefoot.events.events import FindingReported, ScenarioFinished
from surefoot.exitcodes import ExitCode
from surefoot.worker.kit import as_text

_OWN = {
    "--schedules": "--explore-schedules",
    "--seed": "--explore-seed",
    "--policy": "--explore-policy",
    "--granularity": "--explore-granularity",
    "--package": "--explore-packages",
    "--replay": "--explore-replay",
}
"""Flags of this command, and the options of a run that they stand for."""

_HELP = """\
usage: surefoot explore PATH[:LINE] ... [options] [arguments of behave]

Runs each scenario again and again with its threads one at a time, each time in
another order, until one order fails; shows that order and how to replay it.

options:
  --schedules N       orders to try of each scenario (default: 200)
  --seed N            seed of the orders; without it another one each time
  --policy HOW        both (default), random or pct
  --granularity HOW   where threads are stopped: auto (default), sync, line, opcode
  --package NAME      stop threads only in this package; may be given more than once
  --replay WHAT       run one schedule: the token of a report, or the file that it names

Options of `surefoot run` are taken as well. `@explore`, `@explore:500` or
`@explore(schedules=500,seed=7)` on a scenario does the same in every run.

exit codes: 0 no schedule failed, 1 one failed, 2 usage, 4 not loaded, 5 nothing ran
"""
_ORDER = ("explored", "the switches that matter", "interleaving", "output of the schedule")


def main(argv: Sequence[str]) -> int:
    """Explore what `argv` selects; return the exit code."""
    if wants_help(argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED
    _fix_hash_seed(argv)
    arguments = _translated(argv)
    resolved = resolve([*arguments, "--progress=off", "--explore=all"], os.environ, os.getcwd())
    if resolved.settings.explore_replay is not None:
        from surefoot.worker.exploring import read_recipe

        _check_replay(read_recipe(resolved.settings.explore_replay))
    session = Session(resolved, ["surefoot", "explore", *argv])
    try:
        return _explore(session)
    finally:
        session.close()


def _fix_hash_seed(argv: Sequence[str]) -> None:
    """Begin again with fixed string hashes, so that a replay sees sets in the same order."""
    if os.environ.get("PYTHONHASHSEED"):
        return
    os.environ["PYTHONHASHSEED"] = "0"
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "surefoot", "explore", *argv]
    os.execv(sys.executable, command)  # noqa: S606  # it is ourselves


def _translated(argv: Sequence[str]) -> list[str]:
    arguments: list[str] = []
    for at, argument in enumerate(argv):
        if argument == "--":
            return [*arguments, *argv[at:]]
        flag, equals, value = argument.partition("=")
        arguments.append(_OWN.get(flag, flag) + equals + value)
    return arguments


def _check_replay(recipe: object) -> None:
    from surefoot.threads.schedule import Recipe, python_version

    assert isinstance(recipe, Recipe)
    if recipe.granularity in {"opcode", "breaker"} and recipe.python != python_version():
        raise UserError(
            f"--replay is a schedule of instructions of Python {recipe.python}, which this"
            f" Python {python_version()} does not have; replay it there, or search anew"
        )


def _explore(session: Session) -> int:
    try:
        loaded = session.load()
        session.check_selection(loaded.features)
    except LoadRefusedError as refused:
        text = str(refused)
        if text:
            stream = sys.stdout if refused.answered else sys.stderr
            stream.write(text if refused.answered else f"surefoot: {text}\n")
        return int(refused.exit_code)
    results, ended, journal = session.run(loaded, [])
    failed, exit_code = session.verdict(results, ended)
    session.finish(results, ended, failed, exit_code, ended.workers)
    session.settle_trees(keep=failed)
    shown = 0
    for event in journal.events():
        if isinstance(event, ScenarioFinished) and event.seconds:
            shown += _show(event)
        elif isinstance(event, FindingReported):
            sys.stdout.write(as_text(event.finding) + "\n")
    journal.close(compress=session.settings.journal is None)
    if not shown:
        sys.stdout.write("no scenario was run\n")
    return int(exit_code)


def _show(event: ScenarioFinished) -> int:
    """Print what came of a scenario; return 1 if it ran."""
    from surefoot.report.style import SafeWriter

    facts = event.facts
    explored = facts.get("explored", "")
    if not explored and event.outcome.value == "skipped":
        return 0
    writer = SafeWriter(sys.stdout)
    writer.write(f"{event.id}\n")
    for name in _ORDER:
        text = facts.get(name, "")
        if not text:
            continue
        if name != "explored":
            writer.write(f"\n  {name}:\n")
        writer.write("".join(f"  {line}\n" for line in text.splitlines()))
    if not explored:
        how = event.outcome.value.replace("_", " ")
        # A deadline, or a death, ends the search with the worker; the reason says how far it was.
        whole = " to the end" if event.reason else ""
        writer.write(f"  not explored{whole}; it {how}\n")
        if event.reason:
            writer.write(f"  {event.reason}\n")
    elif "replay" not in facts and event.outcome.value != "passed":
        writer.write(f"  the scenario itself {event.outcome.value}, in no special order\n")
    if "replay" in facts:
        writer.write("\n  replay it:\n")
        writer.write("".join(f"    {line}\n" for line in facts["replay"].splitlines()))
    writer.write("\n")
    writer.flush()
    return 1
