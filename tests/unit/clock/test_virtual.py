"""Virtual time: right where a sleep cap is wrong, real where it cannot see, never early.

Hazards (child processes, sockets, locks from outside) really wait, for a tenth of a second each:
that they cost real time is what is tested.
"""

import asyncio
import concurrent.futures
import contextlib
import datetime
import gc
import http.server
import os
import pickle
import queue
import select
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from surefoot.clock import DeadlockError, VirtualClock, real_monotonic, real_time, virtual_time
from surefoot.modelled import ModelledError, real
from surefoot.modelled.core import LIVE, MEMBERS


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does, the interpreter's own is back afterwards."""
    yield
    assert not LIVE
    assert not MEMBERS
    assert time.sleep is real.SYSTEM["sleep"]
    assert threading.Lock is real.allocate_lock or isinstance(threading.Lock, type)


def virtual() -> contextlib.AbstractContextManager[VirtualClock]:
    """Virtual time beside the thread that watches this test's deadline."""
    return virtual_time(apart=("pytest_timeout *",))


def asked_30_times(ready: Callable[[], Any]) -> bool:
    """The loop that a sleep cap makes wrong: it means three seconds."""
    for _ in range(30):
        if ready():
            return True
        time.sleep(0.1)
    return False


def in_thread(function: Callable[[], Any]) -> threading.Thread:
    """Start a thread."""
    thread = threading.Thread(target=function)
    thread.start()
    return thread


# -- the six cases in which a capped sleep is wrong


def test_a_worker_that_computes() -> None:
    done: list[int] = []

    def compute() -> None:
        started = time.thread_time()
        while time.thread_time() - started < 0.05:
            sum(range(100))
        done.append(1)

    with virtual():
        thread = in_thread(compute)
        assert asked_30_times(lambda: done)
        thread.join()


def test_a_worker_that_waits_for_an_event() -> None:
    done: list[float] = []
    with virtual() as clock:
        started = time.monotonic()
        never = threading.Event()
        in_thread(lambda: (never.wait(1.0), done.append(time.monotonic() - started)))  # type: ignore[func-returns-value]
        assert asked_30_times(lambda: done)
        # Its deadline is the same as that of the tenth sleep: either may have come first.
        assert 1.0 <= time.monotonic() - started <= 1.1 + 1e-6
    assert done == [1.0]
    assert clock.flowed == clock.pinned == 0


def test_a_worker_that_waits_for_a_queue() -> None:
    done: list[int] = []

    def take() -> None:
        with contextlib.suppress(queue.Empty):
            queue.Queue[int]().get(timeout=1)
        done.append(1)

    with virtual() as clock:
        in_thread(take).join()
        assert asked_30_times(lambda: done)
    assert clock.jumped == pytest.approx(1.0, abs=1e-6)


def test_a_child_process_is_waited_for_in_real_time() -> None:
    with virtual() as clock:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.1)"])
        assert asked_30_times(lambda: child.poll() is not None)
    assert child.returncode == 0
    assert clock.pinned > 0.05
    assert "a child process is alive" in clock.summary()


def test_nothing_may_happen_for_a_second() -> None:
    seen: list[int] = []
    with virtual():
        threading.Timer(0.8, lambda: seen.append(1)).start()
        time.sleep(1)
        assert seen == [1]


def test_a_rate_limit() -> None:
    with virtual() as clock:
        started = time.monotonic()
        for _ in range(10):
            time.sleep(0.2)
        assert time.monotonic() - started >= 2.0
    assert clock.jumped == pytest.approx(2.0, abs=1e-6)


# -- what it cannot see


def test_an_http_server_of_this_process() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(0.15)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"late")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with (
        virtual() as clock,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        thread = in_thread(lambda: server.serve_forever(0.01))
        address = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert answer.read() == b"late"
        server.shutdown()
        thread.join()
    assert clock.flowed >= 0.15
    assert "MainThread" in clock.summary()


def test_the_busy_wait_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (x)")
    begun = threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            begun.set()
            time.sleep(0.2)
            connection.execute("commit")

    with virtual() as clock:
        thread = in_thread(write)
        begun.wait()
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
            connection.execute("insert into t values (1)")
            connection.commit()
        thread.join()
    assert clock.flowed > 0.1


def test_a_child_of_asyncio() -> None:
    async def main() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import time; time.sleep(0.1); print(1)", stdout=subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(child.communicate(), 5)
        return out

    with virtual() as clock:
        assert asyncio.run(main()) == b"1\n"
    assert clock.flowed + clock.pinned > 0.05


def test_a_lock_from_before() -> None:
    before = threading.Lock()

    def hold() -> None:
        with before:
            time.sleep(0.15)

    with virtual() as clock:
        thread = in_thread(hold)
        time.sleep(0.05)
        assert before.acquire(timeout=3)
        before.release()
        thread.join()
    assert clock.jumped == pytest.approx(0.05, abs=1e-6)
    assert clock.flowed > 0.05


def test_a_network_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, virtual() as clock:
        assert select.select([server], [], [], 0.05) == ([], [], [])
    assert clock.flowed >= 0.05
    assert "a network socket" in clock.summary()


def test_a_pool_from_before_is_never_outrun() -> None:
    """Its threads live in real time; a time-out of the scenario must not come before them."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pool.submit(int).result()
        with virtual() as clock:
            future = pool.submit(lambda: real.sleep(0.1) or "done")  # type: ignore[func-returns-value]
            assert future.result(timeout=1) == "done"
    assert 0.05 < clock.flowed < 1


def test_a_thread_from_before_that_only_waits_does_not_hold_time_up() -> None:
    stop = threading.Event()
    thread = in_thread(stop.wait)
    with virtual() as clock:
        time.sleep(50)
    stop.set()
    thread.join()
    assert clock.jumped > 49


def test_a_thread_from_before_that_acts_by_itself_is_never_outrun() -> None:
    """A service from before that polls: what the scenario asks of it comes in real time."""
    asked, done, stop = threading.Event(), threading.Event(), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            real.sleep(0.05)
            if asked.is_set():
                done.set()

    thread = in_thread(serve)
    with virtual() as clock:
        asked.set()
        assert asked_30_times(done.is_set)
    stop.set()
    thread.join()
    assert clock.jumped == 0
    assert "can act by itself" in clock.summary()


def test_a_thread_from_before_sees_real_time() -> None:
    ask, answers = queue.SimpleQueue[int](), queue.SimpleQueue[float]()
    thread = in_thread(lambda: (ask.get(), answers.put(time.monotonic())))  # type: ignore[func-returns-value]
    with virtual():
        time.sleep(1000)
        ask.put(1)
        assert abs(answers.get() - real_monotonic()) < 100
    thread.join()


def test_pinned_by_the_user() -> None:
    with virtual() as clock:
        with real_time():
            time.sleep(0.05)
        time.sleep(10)
    assert 0.05 <= clock.pinned < 5
    assert clock.jumped == pytest.approx(10, abs=1e-6)
    with real_time():
        pass


def test_who_polls_the_clock_gets_real_time() -> None:
    with virtual() as clock:
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
    assert clock.flowed >= 0.02
    assert "looks again and again" in clock.summary()


def test_a_forked_child_lives_in_real_time() -> None:
    with virtual() as clock:
        lock = threading.Lock()
        lock.acquire()
        thread = in_thread(lambda: lock.acquire(timeout=5))
        time.sleep(1)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                started = real.monotonic()
                lock.release()
                time.sleep(0.05)
                right = real.monotonic() - started >= 0.05 and abs(time.monotonic() - started) < 60
                os._exit(0 if right and lock.acquire(timeout=1) else 1)
            os._exit(2)
        _, status = os.waitpid(child, 0)
        thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert clock.jumped > 1


# -- what it can see


def test_asyncio_to_the_tick() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*(asyncio.sleep(number / 8) for number in range(50)))
        event = asyncio.Event()
        threading.Timer(3, lambda: loop.call_soon_threadsafe(event.set)).start()
        await asyncio.wait_for(event.wait(), 5)
        await loop.run_in_executor(None, time.sleep, 2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 7)
        return loop.time() - started

    with virtual() as clock:
        assert asyncio.run(main()) == 49 / 8 + 3 + 2 + 7
    assert not clock.flows


def test_pools_barriers_and_timers() -> None:
    with virtual() as clock:
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            slow = pool.submit(time.sleep, 4)
            with pytest.raises(concurrent.futures.TimeoutError):
                slow.result(timeout=1.5)
            assert time.monotonic() - started == 1.5
            barrier = threading.Barrier(2, timeout=30)
            other = pool.submit(barrier.wait)
            time.sleep(1)
            barrier.wait()
            other.result()
        assert time.monotonic() - started == 4
        timer = threading.Timer(10, lambda: None)
        timer.start()
        timer.cancel()
        timer.join()
        assert time.monotonic() - started == 4
    assert not clock.flows


def test_select_and_poll() -> None:
    near, far = socket.socketpair()
    with near, far, virtual() as clock:
        started = time.monotonic()
        assert select.select([near], [], [], 1.5) == ([], [], [])
        poll = select.poll()
        poll.register(near, select.POLLIN)
        assert poll.poll(500) == []
        with select.epoll() as epoll:
            epoll.register(near, select.EPOLLIN)
            assert epoll.poll(2) == []
            threading.Timer(1, lambda: far.send(b"!")).start()
            assert epoll.poll(100) == [(near.fileno(), select.EPOLLIN)]
        assert poll.poll(0) == [(near.fileno(), select.POLLIN)]
        assert time.monotonic() - started == 5
    assert not clock.flows


def test_every_clock_follows() -> None:
    from time import monotonic as captured

    with virtual():
        before = (
            time.time(),
            time.perf_counter(),
            captured(),
            datetime.datetime.now().astimezone(),
            datetime.datetime.now(datetime.UTC),
            datetime.date.today().toordinal(),  # noqa: DTZ011
            time.clock_gettime(time.CLOCK_REALTIME),
            time.mktime(time.localtime()),
        )
        time.sleep(86400)
        day = datetime.timedelta(days=1)
        assert time.time() - before[0] >= 86400
        assert time.perf_counter() - before[1] == 86400
        assert datetime.datetime.now().astimezone() - before[3] >= day
        assert datetime.datetime.now(datetime.UTC) - before[4] >= day
        assert datetime.date.today().toordinal() - before[5] == 1  # noqa: DTZ011
        assert time.clock_gettime(time.CLOCK_REALTIME) - before[6] >= 86400
        assert time.mktime(time.localtime()) - before[7] in {86400, 90000, 82800}
        assert type(pickle.loads(pickle.dumps(before[3]))) is datetime.datetime
    assert datetime.datetime.now(datetime.UTC).timestamp() == pytest.approx(time.time(), abs=60)
    assert captured is time.monotonic


@pytest.mark.parametrize("length", [0.1, 0.2, 0.3, 1e-3, 1e-9, 1.1, 7.7])
def test_elapsed_is_never_less_than_asked(length: float) -> None:
    """As in real life; the rounding of two clock reads must not make it so."""
    with virtual():
        for _ in range(50):
            wall, mono, perf, nano = (
                time.time(),
                time.monotonic(),
                time.perf_counter(),
                time.monotonic_ns(),
            )
            time.sleep(length)
            assert time.time() - wall >= length
            assert time.monotonic() - mono >= length
            assert time.perf_counter() - perf >= length
            assert time.monotonic_ns() - nano >= int(length * 10**9)


def test_sleep_refuses_what_it_refuses() -> None:
    with virtual():
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
        with pytest.raises(TypeError):
            time.sleep("1")  # type: ignore[arg-type]
        lock = threading.Lock()
        with pytest.raises(ValueError, match="timeout"):
            lock.acquire(False, 1)
        with pytest.raises(ValueError, match="non-negative"):
            lock.acquire(timeout=-2)
        with pytest.raises(RuntimeError, match="unlocked"):
            lock.release()


# -- deadlocks, entering, leaving


def test_a_deadlock_is_told_at_once_with_every_stack() -> None:
    with virtual():
        first, second = threading.Lock(), threading.Lock()

        def cross() -> None:
            with second:
                time.sleep(0.1)
                first.acquire()
                first.release()

        with first:
            thread = threading.Thread(target=cross, name="the other", daemon=True)
            thread.start()
            time.sleep(0.1)
            with pytest.raises(DeadlockError) as raised:
                second.acquire()
        thread.join()
    text = str(raised.value)
    assert "-- MainThread: waiting for a lock" in text
    assert "-- the other: waiting for a lock" in text
    assert "in cross" in text


def test_no_deadlock_while_something_outside_may_come() -> None:
    near, far = socket.socketpair()
    with near, far:

        def send() -> None:
            real.sleep(0.05)
            far.send(b"!")

        thread = in_thread(send)
        with virtual() as clock:
            assert select.select([near], [], [], None)[0] == [near]
        thread.join()
    assert clock.flowed > 0


def test_entered_twice() -> None:
    with virtual(), pytest.raises(ModelledError, match="do not nest"), virtual():
        pass
    with virtual():
        pass


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


def test_leaves_no_descriptor_open() -> None:
    enabled = gc.isenabled()
    gc.disable()  # a collection would close what was only forgotten
    try:
        with virtual():
            pass
        before = _open_files()
        for _ in range(5):
            with virtual():
                thread = in_thread(lambda: time.sleep(5))
                thread.join()
                until = real.monotonic() + 0.01  # long enough for looks of the ticker
                while real.monotonic() < until:
                    pass
        assert _open_files() == before
    finally:
        if enabled:
            gc.enable()


def test_entered_by_another_thread() -> None:
    errors: list[str] = []

    def enter() -> None:
        try:
            with virtual():
                pass
        except ModelledError as error:
            errors.append(str(error))

    with virtual():
        in_thread(enter).join()
    assert len(errors) == 1


def test_a_thread_that_outlives_it_goes_on_in_real_time() -> None:
    stop = threading.Event()
    ended: list[float] = []

    def straggle() -> None:
        started = time.monotonic()
        time.sleep(30.05)
        ended.append(time.monotonic() - started)
        stop.wait(5)

    with virtual() as clock:
        thread = in_thread(straggle)
        time.sleep(30)
    assert [name.partition(" ")[0] for name in clock.outlived] == [thread.name.partition(" ")[0]]
    assert "outlived by" in clock.summary()
    stop.set()
    thread.join()
    assert ended[0] >= 30.05
    # The last of them is gone: so are the patches, once somebody enters and leaves.
    with virtual():
        pass


def test_what_was_made_inside_works_afterwards() -> None:
    with virtual():
        lock, condition, channel = threading.RLock(), threading.Condition(), queue.Queue[int]()
        simple, pool = queue.SimpleQueue[int](), concurrent.futures.ThreadPoolExecutor(1)
    thread = in_thread(lambda: (channel.put(1), simple.put(2)))  # type: ignore[func-returns-value]
    assert (channel.get(timeout=5), simple.get(timeout=5)) == (1, 2)
    with lock, lock:
        in_thread(lambda: lock.acquire(timeout=0.01)).join()
    with condition:
        assert not condition.wait(0.01)
    assert pool.submit(int).result(5) == 0
    pool.shutdown()
    thread.join()


def test_an_error_inside_leaves_nothing_behind() -> None:
    def leave() -> None:
        with virtual():
            threading.Timer(1, lambda: None).start()
            time.sleep(2)
            raise KeyError

    with pytest.raises(KeyError):
        leave()


def test_an_interrupted_wait_leaves_it_whole() -> None:
    import signal

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with virtual() as clock:
            lock = threading.Lock()
            lock.acquire()
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                lock.acquire(timeout=600)
            lock.release()
            assert lock.acquire(timeout=1)
            time.sleep(100)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert clock.flowed >= 0.04
    assert "an alarm signal is to come" in clock.summary()
    assert 99 < clock.jumped <= 100.001  # what begins while the handler may run, flows
