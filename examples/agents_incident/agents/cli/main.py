"""The command line: parse, run one command, write its answer in the format that was asked for.

`--format` is global and stands before the command. `AGENTS_FORMAT` is the default,
`AGENTS_DATABASE` the URL of the database.
"""

import argparse
import functools
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn, TextIO

from agents.application import Settings, make_container
from agents.cli import commands, output
from agents.container import Container
from agents.errors import AgentsError, UsageError

DEFAULT_DATABASE = "sqlite:///agents.db"


class _Parser(argparse.ArgumentParser):
    """argparse, with errors that are ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see: {self.prog} --help")


def main(
    argv: Sequence[str],
    *,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    container: Container | None = None,
) -> int:
    """Run a command and return its exit code. A container that is given is left open."""
    out, err = stdout or sys.stdout, stderr or sys.stderr
    environ = os.environ if environ is None else environ
    style, command = "plain", ""
    services = container
    try:
        rest, asked = _take_format(argv)
        style = output.known_format(asked or environ.get("AGENTS_FORMAT") or "plain")
        arguments = _parser().parse_args(rest)
        command = arguments.label
        if services is None:
            services = make_container(Settings(environ.get("AGENTS_DATABASE", DEFAULT_DATABASE)))
        out.write(output.answer(style, command, arguments.run(services, arguments)))
    except AgentsError as error:
        to_out, to_err = output.error(style, command, error)
        out.write(to_out)
        err.write(to_err)
        return error.exit_code
    finally:
        if container is None and services is not None:
            services.close()
    return 0


def _take_format(argv: Sequence[str]) -> tuple[list[str], str]:
    """Return the other arguments and the format, which stands in front of the command."""
    rest = list(argv)
    found = ""
    while rest and rest[0].startswith("--format"):
        word = rest.pop(0)
        found = word.removeprefix("--format=") if "=" in word else (rest.pop(0) if rest else None)
        if found == None:
            raise UsageError("--format needs a value", f"known: {', '.join(output.FORMATS)}")
    return rest, found


@functools.cache
def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="agents", description="Runs agents and what they need.")
    groups = parser.add_subparsers(required=True, metavar="COMMAND")

    _add(groups, "version", commands.version)

    session = _group(groups, "session")
    create = _add(session, "create", commands.session_create, "NAME")
    create.add_argument("--profile", default="review")
    _add(session, "list", commands.session_list)
    _add(session, "show", commands.session_show, "NAME")
    _add(session, "note", commands.session_note, "NAME", "TEXT")
    _add(session, "close", commands.session_close, "NAME")

    profile = _group(groups, "profile")
    _add(profile, "list", commands.profile_list)
    _add(profile, "show", commands.profile_show, "NAME")
    decide = _add(profile, "decide", commands.profile_decide, "NAME", "KIND")
    decide.add_argument("--risk", type=float, default=0.0)

    job = _group(groups, "job")
    run = _add(job, "run", commands.job_run)
    run.add_argument("kind", choices=list(commands.JOBS))
    run.add_argument("text")

    _add(_group(groups, "context"), "levels", commands.context_levels, "VOCABULARY")
    _add(_group(groups, "slash"), "list", commands.slash_list).add_argument(
        "prefix", nargs="?", default=""
    )

    ext = _group(groups, "ext")
    _add(ext, "install", commands.ext_install, "PATH")
    _add(ext, "upgrade", commands.ext_upgrade, "PATH")
    _add(ext, "list", commands.ext_list).add_argument("--all", action="store_true")
    for name, command in (
        ("info", commands.ext_info),
        ("enable", commands.ext_enable),
        ("disable", commands.ext_disable),
        ("remove", commands.ext_remove),
    ):
        _add(ext, name, command, "NAME")
    run = _add(ext, "run", commands.ext_run, "NAME", "COMMAND")
    run.add_argument("arguments", nargs="*")

    database = _group(groups, "db")
    _add(database, "migrate", commands.db_migrate)
    _add(database, "status", commands.db_status)
    return parser


_Sub = argparse._SubParsersAction  # argparse has no public name for it


def _group(parent: "_Sub[_Parser]", name: str) -> "_Sub[_Parser]":
    parser = parent.add_parser(name)
    return parser.add_subparsers(required=True, metavar="COMMAND")


def _add(
    parent: "_Sub[_Parser]", name: str, run: commands.Command, *positionals: str
) -> argparse.ArgumentParser:
    parser = parent.add_parser(name, help=run.__doc__)
    for positional in positionals:
        parser.add_argument(positional.lower(), metavar=positional)
    label = parser.prog.removeprefix("agents ")
    parser.set_defaults(run=run, label=label)
    return parser
