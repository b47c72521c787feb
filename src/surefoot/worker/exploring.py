"""The tool that explores the schedules of a scenario's threads before the scenario runs.

The search happens in processes of its own; in this one the scenario then runs once, as it would
without the tag. Where a schedule failed, the scenario fails, and its facts hold the story.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from surefoot.config.settings import Settings
from surefoot.errors import UserError
from surefoot.model.findings import Finding
from surefoot.worker import native
from surefoot.worker.around import Attempt, Proceed

LIMIT = 30.0
"""Seconds that one schedule may take before it is given up."""


def check_asked(tags: Iterable[str], packages: tuple[str, ...]) -> None:
    """Raise UserError for a tag `@explore...`, or a package, that nothing can be done with."""
    from surefoot.threads.asked import by_tags
    from surefoot.threads.search import Options, is_wanted

    is_wanted(packages, "")
    for tag in tags:
        options = by_tags([tag], Options())
        if options is not None:
            is_wanted(options.packages, "")


class Explore:
    """Explores the scenarios that ask for it; costs the others one look at their tags."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        """Search, tell what was found, and run the scenario."""
        everything = self._settings.explore == "all"
        if not attempt.selected or not (
            everything or any(tag.startswith("explore") for tag in attempt.tags)
        ):
            return proceed()
        from surefoot.threads.asked import by_tags
        from surefoot.threads.search import Options

        settings = self._settings
        usual = Options(
            schedules=settings.explore_schedules,
            seed=attempt.seed if settings.explore_seed is None else settings.explore_seed,
            policy=settings.explore_policy,
            granularity=settings.explore_granularity,
            packages=settings.explore_packages,
        )
        try:
            options = by_tags(attempt.tags, usual)
            if everything:
                # The command says how; the tag only says how for a run.
                options = usual
            if options is None:
                return proceed()
            return self._explore(attempt, proceed, options)
        except UserError as error:
            attempt.fail(str(error))
            return proceed()

    def _explore(self, attempt: Attempt, proceed: Proceed, options: Any) -> bool:
        others = [
            item.name for item in threading.enumerate() if item is not threading.main_thread()
        ]
        if others:
            attempt.report(
                Finding(
                    "SF310",
                    f"the scenario was not explored: {', '.join(others)} would not survive the"
                    " forks that it takes",
                    file=attempt.scenario.filename,
                    line=attempt.scenario.line,
                    scenario=attempt.id,
                    remedy="start threads in the scenario and end them there, not in before_all",
                )
            )
            return proceed()
        report, wall = _search(attempt, proceed, options, self._settings.explore_replay)
        if report is None:
            attempt.report(
                Finding(
                    "SF311",
                    "the scenario was not explored: the process that was to do it died",
                    scenario=attempt.id,
                    remedy="its output is in the attempt's",
                )
            )
            return proceed()
        _tell(attempt, report, options, wall)
        return proceed()


def _search(
    attempt: Attempt, proceed: Proceed, options: Any, replay_of: str | None
) -> tuple[Any, int]:
    """Run the search in a process of its own; return its report and the time that it went by."""
    from surefoot.modelled import real
    from surefoot.threads import adopted, forked, schedule, search

    recipe = None
    if replay_of is not None:
        recipe = read_recipe(replay_of)
        options = msgspec.structs.replace(options, seed=recipe.seed, packages=recipe.packages)
    wall = recipe.wall if recipe else real.time_ns()
    wanted = search.is_wanted(options.packages, os.getcwd())
    projects = search.is_wanted((), os.getcwd())

    def known(path: str) -> bool:
        # A lock of untraced code may be held while it calls what is traced.
        return wanted(path) or projects(path)

    def work() -> bytes:
        runner = forked.Runner(
            _body(attempt, proceed),
            wanted,
            seed=options.seed,
            wall=wall,
            limit=LIMIT,
            place=_Place(),
            adopt=lambda: adopted.adopt(adopted.namespaces(known), attempt.held),
        )
        with contextlib.closing(runner):
            run = _counted(runner.run, attempt)
            if recipe is not None:
                trial = schedule.Trial(
                    recipe.granularity, "replay", recipe.seed, decisions=recipe.decisions
                )
                return msgspec.msgpack.encode(search.replay(run, trial, options))
            return msgspec.msgpack.encode(search.search(run, options))

    answer = forked.in_fork(work, native.die_with_parent)
    attempt.on_schedule(-1)
    return (msgspec.msgpack.decode(answer, type=search.Report) if answer else None), wall


def _counted(run: Callable[[Any], Any], attempt: Attempt) -> Callable[[Any], Any]:
    """Return `run` that tells how often it was called: a deadline may end the search."""
    count = 0
    attempt.on_schedule(count)

    def counted(trial: Any) -> Any:
        nonlocal count
        result = run(trial)
        count += 1
        attempt.on_schedule(count)
        return result

    return counted


def read_recipe(text: str) -> Any:
    """Return the recipe of a token, or of the file of that name. Raises UserError."""
    from surefoot.threads import schedule

    if os.path.exists(text):
        try:
            with open(text, encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            raise UserError(f"--replay {text} cannot be read: {error}") from None
    return schedule.read_recipe(text)


class _Place:
    """Where a schedule keeps its files: a directory of its own, beside those of scenarios."""

    def make(self) -> str:
        """Make it; empty where that is not possible."""
        from surefoot.isolation import directories

        try:
            return directories.of_this_process().make_scenario()
        except OSError:
            return ""

    def enter(self, path: str) -> None:
        """Let everything of the scenario go there."""
        from surefoot.isolation import directories

        if path:
            os.environ[directories.SCENARIO_DIR] = path
            directories.point_scenario_to(path)

    def remove(self, path: str) -> None:
        """Remove it with all that the schedule left there."""
        from surefoot.isolation import directories

        if path:
            directories.remove(path)


def _body(attempt: Attempt, proceed: Proceed) -> Any:
    """Return what a child does: run the scenario once, and say how it failed."""
    from surefoot.isolation import directories, scope
    from surefoot.threads.schedule import Failure

    def body() -> tuple[Failure | None, list[msgspec.Raw]]:
        scope.open_scenario(
            scope.Scenario(attempt.id, os.environ.get(directories.SCENARIO_DIR, ""))
        )
        try:
            failed = proceed()
        finally:
            # Not as failed: nobody will look at what one schedule of many has left.
            scope.close_scenario(failed=False)
        failure = None
        if failed:
            failure = _failure_of(attempt.scenario)
        elif attempt.failure:
            head, _, detail = attempt.failure.partition("\n")
            failure = Failure("guard", head, detail)
        encode = msgspec.msgpack.encode
        found = [item for item in attempt.findings if item.rule.startswith("SF30")]
        return failure, [msgspec.Raw(encode(finding)) for finding in found]

    return body


def _failure_of(scenario: Any) -> Any:
    """Return how a scenario failed: its first failing step, with the end of its message."""
    from surefoot.threads.schedule import Failure

    for step in scenario.all_steps:
        if step.status.has_failed():
            message = (step.error_message or "").strip()
            text = _last_line(message) or f"the step is {step.status.name}"
            where = f"{step.keyword} {step.name}  ({step.location})"
            return Failure("step", text, f"{where}\n{message}".rstrip())
    message = (getattr(scenario, "error_message", "") or "").strip()
    return Failure("step", _last_line(message) or "the scenario failed in a hook", message)


def _last_line(message: str) -> str:
    # behave prefixes failed assertions; a traceback ends with the exception.
    lines = [line for line in message.splitlines() if line.strip()]
    if message.startswith("ASSERT FAILED") and lines:
        return lines[0].replace("ASSERT FAILED", "AssertionError", 1)
    return lines[-1].strip() if lines else ""


def _tell(attempt: Attempt, report: Any, options: Any, wall: int) -> None:
    """Put what was found into the attempt's facts and findings; fail the attempt if it failed."""
    from surefoot.threads import schedule, story

    for raw in report.findings:
        attempt.report(msgspec.msgpack.decode(raw, type=Finding))
    result = report.result
    if result is None or result.failure is None:
        attempt.fact("explored", story.summary(report)[0])
        return
    recipe = schedule.Recipe(
        scenario=attempt.id,
        granularity=report.granularity,
        decisions=result.decisions,
        packages=options.packages,
        seed=report.seed,
        wall=wall,
        python=schedule.python_version(),
        failure=result.failure.text,
    )
    place = f"{attempt.scenario.filename}:{attempt.scenario.line}"
    command = f"surefoot explore {place} --replay {recipe.token()}"
    kept = _keep(attempt, recipe)
    attempt.fact("explored", "\n".join([*story.summary(report), *story.how_sure(report)]))
    if result.decisions and not report.plain:
        attempt.fact("the switches that matter", "\n".join(story.switches(result)))
    attempt.fact("interleaving", "\n".join(story.columns(result)))
    attempt.fact("replay", command + (f"\n(or --replay {kept})" if kept else ""))
    if result.output.strip():
        attempt.fact("output of the schedule", result.output.strip())
    attempt.fail(
        f"{story.summary(report)[0]}\n"
        f"The scenario itself passes; the threads' order above makes it fail."
        f"\nreplay: {command}"
    )


def _keep(attempt: Attempt, recipe: Any) -> str:
    """Write the recipe into the run's directory; return its path, empty where there is none."""
    if not attempt.run_dir:
        return ""
    directory = os.path.join(attempt.run_dir, "explore")
    name = "".join(char if char.isalnum() else "-" for char in attempt.id)[-80:].strip("-")
    path = os.path.join(directory, f"{name}-{attempt.number}.json")
    try:
        os.makedirs(directory, exist_ok=True)
        with open(path, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(recipe)) + b"\n")
    except OSError:
        return ""
    return os.path.relpath(path)
