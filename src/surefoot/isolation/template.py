"""What templates of databases have in common: what they depend on, who builds, who waits.

A template is built once and copied for each scenario. What it was built from decides by a hash
whether one that is there still holds. While one process builds, the others wait, until a
deadline; when the builder dies, its lock goes with it and the next one builds.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from surefoot.errors import UserError
from surefoot.isolation import scope

Source = str | bytes | os.PathLike[str]
"""What a template is made from: a path of a file or directory, or bytes that stand for anything
else (`VERSION.encode()`)."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
# In a tuple: what looks for references to the real clock, to replace them, finds names only.
_REAL = (time.monotonic, time.sleep)
_EVERY = 0.02


class TemplateError(UserError):
    """A template could not be built, waited for or copied.

    Common causes: a migration that raises, a server that is not there, a full disk, another
    worker that takes longer to build than `timeout`.
    """


def checked_name(name: str) -> str:
    """Return the name. Raises TemplateError for one that no database could have."""
    if not _NAME.fullmatch(name):
        raise TemplateError(
            f"the template name {name!r} is not usable: give it at most 24 small letters, digits"
            " and underscores, a letter first"
        )
    return name


def digest(build: Callable[..., Any], uses: Iterable[Source], *more: str) -> str:
    """Return a hash, 16 hex digits, over all that a template is made from.

    That is: the code of `build` itself, `more`, and what the user names. Code that `build` calls
    is not followed. Raises TemplateError for a path that cannot be read.
    """
    found = hashlib.sha256()
    for part in (*_code(getattr(build, "__code__", None)), *map(str.encode, more)):
        _add(found, part)
    if isinstance(uses, str | bytes | os.PathLike):
        uses = (uses,)
    for source in uses:
        if isinstance(source, bytes):
            _add(found, b"bytes", source)
        else:
            _add_path(found, os.fspath(source))
    return found.hexdigest()[:16]


def _code(code: Any) -> Iterator[bytes]:
    """Yield what a function does. Not by `marshal`, whose bytes differ between processes."""
    if code is None:
        return
    yield code.co_code
    yield repr(code.co_names).encode()
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from _code(constant)
        else:
            # A frozenset's order, and with it its repr, differs between processes.
            ordered = sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant
            yield repr(ordered).encode("utf-8", "backslashreplace")


def _add(found: Any, *parts: bytes) -> None:
    for part in parts:
        # With its length: "ab" and "c" are not "a" and "bc".
        found.update(len(part).to_bytes(8, "big") + part)


def _add_path(found: Any, path: str) -> None:
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            with open(path, "rb") as file:
                _add(found, b"file", file.read())
            return
        _add(found, b"directory")
        for top, directories, files in os.walk(path):
            directories[:] = sorted(name for name in directories if name != "__pycache__")
            for name in sorted(files):
                full = os.path.join(top, name)
                with open(full, "rb") as file:
                    _add(found, os.fsencode(os.path.relpath(full, path)), file.read())
    except OSError as error:
        raise TemplateError(
            f"a template uses {path}, which cannot be read ({error.strerror}); correct `uses`"
        ) from error


def who() -> str:
    """Return how messages of other processes name this one."""
    place = scope.place()
    process = f"process {os.getpid()}"
    return f"worker {place.worker} ({process}, run {place.run})" if place.run else process


def this_run() -> str:
    """Return what names this run: its id, or outside of one the process."""
    return scope.place().run or f"process {os.getpid()}"


def kept_templates(run_dir: str) -> str:
    """Return the directory of templates that later runs use as well."""
    home = os.path.dirname(os.path.dirname(run_dir)) if run_dir else ""
    if os.path.basename(home) != ".surefoot":
        # No run, or one that is kept elsewhere since the working directory cannot be written.
        home = run_dir or os.path.join(os.getcwd(), ".surefoot")
    return os.path.join(home, "templates")


def wait(done: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is done or the time is over; return whether it was done. In real time."""
    monotonic, sleep = _REAL
    deadline = monotonic() + seconds
    while not done():
        if monotonic() >= deadline:
            return False
        sleep(_EVERY)
    return True


@contextlib.contextmanager
def builder_lock(path: str, name: str, seconds: float) -> Iterator[None]:
    """Hold the lock of the one who builds; wait for it. Raises TemplateError at the deadline."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not wait(lambda: _locked(descriptor), seconds):
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another process"
            raise TemplateError(
                f"the template {name} is still being built by {holder} after {seconds:g} s; make"
                " the build faster, or wait longer with timeout="
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, who().encode("utf-8", "replace"), 0)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def failure_text(name: str, error: BaseException) -> str:
    """Return the sentence that says that a build has failed."""
    return f"the template {name} could not be built: {type(error).__name__}: {error}"


class Store(msgspec.Struct, frozen=True):
    """Where templates are."""

    directory: str
    run: str

    def check_failed(self, key: str) -> None:
        """Raise TemplateError where the build has failed in this run: it would again."""
        with contextlib.suppress(OSError, ValueError):
            with open(self._failed(key), encoding="utf-8") as file:
                run, _, text = file.read().partition("\n")
            if run == self.run:
                raise TemplateError(f"{text} (tried once in this run)")

    def note_failed(self, key: str, text: str) -> None:
        """Keep others of this run from trying again."""
        with contextlib.suppress(OSError), open(self._failed(key), "w", encoding="utf-8") as file:
            file.write(f"{self.run}\n{text}")

    def _failed(self, key: str) -> str:
        return os.path.join(self.directory, f"{key}.failed")


def store_name() -> str:
    """Return where templates of this process are kept, for messages."""
    return scope.place().run_dir or os.getcwd()


def open_store(*, kept: bool) -> Store:
    """Return the store, made where it is not there. Raises OSError."""
    run_dir = scope.place().run_dir
    if kept:
        directory = kept_templates(run_dir)
        os.makedirs(directory, exist_ok=True)
        home = os.path.dirname(directory)
        if os.path.basename(home) == ".surefoot":
            ignore = os.path.join(home, ".gitignore")
            if not os.path.exists(ignore):
                with open(ignore, "w", encoding="ascii") as file:
                    file.write("*\n")
    elif run_dir:
        directory = os.path.join(run_dir, "templates")
        os.makedirs(directory, exist_ok=True)
    else:
        directory = _of_process()
    return Store(directory, this_run())


def _of_process() -> str:
    """Return the directory of templates that only this process uses."""
    directory = _own.get(os.getpid())
    if directory is None:
        directory = _own[os.getpid()] = tempfile.mkdtemp(prefix="surefoot-templates-")
        scope.at_process_end(lambda _failed: shutil.rmtree(directory, ignore_errors=True))
    return directory


_own: dict[int, str] = {}
