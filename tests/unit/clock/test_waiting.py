"""`eventually`, `wait_for` and `Deadline`: on a logical clock, so that nothing really waits."""

import concurrent.futures
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.clock import Deadline, WaitTimeoutError, eventually, real_monotonic, wait_for
from surefoot.modelled import Core, modelled
from surefoot.modelled.selftest import JumpAtOnce


@pytest.fixture
def core() -> Iterator[Core]:
    """Logical time for the test."""
    with modelled(JumpAtOnce(), start=0) as core:
        yield core


def test_eventually_returns_the_first_true_answer(core: Core) -> None:
    answers = iter([None, 0, "", "ready", "later"])
    assert eventually(lambda: next(answers), timeout=5, every=0.5) == "ready"
    assert core.now_ns() == 1_500_000_000


def test_eventually_asks_once_more_at_the_deadline(core: Core) -> None:
    assert eventually(lambda: core.now_ns() >= 10**9, timeout=1, every=0.3)
    assert core.now_ns() == 10**9


def test_eventually_tells_what_it_saw(core: Core) -> None:
    stop = threading.Event()

    def busy_elsewhere() -> None:
        stop.wait()

    thread = threading.Thread(target=busy_elsewhere, name="the worker")
    thread.start()
    answers = iter([0, "", None, ()])
    with pytest.raises(WaitTimeoutError) as raised:
        eventually(lambda: next(answers), timeout=1.5, every=0.5, message="the list to fill")
    stop.set()
    thread.join()
    text = str(raised.value)
    assert "waited 1.5 s for the list to fill" in text
    assert "last value seen: ()" in text
    assert "asked 4 times, every 0.5 s" in text
    assert "-- the worker" in text
    assert "in busy_elsewhere" in text
    assert isinstance(raised.value, AssertionError)


def test_eventually_waits_for_assertions(core: Core) -> None:
    def check() -> bool:
        assert core.now_ns() >= 10**9, "not yet a second"
        return True

    assert eventually(check, timeout=2, every=0.25)
    with pytest.raises(WaitTimeoutError, match="AssertionError: never"):
        eventually(_never, timeout=1)


def _never() -> bool:
    raise AssertionError("never")


def test_eventually_lets_other_errors_through(core: Core) -> None:
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0)


def test_eventually_refuses_what_it_cannot_ask(core: Core) -> None:
    async def ready() -> bool:
        return False

    with pytest.raises(TypeError, match="awaitable"):
        eventually(ready)  # type: ignore[unused-coroutine]
    with pytest.raises(ValueError, match="above zero"):
        eventually(lambda: True, every=0)
    with pytest.raises(ValueError, match="less than none"):
        Deadline(-1)


def test_eventually_is_immune_to_a_sleep_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    started = real_monotonic()
    with pytest.raises(WaitTimeoutError, match="asked"):
        eventually(lambda: False, timeout=0.02, every=0.01)
    assert real_monotonic() - started >= 0.02
    assert naps == []


def test_genuine_even_when_imported_after_the_cap() -> None:
    code = (
        "import time\n"
        "genuine = time.monotonic\n"
        "time.sleep = lambda seconds: None\n"
        "time.monotonic = lambda: 0.0\n"
        "import surefoot.clock\n"
        "started = genuine()\n"
        "surefoot.clock.real_sleep(0.02)\n"
        "assert genuine() - started >= 0.02\n"
        "assert surefoot.clock.real_monotonic() > 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_import_brings_little() -> None:
    code = (
        "import sys, surefoot.clock\n"
        "found = [name for name in sys.modules if name.split('.')[0] in"
        " ('behave', 'rich', 'psutil', 'asyncio', 'ctypes', 'msgspec')"
        " or name.startswith(('surefoot.engine', 'surefoot.worker', 'surefoot.report'))]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_wait_for_what_comes(core: Core) -> None:
    event, channel = threading.Event(), queue.Queue[str]()
    simple, condition = queue.SimpleQueue[str](), threading.Condition()
    seen: list[str] = []

    def act() -> None:
        time.sleep(1)
        event.set()
        time.sleep(1)
        channel.put("item")
        time.sleep(1)
        simple.put("simple")
        time.sleep(1)
        with condition:
            seen.append("noted")
            condition.notify_all()

    thread = threading.Thread(target=act)
    thread.start()
    assert wait_for(event, 5) is True
    assert wait_for(channel, 5) == "item"
    assert core.now_ns() == 2 * 10**9
    assert wait_for(simple, 5) == "simple"
    assert wait_for(condition, 5, until=lambda: seen) == ["noted"]
    assert wait_for(thread, 5) is None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert wait_for(pool.submit(lambda: 7), 5) == 7
        with pytest.raises(ZeroDivisionError):
            wait_for(pool.submit(lambda: 1 / 0), 5)
    assert core.now_ns() == 4 * 10**9


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (threading.Event, "the event to be set"),
        (queue.Queue, "an item in the queue"),
        (queue.SimpleQueue, "an item in the queue"),
        (threading.Condition, "the condition to be notified"),
        (concurrent.futures.Future, "the future to be done; it has not begun"),
    ],
)
def test_wait_for_what_does_not_come(core: Core, make: Any, text: str) -> None:
    with pytest.raises(WaitTimeoutError, match=f"waited 2 s for {text}"):
        wait_for(make(), 2)
    assert core.now_ns() == pytest.approx(2 * 10**9, abs=10**7)


def test_wait_for_what_it_does_not_know(core: Core) -> None:
    with pytest.raises(TypeError, match=r"cannot wait for int \(known: threading.Event"):
        wait_for(3, 1)


def test_deadline(core: Core) -> None:
    deadline = Deadline(2)
    assert (deadline.remaining, deadline.elapsed, deadline.expired) == (2, 0, False)
    deadline.check("anything")
    deadline.sleep(1.5)
    assert deadline.remaining == 0.5
    deadline.sleep(1.5)
    assert (deadline.remaining, deadline.elapsed, deadline.expired) == (0, 2, True)
    with pytest.raises(WaitTimeoutError, match="waited 2 s for the door to open"):
        deadline.check("the door to open")
