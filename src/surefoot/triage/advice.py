"""What to do about each class of failure, and how much work that is. Words only."""

import msgspec

from surefoot.triage.model import Cluster, FailureClass, FailureKind, FlakyKind

HOUR, HALF_DAY, DAYS = "under an hour", "half a day", "one to two days"


class Action(msgspec.Struct, frozen=True):
    """One recommended action."""

    text: str
    effort: str


FULL_LOGS = Action(
    "keep the full logs: `surefoot init` writes a workflow that uploads them as artefacts, so that"
    " no cut log has to be judged again",
    HOUR,
)
_BY_CLASS = {
    FailureClass.OWN_ENVIRONMENT: Action(
        "mend the environment that the triage itself runs in", HOUR
    ),
    FailureClass.CANCELLED: Action("none: the run was cancelled or superseded", HOUR),
    FailureClass.INFRASTRUCTURE: Action(
        "mend what the quoted line names (runner, disk, network, limit, secret), and let the set-up"
        " step alone be retried, never the tests",
        HALF_DAY,
    ),
    FailureClass.TRUNCATED: FULL_LOGS,
    FailureClass.DETERMINISTIC: Action(
        "mend the quoted place; running the same tool before each commit (`surefoot init` writes"
        " the hooks) keeps it from coming back",
        HOUR,
    ),
    FailureClass.TAG_FAULT: Action(
        "mend the tag: mark the known bug as expected to fail, or take the mark away where it"
        " passes; `surefoot check` finds the others",
        HOUR,
    ),
    FailureClass.HANG: Action(
        "run with `surefoot run --timeout-scenario 5m`: the deadline ends it and shows the stacks"
        " of all threads, which name what is waited for",
        HALF_DAY,
    ),
    FailureClass.NOTHING_RAN: Action(
        "mend the selection: nothing was tested; `surefoot run` ends with exit code 5 for this",
        HOUR,
    ),
    FailureClass.FLAKY: Action(
        "run it again and again with `surefoot run --shuffle` and the seed that is shown, until it"
        " fails, then mend what differs",
        DAYS,
    ),
    FailureClass.SUSPECTED_FLAKY: Action(
        "run the same commit again with `surefoot run --retries 2`: a pass proves that it is flaky",
        HOUR,
    ),
    FailureClass.REGRESSION: Action(
        "look at the commits from the last good to the first bad one, or bisect them", HALF_DAY
    ),
    FailureClass.UNKNOWN: Action(
        "read the quoted lines, and add a rule for them (`--rules`), so that the next one is known",
        HALF_DAY,
    ),
}
_BY_KIND = {
    FlakyKind.TIMING: Action(
        "wait for the condition instead of a time: `surefoot.clock` has waits with real deadlines",
        HALF_DAY,
    ),
    FlakyKind.CONCURRENCY: Action(
        "read what other threads write only under its lock; `surefoot.threads` checks that", DAYS
    ),
    FlakyKind.DATABASE: Action(
        "give each scenario a database of its own from a template, migrated before any test",
        DAYS,
    ),
    FlakyKind.ORDER: Action(
        "make the scenario set up what it needs; `--isolation scenario` shows whether it does",
        HALF_DAY,
    ),
    FlakyKind.NETWORK: Action("replace the remote service by a local one in tests", DAYS),
}

_KNOWN_BUG = Action(
    "mend what the commits from the last good to the first bad one broke; until then tag the"
    " scenario with its issue and as an expected failure (`surefoot check --results last` names"
    " those without)",
    HALF_DAY,
)
_TESTS = frozenset({FailureKind.SCENARIO, FailureKind.TEST, FailureKind.HOOK})


def for_cluster(cluster: Cluster) -> Action:
    """Return what to do about a cluster."""
    judged = cluster.judgement
    flaky = {FailureClass.FLAKY, FailureClass.SUSPECTED_FLAKY}
    if judged.failure_class in flaky and judged.flaky_kind in _BY_KIND:
        return _BY_KIND[judged.flaky_kind]
    if judged.failure_class is FailureClass.REGRESSION and cluster.kind is FailureKind.SCENARIO:
        return _KNOWN_BUG
    if judged.failure_class is FailureClass.UNKNOWN and cluster.kind in _TESTS:
        return Action(
            "run the same commit again: a pass proves that it is flaky, a fail that it is broken;"
            " `surefoot run PATH:LINE` runs one scenario",
            HOUR,
        )
    if judged.failure_class is FailureClass.DETERMINISTIC and cluster.kind is FailureKind.LOAD:
        return Action(
            "mend the module or step that does not load: until then nothing of the suite is tested",
            HOUR,
        )
    return _BY_CLASS[judged.failure_class]
