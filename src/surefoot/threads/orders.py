"""Who runs next: the rules by which a schedule chooses among the threads that can run.

An order is deterministic: it draws from its own generator and knows nothing but the threads that
can run. It is asked at every point where there is a choice.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Protocol

from surefoot.threads.schedule import Decision, Trial


class Here(NamedTuple):
    """Where a choice is to be made."""

    thread: int
    """Who was running."""
    goes_on: bool
    """False when it has blocked or ended; then it is not among those that can run."""
    point: int
    """At which of its own points."""
    default: int
    """Who goes on where nothing is decided."""


class Order(Protocol):
    """One way through a schedule. Threads are numbers, in the order of being started."""

    def choose(self, ready: Sequence[int], at: Here) -> int:
        """Return one of `ready`."""
        ...


class RandomWalk:
    """Draws at every point; how readily it switches is drawn once a schedule.

    A fixed half would never leave a thread alone for long, and so never finish a long action in
    the middle of another: a dictionary that changes under iteration takes many times as many
    schedules then.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._stay = random.choice((0.5, 0.5, 0.8, 0.95))

    def choose(self, ready: Sequence[int], at: Here) -> int:
        random = self._random
        if not at.goes_on:
            return random.choice(ready)
        if random.random() < self._stay:
            return at.thread
        return random.choice([number for number in ready if number != at.thread])


class Pct:
    """Probabilistic concurrency testing: random priorities, lowered at few random points.

    Burckhardt et al., ASPLOS 2010: with n threads, k points and a bug of depth d it fails with a
    probability of at least 1 / (n * k ** (d - 1)). `length` is k, as seen in schedules before.
    """

    def __init__(self, random: Random, length: int) -> None:
        self._random = random
        depth = random.choice((2, 3, 3, 4))
        self._lower = {random.randint(1, max(2, length)): -at for at in range(1, depth)}
        self._priority: dict[int, float] = {}
        self._points = 0

    def choose(self, ready: Sequence[int], at: Here) -> int:
        priority = self._priority
        for number in ready:
            if number not in priority:
                priority[number] = 1 + self._random.random()
        self._points += 1
        low = self._lower.get(self._points)
        if low is not None and at.goes_on:
            priority[at.thread] = low
        return max(ready, key=priority.__getitem__)


class Replay:
    """Follows the decisions of a schedule, and goes on by default where there is none."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._next = {(item.thread, item.point): item.to for item in decisions}

    def choose(self, ready: Sequence[int], at: Here) -> int:
        wanted = self._next.get((at.thread, at.point))
        return wanted if wanted is not None and wanted in ready else at.default


def make(trial: Trial) -> Order:
    """Return the order of a trial."""
    if trial.policy == "replay":
        return Replay(trial.decisions)
    random = Random(f"{trial.seed}:{trial.number}")
    return Pct(random, trial.length) if trial.policy == "pct" else RandomWalk(random)
