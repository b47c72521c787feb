"""Rules about files that cannot be read, and about comments that suppress findings."""

from collections.abc import Iterable, Iterator

from surefoot.config.suggest import did_you_mean
from surefoot.policy.static.facts import FeatureFacts, Ignore, ModuleFacts, Raw
from surefoot.policy.static.rule import Rule

UNREADABLE = Rule(
    code="SF010",
    name="unreadable-file",
    severity="error",
    what="A file of the suite cannot be read, or is not text in its encoding.",
    why="behave stops at it: no scenario of the whole suite runs.",
    bad="a feature file saved as Latin-1",
    good="the same file saved as UTF-8",
    syntax="text",
)
BAD_FEATURE = Rule(
    code="SF011",
    name="feature-syntax",
    severity="error",
    what="A feature file does not parse.",
    why="behave stops at it: no scenario of the whole suite runs.",
    bad="Feature: Refunds\n  Scenario: One\n    Given a paid order\n    this is no step",
    good="Feature: Refunds\n  Scenario: One\n    Given a paid order\n    # this is a comment",
    syntax="gherkin",
)
BAD_PYTHON = Rule(
    code="SF012",
    name="python-syntax",
    severity="error",
    what="A Python file of the suite does not parse.",
    why="Loading the suite fails at it, and no scenario runs.",
    bad='@when("the job ends")\ndef _(context)\n    pass',
    good='@when("the job ends")\ndef _(context):\n    pass',
)
NO_REASON = Rule(
    code="SF013",
    name="ignore-without-reason",
    severity="error",
    what="A comment suppresses findings and does not say why, or which.",
    why="Nobody can tell later whether the reason still holds, and a comment that names no code"
    " hides what it was never meant for.",
    bad="time.sleep(1)  # surefoot: ignore[SF203]",
    good="time.sleep(1)  # surefoot: ignore[SF203] the device needs a second to settle",
)
IDLE_IGNORE = Rule(
    code="SF014",
    name="ignore-without-effect",
    severity="warning",
    what="A comment suppresses a rule that is not known, or that finds nothing there.",
    why="A mistyped code suppresses nothing, and one that outlived its finding will hide the"
    " next one.",
    bad="start()  # surefoot: ignore[SF999] slow",
    good="start()",
)

RULES = (UNREADABLE, BAD_FEATURE, BAD_PYTHON, NO_REASON, IDLE_IGNORE)


def fault_finding(facts: FeatureFacts | ModuleFacts) -> Iterator[Raw]:
    """Yield the place at which a file cannot be read further."""
    if facts.fault is not None:
        code = "SF011" if isinstance(facts, FeatureFacts) else "SF012"
        fault = facts.fault
        yield Raw(code, fault.line, fault.message, fault.remedy)


class Suppression:
    """The suppressing comments of one file, and which of them had an effect."""

    def __init__(self, ignores: Iterable[Ignore]) -> None:
        self._ignores = list(ignores)
        self._used: set[tuple[int, str]] = set()

    def covers(self, code: str, line: int) -> bool:
        """Whether a finding is suppressed. Comments themselves cannot be."""
        covered = False
        for ignore in self._ignores:
            if code in ignore.codes and (not ignore.first or ignore.first <= line <= ignore.last):
                self._used.add((ignore.line, code))
                # Without a reason it suppresses nothing, and is a finding instead.
                covered = covered or bool(ignore.reason)
        return covered

    def faults(self, known: Iterable[str], active: set[str]) -> Iterator[Raw]:
        """Yield what is wrong with the comments; `active` are the codes that were looked for."""
        names = list(known)
        for ignore in self._ignores:
            if not ignore.codes:
                yield Raw(
                    "SF013",
                    ignore.line,
                    "this comment does not say which rule it suppresses",
                    "write # surefoot: ignore[CODE] reason",
                )
                continue
            if not ignore.reason:
                yield Raw(
                    "SF013",
                    ignore.line,
                    f"{', '.join(ignore.codes)} is suppressed without a reason, and so is not",
                    "say after the bracket why it may stay",
                )
            for code in ignore.codes:
                if code not in names:
                    yield Raw(
                        "SF014",
                        ignore.line,
                        f"{code} is no rule{did_you_mean(code, names)}",
                        "`surefoot check --rules` lists them",
                    )
                elif code in active and (ignore.line, code) not in self._used:
                    yield Raw(
                        "SF014",
                        ignore.line,
                        f"there is nothing for {code} to suppress here",
                        "remove the comment",
                    )
