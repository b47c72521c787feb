"""What the policy of a suite makes of one attempt: an expected failure, an unexpected pass, ...

The danger is a failure that is taken for the expected one. So inversion asks for all of: the
tags are complete; the steps themselves failed, by an assertion or an exception; no hook, no
crash, no deadline, no undefined or pending step, no check of surefoot's own had a part in it;
the failure is the one that is stated, where one is; and it is no error of the machine. That
last one is looked at first: a locked database says nothing of the bug, in either direction.
"""

import datetime
import re
from collections.abc import Callable, Iterable

import msgspec

from surefoot.config.settings import Settings
from surefoot.config.tables import Tables
from surefoot.model.outcomes import Judgement, Outcome, Standing
from surefoot.policy.declared import quarantine_rules, tag_rules
from surefoot.policy.infrastructure import (
    InfrastructureRules,
    Raised,
    infrastructure_error,
    infrastructure_rules,
)
from surefoot.policy.names import BugTags, TagRules, bug_tags
from surefoot.policy.quarantine import QuarantineRules, quarantine_of


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force in a run."""

    today: datetime.date
    inversion: bool = False
    retry_infrastructure: bool = False
    tags: TagRules = TagRules()
    quarantine: QuarantineRules = QuarantineRules()
    infrastructure: InfrastructureRules = InfrastructureRules()


class Failure(msgspec.Struct, frozen=True):
    """A step that ended badly."""

    status: str
    """In behave's words."""
    raised: tuple[Raised, ...] = ()
    """Its exception, then what that was raised from."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as far as the policy looks at it."""

    outcome: Outcome
    failures: tuple[Failure, ...] = ()
    outside: tuple[Raised, ...] = ()
    """What a hook of the scenario raised."""
    check: str = ""
    """What a tool around the scenario failed it for."""
    aborted: bool = False
    """True when the run was aborted meanwhile."""


def policy_of(
    settings: Settings, tables: Tables, cwd: str, today: datetime.date | None = None
) -> Policy | None:
    """Return what is in force, or None when nothing is. Raises UserError for bad tables.

    `today` is the day by which quarantines end; by default the local one.
    """
    policy = Policy(
        today=today or datetime.datetime.now().astimezone().date(),
        inversion=settings.expected_failures,
        retry_infrastructure=settings.retry_infrastructure,
        tags=tag_rules(tables, cwd),
        quarantine=quarantine_rules(tables),
        infrastructure=infrastructure_rules(tables.infrastructure),
    )
    if policy.inversion or policy.retry_infrastructure or policy.quarantine.tags:
        return policy
    return None


def judge(
    tags: Iterable[str],
    seen: Seen,
    policy: Policy,
    place_of: Callable[[str], str] = lambda _: "",
) -> Judgement | None:
    """Return what an attempt of a scenario with these effective tags comes to.

    None means: what behave says. `place_of` returns where a tag stands.
    """
    outcome = seen.outcome
    if outcome in (Outcome.SKIPPED, Outcome.UNTESTED):
        return None
    names = frozenset(tags)
    judgement = _inverted(names, seen, policy, place_of)
    if not (judgement.is_bad(outcome) if judgement else outcome.is_bad):
        return judgement
    if outcome is Outcome.UNDEFINED:
        return judgement
    held = quarantine_of(names, policy.quarantine, policy.today)
    if held is None:
        return judgement
    judgement = judgement or Judgement()
    if held.holds:
        return msgspec.structs.replace(judgement, quarantine=held.text)
    text = "; ".join(filter(None, (judgement.text, f"{held.text}: {held.remedy}")))
    return msgspec.structs.replace(judgement, text=text)


def _inverted(
    names: frozenset[str], seen: Seen, policy: Policy, place_of: Callable[[str], str]
) -> Judgement | None:
    bug = bug_tags(names, policy.tags) if policy.inversion else BugTags()
    expected = bug.expected_fail
    if seen.outcome is Outcome.PASSED:
        if not expected or bug.missing:
            return None
        place = place_of(expected)
        return Judgement(
            Standing.UNEXPECTED_PASS,
            f"the bug seems to be mended ({_links(bug)}): remove @{expected}"
            + (f" ({place})" if place else "")
            + " and verify the fix",
        )
    if policy.retry_infrastructure or expected:
        chain = [item for failure in seen.failures for item in failure.raised]
        found = infrastructure_error([*chain, *seen.outside], policy.infrastructure)
        if found is not None:
            return Judgement(
                Standing.INFRASTRUCTURE,
                f"an error of the infrastructure, which says nothing of the product:"
                f" {found.text()}",
            )
    if not expected:
        return None
    why = _why_not(bug, seen, policy.tags)
    if why:
        return Judgement(Standing.NOT_INVERTED, f"@{expected} does not excuse this: {why}")
    return Judgement(Standing.EXPECTED_FAILURE, f"fails as expected ({_links(bug)})")


def _links(bug: BugTags) -> str:
    return ", ".join(f"@{link}" for link in bug.links) or f"@{bug.expected_fail}"


_NEVER = {
    Outcome.HOOK_ERROR: "a hook or a cleanup failed",
    Outcome.CRASHED: "its worker died",
    Outcome.TIMED_OUT: "it did not end in time",
    Outcome.UNDEFINED: "a step is undefined",
}
_EXIT = "surefoot.worker.shims.ProcessExitError"
"""What a SystemExit in a step becomes; plain behave would have ended there."""
_STEP_NEVER = {
    "undefined": "a step is undefined",
    "pending": "a step is pending",
    "hook_error": "a hook of a step failed",
}


def _why_not(bug: BugTags, seen: Seen, rules: TagRules) -> str:
    """Return why a failure is not the expected one; empty when it is."""
    if bug.missing:
        lacks = " and ".join(f"@{name}" for name in bug.missing)
        return f"it has no effect without {lacks}"
    if seen.outcome in _NEVER:
        return _NEVER[seen.outcome]
    if seen.aborted:
        return "the run was aborted"
    if seen.check:
        return f"a check around the scenario failed: {seen.check}"
    for failure in seen.failures:
        if failure.status in _STEP_NEVER:
            return _STEP_NEVER[failure.status]
        if failure.raised and failure.raised[0].is_a(_EXIT):
            return "a step tried to end the process"
    if not seen.failures:
        return "none of its steps failed"
    for failure in seen.failures:
        why = _other_than_stated(bug, failure, rules)
        if why:
            return why
    return ""


def _other_than_stated(bug: BugTags, failure: Failure, rules: TagRules) -> str:
    if not bug.errors and not bug.messages:
        return ""
    if not failure.raised:
        return "it is not known what was raised"
    raised = failure.raised[0]
    if bug.errors and not any(raised.is_a(name) for name in bug.errors):
        stated = " or ".join(f"@{rules.expect_error}:{name}" for name in bug.errors)
        return f"{stated} is stated, and it failed with {raised.text()}"
    for part in bug.messages:
        if not _stated_pattern(part).search(raised.message):
            return f"@{rules.expect_message}:{part} is stated, and it failed with {raised.text()}"
    return ""


def _stated_pattern(part: str) -> re.Pattern[str]:
    """A tag holds no spaces, so `_` stands for a run of them, or for itself."""
    return re.compile(r"(?:_|\s+)".join(re.escape(word) for word in part.split("_")), re.IGNORECASE)
