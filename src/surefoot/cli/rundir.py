"""Where runs are kept: `.surefoot/runs/<run id>` in the working directory.

A run's directory holds its journal, output files and boards. Two runs in one checkout have a
directory each. The oldest runs beyond `--keep-runs` are removed when a run begins.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from surefoot.errors import UserError
from surefoot.isolation.directories import remove_base_of

HOME = ".surefoot"


def new_run_id() -> str:
    """Return an id that sorts by time: date, time, milliseconds, and four random digits."""
    now = time.time()
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return f"{moment}-{int(now * 1000) % 1000:03d}{os.urandom(2).hex()}"


def make_run_dir(cwd: str, run_id: str, warn: Callable[[str], None]) -> str:
    """Make the run's directory; where the working directory cannot be written, a temporary one.

    Raises UserError when neither can be made.
    """
    path = os.path.join(cwd, HOME, "runs", run_id)
    try:
        os.makedirs(os.path.join(path, "output"))
        _ignore(os.path.join(cwd, HOME))
        with open(os.path.join(path, "pid"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(path)
        reason = error.strerror or str(error)
        import tempfile

        try:
            path = tempfile.mkdtemp(prefix="surefoot-")
            os.makedirs(os.path.join(path, "output"))
        except OSError as second:
            raise UserError(
                f"neither {HOME} in the working directory ({reason}) nor the temporary directory"
                f" ({second.strerror}) can be written; free space, or set TMPDIR"
            ) from second
        warn(f"{HOME} cannot be written ({reason}); this run is kept in {path}")
    return path


def code_cache(cwd: str, run_dir: str) -> str:
    """Return the directory of compiled step modules; empty where nothing can be kept there."""
    home = os.path.join(cwd, HOME)
    return os.path.join(home, "code") if run_dir.startswith(home + os.sep) else ""


def prune(cwd: str, keep: int) -> None:
    """Remove the oldest runs but `keep`; never one that is still going on."""
    runs = os.path.join(cwd, HOME, "runs")
    try:
        names = sorted(os.listdir(runs))
    except OSError:
        return
    for name in names[:-keep] if keep else names:
        path = os.path.join(runs, name)
        if not _running(path):
            remove_base_of(path)
            shutil.rmtree(path, ignore_errors=True)


def _running(path: str) -> bool:
    try:
        with open(os.path.join(path, "pid"), encoding="ascii") as file:
            pid = int(file.read())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return True


def finish_run_dir(path: str) -> None:
    """Mark a run as over and remove what only served it while it ran."""
    for name in os.listdir(path):
        if name == "pid" or name.startswith(("board-", "stacks-", "load-", "postgres-")):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(path, name))
    output = os.path.join(path, "output")
    with contextlib.suppress(OSError):
        for name in os.listdir(output):
            file = os.path.join(output, name)
            if os.path.getsize(file) == 0:
                os.unlink(file)


def drop_databases(path: str) -> None:
    """Drop what a run that has ended left on database servers, where it used any.

    In a process of its own, with a deadline: a server may not answer. What it does not manage,
    the next run that uses the server does.
    """
    if not any(name.startswith("postgres-") for name in os.listdir(path)):
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [sys.executable, "-m", "surefoot.isolation.postgres", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=15,
            check=False,
        )


def find_run(cwd: str, name: str) -> str:
    """Return the journal of a run: a path, a run directory, a run id, its beginning, or "last".

    Raises UserError when there is none, or several.
    """
    if os.path.isfile(name):
        return name
    for directory in (name, os.path.join(cwd, HOME, "runs", name)):
        found = journal_in(directory)
        if found:
            return found
    runs = os.path.join(cwd, HOME, "runs")
    try:
        known = sorted(os.listdir(runs))
    except OSError:
        known = []
    if name == "last":
        # Runs with a --journal elsewhere, or still going on, have none here.
        matching = [run for run in known if journal_in(os.path.join(runs, run))][-1:]
    else:
        matching = [run for run in known if run.startswith(name)]
    if len(matching) == 1 and (found := journal_in(os.path.join(runs, matching[0]))):
        return found
    if len(matching) > 1:
        raise UserError(f"{name} is the beginning of several runs: {', '.join(matching[:5])}")
    if matching and name != "last":
        raise UserError(
            f"run {matching[0]} has no journal here: it was written elsewhere (--journal),"
            " or the run did not get as far; name the file"
        )
    with_journal = [run for run in known if journal_in(os.path.join(runs, run))]
    shown = ", ".join(with_journal[-5:]) or "none yet"
    raise UserError(
        f"there is no run {name}: name a journal, a run id or `last` (latest runs: {shown})"
    )


def journal_in(directory: str) -> str:
    """Return the path of the journal in a run directory, or an empty string."""
    for name in ("journal.jsonl.gz", "journal.jsonl"):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
    return ""


def _ignore(home: str) -> None:
    path = os.path.join(home, ".gitignore")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as file:
            file.write("*\n")
