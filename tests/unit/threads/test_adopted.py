"""Which locks from before are replaced, in which state, and which are left as they are."""

import functools
import queue
import sys
import threading
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.modelled import real
from surefoot.modelled.lock import ModelledLock
from surefoot.threads import tracked
from surefoot.threads.adopted import adopt, namespaces

REAL = type(real.allocate_lock())


class Service:
    """Holds a lock the usual way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Do nothing."""


class Slotted:
    """Holds one in a slot."""

    __slots__ = ("empty", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()


def in_a_cell() -> Callable[[], Any]:
    """A function that closes over a lock."""
    lock = threading.Lock()
    return lambda: lock


def with_a_class() -> type:
    """A class with a lock for all its objects, as a step module makes it."""
    return type("Shared", (), {"lock": threading.Lock(), "__module__": "builtins"})


HOLDERS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "an attribute": (Service, lambda item: item._lock),
    "a slot": (Slotted, lambda item: item.lock),
    "a list": (lambda: [1, threading.Lock()], lambda item: item[1]),
    "a deque": (lambda: deque([threading.Lock()]), lambda item: item[0]),
    "a dictionary": (lambda: {"a": {"b": threading.Lock()}}, lambda item: item["a"]["b"]),
    "an object in a tuple": (lambda: (Service(),), lambda item: item[0]._lock),
    "a closure": (in_a_cell, lambda item: item()),
    "a class": (with_a_class, lambda item: item.lock),
    "the class of an object": (lambda: [with_a_class()()], lambda item: item[0].lock),
    "an argument kept for later": (
        lambda: functools.partial(print, key=threading.Lock()),
        lambda item: item.keywords["key"],
    ),
    "a bound method's object": (lambda: Service().serve, lambda item: item.__self__._lock),
    "a condition": (lambda: threading.Condition(threading.Lock()), lambda item: item._lock),
    "an event": (threading.Event, lambda item: item._cond._lock),
    "a semaphore": (threading.Semaphore, lambda item: item._cond._lock),
    "a barrier": (lambda: threading.Barrier(2), lambda item: item._cond._lock),
    "a queue": (queue.Queue, lambda item: item.mutex),
    "a lock that a guard follows": (
        lambda: tracked.TrackedLock(threading.Lock()),
        lambda item: item.bare,
    ),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_lock_is_replaced_wherever_it_is_held(name: str) -> None:
    make, lock_of = HOLDERS[name]
    item = make()
    assert adopt([], [item]) == 1
    assert type(lock_of(item)) is ModelledLock


def test_a_lock_of_a_module_is_replaced_under_all_its_names() -> None:
    module = types.ModuleType("shop")
    vars(module).update(LOCK=threading.Lock(), service=Service())
    vars(module)["OTHER"] = vars(module)["LOCK"]
    module.service._shared = module.LOCK
    assert adopt([vars(module)], []) == 2
    assert type(module.LOCK) is ModelledLock
    assert module.OTHER is module.LOCK is module.service._shared


def test_a_condition_goes_on_to_work_with_its_new_lock() -> None:
    condition = threading.Condition(threading.RLock())
    queued: queue.Queue[int] = queue.Queue()
    queued.put(1)
    assert adopt([], [condition, queued]) == 2
    with condition:
        assert condition._is_owned()  # type: ignore[attr-defined]
        assert not condition.wait(0)
        condition.notify_all()
    assert not condition._is_owned()  # type: ignore[attr-defined]
    assert queued.get(timeout=1) == 1
    assert queued.not_empty._lock is queued.mutex  # type: ignore[attr-defined]
    queued.put(2)
    assert queued.get_nowait() == 2


def test_a_simple_queue_keeps_what_is_in_it() -> None:
    holder: dict[str, Any] = {"queue": queue.SimpleQueue()}
    holder["put"] = holder["queue"].put
    holder["put"](1)
    assert adopt([], [holder]) == 1
    holder["put"](2)
    assert [holder["queue"].get_nowait() for _ in range(2)] == [1, 2]


def test_a_lock_that_is_taken_stays_taken_by_whoever_has_it() -> None:
    holder: dict[str, Any] = {"lock": threading.Lock()}
    holder["lock"].acquire()
    assert adopt([], [holder]) == 1
    assert holder["lock"].locked()
    assert holder["lock"].held()
    holder["lock"].release()
    assert not holder["lock"].locked()


def test_a_recursive_lock_stays_taken_as_often_as_it_was() -> None:
    holder: dict[str, Any] = {"again": threading.RLock()}
    tells = hasattr(holder["again"], "_recursion_count")
    holder["again"].acquire()
    holder["again"].acquire()
    # The first releases of 3.11 do not tell how often it was taken: it stays real.
    assert adopt([], [holder]) == (1 if tells else 0)
    assert (type(holder["again"]) is threading._PyRLock) == tells  # type: ignore[attr-defined]
    holder["again"].release()
    assert holder["again"]._is_owned()
    holder["again"].release()
    assert not holder["again"]._is_owned()


def test_a_lock_that_another_thread_has_is_left() -> None:
    holder = {"lock": threading.RLock()}
    before = id(holder["lock"])
    thread = threading.Thread(target=holder["lock"].acquire)
    thread.start()
    thread.join()
    assert adopt([], [holder]) == 0
    assert id(holder["lock"]) == before


@pytest.mark.parametrize("name", ["a tuple", "a variable", "a method in a tuple", "elsewhere"])
def test_a_lock_of_which_one_reference_would_stay_is_left_everywhere(name: str) -> None:
    lock = threading.Lock()
    holder: dict[str, Any] = {"lock": lock}
    hidden: list[Any] = []
    if name == "a tuple":
        holder["pair"] = (lock, 1)
    elif name == "a method in a tuple":
        holder["pair"] = (lock.acquire,)
    elif name == "elsewhere":
        hidden.append(lock)
    if name != "a variable":
        del lock
    assert adopt([], [holder]) == 0
    assert type(holder["lock"]) is REAL


def test_only_modules_of_wanted_files_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shop", "surefoot_other", "behave.shop"):
        module = types.ModuleType(name)
        module.__file__ = f"/srv/{name}.py"
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "no_module", None)
    found = namespaces(lambda path: path.startswith("/srv/shop") or "behave" in path)
    assert vars(sys.modules["shop"]) in found
    assert vars(sys.modules["surefoot_other"]) not in found
    assert vars(sys.modules["behave.shop"]) not in found
