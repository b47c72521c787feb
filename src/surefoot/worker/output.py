"""File-descriptor level capture: all that an attempt writes goes whole into one file.

Descriptors 1 and 2 of the worker point at the attempt's file, so that child processes and C
code are captured as well, and a child that outlives its scenario goes on writing to the file
of the attempt that started it. What behave captures by replacing sys.stdout is copied into
the same file as it is written: a crash would take behave's buffers with it.
"""

import contextlib
import io
import os
import sys
import threading
from typing import Any


class AttemptFiles:
    """The files of one worker, one an attempt."""

    def __init__(self, run_dir: str) -> None:
        self._dir = os.path.join(run_dir, "output")
        # Not the worker's number: several processes serve under one.
        self._prefix = f"{os.getpid()}-"
        self._number = 0
        self._name = ""
        self._descriptor = -1
        self._start = 0
        self._children = 0
        os.makedirs(self._dir, exist_ok=True)
        sys.addaudithook(self._count_children)
        self._mark_threads()
        _replace_streams()
        self.begin()

    @property
    def name(self) -> str:
        """The current file, relative to the run directory."""
        return f"output/{self._name}"

    def begin(self) -> None:
        """Point descriptors 1 and 2 at a file for what follows."""
        _flush_streams()
        # Most attempts write nothing and start no process: their file serves the next one.
        if self._descriptor >= 0 and not self._children and self._size() == self._start == 0:
            return
        self._open()

    def end(self) -> tuple[str, int]:
        """Return the attempt's file and its size in bytes so far; ("", 0) when it is empty."""
        _flush_streams()
        size = self._size()
        return (self.name, size) if size else ("", 0)

    def text(self, limit: int = 65536) -> str:
        """Return what was written since begin(), for the output of hooks."""
        _flush_streams()
        try:
            with open(os.path.join(self._dir, self._name), "rb") as file:
                return file.read(limit).decode("utf-8", "replace")
        except OSError:
            return ""

    def _open(self) -> None:
        self._number += 1
        self._name = f"{self._prefix}{self._number:06d}.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            descriptor = os.open(os.path.join(self._dir, self._name), flags, 0o600)
        except OSError:
            # No room even for an empty file: the attempt runs, its output is lost, and its
            # result says so by naming no file.
            descriptor = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        _current[0] = os.path.join(self._dir, self._name)
        self._children = 0
        self._start = 0

    def _size(self) -> int:
        try:
            return os.fstat(self._descriptor).st_size
        except OSError:
            return 0

    def _mark_threads(self) -> None:
        """Let each thread know the attempt that started it, for what it writes later."""
        start = threading.Thread.start

        def marked_start(thread: threading.Thread) -> None:
            # The attempt's file must stay its own while the thread may write to it.
            self._children += 1
            thread._surefoot_output = os.path.join(  # type: ignore[attr-defined]
                self._dir, self._name
            )
            _current[0] = os.path.join(self._dir, self._name)
            start(thread)

        setattr(threading.Thread, "start", marked_start)  # noqa: B010  # a method, to mypy

    def _count_children(self, event: str, _args: Any) -> None:
        if event in _CHILD_EVENTS:
            self._children += 1


_CHILD_EVENTS = frozenset(
    {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "pty.spawn"}
)


class _AttemptStream(io.TextIOWrapper):
    """sys.stdout or sys.stderr of a worker: a late thread's text goes to its own attempt."""

    def write(self, text: str) -> int:
        return len(text) if _written_late(text) else super().write(text)


def _replace_streams() -> None:
    """Put our streams where Python's own were, unless a suite has put something else there."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if type(stream) is not io.TextIOWrapper or stream is not getattr(sys, f"__{name}__"):
            continue
        stream.flush()
        ours = _AttemptStream(
            io.FileIO(descriptor, "w", closefd=False),
            encoding=stream.encoding,
            errors="backslashreplace",
            # Nothing may be left in a buffer when the process dies.
            write_through=True,
        )
        ours.mode = "w"  # type: ignore[misc]
        setattr(sys, name, ours)
        setattr(sys, f"__{name}__", ours)


def _flush_streams() -> None:
    # Mostly the same two: dictionary, not set, for these may be objects of the suite.
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    for stream in {id(stream): stream for stream in streams}.values():
        try:
            if stream is not None:
                stream.flush()
        except Exception:  # noqa: S112  # a stream of the suite's may do anything
            continue


_current = [""]
"""The file of the running attempt."""
_main = threading.main_thread().ident


def _written_late(text: str) -> bool:
    """Write to the file of the attempt that started this thread, if that is over."""
    if threading.get_ident() == _main:
        return False
    owner = getattr(threading.current_thread(), "_surefoot_output", None)
    if owner is None or owner == _current[0]:
        return False
    with contextlib.suppress(OSError), open(owner, "ab") as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    return True


class CopyingBuffer(io.StringIO):
    """Takes the place of the StringIO that behave captures into; copies to descriptor 1."""

    def write(self, text: str) -> int:
        """Keep the text for behave and copy it to the attempt's file."""
        if _written_late(text):
            return len(text)
        count = super().write(text)
        try:
            os.write(1, text.encode("utf-8", "backslashreplace"))
        except OSError:
            # A full disk must not fail the step that printed.
            return count
        return count
