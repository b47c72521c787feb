"""All rules of `surefoot check`, by code, and how one is chosen and explained."""

from collections.abc import Iterable, Mapping

from surefoot.config.suggest import did_you_mean
from surefoot.errors import UserError
from surefoot.policy.static import (
    feature_rules,
    file_rules,
    isolation_rules,
    lint_rules,
    tag_rules,
    thread_rules,
    time_rules,
)
from surefoot.policy.static.rule import SEVERITIES, Rule, Severity

FAMILIES = (
    ("Files and suppression", file_rules.RULES),
    ("Features and steps", feature_rules.RULES),
    ("Time", time_rules.RULES),
    ("Threads", thread_rules.RULES),
    ("Isolation", isolation_rules.RULES),
    ("Tags", tag_rules.RULES),
    ("Faults of Python", lint_rules.RULES),
)

RULES: dict[str, Rule] = {rule.code: rule for _, rules in FAMILIES for rule in rules}


def find_rule(code: str) -> Rule:
    """Return a rule by its code or its name. Raises UserError naming the nearest."""
    for rule in RULES.values():
        if code.upper() == rule.code or code.lower() == rule.name:
            return rule
    known = [*RULES, *(rule.name for rule in RULES.values())]
    near = did_you_mean(code.upper(), RULES) or did_you_mean(code, known)
    raise UserError(f"{code} is no rule of surefoot check{near}; known: {', '.join(RULES)}")


def severities(
    select: Iterable[str], ignore: Iterable[str], changed: Mapping[str, str], where: str
) -> dict[str, Severity]:
    """Return how each rule counts, "off" for those that are not looked for.

    `select` and `ignore` are codes, names or beginnings of codes (`SF2`). What is selected
    explicitly counts at least as a warning. Raises UserError for what is not known.
    """
    chosen: dict[str, Severity] = {rule.code: rule.severity for rule in RULES.values()}
    said: set[str] = set()
    for item, wanted in changed.items():
        counts = next((name for name in SEVERITIES if name == wanted), None)
        if counts is None:
            raise UserError(
                f"{where}: severity of {item} is {wanted!r}; known: {', '.join(SEVERITIES)}"
            )
        for code in _codes(item, f"{where}: severity"):
            chosen[code] = counts
            said.add(code)
    picked = {code for item in select for code in _codes(item, f"{where}: select")}
    for code, severity in chosen.items():
        if picked and code not in picked:
            chosen[code] = "off"
        elif picked and code not in said and severity in ("info", "off"):
            chosen[code] = "warning"
    for item in ignore:
        for code in _codes(item, f"{where}: ignore"):
            chosen[code] = "off"
    return chosen


def _codes(item: str, where: str) -> list[str]:
    upper = item.upper()
    found = [
        rule.code
        for rule in RULES.values()
        if item.lower() == rule.name or (upper.startswith("SF") and rule.code.startswith(upper))
    ]
    if not found:
        known = [*RULES, *(rule.name for rule in RULES.values())]
        near = did_you_mean(upper, RULES) or did_you_mean(item, known)
        raise UserError(f"{where}: {item} is no rule{near}; known: {', '.join(RULES)}")
    return found


def explain(rule: Rule) -> str:
    """Return what `--explain` prints."""
    parts = [
        f"{rule.code} {rule.name} ({rule.severity})",
        rule.what,
        f"Why: {rule.why}",
        f"Instead of\n\n{_indented(rule.bad)}\n\nwrite\n\n{_indented(rule.good)}",
    ]
    if rule.tests_only:
        parts.append("It looks only at the suite: step modules, environment, what stands there.")
    if rule.fixable:
        parts.append(f"--fix: {rule.fixable}.")
    parts.append(_how_to_suppress(rule))
    return "\n\n".join(part for part in parts if part) + "\n"


def _how_to_suppress(rule: Rule) -> str:
    if rule.code == "SF013":
        return "It cannot be suppressed."
    return (
        f"To suppress it: # surefoot: ignore[{rule.code}] and the reason, at the end of the line"
        " or on a line of its own above;\nin the whole file with ignore-file; everywhere with"
        f' ignore = ["{rule.code}"] in [tool.surefoot.check].'
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
