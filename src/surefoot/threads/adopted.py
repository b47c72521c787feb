"""Locks that the suite made before the exploration, replaced by ones that it sees.

A lock made at import or in `before_all` is a real one: a thread that waits for it while its holder
waits for its turn would stop everything. Each schedule runs in a fork, so in the process that forks
them such a lock can be replaced for good: `_thread.lock` and `RLock`, those within conditions,
events, semaphores and queues, and `SimpleQueue`.

A lock of which one reference is replaced and another is not would exclude nobody. So the references
are counted: what is found by looking through the suite's modules, and through the objects that
these and the context hold, has to be all that the interpreter counts. Otherwise the lock stays real
(a tuple or a C object holds it, a local variable, another library), and the net of `stall.py` is
what is left. Rejected: `gc.get_referrers`, which goes through the whole heap for references that
mostly cannot be replaced either.
"""

import _queue
import _thread
import contextlib
import functools
import queue
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from surefoot.modelled import real
from surefoot.modelled.lock import ModelledLock
from surefoot.modelled.namespaces import outside_of_modules
from surefoot.threads import stacks, tracked

_LOCK = type(real.allocate_lock())
_RLOCK = _thread.RLock
_SIMPLE = _queue.SimpleQueue
_MADE: tuple[type, ...] = (_LOCK, _RLOCK, _SIMPLE)
_PLAIN = frozenset({str, bytes, int, float, bool, complex, type(None), types.CodeType})
_MOST = 300_000
"""Objects that are looked through; a suite that holds more than that has other troubles."""
_OURS = ("behave", "surefoot")

Put = Callable[[Any], None]
"""Puts something in the place of a reference."""


class _Method:
    """A method of a lock that somebody keeps: `Condition` keeps those of its own."""

    def __init__(self, method: Any) -> None:
        self.method = method
        self.name: str = method.__name__
        self.puts: list[Put] = []


class _Found:
    """A lock, and where it is held."""

    def __init__(self, held: Any) -> None:
        self.held = held
        self.puts: list[Put] = []
        self.methods: dict[int, _Method] = {}


def adopt(modules: Iterable[dict[str, Any]], objects: Iterable[Any]) -> int:
    """Replace the locks that these namespaces and objects hold; return how many were replaced.

    For the process that forks schedules, after the patches are in place: nothing is put back.
    """
    search = _Search()
    for names in modules:
        search.names(names)
    for item in objects:
        search.look(item)
    search.run()
    return sum(_replace(item) for item in search.take() if _is_all(item))


def namespaces(wanted: Callable[[str], bool]) -> list[dict[str, Any]]:
    """Return the globals of the modules whose files are wanted, and of behave's step modules."""
    inside = [
        vars(module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in _OURS and hasattr(module, "__dict__")
    ]
    outside = [names for _, names in outside_of_modules()]
    return [
        names
        for names in (*inside, *outside)
        if isinstance(path := names.get("__file__"), str) and wanted(path)
    ]


class _Search:
    """Looks through objects, and notes each reference to a lock that could be put elsewhere."""

    def __init__(self) -> None:
        self.found: dict[int, _Found] = {}
        self._seen: set[int] = set()
        self._read: set[int] = set()
        """Dictionaries: one is reached as that of an object, and by itself."""
        self._todo: list[Any] = []
        self._slots: dict[type, list[types.MemberDescriptorType]] = {}

    def take(self) -> list[_Found]:
        """Return what was found, and let go of everything: references are counted next."""
        found = list(self.found.values())
        self.found.clear()
        self._todo.clear()
        return found

    def look(self, item: Any) -> None:
        """Look through an object later."""
        if type(item) not in _PLAIN and id(item) not in self._seen:
            self._seen.add(id(item))
            self._todo.append(item)

    def run(self) -> None:
        """Look through all that there is, or as much as is allowed."""
        while self._todo and len(self._seen) < _MOST:
            # What cannot be looked through keeps its references, and so the locks they lead to.
            with contextlib.suppress(Exception):
                self._within(self._todo.pop())

    def names(self, names: dict[Any, Any]) -> None:
        """Look at each value of a dictionary."""
        if id(names) in self._read:
            return
        self._read.add(id(names))
        for key, value in list(dict.items(names)):
            if type(value) not in _PLAIN:
                self._held(value, functools.partial(dict.__setitem__, names, key))

    def _held(self, value: Any, put: Put | None) -> None:
        """Note what a reference leads to; `put` is None where nothing can be put in its place."""
        kind = type(value)
        if kind in _PLAIN:
            return
        puts: list[Put]
        if kind in _MADE:
            puts = self.found.setdefault(id(value), _Found(value)).puts
        elif kind is types.BuiltinMethodType and type(value.__self__) in _MADE:
            found = self.found.setdefault(id(value.__self__), _Found(value.__self__))
            puts = found.methods.setdefault(id(value), _Method(value)).puts
        else:
            self.look(value)
            return
        if put is not None:
            puts.append(put)

    def _within(self, item: Any) -> None:
        kind = type(item)  # a proxy says of itself that it is something else
        if kind is types.FunctionType:
            for part in (item.__closure__, item.__defaults__, item.__kwdefaults__):
                self.look(part)
        elif kind is types.CellType:
            self._held(item.cell_contents, functools.partial(setattr, item, "cell_contents"))
        elif kind is types.MethodType:
            self._held(item.__self__, None)
            self.look(item.__func__)
        elif kind is functools.partial:
            self.look(item.func)
            self.look(item.args)
            self.names(item.keywords)
        elif issubclass(kind, property):
            self.look(item.fget)
            self.look(item.fset)
        elif issubclass(kind, staticmethod | classmethod):
            self.look(item.__func__)
        elif issubclass(kind, type):
            self._class(item)
        elif not issubclass(kind, types.ModuleType) and _is_open(kind):
            self._contents(item, kind)
            self._attributes(item, kind)

    def _contents(self, item: Any, kind: type) -> None:
        if issubclass(kind, dict):
            self.names(item)
        elif issubclass(kind, list):
            for at, value in enumerate(list.__iter__(item)):
                self._held(value, functools.partial(list.__setitem__, item, at))
        elif issubclass(kind, deque):
            for at, value in enumerate(list(item)):
                self._held(value, functools.partial(deque.__setitem__, item, at))
        elif issubclass(kind, tuple | set | frozenset):
            for value in list(item):
                self._held(value, None)

    def _class(self, item: type) -> None:
        if not _is_suites(item):
            return
        for name, value in list(vars(item).items()):
            if type(value) not in _PLAIN:
                self._held(value, functools.partial(type.__setattr__, item, name))
        for base in item.__bases__:
            self.look(base)

    def _attributes(self, item: Any, kind: type) -> None:
        self.look(kind)
        with contextlib.suppress(AttributeError):  # it has none
            names = object.__getattribute__(item, "__dict__")
            if type(names) is dict:
                self.names(names)
        for slot in self._slots_of(kind):
            with contextlib.suppress(AttributeError):  # nothing is there yet
                self._held(slot.__get__(item), functools.partial(slot.__set__, item))

    def _slots_of(self, kind: type) -> list[types.MemberDescriptorType]:
        slots = self._slots.get(kind)
        if slots is None:
            slots = self._slots[kind] = [
                slot
                for owner in kind.__mro__
                if "__slots__" in vars(owner)
                for slot in vars(owner).values()
                if isinstance(slot, types.MemberDescriptorType)
            ]
        return slots


def _is_open(kind: type) -> bool:
    """Whether objects of a class are looked through: not behave's, and of ours only locks."""
    if issubclass(kind, tracked.TrackedLock):
        return True
    return str(kind.__module__).partition(".")[0] not in _OURS


def _is_suites(item: type) -> bool:
    """Whether a class is the suite's, and not one of the interpreter or of a library."""
    module = sys.modules.get(str(item.__module__))
    path = getattr(module, "__file__", None)
    if isinstance(path, str):
        return stacks.is_users(path) and "site-packages" not in path
    # A step module is no module and has no name: its classes are said to be of `builtins`.
    return bool(item.__flags__ & _HEAP_TYPE) and item.__module__ == "builtins"


_HEAP_TYPE = 1 << 9


def _is_all(item: _Found) -> bool:
    """Whether the references that were found are all that there are."""
    usual = _Found(real.allocate_lock())
    more = _references(item) - _references(usual)
    if more != len(item.puts) + len(item.methods):
        return False
    method = _Method(usual.held.acquire)
    return all(
        _references_to(kept) - _references_to(method) == len(kept.puts)
        for kept in item.methods.values()
    )


def _references(item: _Found) -> int:
    return sys.getrefcount(item.held)


def _references_to(item: _Method) -> int:
    return sys.getrefcount(item.method)


def _replace(item: _Found) -> bool:
    """Put a modelled one in place of a lock, everywhere; tell whether that was possible."""
    new = _successor(item.held)
    if new is None:
        return False
    for put in item.puts:
        put(new)
    for kept in item.methods.values():
        for put in kept.puts:
            put(getattr(new, kept.name))
    if type(item.held) is _SIMPLE:
        while not item.held.empty():
            new.put(item.held.get_nowait())
    return True


def _successor(old: Any) -> Any:
    """Return the modelled one, in the state of the real one; None where that is not known."""
    if type(old) is _SIMPLE:
        return queue._PySimpleQueue()  # type: ignore[attr-defined]
    if type(old) is _LOCK:
        lock = ModelledLock()
        if old.locked():
            # By this thread, or by one that is gone: there is no other.
            lock.acquire()
        return lock
    recursive = threading._PyRLock()  # type: ignore[attr-defined]
    if old._is_owned():
        if not hasattr(old, "_recursion_count"):
            # The first releases of 3.11 do not tell how often.
            return None
        for _ in range(old._recursion_count()):
            recursive.acquire()
    elif not old.acquire(blocking=False):
        return None
    else:
        old.release()
    return recursive
