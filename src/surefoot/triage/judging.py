"""The ladder: from what was read of a red job to its class. The first rung with evidence wins.

Each failure of a log is judged, and the log itself. A verdict names its rule, its lines, its
confidence and what would refute it. What a test printed is no evidence against the machine:
lines that belong to a tool's own output count only for rules that speak of tests.
"""

import msgspec

from surefoot.policy.names import TagKind, TagRules, read_tag
from surefoot.triage.fingerprints import fingerprint
from surefoot.triage.history import History, Recurrence
from surefoot.triage.model import (
    Completeness,
    Conclusion,
    Failure,
    FailureClass,
    FailureKind,
    JudgedLog,
    Judgement,
    Line,
    Occurrence,
    ParsedLog,
    Quote,
    RuleHit,
    StepEnd,
)
from surefoot.triage.readers.surefoot import UNEXPECTED_PASS
from surefoot.triage.rules import Rule, Rules

LADDER = tuple(FailureClass)
_RUNG = {item: place for place, item in enumerate(LADDER)}
CLAIMED = "claimed:"
"""Prefix of hits that stand in a tool's own output."""
QUICK = 60.0
"""Seconds: a job that is red sooner, and ran no test, did not get as far as the code."""
LONG_SILENCE = 600.0
"""Seconds without a line that are a hang where no passing run tells what is usual."""
_STATIC = {
    FailureKind.LINT: ("static-lint", "a linter complains"),
    FailureKind.TYPES: ("static-types", "the type checker complains"),
    FailureKind.SECURITY: ("static-security", "the security checker complains"),
    FailureKind.COVERAGE: ("coverage-gate", "the coverage is under its threshold"),
    FailureKind.BUILD: ("build", "the build fails"),
    FailureKind.LOAD: ("load", "a file or the suite could not be loaded"),
    FailureKind.FINDING: ("finding", "surefoot found a defect of the suite"),
}
_TESTS = frozenset({FailureKind.SCENARIO, FailureKind.TEST, FailureKind.HOOK})
_FROM_TESTS = frozenset(
    {FailureClass.DETERMINISTIC, FailureClass.TAG_FAULT, FailureClass.HANG, FailureClass.UNKNOWN}
    | {FailureClass.NOTHING_RAN}
)
_PATTERNED = frozenset({"AmbiguousStep", "SyntaxError", "IndentationError", "undefined"})


class Context(msgspec.Struct, frozen=True):
    """What a log is judged with."""

    rules: Rules
    history: History
    recurrences: dict[str, Recurrence]
    usual_silence: dict[tuple[str, str], float]
    """Longest silence in passing runs, by workflow and job."""


def judge(parsed: ParsedLog, context: Context) -> JudgedLog:
    """Judge one log. A green job with a green log gets no judgement."""
    log = parsed.log
    if not _is_red(parsed, context.rules):
        return JudgedLog(parsed)
    if log.conclusion is Conclusion.SUCCESS:
        return _retried(parsed, context)
    own = _job(parsed, context)
    occurrences = tuple(_occurrence(parsed, failure, own, context) for failure in parsed.failures)
    whole = own
    if own.failure_class is FailureClass.UNKNOWN or own.rule == "failure":
        verdicts = [item.judgement for item in occurrences if not item.failure.expected]
        if verdicts:
            # The last on the highest rung: a failure that was retried is told more than once.
            top = min(_RUNG[item.failure_class] for item in verdicts)
            whole = [item for item in verdicts if _RUNG[item.failure_class] == top][-1]
    if not occurrences:
        failure = Failure(
            FailureKind.MESSAGE,
            "rules",
            whole.rule,
            message=whole.quotes[0].text if whole.quotes else whole.why,
            quotes=whole.quotes,
        )
        occurrences = (Occurrence(log.name, failure, whole, fingerprint(failure)),)
    return JudgedLog(parsed, _qualified(whole, parsed), occurrences)


def _retried(parsed: ParsedLog, context: Context) -> JudgedLog:
    """A green job: what passed only when it was retried is told all the same."""
    occurrences = tuple(
        Occurrence(
            parsed.log.name,
            failure,
            _flaky(parsed, "a retry", failure, context),
            fingerprint(failure),
        )
        for failure in parsed.failures
        if failure.passed_on_retry
    )
    return JudgedLog(parsed, occurrences[-1].judgement, occurrences)


def _is_red(parsed: ParsedLog, rules: Rules) -> bool:
    conclusion = parsed.log.conclusion
    if conclusion is Conclusion.SUCCESS:
        return any(failure.passed_on_retry for failure in parsed.failures)
    if conclusion in {Conclusion.SKIPPED, Conclusion.RUNNING}:
        return False
    if conclusion is not Conclusion.UNKNOWN:
        return True
    known = rules.by_id()
    # A line that only says `error:` makes no log red: many green ones have it.
    strong = [
        hit
        for hit in parsed.hits
        if (rule := known.get(hit.rule)) and rule.text.failure_class is not FailureClass.UNKNOWN
    ]
    failed = any(step.end is StepEnd.FAILED for step in parsed.steps)
    truncated = parsed.truncation.verdict is Completeness.TRUNCATED
    counted = any(count.failed for count in parsed.counts)
    empty = any(count.run == 0 for count in parsed.counts)
    return bool(
        parsed.failures or strong or failed or truncated or counted or parsed.exit_code or empty
    )


# -- the job as a whole


def _job(parsed: ParsedLog, context: Context) -> Judgement:
    """Climb the ladder with what the whole log shows, up to the rungs that need history."""
    log = parsed.log
    hits = _by_class(parsed, context.rules)
    own = hits.get(FailureClass.OWN_ENVIRONMENT)
    if own is not None:
        return own
    hang = hits.get(FailureClass.HANG)
    limit = hang is not None and hang.rule == "job-time-limit"
    if not limit and log.conclusion is not Conclusion.TIMED_OUT:
        cancelled = _cancelled(parsed, hits.get(FailureClass.CANCELLED))
        if cancelled is not None:
            return cancelled
    tested = any(failure.kind in _TESTS or failure.kind in _STATIC for failure in parsed.failures)
    infrastructure = hits.get(FailureClass.INFRASTRUCTURE)
    if infrastructure is not None:
        return infrastructure
    quick = _red_before_tests(parsed, tested, hits)
    if quick is not None:
        return quick
    evidence = bool(parsed.failures or set(hits) - {FailureClass.UNKNOWN})
    if parsed.truncation.verdict is Completeness.TRUNCATED and not evidence:
        return _truncated(parsed)
    rungs = (FailureClass.DETERMINISTIC, FailureClass.TAG_FAULT)
    for rung in rungs:
        found = hits.get(rung)
        if found is not None and not _only_wraps(found, parsed):
            return found
    if tested and not (limit and hang is not None):
        # The failures say more than the job; `judge` takes the highest of them.
        return Judgement(FailureClass.UNKNOWN, "failure", "something failed")
    hanging = _hanging(parsed, context, hang)
    if hanging is not None:
        return hanging
    nothing = _nothing_ran(parsed, hits.get(FailureClass.NOTHING_RAN))
    if nothing is not None:
        return nothing
    passed = context.history.passed_on_same_commit(log)
    if passed is not None and not context.history.masked(log):
        return _flaky(parsed, passed.name, None, context)
    regression = _regression(parsed, context)
    if regression is not None:
        return regression
    return _unknown(parsed, hits.get(FailureClass.UNKNOWN))


def _by_class(parsed: ParsedLog, rules: Rules) -> dict[FailureClass, Judgement]:
    """Return for each class the verdict of the first rule that matched and counts."""
    known = rules.by_id()
    order = rules.order()
    tested = any(failure.kind in _TESTS or failure.kind in _STATIC for failure in parsed.failures)
    found: dict[FailureClass, Judgement] = {}
    for hit in sorted(parsed.hits, key=lambda item: order.get(item.rule.removeprefix(CLAIMED), 0)):
        claimed = hit.rule.startswith(CLAIMED)
        rule = known.get(hit.rule.removeprefix(CLAIMED))
        if rule is None or (rule.text.weak and tested):
            continue
        if claimed and rule.text.failure_class not in _FROM_TESTS:
            continue
        found.setdefault(rule.text.failure_class, _of_rule(rule, hit))
    return found


def _of_rule(rule: Rule, hit: RuleHit) -> Judgement:
    return Judgement(
        rule.text.failure_class,
        rule.id,
        rule.text.why,
        hit.quotes,
        rule.text.confidence,
        rule.text.refuted_by,
    )


def _cancelled(parsed: ParsedLog, hit: Judgement | None) -> Judgement | None:
    if hit is not None:
        return hit
    if parsed.log.conclusion is not Conclusion.CANCELLED:
        return None
    return Judgement(
        FailureClass.CANCELLED,
        "conclusion-cancelled",
        "the forge says that the job was cancelled",
        (),
        0.97,
        "the time limit of the job was reached just then",
    )


def _red_before_tests(
    parsed: ParsedLog, tested: bool, hits: dict[FailureClass, Judgement]
) -> Judgement | None:
    """Red within a minute, and no test, linter or build began: it never came to the code."""
    log = parsed.log
    seconds = log.duration
    if seconds is None and parsed.first_time is not None and parsed.last_time is not None:
        seconds = parsed.last_time - parsed.first_time
    known = set(hits) - {FailureClass.UNKNOWN}
    if seconds is None or seconds >= QUICK or tested or known or parsed.failures or parsed.counts:
        return None
    if parsed.truncation.verdict is Completeness.TRUNCATED or not log.conclusion.is_red:
        return None
    if any(step.tests for step in parsed.steps) or set(parsed.tools) - {"git", "pip"}:
        return None
    said = hits.get(FailureClass.UNKNOWN)
    last = said.quotes if said is not None else _last_words(parsed)
    return Judgement(
        FailureClass.INFRASTRUCTURE,
        "red-before-tests",
        f"the job was red after {seconds:.0f} s, before any test step",
        last,
        0.5,
        "a script of the project that fails on purpose before the tests",
    )


def _truncated(parsed: ParsedLog) -> Judgement:
    reasons = "; ".join(parsed.truncation.reasons) or "its end is missing"
    return Judgement(
        FailureClass.TRUNCATED,
        "truncated",
        f"the log is cut and shows no failure, so nothing is known: {reasons}",
        parsed.truncation.quotes,
        0.8,
        "the whole log",
    )


def _only_wraps(found: Judgement, parsed: ParsedLog) -> bool:
    """`make: *** Error 1` behind failing tests says no more than that they failed."""
    tests = any(failure.kind in _TESTS for failure in parsed.failures)
    return tests and found.rule in {"build-failed", "linter-heading", "resolution"}


def _hanging(parsed: ParsedLog, context: Context, hit: Judgement | None) -> Judgement | None:
    if hit is not None:
        return _with_last_word(hit, parsed)
    log = parsed.log
    if log.conclusion is Conclusion.TIMED_OUT:
        return Judgement(
            FailureClass.HANG,
            "conclusion-timed-out",
            "the forge says that the job reached its time limit",
            _last_words(parsed),
            0.95,
            "the limit is shorter than the job needs when all is well",
        )
    silence = parsed.silence
    usual = context.usual_silence.get((log.workflow, log.job))
    if silence is None:
        return None
    bound = LONG_SILENCE if usual is None else max(120.0, 3 * usual)
    if silence.seconds <= bound:
        return None
    against = f"; passing runs are silent for {usual:.0f} s at most" if usual is not None else ""
    return Judgement(
        FailureClass.HANG,
        "silence",
        f"nothing was printed for {silence.seconds:.0f} s after this line{against}",
        (silence.after,),
        0.6,
        "a step that always works that long without a word",
    )


def _with_last_word(hang: Judgement, parsed: ParsedLog) -> Judgement:
    """Add the line after which nothing came: it names what hangs, the exit code does not."""
    silence = parsed.silence
    if silence is None or silence.seconds < QUICK:
        return hang
    return msgspec.structs.replace(
        hang,
        why=f"{hang.why}; nothing was printed for {silence.seconds:.0f} s after line"
        f" {silence.after.line}",
        quotes=(*hang.quotes, silence.after),
    )


def _nothing_ran(parsed: ParsedLog, hit: Judgement | None) -> Judgement | None:
    if hit is not None and not any(count.run for count in parsed.counts):
        return hit
    empty = [count for count in parsed.counts if count.run == 0]
    if not empty or any(count.run for count in parsed.counts) or parsed.failures:
        return None
    return Judgement(
        FailureClass.NOTHING_RAN,
        "zero-ran",
        f"{empty[0].reader} ran none of its {empty[0].what}",
        empty[0].quotes,
        0.9,
        "another job of the run has them",
    )


def _unknown(parsed: ParsedLog, hit: Judgement | None) -> Judgement:
    if hit is not None:
        return hit
    return Judgement(
        FailureClass.UNKNOWN,
        "nothing-known",
        "the job is red, and no rule and no reader knows why",
        _last_words(parsed),
        0.0,
        "a rule for it: [tool.surefoot.triage] rules",
    )


def _last_words(parsed: ParsedLog) -> tuple[Quote, ...]:
    """The lines that are nearest to a reason: new ones, else the last that was kept."""
    return parsed.evidence.quotes[-5:]


# -- each failure


def _occurrence(
    parsed: ParsedLog, failure: Failure, own: Judgement, context: Context
) -> Occurrence:
    mark = fingerprint(failure)
    verdict = _failure(parsed, failure, mark, context)
    stronger = _RUNG[own.failure_class] < _RUNG[verdict.failure_class]
    if stronger and own.failure_class in {FailureClass.CANCELLED, FailureClass.INFRASTRUCTURE}:
        # The whole job was cancelled, or its machine failed: its failures are that too.
        verdict = msgspec.structs.replace(
            own, quotes=failure.quotes[:1] + own.quotes, confidence=own.confidence * 0.8
        )
    return Occurrence(parsed.log.name, failure, _qualified(verdict, parsed), mark)


def _failure(parsed: ParsedLog, failure: Failure, mark: str, context: Context) -> Judgement:
    exception = failure.exception.rpartition(".")[2]
    if failure.kind is FailureKind.FINDING and failure.subject.startswith("SF5"):
        return Judgement(
            FailureClass.TAG_FAULT,
            "tag-finding",
            "surefoot found a tag that is wrong or missing",
            failure.quotes,
            0.95,
            "the tracker has the issue that the tag names in another state",
        )
    if exception in _PATTERNED or failure.kind in _STATIC:
        rule, why = _STATIC.get(failure.kind, ("load", "something of the suite is not defined"))
        if exception == "undefined":
            rule, why = "undefined-step", "a step has no definition"
        return Judgement(
            FailureClass.DETERMINISTIC,
            rule,
            why,
            failure.quotes,
            0.9 if failure.kind is not FailureKind.LOAD else 0.85,
            "the same commit passes when it is run again",
        )
    if failure.exception == "infrastructure":
        return Judgement(
            FailureClass.INFRASTRUCTURE,
            "run-says-infrastructure",
            "the run itself took the error for one of the machine",
            failure.quotes,
            0.85,
            "the product provokes the error",
        )
    if failure.kind in {FailureKind.GIT, FailureKind.INSTALL}:
        return Judgement(
            FailureClass.INFRASTRUCTURE,
            "fetch",
            "code or packages could not be fetched",
            failure.quotes,
            0.7,
            "the address or the version does not exist",
        )
    tag = _tag_fault(failure, context.rules.tags)
    if tag is not None:
        return tag
    ruled = _ruled(failure, context.rules)
    if ruled is not None:
        return ruled
    if failure.passed_on_retry:
        return _flaky(parsed, "a retry in the same job", failure, context)
    masked = context.history.masked(parsed.log)
    passed = context.history.passed_on_same_commit(parsed.log)
    if passed is not None and not masked:
        return _flaky(parsed, passed.name, failure, context)
    again = context.recurrences.get(mark)
    share = context.history.green_share(parsed.log)
    if again is not None and again.widespread and again.lasting and again.last_good:
        return _red_since(failure, again)
    if again is not None and again.suspicious and not masked and (share or 0.0) >= 0.5:
        return Judgement(
            FailureClass.SUSPECTED_FLAKY,
            "unrelated-changes",
            f"it occurs on {len(again.commits)} commits of {len(again.branches)} branches, while"
            f" {share:.0%} of the runs are green",
            failure.quotes,
            0.6,
            "all those branches have a change in common",
            flaky_kind=context.rules.kind_of(_text(failure)),
        )
    regression = _regression(parsed, context, failure)
    if regression is not None:
        return regression
    crash = failure.kind is FailureKind.CRASH or exception == "crashed"
    return Judgement(
        FailureClass.UNKNOWN,
        "crash" if crash else "test-failed",
        (masked and f"it failed, and {masked}, so it cannot be told from a broken time")
        or ("a process crashed" if crash else "it failed, and no other run of the job is known")
        + ("" if crash else " that would tell flaky from broken"),
        failure.quotes,
        0.3,
        "another run of the same commit, or the runs before it",
    )


def _text(failure: Failure) -> str:
    return " ".join((failure.exception, failure.message, *(item.text for item in failure.quotes)))


def _ruled(failure: Failure, rules: Rules) -> Judgement | None:
    """A rule that speaks of tests and matches a line of this very failure."""
    texts = [
        f"{failure.exception}: {failure.message}".partition("\n")[0] if failure.exception else "",
        *(item.text for item in failure.quotes),
    ]
    for rule in rules.rules:
        if rule.text.failure_class not in {FailureClass.TAG_FAULT, FailureClass.HANG}:
            continue
        if rule.text.marker:
            continue
        for text in texts:
            if text and rule.match(Line(1, text)) is not None:
                return Judgement(
                    rule.text.failure_class,
                    rule.id,
                    rule.text.why,
                    failure.quotes,
                    rule.text.confidence,
                    rule.text.refuted_by,
                )
    if failure.exception in {"timed out", "timed_out"} or failure.kind is FailureKind.TIMEOUT:
        return Judgement(
            FailureClass.HANG,
            "deadline",
            "it reached its deadline",
            failure.quotes,
            0.9,
            "the deadline is shorter than what it needs when all is well",
        )
    return None


def _tag_fault(failure: Failure, names: TagRules) -> Judgement | None:
    """A scenario that is tagged with its bug fails and is not marked as expected to."""
    if failure.exception == UNEXPECTED_PASS:
        return Judgement(
            FailureClass.TAG_FAULT,
            "unexpected-pass",
            "something that is marked as an expected failure passes",
            failure.quotes,
            0.96,
            "the bug is still there and the check is flaky",
        )
    kinds = {tag.lstrip("@"): read_tag(tag.lstrip("@"), names).kind for tag in failure.tags}
    bugs = sorted(tag for tag, kind in kinds.items() if kind in {TagKind.GENERIC, TagKind.LINK})
    if not bugs or TagKind.EXPECTED_FAIL in kinds.values() or failure.expected:
        return None
    wanted = names.expected_fail[0] if names.expected_fail else TagRules().expected_fail[0]
    return Judgement(
        FailureClass.TAG_FAULT,
        "known-bug-without-its-tag",
        f"the scenario is tagged @{bugs[-1]} and fails, and is not tagged @{wanted}",
        failure.quotes,
        0.8,
        "the bug was fixed, and this is another one",
    )


def _flaky(parsed: ParsedLog, passed: str, failure: Failure | None, context: Context) -> Judgement:
    text = _text(failure) if failure is not None else ""
    retried = failure is not None and failure.passed_on_retry
    why = (
        "it failed and passed when it was retried"
        if retried
        else f"the same job passed on the same commit: {passed}"
    )
    return Judgement(
        FailureClass.FLAKY,
        "retry-passed" if retried else "same-commit",
        why,
        failure.quotes if failure is not None else _last_words(parsed),
        0.95 if retried else 0.9,
        "something outside of the commit changed between the two runs",
        flaky_kind=context.rules.kind_of(text),
    )


def _regression(
    parsed: ParsedLog, context: Context, failure: Failure | None = None
) -> Judgement | None:
    good, red, green = context.history.around(parsed.log)
    if good is None or green or not parsed.log.commit or good.commit == parsed.log.commit:
        return None
    first = context.history.first_bad(parsed.log)
    confidence = 0.5 if red == 1 else 0.65 if red < 4 else 0.85
    return Judgement(
        FailureClass.REGRESSION,
        "first-bad",
        f"green at {good.commit[:12]}, red since {first.commit[:12]} ({red} runs)",
        failure.quotes if failure is not None else _last_words(parsed),
        confidence,
        "the first bad commit passes when it is run again",
        first_bad=first.commit,
        last_good=good.commit,
    )


def _red_since(failure: Failure, again: Recurrence) -> Judgement:
    """What flickers lets other runs of its job pass; this let none, whatever was changed."""
    return Judgement(
        FailureClass.REGRESSION,
        "red-since",
        f"its job was last green at {again.last_good[:12]}; since {again.first_bad[:12]} no run of"
        f" it was, and this is in {len(set(again.logs))} of its logs, on {len(again.commits)}"
        f" commits of {len(again.branches)} branches",
        failure.quotes,
        0.8,
        "a run of the first bad commit in which it passes",
        first_bad=again.first_bad,
        last_good=again.last_good,
    )


def _qualified(verdict: Judgement, parsed: ParsedLog) -> Judgement:
    if (
        parsed.truncation.verdict is not Completeness.TRUNCATED
        or verdict.failure_class is FailureClass.TRUNCATED
    ):
        return verdict
    why = "; ".join(parsed.truncation.reasons[:2])
    return msgspec.structs.replace(
        verdict, qualifier=f"the log is truncated, so there may be more: {why}"
    )
