"""What an attempt came to, and what a scenario came to over all its attempts."""

from enum import StrEnum


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


class Verdict(StrEnum):
    """What a scenario came to over all attempts."""

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    SKIPPED = "skipped"
    UNTESTED = "untested"


def verdict_of(attempts: list[Outcome]) -> Verdict:
    """Return what a scenario came to over its attempts, of which there is at least one."""
    last = attempts[-1]
    if last is Outcome.PASSED:
        return Verdict.FLAKY if any(item.is_bad for item in attempts) else Verdict.PASSED
    if last.is_bad or any(item.is_bad for item in attempts):
        return Verdict.FAILED
    return Verdict.SKIPPED if last is Outcome.SKIPPED else Verdict.UNTESTED
