"""Cuts a suite into units: what one worker takes at a time, its locks and its estimate.

Reads only planned features, tags and estimates. What runs first is `plan.order`'s affair,
what may run at the same time `plan.locks`'s.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from surefoot.errors import UserError
from surefoot.model.scenarios import PlannedFeature, PlannedScenario
from surefoot.model.units import Lock, Unit

UNKNOWN_QUANTILE = 0.9
"""An unknown scenario counts as one of the slow ones of its suite: a unit that is given out too
late costs the whole overshoot, one that is given out too early costs next to nothing."""


def make_units(
    features: Sequence[PlannedFeature],
    unit: Literal["feature", "scenario"],
    estimates: Mapping[str, float],
) -> list[Unit]:
    """Return the units of a suite, in suite order.

    With `unit="feature"` every feature is one complete unit. With `unit="scenario"` every
    selected scenario is a unit of its own, except in features that must stay whole
    (`PlannedFeature.whole`), that have at most one scenario, or where none is selected.

    A feature without a selected scenario is a complete unit with `paths=()` and an estimate of
    0: behave still reports it, and still runs its feature hooks where its own tags are
    selected, so it takes the locks of those tags.

    `estimates` maps scenario ids to seconds. Raises UserError for a malformed lock tag.
    """
    chosen = [tuple(s for s in feature.scenarios if s.selected) for feature in features]
    fallback = _quantile(
        sorted(estimates[s.id] for group in chosen for s in group if s.id in estimates),
        UNKNOWN_QUANTILE,
    )
    units: list[Unit] = []
    for feature, selected in zip(features, chosen, strict=True):
        divided = unit == "scenario" and not feature.whole and len(feature.scenarios) > 1
        if divided and selected:
            parts = [
                _unit(feature, (scenario,), False, estimates, fallback) for scenario in selected
            ]
            # behave announces scenarios that it leaves out as well: one unit does it for all.
            units.append(msgspec.structs.replace(parts[0], rest=True))
            units.extend(parts[1:])
        else:
            units.append(_unit(feature, selected, True, estimates, fallback))
    return units


def _unit(
    feature: PlannedFeature,
    scenarios: tuple[PlannedScenario, ...],
    complete: bool,
    estimates: Mapping[str, float],
    fallback: float | None,
) -> Unit:
    serial, locks = _exclusions(feature, scenarios)
    return Unit(
        feature=feature.index,
        paths=tuple(s.path for s in scenarios),
        complete=complete,
        serial=serial,
        locks=locks,
        estimate=_estimate(scenarios, estimates, fallback),
    )


def _estimate(
    scenarios: tuple[PlannedScenario, ...],
    estimates: Mapping[str, float],
    fallback: float | None,
) -> float | None:
    if not scenarios:
        return 0.0
    known = [estimates[s.id] for s in scenarios if s.id in estimates]
    if not known or fallback is None:
        return None
    return math.fsum(known) + (len(scenarios) - len(known)) * fallback


def _quantile(ordered: Sequence[float], q: float) -> float | None:
    """Return the nearest-rank quantile: the smallest value that a share `q` does not exceed."""
    if not ordered:
        return None
    return ordered[max(math.ceil(q * len(ordered)) - 1, 0)]


def _exclusions(
    feature: PlannedFeature, scenarios: Iterable[PlannedScenario]
) -> tuple[bool, tuple[Lock, ...]]:
    """Return whether the unit is serial, and its locks by name; a write lock beats a read lock."""
    tagged = [(s.line, s.tags) for s in scenarios] or [(feature.line, feature.tags)]
    serial = False
    shared_by_name: dict[str, bool] = {}
    for line, tags in tagged:
        for tag in tags:
            if tag == "serial":
                serial = True
            elif tag.startswith("lock:"):
                lock = _parse_lock(tag, feature.filename, line)
                shared_by_name[lock.name] = lock.shared and shared_by_name.get(lock.name, True)
    return serial, tuple(Lock(name, shared) for name, shared in sorted(shared_by_name.items()))


def _parse_lock(tag: str, filename: str, line: int) -> Lock:
    match tag.split(":"):
        case [_, name] if name:
            return Lock(name)
        case [_, name, "read"] if name:
            return Lock(name, shared=True)
    raise UserError(
        f"{filename}:{line}: the tag @{tag} is not a valid lock (valid: @lock:NAME to write, "
        f"@lock:NAME:read to read, where NAME is not empty and holds no colon); "
        f"correct the tag, or give it a name that does not begin with @lock:"
    )
