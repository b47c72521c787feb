"""A run for a CI: annotations at lines of features, and a summary of the job in Markdown.

The forms are those of GitHub, which Forgejo and Gitea read too. Their bounds (ten annotations of
a kind for a step, one mebibyte of summary) are kept here, because beyond them the forge drops
what it likes, or everything. Returns text; writes nothing.
"""

from collections.abc import Callable, Sequence

from surefoot.model.findings import Finding
from surefoot.report.markdown import cell_code, fence, inline
from surefoot.report.style import duration
from surefoot.report.view import Case, RunView
from surefoot.report.workflow import command

MAX_ANNOTATIONS = 10
MAX_SUMMARY = 1 << 20
"""Bytes of a job's summary; GitHub discards a larger one whole."""
_MAX_FAILURES = 50


def annotations(view: RunView) -> str:
    """Return the annotations of a run, one a line; empty for a green one."""
    found = [_of_case(case) for case in view.failing()]
    if view.load_failed is not None:
        message = view.load_failed.message
        found.insert(0, command("error", message, title="the suite could not be loaded"))
    found += [
        command("error", failure.message, title=f"hook failed: {failure.where}")
        for failure in view.hook_failures()
        if view.finished is None or view.finished.failed
    ]
    if not found:
        return ""
    lines = found[:MAX_ANNOTATIONS]
    if len(found) > MAX_ANNOTATIONS:
        lines.append(
            command(
                "notice",
                f"and {len(found) - MAX_ANNOTATIONS:,} more failures, which the summary lists",
                title="surefoot",
            )
        )
    return "\n".join(lines) + "\n"


def load_failure(message: str) -> str:
    """Return the annotation of a suite that could not be loaded."""
    return command("error", message, title="the suite could not be loaded") + "\n"


def _of_case(case: Case) -> str:
    first = min(case.headlines, default=0)
    message = case.headlines.get(first, "") or case.outcome.value
    return command(
        "error",
        message,
        title=f"{case.outcome.value}: {case.name}"[:200],
        file=case.filename,
        line=case.line,
    )


def job_summary(view: RunView, repro: Callable[[str], str], limit: int = MAX_SUMMARY) -> str:
    """Return the summary of a job, at most `limit` bytes in UTF-8.

    `repro` returns the command that runs a location again.
    """
    parts = ["## surefoot", _counts(view)]
    if view.load_failed is not None:
        parts += ["The suite could not be loaded:", fence(view.load_failed.message)]
    parts += _table("Failed", view.failing(), repro)
    parts += _table("Flaky (failed first, then passed)", view.flaky(), repro)
    parts += _findings(view.findings, view.finding_count)
    room = limit - 200
    kept: list[str] = []
    for part in parts:
        size = len(part.encode("utf-8", "replace")) + 2
        if size > room:
            kept.append("*Cut: the rest does not fit a job's summary; the journal has all.*")
            break
        kept.append(part)
        room -= size
    return "\n\n".join(kept) + "\n"


def _counts(view: RunView) -> str:
    verdicts = view.verdicts()
    rows = [f"| {name.replace('_', ' ')} | {count:,} |" for name, count in verdicts.items()]
    end = ""
    if view.finished is not None:
        end = f"\n\nTook {duration(view.finished.at)} with {view.finished.workers} workers."
        if view.finished.aborted:
            end += f" Ended early: {inline(view.finished.aborted)}."
    return "\n".join(["| verdict | scenarios |", "|---|---:|", *rows]) + end


def _table(title: str, cases: Sequence[Case], repro: Callable[[str], str]) -> list[str]:
    if not cases:
        return []
    rows = []
    for case in cases[:_MAX_FAILURES]:
        first = min(case.headlines, default=0)
        why = case.headlines.get(first, "") or case.outcome.value
        rows.append(
            f"| {cell_code(case.location)} | {cell_code(case.name)} | {cell_code(why, 300)}"
            f" | {cell_code(repro(case.location))} |"
        )
    more = len(cases) - _MAX_FAILURES
    return [
        f"### {title}: {len(cases):,}",
        "\n".join(["| where | scenario | why | again |", "|---|---|---|---|", *rows]),
        *([f"… and {more:,} more."] if more > 0 else []),
    ]


def _findings(findings: Sequence[Finding], count: int) -> list[str]:
    if not findings:
        return []
    lines = [
        f"- {cell_code(item.rule)} {cell_code(item.place) if item.place else ''}"
        f" {inline(item.message)}"
        for item in findings[:20]
    ]
    if count > 20:
        lines.append(f"- … and {count - 20:,} more.")
    return [f"### Findings: {count:,}", "\n".join(lines)]
