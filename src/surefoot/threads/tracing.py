"""Stops threads between lines or instructions: `sys.settrace` up to 3.11, `sys.monitoring` after.

On 3.12 a trace function misses instructions the first time that a function runs (gh-114480), so
a schedule found there could not be replayed in a fresh process.

Only code for which `wanted(path)` holds is looked at. Each thread calls `at(code, offset, line)`
before what is there runs; whatever that raises comes out of the user's code. A line of 0 is yet to
be found from the offset.
"""

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Protocol

from surefoot.threads import places
from surefoot.threads.schedule import Granularity

At = Callable[[CodeType, int, int], None]
OnLine = Callable[[CodeType, int], None]
Wanted = Callable[[str], bool]


class Tracer(Protocol):
    """A way to be called before lines or instructions."""

    def prepare(self) -> None:
        """Trace all threads that are started from now on."""
        ...

    def start(self, frame: FrameType | None) -> None:
        """Trace the calling thread too, in the frames from this one outwards and in new ones."""
        ...

    def pause(self) -> None:
        """Trace the calling thread no more, until it starts again."""
        ...

    def stop(self) -> None:
        """End it for all; called by the thread that prepared it."""
        ...


def make(granularity: Granularity, wanted: Wanted, at: At, on_line: OnLine | None) -> Tracer | None:
    """Return the tracer for a granularity; None where nothing needs to be traced.

    `on_line` is called before each line as well, for the story of a schedule.
    """
    if granularity == "sync" and on_line is None:
        return None
    kind = Monitoring if hasattr(sys, "monitoring") else SetTrace
    return kind(granularity, wanted, at, on_line)


class SetTrace:
    """By `sys.settrace`."""

    def __init__(
        self, granularity: Granularity, wanted: Wanted, at: At, on_line: OnLine | None
    ) -> None:
        self._wanted = wanted
        self._at = at
        self._record = on_line
        self._lines = granularity == "line"
        self._instructions = granularity in {"opcode", "breaker"}
        self._breaker = granularity == "breaker"
        self._before: Any = None
        self._before_threads: Any = None

    def prepare(self) -> None:
        """Trace later threads; a trace function that was there is set aside."""
        self._before = sys.gettrace()
        self._before_threads = threading.gettrace()
        threading.settrace(self._call)

    def start(self, frame: FrameType | None) -> None:
        """Trace this thread: where it is, and what it calls."""
        while frame is not None:
            if self._wanted(frame.f_code.co_filename):
                frame.f_trace = self._local(frame)
            frame = frame.f_back
        sys.settrace(self._call)

    def pause(self) -> None:
        """Trace this thread no more."""
        sys.settrace(None)

    def stop(self) -> None:
        """Put back what was there."""
        sys.settrace(self._before)
        threading.settrace(self._before_threads)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if not self._wanted(code.co_filename):
            return None
        if self._breaker:
            # The interpreter looks when a function begins; no instruction is told of that.
            self._at(code, 0, frame.f_lineno)
        return self._local(frame)

    def _local(self, frame: FrameType) -> Any:
        frame.f_trace_opcodes = self._instructions
        frame.f_trace_lines = self._lines or self._record is not None
        if not self._instructions:
            return self._line
        return self._open_only(frame.f_code) if self._breaker else self._instruction

    def _line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            if self._record is not None:
                self._record(frame.f_code, frame.f_lineno)
            if self._lines:
                self._at(frame.f_code, 0, frame.f_lineno)
        return self._line

    def _instruction(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "opcode":
            self._at(frame.f_code, frame.f_lasti, frame.f_lineno)
        elif event == "line" and self._record is not None:
            self._record(frame.f_code, frame.f_lineno)
        return self._instruction

    def _open_only(self, code: CodeType) -> Any:
        opens = places.opens(code)

        def local(frame: FrameType, event: str, _arg: Any) -> Any:
            if event == "opcode":
                if frame.f_lasti in opens:
                    self._at(code, frame.f_lasti, frame.f_lineno)
            elif event == "line" and self._record is not None:
                self._record(code, frame.f_lineno)
            return local

        return local


class Monitoring:
    """By `sys.monitoring`, from Python 3.12."""

    TOOL = 4
    """An id that neither debuggers, coverage nor profilers are given by convention."""

    def __init__(
        self, granularity: Granularity, wanted: Wanted, at: At, on_line: OnLine | None
    ) -> None:
        self._wanted = wanted
        self._at = at
        self._record = on_line
        self._granularity = granularity
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]

    def prepare(self) -> None:
        """Say what is to be looked at."""
        monitoring = self._monitoring
        events = monitoring.events
        monitoring.use_tool_id(self.TOOL, "surefoot explore")
        granularity = self._granularity
        self._inside = 0
        if granularity == "line" or self._record is not None:
            self._inside |= events.LINE
            monitoring.register_callback(self.TOOL, events.LINE, self._line)
        if granularity in {"opcode", "breaker"}:
            self._inside |= events.INSTRUCTION
            at = self._opens if granularity == "breaker" else self._instruction
            monitoring.register_callback(self.TOOL, events.INSTRUCTION, at)
        monitoring.register_callback(self.TOOL, events.PY_START, self._begins)
        # Also what a generator goes on with.
        monitoring.register_callback(self.TOOL, events.PY_RESUME, self._begins)

    def start(self, frame: FrameType | None) -> None:
        """Look at each function when it is next called, and at what is running, in all threads."""
        while frame is not None:
            self._begins(frame.f_code, 0)
            frame = frame.f_back
        events = self._monitoring.events
        self._monitoring.set_events(self.TOOL, events.PY_START | events.PY_RESUME)

    def pause(self) -> None:
        """Nothing: it costs nothing once each function has been looked at."""

    def stop(self) -> None:
        """Look at nothing any more."""
        monitoring = self._monitoring
        monitoring.set_events(self.TOOL, 0)
        monitoring.free_tool_id(self.TOOL)

    def _begins(self, code: CodeType, _offset: int) -> Any:
        if self._wanted(code.co_filename):
            self._monitoring.set_local_events(self.TOOL, code, self._inside)
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> None:
        if self._record is not None:
            self._record(code, line)
        if self._granularity == "line":
            self._at(code, 0, line)

    def _instruction(self, code: CodeType, offset: int) -> None:
        self._at(code, offset, 0)

    def _opens(self, code: CodeType, offset: int) -> Any:
        if offset not in places.opens(code):
            return self._monitoring.DISABLE
        self._at(code, offset, 0)
        return None
