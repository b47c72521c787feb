"""What a scenario left behind: a look before it, a look after it, and who made the difference.

Only what came to be between the two looks is of the scenario, so what hooks and fixtures of a
feature or of the run own is no leak, nor is what their threads make meanwhile. Nothing is mended:
a check that put things back would change what the next scenario sees.

What ends by itself gets a moment: a thread that is in its last line, a process that was told to
end, a file in a reference cycle.
"""

import contextlib
import fnmatch
import gc
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from surefoot.isolation import directories, origins, scope
from surefoot.isolation.origins import UNKNOWN, Origin, Origins
from surefoot.isolation.patches import Namespaces

KINDS = (
    "thread", "process", "file", "temp", "env", "cwd", "path", "patch", "signal", "log",
)  # fmt: skip
"""The first word of what `leaks_allow` matches: `thread:pool-*`, `env:AWS_*`."""

GRACE = 0.25
"""Seconds that what may be ending gets to end."""

_SIGNALS = sorted(
    number
    for number in signal.valid_signals()
    if number < 32 and number not in {signal.SIGKILL, signal.SIGSTOP}
)
_getsignal: Callable[[int], Any] = getattr(signal, "_signal", signal).getsignal
"""In C: the one of `signal` turns each answer into an enum, which takes ten times as long."""
_OURS = ("surefoot-", "sf-")
"""What our own temporary files begin with."""
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Processes that Python starts once and keeps."""
_VARIABLES = frozenset({*directories.VARIABLES, directories.SCENARIO_DIR, "PYTHONHASHSEED"})
# In a tuple: what replaces references to the real clock finds names only.
_REAL = (time.monotonic, time.sleep)


class Leak(msgspec.Struct, frozen=True):
    """One thing that was left."""

    kind: str
    """One of `KINDS`."""
    rule: str
    name: str
    """What it is called, for `leaks_allow`."""
    message: str
    """Without numbers that differ from time to time, so that it is told once."""
    remedy: str
    origin: Origin = UNKNOWN
    evidence: tuple[str, ...] = ()


class Look:
    """What there is before a scenario; `leaks` compares with what there is after it."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._children = set(_children())
        self._descriptors = _descriptors()
        self._tmp = _private_tmp()
        self._temporary = set(_names(self._tmp))
        self._variables = _variables()
        self._cwd = _cwd()
        self._path = list(sys.path)
        self._handlers = _handlers()
        self._signals = [_getsignal(number) for number in _SIGNALS]
        self._namespaces = Namespaces()
        self._origins = origins.begin()

    def leaks(
        self, *, failed: bool, allow: Sequence[str] = (), known: Collection[str] = ()
    ) -> list[Leak]:
        """Stop to look, and return what was left and is not allowed.

        What may be ending is waited for, unless its message is `known`: another scenario left the
        same, and it did not end.

        After a failed scenario open files are not looked for: the traceback that is kept of it
        holds the variables of its frames, and with them the files.
        """
        origins.end()
        found = self._living(allow, files=not failed)
        if found:
            # Seldom, so the wait and the collection cost nothing where all is well.
            gc.collect()
            monotonic, sleep = _REAL
            deadline = monotonic() + GRACE
            while monotonic() < deadline and any(leak.message not in known for leak in found):
                sleep(0.005)
                found = self._living(allow, files=not failed)
        for look in (
            self._left_temporary, self._left_variables, self._left_cwd, self._left_path,
            self._left_patches, self._left_signals, self._left_handlers,
        ):  # fmt: skip
            found += _without(look(), allow)
        return found

    def _living(self, allow: Sequence[str], *, files: bool) -> list[Leak]:
        found = [*self._left_threads(), *self._left_children()]
        if files:
            found += self._left_files()
        return _without(found, allow)

    # -- what may end by itself

    def _left_threads(self) -> Iterable[Leak]:
        for thread in threading.enumerate():
            if thread in self._threads or isinstance(thread, threading._DummyThread):
                continue
            origin = self._origins.threads.get(thread, UNKNOWN)
            if origin.foreign:
                continue
            target = getattr(thread, "_target", None) or type(thread).run
            name = getattr(target, "__qualname__", type(thread).__name__)
            yield Leak(
                "thread",
                "SF421",
                thread.name,
                f"a scenario left a thread running: {name}{_at(origin)}",
                "end it and join it, in the step or by context.add_cleanup",
                origin,
                (f"thread {thread.name}{' (daemon)' if thread.daemon else ''}", *_stack(thread)),
            )

    def _left_children(self) -> Iterable[Leak]:
        for pid in _children():
            command = () if pid in self._children else _command(pid)
            if not command or any(helper in part for part in command for helper in _HELPERS):
                continue
            origin = self._origins.child(command)
            if origin.foreign:
                continue
            name = os.path.basename(command[0])
            yield Leak(
                "process",
                "SF422",
                name,
                f"a scenario left a child process running: {name}{_at(origin)}",
                "terminate it and wait for it, in the step or by context.add_cleanup",
                origin,
                (f"process {pid}: {' '.join(command)[:200]}",),
            )

    def _left_files(self) -> Iterable[Leak]:
        ours = scope.descriptors()
        run_dir = scope.place().run_dir
        tracker = getattr(
            sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None
        )
        for descriptor, target in _descriptors().items():
            if self._descriptors.get(descriptor) == target or descriptor in ours:
                continue
            if run_dir and target.startswith(run_dir):
                continue
            if descriptor == getattr(tracker, "_fd", -1):
                continue
            kind, name, origin = self._described(descriptor, target)
            if not origin.foreign:
                yield Leak(
                    "file",
                    "SF423",
                    name,
                    f"a scenario left {kind} open{_at(origin)}",
                    "close it, or open it in a with statement",
                    origin,
                    (f"descriptor {descriptor}: {target}",),
                )

    def _described(self, descriptor: int, target: str) -> tuple[str, str, Origin]:
        if target.startswith("socket:"):
            return "a socket", "socket", self._origins.socket(descriptor)
        if target.startswith("pipe:"):
            return "a pipe", "pipe", UNKNOWN
        if target.startswith("anon_inode:"):
            name = target.removeprefix("anon_inode:").strip("[]")
            return f"an {name}", name, UNKNOWN
        path = target.removesuffix(" (deleted)")
        origin = self._origins.path(path)
        return f"the file {_stable(path)}", path, origin

    # -- what stays as it is

    def _left_temporary(self) -> Iterable[Leak]:
        """Look into the worker's own directory; in a shared one, only for what was seen made."""
        own = self._tmp
        tmp = own or os.path.realpath(_tmp())
        paths = [
            os.path.join(tmp, name) for name in sorted(set(_names(own)) - self._temporary)
        ] if own else sorted(
            path for path in self._origins.paths
            if os.path.dirname(path) == tmp and os.path.exists(path)
        )  # fmt: skip
        if scope.current() is not None and tmp == scope.current().directory:  # type: ignore[union-attr]
            # Its own directory goes with it.
            return
        for path in paths:
            origin = self._origins.path(path)
            name = os.path.basename(path)
            if origin.foreign or name.startswith(_OURS):
                continue
            yield Leak(
                "temp",
                "SF424",
                name,
                f"a scenario left a temporary {'directory' if os.path.isdir(path) else 'file'}"
                f"{_at(origin) or f': {_stable(name)}'}",
                "remove it, make it in scenario_dir(), or set tmpdir = scenario",
                origin,
                (path,),
            )

    def _left_variables(self) -> Iterable[Leak]:
        before, now = self._variables, _variables()
        if before == now:
            return
        for key in sorted(before.keys() | now.keys(), key=os.fsencode):
            name = os.fsdecode(key)
            if before.get(key) == now.get(key) or name in _VARIABLES:
                continue
            origin = self._origins.variables.get(name, UNKNOWN)
            if origin.foreign:
                continue
            # Never the value: it may be a secret.
            verb = "set" if key not in before else "changed" if key in now else "removed"
            yield Leak(
                "env",
                "SF425",
                name,
                f"a scenario {verb} the environment variable {name}{_at(origin)}",
                "put it back, or use unittest.mock.patch.dict(os.environ)",
                origin,
            )

    def _left_cwd(self) -> Iterable[Leak]:
        now = _cwd()
        if now == self._cwd:
            return
        origin = self._origins.directory
        yield Leak(
            "cwd",
            "SF426",
            now,
            f"a scenario left the working directory changed{_at(origin)}",
            "use contextlib.chdir, or change back by context.add_cleanup",
            origin,
            (f"was {self._cwd}, is {now or 'removed'}",),
        )

    def _left_path(self) -> Iterable[Leak]:
        if sys.path == self._path:
            return
        added = [entry for entry in sys.path if entry not in self._path]
        removed = [entry for entry in self._path if entry not in sys.path]
        what = [f"added {entry}" for entry in added] + [f"removed {entry}" for entry in removed]
        yield Leak(
            "path",
            "SF427",
            ",".join(map(str, added + removed)) or "order",
            f"a scenario left sys.path changed: {_stable('; '.join(what) or 'another order')}",
            "put it back by context.add_cleanup",
        )

    def _left_patches(self) -> Iterable[Leak]:
        for patch in self._namespaces.changed():
            yield Leak(
                "patch",
                "SF428",
                patch.name,
                f"a scenario left {patch.name} replaced by {patch.what}",
                "stop the patch: use it in a with statement, or context.add_cleanup(patch.stop)",
            )

    def _left_signals(self) -> Iterable[Leak]:
        for number, before in zip(_SIGNALS, self._signals, strict=True):
            now = _getsignal(number)
            if now is not before and now != before:
                name = signal.Signals(number).name
                yield Leak(
                    "signal",
                    "SF429",
                    name,
                    f"a scenario left a handler of {name}: {_handler_text(now)}",
                    "put the former one back, which signal.signal returned",
                )

    def _left_handlers(self) -> Iterable[Leak]:
        before = {(name, id(handler)) for name, handler in self._handlers}
        for name, handler in _handlers():
            if (name, id(handler)) in before or type(handler).__module__.startswith("behave."):
                continue
            kind = type(handler).__name__
            where = getattr(handler, "baseFilename", "")
            yield Leak(
                "log",
                "SF430",
                name,
                f"a scenario left a handler on the logger {name}: {kind}"
                + (f" to {_stable(where)}" if where else ""),
                "remove it by context.add_cleanup(logger.removeHandler, handler)",
            )


def _without(leaks: Iterable[Leak], allow: Sequence[str]) -> list[Leak]:
    return [
        leak
        for leak in leaks
        if not any(fnmatch.fnmatchcase(f"{leak.kind}:{leak.name}", item) for item in allow)
    ]


def _at(origin: Origin) -> str:
    return f", from {origin.function}" if origin.file else ""


def _stable(text: str) -> str:
    """Leave out what differs from one scenario to the next, so that a finding is told once."""
    text = re.sub(r"/sf-[a-z0-9_]{8}/w\d+/(?:t|s\d+\.\d+)/", "…/", text)
    return re.sub(r"(?<![A-Za-z])(?=[a-z0-9_]*[0-9_])tmp[a-z0-9_]{8}\b", "tmp…", text)


def _stack(thread: threading.Thread) -> tuple[str, ...]:
    """Return where a thread is, the innermost line in the user's code."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return ()
    at = Origins().here(frame)
    return (f"is in {at.function} ({at.file}:{at.line})",)


def _children() -> list[int]:
    """Return the child processes of all threads of this process."""
    found: list[int] = []
    try:
        for task in os.listdir("/proc/self/task"):
            with (
                contextlib.suppress(OSError),
                open(f"/proc/self/task/{task}/children", "rb") as file,
            ):
                found += map(int, file.read().split())
    except OSError:
        import psutil

        found = [child.pid for child in psutil.Process().children()]
    return found


def _command(pid: int) -> tuple[str, ...]:
    """Return a process's arguments; none for one that has ended and was not waited for."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            text = file.read()
        if text:
            return tuple(os.fsdecode(part) for part in text.rstrip(b"\0").split(b"\0"))
        with open(f"/proc/{pid}/stat", "rb") as file:
            name, _, rest = file.read().partition(b"(")[2].rpartition(b")")
    except OSError:
        return ()
    # Without arguments are those that have ended, and those that are just being executed.
    return () if rest.split()[0] in {b"Z", b"X"} else (os.fsdecode(name),)


def _descriptors() -> dict[int, str]:
    found = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            # The one of the listing itself is closed by now.
            with contextlib.suppress(OSError):
                found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


def _tmp() -> str:
    tempfile = sys.modules.get("tempfile")
    return getattr(tempfile, "tempdir", None) or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108


def _private_tmp() -> str:
    """Return the temporary directory, if no other process uses it."""
    tmp = os.environ.get("TMPDIR", "")
    return tmp if tmp and directories.is_private(tmp) else ""


def _names(directory: str) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(directory) if directory else []
    return []


def _variables() -> dict[Any, Any]:
    """Return the environment: as bytes where that is possible, without decoding all of it."""
    return dict(getattr(os.environ, "_data", os.environ))


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        # The directory was removed.
        return ""


def _handlers() -> list[tuple[str, Any]]:
    found = [("root", handler) for handler in logging.root.handlers]
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            found += [(name, handler) for handler in logger.handlers]
    return found


def _handler_text(handler: Callable[..., Any] | int | None) -> str:
    code = getattr(handler, "__code__", None)
    if code is not None:
        return f"{handler.__qualname__} ({origins.shown(code.co_filename)}:{code.co_firstlineno})"  # type: ignore[union-attr]
    return str(getattr(handler, "__qualname__", handler))
