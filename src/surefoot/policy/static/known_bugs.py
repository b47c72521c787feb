"""`check --results` and `check --base`: known bugs against runs, and against a change.

Reads journals, feature files and git; runs and imports nothing of the suite.
"""

import fnmatch
import os
from collections.abc import Sequence

import msgspec

from surefoot.errors import UserError
from surefoot.events.journal import JournalReader
from surefoot.model.findings import Finding
from surefoot.policy.changes import change_findings, changes, closed_issues
from surefoot.policy.infrastructure import InfrastructureRules
from surefoot.policy.names import TagRules
from surefoot.policy.recorded import RecordedRun, read_run
from surefoot.policy.results import result_findings
from surefoot.policy.revision import read_revision
from surefoot.policy.static import layout
from surefoot.policy.static.check import CACHE, Found, Report
from surefoot.policy.static.facts import Ignore
from surefoot.policy.static.file_rules import Suppression
from surefoot.policy.static.gherkin import scan_feature
from surefoot.policy.static.rule import Severity
from surefoot.policy.static.scanning import Scanner
from surefoot.policy.static.tag_rules import tagged_feature
from surefoot.policy.tags import TaggedFeature


class BugRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at: journals, a commit, or both."""

    cwd: str
    journals: tuple[str, ...] = ()
    base: str = ""
    issue: int | None = None
    """The number for what has no link yet."""
    paths: tuple[str, ...] = ()
    """Of the suite, for `base`; behave's own where empty."""
    severities: dict[str, Severity]
    exclude: tuple[str, ...] = ()
    tags: TagRules = TagRules()
    infrastructure: InfrastructureRules = InfrastructureRules()
    cache: bool = True


def check_known_bugs(request: BugRequest) -> Report:
    """Return what is found. Raises UserError for journals and commits that are none."""
    return _Check(request).run()


class _Check:
    """The state of one check."""

    def __init__(self, request: BugRequest) -> None:
        self.request = request
        self.settings = layout.behave_settings(request.cwd)
        self.scanner = Scanner(
            os.path.join(request.cwd, CACHE) if request.cache else None,
            language=self.settings.lang,
            guarded=frozenset(),
        )
        self.report = Report()
        self.ignores: dict[str, list[Ignore]] = {}

    def run(self) -> Report:
        findings: list[Finding] = []
        if self.request.journals:
            findings += self._results()
        if self.request.base:
            findings += self._change()
        for finding in sorted(findings, key=lambda item: (item.file, item.line, item.rule)):
            self._tell(finding)
        if self.request.cache:
            self.scanner.save()
        return self.report

    def _results(self) -> list[Finding]:
        request = self.request
        runs = [self._run(path) for path in request.journals]
        scenarios = {identity for run in runs for identity in run.scenarios}
        self.report.scenarios += len(scenarios)
        self.report.features += len({item.file for run in runs for item in run.scenarios.values()})
        return result_findings(runs, self._feature, request.tags, request.issue)

    def _run(self, path: str) -> RecordedRun:
        reader = JournalReader(path)
        try:
            run = read_run(reader.events(), self.request.infrastructure)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror or error}") from None
        if not run.run:
            raise UserError(f"{path} is not the journal of a run: it holds no beginning of one")
        if run.cut:
            self.report.notes.append(
                f"the journal of {run.run} was cut: what it does not show is left alone"
            )
        return run

    def _change(self) -> list[Finding]:
        request = self.request
        revision = read_revision(request.cwd, request.base)
        before, after = (
            [self._scanned(path, text) for path, text in sorted(side.items())]
            for side in (revision.before, revision.after)
        )
        found = changes(before, after, request.tags)
        self.report.changes = found
        suite = self._suite()
        self.report.features += len(suite)
        return change_findings(found, suite, request.tags, closed_issues(revision.messages))

    def _suite(self) -> list[TaggedFeature]:
        cwd = self.request.cwd
        paths = [
            os.path.abspath(os.path.join(cwd, path))
            for path in self.request.paths or self.settings.paths or ("features",)
        ]
        for path in paths:
            if self.request.paths and not os.path.exists(path):
                raise UserError(f"there is no such file or directory: {os.path.relpath(path, cwd)}")
        files = layout.feature_files(paths)
        return [found for path in files if (found := self._feature(os.path.relpath(path, cwd)))]

    def _scanned(self, path: str, text: str) -> TaggedFeature:
        return tagged_feature(path, scan_feature(text, self.settings.lang))

    def _feature(self, shown: str) -> TaggedFeature | None:
        """Return a feature file as it is now; None where it cannot be read."""
        path = os.path.join(self.request.cwd, shown)
        if not os.path.isfile(path):
            return None
        facts = self.scanner.feature(path)
        self.ignores[shown] = facts.ignores
        if facts.fault is not None or self.scanner.unreadable(path) is not None:
            self.report.notes.append(
                f"{shown} cannot be read, and has no edits; see surefoot check"
            )
            return None
        return tagged_feature(shown, facts)

    def _tell(self, finding: Finding) -> None:
        severity = self.request.severities[finding.rule]
        patterns: Sequence[str] = self.request.exclude
        if severity == "off" or any(fnmatch.fnmatch(finding.file, item) for item in patterns):
            return
        suppression = Suppression(self.ignores.get(finding.file, ()))
        if suppression.covers(finding.rule, finding.line):
            self.report.suppressed += 1
            return
        self.report.found.append(Found(finding, severity, line_edits=finding.edits))
