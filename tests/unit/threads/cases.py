"""Small threaded functions, and a command that searches one and prints the report as JSON.

`python -m tests.unit.threads.cases NAME [schedules] [granularity]`: a process of its own, since
the search forks, which a process with a test runner's threads had better not.
"""

import json
import queue
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from surefoot.threads import adopted, forked, search
from surefoot.threads.schedule import Failure, Trial

MADE_BEFORE = threading.Lock()


def both(*functions: Callable[[], object]) -> None:
    """Run functions in threads of their own, to their end."""
    threads = [threading.Thread(target=function, name=function.__name__) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def raises_in_a_thread() -> None:
    """An exception that only a thread sees."""

    def bad() -> None:
        raise KeyError("lost")

    both(bad)


def sleeps_for_an_hour() -> None:
    """Waits that cost nothing, each to its end."""
    order = []

    def late() -> None:
        time.sleep(3600)
        order.append("late")

    def early() -> None:
        time.sleep(1800)
        order.append("early")

    before = time.monotonic()
    both(late, early)
    assert order == ["early", "late"]
    assert time.monotonic() - before == 3600


def spins() -> None:
    """A loop that waits for another thread without sleeping."""
    done: list[int] = []

    def wait() -> None:
        while not done:
            pass

    def set_it() -> None:
        done.append(1)

    both(wait, set_it)


def polls() -> None:
    """A loop that looks at the clock until another thread, which sleeps, is done."""
    done: list[int] = []

    def wait() -> None:
        end = time.monotonic() + 100
        while not done and time.monotonic() < end:
            pass
        assert done

    def set_it() -> None:
        time.sleep(5)
        done.append(1)

    both(wait, set_it)


def unseen_lock() -> None:
    """A lock made before the search: its holder may have to wait for its turn."""

    def take() -> None:
        with MADE_BEFORE:
            time.sleep(0)

    both(take, take)


FIRST = threading.Lock()
SECOND = threading.RLock()
READY = threading.Event()


def deadlock_of_before() -> None:
    """Two locks of the module, taken crosswise."""

    def forth() -> None:
        with FIRST, SECOND:
            pass

    def back() -> None:
        with SECOND, FIRST:
            pass

    both(forth, back)


def waits_for_an_event_of_before() -> None:
    """An event of the module, waited for by one thread and set by another."""
    got: list[bool] = []

    def wait() -> None:
        got.append(READY.wait(timeout=3600))

    def tell() -> None:
        time.sleep(60)
        READY.set()

    both(wait, tell)
    assert got == [True]


def lost_wake_up() -> None:
    """Looks, then waits for a notification that may have come in between."""
    condition = threading.Condition()
    ready: list[int] = []

    def consume() -> None:
        if not ready:
            with condition:
                condition.wait()

    def produce() -> None:
        ready.append(1)
        with condition:
            condition.notify()

    both(consume, produce)


def takes_it_twice() -> None:
    """A lock that its holder waits for."""
    lock = threading.Lock()

    def twice() -> None:
        with lock:
            lock.acquire()

    both(twice)


def healthy_queue() -> None:
    """A producer and a consumer that get along."""
    items: queue.Queue[int] = queue.Queue(2)
    got: list[int] = []

    def produce() -> None:
        for number in range(5):
            items.put(number)

    def consume() -> None:
        got.extend(items.get(timeout=5) for _ in range(5))

    both(produce, consume)
    assert got == list(range(5))


def ends_its_process() -> None:
    """A step that leaves without a word."""
    import os

    both(lambda: os._exit(3))


class _Nowhere:
    def make(self) -> str:
        return ""

    def enter(self, path: str) -> None:
        del path

    def remove(self, path: str) -> None:
        del path


def runner(name: str) -> forked.Runner:
    """Return what runs one of the functions above under a trial."""
    function = globals()[name]

    def body() -> tuple[Failure | None, list[msgspec.Raw]]:
        try:
            function()
        except Exception as error:
            return Failure("step", f"{type(error).__name__}: {error}"), []
        return None, []

    # Not a function of this file: it would be traced while it decides what is traced.
    wanted = frozenset({__file__}).__contains__
    wall = 1_764_000_000 * 10**9

    def adopt() -> None:
        if name.endswith("_of_before"):
            adopted.adopt([globals()], [])

    return forked.Runner(body, wanted, seed=1, wall=wall, limit=5, place=_Nowhere(), adopt=adopt)


def main() -> None:
    """Search, and print what came of it."""
    name = sys.argv[1]
    schedules = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    options = search.Options(schedules, 1)
    run = runner(name)
    report = search.search(run.run, options)
    printed = {
        "found": report.found_at,
        "plain": report.plain,
        "failure": report.result.failure.text if report.result and report.result.failure else "",
        "detail": report.result.failure.detail if report.result and report.result.failure else "",
        "replays": [report.replays, report.replayed],
        "disturbed": report.disturbed,
        "cut": report.cut,
        "why": report.why_cut,
        "tried": report.tried,
        "output": run.run(Trial("sync", "random", 1, record=True)).output,
    }
    run.close()
    print(json.dumps(printed))


if __name__ == "__main__":
    main()
