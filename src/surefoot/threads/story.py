"""Shows an interleaving: one column a thread, time downwards, named by file and line."""

import os
from collections.abc import Sequence

from surefoot.threads import places, stacks
from surefoot.threads.schedule import Decision, Result, Row
from surefoot.threads.search import Report

_WIDTH = 120
_HEAD, _TAIL = 2, 3
"""Lines that are shown of what a thread does in one go, from its beginning and its end."""
_MOST_COLUMNS = 4


def columns(result: Result, width: int = _WIDTH) -> list[str]:
    """Return the story of a schedule as lines of text."""
    rows = _relevant(result)
    shown = list(dict.fromkeys(row.thread for row in rows))
    if not shown:
        return []
    shown.sort()
    narrow = len(shown) > _MOST_COLUMNS
    room = width if narrow else max(24, (width - 2 * len(shown)) // len(shown))
    names = {number: _name(result, number) for number in shown}
    lines = []
    if not narrow:
        lines.append("  ".join(names[number][:room].ljust(room) for number in shown).rstrip())
        lines.append("  ".join("-" * room for _ in shown))
    for row in _compact(rows):
        text = _cell(row)
        if narrow:
            lines.append(f"{names[row.thread]}: {text}"[:width])
            continue
        at = shown.index(row.thread)
        fits = text if len(text) <= room else text[: room - 3] + "..."
        lines.append(" " * (at * (room + 2)) + fits)
    return lines


def switches(result: Result) -> list[str]:
    """Return the switches that matter, one line each, in the order in which they happened."""
    lines = []
    for number, (decision, row) in enumerate(_pairs(result), 1):
        who, then = _name(result, decision.thread), _name(result, decision.to)
        at = f" at {places.text(row.file, row.line)}" if row.file else ""
        if row.kind == "stop":
            note = f", {row.note}" if row.note else ""
            what = f"{who} stopped{at}{note}; {then} went on"
            if decision.to == decision.thread:
                what = f"{who} was started and went on at once{at}"
        elif row.kind == "end":
            what = f"{who} ended; {then} went on"
        else:
            what = f"{who} {row.note}{at}; {then} went on"
        lines.append(f"{number}. {what}")
    return lines


def summary(report: Report) -> list[str]:
    """Return what the search found, in sentences."""
    result = report.result
    if result is None or result.failure is None:
        return [_nothing(report)]
    failure = result.failure
    where = "the first schedule, in which no thread was stopped"
    if not report.plain:
        where = f"schedule {report.found_at} of at most {report.schedules}"
    lines = [f"{where} failed: {failure.text}"]
    if failure.detail:
        lines += [f"  {line}" for line in failure.detail.splitlines()]
    return lines


def _nothing(report: Report) -> str:
    if report.alone:
        return "the scenario never has two threads at once: there is nothing to explore"
    per = 1000 * report.searching / max(1, report.tried)
    text = (
        f"none of {report.tried} schedules failed (seed {report.seed}, {report.threads} threads,"
        f" up to {report.points} points, {per:.1f} ms a schedule)"
    )
    if report.disturbed:
        text += f"; {report.disturbed} were disturbed by waits that exploration cannot see"
    if report.cut:
        text += f"; {report.cut} were given up ({report.why_cut})"
    return text


def how_sure(report: Report) -> list[str]:
    """Return how it was found, whether it replays, and whether it can happen here."""
    result = report.result
    if result is None or result.failure is None:
        return []
    per = 1000 * report.searching / max(1, report.found_at)
    kept = len(result.decisions)
    lines = [
        f"seed {report.seed}, {report.policy} at {_WHERE[report.granularity]};"
        f" {report.switches} switches, {kept} of which matter; {per:.1f} ms a schedule"
    ]
    if result.disturbed:
        lines.append(f"not replayable exactly: {result.disturbed}")
    if report.replayed:
        lines.append(
            f"replayed {report.replayed} times, of which {report.replays} failed in the same way"
        )
    if result.diverged:
        lines.append(f"the replay left the recorded path: {result.diverged}")
    if report.interpreter:
        lines.append(report.interpreter)
    return lines


_WHERE = {
    "sync": "lock operations",
    "line": "lines",
    "opcode": "instructions",
    "breaker": "the interpreter's own switch points",
}


def _name(result: Result, number: int) -> str:
    return result.threads[number] if 0 <= number < len(result.threads) else f"thread {number}"


def _relevant(result: Result) -> list[Row]:
    """Return the rows of the threads that a switch concerns.

    Where the scenario only starts the others and waits for them, it is no part of the story.
    """
    rows = list(result.rows)
    concerned = {item.thread for item in result.decisions}
    concerned |= {item.to for item in result.decisions}
    concerned |= {row.thread for row in rows if row.kind == "error"}
    if result.failure is not None and result.failure.kind == "deadlock":
        concerned |= {row.thread for row in rows if row.kind == "wait"}
    others = concerned - {0}
    if len(others) > 1 and not any(_matters(item, row) for item, row in _pairs(result)):
        concerned = others
    return [row for row in rows if row.thread in concerned or not concerned]


def _pairs(result: Result) -> list[tuple[Decision, Row]]:
    return list(zip(result.decisions, result.stops, strict=True))


def _matters(decision: Decision, row: Row) -> bool:
    """Tell whether a switch is one of the scenario in the midst of its own actions."""
    return decision.thread == 0 and row.kind == "stop" and "lock" not in row.note


def _compact(rows: Sequence[Row]) -> list[Row]:
    """Shorten what each thread does in one go to its first and last lines."""
    shown: list[Row] = []
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end].thread == rows[start].thread:
            end += 1
        shown += _shorten(_once(rows[start:end]))
        start = end
    return shown


def _once(rows: Sequence[Row]) -> list[Row]:
    """Leave out a line that only says again where the thread is."""
    kept: list[Row] = []
    for row in rows:
        last = kept[-1] if kept else None
        if last is not None and (row.kind, row.file, row.line, row.note) == (
            last.kind,
            last.file,
            last.line,
            last.note,
        ):
            continue
        kept.append(row)
    return kept


def _shorten(rows: list[Row]) -> list[Row]:
    left_out = len(rows) - _HEAD - _TAIL
    if left_out <= 1:
        return rows
    gap = Row(rows[0].thread, "line", note=f"... {left_out} more lines")
    return [*rows[:_HEAD], gap, *rows[-_TAIL:]]


def _cell(row: Row) -> str:
    place = f"{os.path.basename(row.file)}:{row.line}" if row.file else ""
    if row.kind == "line":
        return f"{place} {stacks.source(row.file, row.line)}" if row.file else row.note
    if row.kind == "error":
        return f"! {row.note}"
    if row.kind == "stop":
        return f"~ stops{f' at {place}' if place else ''}{', ' + row.note if row.note else ''}"
    return "~ ends" if row.kind == "end" else f"~ {row.note}"
