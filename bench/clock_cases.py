"""What scenarios do with time, each as a function that raises AssertionError where it goes wrong.

The first six are those in which a capped sleep is wrong; then what virtual time cannot see. Run
by `bench.clock`, in a process of its own for each case and contestant.
"""

import asyncio
import contextlib
import http.server
import importlib
import os
import queue
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

FOREIGN = threading.Lock()
"""Made before any contestant begins."""


def _asked_30_times(ready: Callable[[], Any]) -> bool:
    """Wait as steps do: "three seconds"."""
    for _ in range(30):
        if ready():
            return True
        time.sleep(0.1)
    return False


def computes() -> None:
    """A worker that needs 1.1 s of processor time."""
    done = threading.Event()

    def work() -> None:
        began = time.thread_time()
        while time.thread_time() - began < 1.1:
            sum(range(1000))
        done.set()

    threading.Thread(target=work).start()
    assert _asked_30_times(done.is_set), "gave up too early"


def waits_for_event() -> None:
    """A worker that waits 1 s for an event."""
    done: list[int] = []

    def work() -> None:
        threading.Event().wait(1.0)
        done.append(1)

    threading.Thread(target=work).start()
    assert _asked_30_times(lambda: done), "gave up too early"


def waits_for_queue() -> None:
    """A worker that waits 1 s for a queue."""
    done: list[int] = []

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            queue.Queue[int]().get(timeout=1)
        done.append(1)

    threading.Thread(target=work, daemon=True).start()
    assert _asked_30_times(lambda: done), "gave up too early"


def child_process() -> None:
    """A child process of 0.5 s, polled."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5)"])
    assert _asked_30_times(lambda: child.poll() is not None), "gave up too early"


def nothing_for_a_second() -> None:
    """Nothing may happen for 1 s; something does, after 0.8 s."""
    seen: list[int] = []
    threading.Timer(0.8, lambda: seen.append(1)).start()
    time.sleep(1)
    assert seen, "what happened was missed"


def rate_limit() -> None:
    """A rate limit: ten sleeps of 0.2 s take 1.9 s by the monotonic clock."""
    began = time.monotonic()
    for _ in range(10):
        time.sleep(0.2)
    assert time.monotonic() - began >= 1.9, "the clock says less"


def http_server() -> None:
    """An HTTP server of the same process that answers after 0.5 s, and a blocking client."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(0.5)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"late")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.05))
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/"
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.read() == b"late"
        finally:
            server.shutdown()
            thread.join()


def sqlite_busy() -> None:
    """SQLite's busy wait of 5 s, while a writer holds the database for 1 s."""
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "one.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (x)")
    begun = threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            begun.set()
            time.sleep(1)
            connection.execute("commit")

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
        connection.execute("insert into t values (1)")
        connection.commit()
    thread.join()


def asyncio_child() -> None:
    """A child process of 0.5 s under asyncio, with a time-out of 5 s."""

    async def main() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import time; time.sleep(0.5); print(1)", stdout=subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(child.communicate(), 5)
        return out

    assert asyncio.run(main()) == b"1\n"


def foreign_lock() -> None:
    """A lock from before, held for 0.5 s."""

    def hold() -> None:
        with FOREIGN:
            time.sleep(0.5)

    thread = threading.Thread(target=hold)
    thread.start()
    time.sleep(0.05)
    assert FOREIGN.acquire(timeout=3), "gave up too early"
    FOREIGN.release()
    thread.join()


def asyncio_half_minute() -> None:
    """asyncio: timers, an executor and a time-out, 22 s in all."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(asyncio.sleep(number / 10) for number in range(100)))
        event = asyncio.Event()
        threading.Timer(3, lambda: loop.call_soon_threadsafe(event.set)).start()
        await asyncio.wait_for(event.wait(), 5)
        await loop.run_in_executor(None, time.sleep, 2)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 7)
        return loop.time() - began

    took = asyncio.run(main())
    assert 21.8 < took < 23, f"the loop says {took:.2f} s"


def deadlock() -> None:
    """Two threads that wait for each other: it should be told, not waited for."""
    one, other = threading.Lock(), threading.Lock()

    def cross() -> None:
        with other:
            time.sleep(0.1)
            one.acquire()

    threading.Thread(target=cross, daemon=True).start()
    with one:
        time.sleep(0.1)
        try:
            other.acquire()
        except RuntimeError as error:
            if "deadlock" not in str(error):
                raise


CASES: tuple[Callable[[], None], ...] = (
    computes,
    waits_for_event,
    waits_for_queue,
    child_process,
    nothing_for_a_second,
    rate_limit,
    http_server,
    sqlite_busy,
    asyncio_child,
    foreign_lock,
    asyncio_half_minute,
    deadlock,
)


@contextlib.contextmanager
def _cap() -> Iterator[None]:
    genuine = time.sleep
    time.sleep = lambda seconds: genuine(min(float(seconds), 0.01))
    yield


def _freezegun() -> Any:
    freezegun = importlib.import_module("freezegun")
    return freezegun.freeze_time("2026-01-01", tick=True)


def _time_machine() -> Any:
    time_machine = importlib.import_module("time_machine")
    return time_machine.travel(0, tick=True)


def _virtual() -> Any:
    from surefoot.clock import virtual_time

    return virtual_time()


CONTESTANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "nothing": contextlib.nullcontext,
    "sleep cap": _cap,
    "freezegun": _freezegun,
    "time-machine": _time_machine,
    "virtual time": _virtual,
}


def main(case: str, contestant: str) -> None:
    """Run a case; print the seconds that it took, and what went wrong."""
    function = next(function for function in CASES if function.__name__ == case)
    if contestant == "virtual time":
        from surefoot.modelled import require_usable

        require_usable()
    began = os.times().elapsed
    wrong = ""
    try:
        with CONTESTANTS[contestant]():
            function()
    except Exception as error:  # the answer is what is measured
        wrong = f"{type(error).__name__}: {error}".splitlines()[0]
    print(f"{os.times().elapsed - began:.3f}\t{wrong}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
