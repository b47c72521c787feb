"""Which tools stand around scenarios, by the settings; and the same under plain behave."""

import os
import sys
from textwrap import indent
from typing import Any

from behave import step_registry
from behave.model import Scenario

from surefoot.config.settings import Settings
from surefoot.model.findings import Finding
from surefoot.modelled.namespaces import know_hooks
from surefoot.worker import thread_tools
from surefoot.worker.around import Around, Attempt, run_around
from surefoot.worker.exploring import Explore
from surefoot.worker.scenario_directory import ScenarioDirectory
from surefoot.worker.time_tools import AroundTime, SleepWatch, at_load


def arounds(settings: Settings) -> list[Around]:
    """Return the tools that the settings ask for, the outermost first.

    A tool that has nothing to do for a suite is left out, so that it costs nothing.
    """
    tools: list[Around] = [ScenarioDirectory(own_tmp=settings.tmpdir == "scenario")]
    if settings.leaks != "off":
        from surefoot.worker.leak_check import LeakCheck

        tools.append(LeakCheck(settings.leaks_allow, fail=settings.leaks == "fail"))
    if settings.explore != "off":
        # Outside of what a schedule needs, inside of what looks at this process alone.
        tools.append(Explore(settings))
    if settings.seeds == "scenario":
        from surefoot.worker.scenario_seeds import ScenarioSeeds

        tools.append(ScenarioSeeds())
    if settings.guards or thread_tools.guards_in_use():
        tools.append(thread_tools.GuardWatch())
    if settings.sleep_watch:
        tools.append(SleepWatch())
    if settings.virtual_time != "off":
        tools.append(AroundTime(settings.virtual_time, settings.virtual_time_apart))
    return tools


def enable(context: Any) -> None:
    """Put the stability kit around the scenarios of plain behave; for `before_all`.

    Reads the same settings as `surefoot run`, from files and the environment. In a worker of
    surefoot, where the kit is there already, it does nothing. Findings are printed to standard
    error, each once. Raises UserError for settings that are wrong.
    """
    if "SUREFOOT_WORKER" in os.environ or getattr(Scenario.run, "surefoot", False):
        return
    from surefoot.config.resolve import resolve
    from surefoot.policy.expected import policy_of
    from surefoot.worker.judging import invert, judge_scenario, outcome_of

    resolved = resolve([], os.environ, os.getcwd())
    settings = resolved.settings
    policy = policy_of(settings, resolved.tables, os.getcwd())
    if settings.guards:
        from surefoot.threads.declared import put_up

        put_up(settings.guards)
    tools = arounds(settings)
    if policy is not None and context.config.dry_run:
        policy = None
    if not tools and policy is None:
        return
    seed = settings.seed if settings.seed is not None else int.from_bytes(os.urandom(4), "big")
    original = Scenario.run
    found: set[tuple[str, str, int, str]] = set()
    know_hooks(context._runner)
    if settings.sleep_watch:
        for finding in at_load(context._runner, step_registry.registry):
            found.add(finding.key)
            sys.stderr.write(as_text(finding))

    def run(scenario: Scenario, runner: Any) -> bool:
        identity = f"{scenario.filename} :: {scenario.name}"
        attempt = Attempt(
            scenario,
            identity=identity,
            seed=seed,
            selected=bool(scenario.should_run(runner.config)),
            held=runner.context._stack,
        )
        failed = run_around(tools, attempt, original, runner)
        for finding in attempt.findings:
            if finding.key not in found:
                found.add(finding.key)
                sys.stderr.write(as_text(finding))
        if policy is not None:
            judgement = judge_scenario(
                scenario,
                outcome_of(scenario),
                policy,
                check=attempt.failure,
                aborted=bool(runner.aborted),
            )
            if judgement is not None:
                failed = invert(scenario, judgement)
                sys.stderr.write(f"surefoot: {scenario.location}: {judgement.text}\n")
        if failed:
            for name, value in attempt.facts.items():
                shown = f"\n{indent(value, '    ')}" if "\n" in value else f" {value}"
                sys.stderr.write(f"surefoot: {name}:{shown}\n")
        return failed

    run.surefoot = True  # type: ignore[attr-defined]
    Scenario.run = run


def as_text(finding: Finding) -> str:
    """Return a finding as lines for a terminal."""
    lines = [" ".join(filter(None, ("surefoot:", finding.rule, finding.place, finding.message)))]
    lines += [f"    {line}" for line in finding.evidence]
    if finding.remedy:
        lines.append(f"  remedy: {finding.remedy}")
    return "\n".join(lines) + "\n"
