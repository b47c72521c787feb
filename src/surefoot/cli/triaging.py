"""One triage from its options to its exit code: logs, analysis, duplicate check, report, filing."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping

import msgspec

from surefoot.cli.triage import command_of, moment_of, recompute
from surefoot.config.sources import settings_file
from surefoot.config.tables import read_tables
from surefoot.errors import UserError
from surefoot.exitcodes import ExitCode
from surefoot.policy.declared import tag_rules
from surefoot.report.style import SafeWriter, harmless, make_style
from surefoot.triage import report_json, report_markdown, report_text
from surefoot.triage.cleaning import Cleaner
from surefoot.triage.filing.mirror import read_issues
from surefoot.triage.filing.plan import Plan, check_all, plan_filing
from surefoot.triage.filing.secrets import Redactor, secrets_of
from surefoot.triage.filing.send import Sent, send
from surefoot.triage.fingerprints import Seed
from surefoot.triage.forges.choose import choose
from surefoot.triage.forges.forge import Forge
from surefoot.triage.forges.http import ForgeError
from surefoot.triage.model import Analysis, Cluster, Log, LogKind
from surefoot.triage.opening import opened
from surefoot.triage.pipeline import analyse, seeds_of
from surefoot.triage.report import Facts, Report, Section, build
from surefoot.triage.rules import load_rules
from surefoot.triage.sources.cache import Cache, default_directory
from surefoot.triage.sources.files import read_paths
from surefoot.triage.sources.forge import Fetch

SINCE = "14d"
_AROUND = 5
"""Lines shown before and after the one that `--show LOG:LINE` asks for."""


class Gathered(msgspec.Struct):
    """Logs and what is known of where they came from."""

    logs: list[Log]
    source: str
    notes: list[str]
    steps: dict[str, int]
    beyond: list[Log] = []
    """Passing logs from before the window."""


class Triage:
    """One run of the command."""

    def __init__(
        self,
        options: argparse.Namespace,
        environ: Mapping[str, str],
        *,
        say: Callable[[str], None],
        now: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.options = options
        self.environ = environ
        self.say = say
        self.sleep = sleep
        self.since = moment_of(options.since or SINCE, now) if options.forge else None
        self.until = moment_of(options.until, now) if options.until else now
        self.redact = Redactor(secrets_of(environ))
        self.command = recompute(command_of(options, self.since, self.until))

    def run(self) -> int:
        """Triage; return the exit code. Raises UserError and ForgeError."""
        directory = self.options.cache or default_directory(os.getcwd(), self.environ)
        cache = Cache(directory)
        forge: Forge | None = None
        try:
            tables = read_tables(*settings_file(os.getcwd()))
            names = tag_rules(tables, os.getcwd())
            rules = load_rules([*self.options.rules, *tables.triage.rules], names)
            if self.options.forge:
                forge = choose(
                    self.options.forge,
                    self.options.url,
                    self.options.repo,
                    self.environ,
                    sleep=self.sleep,
                )
            gathered = self._gather(forge, cache)
            if not gathered.logs:
                return self._nothing(gathered)
            self.say(f"reading {len(gathered.logs)} logs")
            seeds_key = f"seeds 1 {forge.web if forge is not None else ''}"
            seeds = (cache.get(seeds_key, tuple[Seed, ...]) or ()) if forge is not None else ()
            analysis = analyse(
                gathered.logs,
                rules=rules,
                seeds=seeds,
                beyond=gathered.beyond,
                filter_text=gathered.source,
            )
            if forge is not None:
                known = {seed.fingerprint: seed for seed in (*seeds_of(analysis), *seeds)}
                cache.put(seeds_key, list(known.values())[:2000])
            self.say("")
            return self._report(analysis, gathered, forge, cache)
        finally:
            self.say("")
            if forge is not None:
                forge.http.close()
            cache.close()

    # -- logs

    def _gather(self, forge: Forge | None, cache: Cache) -> Gathered:
        if self.options.paths:
            found = read_paths(self.options.paths, cache, sys.stdin.buffer)
            return Gathered(found.logs, "the named files", found.notes, {})
        assert forge is not None
        fetched = Fetch(forge, cache, self.say).fetch(
            self.since, self.options.limit, self.options.branch
        )
        until = self.until
        logs = [log for log in fetched.logs if log.started is None or log.started <= until]
        server = fetched.server
        source = f"{server.kind} {server.version}".strip() + f" {forge.web}"
        if self.options.branch:
            source += f", branch {self.options.branch}"
        if len(fetched.runs) >= self.options.limit:
            source += f", the latest {self.options.limit} runs"
        notes = [*fetched.notes, *server.missing]
        return Gathered(logs, source, notes, fetched.steps, fetched.beyond)

    def _nothing(self, gathered: Gathered) -> int:
        notes = "; ".join(gathered.notes[:5])
        sys.stderr.write(
            f"surefoot: no log could be had from {gathered.source}"
            f"{': ' + notes if notes else ''}; nothing was judged and nothing is filed."
            " Check the paths, or --since, --branch and the token\n"
        )
        return ExitCode.ENVIRONMENT

    # -- report

    def _report(
        self, analysis: Analysis, gathered: Gathered, forge: Forge | None, cache: Cache
    ) -> int:
        if self.options.show and ":" in self.options.show:
            shown = self._show_line(analysis, self.options.show)
            if shown:
                return self._write(shown)
        facts = Facts(
            source=gathered.source,
            recompute=self.command,
            redact=self.redact,
            steps=gathered.steps,
            notes=tuple(gathered.notes),
            no_check="No tracker was named: --forge, --url and --repo name one.",
        )
        trouble: ForgeError | None = None
        if forge is not None:
            try:
                self.say("reading the issues")
                checks = check_all(analysis, read_issues(forge, cache))
                facts = msgspec.structs.replace(facts, checks=checks)
            except ForgeError as error:
                trouble = error
                why = f"The issues could not be read, so nothing may be filed ({error})."
                facts = msgspec.structs.replace(facts, no_check=self.redact(why))
            self.say("")
        self._write(self._render(analysis, facts))
        if self.options.show:
            return ExitCode.PASSED
        unreadable = all(
            one.log.kind is not LogKind.STATUS and not one.parsed.lines and not one.parsed.counts
            for one in analysis.logs
        )
        if analysis.own_environment is not None or unreadable:
            why = "none of the logs can be read"
            if analysis.own_environment is not None:
                why = f"our own environment is broken: {analysis.own_environment.why}"
            sys.stderr.write(f"surefoot: {harmless(self.redact(why))}; nothing is filed\n")
            return ExitCode.ENVIRONMENT
        if forge is None:
            return ExitCode.PASSED
        if trouble is not None:
            raise trouble
        plan = plan_filing(
            analysis,
            facts,
            facts.checks,
            labels=tuple(self.options.label),
            ceiling=self.options.max_new,
            allow_similar=self.options.allow_similar,
        )
        return self._file(plan, forge, cache)

    def _render(self, analysis: Analysis, facts: Facts) -> str:
        show = self.options.show
        if self.options.format == "json":
            return report_json.render(analysis, facts)
        only = _cluster(analysis, show)
        report = build(analysis, facts, only)
        if show in {"rates", "durations"}:
            report = _part(report, show)
        elif show and only is None:
            raise UserError(
                f"--show {show}: there is no such part; give rates, durations, LOG:LINE, or a"
                f" fingerprint (here: {', '.join(c.fingerprint for c in analysis.clusters[:5])})"
            )
        if self.options.format == "markdown":
            return report_markdown.render(report)
        return report_text.render(report, make_style(sys.stdout, self.environ), _width())

    def _show_line(self, analysis: Analysis, place: str) -> str:
        name, _, number = place.rpartition(":")
        log = next((one.log for one in analysis.logs if one.log.name == name), None)
        if log is None or not number.isdigit():
            return ""
        wanted = int(number)
        shown = []
        with opened(log) as stream:
            for line in Cleaner().read(stream):
                if line.number > wanted + _AROUND:
                    break
                if line.number >= wanted - _AROUND:
                    mark = ">" if line.number == wanted else " "
                    shown.append(f"{mark} {line.number:>7}  {harmless(self.redact(line.text))}")
        return "\n".join([f"{name} ({log.source})", *shown]) + "\n"

    def _write(self, text: str) -> int:
        if self.options.output:
            try:
                with open(self.options.output, "w", encoding="utf-8") as file:
                    file.write(text)
            except OSError as error:
                raise UserError(
                    f"the report {self.options.output} cannot be written:"
                    f" {error.strerror or error}; name another with --output"
                ) from error
        else:
            writer = SafeWriter(sys.stdout)
            writer.write(text)
            writer.flush()
        return ExitCode.PASSED

    # -- filing

    def _file(self, plan: Plan, forge: Forge, cache: Cache) -> int:
        # A report in JSON on standard output stays one JSON value.
        pure = self.options.format == "json" and not self.options.output
        writer = SafeWriter(sys.stderr if pure else sys.stdout)
        if plan.refused:
            writer.flush()
            sys.stderr.write(f"surefoot: nothing is filed: {harmless(plan.refused)}\n")
            return ExitCode.POLICY if self.options.file else ExitCode.PASSED
        if not self.options.file:
            writer.write(dry_run(plan, forge))
        else:
            for sent in send(plan, forge, cache, sleep=self.sleep):
                writer.write(f"{said(sent)}\n")
            writer.write("".join(f"not filed: {line}\n" for line in held_lines(plan)))
        for note in forge.notes[-5:] if self.options.file else ():
            writer.write(f"note: {harmless(self.redact(note))}\n")
        writer.flush()
        return ExitCode.PASSED


def dry_run(plan: Plan, forge: Forge) -> str:
    """Return exactly what filing would send, and why the rest would not be sent."""
    lines = ["", "Dry run: nothing was written. With --file this would be sent:"]
    for update in plan.updates:
        lines += ["", f"Update of issue #{update.issue.number} of {forge.web} ({update.why}):"]
        lines += ["", update.body]
    if plan.create is not None:
        lines += ["", f"A new issue in {forge.web}:", "", f"Title: {plan.create.title}"]
        if plan.create.labels:
            lines.append(f"Labels: {', '.join(plan.create.labels)}")
        lines += ["", plan.create.body]
    if plan.create is None and not plan.updates:
        lines += ["", "Nothing."]
    lines += ["", *(f"Not sent: {line}" for line in held_lines(plan))]
    return harmless("\n".join(lines)) + "\n"


def held_lines(plan: Plan) -> list[str]:
    """Return a line for each cause that is not filed."""
    lines = [f"{held.title} ({held.fingerprint}): {held.why}" for held in plan.held]
    if plan.waiting:
        noun = "cause is" if plan.waiting == 1 else "causes are"
        lines.append(
            f"{plan.waiting} more {noun} new: one issue a run, the next run files the next"
        )
    return [harmless(line) for line in lines]


def said(sent: Sent) -> str:
    """Return what was done, in words."""
    why = f": {sent.why}" if sent.why else ""
    words = {
        "created": "created issue",
        "updated": "updated the digest of issue",
        "closed": "created and closed issue",
        "left": "left issue",
    }
    return harmless(f"{words[sent.action]} #{sent.number} {sent.url}{why}")


def _cluster(analysis: Analysis, show: str) -> Cluster | None:
    for cluster in analysis.clusters:
        if show in {cluster.fingerprint, *cluster.aliases}:
            return cluster
    return None


def _part(report: Report, show: str) -> Report:
    """Return only the section that holds a part: both parts are evidence."""
    wanted = {"rates": ("Summary", "Evidence"), "durations": ("Evidence",)}[show]
    sections: tuple[Section, ...] = tuple(
        section for section in report.sections if section.title in wanted
    )
    return msgspec.structs.replace(report, sections=sections)


def _width() -> int:
    try:
        return max(60, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 120
