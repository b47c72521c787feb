"""The core under a policy that lets one thread run at a time, as exploration does."""

import queue
import random
import threading
import time
from typing import Any

import pytest

from surefoot.modelled import Core, Member, modelled


class OneAtATime:
    """Picks the next thread at random, at each lock operation."""

    switching = True

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.turns: list[int] = []

    def ready(self, core: Core, member: Member) -> None:
        """Leave it in `core.ready`."""

    def stopped(self, core: Core, member: Member) -> None:
        """Pick among the ready, else move time, else report."""
        while not core.running:
            if core.ready:
                chosen = self.pick(core.ready)
                core.let_run(chosen)
            elif not core.fire_next():
                if core.first in core.blocked:
                    core.fail(core.first, RuntimeError(f"deadlock\n{core.stacks()}"))
                    continue
                return

    def switch(self, core: Core, member: Member, point: str) -> None:
        """Let anyone go on."""
        core.pause(member, self.pick)

    def pick(self, ready: list[Member]) -> Member:
        """Return one of them, and note it."""
        chosen = self.random.choice(ready)
        self.turns.append(chosen.number)
        return chosen


def run(seed: int) -> tuple[list[Any], list[int]]:
    """Run a small program; return what it logged, and the turns."""
    log: list[Any] = []
    policy = OneAtATime(seed)
    with modelled(policy, start=0):
        lock = threading.RLock()
        channel: queue.Queue[int] = queue.Queue(maxsize=1)

        def produce(name: int) -> None:
            for number in range(3):
                with lock:
                    log.append((name, number, time.monotonic()))
                time.sleep(0.1 * name)
                channel.put(name)

        threads = [threading.Thread(target=produce, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        log.extend(channel.get(timeout=5) for _ in range(9))
        for thread in threads:
            thread.join()
    return log, policy.turns


def test_the_same_seed_gives_the_same_turns() -> None:
    for seed in range(20):
        assert run(seed) == run(seed)


def test_seeds_differ() -> None:
    assert len({repr(run(seed)[0]) for seed in range(20)}) > 5


def test_a_deadlock_is_exact() -> None:
    def attempt(seed: int) -> str:
        with modelled(OneAtATime(seed)):
            first, second = threading.Lock(), threading.Lock()

            def take(one: Any, other: Any) -> None:
                # Without a deadline the thread that stays behind would outlive the test.
                if one.acquire() and other.acquire(timeout=-1):
                    other.release()
                    one.release()

            thread = threading.Thread(target=take, args=(first, second), daemon=True)
            thread.start()
            try:
                take(second, first)
                thread.join()
            except RuntimeError as error:
                second.release()
                return str(error)
            return ""

    found = [attempt(seed) for seed in range(40)]
    assert "" in found
    deadlocks = [text for text in found if text]
    assert deadlocks
    for text in deadlocks:
        assert "-- Thread-" in text
        assert text.count("in take") == 2


def test_entered_twice() -> None:
    with (
        modelled(OneAtATime(1)),
        pytest.raises(Exception, match="do not nest"),
        modelled(OneAtATime(2)),
    ):
        pass
