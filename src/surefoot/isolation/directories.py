"""A directory for each worker and each scenario, and a temporary directory that is not shared.

    <temporary directory>/sf-XXXXXXXX/w0/t          TMPDIR of worker 0
                                     /w0/s4711.1    SUREFOOT_SCENARIO_DIR of its first scenario

They lie in the system's temporary directory and not below `.surefoot`: a Unix socket's path may
have 107 bytes, and a checkout's path alone can be longer. The rights are those of the temporary
directory itself, so that a server that runs as another user can still use them.
What a failing scenario left stays at its path, which its messages may name, for as long as its
run is kept.
"""

import atexit
import contextlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Mapping

import msgspec

from surefoot.errors import UserError
from surefoot.isolation import scope

VARIABLES = ("TMPDIR", "TEMP", "TMP")
"""What programs look at for the temporary directory, the strongest first."""

SCENARIO_DIR = "SUREFOOT_SCENARIO_DIR"

LONGEST_TMPDIR = 67
"""Bytes: `multiprocessing` makes sockets with 33 bytes below TMPDIR, and 107 are allowed."""

_PREFIX = "sf-"
_LINK = "scratch"
_BACK = "run"
"""From a run's directory to what its workers have, and back."""
_ORPHAN_SECONDS = 2 * 86400


def make_base(run_dir: str = "") -> str:
    """Make the directory that all of a run's lie in; return its path. Raises OSError.

    A link in the run's directory keeps it findable, so that it goes with the run.
    """
    base = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
    # Others may pass but not look around; mkdtemp's 0700 would shut out a child of another user.
    os.chmod(base, 0o711 & (stat.S_IMODE(os.stat(os.path.dirname(base)).st_mode) | 0o700))
    if run_dir:
        with contextlib.suppress(OSError):
            os.symlink(base, os.path.join(run_dir, _LINK))
            os.symlink(run_dir, os.path.join(base, _BACK))
    return base


def remove_orphans(directory: str) -> None:
    """Remove what is left of runs whose own directory is gone (`git clean`, a removed checkout).

    Only after two days: in a container with the same temporary directory, the checkout of a run
    that is going on may not be seen.
    """
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if not entry.name.startswith(_PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                old = time.time() - found.st_mtime > _ORPHAN_SECONDS
                run_dir = os.readlink(os.path.join(entry.path, _BACK))
                if old and found.st_uid == os.getuid() and not os.path.lexists(run_dir):
                    remove(entry.path)


def why_not_private(base: str) -> str:
    """Return why workers cannot have a TMPDIR of their own there; empty when they can."""
    length = len(os.fsencode(os.path.join(base, "w000", "t")))
    if length <= LONGEST_TMPDIR:
        return ""
    return (
        f"workers share the temporary directory: one of their own would have a path of {length}"
        f" bytes, too long for the sockets of multiprocessing (longest: {LONGEST_TMPDIR});"
        " set TMPDIR to a shorter path, such as /tmp"
    )


def remove_base_of(run_dir: str) -> None:
    """Remove what a run that is no longer kept has left, by the link in its directory."""
    try:
        base = os.readlink(os.path.join(run_dir, _LINK))
        found = os.lstat(base)
    except OSError:
        return
    if (
        os.path.basename(base).startswith(_PREFIX)
        and stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
    ):
        remove(base)


def settle(base: str) -> bool:
    """Remove at the end of a run what no failing scenario needs; return whether anything stays.

    A scenario's directory is removed by its worker when it passes. One that is still there is
    of a scenario that failed, or whose worker died; the worker's TMPDIR is then kept as well.
    """
    with contextlib.suppress(OSError):
        for worker in os.listdir(base):
            if worker == _BACK:
                continue
            top = os.path.join(base, worker)
            scenarios = [name for name in os.listdir(top) if name.startswith("s")]
            if not scenarios:
                _remove_empty(os.path.join(top, "t"))
                remove(top)
                continue
            for name in (*scenarios, "t"):
                _remove_empty(os.path.join(top, name))
            _remove_empty(top)
        if os.listdir(base) == [_BACK]:
            os.unlink(os.path.join(base, _BACK))
    _remove_empty(base)
    return os.path.isdir(base)


class Directories:
    """The directories of one worker, or of one process under plain behave."""

    def __init__(self, base: str, worker: int) -> None:
        self.top = os.path.join(base, f"w{worker}")
        self.tmp = os.path.join(self.top, "t")
        self._count = 0
        self._spare = ""
        # Sockets and files of other users' servers: the same rights as in the system's.
        self._mode = stat.S_IMODE(os.stat(os.path.dirname(base)).st_mode) | 0o700
        self._make(self.top, 0o711)

    def make_tmp(self) -> str:
        """Return TMPDIR; made anew where the suite has removed it. Raises OSError."""
        if not os.path.isdir(self.tmp):
            self._make(self.tmp, self._mode)
        return self.tmp

    def make_scenario(self) -> str:
        """Return an empty directory for the next scenario. Raises OSError."""
        spare, self._spare = self._spare, ""
        if spare and is_empty(spare):
            return spare
        while True:
            self._count += 1
            # Several processes serve under a worker's number, one after the other.
            path = os.path.join(self.top, f"s{os.getpid()}.{self._count}")
            try:
                os.mkdir(path, 0o755)
            except FileExistsError:
                continue
            except FileNotFoundError:
                self._make(self.top, 0o711)
                continue
            return path

    def settle_scenario(self, path: str) -> str:
        """Take a directory back from a scenario that passed; return why it stays, else nothing.

        An empty one serves the next scenario: removing a directory takes milliseconds on some
        file systems, and most scenarios leave theirs empty. One that was used is not used again,
        since caches go by path: an engine, say, that is kept for each URL of a database.
        """
        if is_empty(path):
            self._spare = path
            return ""
        return remove(path)

    def end(self) -> None:
        """Remove the spare directory: one that is there at the end is of a failed scenario."""
        spare, self._spare = self._spare, ""
        if spare:
            remove(spare)

    def _make(self, path: str, mode: int) -> None:
        os.makedirs(path, exist_ok=True)
        # The umask is the suite's matter, and would take bits away.
        os.chmod(path, mode)


class Temporary(msgspec.Struct, frozen=True):
    """What decides where temporary files go: the variables, and what tempfile remembers."""

    variables: tuple[str | None, ...]
    remembered: str | None

    @staticmethod
    def now(environ: Mapping[str, str] = os.environ) -> "Temporary":
        """Return the present state."""
        module = sys.modules.get("tempfile")
        return Temporary(
            tuple(environ.get(name) for name in VARIABLES), getattr(module, "tempdir", None)
        )

    def chosen_since(self, default: str) -> bool:
        """Whether a suite has chosen another directory since: then it is to be left alone.

        `default` is the system's; that tempfile has found and remembers it is no choice.
        """
        now = Temporary.now()
        return now.variables != self.variables or now.remembered not in {
            None,
            default,
            self.remembered,
        }

    def restore(self) -> None:
        """Make this state the present one again."""
        for name, value in zip(VARIABLES, self.variables, strict=True):
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        tempfile.tempdir = self.remembered


def point_to(path: str) -> Temporary:
    """Let temporary files of this process and its children go to `path`; return what was set."""
    before = Temporary.now()
    for name in VARIABLES:
        os.environ[name] = path
    tempfile.tempdir = path
    return before


def remove(path: str) -> str:
    """Remove a directory with all that is in it; return why something stays, else nothing."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return ""
    except OSError:
        # Seldom: most scenarios leave nothing, and the module takes a while to import.
        from surefoot.isolation.tree import CopyError, remove_tree

        try:
            remove_tree(path)
        except CopyError as error:
            return str(error)
    return ""


class _Here:
    """The directories of this process."""

    def __init__(self) -> None:
        self.directories: Directories | None = None
        self.problem = ""
        self.usual: Temporary | None = None
        """Where temporary files go between scenarios, unless the suite chooses otherwise; None
        where it has chosen already, or where a private directory is not possible."""
        self.default = ""


_here = _Here()


def enter(base: str, worker: int, *, private: bool) -> None:
    """Give this process, a worker, its directories; with `private` a TMPDIR of its own.

    Where that is not possible (a full disk), scenarios go on with what there is, and
    `of_this_process` says why.
    """
    try:
        directories = _here.directories = Directories(base, worker)
        scope.at_process_end(lambda _failed: directories.end())
        if private:
            point_to(directories.make_tmp())
            _here.usual, _here.default = Temporary.now(), directories.tmp
    except OSError as error:
        _here.problem = f"no directory could be made in {base} ({error.strerror or error})"


def of_this_process() -> Directories:
    """Return the directories of this process, made now under plain behave. Raises OSError."""
    if _here.problem:
        raise OSError(0, _here.problem)
    if _here.directories is None:
        base = make_base()
        here = _here.directories = Directories(base, 0)
        if not why_not_private(base):
            _here.usual, _here.default = Temporary.now(), os.path.dirname(base)
        owner = os.getpid()

        def settle_own() -> None:
            if os.getpid() == owner:
                here.end()
                settle(base)

        atexit.register(settle_own)
    return _here.directories


def point_scenario_to(path: str) -> Temporary | None:
    """Let temporary files go to a scenario's directory; return what was set before.

    None, and nothing is changed, where the suite has chosen another temporary directory.
    """
    if _here.usual is None or _here.usual.chosen_since(_here.default):
        return None
    return point_to(path)


def is_private(tmp: str) -> bool:
    """Whether a temporary directory is this process's, or its scenario's, alone."""
    here = _here.directories
    return here is not None and tmp.startswith(here.top + os.sep)


def scenario_dir() -> str:
    """Return the directory of the scenario that runs now: absolute, empty at its start.

    It is removed when the scenario passes, and kept and named when it fails. Raises UserError
    where no scenario runs, or no directory could be made for it.
    """
    scenario = scope.current()
    if scenario is None:
        raise UserError(
            "scenario_dir() was called while no scenario runs; call it in a step or a scenario's"
            " hook, under surefoot or after surefoot.enable(context) in before_all"
        )
    if not scenario.directory:
        raise UserError("this scenario has no directory: see the finding SF411 for why")
    return scenario.directory


def is_empty(path: str) -> bool:
    """Whether a directory is there and has nothing in it."""
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _remove_empty(path: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(path)
