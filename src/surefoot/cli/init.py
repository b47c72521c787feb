"""`surefoot init`: writes configuration and CI files; overwrites nothing without --force."""

import difflib
import os
import sys
import tomllib
from collections.abc import Callable, Sequence

import msgspec

from surefoot.cli import templates
from surefoot.cli.templates import Look, look
from surefoot.config.suggest import did_you_mean
from surefoot.errors import UserError
from surefoot.exitcodes import ExitCode

_HELP = """\
usage: surefoot init [what to write] [options]

Writes what a project needs to run its suite with surefoot here and in a CI.
Without a choice it asks. A file that is there and differs is never overwritten
without --force; the difference is shown instead.

what to write
  --config       surefoot.toml
  --github       .github/workflows/surefoot.yml
  --forgejo      .forgejo/workflows/surefoot.yml (Gitea reads it too)
  --gitlab       .gitlab/surefoot.yml, to be included
  --pre-commit   .pre-commit-config.yaml
  --nox          noxfile.py

options
  --force        overwrite files that differ
  --dry-run      show what would be written, and write nothing

The workflows run one job for each folder of features, keep full logs and the
journal as artefacts, and write the job's summary.

example: surefoot init --config --github
"""


class Piece(msgspec.Struct, frozen=True):
    """One file that can be written."""

    name: str
    path: str
    question: str
    text: Callable[[Look], str]


PIECES = (
    Piece("config", "surefoot.toml", "configuration", templates.config),
    Piece("github", ".github/workflows/surefoot.yml", "a workflow for GitHub", templates.github),
    Piece(
        "forgejo",
        ".forgejo/workflows/surefoot.yml",
        "a workflow for Forgejo or Gitea",
        templates.forgejo,
    ),
    Piece("gitlab", ".gitlab/surefoot.yml", "a job for GitLab", templates.gitlab),
    Piece("pre-commit", ".pre-commit-config.yaml", "pre-commit hooks", templates.pre_commit),
    Piece("nox", "noxfile.py", "nox sessions", templates.nox),
)


def main(argv: Sequence[str]) -> int:
    """Write what was chosen; return the exit code: 2 when something was in the way."""
    if not {"-h", "--help"}.isdisjoint(argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED
    known = [f"--{piece.name}" for piece in PIECES] + ["--force", "--dry-run"]
    for argument in argv:
        if argument not in known:
            hint = did_you_mean(argument, known)
            raise UserError(f"init does not know {argument}{hint}; see surefoot init --help")
    chosen = [piece for piece in PIECES if f"--{piece.name}" in argv] or _ask(sys.stdin.isatty())
    root = os.getcwd()
    seen = look(root)
    if any(piece.name == "config" for piece in chosen) and _configured(root):
        raise UserError(
            "pyproject.toml has [tool.surefoot], and settings may stand in one place only; edit"
            " them there, or take the table out before init --config"
        )
    force, dry = "--force" in argv, "--dry-run" in argv
    in_the_way = [
        piece.path
        for piece in chosen
        if not write(root, piece, piece.text(seen), force=force, dry=dry)
    ]
    if in_the_way:
        sys.stderr.write(
            f"surefoot: {', '.join(in_the_way)} would change and stayed as it was; take over what"
            " you want by hand, or overwrite with --force\n"
        )
        return ExitCode.USAGE
    return ExitCode.PASSED


def _configured(root: str) -> bool:
    try:
        with open(os.path.join(root, "pyproject.toml"), "rb") as file:
            return "surefoot" in tomllib.load(file).get("tool", {})
    except (OSError, tomllib.TOMLDecodeError, AttributeError):
        return False


def write(root: str, piece: Piece, text: str, *, force: bool, dry: bool) -> bool:
    """Write one file; return False when one is in the way. Raises UserError."""
    path = os.path.join(root, piece.path)
    there = None
    try:
        if os.path.lexists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                there = file.read()
        if there == text:
            _say(f"{piece.path}: as it should be")
            return True
        if there is not None:
            _say(_difference(piece.path, there, text))
            if not force:
                return False
        if dry:
            _say(f"{piece.path}: would be written" + ("" if there else f"\n{text}"))
            return True
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"{piece.path} cannot be written: {error.strerror or error}") from error
    _say(f"{piece.path}: written")
    return True


def _difference(path: str, there: str, text: str) -> str:
    lines = difflib.unified_diff(
        there.splitlines(), text.splitlines(), f"{path} (there)", f"{path} (surefoot)", lineterm=""
    )
    return "\n".join(lines)


def _ask(interactive: bool) -> list[Piece]:
    if not interactive:
        flags = ", ".join(f"--{piece.name}" for piece in PIECES)
        raise UserError(f"init needs to know what to write, and nobody can be asked: {flags}")
    chosen = []
    for piece in PIECES:
        sys.stdout.write(f"Write {piece.question} ({piece.path})? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() in {"y", "yes"}:
            chosen.append(piece)
    if not chosen:
        _say("Nothing was chosen, nothing was written.")
    return chosen


def _say(text: str) -> None:
    from surefoot.report.style import harmless

    sys.stdout.write(harmless(text) + "\n")
