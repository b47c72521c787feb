"""Notices that a suite replaced `time.sleep` or `asyncio.sleep`, and what that does.

A sleep that is shortened makes every loop that counts sleeps give up early, and every "nothing may
happen for a second" pass too soon. `SleepWatch` remembers who assigned the name: it gives the
modules a class that looks at assignments, which changes nothing else about them. `replaced` then
says what stands there, where it is defined, and, measured with the genuine clock, what becomes of
a sleep of 0.1 s and, where that is kept, of one of 0.4 s.
Replacements that keep time are none of its business, nor are those of libraries that are known
(gevent, freezegun, time-machine, surefoot's own).
"""

import asyncio.tasks
import contextlib
import inspect
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from surefoot.modelled import real

_KNOWN = ("surefoot", "freezegun", "time_machine", "gevent", "eventlet", "asyncio", "uvloop")
_TRIALS = (0.1, 0.4)
"""Seconds; the second where the first was kept: caps of a slice are often 0.1 s."""
_KEPT = 0.95
"""Share of a trial; a replacement that takes that long has not shortened it."""
_LIBRARY = os.path.dirname(os.path.abspath(contextlib.__file__))


class Place(NamedTuple):
    """Where something was assigned."""

    file: str
    line: int
    function: str
    in_hook: bool
    """Whether one of behave's `before_...` hooks did it, or called what did."""


class Replacement(NamedTuple):
    """A sleep that is not the interpreter's."""

    name: str
    """`time.sleep` or `asyncio.sleep`."""
    by: str
    """Name of what stands there."""
    file: str
    """Absolute path of where that is defined; empty where there is none."""
    line: int
    asked: float
    """Seconds of the sleep that was tried."""
    seconds: float | None
    """What it took; None where none was tried."""
    assigned: Place | None

    @property
    def message(self) -> str:
        """What is wrong, in a sentence; the same in each process that measures it."""
        does = "does no sleeping that could be measured" if self.seconds is None else "shortens it"
        return f"{self.name} is replaced by {self.by}, which {does}"

    @property
    def effect(self) -> str:
        """What became of the sleep that was tried; empty where none was."""
        if self.seconds is None:
            return ""
        return f"a sleep of {self.asked:g} s takes {self.seconds:.3f} s"


REMEDY = (
    "take the replacement out; to make waits short, tag scenarios with @virtual_time; where"
    " something is waited for, use surefoot.clock.eventually"
)


class _Watched(types.ModuleType):
    """A module that tells of assignments to its `sleep`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "sleep":
            _note(f"{self.__name__}.sleep", value, sys._getframe(1))
        super().__setattr__(name, value)


_assigned: dict[str, list[tuple[Any, Place]]] = {}
"""By name: what was assigned since `forget_hooks`, with the place; the last one stays."""
_measured: dict[int, tuple[Any, tuple[float, float | None]]] = {}


def watch() -> None:
    """Remember from now on who assigns `time.sleep` and `asyncio.sleep`."""
    for module in (time, asyncio):
        if type(module) is types.ModuleType:
            module.__class__ = _Watched


def replaced() -> list[Replacement]:
    """Return the replacements that stand now, and those that a hook put up and took down again."""
    found = []
    for name, now in (("time.sleep", time.sleep), ("asyncio.sleep", asyncio.sleep)):
        candidates = [now, *(value for value, place in _assigned.get(name, ()) if place.in_hook)]
        seen: set[int] = set()
        for function in candidates:
            if id(function) in seen or _is_known(function):
                continue
            seen.add(id(function))
            one = _look_at(name, function)
            if one is not None:
                found.append(one)
    return found


def forget_hooks() -> None:
    """Forget who assigned what and took it back; for the start of an attempt."""
    for assignments in _assigned.values():
        del assignments[:-1]


def _is_known(function: Any) -> bool:
    if isinstance(function, types.BuiltinFunctionType):
        return True
    module = getattr(function, "__module__", None) or type(function).__module__ or ""
    if module.partition(".")[0] in _KNOWN:
        # `asyncio.sleep` under its own name only: a suite's function can be put in for it.
        return module != "asyncio.tasks" or function is asyncio.tasks.sleep
    return False


def _look_at(name: str, function: Any) -> Replacement | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    asked, seconds = _effect(name, function)
    if seconds is not None and seconds >= asked * _KEPT:
        return None
    places = [place for value, place in _assigned.get(name, ()) if value is function]
    return Replacement(
        name,
        f"{getattr(function, '__qualname__', type(function).__qualname__)}()",
        code.co_filename if code else "",
        code.co_firstlineno if code else 0,
        asked,
        seconds,
        places[-1] if places else None,
    )


def _effect(name: str, function: Any) -> tuple[float, float | None]:
    """Return a length of sleep and what it took, by the genuine clock; tried once each."""
    known = _measured.get(id(function))
    if known is not None and known[0] is function:
        return known[1]
    effect: tuple[float, float | None] = _TRIALS[0], None
    # A mock counts its calls: the suite's own assertions must not see one more.
    if isinstance(function, types.FunctionType | types.MethodType):
        for asked in _TRIALS:
            effect = asked, _try(name, function, asked)
            if effect[1] is None or effect[1] < asked * _KEPT:
                break
    _measured[id(function)] = function, effect
    return effect


def _try(name: str, function: Callable[[float], Any], asked: float) -> float | None:
    started = real.monotonic()
    try:
        if name == "asyncio.sleep":
            return _try_asyncio(function, asked)
        function(asked)
    except Exception:  # whatever the suite's function does
        return None
    return real.monotonic() - started


def _try_asyncio(function: Callable[[float], Any], asked: float) -> float | None:
    if asyncio._get_running_loop() is not None:
        return None
    took: list[float] = []

    async def trial() -> None:
        started = real.monotonic()
        await function(asked)
        took.append(real.monotonic() - started)

    asyncio.run(trial())
    return took[0]


def _note(name: str, value: Any, frame: types.FrameType) -> None:
    chosen: types.FrameType | None = None
    in_hook = False
    for walked in _outwards(frame):
        code = walked.f_code
        if chosen is None and not code.co_filename.startswith(_LIBRARY):
            chosen = walked
        if code.co_name.startswith("before_") and code.co_filename.endswith("environment.py"):
            in_hook = True
    chosen = chosen or frame
    code = chosen.f_code
    function = "" if code.co_name == "<module>" else code.co_name
    place = Place(code.co_filename, chosen.f_lineno, function, in_hook)
    _assigned.setdefault(name, []).append((value, place))


def _outwards(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
