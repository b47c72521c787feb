"""The places where behave itself is changed inside a worker, each with its reason.

None of them changes an answer. Frames matter here: behave puts tracebacks into error messages,
from the frame of `Step.run` downwards, so nothing of ours may stand between that frame and the
user's step function.
"""

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import behave.capture
import behave.matchers
import behave.model
import behave.runner
from behave.log_capture import LoggingCapture
from behave.model import Scenario, Step
from behave.model_type import FileLocation, Status
from behave.textutil import text as to_text

from surefoot.suite.registry import location_of
from surefoot.worker.output import CopyingBuffer

ScenarioRun = Callable[[Scenario, Any], bool]


class Context(behave.runner.Context):  # type: ignore[misc]
    """behave's context with a cheaper attribute assignment and a cheaper end of a layer.

    behave notes for each assignment who made it, by extracting a stack with its source line: a
    fifth of the time of a small step. Here the frame is noted, and the source line is read when
    a warning needs it. At the end of a layer behave captures what its cleanups print, a tenth of
    the time of a small scenario; where there are none, nothing is captured here. The class keeps
    behave's name, which error messages show.
    """

    def __setattr__(self, attr: str, value: Any) -> None:
        if attr[0] == "_":
            self.__dict__[attr] = value
            return
        stack = self.__dict__["_stack"]
        for frame in stack[1:]:
            # Most attributes that behave sets at a step hide those of an outer layer, which
            # is worth a warning only across the border of behave's code and the user's.
            if attr in frame and self._would_warn(attr):
                record = self._record[attr]
                params = {
                    "attr": attr,
                    "filename": record[0],
                    "line": record[1],
                    "function": record[3],
                }
                self._emit_warning(attr, params)
        caller = sys._getframe(1)
        self._record[attr] = _Origin(caller.f_code, caller.f_lineno)
        stack[0][attr] = value
        if attr not in self._origin:
            self._origin[attr] = self._mode

    def _pop(self, capture_sink: Any = None) -> None:
        config = self.config
        # With `logging_clear_handlers` a capture also changes the order of handlers.
        if self._stack[0].get("@cleanups") or config.logging_clear_handlers:
            super()._pop(capture_sink)
            return
        if config.should_capture_hooks() and config.capture_log:
            # As behave's capture: from here on the log is no longer captured for the scenario.
            handlers = logging.getLogger().handlers
            handlers[:] = [item for item in handlers if not isinstance(item, LoggingCapture)]
        self._stack.pop(0)

    def _would_warn(self, attr: str) -> bool:
        """The conditions of behave's `_emit_warning`."""
        mode = self._mode
        if self._origin[attr] is not mode:
            return True
        return mode is _USER and bool(self._config.verbose)


_USER = behave.runner.ContextMode.USER


class _Origin:
    """Where an attribute was assigned; reads like the FrameSummary that behave keeps."""

    __slots__ = ("_code", "_line")

    def __init__(self, code: Any, line: int) -> None:
        self._code = code
        self._line = line

    def __getitem__(self, index: int) -> Any:
        summary = traceback.FrameSummary(self._code.co_filename, self._line, self._code.co_name)
        return summary[index]


Context.__module__ = behave.runner.Context.__module__
Context.__qualname__ = behave.runner.Context.__qualname__


def install(run_scenario: Callable[[Scenario, Any, ScenarioRun], bool]) -> None:
    """Change behave in this process; every scenario goes through `run_scenario`."""
    original_run: ScenarioRun = Scenario.run

    def run(scenario: Scenario, runner: Any) -> bool:
        return run_scenario(scenario, runner, original_run)

    Scenario.run = run
    _contain_exits()
    _remember_locations()
    _compare_statuses_by_value()
    behave.capture.StringIO = CopyingBuffer
    behave.capture._text = _text


def _text(value: Any) -> Any:
    """As behave's, which looks up an encoding before it sees that none is needed."""
    return value if type(value) is str else to_text(value)


class ProcessExitError(Exception):
    """A step tried to end the process (SystemExit, or another exception no one may catch)."""


def _contain_exits() -> None:
    """Make SystemExit in a step that scenario's error.

    behave catches Exception and KeyboardInterrupt around a step; a SystemExit ends the whole
    run, with exit code 0 if the step chose it. What behave would have done after the step is
    done here, in behave's order.
    """
    original: Any = Step.run

    def run(step: Step, runner: Any, quiet: bool = False, capture: bool = True) -> bool:
        started = time.time()
        try:
            return bool(original(step, runner, quiet, capture))
        except KeyboardInterrupt:
            raise
        except BaseException as exit_:
            if isinstance(exit_, Exception):
                raise
            _finish_exited_step(step, runner, exit_, started, quiet=quiet, capture=capture)
            return False

    Step.run = run


def _finish_exited_step(
    step: Step, runner: Any, exit_: BaseException, started: float, *, quiet: bool, capture: bool
) -> None:
    kind = type(exit_).__name__
    error = ProcessExitError(f"{kind}: {exit_}" if str(exit_) else kind)
    error.__traceback__ = exit_.__traceback__
    step.status = Status.error
    step._process_error(error)
    step.exc_traceback = exit_.__traceback__
    step.duration = time.time() - started
    runner.run_hook("after_step", step)
    if step.hook_failed:
        step.status = Status.hook_error
    if capture:
        runner.stop_capture()
        captured = runner.capture_controller.make_captured_delta(failed=True, name="step")
        step.captured.add_captured(captured)
    entries = traceback.extract_tb(exit_.__traceback__)[1:]
    step.error_message = to_text(
        "Traceback (most recent call last):\n"
        + "".join(traceback.format_list(entries))
        + f"{kind}: {exit_}\n"
        + "The step tried to end the process; plain behave would have ended the run here."
    )
    if not quiet:
        for formatter in runner.formatters:
            formatter.result(step)


def _remember_locations() -> None:
    """Compute the location of a step function once per working directory.

    behave does it at each match, with a relpath and two getcwd calls (a tenth of a small step).
    """
    known: dict[tuple[int, str], tuple[Any, FileLocation]] = {}

    def make_location(step_function: Any) -> FileLocation:
        directory = os.getcwd()
        key = (id(step_function), directory)
        found = known.get(key)
        if found is not None and found[0] is step_function:
            return found[1]
        location = location_of(step_function, directory)
        known[key] = (step_function, location)
        return location

    behave.matchers.Match.make_location = staticmethod(make_location)


def _compare_statuses_by_value() -> None:
    """Answer behave's questions about a status with one look into a set.

    behave compares with one member after the other through an `__eq__` of its own: 240 calls
    a scenario of three steps.
    """
    for name in ("is_final", "is_error", "is_untested", "is_hook_error", "is_passed"):
        _by_value(name, getattr(Status, name))
    _by_value("has_failed", Status.has_failed)


def _by_value(name: str, original: Callable[[Any], bool]) -> None:
    true_for = frozenset(member._value_ for member in Status if original(member))

    def answer(status: Any) -> bool:
        return status._value_ in true_for

    answer.__name__ = name
    setattr(Status, name, answer)
