"""The rules about tags, which `policy.tags` decides, as `check` declares and asks them."""

import datetime
from collections.abc import Mapping

from surefoot.model.findings import Finding
from surefoot.policy import changes, results, tags
from surefoot.policy.names import TagRules
from surefoot.policy.quarantine import QuarantineRules
from surefoot.policy.static.facts import FeatureFacts, Scenario
from surefoot.policy.static.rule import Rule
from surefoot.policy.tags import TaggedFeature, TaggedItem, tag_findings

_EXAMPLES = {
    tags.LINK_ALONE: ("@tdd_issue_12", "@tdd_issue @tdd_issue_12"),
    tags.EXPECTED_ALONE: (
        "@tdd_expected_fail",
        "@tdd_issue @tdd_issue_12 @tdd_expected_fail",
    ),
    tags.MALFORMED: ("@tdd-issue-12", "@tdd_issue @tdd_issue_12"),
    tags.UNDECLARED: ("@smoek", "@smoke"),
    tags.QUARANTINE_OPEN: ("@quarantine", "@quarantine:2026-12-31"),
    tags.QUARANTINE_OVER: ("@quarantine:2026-01-31", "# mended, and the tag removed"),
    tags.STATED_ALONE: (
        "@expect_error:TypeError",
        "@tdd_issue @tdd_issue_12 @tdd_expected_fail @expect_error:TypeError",
    ),
    results.ALWAYS_FAILS: (
        "# failed in all 20 runs",
        "@tdd_issue @tdd_issue_12 @tdd_expected_fail",
    ),
    results.ALWAYS_PASSES: (
        "# passed in all 20 runs\n@tdd_issue @tdd_issue_12 @tdd_expected_fail",
        "@tdd_issue @tdd_issue_12",
    ),
    changes.CAPTURE_OPEN: (
        "+ @tdd_expected_fail",
        "+ @tdd_issue @tdd_issue_12 @tdd_expected_fail",
    ),
    changes.LINK_LOST: (
        "- @tdd_issue @tdd_issue_12 @tdd_expected_fail",
        "- @tdd_issue @tdd_issue_12 @tdd_expected_fail\n+ @tdd_issue @tdd_issue_12",
    ),
    changes.STILL_EXPECTED: (
        "# the commit says: Closes #12\n@tdd_issue @tdd_issue_12 @tdd_expected_fail",
        "# the commit says: Closes #12\n@tdd_issue @tdd_issue_12",
    ),
    changes.CAPTURE_LOST: (
        "- @tdd_issue @tdd_issue_12 @tdd_expected_fail\n- ",
        "@tdd_issue @tdd_issue_12 @tdd_expected_fail",
    ),
}
_EXPLANATIONS = {**tags.EXPLANATIONS, **results.EXPLANATIONS, **changes.EXPLANATIONS}
_FIXES = {
    tags.LINK_ALONE: "adds or corrects the tag where there is one right way",
    tags.MALFORMED: "adds or corrects the tag where there is one right way",
    results.ALWAYS_FAILS: "adds the tags, where the issue is known from its link or from --issue",
    results.ALWAYS_PASSES: "removes the tag, where it stands at that scenario alone",
}


def _rule(code: str) -> Rule:
    title, text = _EXPLANATIONS[code]
    bad, good = _EXAMPLES.get(code, ("", ""))
    first, _, rest = text.partition(". ")
    return Rule(
        code=code,
        name=title.replace(" ", "-").replace("'", ""),
        severity="error",
        what=f"{first.removesuffix('.')}.",
        why=rest or "It has no effect, and nobody would notice.",
        bad=f"{bad}\nScenario: ..." if bad else "",
        good=f"{good}\nScenario: ..." if good else "",
        syntax="gherkin",
        fixable=_FIXES.get(code, ""),
    )


RULES = tuple(_rule(code) for code in _EXPLANATIONS)


def tags_of(
    features: Mapping[str, FeatureFacts],
    rules: TagRules,
    quarantine: QuarantineRules,
    today: datetime.date,
) -> list[Finding]:
    """Return what tags break, for features by their shown name."""
    tagged = [tagged_feature(file, facts) for file, facts in features.items() if _has_tags(facts)]
    return tag_findings(tagged, rules, quarantine, today)


def _has_tags(facts: FeatureFacts) -> bool:
    return bool(
        facts.tags
        or any(rule.tags for rule in facts.rules)
        or any(
            scenario.tags or any(examples.tags for examples in scenario.examples)
            for scenario in facts.scenarios
        )
    )


def tagged_feature(file: str, facts: FeatureFacts) -> TaggedFeature:
    """Return what the tag rules look at of a feature file."""
    items: list[TaggedItem] = []
    by_rule: dict[int, list[TaggedItem]] = {}
    for scenario in facts.scenarios:
        by_rule.setdefault(scenario.rule, []).append(_scenario(scenario))
    items += by_rule.get(-1, [])
    for number, rule in enumerate(facts.rules):
        inner = tuple(by_rule.get(number, ()))
        items.append(TaggedItem(rule.name, rule.line, tuple(rule.tags), inner))
    return TaggedFeature(file, facts.name, facts.line, tuple(facts.tags), tuple(items))


def _scenario(scenario: Scenario) -> TaggedItem:
    inner = tuple(
        TaggedItem(
            examples.name,
            examples.line,
            tuple(examples.tags),
            rows=tuple(row.line for row in examples.rows),
        )
        for examples in scenario.examples
    )
    return TaggedItem(scenario.name, scenario.line, tuple(scenario.tags), inner)
