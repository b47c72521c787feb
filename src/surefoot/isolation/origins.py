"""Notes where in the user's code things come from: files, sockets, child processes, threads.

A leak is only of use with the line that made it. The interpreter's audit events (PEP 578) name
most makers at the moment; `threading.Thread.start`, which has none that could be kept apart from
others, is wrapped. What a thread makes that was there before the scenario (a server of
`before_all`, say) is noted as foreign: it is not of the scenario.

Installed on first use only, since an audit hook can never be removed; while no scenario is
watched it returns after one comparison. It may never raise into user code or change a result.
"""

import os
import sys
import sysconfig
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Where something was made."""

    file: str
    """Relative to the working directory where that is possible; empty where it is not known."""
    line: int
    function: str
    foreign: bool
    """Made by a thread that is not of the scenario."""


UNKNOWN = Origin("", 0, "", foreign=False)


class Origins:
    """What was made since `begin`, by what it is called."""

    def __init__(self) -> None:
        self.paths: dict[str, Origin] = {}
        """Files and directories that were opened to write or read, or made; absolute."""
        self.sockets: list[tuple[weakref.ref[Any], Origin]] = []
        self.children: list[tuple[tuple[str, ...], Origin]] = []
        """Arguments, empty for a plain fork."""
        self.threads: weakref.WeakKeyDictionary[threading.Thread, Origin] = (
            weakref.WeakKeyDictionary()
        )
        self.variables: dict[str, Origin] = {}
        self.directory = UNKNOWN
        """Of the last change of the working directory."""
        self._owned = {threading.get_ident()}

    def path(self, path: str) -> Origin:
        """Return the origin of a path, however it was spelled."""
        found = self.paths.get(path)
        if found is not None:
            return found
        for spelling, origin in self.paths.items():
            if os.path.basename(spelling) == os.path.basename(path) and (
                os.path.realpath(spelling) == path
            ):
                return origin
        return UNKNOWN

    def socket(self, descriptor: int) -> Origin:
        """Return the origin of the socket that has a descriptor now."""
        for reference, origin in self.sockets:
            sock = reference()
            if sock is not None and sock.fileno() == descriptor:
                return origin
        return UNKNOWN

    def child(self, command: tuple[str, ...]) -> Origin:
        """Return the origin of a child process with these arguments."""
        for arguments, origin in self.children:
            if arguments == command:
                return origin
        forks = [origin for arguments, origin in self.children if not arguments]
        return forks[0] if forks else UNKNOWN

    def here(self, frame: FrameType | None) -> Origin:
        """Return the innermost place in the user's code; if there is none, the innermost."""
        foreign = threading.get_ident() not in self._owned
        at = frame
        while at is not None and not _is_users(at.f_code.co_filename):
            at = at.f_back
        at = at or frame
        if at is None:
            return Origin("", 0, "", foreign=foreign)
        return Origin(shown(at.f_code.co_filename), at.f_lineno, at.f_code.co_name, foreign=foreign)

    def started(self, thread: threading.Thread, frame: FrameType | None) -> None:
        """Note a thread that is about to start."""
        self.threads[thread] = self.here(frame)

    def own(self) -> None:
        """Note that the calling thread is of the scenario."""
        self._owned.add(threading.get_ident())


def begin() -> Origins:
    """Start to note, for the scenario that the calling thread runs."""
    if not _state.installed:
        _install()
    _state.now = Origins()
    return _state.now


def end() -> None:
    """Stop to note."""
    _state.now = None


def shown(path: str) -> str:
    """Return a path relative to the working directory, if it lies below."""
    if path.startswith(_state.cwd + os.sep):
        return path[len(_state.cwd) + 1 :]
    return path


class _State:
    def __init__(self) -> None:
        self.now: Origins | None = None
        self.installed = False
        self.cwd = os.getcwd()
        self.users: dict[str, bool] = {}
        self.inside: set[int] = set()
        """Threads that are in a handler: what it does raises events as well."""


_state = _State()


def _install() -> None:
    _state.installed = True
    _state.cwd = os.getcwd()
    sys.addaudithook(_hook)
    start = threading.Thread.start
    run: Any = getattr(threading.Thread, "_bootstrap_inner")  # noqa: B009  # private, to mypy

    def noted_start(thread: threading.Thread) -> None:
        now = _state.now
        if now is not None:
            now.started(thread, sys._getframe(1))
        start(thread)

    def noted_run(thread: threading.Thread) -> None:
        now = _state.now
        if now is not None:
            origin = now.threads.get(thread)
            if origin is not None and not origin.foreign:
                now.own()
        run(thread)

    setattr(threading.Thread, "start", noted_start)  # noqa: B010  # a method, to mypy
    setattr(threading.Thread, "_bootstrap_inner", noted_run)  # noqa: B010


def _is_users(file: str) -> bool:
    known = _state.users.get(file)
    if known is None:
        known = _state.users[file] = not file.startswith(("<", *_NOT_USERS)) and (
            f"{os.sep}site-packages{os.sep}" not in file
        )
    return known


def _hook(event: str, args: tuple[Any, ...]) -> None:
    now = _state.now
    if now is None:
        return
    handler = _HANDLERS.get(event)
    if handler is None:
        return
    thread = threading.get_ident()
    if thread in _state.inside:
        return
    _state.inside.add(thread)
    try:
        handler(now, args, sys._getframe(1))
    except Exception:  # noqa: S110  # a note that fails is missing; user code must not notice
        pass
    finally:
        _state.inside.discard(thread)


def _note_path(now: Origins, path: Any, frame: FrameType) -> None:
    if isinstance(path, int):
        return
    text = os.path.abspath(os.fsdecode(path))
    now.paths[text] = now.here(frame)


def _on_first(now: Origins, args: tuple[Any, ...], frame: FrameType) -> None:
    _note_path(now, args[0], frame)


def _on_rename(now: Origins, args: tuple[Any, ...], frame: FrameType) -> None:
    _note_path(now, args[1], frame)


def _on_socket(now: Origins, args: tuple[Any, ...], frame: FrameType) -> None:
    now.sockets.append((weakref.ref(args[0]), now.here(frame)))


def _on_child(now: Origins, args: tuple[Any, ...], frame: FrameType) -> None:
    arguments = args[1] if len(args) > 1 else ()
    if isinstance(arguments, str | bytes | os.PathLike):
        arguments = (arguments,)
    now.children.append((tuple(map(os.fsdecode, arguments)), now.here(frame)))


def _on_variable(now: Origins, args: tuple[Any, ...], frame: FrameType) -> None:
    now.variables[os.fsdecode(args[0])] = now.here(frame)


def _on_chdir(now: Origins, _args: tuple[Any, ...], frame: FrameType) -> None:
    now.directory = now.here(frame)


_HANDLERS: dict[str, Callable[[Origins, tuple[Any, ...], FrameType], None]] = {
    "open": _on_first,
    "os.mkdir": _on_first,
    "sqlite3.connect": _on_first,
    "tempfile.mkstemp": _on_first,
    "tempfile.mkdtemp": _on_first,
    "os.rename": _on_rename,
    "socket.__new__": _on_socket,
    "subprocess.Popen": _on_child,
    "os.posix_spawn": _on_child,
    "os.fork": _on_child,
    "os.forkpty": _on_child,
    "os.putenv": _on_variable,
    "os.unsetenv": _on_variable,
    "os.chdir": _on_chdir,
}


def _not_users() -> tuple[str, ...]:
    """Return the prefixes of files whose lines say nothing to a user."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    library = sysconfig.get_path("stdlib")
    return tuple(path + os.sep for path in (library, os.path.realpath(library), ours))


_NOT_USERS = _not_users()
