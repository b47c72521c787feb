"""`surefoot run`: runs a suite and reports it."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from surefoot.cli.ci import collect, tell_ci, tell_load_failure
from surefoot.cli.session import Session
from surefoot.config.helptext import run_help, wants_help
from surefoot.config.resolve import resolve
from surefoot.engine.loading import LoadRefusedError
from surefoot.engine.terms import Ended
from surefoot.errors import NothingRanError, UserError
from surefoot.events.journal import JournalWriter
from surefoot.exitcodes import ExitCode
from surefoot.report.choose import choose_display
from surefoot.report.view import RunView


def main(argv: Sequence[str]) -> int:
    """Run a suite; return the exit code."""
    if wants_help(argv):
        sys.stdout.write(run_help())
        return ExitCode.PASSED
    if "--help-all" in argv:
        sys.stdout.write(run_help(every=True))
        return ExitCode.PASSED
    resolved = resolve(argv, os.environ, os.getcwd())
    session = Session(resolved, ["surefoot", "run", *argv])
    try:
        return _run(session)
    finally:
        session.close()


def _run(session: Session) -> int:
    settings = session.settings
    display = choose_display(
        settings.progress,
        sys.stdout,
        os.environ,
        quiet=settings.quiet,
        verbose=settings.verbose,
    )
    try:
        try:
            loaded = session.load(getattr(display, "loading", None))
            session.check_selection(loaded.features)
        except LoadRefusedError as refused:
            display.close()
            return _refuse(session, refused)
        except (UserError, NothingRanError):
            display.close()
            raise
        facts = loaded.facts
        if facts.terminal_formatter:
            display.close()
            display = choose_display("off", sys.stderr, os.environ)
        view = RunView(slowest=settings.slowest)
        results, ended, journal = session.run(loaded, [view, display])
    finally:
        display.close()
    failed, exit_code = session.verdict(results, ended)
    session.finish(results, ended, failed, exit_code, ended.workers)
    kept = session.settle_trees(keep=failed) + session.settle_scratch()
    reports = write_reports(session, journal, facts, kept)
    quiet_terminal = bool(facts.terminal_formatter)
    show_end(session, view, ended, reports, quiet_terminal=quiet_terminal)
    tell_ci(session, view, sys.stderr if quiet_terminal else sys.stdout, os.environ)
    compress = settings.journal is None or settings.journal.endswith(".gz")
    collect(session, view, journal.close(compress=compress))
    return int(exit_code)


def _refuse(session: Session, refused: LoadRefusedError) -> int:
    message = str(refused)
    if refused.answered:
        sys.stdout.write(message)
    elif message:
        sys.stderr.write(f"surefoot: {message}\n")
        collect(session, None, session.note_load_failure(refused))
        tell_load_failure(session, message, os.environ)
    if refused.exit_code == ExitCode.NOTHING_RAN and session.settings.allow_empty:
        return ExitCode.PASSED
    return int(refused.exit_code)


def write_reports(
    session: Session, journal: JournalWriter, facts: Any, kept: list[str]
) -> list[str]:
    """Write the merged JUnit file; return a line for each report that there is."""
    settings = session.settings
    lines = [f"formatter {item}" for item in facts.formats if not item.endswith("standard output")]
    lines += [f"formatter {item} (in the workers)" for item in facts.live_formatters]
    if facts.junit_directory:
        lines.append(f"behave's JUnit files -> {facts.junit_directory}")
    if settings.junit_xml:
        from surefoot.report.junit import write_junit

        try:
            write_junit(journal.events(), settings.junit_xml, read_output(session.run_dir))
            lines.append(f"JUnit file -> {settings.junit_xml}")
        except OSError as error:
            sys.stderr.write(
                f"surefoot: the JUnit file {settings.junit_xml} cannot be written:"
                f" {error.strerror or error}; rebuild it with `surefoot report {session.run_id}"
                " --junit-xml PATH`\n"
            )
    lines += [f"what failing scenarios may have written -> {path}" for path in kept]
    inside = session.run_dir.startswith(session.cwd + os.sep)
    where = os.path.relpath(session.run_dir, session.cwd) if inside else session.run_dir
    name = settings.journal or (session.run_id if inside else session.run_dir)
    lines.append(f"journal and output -> {where} (surefoot report {name})")
    if settings.artifacts:
        lines.append(f"all of it, for upload -> {settings.artifacts}")
    return lines


def read_output(run_dir: str) -> Callable[[str], bytes]:
    """Return a reader of attempts' output files, which are named relative to the run directory."""

    def read(name: str) -> bytes:
        try:
            with open(os.path.join(run_dir, name), "rb") as file:
                return file.read()
        except OSError:
            return b""

    return read


def show_end(
    session: Session, view: RunView, ended: Ended, reports: list[str], *, quiet_terminal: bool
) -> None:
    """Print the summary: on standard output, or beside a formatter that has it, the little that
    behave cannot say, on standard error."""
    from surefoot.report.style import SafeWriter, make_style
    from surefoot.report.summary import render_beside, render_summary

    settings = session.settings
    stream = sys.stderr if quiet_terminal else sys.stdout
    style = make_style(stream, os.environ)
    width = _width(stream)
    for problem in ended.replay_problems:
        sys.stderr.write(f"surefoot: {problem}\n")
    if quiet_terminal:
        text = render_beside(view, style=style, width=width)
    else:
        text = render_summary(
            view,
            slowest=settings.slowest,
            verbose=settings.verbose,
            quiet=settings.quiet,
            style=style,
            width=width,
            read_output=read_output(session.run_dir),
            repro=session.repro,
            hook_output=ended.hook_output,
            reports=reports,
            output_dir=os.path.relpath(session.run_dir, session.cwd),
        )
    writer = SafeWriter(stream)
    writer.write(text)
    writer.flush()
    if ended.snippets:
        errors = SafeWriter(sys.stderr)
        errors.write(ended.snippets)
        errors.flush()


def _width(stream: Any) -> int:
    try:
        return max(40, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 80
