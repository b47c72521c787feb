"""Output of what fetches code before anything runs: git, pip, uv."""

import re

from surefoot.triage.masking import mask
from surefoot.triage.model import FailureKind, Line
from surefoot.triage.readers.base import LineReader, SingleLineReader

_GIT = re.compile(r"(?:fatal|error): (\S.*)")
_GIT_CONTEXT = ("Cloning into ", "From http", "From git@", "hint: ", "remote: ", "git version ")
_CONFLICT = re.compile(r"CONFLICT \(([\w/ -]{1,40})\): (.*)")
_GIT_WORDS = re.compile(
    r"repository|remote|refspec|ref\b|refs/|branch|commit|object|pathspec|unable to access|clone"
    r"|RPC failed|early EOF|index-pack|Authentication|not a git|submodule|worktree|merge|rebase"
    r"|could not read (?:Username|Password)|the remote end|unadvertised|shallow|pack"
)


class GitReader(SingleLineReader):
    """git has no last line; its `fatal:` and `error:` lines are what tells."""

    name = "git"
    needles = (
        "fatal: ",
        "error: ",
        "CONFLICT (",
    )

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        first = text[:1]
        if first in {"f", "e"}:
            found = _GIT.match(text)
            if found is not None and _GIT_WORDS.search(text):
                self.found.fail(
                    FailureKind.GIT,
                    mask(found[1].partition(":")[0])[:80],
                    (self.found.quote(line),),
                    message=found[1],
                )
                return True
        elif first == "C" and (conflict := _CONFLICT.match(text)):
            self.found.fail(
                FailureKind.GIT,
                f"merge conflict ({conflict[1]})",
                (self.found.quote(line),),
                message=conflict[2],
            )
            return True
        return False


_PIP = re.compile(
    r"\s{0,4}(?:ERROR|error): ((?:Could not find a version|No matching distribution"
    r"|Could not install packages|Cannot install|ResolutionImpossible|Failed building wheel"
    r"|Failed to build|subprocess-exited-with-error|metadata-generation-failed"
    r"|Could not build wheels|Package .{1,80} requires a different Python"
    r"|Invalid requirement|Could not open requirements file|Command errored out"
    r"|HTTP error|THESE PACKAGES DO NOT MATCH THE HASHES|pip's dependency resolver).*)"
)
_UV = re.compile(
    r"\s{0,4}(?:× |error: )((?:Request failed|Failed to (?:fetch|download|build|prepare|install"
    r"|parse|resolve|spawn)|No solution found|Could not|No interpreter found|Distribution not found"
    r"|Error while fetching|Package .{1,80} was not found|The lockfile|Unable to find lockfile"
    r"|Hash mismatch|Python .{1,40} is not|Project virtual environment).*)"
)
_UV_CAUSE = re.compile(r"\s{1,8}(?:[Cc]aused by|cause|╰─▶|├─▶|╰─>)[: ] ?(.*)")


class InstallReader(LineReader):
    """pip and uv: the error and what caused it."""

    name = "pip"
    needles = (
        "rror: ",
        "ERROR: ",
        "× ",
    )

    @property
    def resting(self) -> bool:
        """No error goes on."""
        return not self._lines

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._lines: list[Line] = []
        self._what = ""

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if self._lines:
            cause = _UV_CAUSE.match(text)
            if cause is not None and len(self._lines) < 12:
                self._lines.append(line)
                return True
            more = _PIP.match(text)
            if more is not None and len(self._lines) < 12:
                self._lines.append(line)
                return True
            self._emit()
        if "rror: " in text or "ERROR: " in text or "× " in text:
            found = _PIP.match(text) or _UV.match(text)
            if found is not None:
                self._lines = [line]
                self._what = found[1]
                return True
        return False

    def _emit(self) -> None:
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        causes = [item.text.strip() for item in lines[1:]]
        self.found.fail(
            FailureKind.INSTALL,
            mask(self._what)[:120],
            self.found.quotes(lines),
            message="\n".join([self._what, *causes[-2:]]),
        )

    def step(self) -> None:
        """What is collected is complete."""
        self._emit()
        super().step()
