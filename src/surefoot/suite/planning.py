"""From parsed features to the plan: which scenarios there are, which are selected, their ids."""

from collections.abc import Collection
from typing import Any

from behave.configuration import Configuration
from behave.model import Feature

from surefoot.model.scenarios import PlannedFeature, PlannedScenario, scenario_id
from surefoot.suite import encode

_ORDERED_TAGS = ("setup", "teardown")


def plan(features: list[Feature], config: Configuration) -> list[PlannedFeature]:
    """Return the features in suite order with every scenario and whether it will run."""
    seen: dict[tuple[str, str | None, str, str | None], int] = {}
    return [_feature(index, feature, config, seen) for index, feature in enumerate(features)]


def _feature(
    index: int,
    feature: Feature,
    config: Configuration,
    seen: dict[tuple[str, str | None, str, str | None], int],
) -> PlannedFeature:
    filename = encode.text(feature.filename)
    scenarios = []
    whole = ""
    inherited: dict[int, frozenset[str]] = {}
    feature_runs = feature.should_run(config)
    for path, scenario, rule in encode.walk(feature):
        name = encode.text(scenario.name)
        row = scenario._row
        row_id = None if row is None else str(getattr(row, "id", ""))
        key = (filename, None if rule is None else encode.text(rule.name), name, row_id)
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        parent = scenario.parent
        if id(parent) not in inherited:
            inherited[id(parent)] = frozenset(parent.effective_tags) if parent else frozenset()
        tags = inherited[id(parent)].union(scenario.tags)
        if not whole:
            whole = next((f"@{tag}" for tag in _ORDERED_TAGS if tag in scenario.tags), "")
        scenarios.append(
            PlannedScenario(
                id=scenario_id(*key, occurrence),
                path=path,
                name=name,
                line=scenario.line or 0,
                tags=tuple(sorted(encode.text(tag) for tag in tags)),
                steps=len(scenario.steps),
                selected=bool(feature_runs and _runs(scenario, tags, config)),
            )
        )
    return PlannedFeature(
        index=index,
        filename=filename,
        name=encode.text(feature.name),
        line=feature.line or 0,
        tags=tuple(encode.text(tag) for tag in feature.tags),
        scenarios=tuple(scenarios),
        whole=whole,
    )


def _runs(scenario: Any, tags: Collection[str], config: Configuration) -> bool:
    """Scenario.should_run() with the effective tags at hand, which cost more than all the rest."""
    return bool(
        not scenario.should_skip
        and config.tag_expression.check(tags)
        and scenario.should_run_with_name_select(config)
    )


def keep_only(
    features: list[Feature], planned: list[PlannedFeature], ids: Collection[str]
) -> list[Feature]:
    """Mark every scenario whose id is not in `ids` as skipped, as `FILE:LINE` does.

    `@setup` and `@teardown` scenarios of a feature that keeps one are kept, as behave keeps
    them. Returns the features that still have something to run.
    """
    wanted = frozenset(ids)
    kept = []
    for feature, plan_ in zip(features, planned, strict=True):
        chosen = [scenario.id in wanted for scenario in plan_.scenarios]
        if not any(chosen):
            continue
        for (_, scenario, _), keep in zip(encode.walk(feature), chosen, strict=True):
            ordered = any(tag in scenario.tags for tag in _ORDERED_TAGS)
            if not keep and not ordered and not scenario.should_skip:
                scenario.mark_skipped()
        kept.append(feature)
    return kept
