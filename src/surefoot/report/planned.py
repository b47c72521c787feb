"""Looks things up in the plan of a run. It may be missing: a load can fail before there is one."""

import bisect

from surefoot.events.events import SuitePlanned
from surefoot.model.scenarios import PlannedFeature, PlannedScenario, ScenarioPath


def selected_count(plan: SuitePlanned | None) -> int:
    """Return how many scenarios were to run."""
    if plan is None:
        return 0
    return sum(scenario.selected for feature in plan.features for scenario in feature.scenarios)


def feature_of(plan: SuitePlanned | None, feature: int, identity: str) -> PlannedFeature:
    """Return the planned feature; without a plan, one that knows its file from a scenario's id."""
    if plan is not None and 0 <= feature < len(plan.features):
        return plan.features[feature]
    filename = identity.split(" :: ", 1)[0]
    return PlannedFeature(feature, filename, "", 0, (), ())


def find_planned(
    plan: SuitePlanned | None, feature: int, path: ScenarioPath
) -> PlannedScenario | None:
    """Return the planned scenario; plans are sorted by path."""
    scenarios = feature_of(plan, feature, "").scenarios
    place = bisect.bisect_left(scenarios, path, key=lambda scenario: scenario.path)
    if place < len(scenarios) and scenarios[place].path == path:
        return scenarios[place]
    return None
