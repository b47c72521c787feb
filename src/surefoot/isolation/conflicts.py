"""Says which scenarios of different workers touched one path; used by the coordinator only.

Keeps values, opens nothing. A conflict is a warning with a remedy and never a verdict: two
scenarios that wrote one file need not have met this time, but they may the next.

What counts. Two scenarios of different workers that wrote, removed, renamed or connected to
one path. Not a conflict: a directory that both only made with mkdir, as `makedirs(...,
exist_ok=True)` does (the event does not tell whether `exist_ok` was set; where it was not,
mkdir itself fails); and one scenario that met itself, which is a retry in a fresh worker.
A directory that one made and the other removed is one.

Memory is bounded: see `MAX_PATHS` and `MAX_KEPT`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from surefoot.isolation.watch import Op, Touch

MAX_PATHS = 200_000
"""Paths that are remembered; then no further path is watched, and `notice` says so."""
MAX_KEPT = 1_000
"""Conflicts that are kept; of more than these only the number is known."""

_DONE: dict[Op, str] = {
    "write": "written",
    "append": "appended to",
    "remove": "removed",
    "rename": "renamed",
    "mkdir": "made",
    "rmdir": "removed",
    "link": "linked",
    "symlink": "linked",
    "truncate": "truncated",
    "connect": "opened as a database",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """One path that two scenarios of different workers touched."""

    path: str
    first: tuple[int, str]
    """Worker and scenario id."""
    second: tuple[int, str]
    ops: tuple[tuple[Op, ...], tuple[Op, ...]]
    """What the first and what the second did to it."""


@dataclass(frozen=True, slots=True)
class _Toucher:
    worker: int
    scenario: str
    ops: tuple[Op, ...]

    @property
    def harmless(self) -> bool:
        return self.ops == ("mkdir",)


class Conflicts:
    """All touches of a run, for each path at most two touchers of different workers.

    Two are enough to find a partner for any third: it differs from one of them in its worker.
    """

    def __init__(self, max_paths: int = MAX_PATHS, max_kept: int = MAX_KEPT) -> None:
        self._max_paths = max_paths
        self._max_kept = max_kept
        self._touchers: dict[str, tuple[_Toucher, ...]] = {}
        self._kept: list[Conflict] = []
        self._of_scenario: dict[str, list[Conflict]] = {}
        self._reported: set[tuple[str, frozenset[str]]] = set()
        self._more = 0
        self._full = False

    @property
    def kept(self) -> tuple[Conflict, ...]:
        """Every conflict that was kept, in the order in which they were found."""
        return tuple(self._kept)

    @property
    def more(self) -> int:
        """How many conflicts were found beyond those that are kept."""
        return self._more

    @property
    def notice(self) -> str:
        """What a report must add about what was not watched or kept; empty when nothing."""
        parts = []
        if self._full:
            parts.append(
                f"more than {self._max_paths:,} paths were written: "
                "those after them were not compared between workers"
            )
        if self._more:
            parts.append(
                f"{self._more:,} more conflicts were found than the {self._max_kept:,} kept"
            )
        return "; ".join(parts)

    def add(self, worker: int, scenario: str, touches: Iterable[Touch]) -> list[Conflict]:
        """Take what one scenario touched; return the conflicts that are new with it."""
        by_path: dict[str, list[Op]] = {}
        for touch in touches:
            by_path.setdefault(touch.path, []).append(touch.op)
        found = []
        for path, ops in by_path.items():
            conflict = self._compare(path, _Toucher(worker, scenario, tuple(dict.fromkeys(ops))))
            if conflict is not None:
                found.append(conflict)
        return found

    def touched_shared(self, scenario: str) -> list[Conflict]:
        """Return the kept conflicts that a scenario was in, for the report of its failure."""
        return list(self._of_scenario.get(scenario, ()))

    def _compare(self, path: str, toucher: _Toucher) -> Conflict | None:
        known = self._touchers.get(path)
        if known is None:
            if len(self._touchers) >= self._max_paths:
                self._full = True
                return None
            self._touchers[path] = (toucher,)
            return None
        self._touchers[path] = _remembered(known, toucher)
        for other in known:
            if (
                other.worker != toucher.worker
                and other.scenario != toucher.scenario
                and not (other.harmless and toucher.harmless)
            ):
                return self._keep(path, other, toucher)
        return None

    def _keep(self, path: str, first: _Toucher, second: _Toucher) -> Conflict | None:
        pair = (path, frozenset((first.scenario, second.scenario)))
        if pair in self._reported:
            return None
        if len(self._kept) >= self._max_kept:
            self._more += 1
            return None
        conflict = Conflict(
            path,
            (first.worker, first.scenario),
            (second.worker, second.scenario),
            (first.ops, second.ops),
        )
        self._reported.add(pair)
        self._kept.append(conflict)
        for scenario in pair[1]:
            self._of_scenario.setdefault(scenario, []).append(conflict)
        return conflict


def remedy(conflict: Conflict, root: str = "") -> str:
    """Return a sentence with both scenarios and what to do about it.

    `root` is the project's: a path below it is shown relative to it, and only such a path is
    set apart by `--workdir copy`.
    """
    path = conflict.path
    inside = not root or path.startswith(root.rstrip("/") + "/")
    if root and inside:
        path = os.path.relpath(path, root)
    (worker_a, scenario_a), (worker_b, scenario_b) = conflict.first, conflict.second
    ops_a, ops_b = (_done(ops) for ops in conflict.ops)
    name = lock_name(conflict.path)
    tag = f"mark both with @lock:{name}"
    help_ = (
        f"run with --workdir copy, or {tag}"
        if inside
        else f"{tag}, or take a path of its own from tempfile "
        "(--workdir copy does not set it apart, since it lies outside the project)"
    )
    return (
        f"{path} was {ops_a} by {scenario_a!r} (worker {worker_a}) and {ops_b} by "
        f"{scenario_b!r} (worker {worker_b}); {help_}"
    )


def lock_name(path: str) -> str:
    """Return a lock's name made from a file's: letters, digits, `.`, `_` and `-` only."""
    base = os.path.basename(path.rstrip("/"))
    name = "".join(char if char.isalnum() or char in "._-" else "-" for char in base)
    return name.strip("-.") or "shared"


def _done(ops: tuple[Op, ...]) -> str:
    return " and ".join(dict.fromkeys(_DONE[op] for op in ops))


def _remembered(known: tuple[_Toucher, ...], new: _Toucher) -> tuple[_Toucher, ...]:
    """Return the one or two touchers to keep: of different workers, harmless ones give way."""
    for at, old in enumerate(known):
        if old.worker == new.worker:
            if old.harmless and not new.harmless:
                return (*known[:at], new, *known[at + 1 :])
            return known
    if len(known) < 2:
        return (*known, new)
    for at, old in enumerate(known):
        if old.harmless and not new.harmless:
            return (*known[:at], new, *known[at + 1 :])
    return known
