"""`surefoot check`: looks for faults of a suite without running or importing it."""

import os
import sys
from collections.abc import Sequence

import msgspec

from surefoot import __version__
from surefoot.cli.preflight import request_of
from surefoot.config.suggest import did_you_mean
from surefoot.errors import UserError
from surefoot.exitcodes import ExitCode
from surefoot.policy.static.check import Report, Request, check
from surefoot.policy.static.scanning import without_collection

_HELP = """\
usage: surefoot check [options] [path ...]

Looks for faults of a suite without running or importing anything of it. Paths
are features, step modules or directories; with none, behave's own paths or
features/. A file is checked with all it needs, and only its findings are told.

  --format NAME     text, json, sarif or github (annotations in a CI log)
  --output FILE     write there instead of to standard output
  --select RULES    only these: SF101, SF2, undefined-step, separated by commas
  --ignore RULES    all but these
  --strict          warnings make the exit code 6 too
  --fix             mend what can be mended safely, then tell what is left
  --diff            show what --fix would change, and change nothing
  --explain RULE    what a rule says, why, and how to suppress it
  --rules           list all rules
  --results RUN ... known bugs against runs (ids, journals, last): what always fails
                    and is not tagged, what is tagged and always passes
  --issue N         with --results: the issue for what has no link yet
  --base REF        what the change since REF captures, mends and loses of known bugs
  --no-cache        neither read nor write .surefoot/check
  -q, --quiet       one line a finding
  -v, --verbose     also what is only informative, and what could not be told

exit codes: 0 nothing found that counts, 6 a rule is broken, 2 usage
settings: [tool.surefoot.check]; rules: docs/check.md
"""
_FORMATS = ("text", "json", "sarif", "github")
_VALUED = {
    "--format": "format",
    "--output": "output",
    "--select": "select",
    "--ignore": "ignore",
    "--explain": "explain",
    "--base": "base",
    "--issue": "issue",
}
_SWITCHES = {
    "--strict": "strict",
    "--fix": "fix",
    "--diff": "diff",
    "--rules": "rules",
    "--no-cache": "no_cache",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
}


class Arguments(msgspec.Struct):
    """The command line."""

    paths: list[str] = []
    format: str = "text"
    output: str = ""
    select: str = ""
    ignore: str = ""
    explain: str = ""
    results: list[str] = []
    base: str = ""
    issue: str = ""
    strict: bool = False
    fix: bool = False
    diff: bool = False
    rules: bool = False
    no_cache: bool = False
    quiet: bool = False
    verbose: bool = False


def main(argv: Sequence[str]) -> int:
    """Check a suite; return the exit code."""
    if any(argument in ("-h", "--help") for argument in argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED
    arguments = _parse(argv)
    if arguments.explain or arguments.rules:
        sys.stdout.write(_about_rules(arguments))
        return ExitCode.PASSED
    if arguments.results or arguments.base:
        return _known_bugs(arguments, os.getcwd())
    request, strict = _request(arguments, os.getcwd())
    with without_collection():
        report = check(request)
    if arguments.diff:
        _show_diff(report, request.cwd)
        return _exit_code(report, strict=strict)
    if arguments.fix and any(item.fixable for item in report.found):
        report = _fix(report, request)
    _write(arguments, _rendered(arguments, report))
    return _exit_code(report, strict=strict)


def _parse(argv: Sequence[str]) -> Arguments:
    arguments = Arguments()
    left = list(argv)
    while left:
        argument = left.pop(0)
        flag, equals, value = argument.partition("=")
        if argument == "--":
            arguments.paths += left
            break
        if flag in _VALUED or flag == "--results":
            if not equals:
                if not left:
                    raise UserError(f"{flag} needs a value; see surefoot check --help")
                value = left.pop(0)
            if flag == "--results":
                arguments.results.append(value)
                continue
            setattr(arguments, _VALUED[flag], value)
        elif argument in _SWITCHES:
            setattr(arguments, _SWITCHES[argument], True)
        elif argument.startswith("-"):
            known = [*_VALUED, "--results", *_SWITCHES]
            raise UserError(
                f"{argument} is not an option of surefoot check{did_you_mean(flag, known)};"
                f" known: {', '.join(known)}"
            )
        else:
            arguments.paths.append(argument)
    if arguments.format not in _FORMATS:
        raise UserError(
            f'format "{arguments.format}" is not known (known: {", ".join(_FORMATS)})'
            + did_you_mean(arguments.format, _FORMATS)
        )
    if arguments.fix and arguments.diff:
        raise UserError("--fix and --diff contradict each other; give one of them")
    if arguments.results:
        arguments.results += arguments.paths
        arguments.paths = []
    if arguments.issue and not (arguments.results and arguments.issue.isdecimal()):
        raise UserError("--issue takes the number of an issue, and goes with --results")
    return arguments


def _known_bugs(arguments: Arguments, cwd: str) -> int:
    """Known bugs against runs and against a change."""
    from surefoot.cli.rundir import find_run
    from surefoot.config.resolve import resolve
    from surefoot.policy.infrastructure import infrastructure_rules
    from surefoot.policy.static import fixes
    from surefoot.policy.static.known_bugs import BugRequest, check_known_bugs

    request, strict = _request(arguments, cwd)
    report = check_known_bugs(
        BugRequest(
            cwd=cwd,
            journals=tuple(find_run(cwd, name) for name in arguments.results),
            base=arguments.base,
            issue=int(arguments.issue) if arguments.issue else None,
            paths=request.paths,
            severities=request.severities,
            exclude=request.exclude,
            tags=request.tags,
            infrastructure=infrastructure_rules(resolve([], os.environ, cwd).tables.infrastructure),
            cache=request.cache,
        )
    )
    for note in report.notes:
        sys.stderr.write(f"surefoot: {note}\n")
    if arguments.diff:
        _show_diff(report, cwd)
        return _exit_code(report, strict=strict)
    if arguments.fix:
        # A journal goes on saying what it says: what was mended is taken out instead.
        for change in fixes.plan(report.found, cwd):
            fixes.write(change)
            sys.stderr.write(f"surefoot: mended {change.fixed} findings in {change.shown}\n")
        report.found = [item for item in report.found if not item.fixable]
    _write(arguments, _rendered(arguments, report))
    return _exit_code(report, strict=strict)


def _about_rules(arguments: Arguments) -> str:
    from surefoot.policy.static.catalog import RULES, explain, find_rule

    if arguments.explain:
        return explain(find_rule(arguments.explain))
    return "".join(
        f"{rule.code}  {rule.severity:<8} {rule.name:<28} {rule.what}\n" for rule in RULES.values()
    )


def _request(arguments: Arguments, cwd: str) -> tuple[Request, bool]:
    from surefoot.config.resolve import resolve

    resolved = resolve([], os.environ, cwd)
    request = request_of(
        resolved,
        cwd,
        arguments.paths,
        select=_words(arguments.select),
        ignore=_words(arguments.ignore),
        cache=not arguments.no_cache,
    )
    return request, arguments.strict or resolved.tables.check.strict


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _fix(report: Report, request: Request) -> Report:
    """Mend, and check again: what is left is told as it now stands."""
    from surefoot.policy.static import fixes

    changes = fixes.plan(report.found, request.cwd)
    for change in changes:
        fixes.write(change)
    count = sum(change.fixed for change in changes)
    if changes:
        sys.stderr.write(f"surefoot: mended {count} findings in {len(changes)} files\n")
    return check(request) if changes else report


def _show_diff(report: Report, cwd: str) -> None:
    from surefoot.policy.static import fixes

    for change in fixes.plan(report.found, cwd):
        sys.stdout.write(change.diff())


def _rendered(arguments: Arguments, report: Report) -> str:
    if arguments.format == "sarif":
        from surefoot.report.sarif import as_sarif

        return as_sarif(report, __version__, os.getcwd())
    from surefoot.report import check_text

    if arguments.format == "json":
        return check_text.as_json(report, __version__)
    if arguments.format == "github":
        shown = [item for item in report.found if arguments.verbose or item.severity != "info"]
        return check_text.as_annotations(shown)
    from surefoot.report.style import make_style

    style = make_style(sys.stdout, {"NO_COLOR": "1"} if arguments.output else os.environ)
    return check_text.as_text(report, style, verbose=arguments.verbose, quiet=arguments.quiet)


def _write(arguments: Arguments, text: str) -> None:
    if not arguments.output:
        sys.stdout.write(text)
        return
    try:
        with open(arguments.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UserError(
            f"{arguments.output} cannot be written: {error.strerror}; name another file"
        ) from error


def _exit_code(report: Report, *, strict: bool) -> int:
    counted = ("error", "warning") if strict else ("error",)
    if any(item.severity in counted for item in report.found):
        return ExitCode.POLICY
    return ExitCode.PASSED
