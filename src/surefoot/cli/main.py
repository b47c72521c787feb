"""The `surefoot` command: finds the sub-command, and turns errors into sentences and exit codes."""

import gc
import os
import sys
from collections.abc import Callable, Sequence

from surefoot.exitcodes import ExitCode

_COMMANDS = {
    "run": "run a suite, in parallel",
    "list": "show what would run, without running it",
    "check": "look for faults of a suite without running it",
    "report": "rebuild reports from the journal of a run",
    "explore": "search the orders of a scenario's threads for one that fails",
    "triage": "say from its logs why a CI fails, and draft one issue",
    "init": "write configuration and CI files",
    "config": "show every option's value and where it came from",
}

_HELP = """\
usage: surefoot COMMAND [arguments]

Runs Behave suites in parallel: the same answer as behave, never hung.

commands:
{commands}
  help       this text; `surefoot COMMAND --help` tells about one command

examples:
  surefoot run                          all of features/, one worker a CPU
  surefoot run -j 4 --tags "not @slow"  any argument that behave takes
  surefoot run features/a.feature:12    one scenario
  surefoot run --last-failed            what failed in the last run
  surefoot report last -f json -o r.json

exit codes: 0 passed, 1 failed, 2 usage, 3 flaky, 4 not loaded, 5 nothing ran,
6 policy, 7 surroundings of triage broken, 70 our bug, 130 interrupted.
Documentation: docs/ in the repository.
"""

_FORKING = ("run", "list", "explore")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A lost locale must not lose a report: what cannot be shown is escaped.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    code = int(ExitCode.PASSED)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # `| head`: what was asked for is done, and its exit code stands.
        _close_quietly()
    except OSError as error:
        code = _system_error(error)
    if argv is None:
        # The process ends: what it holds need not be searched for garbage once more.
        gc.freeze()
    return code


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "help"
    if name in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return ExitCode.PASSED if arguments else ExitCode.USAGE
    if name in ("-V", "--version"):
        from surefoot import __version__

        sys.stdout.write(f"surefoot {__version__}\n")
        return ExitCode.PASSED
    if name not in _COMMANDS:
        return _unknown(name)
    asks_help = not {"-h", "--help", "--help-all"}.isdisjoint(arguments)
    if name in _FORKING and not asks_help and not hasattr(os, "fork"):
        sys.stderr.write(
            f"surefoot: {name} needs a system that can fork a process (Linux, macOS, WSL), and this"
            " one cannot; check, report, triage, init and config work here\n"
        )
        return ExitCode.USAGE
    if name not in ("run", "list") or asks_help:
        return guarded(lambda: _command(name)(arguments[1:]))
    import signal

    from surefoot.cli import early, interrupt

    # What imports make stays, here and in the zygote: collecting takes a tenth of their time.
    gc.disable()
    early.start()
    interrupt.remember(signal.SIGINT)
    try:
        return guarded(lambda: _command(name)(arguments[1:]))
    finally:
        early.drop()
        gc.enable()


def _command(name: str) -> Callable[[Sequence[str]], int]:
    if name == "run":
        from surefoot.cli.run import main as command
    elif name == "list":
        from surefoot.cli.list import main as command
    elif name == "check":
        from surefoot.cli.check import main as command
    elif name == "report":
        from surefoot.cli.report import main as command
    elif name == "explore":
        from surefoot.cli.explore import main as command
    elif name == "init":
        from surefoot.cli.init import main as command
    elif name == "triage":
        from surefoot.cli.triage import main as command
    else:
        from surefoot.cli.config import main as command
    return command


def guarded(command: Callable[[], int]) -> int:
    """Run a command; errors of the user become a sentence, ours a report."""
    from surefoot.errors import SurefootError, UserError

    try:
        return command()
    except UserError as error:
        sys.stderr.write(f"surefoot: {error}\n")
        return int(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("surefoot: interrupted\n")
        return int(ExitCode.INTERRUPTED)
    except (BrokenPipeError, OSError):
        raise
    except Exception as error:  # the last resort: a report instead of a traceback
        if isinstance(error, SurefootError) and error.exit_code is not ExitCode.INTERNAL:
            sys.stderr.write(f"surefoot: {error}\n")
            return int(error.exit_code)
        return _bug(error)


def help_text() -> str:
    """Return the help of the whole command."""
    lines = [f"  {name:<10} {text}" for name, text in _COMMANDS.items()]
    return _HELP.format(commands="\n".join(lines))


def _unknown(name: str) -> int:
    import difflib

    near = difflib.get_close_matches(name, _COMMANDS, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    sys.stderr.write(
        f"surefoot: {name} is not a command{hint}; known: {', '.join(_COMMANDS)}."
        " To run features: surefoot run [paths]\n"
    )
    return ExitCode.USAGE


def _bug(error: Exception) -> int:
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        descriptor, path = tempfile.mkstemp(prefix="surefoot-bug-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{sys.version}\n{sys.argv}\n\n{text}")
    except OSError:
        path = ""
        sys.stderr.write(text)
    where = f"; the report to attach is {path}" if path else ""
    sys.stderr.write(
        f"surefoot: this is a defect of surefoot: {type(error).__name__}: {error}{where}\n"
    )
    return ExitCode.INTERNAL


def _system_error(error: OSError) -> int:
    name = f" ({error.filename})" if error.filename else ""
    sys.stderr.write(f"surefoot: {error.strerror or error}{name}\n")
    return ExitCode.USAGE


def _close_quietly() -> None:
    """Standard output is gone (`| head`): keep the interpreter from complaining at its end."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
