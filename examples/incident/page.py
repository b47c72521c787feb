"""Writes docs/incident.md from what was observed. Makes sentences and tables, judges nothing."""

from collections.abc import Iterator, Sequence

from examples.incident.judge import MOST_CUT, Judged, count, others
from examples.incident.observe import Observed
from examples.incident.plain import FAILS

COMMAND = "python -m examples.incident"


def page(judged: Sequence[Judged], incident: Observed, healthy: Sequence[Observed]) -> str:
    """Return the whole page. `healthy` are the suites that have none of the findings."""
    lines = [
        f"<!-- Written by `{COMMAND}`; change that instead. -->",
        "# The incident",
        "",
        "surefoot began with one report from the tracker of a project whose suite had become"
        " unstable. `examples/agents_incident` is a suite with everything that the report found,"
        " at the places that it names; `examples/agents` is the same suite with all of it mended."
        f" `{COMMAND}` runs the installed command on both, and on real suites that never had the"
        " incident, and writes this page.",
        "",
        *_summary(judged, incident, healthy),
        "",
        "## Finding by finding",
        "",
        *_findings(judged, incident),
        *_logs(incident),
        "## The suites",
        "",
        *_suites([incident, *healthy]),
        "",
        "A finding is counted above when one of its rules, or its notice, is told anywhere in a"
        " suite. Suites may have other findings: behave's own has scenarios without steps, which"
        " it needs for testing itself.",
        *_others(healthy),
    ]
    return "\n".join(lines) + "\n"


def _summary(
    judged: Sequence[Judged], incident: Observed, healthy: Sequence[Observed]
) -> Iterator[str]:
    yield (
        "| what the report says | told by | incident | "
        + " | ".join(item.name for item in healthy)
        + " |"
    )
    yield "|---|---|---|" + "---|" * len(healthy)
    for item in judged:
        told = [*item.seed.rules, *([f"notice `{item.seed.notice}`"] if item.seed.notice else [])]
        cells = [str(count(item.seed, suite)) for suite in (incident, *healthy)]
        mark = "" if not item.missing else " (**not all**)"
        yield (
            f"| {item.seed.said} | {', '.join(told)} | {cells[0]}{mark} | "
            + " | ".join(cells[1:])
            + " |"
        )
    extra = [others(suite) for suite in healthy]
    if any(extra):
        cells = [str(len(found)) for found in extra]
        yield (
            "| No finding of the report: fails under plain behave too"
            f" ([which](#true-and-none-of-the-reports)) | {FAILS} | | {' | '.join(cells)} |"
        )


def _others(healthy: Sequence[Observed]) -> Iterator[str]:
    """Yield what is told of suites that never had the incident, and true."""
    told = [(suite, item) for suite in healthy for item in others(suite)]
    if not told:
        return
    yield ""
    yield "## True, and none of the report's"
    yield ""
    yield (
        "A rule of the report may be right about another suite. These scenarios fail where this"
        " page was written, and plain behave, which was run on each by itself, says the same; they"
        " are not counted in the rows of the report. One that plain behave lets pass would be, and"
        " would fail the command."
    )
    yield ""
    yield "| suite | place | rule | by `surefoot` | plain behave says |"
    yield "|---|---|---|---|---|"
    for suite, item in told:
        why = _cell(suite.confirmed[item.place])
        yield f"| {suite.name} | {item.place} | {item.rule} | `{item.by}` | {why} |"


def _findings(judged: Sequence[Judged], incident: Observed) -> Iterator[str]:
    for item in judged:
        seed = item.seed
        yield f"### {seed.said}"
        yield ""
        yield f"The report asks: {seed.asked}. surefoot says:"
        yield ""
        yield "| place | rule | by `surefoot` | what |"
        yield "|---|---|---|---|"
        for spot in seed.spots:
            place = spot.place(incident.root)
            told = incident.told(seed.rules, place)
            commands = ", ".join(f"`{by}`" for by in dict.fromkeys(seen.by for seen in told))
            what = _cell(told[0].message) if told else "**not told**"
            rules = ", ".join(dict.fromkeys(seen.rule for seen in told))
            yield f"| {place} | {rules} | {commands} | {what} |"
        for text in item.notices:
            yield f"| | notice | `run` | {_cell(text)} |"
        yield ""
        remedies = dict.fromkeys(seen.remedy for seen in item.seen if seen.remedy)
        yield from (f"- Remedy: {_prose(text)}." for text in list(remedies)[:2])
        if seed.answer:
            yield f"- So that it does not come back: {seed.answer}."
        yield from (f"- Missing: {_prose(text)}." for text in item.missing)
        yield ""


def _logs(incident: Observed) -> Iterator[str]:
    logs = incident.logs
    whole = "all of it" if logs.kept == logs.told else "**not all of it**"
    yield "### Log capture limited to 170 KB, so verdicts are missing"
    yield ""
    yield "The report asks: increase the limit or upload artifacts. surefoot has no limit:"
    yield ""
    yield (
        f"- {logs.attempts} attempts wrote {_kilo(logs.told)}, and {whole} is kept, one file an"
        f" attempt, in `.surefoot/runs/RUN/output/`. The largest has {_kilo(logs.largest)}"
        f" (the log of the incident ended after {_kilo(MOST_CUT)})."
    )
    yield (
        "- The verdicts stand in the journal, `.surefoot/runs/RUN/journal.jsonl.gz`, and"
        " `surefoot report RUN` makes every report from it. A log that was cut elsewhere loses"
        " none."
    )
    yield ""


def _suites(suites: Sequence[Observed]) -> Iterator[str]:
    yield "| suite | features | scenarios | workers | verdicts | `check` | one `check`, no cache |"
    yield "|---|---|---|---|---|---|---|"
    for item in suites:
        verdicts = ", ".join(f"{n} {name}" for name, n in sorted(item.verdicts.items()))
        yield (
            f"| {item.name} | {item.features} | {item.scenarios} | {item.workers} | {verdicts} |"
            f" exit code {item.exit_check} | {item.check_seconds:.1f} s |"
        )


def _kilo(size: int) -> str:
    return f"{size / 1000:,.0f} kB"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _prose(text: str) -> str:
    return text.rstrip(".").replace("<", "&lt;")
