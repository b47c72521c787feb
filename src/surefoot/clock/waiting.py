"""Waits with a deadline that hold where `time.sleep` is patched or the wall clock is stepped.

They read the genuine monotonic clock and sleep the genuine sleep; inside virtual time and schedule
exploration, the logical ones. On time-out the error says what was seen last, how often was asked,
and what the other threads were doing.
"""

import concurrent.futures
import inspect
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from surefoot.clock.stacks import other_threads
from surefoot.modelled import clocks, real
from surefoot.modelled.core import MEMBERS

T = TypeVar("T")

_LONGEST_VALUE = 300


class WaitTimeoutError(AssertionError):
    """What was waited for did not come in time; a step that raises it has failed.

    Common causes: the time-out is too short for a busy machine; what should bring it about is
    blocked (the error has the stacks of the other threads) or has failed in a thread that nobody
    looked at.
    """


def real_sleep(seconds: float) -> None:
    """Sleep that many seconds of real time, whoever replaced `time.sleep`."""
    real.sleep(seconds)


def real_monotonic() -> float:
    """Return the real monotonic clock, in seconds, whoever replaced `time.monotonic`."""
    return real.monotonic()


def now() -> float:
    """Return the monotonic clock that waits go by: logical for a thread in virtual time."""
    member = MEMBERS.get(real.get_ident())
    return real.monotonic() if member is None else clocks.monotonic_of(member)


class Deadline:
    """A moment of the monotonic clock to wait until.

    deadline = Deadline(5)
    while not ready():
        deadline.check("the server to answer")
        deadline.sleep(0.1)
    """

    def __init__(self, seconds: float) -> None:
        """Let it be that many seconds from now; ValueError for less than none."""
        if seconds < 0:
            raise ValueError(f"a deadline lies ahead: {seconds!r} seconds are less than none")
        self.seconds = seconds
        self._started = now()
        self._end = self._started + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since it was set."""
        return now() - self._started

    @property
    def remaining(self) -> float:
        """Seconds that are left; 0 when it has passed."""
        return max(0.0, self._end - now())

    @property
    def expired(self) -> bool:
        """Whether it has passed."""
        return now() >= self._end

    def check(self, what: str = "it") -> None:
        """Raise WaitTimeoutError when it has passed; `what` says what was waited for."""
        if self.expired:
            raise _timeout(f"waited {self.seconds:g} s for {what}", [])

    def sleep(self, seconds: float) -> None:
        """Sleep that long, but not past the deadline."""
        clocks.sleep(min(seconds, self.remaining))

    def __repr__(self) -> str:
        return f"<Deadline {self.remaining:.3f} s of {self.seconds:g} s left>"


def eventually(
    predicate: Callable[[], T], timeout: float = 5.0, every: float = 0.05, message: str = ""
) -> T:
    """Ask until the answer is true, and return it.

    `timeout` and `every` are seconds. An AssertionError of the predicate counts as "not yet", so
    assertions can be waited for; other exceptions are raised at once. It is asked at least twice,
    the last time at the deadline. `message` says what is waited for. Raises WaitTimeoutError, and
    ValueError where `every` is not above zero.
    """
    if every <= 0:
        raise ValueError(f"`every` is a length above zero, in seconds, not {every!r}")
    deadline = Deadline(timeout)
    asked = 0
    while True:
        # Looked at before asking: so there is an answer that was given after the deadline.
        last = deadline.expired
        asked += 1
        value: Any = None
        raised: AssertionError | None = None
        try:
            value = predicate()
        except AssertionError as error:
            raised = error
        if inspect.isawaitable(value):
            if inspect.iscoroutine(value):
                value.close()
            raise TypeError(
                "the predicate returned an awaitable, which is always true: await it in a loop"
                " with surefoot.clock.Deadline instead"
            )
        if value:
            return value  # type: ignore[no-any-return]
        if last:
            seen = "AssertionError: " + _short(str(raised)) if raised else _short(repr(value))
            what = message or _name(predicate)
            raise _timeout(
                f"waited {deadline.elapsed:.3g} s for {what}",
                [f"last value seen: {seen}", f"asked {asked} times, every {every:g} s"],
            ) from raised
        deadline.sleep(every)


def wait_for(what: Any, timeout: float, until: Callable[[], Any] | None = None) -> Any:
    """Wait for one thing that threads wait for, and return what it gives.

    `what` is a `threading.Event` (gives True), a `concurrent.futures.Future` (its result), a
    queue (the item taken), a thread (None, when it has ended), or a `threading.Condition`
    (True once it was notified, or once `until` is true; it is taken meanwhile). `timeout` is in
    seconds. Raises WaitTimeoutError, whatever the future's function raised, and TypeError for
    what it does not know.
    """
    deadline = Deadline(timeout)
    if isinstance(what, threading.Event):
        if what.wait(timeout):
            return True
        raise _missed(deadline, "the event to be set")
    if isinstance(what, concurrent.futures.Future):
        done, _ = concurrent.futures.wait([what], timeout)
        if done:
            return what.result(0)
        state = "it runs" if what.running() else "it has not begun"
        raise _missed(deadline, f"the future to be done; {state}")
    if isinstance(what, threading.Condition):
        return _wait_for_condition(what, deadline, until)
    if isinstance(what, threading.Thread):
        what.join(timeout)
        if not what.is_alive():
            return None
        raise _missed(deadline, f"thread {what.name} to end")
    if hasattr(what, "get_nowait") and not inspect.iscoroutinefunction(getattr(what, "get", None)):
        return _wait_for_item(what, deadline)
    raise TypeError(
        f"cannot wait for {type(what).__name__} (known: threading.Event, Condition and Thread,"
        " concurrent.futures.Future, queue.Queue and SimpleQueue); what asyncio makes is awaited"
        " with asyncio.wait_for"
    )


def _wait_for_condition(
    condition: threading.Condition, deadline: Deadline, until: Callable[[], Any] | None
) -> Any:
    with condition:
        if until is None:
            if condition.wait(deadline.seconds):
                return True
            raise _missed(deadline, "the condition to be notified")
        while not (value := until()):
            if deadline.expired:
                raise _missed(
                    deadline, f"{_name(until)}", [f"last value seen: {_short(repr(value))}"]
                )
            condition.wait(deadline.remaining)
        return value


def _wait_for_item(source: Any, deadline: Deadline) -> Any:
    # Not get(timeout=...): `queue.Queue` reads a clock that freezegun and the like replace.
    while True:
        try:
            return source.get_nowait()
        except queue.Empty:
            if deadline.expired:
                raise _missed(deadline, "an item in the queue") from None
        filled = getattr(source, "not_empty", None)
        if filled is None:
            deadline.sleep(0.01)
            continue
        with filled:
            if not source._qsize():  # qsize() takes the lock that is held here
                filled.wait(deadline.remaining)


def _missed(deadline: Deadline, what: str, more: list[str] | None = None) -> WaitTimeoutError:
    return _timeout(f"waited {deadline.seconds:g} s for {what}", more or [])


def _timeout(what: str, lines: list[str]) -> WaitTimeoutError:
    told = "\n".join([what, *lines, "what the other threads were doing:", other_threads()])
    return WaitTimeoutError(told.rstrip("\n"))


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", repr(function)).replace("<locals>.", "")
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
