"""Runs each schedule in a forked process of its own, so that none leaves a trace.

The process that asks forks one *searcher*, which makes the patches ready once and forks a child
for each schedule. A child runs the scenario under the explorer, writes what came of it to a pipe
and is gone, without any unwinding: after a deadlock there is none. What it prints goes to a file
that the next one overwrites. While a child runs, the searcher forks the next one, which waits for
its schedule, and sees the last one end: either takes about as long as a small scenario.
"""

import contextlib
import gc
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

import msgspec

from surefoot.modelled import Core, real, require_usable
from surefoot.modelled.patches import PATCHES
from surefoot.threads import stall
from surefoot.threads.explorer import Explorer
from surefoot.threads.schedule import Failure, Result, Trial

Body = Callable[[], tuple[Failure | None, list[msgspec.Raw]]]
"""Runs the scenario; returns how it failed, and what else is to be told, encoded."""

START = 10**15
"""What the monotonic clocks say when a schedule begins: the same in every process, so that sums
of times round alike."""
_TAIL = 8192
_ENCODER = msgspec.msgpack.Encoder()
_processor_time = time.process_time
"""Bound here: a scenario may replace it."""

_MEMORY = hasattr(os, "memfd_create")


class Place(Protocol):
    """Where a schedule keeps its files; a new one for each."""

    def make(self) -> str:
        """Make it, in the searcher; return its path."""
        ...

    def enter(self, path: str) -> None:
        """Let the scenario's files go there; in the child."""
        ...

    def remove(self, path: str) -> None:
        """Remove it, in the searcher."""
        ...


class _Child(msgspec.Struct, frozen=True):
    """A child that waits for its schedule."""

    pid: int
    orders: int
    """Where the schedule is written to; closed without one, the child ends."""
    results: int


class _Ending(msgspec.Struct, frozen=True):
    """A child that has told its result, and is about to be gone."""

    pid: int
    path: str
    """Where its scenario's files are."""


class _Order(msgspec.Struct, array_like=True):
    path: str
    """Where the scenario's files are to go."""
    trial: Trial


class Runner:
    """Runs trials one after the other; lives in the searcher. To be closed."""

    def __init__(
        self,
        body: Body,
        wanted: Callable[[str], bool],
        *,
        seed: int,
        wall: int,
        limit: float,
        place: Place,
        adopt: Callable[[], object] = lambda: None,
    ) -> None:
        """`limit` is the seconds that one schedule may take.

        `adopt` is called once the patches are in place: see `adopted.py`.
        """
        self._body = body
        self._wanted = wanted
        self._seed = seed
        self._wall = wall
        self._place = place
        self._output = os.memfd_create("surefoot-schedule") if _MEMORY else _unlinked()
        """What a schedule prints; each begins it anew."""
        self._limit = limit
        self._next: _Child | None = None
        self._last: _Ending | None = None
        require_usable()
        # Once, here: in each child it would touch, and so copy, the pages of every module.
        PATCHES.install()
        adopt()

    def run(self, trial: Trial) -> Result:
        """Run one schedule to its end, or to its deadline."""
        started = real.monotonic()
        path = self._place.make()
        os.ftruncate(self._output, 0)
        os.lseek(self._output, 0, os.SEEK_SET)
        child = self._next or self._fork()
        with contextlib.suppress(BrokenPipeError):  # it was killed: that is told below
            _write(child.orders, _ENCODER.encode(_Order(path, trial)))
        os.close(child.orders)
        self._next = self._fork()
        self._see_end()
        data = _read(child.results, self._limit)
        os.close(child.results)
        self._last = _Ending(child.pid, path)
        if data:
            result = msgspec.msgpack.decode(data, type=Result)
        elif data is None:
            os.kill(child.pid, signal.SIGKILL)
            self._see_end()
            result = Result(cut=True, disturbed=f"it did not end within {self._limit:g} s")
        else:
            result = Result(cut=True, disturbed=_ended(self._see_end()))
        if trial.record:
            result.output = self._tail()
        result.seconds = real.monotonic() - started
        return result

    def _see_end(self) -> int:
        """Wait for the last child to be gone, and remove its files; return its wait status."""
        if self._last is None:
            return 0
        last, self._last = self._last, None
        _, status = os.waitpid(last.pid, 0)
        self._place.remove(last.path)
        return status

    def close(self) -> None:
        """End the child that waits; the last one's files are gone as well."""
        self._see_end()
        if self._next is not None:
            os.close(self._next.orders)
            os.close(self._next.results)
            os.waitpid(self._next.pid, 0)
            self._next = None
        os.close(self._output)

    def _fork(self) -> _Child:
        orders, giver = os.pipe()
        reader, writer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(giver)
                os.close(reader)
                self._child(orders, writer, parent)
            except BaseException:  # nothing of the searcher may run here
                import traceback

                traceback.print_exc()
            finally:
                os._exit(70)
        os.close(orders)
        os.close(writer)
        return _Child(pid, giver, reader)

    def _child(self, orders: int, writer: int, parent: int) -> NoReturn:
        os.dup2(self._output, 1)
        os.dup2(self._output, 2)
        # The collector runs finalisers at moments that depend on all that was allocated before.
        gc.disable()
        data = _read(orders, None)
        os.close(orders)
        if not data:
            os._exit(0)
        order = msgspec.msgpack.decode(data, type=_Order)
        self._place.enter(order.path)
        random.seed(self._seed)
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed(self._seed & 0xFFFFFFFF)

        def send(result: Result) -> NoReturn:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            result.processor = _processor_time()
            _write(writer, _ENCODER.encode(result))
            # Now, and not when the process is gone: the searcher goes on at once.
            os.close(writer)
            os._exit(0)

        def give_up(why: str) -> None:
            result = explorer.result()
            result.cut = True
            result.disturbed = result.disturbed or why
            send(result)

        explorer = Explorer(order.trial, self._wanted, give_up)
        core = Core(explorer, start=START, wall=self._wall - START)
        stall.watch(core, explorer, parent)
        explorer.begin(core)
        failure, findings = self._body()
        result = explorer.end()
        result.failure = result.failure or failure
        result.findings = findings
        send(result)

    def _tail(self) -> str:
        size = os.fstat(self._output).st_size
        text = os.pread(self._output, _TAIL, max(0, size - _TAIL))
        return text.decode("utf-8", "replace")


def _unlinked() -> int:
    """Return a file that nobody else can open, and that is gone with the process."""
    import tempfile

    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, limit: float | None) -> bytes | None:
    """Return all that is written until the other end is closed; None at the deadline."""
    parts: list[bytes] = []
    end = real.monotonic() + limit if limit is not None else None
    while True:
        if end is not None:
            left = end - real.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return None
        part = os.read(descriptor, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"its process was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"its process ended by itself, with exit code {os.waitstatus_to_exitcode(status)}"


def in_fork(work: Callable[[], bytes], in_child: Callable[[int], None]) -> bytes:
    """Run `work` in a forked process and return what it returns; empty when it died.

    The caller waits in real time for as long as it takes.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            in_child(parent)
            gc.freeze()
            _write(writer, work())
        except BaseException:  # nothing of the caller may run here
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(0)
    os.close(writer)
    data = _read(reader, None)
    os.close(reader)
    os.waitpid(pid, 0)
    return data or b""
