"""What a run leaves for the CI that it ran in: annotations, a job summary, a folder to upload.

Annotations and summary only where the CI's own variables say that somebody reads them; the
folder only where `--artifacts` names it. None of it changes a result: what cannot be written is
said on standard error.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

from surefoot.cli.session import Session
from surefoot.report.annotations import MAX_SUMMARY, annotations, job_summary, load_failure
from surefoot.report.style import SafeWriter
from surefoot.report.view import RunView

SUMMARY = "GITHUB_STEP_SUMMARY"
_READERS = ("GITHUB_ACTIONS", "FORGEJO_ACTIONS", "GITEA_ACTIONS")


def reads_annotations(environ: Mapping[str, str]) -> bool:
    """Return True within a runner that turns `::error` lines into annotations."""
    return any(environ.get(name, "").lower() == "true" for name in _READERS)


def tell_ci(session: Session, view: RunView, stream: TextIO, environ: Mapping[str, str]) -> None:
    """Write annotations to `stream`, and the summary to the file that the runner names."""
    if session.settings.ci == "off":
        return
    if reads_annotations(environ):
        text = annotations(view)
        if text:
            writer = SafeWriter(stream)
            writer.write(text)
            writer.flush()
    _append_summary(environ, session, view)


def tell_load_failure(session: Session, message: str, environ: Mapping[str, str]) -> None:
    """Annotate that the suite could not be loaded."""
    if session.settings.ci != "off" and reads_annotations(environ):
        writer = SafeWriter(sys.stderr)
        writer.write(load_failure(message))
        writer.flush()


def _append_summary(environ: Mapping[str, str], session: Session, view: RunView) -> None:
    path = environ.get(SUMMARY, "")
    if not path:
        return
    try:
        # Other commands of the same step write to the same file, and share its bound.
        taken = os.path.getsize(path) if os.path.exists(path) else 0
        text = job_summary(view, session.repro, MAX_SUMMARY - taken)
        data = text.encode("utf-8", "replace")
        if taken + len(data) > MAX_SUMMARY:
            return
        with open(path, "ab") as file:
            file.write(data)
    except OSError as error:
        sys.stderr.write(f"surefoot: no job summary: {error.strerror or error} ({path})\n")


def collect(session: Session, view: RunView | None, journal: str) -> None:
    """Copy journal, output of all attempts, JUnit file and summary to the folder to upload."""
    target = session.settings.artifacts
    if not target:
        return
    try:
        os.makedirs(target, exist_ok=True)
        if os.path.exists(journal):
            name = "journal.jsonl.gz" if journal.endswith(".gz") else "journal.jsonl"
            _replace(journal, os.path.join(target, name))
            # Of a run before this one, in a folder that is used again.
            other = "journal.jsonl" if name.endswith(".gz") else "journal.jsonl.gz"
            _remove(os.path.join(target, other))
        output = os.path.join(target, "output")
        shutil.rmtree(output, ignore_errors=True)
        if os.path.isdir(os.path.join(session.run_dir, "output")):
            shutil.copytree(os.path.join(session.run_dir, "output"), output)
        junit = session.settings.junit_xml
        if junit and os.path.exists(junit):
            _replace(junit, os.path.join(target, "junit.xml"))
        if view is not None:
            with open(os.path.join(target, "summary.md"), "wb") as file:
                file.write(job_summary(view, session.repro).encode("utf-8", "replace"))
    except OSError as error:
        sys.stderr.write(
            f"surefoot: not everything could be put into {target}: {error.strerror or error}\n"
        )


def _replace(source: str, target: str) -> None:
    if not (os.path.exists(target) and os.path.samefile(source, target)):
        shutil.copyfile(source, target)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
