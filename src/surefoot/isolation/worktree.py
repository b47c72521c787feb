"""What git says about a directory: its top level, and the files that belong to it.

Only asks, never writes. Git may be missing, may refuse (a repository of another owner) and
may take long; each is an answer here and not an exception, but for a git that never ends.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from surefoot.errors import UserError

_SECONDS = 120.0
# What git sets for its hooks: a run that a hook starts would be led to that hook's index.
_OF_A_HOOK = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
_CLOSED = re.compile(r"could not open directory '(.*)/?': ")


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one work tree, relative to its top.

    A submodule is a tracked path that is a directory. A nested repository is an untracked
    path that ends in `/`.
    """

    tracked: tuple[str, ...]
    untracked: tuple[str, ...]
    """Without what is ignored."""
    ignored: tuple[str, ...]
    """A directory of which all is ignored stands for its files and ends in `/`."""
    closed: tuple[str, ...]
    """Directories that git could not read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no listing."""

    reason: str
    """Empty when the directory is simply not the top of a work tree."""


def top_level(directory: str) -> str | Refusal:
    """Return the real path of the work tree's top that a directory is in."""
    answer = run_git(directory, "rev-parse", "--show-toplevel")
    if isinstance(answer, Refusal):
        return answer if _repository_above(directory) else Refusal("")
    top = os.fsdecode(answer.stdout.removesuffix(b"\n"))
    if answer.returncode == 0 and top:
        return os.path.realpath(top)
    if not _repository_above(directory):
        return Refusal("")
    lines = answer.stderr.decode("utf-8", "replace").strip().splitlines()
    return Refusal(lines[0].removeprefix("fatal: ") if lines else "git gave no reason")


def is_ignored(directory: str) -> bool:
    """Return whether the work tree that a directory is in ignores it."""
    answer = run_git(directory, "check-ignore", "-q", "--", ".")
    return not isinstance(answer, Refusal) and answer.returncode == 0


def list_files(directory: str) -> Listing | Refusal:
    """List the files of the work tree whose top is `directory`."""
    top = top_level(directory)
    if isinstance(top, Refusal):
        return top
    if top != os.path.realpath(directory):
        return Refusal("")
    listed = run_git(
        directory, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"
    )
    ignored = run_git(
        directory, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
    )
    for answer in (listed, ignored):
        if isinstance(answer, Refusal):
            return answer
        if answer.returncode != 0:
            return Refusal(answer.stderr.decode("utf-8", "replace").strip())
    assert not isinstance(listed, Refusal)
    assert not isinstance(ignored, Refusal)
    tracked: list[str] = []
    untracked: list[str] = []
    for entry in _split(listed.stdout):
        # "H path", with "?" for an untracked one and other letters for a tracked one.
        (untracked if entry[0] == "?" else tracked).append(entry[2:])
    errors = listed.stderr.decode("utf-8", "replace").splitlines()
    closed = (match[1].rstrip("/") for line in errors if (match := _CLOSED.search(line)))
    return Listing(
        # A path in conflict is listed once a side.
        tuple(dict.fromkeys(tracked)),
        tuple(untracked),
        tuple(path for path in _split(ignored.stdout) if not _is_noise(path)),
        tuple(closed),
    )


def run_git(directory: str, *arguments: str) -> subprocess.CompletedProcess[bytes] | Refusal:
    """Run git in a directory, whatever its exit code; Refusal where it cannot be run."""
    # A file system monitor is a program that the repository's own settings name; not needed.
    command = ["git", "-c", "core.fsmonitor=false", "-C", directory, *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"git {arguments[0]} in {directory} did not end within {_SECONDS:.0f} s; is it the "
            "top of a repository around far more than the project? Add the project's directory "
            "to the .gitignore there, or use --workdir shared"
        ) from None
    except FileNotFoundError:
        return Refusal("git is not installed")
    except OSError as error:
        return Refusal(f"git cannot be started: {error.strerror}")


def _repository_above(directory: str) -> bool:
    """Return whether a `.git` is here or above, so that git should have known the answer."""
    at = os.path.realpath(directory)
    while not os.path.lexists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return False
        at = above
    return True


def _split(output: bytes) -> Iterable[str]:
    return (os.fsdecode(entry) for entry in output.split(b"\0") if entry)


def _is_noise(path: str) -> bool:
    inside = f"/{path}/"
    return "/__pycache__/" in inside or "/.surefoot/" in inside or path.endswith(".pyc")
