"""What `surefoot check` prints: text, JSON, or annotations for GitHub's log.

Pure functions from a report to text; SARIF has a module of its own.
"""

from collections.abc import Sequence

from surefoot.policy.changes import Change
from surefoot.policy.static.catalog import RULES
from surefoot.policy.static.check import Found, Report
from surefoot.report.style import Style, one_line
from surefoot.report.workflow import command

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def as_text(report: Report, style: Style, *, verbose: bool, quiet: bool) -> str:
    """Return a finding a paragraph, and nothing for a clean suite unless `verbose`.

    Info is shown with `verbose` only.
    """
    shown = [item for item in report.found if verbose or item.severity != "info"]
    lines = [change_line(change) for change in report.changes]
    for item in shown:
        finding = item.finding
        place = one_line(finding.place or ".") + (f":{item.column}" if item.column else "")
        colour = style.red if item.severity == "error" else style.yellow
        lines.append(
            f"{place}: {colour(item.severity)} {style.bold(finding.rule)}"
            f" {one_line(finding.message)}"
        )
        if not quiet:
            lines += [f"    | {one_line(text)}" for text in finding.evidence]
            if finding.remedy:
                lines.append(f"    remedy: {one_line(finding.remedy)}")
    if shown or verbose:
        lines.append(summary(report))
    if verbose:
        lines += [f"note: {one_line(note)}" for note in report.notes]
    return "".join(f"{line}\n" for line in lines)


def change_line(change: Change) -> str:
    """Return what a change does to one known bug, on one line."""
    links = [name for name in (*change.after, *change.before) if name[-1:].isdigit()]
    issue = f" (@{links[0]})" if links else ""
    return one_line(f"{change.file}:{change.line}: {change.kind.value} “{change.name}”{issue}")


def summary(report: Report) -> str:
    """Return one line: what was looked at and found."""
    counts = {
        severity: sum(item.severity == severity for item in report.found)
        for severity in ("error", "warning", "info")
    }
    found = [
        f"{count:,} {severity}{'s' if count != 1 and severity != 'info' else ''}"
        for severity, count in counts.items()
        if count
    ]
    fixable = sum(item.fixable for item in report.found)
    return (
        f"{', '.join(found) or 'nothing found'} in {report.features:,} features with"
        f" {report.scenarios:,} scenarios and {report.modules:,} Python files"
        + (f"; --fix mends {fixable:,}" if fixable else "")
        + (f"; {report.suppressed:,} suppressed" if report.suppressed else "")
    )


def as_json(report: Report, version: str) -> str:
    """Return one object: findings in the order of files, notes and counts."""
    import json

    value = {
        "surefoot": version,
        "findings": [_object(item) for item in report.found],
        "notes": report.notes,
        "features": report.features,
        "scenarios": report.scenarios,
        "modules": report.modules,
        "suppressed": report.suppressed,
        "changes": [
            {
                "kind": change.kind.value,
                "file": change.file,
                "line": change.line,
                "name": change.name,
                "tags_before": list(change.before),
                "tags_after": list(change.after),
            }
            for change in report.changes
        ],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _object(item: Found) -> dict[str, object]:
    finding = item.finding
    return {
        "rule": finding.rule,
        "name": RULES[finding.rule].name,
        "severity": item.severity,
        "file": finding.file,
        "line": finding.line,
        "column": item.column,
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": list(finding.evidence),
        "fixable": item.fixable,
        "edits": [
            {"line": edit.line, "old": edit.old, "new": edit.new} for edit in item.line_edits
        ],
    }


def as_annotations(found: Sequence[Found]) -> str:
    """Return workflow commands, a finding a line, as GitHub and Forgejo read them in a log."""
    lines = []
    for item in found:
        finding = item.finding
        text = finding.message + (f"; {finding.remedy}" if finding.remedy else "")
        annotation = command(
            _LEVELS[item.severity],
            text,
            title=f"{finding.rule} {RULES[finding.rule].name}",
            file=finding.file,
            line=finding.line,
            column=item.column,
        )
        lines.append(f"{annotation}\n")
    return "".join(lines)
