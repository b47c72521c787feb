"""Virtual time against an ideal event simulation, over random programs of threads and timers.

A program is a list of threads, a thread a list of operations. `Ideal` says when each operation
ends, with which result, from a heap of events alone; the same program then runs in threads.
Queues and semaphores have one consumer each and events are never cleared, so that results do not
hang on which of two threads that run at one instant is faster.
"""

import heapq
import itertools
import math
import queue
import threading
import time
from contextlib import AbstractContextManager
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from surefoot.clock import VirtualClock, virtual_time
from surefoot.modelled import Core

Op = tuple[Any, ...]
Log = list[tuple[int, int, float, bool]]
"""Thread, operation, instant from the start, whether it was granted."""

THREADS = 5
EVENTS = 3


def virtual() -> AbstractContextManager[VirtualClock]:
    """Virtual time beside the thread that watches this test's deadline."""
    return virtual_time(apart=("pytest_timeout *",))


class AmbiguousError(Exception):
    """A wait ends by time-out and by a signal at one instant: either is right."""


class Ideal:
    """Runs a program on a heap of events."""

    def __init__(self, program: list[list[Op]]) -> None:
        self.program = program
        self.now = 0.0
        self.heap: list[tuple[float, int, Any]] = []
        self.order = itertools.count()
        self.log: Log = []
        self.at = [0] * len(program)
        self.waits: dict[int, Any] = {}
        self.set: set[int] = set()
        self.items = [0] * len(program)
        self.units = [0] * len(program)
        self.ended: set[int] = set()
        self.timed_out: set[tuple[tuple[str, int], float]] = set()

    def run(self) -> Log:
        """Return what each thread logs."""
        for thread in range(len(self.program)):
            self.step(thread)
        while self.heap:
            when, _, what = heapq.heappop(self.heap)
            if isinstance(what, tuple) and what[0] == "timer":
                self.now = when
                self.signal(("event", what[1]))
                continue
            thread, token = what
            if self.waits.get(thread) is None or self.waits[thread][1] is not token:
                continue
            self.now = when
            self.timed_out.add((self.waits[thread][0], when))
            del self.waits[thread]
            self.finish(thread, granted=self.program[thread][self.at[thread]][0] == "sleep")
        return self.log

    def finish(self, thread: int, *, granted: bool) -> None:
        """Note the end of an operation and go on with the next."""
        self.log.append((thread, self.at[thread], self.now, granted))
        self.at[thread] += 1
        self.step(thread)

    def step(self, thread: int) -> None:
        """Go on until the next wait."""
        operations = self.program[thread]
        if self.at[thread] == len(operations):
            self.ended.add(thread)
            self.signal(("thread", thread))
            return
        operation = operations[self.at[thread]]
        kind = operation[0]
        if kind == "set":
            self.signal(("event", operation[1]))
        elif kind == "put":
            self.items[operation[1]] += 1
            self.signal(("queue", operation[1]))
        elif kind == "release":
            self.units[operation[1]] += 1
            self.signal(("semaphore", operation[1]))
        elif kind == "timer":
            heapq.heappush(
                self.heap, (self.now + operation[2], next(self.order), ("timer", operation[1]))
            )
        else:
            length = operation[-1]
            key = self.key(thread, operation)
            if not self.take(key):
                token = object()
                self.waits[thread] = key, token, self.now + length
                heapq.heappush(self.heap, (self.now + length, next(self.order), (thread, token)))
                return
        self.finish(thread, granted=True)

    @staticmethod
    def key(thread: int, operation: Op) -> tuple[str, int]:
        """Return what an operation waits for."""
        kind = operation[0]
        if kind == "wait":
            return "event", operation[1]
        if kind == "join":
            return "thread", operation[1]
        return {"get": "queue", "acquire": "semaphore", "sleep": "time"}[kind], thread

    def take(self, key: tuple[str, int]) -> bool:
        """Whether there is what is waited for; an item or unit is taken."""
        kind, number = key
        if kind == "event":
            return number in self.set
        if kind == "thread":
            return number in self.ended
        if kind == "time":
            return False
        stock = self.items if kind == "queue" else self.units
        if not stock[number]:
            return False
        stock[number] -= 1
        return True

    def signal(self, key: tuple[str, int]) -> None:
        """Something came: let those go on that wait for it."""
        if (key, self.now) in self.timed_out:
            raise AmbiguousError
        if key[0] == "event":
            self.set.add(key[1])
        for thread, (wanted, _, deadline) in list(self.waits.items()):
            if wanted == key and thread in self.waits and self.take(key):
                if deadline == self.now:
                    raise AmbiguousError
                del self.waits[thread]
                self.finish(thread, granted=True)


def run_for_real(program: list[list[Op]]) -> tuple[Log, Any]:
    """Run a program in threads, in virtual time; return what they log, and the clock."""
    log: Log = []
    with virtual() as clock:
        start = time.monotonic()
        events = [threading.Event() for _ in range(EVENTS)]
        queues = [queue.Queue[int]() for _ in program]
        semaphores = [threading.Semaphore(0) for _ in program]
        threads: list[threading.Thread] = []
        go = threading.Event()

        def act(number: int) -> None:
            go.wait()
            for index, operation in enumerate(program[number]):
                granted = perform(number, operation)
                log.append((number, index, time.monotonic() - start, granted))

        def perform(number: int, operation: Op) -> bool:
            match operation:
                case "sleep", length:
                    time.sleep(length)
                case "set", event:
                    events[event].set()
                case "wait", event, length:
                    return events[event].wait(length)
                case "put", target:
                    queues[target].put(1)
                case "get", length:
                    try:
                        queues[number].get(timeout=length)
                    except queue.Empty:
                        return False
                case "release", target:
                    semaphores[target].release()
                case "acquire", length:
                    return semaphores[number].acquire(timeout=length)
                case "timer", event, length:
                    threading.Timer(length, events[event].set).start()
                case "join", target, length:
                    threads[target].join(length)
                    return not threads[target].is_alive()
            return True

        threads += [threading.Thread(target=act, args=(n,)) for n in range(len(program))]
        for thread in threads:
            thread.start()
        go.set()
        for thread in threads:
            thread.join()
        # Timers may be left: virtual time goes on to the last of them.
        time.sleep(2**20)
    return log, clock


# Multiples of 2**-20 s: exact in floats, so that the two computations can be compared exactly.
lengths = st.integers(1, 2**24).map(lambda number: number / 2**20)


def operations(thread: int) -> st.SearchStrategy[Op]:
    """Return operations that a thread can do; it joins only those after it."""
    event = st.integers(0, EVENTS - 1)
    target = st.integers(0, THREADS - 1)
    kinds: list[st.SearchStrategy[Op]] = [
        st.tuples(st.just("sleep"), lengths),
        st.tuples(st.just("set"), event),
        st.tuples(st.just("wait"), event, lengths),
        st.tuples(st.just("put"), target),
        st.tuples(st.just("get"), lengths),
        st.tuples(st.just("release"), target),
        st.tuples(st.just("acquire"), lengths),
        st.tuples(st.just("timer"), event, lengths),
    ]
    if thread + 1 < THREADS:
        kinds.append(st.tuples(st.just("join"), st.integers(thread + 1, THREADS - 1), lengths))
    return st.one_of(kinds)


programs = st.tuples(*(st.lists(operations(thread), max_size=7) for thread in range(THREADS))).map(
    list
)


@given(programs)
@settings(deadline=None, max_examples=150)
def test_every_wait_ends_when_the_ideal_says(program: list[list[Op]]) -> None:
    try:
        ideal = Ideal(program).run()
    except AmbiguousError:
        assume(False)
    log, clock = run_for_real(program)
    assert sorted(log) == sorted(ideal)
    instants = [entry[2] for entry in log]
    assert instants == sorted(instants), "an earlier instant came later"
    assert clock.flowed == clock.pinned == 0


@given(
    st.lists(
        st.lists(st.floats(0, 100, exclude_min=True), min_size=1, max_size=8),
        min_size=1,
        max_size=6,
    )
)
@settings(deadline=None, max_examples=100)
def test_sleeps_of_any_length_end_in_order_and_never_early(naps: list[list[float]]) -> None:
    """With ties: of equal deadlines, the wait that began first ends first."""
    log: list[tuple[int, int, float]] = []
    with virtual() as clock:
        core = clock._core
        assert core is not None
        bits, first = core.bits, core.ticks()

        def sleeper(number: int) -> None:
            for index, length in enumerate(naps[number]):
                began = time.monotonic()
                time.sleep(length)
                assert time.monotonic() - began >= length
                log.append((number, index, core.ticks() - first))

        threads = [threading.Thread(target=sleeper, args=(n,)) for n in range(len(naps))]
        for thread in threads:
            thread.start()
            time.sleep(2**-10)  # so that their first waits begin in order
        for thread in threads:
            thread.join()
    assert log == _ideal_sleeps(naps, bits)
    assert not clock.flows


def _ideal_sleeps(naps: list[list[float]], bits: int) -> list[tuple[int, int, int]]:
    heap: list[tuple[int, int, int, int]] = []
    order = itertools.count()

    def begin(now: int, number: int, index: int) -> None:
        if index < len(naps[number]):
            due = now + math.ceil(math.ldexp(naps[number][index], bits))
            heapq.heappush(heap, (due, next(order), number, index))

    log: list[tuple[int, int, int]] = []
    pause = 2 ** (bits - 10)
    starts = [(number * pause, number) for number in range(len(naps))]
    while heap or starts:
        # The starter's own wait for the next start began before or after those of the others.
        if starts and (not heap or starts[0][0] <= heap[0][0]):
            now, number = starts.pop(0)
            begin(now, number, 0)
            continue
        now, _, number, index = heapq.heappop(heap)
        log.append((number, index, now))
        begin(now, number, index + 1)
    return log


def test_the_core_is_not_left_behind() -> None:
    from surefoot.modelled.core import LIVE, MEMBERS

    run_for_real([[("sleep", 1.0)]])
    assert not LIVE
    assert not MEMBERS
    assert isinstance(Core, type)
    assert type(time.sleep).__name__ == "builtin_function_or_method"
