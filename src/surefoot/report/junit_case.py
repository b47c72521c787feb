"""What one scenario looks like in the JUnit file. Gathers nothing, opens nothing.

Element names, their order and their attributes follow Maven Surefire's schema
(maven-surefire-plugin/src/site/resources/xsd/surefire-test-report-3.0.xsd).
"""

from collections.abc import Callable, Iterator

import msgspec

from surefoot.events.events import ScenarioFinished
from surefoot.events.failures import error_state, failing_step, headline
from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict, is_bad
from surefoot.report.attempts import HookFailure, settled
from surefoot.report.xmltext import element, start

MAX_OUTPUT = 64 * 1024
"""Bytes of an attempt's output, and characters of each captured section, that the file holds."""


_TYPES = (Standing.UNEXPECTED_PASS, Standing.INFRASTRUCTURE)
"""What policy made of an attempt, where that says more than the type of its exception."""


class Problem(msgspec.Struct, array_like=True):
    """An attempt as the file shows it; its name there depends on the verdict."""

    failure: bool
    """Whether an assertion failed; anything else is an error."""
    type: str
    message: str
    text: str
    out: str
    err: str


class Entry(msgspec.Struct):
    """One scenario of a feature that is still open."""

    name: str
    line: int
    seconds: float = 0.0
    outcomes: dict[int, Outcome] = {}
    spooled: dict[int, tuple[int, int]] = {}
    """Attempt number to offset and length of its Problem in the spool."""
    why: str = ""
    """Why it was skipped or left untested."""
    given_verdict: Verdict | None = None
    judgements: dict[int, Judgement] = {}
    decided: str = ""
    """Why, where the policy of the suite decided."""

    @property
    def verdict(self) -> Verdict:
        """The engine's verdict; of a cut run, what the attempts came to."""
        return self.given_verdict or settled(self.outcomes, self.judgements)

    def counts_against(self, number: int) -> bool:
        """Whether an attempt counts against the scenario."""
        return is_bad(self.outcomes[number], self.judgements.get(number))


class Totals(msgspec.Struct):
    """The counts of a suite."""

    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, other: "Totals") -> None:
        """Add another suite's counts."""
        self.tests += other.tests
        self.failures += other.failures
        self.errors += other.errors
        self.skipped += other.skipped
        self.seconds += other.seconds

    def attributes(self) -> dict[str, str]:
        """Return the attributes of `testsuite`."""
        return {
            "tests": str(self.tests),
            "failures": str(self.failures),
            "errors": str(self.errors),
            "skipped": str(self.skipped),
            "time": f"{self.seconds:.3f}",
        }


def problem_of(
    event: ScenarioFinished, filename: str, read_output: Callable[[str], bytes]
) -> Problem:
    """Return what the file shows of an attempt."""
    step = failing_step(event.record)
    state = error_state(event)
    lines = []
    if step is not None:
        lines.append(f"Failing step: {step.keyword} {step.name}")
        lines.append(f"Location: {step.filename or filename}:{step.line}")
    lines.append(f"Worker {event.worker}, attempt {event.attempt}: {event.outcome.value}")
    judgement = event.judgement
    if judgement is not None and judgement.text:
        lines.append(judgement.text)
    message = state.error_message or ""
    if event.reason:
        lines += ["", event.reason]
        # A dead worker's record repeats the reason and the stacks as its error.
        message = "" if message.startswith(event.reason) else message
    for text in (message, event.stacks):
        if text:
            lines += ["", text]
    if event.shared_paths:
        lines += ["", "Written by scenarios of other workers too:", *event.shared_paths]
    kind = state.error.type.removeprefix("builtins.") if state.error else event.outcome.value
    unexpected = judgement is not None and judgement.standing is Standing.UNEXPECTED_PASS
    if judgement is not None and judgement.standing in _TYPES:
        kind = judgement.standing.value
    return Problem(
        failure=event.outcome is Outcome.FAILED or unexpected,
        type=kind,
        message=headline(event) if event.outcome.is_bad or unexpected else "",
        text="\n".join(lines),
        out=_output(event, read_output),
        err=section([part.stderr for part in event.record.state.captured]),
    )


def _output(event: ScenarioFinished, read_output: Callable[[str], bytes]) -> str:
    captured = event.record.state.captured
    data = read_output(event.output) if event.output else b""
    if data:
        # All that the attempt wrote, what behave captured included.
        text = data[-MAX_OUTPUT:].decode("utf-8", "backslashreplace")
        if len(data) > MAX_OUTPUT:
            left_out = len(data) - MAX_OUTPUT
            text = f"[the first {left_out:,} bytes left out; all: {event.output}]\n{text}"
    else:
        text = section([part.stdout for part in captured])
    log = section([part.log for part in captured])
    return "\n".join(part for part in (text, log) if part)


def section(parts: list[str]) -> str:
    """Return captured parts as one text, its end if it is long."""
    text = "\n".join(part.rstrip("\n") for part in parts if part)
    if len(text) <= MAX_OUTPUT:
        return text
    return f"[the first {len(text) - MAX_OUTPUT:,} characters left out]\n{text[-MAX_OUTPUT:]}"


def inside_case(
    entry: Entry, problems: dict[int, Problem], untested_because: str, totals: Totals
) -> Iterator[str]:
    """Yield the children of a test case in the schema's order, and count it in `totals`.

    `problems` are those of its bad attempts and of its retries, by number.
    """
    totals.tests += 1
    verdict = entry.verdict
    if verdict in (Verdict.SKIPPED, Verdict.UNTESTED):
        totals.skipped += 1
        why = entry.why
        if verdict is Verdict.UNTESTED:
            why = f"untested: {why or untested_because}"
        yield element("skipped", {"message": why} if why else {})
    if verdict in (Verdict.EXPECTED_FAILURE, Verdict.QUARANTINED):
        totals.skipped += 1
        yield element("skipped", {"type": verdict.value, "message": entry.decided})
        texts = [part for item in problems.values() for part in (item.text, item.out) if part]
        if texts:
            yield element("system-out", {}, "\n\n".join(texts))
    if not verdict.fails and verdict is not Verdict.FLAKY:
        return
    bad = [problems[number] for number in sorted(problems) if entry.counts_against(number)]
    if not bad:
        # A hook of the feature failed, which the engine counts against its scenarios.
        bad = [Problem(False, "hook_error", "a hook of the feature failed", "", "", "")]
    shown: Problem | None = bad[0]
    if verdict.fails:
        totals.failures += bad[0].failure
        totals.errors += not bad[0].failure
        tag = "failure" if bad[0].failure else "error"
        first = element(tag, {"message": bad[0].message, "type": bad[0].type}, bad[0].text)
        again = [(item, "rerunFailure" if item.failure else "rerunError") for item in bad[1:]]
    else:
        first = ""
        again = [(item, "flakyFailure" if item.failure else "flakyError") for item in bad]
        shown = next(
            (problems[number] for number in problems if not entry.counts_against(number)), None
        )
    yield from _in_schema_order(first, bad[0].failure, again)
    if shown is not None and shown.out:
        yield element("system-out", {}, shown.out)
    if shown is not None and shown.err:
        yield element("system-err", {}, shown.err)


def _in_schema_order(
    first: str, first_is_failure: bool, again: list[tuple[Problem, str]]
) -> Iterator[str]:
    """Yield failure, rerunFailure, flakyFailure before error, rerunError, flakyError."""
    for failures in (True, False):
        if first and first_is_failure is failures:
            yield first
        for problem, tag in again:
            if problem.failure is failures:
                yield start(tag, {"message": problem.message, "type": problem.type})
                yield element("stackTrace", {}, problem.text)
                if problem.out:
                    yield element("system-out", {}, problem.out)
                if problem.err:
                    yield element("system-err", {}, problem.err)
                yield f"</{tag}>"


def hook_case(failure: HookFailure, classname: str, filename: str, totals: Totals) -> str:
    """Return a test case for a hook that failed outside of scenarios, and count it."""
    totals.tests += 1
    totals.errors += 1
    attributes = {"name": f"({failure.where})", "classname": classname, "time": "0.000"}
    if filename:
        attributes["file"] = filename
    message = failure.message.strip().split("\n", 1)[0][:500] or "a hook failed"
    error = element("error", {"message": message, "type": "hook_error"}, failure.message)
    out = section([part.stdout for part in failure.captured])
    rest = element("system-out", {}, out) if out else ""
    return f"{start('testcase', attributes)}{error}{rest}</testcase>\n"


def case_names(entries: list[Entry]) -> list[str]:
    """Return the names, with the line where two scenarios of a feature share one."""
    seen: dict[str, int] = {}
    for entry in entries:
        seen[entry.name] = seen.get(entry.name, 0) + 1
    return [
        f"{entry.name} (line {entry.line})" if seen[entry.name] > 1 else entry.name
        for entry in entries
    ]
