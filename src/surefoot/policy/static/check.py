"""One check from its paths to its findings: lays out suites, scans, asks the rules, filters.

Reads files only. What it may not do: run or import user code, print, decide an exit code.
"""

import datetime
import fnmatch
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from surefoot.errors import UserError
from surefoot.model.findings import Edit as LineEdit
from surefoot.model.findings import Finding
from surefoot.model.guards import GuardSpec
from surefoot.policy.changes import Change
from surefoot.policy.names import TagRules
from surefoot.policy.quarantine import QuarantineRules
from surefoot.policy.static import catalog, file_rules, guards, layout, tag_rules
from surefoot.policy.static.facts import Edit, FeatureFacts, Ignore, Import, ModuleFacts, Raw
from surefoot.policy.static.feature_rules import (
    StepCheck,
    junit_collisions,
    shape_findings,
    steps_of,
)
from surefoot.policy.static.importing import work_at_import
from surefoot.policy.static.loading import Loader, Registry
from surefoot.policy.static.rule import Severity
from surefoot.policy.static.scanning import Role, Scanner
from surefoot.policy.static.sharing import beside
from surefoot.policy.static.workers import fixed_workers

CACHE = os.path.join(".surefoot", "check")
_ENOUGH = 2000
"""Definitions from which a second process gains more than it costs."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to check. Paths are as the user gave them, relative to `cwd`."""

    cwd: str
    paths: tuple[str, ...] = ()
    severities: dict[str, Severity]
    exclude: tuple[str, ...] = ()
    guards: tuple[GuardSpec, ...] = ()
    tags: TagRules = TagRules()
    quarantine: QuarantineRules = QuarantineRules()
    today: datetime.date | None = None
    cache: bool = True
    processes: int = 2
    preload: tuple[str, ...] = ()
    """Modules that are imported before the workers are forked."""
    language: str = ""
    """Of features that name none; empty for what behave's settings say."""
    stage: str = ""


class Found(msgspec.Struct, frozen=True):
    """One finding as it is to be shown."""

    finding: Finding
    severity: Severity
    column: int = 0
    """From 1; 0 where there is none."""
    edits: tuple[Edit, ...] = ()
    line_edits: tuple[LineEdit, ...] = ()

    @property
    def fixable(self) -> bool:
        """Whether `--fix` can mend it."""
        return bool(self.edits or self.line_edits)


class Report(msgspec.Struct):
    """What a check came to."""

    found: list[Found] = []
    notes: list[str] = []
    """What could not be told, and why."""
    features: int = 0
    scenarios: int = 0
    modules: int = 0
    suppressed: int = 0
    changes: list[Change] = []
    """What a change does to known bugs, where that was asked."""


def check(request: Request) -> Report:
    """Check the paths. Raises UserError for a path that is not there."""
    return _Check(request).run()


class _Check:
    """The state of one check."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.cwd = request.cwd
        self.settings = layout.behave_settings(self.cwd)
        if request.stage:
            self.settings = msgspec.structs.replace(self.settings, stage=request.stage)
        self.report = Report()
        self.scanner = Scanner(
            os.path.join(self.cwd, CACHE) if request.cache else None,
            language=request.language or self.settings.lang,
            guarded=frozenset(field for guard in request.guards for field in guard.fields),
            processes=request.processes,
            few=0 < len(request.paths) < 50
            and not any(os.path.isdir(os.path.join(self.cwd, path)) for path in request.paths),
        )
        self.raws: dict[str, list[Raw]] = {}
        self.ignores: dict[str, list[Ignore]] = {}
        self.tag_findings: list[Finding] = []
        self.explicit: set[str] = set()
        """Python files that the user named, or that stand below a directory that they named."""

    def run(self) -> Report:
        paths = [os.path.abspath(os.path.join(self.cwd, path)) for path in self._paths()]
        for path in paths:
            if not os.path.exists(path):
                hint = "" if self.request.paths else "; name the folder of your features"
                raise UserError(f"there is no such file or directory: {self._shown(path)}{hint}")
        suites, loose = self._suites(paths)
        for base, inside in suites.items():
            self._check_suite(base, inside)
        self._check_loose(loose)
        if not self.report.features and not self.report.modules:
            raise UserError(
                f"there is nothing to check in {', '.join(map(self._shown, paths))}: no feature"
                " and no Python file; name the folder of your features"
            )
        if not self.request.paths and self._on("SF404"):
            from surefoot.isolation.quota import cpu_quota

            for path, raw in fixed_workers(self.cwd, cpu_quota().cpus):
                self._add(path, raw)
        if self.request.cache:
            self.scanner.save()
        self.report.found = sorted(self._chosen(), key=_place)
        return self.report

    def _paths(self) -> tuple[str, ...]:
        if self.request.paths:
            # FILE:LINE is what `surefoot run` takes; the check is of the whole file.
            return tuple(
                path if os.path.exists(os.path.join(self.cwd, path)) else _without_line(path)
                for path in self.request.paths
            )
        return self.settings.paths or ("features",)

    def _suites(self, paths: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
        """Return the paths by the base directory of their suite, and Python without a suite."""
        suites: dict[str, list[str]] = {}
        loose: list[str] = []
        for path in paths:
            base = layout.find_base(path, self.settings)
            if os.path.isdir(path) and (base is None or not _holds_feature(path)):
                loose.append(path)
            elif base is None and path.endswith(".feature"):
                suites.setdefault(os.path.dirname(path), []).append(path)
            elif base is None:
                loose.append(path)
            else:
                suites.setdefault(base, []).append(path)
        return suites, loose

    # -- a suite

    def _check_suite(self, base: str, paths: list[str]) -> None:
        # A run of the whole directory is what a changed step module has to fit.
        named_only = not any(os.path.isdir(path) for path in paths)
        # Unused definitions need all features, which takes longer than a hook may.
        wide = not named_only or self.request.severities["SF111"] in ("error", "warning")
        suite = layout.suite_files(
            base, self.settings, [base] if wide and named_only else paths, whole=wide
        )
        chosen = None if not named_only else frozenset(paths)
        roles = self._roles(suite, chosen)
        self.scanner.scan_all(list(roles.items()), suite.features)
        modules: dict[str, ModuleFacts] = {}

        def facts_of(path: str) -> ModuleFacts | None:
            if path not in modules:
                modules[path] = self.scanner.module(path, roles.get(path, Role()))
            return modules[path]

        importer = layout.Importer(suite, self.cwd)
        loader = Loader(Registry(chosen, self._shown), facts_of, importer)
        registry = loader.load(suite.environment, suite.step_modules)
        if chosen is None:
            for name in self.request.preload:
                loader.also(os.path.join(base, "preload"), Import(name, []))
        for name in sorted(importer.unknown):
            registry.doubt(base, 0, ("step",), f"the module {name} is not found")
        for path in roles:
            facts_of(path)
        self._note_public_fields(modules, roles, chosen)
        features = {path: self.scanner.feature(path) for path in suite.features}
        self._take_modules(modules, chosen)
        if chosen is None or any(path.endswith(".py") for path in chosen):
            for file, raw in work_at_import(modules, importer, self._shown):
                self._add(file, raw, chosen)
        for file, raw in guards.unguarded(
            guards.guards_of(
                self.request.guards, [item for facts in modules.values() for item in facts.guarded]
            ),
            modules,
        ):
            self._add(file, raw, chosen)

        def take_features() -> None:
            self._take_features(suite, features, StepCheck(registry), modules, chosen, wide)

        for file, raw in self._faults(registry, meanwhile=take_features):
            self._add(file, raw, chosen)
        if features:
            self.report.notes += dict.fromkeys(self._doubts(registry))

    def _faults(
        self, registry: Registry, meanwhile: Callable[[], None]
    ) -> Iterable[tuple[str, Raw]]:
        """Return what is wrong with definitions; do the rest beside it where it is much."""
        if self.request.processes < 2 or registry.size < _ENOUGH:
            meanwhile()
            return registry.faults()
        found, _ = beside(lambda: msgspec.msgpack.encode(list(registry.faults())), meanwhile)
        if found is None:
            return registry.faults()
        return msgspec.msgpack.decode(found, type=list[tuple[str, Raw]])

    def _doubts(self, registry: Registry) -> Iterator[str]:
        """Yield why steps may be defined although no definition is seen, once a file and reason."""
        told: dict[tuple[str, str], list[int]] = {}
        for doubt in registry.doubts:
            told.setdefault((doubt.file, doubt.what), []).append(doubt.line)
        for (file, what), lines in told.items():
            more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
            place = f"{self._shown(file)}:{lines[0]}" if lines[0] else self._shown(file)
            yield f"cannot tell whether all steps are defined: {what} ({place}{more})"
        if registry.unsure:
            yield (
                f"cannot tell whether {len(registry.unsure)} steps are defined: the sources do not"
                " tell what the types of their definitions match"
            )

    def _roles(self, suite: layout.SuiteFiles, chosen: frozenset[str] | None) -> dict[str, Role]:
        roles = {path: Role(step_module=True, in_tests=True) for path in suite.step_modules}
        if suite.environment is not None:
            roles[suite.environment] = Role(environment=True, in_tests=True)
        for path in suite.others:
            if chosen is None or path in chosen:
                # Each stage has an environment file of its own.
                hooks = path.endswith("environment.py")
                roles[path] = Role(environment=hooks, in_tests=True)
        for path in chosen or ():
            if path.endswith(".py"):
                roles.setdefault(path, Role())
                self.explicit.add(path)
        return roles

    def _note_public_fields(
        self,
        modules: dict[str, ModuleFacts],
        roles: Mapping[str, Role],
        chosen: frozenset[str] | None,
    ) -> None:
        """Look again where public fields are used that classes turned out to guard.

        Uses of private fields, and of declared ones, were noted at once.
        """
        public = frozenset(
            field
            for facts in modules.values()
            for item in facts.guarded
            for field in item.fields
            if not field.startswith("_")
        )
        if public:
            asked = [(path, role) for path, role in roles.items() if not chosen or path in chosen]
            modules |= self.scanner.widened(asked, public)

    def _take_modules(
        self, modules: Mapping[str, ModuleFacts], chosen: frozenset[str] | None
    ) -> None:
        for path, facts in modules.items():
            if chosen is not None and path not in chosen:
                continue
            if chosen is None and not self._in_project(path):
                continue
            self.report.modules += 1
            self._take_module(path, facts)

    def _take_module(self, path: str, facts: ModuleFacts) -> None:
        self.ignores[path] = facts.ignores
        unreadable = self.scanner.unreadable(path)
        if unreadable is not None:
            self._add(path, unreadable)
            return
        for raw in (*file_rules.fault_finding(facts), *facts.found):
            self._add(path, raw)

    def _take_features(
        self,
        suite: layout.SuiteFiles,
        features: Mapping[str, FeatureFacts],
        steps: StepCheck,
        modules: Mapping[str, ModuleFacts],
        chosen: frozenset[str] | None,
        wide: bool,
    ) -> None:
        shown: dict[str, FeatureFacts] = {}
        for path, facts in features.items():
            if chosen is not None and path not in chosen:
                for step in steps_of(facts):
                    steps.use(step)
                continue
            shown[self._shown(path)] = facts
            self.report.features += 1
            self.report.scenarios += len(facts.scenarios)
            self.ignores[path] = facts.ignores
            unreadable = self.scanner.unreadable(path)
            if unreadable is not None:
                self._add(path, unreadable)
                continue
            for raw in (
                *file_rules.fault_finding(facts),
                *shape_findings(facts),
                *steps.undefined(facts),
            ):
                self._add(path, raw)
        relative = {path: os.path.relpath(path, suite.base) for path in features}
        for path, raw in junit_collisions(relative).items():
            self._add(path, raw, chosen)
        self.tag_findings += tag_rules.tags_of(
            shown,
            self.request.tags,
            self.request.quarantine,
            self.request.today or datetime.date.min,
        )
        if wide:
            self._take_unused(steps, modules, chosen)

    def _take_unused(
        self,
        steps: StepCheck,
        modules: Mapping[str, ModuleFacts],
        chosen: frozenset[str] | None,
    ) -> None:
        if not self._on("SF111") or any(facts.computed_steps for facts in modules.values()):
            return
        for facts in modules.values():
            for step in facts.used_steps:
                steps.use(step)
        for placed in steps.unused():
            raw = Raw(
                "SF111",
                placed.definition.line,
                f"no step has the definition {placed.definition.pattern!r}",
                "remove it",
            )
            if self._in_project(placed.file):
                self._add(placed.file, raw, chosen)

    # -- Python outside of a suite

    def _check_loose(self, paths: Iterable[str]) -> None:
        files: list[str] = []
        for path in paths:
            if os.path.isdir(path):
                for folder, names in layout.walk(path):
                    files += [os.path.join(folder, name) for name in names if name.endswith(".py")]
            elif path.endswith(".py"):
                files.append(path)
            else:
                raise UserError(
                    f"{self._shown(path)} is neither a directory, nor a feature file, nor Python"
                )
        self.explicit.update(files)
        self.scanner.scan_all([(path, Role()) for path in files])
        for path in files:
            self.report.modules += 1
            self._take_module(path, self.scanner.module(path, Role()))

    # -- what is shown

    def _on(self, code: str) -> bool:
        return self.request.severities[code] != "off"

    def _add(self, path: str, raw: Raw, chosen: frozenset[str] | None = None) -> None:
        if chosen is None or path in chosen:
            self.raws.setdefault(path, []).append(raw)

    def _chosen(self) -> Iterator[Found]:
        """Yield what is neither turned off, nor excluded, nor suppressed."""
        severities = self.request.severities
        active = {code for code, severity in severities.items() if severity != "off"}
        by_file: dict[str, list[Found]] = {}
        for path, raws in self.raws.items():
            for raw in raws:
                if raw.code in active and not self._is_foreign(path, raw.code):
                    by_file.setdefault(path, []).append(self._found(path, raw))
        for finding in self.tag_findings:
            if finding.rule in active:
                path = os.path.join(self.cwd, finding.file)
                by_file.setdefault(path, []).append(
                    Found(finding, severities[finding.rule], line_edits=finding.edits)
                )
        for path in {*by_file, *(path for path, found in self.ignores.items() if found)}:
            shown = self._shown(path)
            if any(fnmatch.fnmatch(shown, pattern) for pattern in self.request.exclude):
                continue
            suppression = file_rules.Suppression(self.ignores.get(path, ()))
            told: set[tuple[object, ...]] = set()
            for found in by_file.get(path, ()):
                if suppression.covers(found.finding.rule, found.finding.line):
                    self.report.suppressed += 1
                elif (*found.finding.key, found.column) not in told:
                    told.add((*found.finding.key, found.column))
                    yield found
            for raw in suppression.faults(catalog.RULES, active):
                if raw.code in active:
                    yield self._found(path, raw)

    def _is_foreign(self, path: str, code: str) -> bool:
        """Whether a rule of style looks at application code that nobody asked about."""
        return (
            code.startswith("SF6")
            and path not in self.explicit
            and layout.find_base(path, self.settings) is None
        )

    def _found(self, path: str, raw: Raw) -> Found:
        finding = Finding(
            raw.code,
            raw.message,
            self._shown(path),
            raw.line,
            raw.remedy,
            tuple(raw.evidence),
            subject=raw.subject,
        )
        return Found(finding, self.request.severities[raw.code], raw.column, tuple(raw.edits))

    def _in_project(self, path: str) -> bool:
        return path.startswith(self.cwd + os.sep) and "site-packages" not in path

    def _shown(self, path: str) -> str:
        relative = os.path.relpath(path, self.cwd)
        return path if relative.startswith(os.pardir) else relative


def _holds_feature(folder: str) -> bool:
    return any(name.endswith(".feature") for _, files in layout.walk(folder) for name in files)


def _without_line(path: str) -> str:
    head, colon, tail = path.rpartition(":")
    return head if colon and tail.isdigit() else path


def _place(found: Found) -> tuple[str, int, int, str]:
    finding = found.finding
    return finding.file, finding.line, found.column, finding.rule
