"""The feature files of a change, before and after it, from git. Decides nothing.

A change is what lies between the commit that a branch left another at and the files as they
are now, uncommitted and untracked ones included; what the other branch did since is no part.
"""

import os
import subprocess

import msgspec

from surefoot.errors import UserError
from surefoot.isolation.worktree import Refusal, run_git


class Revision(msgspec.Struct, frozen=True):
    """The feature files that a change touches: text by path, relative to where it was asked."""

    base: str
    """The commit that it starts from."""
    before: dict[str, str]
    after: dict[str, str]
    messages: str
    """Of its commits."""


def read_revision(cwd: str, ref: str) -> Revision:
    """Return the change since `ref`. Raises UserError where git cannot tell."""
    base = _text(cwd, ref, "merge-base", "--", ref, "HEAD").strip()
    if not base:
        raise UserError(
            f"{ref} and HEAD have no commit in common here; in a shallow clone, fetch more history"
            " (git fetch --unshallow)"
        )
    changed = _paths(
        cwd, ref, "diff", "--name-only", "--no-renames", "--relative", "-z", base, "--", "*.feature"
    )
    untracked = _paths(
        cwd, ref, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.feature"
    )
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for path in changed:
        # A path of the working directory, whatever its place in the repository.
        shown = run_git(cwd, "show", f"{base}:./{path}")
        if not isinstance(shown, Refusal) and shown.returncode == 0:
            before[path] = shown.stdout.decode("utf-8", "replace")
    for path in (*changed, *untracked):
        text = read_feature(os.path.join(cwd, path))
        if text is not None:
            after[path] = text
    messages = _text(cwd, ref, "log", "--format=%B", f"{base}..HEAD")
    return Revision(base, before, after, messages)


def read_feature(path: str) -> str | None:
    """Return a feature file's text; None where there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _paths(cwd: str, ref: str, *arguments: str) -> list[str]:
    answer = _answer(cwd, ref, *arguments)
    return [os.fsdecode(entry) for entry in answer.stdout.split(b"\0") if entry]


def _text(cwd: str, ref: str, *arguments: str) -> str:
    return _answer(cwd, ref, *arguments).stdout.decode("utf-8", "replace")


def _answer(cwd: str, ref: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    answer = run_git(cwd, *arguments)
    if isinstance(answer, Refusal):
        raise UserError(f"--base {ref} needs git: {answer.reason}")
    # merge-base ends with 1 when there is none, and says nothing.
    if answer.returncode not in (0, 1) or answer.stderr.startswith(b"fatal:"):
        said = answer.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UserError(
            f"--base {ref}: git says: {said.removeprefix('fatal: ')}; name a commit or branch that"
            " is there"
        )
    return answer
