"""What an attempt came to, and what a scenario came to over all its attempts."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What one attempt of a scenario came to."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    UNDEFINED = "undefined"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    HOOK_ERROR = "hook_error"
    UNTESTED = "untested"

    @property
    def is_bad(self) -> bool:
        """True when the attempt counts against the run."""
        return self in _BAD

    @property
    def may_retry(self) -> bool:
        """True when another attempt could end otherwise.

        An undefined step stays undefined, so it is never retried.
        """
        return self in _RETRIED


_BAD = frozenset(
    {
        Outcome.FAILED,
        Outcome.ERROR,
        Outcome.UNDEFINED,
        Outcome.TIMED_OUT,
        Outcome.CRASHED,
        Outcome.HOOK_ERROR,
    }
)
_RETRIED = _BAD - {Outcome.UNDEFINED}


class Standing(StrEnum):
    """What the policy of the suite makes of one attempt."""

    AS_IS = "as_is"
    EXPECTED_FAILURE = "expected_failure"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105  # a pass, and no password
    INFRASTRUCTURE = "infrastructure"
    """It failed by an error of the machine, which says nothing of the product."""
    NOT_INVERTED = "not_inverted"
    """It was to fail, but not like this."""


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the policy of the suite says of one attempt, beside behave's outcome."""

    standing: Standing = Standing.AS_IS
    text: str = ""
    """Why, in words for the user."""
    quarantine: str = ""
    """What quarantines the scenario; empty when nothing does."""

    def is_bad(self, outcome: Outcome) -> bool:
        """Return whether an attempt of this outcome counts against the scenario."""
        if self.standing is Standing.EXPECTED_FAILURE:
            return False
        return self.standing is Standing.UNEXPECTED_PASS or outcome.is_bad


def is_bad(outcome: Outcome, judgement: Judgement | None) -> bool:
    """Return whether an attempt counts against its scenario."""
    return outcome.is_bad if judgement is None else judgement.is_bad(outcome)


class Verdict(StrEnum):
    """What a scenario came to over all attempts."""

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    EXPECTED_FAILURE = "expected_failure"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105  # a pass, and no password
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"
    UNTESTED = "untested"

    @property
    def fails(self) -> bool:
        """True when it fails the run."""
        return self in (Verdict.FAILED, Verdict.UNEXPECTED_PASS)


def verdict_of(attempts: Sequence[Outcome], judgements: Sequence[Judgement | None] = ()) -> Verdict:
    """Return what a scenario came to over its attempts, of which there is at least one.

    `judgements` belong to the first attempts; those that are missing are None.
    """
    if not any(judgements):
        return _plain_verdict(attempts, [item.is_bad for item in attempts])
    known = [*judgements, *[None] * (len(attempts) - len(judgements))]
    bad = [is_bad(*pair) for pair in zip(attempts, known, strict=True)]
    last = known[-1].standing if known[-1] else Standing.AS_IS
    if last is Standing.EXPECTED_FAILURE:
        verdict = Verdict.FLAKY if any(bad) else Verdict.EXPECTED_FAILURE
    elif last is Standing.UNEXPECTED_PASS:
        # It failed once, in whatever way, so that it does not always pass.
        failed = any(item.is_bad for item in attempts)
        verdict = Verdict.FLAKY if failed else Verdict.UNEXPECTED_PASS
    else:
        verdict = _plain_verdict(attempts, bad)
    held = any(item is not None and item.quarantine for item in known)
    if held and (verdict.fails or verdict is Verdict.FLAKY) and Outcome.UNDEFINED not in attempts:
        return Verdict.QUARANTINED
    return verdict


def _plain_verdict(attempts: Sequence[Outcome], bad: Sequence[bool]) -> Verdict:
    last = attempts[-1]
    if last is Outcome.PASSED:
        return Verdict.FLAKY if any(bad) else Verdict.PASSED
    if any(bad):
        return Verdict.FAILED
    return Verdict.SKIPPED if last is Outcome.SKIPPED else Verdict.UNTESTED
