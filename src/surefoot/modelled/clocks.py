"""Clock reads and sleeps, as a `Core` sees them: what stands in for the functions of `time`.

Each asks whether the calling thread takes part; to all others it is the real function.
`time.localtime()` and the like, without an argument, read the same clock. Processor time
(`process_time`, `thread_time`) stays real.
"""

import datetime as _datetime
from collections.abc import Callable
from typing import Any

from surefoot.modelled import real
from surefoot.modelled.core import LEFT, MEMBERS, NANO, Member, Wait
from surefoot.modelled.lock import look
from surefoot.modelled.mutex import MUTEX

_T = real.TIME


def _reader(name: str, read: Callable[[Member], Any]) -> Callable[[], Any]:
    """Return a stand-in for a clock function without arguments.

    A thread that outlived its core keeps that core's time.
    """
    genuine: Callable[[], Any] = getattr(_T, name)

    def reader() -> Any:
        member = MEMBERS.get(real.get_ident())
        if member is None:
            return genuine()
        look(member)
        return read(member)

    reader.__name__ = reader.__qualname__ = name
    reader.__doc__ = genuine.__doc__
    return reader


def monotonic_of(member: Member) -> float:
    """Return the logical monotonic time, in seconds."""
    return member.core.seconds()


def wall_of(member: Member) -> float:
    """Return the logical wall-clock time, in seconds since the epoch."""
    return member.core.wall_seconds()


def monotonic_ns_of(member: Member) -> int:
    """Return the logical monotonic time, in nanoseconds."""
    return member.core.now_ns()


def wall_ns_of(member: Member) -> int:
    """Return the logical wall-clock time, in nanoseconds since the epoch."""
    return member.core.wall_ns()


def sleep(seconds: float, /) -> None:
    """`time.sleep` in logical time."""
    member = MEMBERS.get(real.get_ident())
    if member is None or member.core.closed:
        _T.sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    core = member.core
    deadline = core.deadline_in(seconds)
    if deadline is None:
        look(member)
        _T.sleep(0)
        return
    MUTEX.acquire()
    if core.closed:
        MUTEX.release()
        outcome = LEFT
    else:
        outcome = core.block(member, Wait("sleep", deadline))
    if outcome == LEFT:
        _T.sleep(core.left_until(deadline))


def _clock_gettime(clock: int, /) -> float:
    member = MEMBERS.get(real.get_ident())
    read = _BY_CLOCK.get(clock)
    if member is None or read is None:
        return float(_T.clock_gettime(clock))
    look(member)
    return member.core.wall_seconds() if read is wall_ns_of else member.core.seconds()


def _clock_gettime_ns(clock: int, /) -> int:
    member = MEMBERS.get(real.get_ident())
    read = _BY_CLOCK.get(clock)
    if member is None or read is None:
        return int(_T.clock_gettime_ns(clock))
    look(member)
    return read(member)


_BY_CLOCK: dict[int, Callable[[Member], int]] = {
    getattr(_T, name): read
    for name, read in (
        ("CLOCK_REALTIME", wall_ns_of),
        ("CLOCK_MONOTONIC", monotonic_ns_of),
        ("CLOCK_MONOTONIC_RAW", monotonic_ns_of),
        ("CLOCK_BOOTTIME", monotonic_ns_of),
        ("CLOCK_TAI", wall_ns_of),
    )
    if hasattr(_T, name)
}


def _broken_down(name: str) -> Callable[..., Any]:
    """Return a stand-in for `localtime`, `gmtime` or `ctime`."""
    genuine: Callable[..., Any] = getattr(_T, name)

    def convert(seconds: float | None = None, /) -> Any:
        if seconds is None:
            member = MEMBERS.get(real.get_ident())
            if member is not None:
                seconds = wall_of(member)
        return genuine(seconds)

    convert.__name__ = convert.__qualname__ = name
    return convert


def _asctime(moment: Any = None, /) -> str:
    return _T.asctime(_localtime() if moment is None else moment)  # type: ignore[no-any-return]


def _strftime(layout: str, moment: Any = None, /) -> str:
    return _T.strftime(layout, _localtime() if moment is None else moment)  # type: ignore[no-any-return]


_localtime = _broken_down("localtime")

REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "sleep": sleep,
    "monotonic": _reader("monotonic", monotonic_of),
    "monotonic_ns": _reader("monotonic_ns", monotonic_ns_of),
    "perf_counter": _reader("perf_counter", monotonic_of),
    "perf_counter_ns": _reader("perf_counter_ns", monotonic_ns_of),
    "time": _reader("time", wall_of),
    "time_ns": _reader("time_ns", wall_ns_of),
    "localtime": _localtime,
    "gmtime": _broken_down("gmtime"),
    "ctime": _broken_down("ctime"),
    "asctime": _asctime,
    "strftime": _strftime,
}
"""What stands in for each name of `time`."""
if hasattr(_T, "clock_gettime"):
    REPLACEMENTS |= {"clock_gettime": _clock_gettime, "clock_gettime_ns": _clock_gettime_ns}


def _from_ns(cls: Any, wall: int, tz: Any) -> Any:
    """Return `cls` at a wall-clock time, exact to the microsecond."""
    seconds, rest = divmod(wall, NANO)
    return cls.fromtimestamp(seconds, tz).replace(microsecond=rest // 1000)


def _utcnow(cls: Any) -> Any:
    member = MEMBERS.get(real.get_ident())
    if member is not None:
        look(member)
    wall = int(_T.time_ns()) if member is None else wall_ns_of(member)
    return _from_ns(cls, wall, _datetime.UTC).replace(tzinfo=None)


def _datetime_now(cls: Any, tz: Any = None) -> Any:
    member = MEMBERS.get(real.get_ident())
    if member is not None:
        look(member)
    wall = int(_T.time_ns()) if member is None else wall_ns_of(member)
    return _from_ns(cls, wall, tz)


DATETIME_REPLACEMENTS: dict[str, Any] = {
    "now": classmethod(_datetime_now),
    "utcnow": classmethod(_utcnow),
}
"""What stands in for class methods of `datetime.datetime`."""
