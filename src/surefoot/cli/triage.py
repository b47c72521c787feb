"""`surefoot triage`: from a red CI to a report, and on request to one issue."""

import argparse
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from surefoot.errors import UserError
from surefoot.exitcodes import ExitCode

_HELP = """\
usage: surefoot triage [PATH...] [options]
       surefoot triage --forge KIND --url URL --repo OWNER/NAME [options]

Reads the runs and logs of a CI, says how often it fails and why, and shows the
one issue that would be filed. Nothing is written anywhere without --file.

  PATH                logs, folders of logs, zip archives, JUnit files, surefoot
                      journals; - is standard input

from a forge (needs: pip install "surefoot[triage]")
  --forge KIND        forgejo, gitea, github or gitlab
  --url URL           address of the server (github and gitlab have defaults)
  --repo OWNER/NAME   the repository
  --since TIME        14d, 36h, or a date; the default is 14d
  --until TIME        a date; the default is now
  --branch NAME       only runs of this branch
  --limit N           at most N runs (default 100)
  Credentials come from the environment only: SUREFOOT_FORGE_TOKEN, or
  FORGEJO_TOKEN, GITEA_TOKEN, GITHUB_TOKEN, GITLAB_TOKEN.

the report
  --format HOW        text, markdown or json (default: text)
  -o, --output FILE   write it there
  --show WHAT         only one part: rates, durations, a fingerprint, LOG:LINE
  --rules FILE        further rules of judging; may be repeated
  --cache DIR         where fetched logs are kept

the issue
  --file              create at most one issue, and update open ones
  --label NAME        label of a new issue; may be repeated
  --allow-similar     file although an issue with a near text exists
  --max-new N         refuse when more than N causes are new (default 10)

exit codes: 0 reported, 2 usage, 6 filing refused, 7 surroundings broken (forge
unreachable, no log that can be read): those are never filed

example: surefoot triage --forge forgejo --url https://git.example.org \\
           --repo team/app --since 14d --format markdown -o triage.md
"""
_AGO = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"triage: {message}; see surefoot triage --help")


def _parser() -> _Parser:
    parser = _Parser(prog="surefoot triage", add_help=False, allow_abbrev=False)
    parser.add_argument("paths", nargs="*")
    for name in (
        "--forge",
        "--url",
        "--repo",
        "--since",
        "--until",
        "--branch",
        "--cache",
        "--show",
    ):
        parser.add_argument(name, default="")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument("-o", "--output", default="")
    parser.add_argument("--rules", action="append", default=[])
    parser.add_argument("--label", action="append", default=[])
    parser.add_argument("--file", action="store_true")
    parser.add_argument("--allow-similar", action="store_true")
    parser.add_argument("--max-new", type=int, default=10)
    return parser


def main(argv: Sequence[str]) -> int:
    """Triage; return the exit code."""
    if not {"-h", "--help"}.isdisjoint(argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED
    options = _parser().parse_args(list(argv))
    _check(options)
    from surefoot.cli.triaging import Triage

    return Triage(options, os.environ, say=_say(), now=time.time()).run()


def _check(options: argparse.Namespace) -> None:
    if not options.paths and not options.forge:
        raise UserError(
            "triage needs logs: name files or folders, - for standard input, or --forge with --url"
            " and --repo"
        )
    if options.forge and not options.repo:
        raise UserError("--forge needs --repo OWNER/NAME")
    if not options.forge and (options.url or options.repo or options.file):
        raise UserError("--url, --repo and --file need --forge KIND")
    if options.limit < 1 or options.max_new < 1:
        raise UserError("--limit and --max-new must be 1 or more")


def moment_of(text: str, now: float) -> float:
    """Return the time that `14d`, `2026-04-15` or a full date and time name, in epoch seconds.

    Raises UserError for anything else.
    """
    found = _AGO.fullmatch(text.strip())
    if found is not None:
        return now - int(found[1]) * _SECONDS[found[2]]
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UserError(
            f"{text} is no time; give 14d, 36h, 2026-04-15 or 2026-04-15T12:00:00Z"
        ) from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def command_of(options: argparse.Namespace, since: float | None, until: float | None) -> list[str]:
    """Return the arguments that give the same sample again: relative times become dates."""
    from surefoot.triage.forges.times import iso

    words = ["surefoot", "triage"]
    for name in ("forge", "url", "repo", "branch"):
        if getattr(options, name):
            words += [f"--{name}", getattr(options, name)]
    if options.forge and not options.paths:
        words += ["--since", iso(since)] if since is not None else []
        words += ["--until", iso(until)] if until is not None else []
        words += ["--limit", str(options.limit)] if options.limit != 100 else []
    for path in options.rules:
        words += ["--rules", path]
    return [*words, *options.paths]


def recompute(words: Sequence[str]) -> Callable[[str], str]:
    """Return a function from a part of the report to the command that shows it."""

    def command(what: str) -> str:
        return shlex.join([*words, *(["--show", what] if what else [])])

    return command


def _say() -> Callable[[str], None]:
    """Return what shows progress: one line on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "") in {"", "dumb"}:
        return lambda _: None

    def say(text: str) -> None:
        from surefoot.report.style import fit, one_line

        sys.stderr.write(f"\r\x1b[2K{fit(one_line(text), 78)}" if text else "\r\x1b[2K")
        sys.stderr.flush()

    return say
