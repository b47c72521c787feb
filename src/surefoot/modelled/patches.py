"""Puts the modelled primitives in place of the interpreter's, everywhere they are known by name.

`install` looks through all loaded modules for references to what is replaced, so that
`from time import sleep` and `threading._time` are found as well. What it cannot find are
references elsewhere: default arguments, closures, attributes of objects. A thread that uses one
waits in real time, which the users of the core notice as a wait that they cannot see.

Those in `KEPT` keep the real ones: what they call `time` becomes the genuine module, so that
behave's step durations and surefoot's deadlines are real.
"""

import _queue
import datetime
import gc
import queue
import select
import selectors
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from surefoot.modelled import clocks, real, selecting, threads
from surefoot.modelled.lock import ModelledLock
from surefoot.modelled.namespaces import outside_of_modules

KEPT = ("behave", "surefoot")
"""Packages that go on in real time."""
_OWN = "surefoot.modelled"
_UNTOUCHED = ("_thread", "_queue", "_datetime", "gc", "sys")


class Patches:
    """What is replaced in this process while it is; once at a time."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._scanned: dict[str, tuple[int, int]] = {}
        """Of each module that was looked through: its identity and number of names."""
        self._hits: dict[str, dict[str, int]] = {}
        """Where references to something replaced were found: module, name, identity of it."""
        self.installed = False

    def install(self) -> None:
        """Put the modelled primitives in place; nothing if they are."""
        if self.installed:
            return
        self.installed = True
        try:
            self._replace_names(replaced())
            self._replace_parts()
            self._replace_datetime()
        except BaseException:
            self.uninstall()
            raise

    def uninstall(self) -> None:
        """Put the interpreter's own back."""
        while self._undo:
            self._undo.pop()()
        self.installed = False

    def _replace_names(self, swap: dict[int, tuple[Any, Any]]) -> None:
        wanted = frozenset(swap)
        modules = [
            (name, vars(m)) for name, m in list(sys.modules.items()) if hasattr(m, "__dict__")
        ]
        for name, names in (*modules, *outside_of_modules()):
            if type(names) is not dict or name in _UNTOUCHED:
                continue
            if name.startswith(_OWN):
                continue
            if name.partition(".")[0] in KEPT:
                self._keep(names)
                continue
            state = (id(names), len(names))
            hits = self._hits.get(name)
            if self._scanned.get(name) != state:
                self._scanned[name] = state
                if wanted.isdisjoint(map(id, list(names.values()))):
                    self._hits.pop(name, None)
                    continue
                hits = {key: id(value) for key, value in list(names.items()) if id(value) in wanted}
                self._hits[name] = hits
            if not hits:
                continue
            for key, identity in hits.items():
                old, new = swap.get(identity, (None, None))
                if names.get(key) is old and old is not None:
                    names[key] = new
                    self._undo.append(_putter(names, key, new, old))

    def _keep(self, names: dict[str, Any]) -> None:
        """Give a module that stays in real time the genuine `time`."""
        for key, value in list(names.items()):
            if value is time:
                names[key] = real.TIME
                self._undo.append(_putter(names, key, real.TIME, value))

    def _replace_parts(self) -> None:
        self._set(threading, "_CRLock", None)
        self._set(threading.Thread, "join", threads.join)
        for kind in vars(selectors).values():
            if isinstance(kind, type) and "select" in vars(kind):
                method = vars(kind)["select"]
                if not getattr(method, "__isabstractmethod__", False):
                    self._set(kind, "select", selecting.selector_select(method))

    def _set(self, owner: Any, name: str, value: Any) -> None:
        old = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, old))

    def _replace_datetime(self) -> None:
        """Replace class methods of the C class `datetime` in its own dictionary.

        A subclass in its place, the usual way, changes what `type(x) is datetime` and pickles
        say, and leaves out references that are not in a module. This changes two methods of the
        class that everybody has.
        """
        names = _class_dictionary(datetime.datetime)
        for name, method in clocks.DATETIME_REPLACEMENTS.items():
            old = names[name]
            names[name] = method
            self._undo.append(_putter(names, name, method, old))
        self._undo.insert(0, _forget_cached_methods)
        _forget_cached_methods()


def _putter(names: dict[str, Any], key: str, new: Any, old: Any) -> Callable[[], None]:
    def put_back() -> None:
        # Whoever replaced it meanwhile keeps what they put there.
        if names.get(key) is new:
            names[key] = old

    return put_back


def _class_dictionary(kind: type) -> dict[str, Any]:
    """Return the dictionary behind a class's read-only `__dict__`."""
    (names,) = gc.get_referents(kind.__dict__)
    if not isinstance(names, dict):
        raise TypeError(f"the dictionary of {kind.__name__} cannot be reached")
    return names


def _forget_cached_methods() -> None:
    import ctypes  # five milliseconds that most users of surefoot never need

    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


def replaced() -> dict[int, tuple[Any, Any]]:
    """Return what is replaced on this Python: by identity, the original and its stand-in."""
    pairs: list[tuple[Any, Any]] = [
        (original, stand_in)
        for name, stand_in in clocks.REPLACEMENTS.items()
        for original in (getattr(time, name), real.SYSTEM[name])
    ]
    pairs += [
        (real.allocate_lock, ModelledLock),
        (threading.Lock, ModelledLock),
        (real.start_new_thread, threads.start_new_thread),
        (_queue.SimpleQueue, queue._PySimpleQueue),  # type: ignore[attr-defined]
        (real.select, selecting.select),
    ]
    if real.start_joinable_thread is not None:
        pairs.append((real.start_joinable_thread, threads.start_joinable_thread))
    if real.poll is not None:
        pairs.append((select.poll, selecting.ModelledPoll))
    if hasattr(select, "epoll"):
        pairs.append((select.epoll, selecting.ModelledEpoll))
    return {
        id(original): (original, stand_in)
        for original, stand_in in pairs
        # Something of the suite's own stands there: `clock` tells of that; ours gives way.
        if isinstance(original, (types.BuiltinFunctionType, type))
    }


PATCHES = Patches()
"""Those of this process."""
