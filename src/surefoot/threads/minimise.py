"""Drops the switches of a failing schedule that do not matter."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from surefoot.threads.schedule import Decision, Result

_BUDGET = 120
"""Schedules that it may run, for each of the two ways."""
_FEW = 3
Fails = Callable[[tuple[Decision, ...]], Result | None]


def minimise(found: Result, fails: Fails, budget: int = _BUDGET) -> Result:
    """Return a result with fewer decisions that fails alike.

    `fails` replays decisions and returns the result if it fails in the same way. Decisions are
    left out chunk by chunk; where more than three stay, all choices of up to three of them are
    tried: often two matter, and the others only undo one another.
    """
    best = _drop(found, fails, budget)
    if len(best.decisions) <= _FEW:
        return best
    for candidate in _few(best.decisions, budget):
        result = fails(candidate)
        if result is not None and len(result.decisions) < len(best.decisions):
            return _drop(result, fails, budget)
    return best


def _few(decisions: Sequence[Decision], budget: int) -> Iterator[tuple[Decision, ...]]:
    for size in range(1, _FEW + 1):
        for candidate in combinations(decisions, size):
            budget -= 1
            if budget < 0:
                return
            yield candidate


def _drop(best: Result, fails: Fails, budget: int) -> Result:
    """Leave out chunks, halving them, until no single decision can go (delta debugging)."""
    size = max(1, len(best.decisions) // 2)
    while best.decisions and budget > 0:
        smaller = None
        for candidate in _without(best.decisions, size):
            if budget <= 0:
                break
            budget -= 1
            result = fails(candidate)
            # A replay that leaves the path decides anew where it must; only fewer is progress.
            if result is not None and len(result.decisions) < len(best.decisions):
                smaller = result
                break
        if smaller is not None:
            best = smaller
            size = min(size, max(1, len(best.decisions) // 2))
        elif size == 1:
            break
        else:
            size = max(1, size // 2)
    return best


def _without(decisions: Sequence[Decision], size: int) -> list[tuple[Decision, ...]]:
    """Return the decisions without each chunk of a size, the last chunk first.

    What comes late is most often of no account: the failure had happened by then.
    """
    starts = range(0, len(decisions), size)
    return [(*decisions[:at], *decisions[at + size :]) for at in reversed(starts)]
