"""A run inside behave's own command (`behave --runner=surefoot:Runner`)."""

import os
import sys
from collections.abc import Mapping, Sequence

import msgspec

from surefoot.cli.run import show_end, write_reports
from surefoot.cli.session import Session
from surefoot.config.resolve import resolve
from surefoot.engine.loading import LoadRefusedError
from surefoot.errors import UserError
from surefoot.report.view import RunView


def run_under_behave(
    jobs: int, overrides: Mapping[str, str], cwd: str, argv: Sequence[str]
) -> tuple[bool, list[tuple[str, str]]]:
    """Run with behave's configuration; return whether it failed, and the undefined steps.

    Raises UserError when an option is wrong or the suite cannot be loaded.
    """
    given = {"surefoot.jobs": str(jobs)} if jobs > 1 else {}
    resolved = resolve([], os.environ, cwd, {**given, **overrides})
    settings = resolved.settings
    if resolved.origins["jobs"].kind == "default":
        # behave's own default: a user who does not say --jobs has asked for one worker.
        settings = msgspec.structs.replace(settings, jobs=1)
    resolved = msgspec.structs.replace(resolved, settings=settings, behave_args=tuple(argv[1:]))
    session = Session(resolved, list(argv), own_display=False, inherited_config=True)
    try:
        try:
            loaded = session.load()
        except LoadRefusedError as refused:
            raise UserError(str(refused)) from refused
        view = RunView(slowest=resolved.settings.slowest)
        sys.stdout.flush()
        results, ended, journal = session.run(loaded, [view])
        failed, exit_code = session.verdict(results, ended)
        session.finish(results, ended, failed, exit_code, ended.workers)
        kept = session.settle_trees(keep=failed) + session.settle_scratch()
        reports = write_reports(session, journal, loaded.facts, kept)
        ended.snippets = ""
        show_end(session, view, ended, reports, quiet_terminal=True)
        journal.close(compress=resolved.settings.journal is None)
        return failed, results.undefined_steps()
    finally:
        session.close()
