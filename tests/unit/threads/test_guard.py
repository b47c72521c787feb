"""Guards see each access without the lock, and change nothing."""

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.threads import GuardError, guarded, guarded_by, snapshot, violations
from surefoot.threads.guard import Violation
from surefoot.threads.snapshot import LockTimeoutError


class Store:
    """A service with two maps and a lock."""

    def __init__(self, lock: Any = None) -> None:
        self._lock = threading.Lock() if lock is None else lock
        self.hot: dict[str, int] = {"a": 1}
        self.cold: dict[str, int] = {}

    def demote(self, key: str) -> None:
        with self._lock:
            self.cold[key] = self.hot.pop(key)

    def careless(self) -> int:
        return len(self.hot)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    violations()
    yield
    violations()


def fresh_class() -> type[Store]:
    """A class of its own for each test: a guard stays on its class."""
    return type("Store", (Store,), {})


LOCKS = {
    "Lock": threading.Lock,
    "RLock": threading.RLock,
    "Condition": threading.Condition,
    "Condition(Lock)": lambda: threading.Condition(threading.Lock()),
}


def seen() -> list[tuple[str, str]]:
    """What the guards saw: kind and field."""
    return [(item.kind, item.field) for item in violations()]


@pytest.mark.parametrize("make", LOCKS.values(), ids=LOCKS)
def test_accesses_under_the_lock_are_silent_and_others_are_seen(make: Any) -> None:
    store = guarded(fresh_class()(make()), fields=["hot", "cold"])
    store.demote("a")
    with store._lock:
        assert store.cold == {"a": 1}
    assert seen() == []
    assert store.careless() == 0
    store.hot = {}
    del store.cold
    assert seen() == [("read", "hot"), ("written", "hot"), ("deleted", "cold")]


def test_an_unguarded_object_of_the_same_class_is_left_alone() -> None:
    kind = fresh_class()
    watched, other = guarded(kind(), fields=["hot"]), kind()
    other.careless()
    assert seen() == []
    watched.careless()
    assert seen() == [("read", "hot")]
    assert type(watched) is kind


def test_the_other_thread_holding_the_lock_is_shown_with_its_stack() -> None:
    store = guarded(fresh_class()(), fields=["hot"])
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store._lock:
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=hold, name="holder")
    thread.start()
    inside.wait(10)
    store.careless()
    done.set()
    thread.join(10)
    (violation,) = violations()
    assert violation.other == "meanwhile holder holds the lock, taken here"
    finding = violation.finding("some scenario")
    assert finding.rule == "SF301"
    assert finding.message == "Store.hot is read without holding _lock"
    assert finding.file.endswith("tests/unit/threads/test_guard.py")
    text = "\n".join(finding.evidence)
    assert "in careless: return len(self.hot)" in text
    assert "in hold: with store._lock:" in text


def test_the_last_access_by_another_thread_is_the_other_side_when_nobody_holds_the_lock() -> None:
    store = guarded(fresh_class()(), fields=["hot"])
    thread = threading.Thread(target=store.demote, args=("a",), name="mover")
    thread.start()
    thread.join(10)
    store.careless()
    (violation,) = violations()
    assert violation.other == "it was last read by mover"


def test_a_lock_taken_through_an_older_reference_is_no_finding() -> None:
    # Condition keeps the bare lock's methods: who holds it then, nobody saw.
    store = fresh_class()()
    condition = threading.Condition(store._lock)
    guarded(store, fields=["hot"])
    with condition:
        store.careless()
    assert seen() == []
    store.careless()
    assert seen() == [("read", "hot")]


def test_a_condition_made_of_the_tracked_lock_waits_and_wakes() -> None:
    for make in (threading.Lock, threading.RLock):
        store = guarded(fresh_class()(make()), fields=["hot"])
        condition = threading.Condition(store._lock)
        ready: list[int] = []

        def wait(condition: Any = condition, store: Any = store, ready: Any = ready) -> None:
            with condition:
                ready.append(1)
                condition.wait_for(lambda: not store.hot, 10)

        thread = threading.Thread(target=wait)
        thread.start()
        while thread.is_alive():
            with condition:
                if ready:
                    store.hot.clear()
                    condition.notify_all()
        thread.join(10)
        assert seen() == []


def test_a_class_is_guarded_for_objects_made_before_and_after() -> None:
    @dataclasses.dataclass
    class Job:
        state: str = "queued"
        lock: Any = dataclasses.field(default_factory=threading.Lock)

    early = Job()
    guarded_by("lock", "state")(Job)
    late = Job("running")
    assert seen() == []
    assert (early.state, late.state) == ("queued", "running")
    assert seen() == [("read", "state")]
    with early.lock, late.lock:
        early.state = late.state
    assert seen() == []


def test_slots_properties_and_class_attributes_keep_their_meaning() -> None:
    class Slotted:
        __slots__ = ("_lock", "value")
        shared = 3

        def __init__(self) -> None:
            self._lock = threading.RLock()

        @property
        def double(self) -> int:
            return int(self.value) * 2

        value: int

    guarded_by("_lock", "value", "double", "shared")(Slotted)
    item = Slotted()
    with pytest.raises(AttributeError):
        _ = item.value
    item.value = 4
    with item._lock:
        assert (item.double, item.shared, Slotted.shared) == (8, 3, 3)
    # The property is read under the lock here, and reads `value` under it as well.
    assert seen() == [("read", "value"), ("written", "value")]


def test_one_line_is_told_once() -> None:
    store = guarded(fresh_class()(), fields=["hot"])
    for _ in range(50):
        store.careless()
    assert len(violations()) == 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"fields": ["hots"]}, "Store has no field hots to guard (did you mean hot?)"),
        ({"fields": ["hot"], "lock": "lock"}, "Store has no attribute lock"),
        ({"fields": ["hot"], "lock": "cold"}, "Store.cold cannot guard anything: it is a dict"),
        ({"fields": []}, "the guard of Store names no field"),
    ],
)
def test_a_guard_that_cannot_be_says_so(options: dict[str, Any], text: str) -> None:
    with pytest.raises(GuardError) as caught:
        guarded(fresh_class()(), **options)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        (asyncio.Lock(), "orders tasks and not threads"),
        (threading.Semaphore(), "does not belong to the thread that holds it"),
        (7, "it is an int, which has no acquire()"),
    ],
)
def test_what_is_no_lock_is_refused(lock: Any, text: str) -> None:
    with pytest.raises(GuardError, match=text.replace("(", r"\(").replace(")", r"\)")):
        guarded(fresh_class()(lock), fields=["hot"])


def test_a_class_guard_names_the_fields_that_the_class_sets() -> None:
    with pytest.raises(GuardError, match=r"no field hto .*it has: _lock, cold, hot"):
        guarded_by("_lock", "hto")(fresh_class())
    with pytest.raises(GuardError, match="it is not a class written in Python"):
        guarded_by("_lock", "x")(dict)


def test_a_snapshot_is_consistent_and_its_own() -> None:
    store = guarded(fresh_class()(), fields=["hot", "cold"])
    shot = snapshot(store)
    store.demote("a")
    assert (shot.hot, shot.cold) == ({"a": 1}, {})
    assert seen() == []
    plain = Store()
    assert snapshot(plain, lock="_lock", fields="hot").hot == {"a": 1}
    with pytest.raises(GuardError, match="Store has no guard"):
        snapshot(plain)


def test_a_snapshot_that_cannot_have_the_lock_says_who_holds_it() -> None:
    store = guarded(fresh_class()(), fields=["hot"])
    with store._lock, pytest.raises(LockTimeoutError, match="it is held by MainThread"):
        snapshot(store, timeout=0.0)


def test_a_violation_without_another_side_has_one_stack() -> None:
    store = guarded(fresh_class()(), fields=["hot"])
    store.careless()
    (violation,) = violations()
    assert isinstance(violation, Violation)
    assert violation.finding().evidence[0] == "read by MainThread:"
