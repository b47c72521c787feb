"""What `surefoot check` is asked, from settings; and the same as the preflight of a run.

The preflight reads files beside the load, in the coordinator: like all of it, it imports and
runs nothing of the suite.
"""

import datetime
import os
from collections.abc import Sequence

from surefoot.config.behave_options import TAKES_VALUE
from surefoot.config.resolved import Resolved
from surefoot.policy.declared import quarantine_rules, tag_rules
from surefoot.policy.static.catalog import severities
from surefoot.policy.static.check import Found, Report, Request, check

ABOUT_LOADING = frozenset(("SF010", "SF011", "SF012", "SF102", "SF103", "SF106", "SF204"))
"""Rules that may say why a suite could not be loaded."""

_SHOWN = 20


def request_of(
    resolved: Resolved,
    cwd: str,
    paths: Sequence[str] = (),
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    cache: bool = True,
    processes: int = 2,
) -> Request:
    """Return the request of a check. Raises UserError for rules that are not known."""
    table = resolved.tables.check
    chosen = severities(table.select, table.ignore, table.severity, "[tool.surefoot.check]")
    if select or ignore:
        # The command line stands in place of the file, but what it says about severity holds.
        chosen = severities(
            select or table.select, ignore or table.ignore, table.severity, "surefoot check"
        )
    words = list(resolved.behave_args)
    return Request(
        cwd=cwd,
        paths=tuple(paths),
        severities=chosen,
        exclude=table.exclude,
        guards=resolved.settings.guards,
        preload=resolved.settings.preload,
        tags=tag_rules(resolved.tables, cwd),
        quarantine=quarantine_rules(resolved.tables),
        today=datetime.date.today(),  # noqa: DTZ011  a quarantine ends with the day where people are
        cache=cache,
        processes=processes,
        language=_value(words, "--lang"),
        stage=_value(words, "--stage"),
    )


def preflight(resolved: Resolved, cwd: str) -> Report:
    """Check what a run with these settings would load."""
    paths = _paths(resolved.behave_args, cwd)
    return check(request_of(resolved, cwd, paths, processes=1))


def told(report: Report) -> list[Found]:
    """Return what a run shows of a preflight."""
    return [item for item in report.found if item.severity in ("error", "warning")]


def errors(report: Report) -> list[Found]:
    """Return what stops a run with `--preflight fail`."""
    return [item for item in report.found if item.severity == "error"]


def listing(found: Sequence[Found]) -> str:
    """Return findings as lines, each with its remedy."""
    lines: list[str] = []
    for item in found[:_SHOWN]:
        finding = item.finding
        lines.append(f"{finding.place}: {finding.rule} {finding.message}")
        if finding.remedy:
            lines.append(f"    remedy: {finding.remedy}")
    if len(found) > _SHOWN:
        lines.append(f"... and {len(found) - _SHOWN:,} more; surefoot check shows them all")
    return "\n".join(lines)


def _paths(words: Sequence[str], cwd: str) -> list[str]:
    """Return the files and directories among behave's arguments."""
    paths = []
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in TAKES_VALUE
            continue
        plain = word if os.path.exists(os.path.join(cwd, word)) else word.rpartition(":")[0]
        if plain and os.path.exists(os.path.join(cwd, plain)):
            paths.append(plain)
    return paths


def _value(words: Sequence[str], flag: str) -> str:
    for number, word in enumerate(words):
        if word == flag and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return ""
