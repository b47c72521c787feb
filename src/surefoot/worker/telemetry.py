"""What loading the suite costs and what it leaves running: imports timed, threads traced."""

import contextlib
import importlib._bootstrap
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from typing import Any

from surefoot.events.events import ImportTime
from surefoot.worker.board import Board, Place
from surefoot.worker.native import native_threads

_monotonic = time.monotonic
_STDLIB = sysconfig.get_paths()["stdlib"]


class LoadTelemetry:
    """Watches a load. Use as a context manager around it."""

    def __init__(self, board: Board | None) -> None:
        self._board = board
        self._stack: list[list[float]] = []
        self._names: list[str] = []
        self._times: list[ImportTime] = []
        self._starts: dict[int, str] = {}
        self._restore: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> "LoadTelemetry":
        self._trace_threads()
        # The one place that every import passes; private, hence guarded: without it a load
        # works as well, and only the table of slowest imports is poorer.
        bootstrap: Any = importlib._bootstrap
        original = getattr(bootstrap, "_load_unlocked", None)
        if original is not None:

            def load_unlocked(spec: Any) -> Any:
                with self.timed(spec.name):
                    return original(spec)

            bootstrap._load_unlocked = load_unlocked
            self._restore.append((bootstrap, "_load_unlocked", original))
        return self

    def __exit__(self, *_: object) -> None:
        for owner, name, value in reversed(self._restore):
            setattr(owner, name, value)
        self._restore.clear()

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time something that is loaded; its time is not its importer's own."""
        started = _monotonic()
        inner = [0.0]
        self._stack.append(inner)
        self._names.append(name)
        if self._board is not None:
            self._board.at(Place.LOADING, name)
        try:
            yield
        finally:
            total = _monotonic() - started
            self._stack.pop()
            self._names.pop()
            if self._stack:
                self._stack[-1][0] += total
            self._times.append(ImportTime(name, total - inner[0], total))
            if self._board is not None and self._names:
                self._board.at(Place.LOADING, self._names[-1])

    def slowest(self, count: int = 10) -> list[ImportTime]:
        """Return the imports with the most time of their own, slowest first."""
        return sorted(self._times, key=lambda item: item.own, reverse=True)[:count]

    def _trace_threads(self) -> None:
        original = threading.Thread.start
        starts = self._starts

        def start(thread: threading.Thread) -> None:
            starts[id(thread)] = _caller()
            original(thread)

        setattr(threading.Thread, "start", start)  # noqa: B010  # a method, to mypy
        self._restore.append((threading.Thread, "start", original))

    def python_threads(self) -> list[str]:
        """Return the live threads but this one, each with the line that started it."""
        current = threading.current_thread()
        found = []
        for thread in threading.enumerate():
            if thread is current or not thread.is_alive():
                continue
            where = self._starts.get(id(thread), "a place that could not be seen")
            found.append(f'thread "{thread.name}" started at {where}')
        return found

    def native_threads(self) -> list[str]:
        """Return the names of threads that Python did not start (of libraries such as OpenBLAS)."""
        known = {thread.native_id for thread in threading.enumerate()}
        names = native_threads()
        return names[: max(0, len(names) - (len(known) - 1))]


def _caller() -> str:
    """Return file:line of the innermost frame outside of the standard library."""
    frame: Any = sys._getframe(2)
    first = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((_STDLIB, "<frozen")) or "site-packages" in filename:
            return f"{filename}:{frame.f_lineno}"
        frame = frame.f_back
    return first
