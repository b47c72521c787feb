"""The end of a run in words: quiet when green; when red, each failure once and in full.

Counts and lists are worded as behave's summary reporter words them (behave/reporter/summary.py
of 1.3.3, output format v1, its default), so that scripts that read them go on working. Returns
text; writes nothing.
"""

from collections.abc import Callable, Sequence

from surefoot.events.events import Counts, RunFinished
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.report.attempts import HookFailure
from surefoot.report.detail import (
    ReadOutput,
    Showing,
    case_in_full,
    clipped,
    flaky_in_full,
    gutter,
    hook_in_full,
)
from surefoot.report.planned import feature_of, find_planned
from surefoot.report.style import Style, duration, one_line
from surefoot.report.view import Case, RunView

MAX_IN_FULL = 100
MAX_NOTICES = 5
MAX_OF_RULE = 15
"""Findings of one rule that are shown without `-v`."""
MAX_EVIDENCE = 2
"""Of those, how many with their evidence."""
_ALWAYS = ("passed", "failed", "skipped")
_STATUS_ORDER = (
    "passed",
    "expected_failure",
    "failed",
    "unexpected_pass",
    "error",
    "hook_error",
    "cleanup_error",
    "quarantined",
    "skipped",
    "pending",
    "pending_warn",
    "undefined",
    "untested",
    "untested_pending",
    "untested_undefined",
)


def render_summary(
    view: RunView,
    *,
    slowest: int,
    verbose: bool,
    quiet: bool,
    style: Style,
    width: int,
    read_output: ReadOutput,
    repro: Callable[[str], str],
    hook_output: Sequence[str] = (),
    reports: Sequence[str] = (),
    output_dir: str = "",
) -> str:
    """Return the summary of a run.

    `read_output` returns the content of an attempt's output file, `repro` the command that runs
    a location again. `hook_output` is what failing hooks of workers wrote, `reports` a line for
    each report that was written, `output_dir` the directory of the output files as shown.
    """
    showing = Showing(style, quiet, read_output, repro, output_dir)
    failing = view.failing()
    hooks = _hooks(view, hook_output, style)
    lines: list[str] = []
    if view.load_failed is not None:
        lines += [style.red("The suite could not be loaded:")]
        lines += gutter(view.load_failed.message, style)
    lines += hooks
    lines += _failures(failing, showing, width)
    lines += _rest(view, len(failing) - MAX_IN_FULL)
    lines += _flaky(view.flaky(), showing)
    lines += _quarantined(view.quarantined(), style)
    lines += _expected(view, style) if verbose and not quiet else []
    if slowest > 0:
        lines += _slowest(view, slowest, style)
    lines += _load_times(view, style) if verbose and not quiet else []
    lines += _findings(view, style, verbose=verbose)
    lines += _notices(view, style, verbose=verbose)
    lines += _names(failing, style)
    lines += _end(view, style, explained=bool(failing or hooks))
    if not quiet:
        lines += _makespan(view.finished)
        lines += [one_line(report) for report in reports]
    return "\n".join(lines) + "\n" if lines else ""


def render_beside(view: RunView, *, style: Style, width: int) -> str:
    """Return the little that behave's own summary does not say, for a run whose terminal a
    formatter has: what was flaky, notices, what was left untested, makespan."""
    del width
    lines = []
    flaky = view.flaky()
    if flaky:
        lines += [style.yellow("Flaky scenarios:")]
        for case in flaky:
            lines.append(f"  {one_line(case.location)}  {one_line(case.name)}")
            for number, why in sorted(case.headlines.items()):
                if case.counts_against(number):
                    lines.append(f"    attempt {number}: {one_line(why)}")
    lines += _quarantined(view.quarantined(), style)
    lines += _unexpected(view, style)
    lines += _findings(view, style, verbose=False)
    lines += _notices(view, style, verbose=False)
    lines += _cut(view, style) + _untested(view, style) + _makespan(view.finished)
    return "\n".join(lines) + "\n" if lines else ""


def counts_line(kind: str, counts: dict[str, int]) -> str:
    """Return "1 feature passed, 0 failed, 0 skipped", as behave's format_summary_v1 does."""
    parts = []
    for status in _STATUS_ORDER:
        count = counts.get(status, 0)
        if count == 0 and status not in _ALWAYS:
            continue
        noun = f"{kind if count == 1 else kind + 's'} " if status == "passed" else ""
        parts.append(f"{count} {noun}{status}")
    return ", ".join(parts)


# -- what went wrong


def _hooks(view: RunView, hook_output: Sequence[str], style: Style) -> list[str]:
    if view.finished is not None and not view.finished.failed:
        # A worker whose before_all failed, while others did its work, is a notice.
        return []
    failures = _once(view.hook_failures())
    known = {failure.message.strip() for failure in failures}
    extra = [text for text in dict.fromkeys(hook_output) if text.strip() not in known | {""}]
    failures += [HookFailure("before_all or after_all of a worker", text) for text in extra]
    if not failures:
        return []
    lines = [style.bold("Failed hooks:")]
    for failure in failures[:MAX_IN_FULL]:
        lines += hook_in_full(failure, style)
    if len(failures) > MAX_IN_FULL:
        lines.append(f"  ... and {len(failures) - MAX_IN_FULL:,} more")
    return [*lines, ""]


def _once(failures: list[HookFailure]) -> list[HookFailure]:
    """Join those that say the same: before_all fails in every worker alike."""
    places: dict[str, list[HookFailure]] = {}
    for failure in failures:
        places.setdefault(failure.message, []).append(failure)
    return [
        HookFailure(", ".join(item.where for item in same), message, same[0].captured)
        for message, same in places.items()
    ]


def _failures(failing: list[Case], showing: Showing, width: int) -> list[str]:
    lines: list[str] = []
    rule = showing.style.dim("-" * min(width, 100))
    for case in failing[:MAX_IN_FULL]:
        lines.append(rule)
        lines += case_in_full(case, showing)
    return [*lines, rule, ""] if lines else []


def _rest(view: RunView, more: int) -> list[str]:
    if more <= 0:
        return []
    run = one_line(view.started.run) if view.started else "RUN"
    return [
        f"{more:,} more failed; they are listed by name below. The errors and output of all are in"
        " the journal:",
        f"surefoot report {run} --junit-xml FILE",
        "",
    ]


def _flaky(flaky: list[Case], showing: Showing) -> list[str]:
    if not flaky:
        return []
    lines = [showing.style.yellow(showing.style.bold("Flaky scenarios:"))]
    for case in flaky[:MAX_IN_FULL]:
        lines += flaky_in_full(case, showing)
    lines += [f"  {one_line(case.location)}  {one_line(case.name)}" for case in flaky[MAX_IN_FULL:]]
    return [*lines, ""]


def _quarantined(cases: list[Case], style: Style) -> list[str]:
    if not cases:
        return []
    title = "Quarantined scenarios, which failed without failing the run:"
    lines = [style.yellow(style.bold(title))]
    for case in cases:
        lines.append(
            f"  {one_line(case.location)}  {one_line(case.name)}  ({one_line(case.reason)})"
        )
        for number, why in sorted(case.headlines.items()):
            if case.counts_against(number):
                lines.append(f"    attempt {number}: {one_line(why)}")
    return [*lines, ""]


def _expected(view: RunView, style: Style) -> list[str]:
    if not view.expected:
        return []
    lines = [style.bold("Expected failures:")]
    for event in sorted(view.expected, key=lambda item: (item.feature, item.path)):
        planned = find_planned(view.plan, event.feature, event.path)
        filename = feature_of(view.plan, event.feature, event.id).filename
        where = f"{filename}:{planned.line}  {planned.name}" if planned else event.id
        lines.append(f"  {one_line(where)}: {one_line(event.reason)}")
    return [*lines, ""]


def _unexpected(view: RunView, style: Style) -> list[str]:
    cases = [case for case in view.failing() if case.settled is Verdict.UNEXPECTED_PASS]
    if not cases:
        return []
    return [
        style.red("Unexpected passes:"),
        *(
            f"  {one_line(case.location)}  {one_line(case.name)}: {one_line(case.reason)}"
            for case in cases
        ),
    ]


def _names(failing: list[Case], style: Style) -> list[str]:
    """behave's two lists: an assertion failed, or anything else went wrong."""
    lines: list[str] = []
    failed = [case for case in failing if case.outcome is Outcome.FAILED]
    errored = [case for case in failing if case.outcome is not Outcome.FAILED]
    for title, cases in (("Failing scenarios:", failed), ("Errored scenarios:", errored)):
        if cases:
            lines.append(style.bold(title))
            lines += [f"  {one_line(case.location)}  {one_line(case.name)}" for case in cases]
            lines.append("")
    return lines


# -- what else is worth saying


def _slowest(view: RunView, wanted: int, style: Style) -> list[str]:
    found = view.slowest()[:wanted]
    if not found:
        return []
    title = f"Slowest {len(found)} scenarios:" if len(found) > 1 else "Slowest scenario:"
    lines = [f"  {duration(seconds):>7}  {one_line(identity)}" for seconds, identity in found]
    return [style.bold(title), *lines, ""]


def _load_times(view: RunView, style: Style) -> list[str]:
    loaded = view.loaded
    if loaded is None:
        return []
    lines = [
        style.bold(
            f"Loaded in {duration(loaded.seconds)}: {loaded.step_definitions:,} step definitions,"
            f" {loaded.features:,} features; workers by {one_line(loaded.start_method)}"
        )
    ]
    lines += [
        f"  {duration(item.total):>7}  {one_line(item.module)} (own {duration(item.own)})"
        for item in loaded.slowest_imports[:10]
    ]
    return [*lines, ""]


def _notices(view: RunView, style: Style, *, verbose: bool) -> list[str]:
    lines: list[str] = []
    for code, texts in view.notices.items():
        shown = texts if verbose else texts[:MAX_NOTICES]
        for text in shown:
            first, _, rest = text.strip().partition("\n")
            lines.append(f"{style.yellow(f'note ({one_line(code)}):')} {one_line(first)}")
            lines += gutter(clipped(rest), style) if rest else []
        more = view.notice_counts[code] - len(shown)
        if more > 0:
            lines.append(f"note ({one_line(code)}): ... and {more:,} more of this kind")
    return [*lines, ""] if lines else []


def _findings(view: RunView, style: Style, *, verbose: bool) -> list[str]:
    """Group findings by rule, so that many of one do not hide another."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in view.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    lines: list[str] = []
    for rule, findings in by_rule.items():
        shown = findings if verbose else findings[:MAX_OF_RULE]
        evident = [finding for finding in shown if finding.evidence]
        evident = evident if verbose else evident[:MAX_EVIDENCE]
        for number, finding in enumerate(shown):
            lines += _finding(finding, style, evidence=finding in evident)
            last = number + 1 == len(shown) or shown[number + 1].remedy != finding.remedy
            if finding.remedy and last:
                lines.append(f"  remedy: {one_line(finding.remedy)}")
        if len(findings) > len(shown):
            lines.append(f"  ... and {len(findings) - len(shown):,} more of {one_line(rule)} (-v)")
    untold = view.finding_count - len(view.findings)
    if untold > 0:
        lines.append(f"... and {untold:,} more findings (the journal has all)")
    return [*lines, ""] if lines else []


def _finding(finding: Finding, style: Style, *, evidence: bool) -> list[str]:
    place = f"{one_line(finding.place)}: " if finding.place else ""
    lines = [f"{style.yellow(finding.rule)} {place}{one_line(finding.message)}"]
    if finding.scenario:
        lines.append(f"  in {one_line(finding.scenario)}")
    if evidence and finding.evidence:
        lines += gutter(clipped("\n".join(finding.evidence)), style)
    return lines


def _cut(view: RunView, style: Style) -> list[str]:
    if not view.cut or view.load_failed is not None:
        return []
    return [style.red("The run was cut: its journal has no end. This is what it holds.")]


def _untested(view: RunView, style: Style) -> list[str]:
    count = view.verdicts().get("untested", 0)
    if not count:
        return []
    noun = "scenario" if count == 1 else "scenarios"
    return [style.yellow(f"{count:,} {noun} untested: {one_line(untested_because(view))}")]


def untested_because(view: RunView) -> str:
    """Return why scenarios were not run, as far as is known."""
    if view.finished is not None and view.finished.aborted:
        return view.finished.aborted
    if view.started is not None and {"--dry-run", "-d"} & set(view.started.args):
        return "a dry run"
    for code in ("interrupted", "abort"):
        if view.notices.get(code):
            return view.notices[code][0].split("\n", 1)[0]
    if view.untested_reasons:
        return ", ".join(view.untested_reasons)
    if view.cut:
        return "the run was cut"
    return "--stop, or a failing hook before them"


def _end(view: RunView, style: Style, *, explained: bool) -> list[str]:
    finished = view.finished
    lines = _cut(view, style)
    if finished is None:
        verdicts = ", ".join(f"{count:,} {name}" for name, count in view.verdicts().items())
        return lines + ([f"scenarios: {verdicts}"] if verdicts else []) + _untested(view, style)
    if finished.failed and not explained and not finished.aborted:
        lines.append(style.red("The run failed outside of its scenarios: in a hook or a cleanup."))
    if finished.aborted:
        lines.append(style.red(f"The run ended early: {one_line(finished.aborted)}"))
    lines += _untested(view, style)
    colour = style.red if finished.failed else style.green
    lines += [colour(text) for text in _counts(finished.counts)]
    return [*lines, f"Took {int(finished.at // 60)}min {finished.at % 60:.3f}s"]


def _counts(counts: Counts) -> list[str]:
    lines = [counts_line("feature", counts.features)]
    if sum(counts.rules.values()):
        lines.append(counts_line("rule", counts.rules))
    return [
        *lines,
        counts_line("scenario", counts.scenarios),
        counts_line("step", counts.steps),
    ]


def _makespan(finished: RunFinished | None) -> list[str]:
    if finished is None or finished.makespan <= 0:
        return []
    workers = f"{finished.workers} worker{'' if finished.workers == 1 else 's'}"
    text = f"took {duration(finished.makespan)} with {workers}"
    if finished.bound > 0 and finished.workers > 1:
        above = max(0.0, finished.makespan / finished.bound - 1)
        text += f"; no schedule takes less than {duration(finished.bound)} ({above:.0%} above)"
    return [text]
