"""One bad scenario in full, as lines of text. Prints nothing, decides nothing.

Whatever came from the suite stands behind a gutter, so that nobody (and no CI system that
reads commands from the log) takes it for ours, and is made harmless and cut to a size.
"""

import os
from collections.abc import Callable, Iterator

import msgspec

from surefoot.events.events import ScenarioFinished
from surefoot.events.failures import failing_step
from surefoot.events.records import CapturedRecord
from surefoot.model.outcomes import Outcome, Standing, Verdict
from surefoot.report.attempts import HookFailure
from surefoot.report.style import Style, duration, harmless, one_line
from surefoot.report.view import Case

ReadOutput = Callable[[str], bytes]

TAIL_LINES = 40
_TAIL_BYTES = 256 * 1024
_MAX_LINE = 2000
_ERROR_HEAD, _ERROR_TAIL = 40, 80

WORDS = {
    Outcome.FAILED: "FAILED",
    Outcome.ERROR: "ERROR",
    Outcome.UNDEFINED: "UNDEFINED",
    Outcome.TIMED_OUT: "TIMED OUT",
    Outcome.CRASHED: "CRASHED",
    Outcome.HOOK_ERROR: "HOOK ERROR",
    Outcome.SKIPPED: "SKIPPED",
    Outcome.PASSED: "PASSED",
    Outcome.UNTESTED: "UNTESTED",
}


class Showing(msgspec.Struct, frozen=True):
    """How cases are shown."""

    style: Style
    quiet: bool
    read_output: ReadOutput
    """Returns the content of an attempt's output file."""
    repro: Callable[[str], str]
    """Returns the command that runs a location again."""
    output_dir: str = ""
    """What output files are named relative to, as the reader would type it."""


def attempt_word(event: ScenarioFinished, style: Style) -> str:
    """Return in one word, for a list, how a bad attempt ended."""
    judgement = event.judgement
    if judgement is not None and judgement.quarantine:
        return style.yellow("QUARANTINED")
    if judgement is not None and judgement.standing is Standing.UNEXPECTED_PASS:
        return style.red("UNEXPECTED PASS")
    if judgement is not None and judgement.standing is Standing.INFRASTRUCTURE:
        return style.red("INFRASTRUCTURE")
    return style.red(WORDS[event.outcome])


def case_in_full(case: Case, showing: Showing) -> list[str]:
    """Return the lines of a scenario that failed."""
    style = showing.style
    word = WORDS[case.outcome]
    if case.settled is Verdict.UNEXPECTED_PASS:
        word = "UNEXPECTED PASS"
    lines = [
        f"{style.red(style.bold(word))}"
        f"  {style.bold(one_line(case.location))}  {one_line(case.name)}"
    ]
    numbers = sorted(case.attempts)
    reported = next((n for n in numbers if case.counts_against(n)), None)
    if reported is None:
        # The engine counts a failed hook of the feature against each of its scenarios.
        lines.append("  a hook of its feature failed")
    else:
        event = case.attempts[reported]
        lines.append(f"  {style.dim(_circumstances(event, len(case.outcomes)))}")
        if case.whole:
            lines += attempt_in_full(event, case, showing)
        else:
            lines.append(f"  {one_line(case.headlines[reported])}")
        for number in numbers:
            if number != reported:
                lines.append(f"  {_other_attempt(case, number)}")
    lines.append(f"  again: {one_line(showing.repro(case.location))}")
    return lines


def flaky_in_full(case: Case, showing: Showing) -> list[str]:
    """Return the lines of a scenario that passed after it had failed: every attempt."""
    lines = [f"  {showing.style.yellow(one_line(case.location))}  {one_line(case.name)}"]
    for number in sorted(case.outcomes):
        event = case.attempts.get(number)
        outcome = case.outcomes[number]
        bad = case.counts_against(number)
        if event is None:
            lines.append(f"    attempt {number} {outcome.value.replace('_', ' ')}")
            continue
        lines.append(f"    attempt {number} {_result(event)}")
        if showing.quiet:
            continue
        if bad and case.whole:
            inner = attempt_in_full(event, case, showing)
        elif bad:
            inner = [f"  {one_line(case.headlines[number])}"]
        else:
            inner = output_tail(event, showing, set())
        lines += [f"    {line}" for line in inner]
    return lines


def attempt_in_full(event: ScenarioFinished, case: Case, showing: Showing) -> list[str]:
    """Return the lines of one bad attempt: step, error, captured sections, output, stacks."""
    record = event.record
    style = showing.style
    step = failing_step(record)
    lines: list[str] = []
    if step is not None:
        place = f"{step.filename or case.filename}:{step.line}"
        lines.append(f"  {one_line(step.keyword)} {one_line(step.name)}  ({one_line(place)})")
        if step.state.status == "undefined":
            lines.append("  undefined step: no step definition matches it")
    shown: set[str] = set()
    if event.judgement is not None and event.judgement.text:
        lines.append(f"  {one_line(event.judgement.text)}")
    if event.reason:
        lines += gutter(event.reason, style)
    for state in (step.state if step else None, record.state):
        text = (state.error_message or "").strip("\n") if state else ""
        # A dead worker's record repeats the reason and the stacks as its error.
        if text and not (event.reason and text.startswith(event.reason)):
            lines += gutter(clipped(text), style)
            # behave prints the error's last line once more, to the captured stderr.
            shown |= {form for line in _stripped(text) for form in (line, f"ERROR: {line}")}
    if not showing.quiet:
        sections = [*record.state.captured, *(step.state.captured if step else [])]
        for title, text in _sections(sections, shown):
            lines.append(f"  {one_line(title)}")
            lines += gutter(tailed(text), style)
            shown |= _stripped(text)
        lines += output_tail(event, showing, shown)
    if event.stacks:
        lines.append("  stacks of all threads:")
        lines += gutter(event.stacks, style)
    for name, value in event.facts.items():
        if "\n" in value:
            lines.append(f"  {one_line(name)}:")
            lines += gutter(value, style)
        else:
            lines.append(f"  {one_line(name)}: {one_line(value)}")
    if event.shared_paths:
        lines.append("  it wrote what a scenario of another worker wrote too:")
        lines += [f"    {one_line(path)}" for path in event.shared_paths]
    return lines


def hook_in_full(failure: HookFailure, style: Style) -> list[str]:
    """Return the lines of a hook that failed outside of scenarios."""
    lines = [f"  {style.red(one_line(failure.where))}"]
    text = failure.message.strip("\n")
    shown = _stripped(text)
    lines += gutter(clipped(text), style)
    for title, section in _sections(failure.captured, shown):
        lines.append(f"  {one_line(title)}")
        lines += gutter(tailed(section), style)
    return lines


def output_tail(event: ScenarioFinished, showing: Showing, shown: set[str]) -> list[str]:
    """Return the end of what the attempt wrote, unless `shown` holds every line of it."""
    if not event.output:
        return []
    where = os.path.join(showing.output_dir, event.output)
    data = showing.read_output(event.output)
    if not data:
        return [f"  output: {one_line(where)} (cannot be read)"]
    text = data[-_TAIL_BYTES:].decode("utf-8", "backslashreplace")
    lines = harmless(text.rstrip("\n")).split("\n")
    tail = lines[-TAIL_LINES:]
    total = data.rstrip(b"\n").count(b"\n") + 1
    if total <= TAIL_LINES and _stripped("\n".join(tail)) <= shown:
        return []
    if total > len(tail):
        title = f"output: the last {len(tail)} of {total:,} lines; all of it: {where}"
    else:
        title = f"output: {where}"
    return [f"  {one_line(title)}", *gutter("\n".join(tail), showing.style)]


def gutter(text: str, style: Style) -> list[str]:
    """Return the suite's text line by line, harmless, each behind a bar."""
    bar = style.dim("|")
    return [f"    {bar} {_short(line)}".rstrip() for line in harmless(text).split("\n")]


def clipped(text: str) -> str:
    """Return a long error without its middle."""
    lines = text.split("\n")
    left_out = len(lines) - _ERROR_HEAD - _ERROR_TAIL
    if left_out <= 1:
        return text
    note = f"[{left_out:,} lines left out]"
    return "\n".join([*lines[:_ERROR_HEAD], note, *lines[-_ERROR_TAIL:]])


def tailed(text: str) -> str:
    """Return the end of a long section."""
    lines = text.rstrip().split("\n")
    left_out = len(lines) - TAIL_LINES
    if left_out <= 1:
        return "\n".join(lines)
    return "\n".join([f"[{left_out:,} lines before these left out]", *lines[-TAIL_LINES:]])


def _short(line: str) -> str:
    if len(line) <= _MAX_LINE:
        return line
    return f"{line[:_MAX_LINE]} [{len(line) - _MAX_LINE:,} characters left out]"


def _sections(captured: list[CapturedRecord], shown: set[str]) -> Iterator[tuple[str, str]]:
    """Yield behave's captured sections under behave's titles, except what is shown already."""
    seen = set(shown)
    for part in captured:
        for kind, text in (("STDOUT", part.stdout), ("STDERR", part.stderr), ("LOG", part.log)):
            lines = _stripped(text)
            if not lines - seen:
                continue
            seen |= lines
            yield f"CAPTURED {kind}: {part.name or ''}".rstrip(), text


def _stripped(text: str) -> set[str]:
    """Return the lines of a text, to tell whether another text says anything new.

    Not the headings and rules that behave itself prints around what it captured.
    """
    lines = {line.strip() for line in harmless(text).split("\n")} - {"", "----"}
    return {line for line in lines if not line.startswith("CAPTURED ")}


def _circumstances(event: ScenarioFinished, attempts: int) -> str:
    of = f" of {attempts}" if attempts > 1 else ""
    return f"worker {event.worker}, attempt {event.attempt}{of}, {duration(event.seconds)}"


def _result(event: ScenarioFinished) -> str:
    outcome = event.outcome.value.replace("_", " ")
    judgement = event.judgement
    if judgement is not None and judgement.standing not in (Standing.AS_IS, Standing.NOT_INVERTED):
        outcome += f", {judgement.standing.value.replace('_', ' ')}"
    return f"{outcome} (worker {event.worker}, {duration(event.seconds)})"


def _other_attempt(case: Case, number: int) -> str:
    event = case.attempts[number]
    why = f": {one_line(case.headlines[number])}" if event.outcome.is_bad else ""
    return f"attempt {number} {_result(event)}{why}"
