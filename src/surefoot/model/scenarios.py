"""What there is to run: planned features and scenarios, and how each is named.

A scenario has two names. Its *path* is where it stands in the parsed feature: indexes into
the run items, one a level (`(2,)` a scenario, `(3, 0)` the first row of an outline,
`(4, 1)` the second scenario of a rule). It is exact, and holds for one run. Its *id* is
feature path + rule + scenario name + example row, and holds across runs, machines and edits
elsewhere in the file.
"""

import msgspec

ScenarioPath = tuple[int, ...]


class PlannedScenario(msgspec.Struct, frozen=True, array_like=True):
    """One scenario (or outline row) as selected before the run."""

    id: str
    path: ScenarioPath
    name: str
    line: int
    tags: tuple[str, ...]
    """Effective tags, sorted: its own and those of its examples, outline, rule and feature."""
    steps: int
    selected: bool
    """False when tags, a name or a location leave it out."""


class PlannedFeature(msgspec.Struct, frozen=True, array_like=True):
    """One feature file in suite order."""

    index: int
    filename: str
    """As behave prints it: relative to the working directory where that is possible."""
    name: str
    line: int
    tags: tuple[str, ...]
    scenarios: tuple[PlannedScenario, ...]
    whole: str = ""
    """Why its scenarios may not be given to different workers; empty when they may."""


def scenario_id(
    filename: str, rule: str | None, name: str, row: str | None, occurrence: int
) -> str:
    """Return the stable id of a scenario.

    `row` is behave's example row id ("1.2") and is part of the id only where the name does
    not hold it already. `occurrence` counts earlier scenarios of the same name from 0, since
    behave allows two scenarios of one name; the first keeps the plain id.
    """
    parts = [filename]
    if rule is not None:
        parts.append(rule)
    parts.append(name)
    if row is not None and f"@{row}" not in name:
        parts.append(f"@{row}")
    text = " :: ".join(parts)
    return text if occurrence == 0 else f"{text} #{occurrence + 1}"
