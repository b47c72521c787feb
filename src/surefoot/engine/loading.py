"""The preload guard: the suite is loaded once, under a deadline, and its progress is shown."""

import os
import re
import select
import time
from collections.abc import Callable

import msgspec

from surefoot.errors import LoadError as SuiteLoadError
from surefoot.exitcodes import ExitCode
from surefoot.model.findings import Finding
from surefoot.worker import processes
from surefoot.worker.board import Board
from surefoot.worker.protocol import Channel, ConnectionLostError, Load, Loaded, LoadError

_monotonic = time.monotonic

BLOCKED_IMPORT = "SF205"
"""A module that blocks while it is imported."""


class LoadRefusedError(Exception):
    """The suite was not loaded; `exit_code` and the message say why.

    With `answered` there was no suite to be loaded: the message is behave's answer to an
    information option.
    """

    def __init__(self, message: str, exit_code: int, *, answered: bool = False) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.answered = answered


class BlockedPreloadError(Exception):
    """An extra preload exceeded its deadline; the load can go on without it."""

    def __init__(self, module: str, stacks: str, seconds: float) -> None:
        super().__init__(module)
        self.module = module
        self.stacks = stacks
        self.seconds = seconds

    def finding(self, cwd: str) -> Finding:
        """Return it as a finding at the line of the project that waits, paths relative to `cwd`."""
        file, line, function = waiting_place(self.stacks, cwd)
        where = f": {function}() waits" if function not in ("", "<module>") else ""
        return Finding(
            BLOCKED_IMPORT,
            f"importing {self.module} does not end{where}",
            file,
            line,
            "do it when it is first needed, or in before_all, and with a deadline; the run goes"
            " on without the module",
            tuple(self.stacks.splitlines()),
        )


class Site(msgspec.Struct):
    """A zygote: its channel, process and board."""

    channel: Channel
    pid: int
    board: Board
    run_dir: str
    since: float


def start_load(channel: Channel, pid: int, load: Load) -> Site:
    """Send the load request; the answer is awaited with `await_load`."""
    board = Board.create(load.board)
    channel.send(load)
    return Site(channel, pid, board, load.run_dir, _monotonic())


def await_load(
    site: Site,
    load: Load,
    timeout: float | None,
    show: Callable[[str, float], None],
    tick: float = 0.1,
) -> Loaded:
    """Wait for the suite to be loaded.

    `show(name, seconds)` is called every `tick` seconds with what is being loaded and for how
    long. Raises LoadRefusedError, and BlockedPreloadError when an extra preload blocks.
    """
    while True:
        ready, _, _ = select.select([site.channel], [], [], tick)
        if ready:
            try:
                message, _ = site.channel.receive()
            except ConnectionLostError:
                raise LoadRefusedError(_death(site), ExitCode.LOAD) from None
            if isinstance(message, Loaded):
                return message
            if isinstance(message, LoadError):
                raise _refused(message)
            continue
        position = site.board.read()
        now = _monotonic()
        show(position.name or "the suite", now - site.since)
        begun = position.unit_since or site.since
        if timeout is not None and now - begun > timeout:
            stacks = stop_with_stacks(site)
            if 0 < position.unit <= len(load.preload):
                raise BlockedPreloadError(load.preload[position.unit - 1], stacks, now - begun)
            raise LoadRefusedError(
                f"loading the suite did not end within {timeout:g} s"
                f" (--preload-timeout, {BLOCKED_IMPORT}); it was at"
                f" {position.name or 'its start'}\n{stacks}",
                ExitCode.LOAD,
            )


def stop_with_stacks(site: Site, patience: float = 2.0) -> str:
    """End a zygote that does not answer; return the stacks of its threads."""
    path = os.path.join(site.run_dir, f"stacks-{site.pid}.txt")
    processes.ask_stacks(site.pid)
    stacks = read_stacks(path, patience)
    end_site(site)
    return stacks


def end_site(site: Site) -> None:
    """Kill a zygote and all that it started."""
    processes.kill(site.pid)
    processes.await_end(site.pid, 2.0)
    site.channel.close()
    site.board.close()


def read_stacks(path: str, patience: float) -> str:
    """Return what a stack file holds, once it has stopped growing."""
    deadline = _monotonic() + patience
    size = -1
    while _monotonic() < deadline:
        current = os.path.getsize(path) if os.path.exists(path) else 0
        if current and current == size:
            break
        size = current
        select.select([], [], [], 0.05)
    return stack_text(path)


def stack_text(path: str) -> str:
    """Return the content of a stack file without our own frames, or an empty string."""
    try:
        with open(path, "rb") as file:
            return trim_stacks(file.read(256 * 1024).decode("utf-8", "replace")).strip()
    except OSError:
        return ""


_FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)')


def waiting_place(stacks: str, cwd: str) -> tuple[str, int, str]:
    """Return file, line and function of the innermost frame of a project, in the main thread.

    `stacks` are as faulthandler writes them: the main thread last, its innermost frame first.
    Where none of the project is among them the innermost frame of all is meant, and where there
    is none at all the place is `("", 0, "")`.
    """
    thread: list[tuple[str, int, str]] = []
    for line in stacks.splitlines():
        frame = _FRAME.fullmatch(line)
        if frame is not None:
            thread.append((frame["file"], int(frame["line"]), frame["function"]))
        elif line.startswith(("Thread ", "Current thread ")):
            thread.clear()
    root = os.path.join(os.path.realpath(cwd), "")
    for file, line_number, function in thread:
        path = os.path.realpath(file)
        if path.startswith(root) and f"{os.sep}site-packages{os.sep}" not in path:
            return os.path.relpath(path, root), line_number, function
    return thread[0] if thread else ("", 0, "")


_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_DRIVERS = (os.path.join("worker", "host.py"), os.path.join("worker", "zygote.py"))


def trim_stacks(text: str) -> str:
    """Leave out of faulthandler's stacks what is below the suite's own code.

    Frames of surefoot are dropped; from the one that drives behave outwards, all are.
    """
    kept = []
    below = False
    for line in text.splitlines():
        if not line.startswith('  File "'):
            below = False
            if not line.startswith("Extension modules:"):
                kept.append(line)
            continue
        ours = line.startswith(f'  File "{_OURS}')
        below = below or (ours and any(name in line for name in _DRIVERS))
        if not below and not ours:
            kept.append(line)
    return "\n".join(kept)


def _refused(error: LoadError) -> LoadRefusedError:
    codes = {
        "usage": ExitCode.USAGE,
        "load": SuiteLoadError.exit_code,
        "empty": ExitCode.NOTHING_RAN,
    }
    code = codes.get(error.kind, error.code)
    return LoadRefusedError(error.message, code, answered=error.kind == "done")


def _death(site: Site) -> str:
    position = site.board.read()
    status = processes.await_end(site.pid, 2.0)
    how = "" if status is None else f" ({processes.describe_status(status)})"
    stacks = stack_text(os.path.join(site.run_dir, f"stacks-{site.pid}.txt"))
    return (
        f"the process that loads the suite ended{how}; it was at {position.name or 'its start'}"
        + (f"\n{stacks}" if stacks else "")
    )
