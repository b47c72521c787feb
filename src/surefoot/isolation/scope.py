"""Which scenario runs now, and what is to be undone when it, or the process, ends.

What `surefoot.isolation` hands out (ports, copies of databases) belongs to the scenario that
asked for it; asked for outside of one (in `before_all`, a feature's hook, a script), to the
process. The tool around a scenario opens and closes the scope; this module starts nothing.
"""

import atexit
import contextlib
import os
from collections.abc import Callable

import msgspec

Undo = Callable[[bool], None]
"""Called once with whether the scenario failed (False at the end of the process)."""


class Scenario(msgspec.Struct, frozen=True):
    """The attempt of a scenario that runs in this process now."""

    id: str
    directory: str
    """Its own directory, absolute; empty where none could be made."""


class Place(msgspec.Struct, frozen=True):
    """Where this process stands in a run. Empty strings outside of a run of surefoot."""

    run: str = ""
    run_dir: str = ""
    worker: int = 0


def current() -> Scenario | None:
    """Return the scenario that runs in this process now, None between scenarios."""
    return _state.scenario if _state.pid == os.getpid() else None


def place() -> Place:
    """Return where this process, or the one that it was forked from, stands in a run."""
    return _state.place


def stand(at: Place) -> None:
    """Say where this process stands; called once by the worker."""
    _state.place = at


def open_scenario(scenario: Scenario) -> None:
    """Begin a scenario. One that was not closed (an abort) is closed first, as failed."""
    if _state.scenario is not None:
        close_scenario(failed=True)
    _state.pid = os.getpid()
    _state.scenario = scenario


def close_scenario(failed: bool) -> list[str]:
    """End the scenario and undo what belongs to it, the last first.

    Returns a sentence for each thing that could not be undone.
    """
    _state.scenario = None
    if not _state.of_scenario:
        return []
    undos, _state.of_scenario = _state.of_scenario, []
    return _undo(undos, failed)


def at_end(undo: Undo) -> None:
    """Have `undo` called when what runs now ends: the scenario, else the process.

    A process that was forked from here undoes nothing of ours.
    """
    if current() is not None:
        _state.of_scenario.append(undo)
    else:
        at_process_end(undo)


def at_process_end(undo: Undo) -> None:
    """Have `undo` called when this process ends, whatever runs now."""
    if _state.process_pid != os.getpid():
        # Forked: what is on the list is the parent's to undo.
        _state.process_pid = os.getpid()
        _state.of_process = []
        atexit.register(_end_process)
    _state.of_process.append(undo)


def forget(undo: Undo) -> None:
    """Take back an `at_end`: it was undone early."""
    for undos in (_state.of_scenario, _state.of_process):
        with contextlib.suppress(ValueError):
            undos.remove(undo)


def hold(descriptor: int) -> None:
    """Say that a descriptor is surefoot's own: leaving it open is no leak of the suite."""
    _state.descriptors.add(descriptor)


def let_go(descriptor: int) -> None:
    """Say that such a descriptor is closed now."""
    _state.descriptors.discard(descriptor)


def descriptors() -> frozenset[int]:
    """Return the open descriptors that are surefoot's own."""
    return frozenset(_state.descriptors)


def _end_process() -> None:
    if _state.process_pid == os.getpid():
        undos, _state.of_process = _state.of_process, []
        _undo(undos, False)


def _undo(undos: list[Undo], failed: bool) -> list[str]:
    problems = []
    for undo in reversed(undos):
        try:
            undo(failed)
        except Exception as error:  # the others are still to be undone
            problems.append(str(error) or type(error).__name__)
    return problems


class _State:
    """Of this process. Lists are appended to by any thread; that is one atomic operation."""

    def __init__(self) -> None:
        self.place = Place()
        self.scenario: Scenario | None = None
        self.pid = os.getpid()
        self.of_scenario: list[Undo] = []
        self.of_process: list[Undo] = []
        self.process_pid = 0
        self.descriptors: set[int] = set()


_state = _State()
