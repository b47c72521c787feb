"""One run from its options to its exit code: load, plan, run, report."""

import contextlib
import gc
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from surefoot import __version__
from surefoot.cli import early, interrupt, rundir
from surefoot.cli.trees import PrivateTrees
from surefoot.config.resolved import Resolved
from surefoot.config.settings import Settings
from surefoot.engine.coordinator import Coordinator
from surefoot.engine.deadlines import Timeouts
from surefoot.engine.loading import (
    BLOCKED_IMPORT,
    BlockedPreloadError,
    LoadRefusedError,
    Site,
    await_load,
    end_site,
    start_load,
)
from surefoot.engine.results import Results
from surefoot.engine.terms import Ended, Plan
from surefoot.errors import NothingRanError, UserError
from surefoot.events.events import (
    SCHEMA,
    LoadFailed,
    RunFinished,
    RunStarted,
    SuiteLoaded,
    SuitePlanned,
)
from surefoot.events.journal import JournalWriter
from surefoot.events.listener import Listener
from surefoot.exitcodes import ExitCode
from surefoot.history.store import Entry, History, RunRecord, open_history
from surefoot.isolation.quota import cpu_quota, crowding, default_jobs
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Verdict
from surefoot.model.scenarios import PlannedFeature
from surefoot.model.units import Unit
from surefoot.plan.bound import lower_bound
from surefoot.plan.order import LongestFirst, Order, Shuffled, SuiteOrder
from surefoot.plan.queue import UnitQueue
from surefoot.plan.units import make_units
from surefoot.policy.expected import Policy, policy_of
from surefoot.worker import processes
from surefoot.worker.launch import adopt, fork_zygote, spawn_zygote
from surefoot.worker.protocol import Channel, ConnectionLostError, CopyTree, Load, Loaded, Quit

if TYPE_CHECKING:
    # Only `--preflight` brings in the scanners.
    from surefoot.policy.static.check import Found

_monotonic = time.monotonic
_SHOWN_BY_RUNNING = ("SF301", "SF302")
"""Rules whose findings a guard shows better while the suite runs, with both stacks."""


class Session:
    """A run. `own_display` is False under `behave --runner`, where behave has the terminal."""

    def __init__(
        self,
        resolved: Resolved,
        argv: Sequence[str],
        *,
        own_display: bool = True,
        inherited_config: bool = False,
    ) -> None:
        self.settings: Settings = resolved.settings
        self.resolved = resolved
        self.argv = list(argv)
        self.own_display = own_display
        self.inherited_config = inherited_config
        self.cwd = os.getcwd()
        self.run_id = rundir.new_run_id()
        self.run_dir = ""
        self.site: Site | None = None
        self._early_notices: list[tuple[str, str]] = []
        self._early_findings: list[Finding] = []
        self._started = _monotonic()
        self._trees = PrivateTrees(self.settings, self.cwd, self._early)
        self._scratch = ""
        seed = self.settings.seed
        self._seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
        """Of the order where there is to be one, and of each scenario's generators."""
        self._load: Load | None = None
        self._policy: Policy | None = None
        self._loaded: Loaded | None = None
        self._preflight: list[Found] | None = None
        self._history: History | None = None
        self._estimates: dict[str, float] | None = None

    # -- the steps of a run

    def load(self, show: Callable[[str, float], None] | None = None) -> Loaded:
        """Load the suite in a zygote. Raises LoadRefusedError and UserError."""
        settings = self.settings
        # Before any process: what it refuses ends the command.
        self._policy = policy_of(settings, self.resolved.tables, self.cwd)
        # First of all: the zygote imports behave while this process goes on with its own start.
        channel, pid = self._zygote(settings)
        # Until the coordinator takes over, both signals end the command by the same way.
        interrupt.remember(signal.SIGTERM)
        self.run_dir = rundir.make_run_dir(
            self.cwd, self.run_id, lambda text: self._early("workdir", text)
        )
        private_tmp = self._make_scratch()
        load = Load(
            behave_args=list(self.resolved.behave_args),
            run_dir=self.run_dir,
            board=os.path.join(self.run_dir, "board-load"),
            preload=list(settings.preload),
            last_failed=self._last_failed(),
            own_display=self.own_display,
            quiet_load=self.own_display,
            watch=self._watched_roots(),
            inherited_config=self.inherited_config,
            code_cache=rundir.code_cache(self.cwd, self.run_dir),
            settings=settings,
            seed=self._seed,
            policy=self._policy,
            scratch=self._scratch,
            private_tmp=private_tmp,
        )

        def tell(name: str, seconds: float) -> None:
            interrupt.raise_if_came()
            if show is not None:
                show(name, seconds)

        while True:
            self.site = start_load(channel, pid, load)
            self._beside_load()
            try:
                loaded = await_load(self.site, load, settings.preload_timeout, tell)
                break
            except LoadRefusedError as refused:
                raise self._explained(refused) from None
            except BlockedPreloadError as blocked:
                load = self._without(load, blocked)
            # Not within `except`: a child that is forked there has our exception as the context
            # of all that the suite raises.
            channel, pid = self._zygote(settings)
        self._load = load
        self._loaded = loaded
        # The command switched it off for its start.
        gc.freeze()
        gc.enable()
        return loaded

    def _beside_load(self) -> None:
        """Do what can be done while the zygote loads the suite, which takes longer."""
        if self._estimates is None:
            self._estimates = self._opened_history().estimates()
            rundir.prune(self.cwd, self.settings.keep_runs)
            if self._scratch:
                from surefoot.isolation.directories import remove_orphans

                remove_orphans(os.path.dirname(self._scratch))
        if self.settings.workdir == "copy" and not self._trees:
            self._trees.make()
        if self.settings.preflight != "off" and self._preflight is None:
            self._preflight = self._check_first()

    def _opened_history(self) -> History:
        if self._history is None:
            self._history = open_history(
                os.path.join(self.cwd, rundir.HOME, "history.db"),
                lambda text: self._early("history", text),
            )
        return self._history

    def _check_first(self) -> "list[Found]":
        """Return what the preflight finds. Raises LoadRefusedError where that is to end the run."""
        from surefoot.cli import preflight

        report = preflight.preflight(self.resolved, self.cwd)
        stopping = preflight.errors(report)
        if stopping and self.settings.preflight == "fail":
            if self.site is not None:
                end_site(self.site)
                self.site = None
            raise LoadRefusedError(
                f"the preflight found {len(stopping)} errors; nothing was run (--preflight fail)\n"
                + preflight.listing(stopping),
                int(ExitCode.POLICY),
            )
        return preflight.told(report)

    def _explained(self, refused: LoadRefusedError) -> LoadRefusedError:
        """Add to a load that failed what the preflight says of it."""
        if not self._preflight or refused.answered:
            return refused
        from surefoot.cli import preflight

        found = [item for item in self._preflight if item.finding.rule in preflight.ABOUT_LOADING]
        if not found:
            return refused
        text = f"{refused}\nthe preflight says:\n{preflight.listing(found)}"
        return LoadRefusedError(text, refused.exit_code)

    def _without(self, load: Load, blocked: BlockedPreloadError) -> Load:
        """Return the load without a module that blocks, and tell it."""
        self._early(
            "preload-skipped",
            f"--preload {blocked.module} did not end within {blocked.seconds:.1f} s; the"
            f" run goes on without it ({BLOCKED_IMPORT} says where it waits)",
        )
        self._early_findings.append(blocked.finding(self.cwd))
        kept = [name for name in load.preload if name != blocked.module]
        return msgspec.structs.replace(load, preload=kept)

    def _zygote(self, settings: Settings) -> tuple[Channel, int]:
        waiting = early.take()
        if waiting is not None:
            return adopt(*waiting)
        if settings.start_method == "spawn" or not hasattr(os, "fork"):
            return spawn_zygote()
        return fork_zygote()

    def _make_scratch(self) -> bool:
        """Make the directory of workers' own; return whether each gets its own TMPDIR."""
        from surefoot.isolation.directories import make_base, why_not_private

        try:
            self._scratch = make_base(self.run_dir)
        except OSError as error:
            self._early(
                "scratch",
                "scenarios have no directories of their own and workers share the temporary"
                f" directory: none can be made there ({error.strerror or error}); free space, or"
                " set TMPDIR",
            )
            return False
        if self.settings.tmpdir == "shared":
            return False
        why = why_not_private(self._scratch)
        if why:
            self._early("scratch", why)
        return not why

    def _last_failed(self) -> list[str] | None:
        if not self.settings.last_failed:
            return None
        failed = self._opened_history().last_failed()
        if failed is None:
            raise UserError(
                "--last-failed: no run is recorded in this directory yet; run once without it"
            )
        return failed

    def _watched_roots(self) -> list[str]:
        import tempfile

        if self.settings.workdir == "copy":
            return []
        return [self.cwd, tempfile.gettempdir()]

    def _early(self, code: str, text: str) -> None:
        self._early_notices.append((code, text))

    def run(
        self, loaded: Loaded, listeners: list[Listener]
    ) -> tuple[Results, Ended, JournalWriter]:
        """Run the plan; every listener hears every event."""
        settings = self.settings
        journal_path = settings.journal or os.path.join(self.run_dir, "journal.jsonl")
        journal = JournalWriter(journal_path, lambda text: self._early("journal", text))
        seed = self._seed if settings.shuffle or settings.seed is not None else None
        features = loaded.features
        fork, why = self._may_fork(loaded)
        # A private tree is entered after a fork; a spawned worker is started within its copy.
        self._trees.mounted = self._trees.mounted and fork
        unit = "scenario" if settings.isolation == "scenario" else settings.unit
        units = make_units(features, unit, self._estimates or {})
        busy = sum(1 for item in units if item.paths)
        quota = cpu_quota()
        jobs = (
            default_jobs(quota, max(1, busy), bool(os.environ.get("CI")))
            if settings.jobs == "auto"
            else max(1, min(settings.jobs, max(1, busy)))
        )
        crowded = crowding(quota, jobs)
        if crowded:
            self._early("too-many-workers", crowded)
        queue = UnitQueue(units, self._order(jobs, seed, loaded))
        replay = bool(loaded.facts.formats or loaded.facts.reporters) or not self.own_display
        assert self.site is not None
        plan = Plan(
            features=features,
            jobs=jobs,
            run_dir=self.run_dir,
            timeouts=Timeouts(
                step=settings.timeout_step,
                scenario=settings.timeout_scenario,
                hook=settings.timeout_hook,
                run=settings.timeout_run,
                load=settings.preload_timeout,
            ),
            grace=settings.grace if settings.grace is not None else 0.0,
            max_fail=settings.max_fail,
            stop=loaded.facts.stop,
            fresh_workers=settings.isolation in ("feature", "scenario"),
            fork=fork,
            own_sites=not fork or (settings.workdir == "copy" and not self._trees.mounted),
            replay=replay,
            snippets=loaded.facts.show_snippets,
        )
        coordinator: list[Coordinator] = []
        results = Results(
            features,
            journal,
            listeners,
            # Asked while the coordinator, which is made from these results, runs.
            lambda feature: coordinator[0].describe(feature),  # noqa: PLW0108
            started=self._started,
            retries=settings.retries,
            policy=self._policy,
        )
        for item in units:
            results.tally.ledger(item.feature).units += 1
        coordinator.append(Coordinator(plan, queue, self.site, results, self))
        self._estimate(listeners, units, coordinator[0].ended, jobs)
        self._tell_start(results, loaded, seed, jobs, unit, units, fork=fork)
        for code, text in self._early_notices:
            results.notice(code, text)
        self._early_notices.clear()
        if why:
            results.notice("no-fork", why)
        for text in loaded.notices:
            results.notice("selection", text)
        for finding in (*self._early_findings, *loaded.findings):
            results.finding(finding)
        later: list[Finding] = []
        for found in self._preflight or ():
            if found.finding.rule in _SHOWN_BY_RUNNING:
                later.append(found.finding)
            else:
                results.finding_of_sources(found.finding)
        ended = coordinator[0].run()
        for finding in later:
            results.finding_of_sources(finding)
        for code, text in self._early_notices:
            results.notice(code, text)
        self._early_notices.clear()
        return results, ended, journal

    def _estimate(
        self, listeners: list[Listener], units: list[Unit], ended: Ended, jobs: int
    ) -> None:
        """Let displays say how long the rest will take, where history knows."""
        known = [unit.estimate for unit in units if unit.estimate is not None]
        if len(known) < len(units) or not any(known):
            return
        total = sum(known)

        def left() -> float:
            return max(0.0, total - sum(ended.unit_seconds)) / jobs

        for listener in listeners:
            if hasattr(listener, "estimate_left"):
                listener.estimate_left = left

    def _may_fork(self, loaded: Loaded) -> tuple[bool, str]:
        if self.settings.start_method == "spawn" or not hasattr(os, "fork"):
            return False, ""
        if not loaded.python_threads:
            return True, ""
        threads = "; ".join(loaded.python_threads)
        if self.settings.start_method == "fork":
            return True, (
                f"workers are forked as asked (start_method = fork) although loading the suite"
                f" left threads that a fork does not carry over: {threads}"
            )
        return False, (
            f"workers are started as new processes, each loading the suite again, because loading"
            f" it left threads running that would not survive a fork: {threads}. Start them in"
            " before_all instead"
        )

    def _order(self, jobs: int, seed: int | None, loaded: Loaded) -> Order:
        if seed is not None:
            return Shuffled(seed)
        # One worker gains nothing from another order, and behave's is the one to keep; --stop
        # means the first failure in suite order.
        return SuiteOrder() if jobs == 1 or loaded.facts.stop else LongestFirst()

    def _tell_start(
        self,
        results: Results,
        loaded: Loaded,
        seed: int | None,
        jobs: int,
        unit: str,
        units: list[Unit],
        *,
        fork: bool,
    ) -> None:
        import platform

        options = {
            name: str(getattr(self.settings, name)) for name in self.settings.__struct_fields__
        }
        results.emit(
            RunStarted(
                run=self.run_id,
                time=time.time(),
                schema=SCHEMA,
                surefoot=__version__,
                behave=loaded.facts.behave,
                python=platform.python_version(),
                platform=sys.platform,
                cwd=self.cwd,
                args=self.argv,
                options=options,
                seed=seed,
            )
        )
        results.emit(
            SuiteLoaded(
                at=results.at(),
                seconds=loaded.seconds,
                step_definitions=loaded.step_definitions,
                features=len(loaded.features),
                scenarios=sum(len(feature.scenarios) for feature in loaded.features),
                slowest_imports=loaded.slowest_imports,
                start_method="fork" if fork else "spawn",
                native_threads=loaded.native_threads,
                output=loaded.output,
            )
        )
        results.emit(
            SuitePlanned(
                at=results.at(),
                workers=jobs,
                unit=unit,
                features=loaded.features,
                units=len(units),
            )
        )

    # -- zygotes of slots (spawned workers, private trees); engine.coordinator.Sites

    def start(self, slot: int) -> tuple[Channel, int, Load]:
        """Start a process for a slot."""
        assert self._load is not None
        channel, pid = spawn_zygote(self._trees.directory(slot))
        load = msgspec.structs.replace(
            self._load,
            board=os.path.join(self.run_dir, f"board-load-{slot}"),
            tree=self._trees.of(slot),
            plan=False,
            quiet_load=True,
            inherited_config=False,
        )
        return channel, pid, load

    def tree(self, slot: int) -> CopyTree | None:
        """Return the private tree of a slot, where workers can see it at the original's path."""
        return self._trees.of(slot) if self._trees.mounted else None

    def settle_trees(self, keep: bool) -> list[str]:
        """Remove the private trees; with `keep` first save what was written in them."""
        return self._trees.settle(self.run_dir, keep=keep)

    def settle_scratch(self) -> list[str]:
        """Remove workers' own directories but what failing scenarios left; return what stays."""
        if not self._scratch:
            return []
        from surefoot.isolation.directories import settle

        stays = settle(self._scratch)
        kept, self._scratch = self._scratch, ""
        return [kept] if stays else []

    # -- the end

    def verdict(self, results: Results, ended: Ended) -> tuple[bool, ExitCode]:
        """Return whether the run failed, by behave's rule, and surefoot's exit code."""
        tally = results.tally
        failed = bool(
            tally.failed_features
            or any(tally.verdicts.get(verdict.value) for verdict in Verdict if verdict.fails)
            or tally.hook_failures
            or tally.undefined
            or ended.before_all_failed
            or ended.after_all_failed
            or ended.cleanup_failed
            or ended.aborted
        )
        if ended.interrupted:
            return True, ExitCode.INTERRUPTED
        if failed:
            return True, ExitCode.FAILED
        if tally.verdicts.get("flaky") and self.settings.fail_on_flaky:
            return True, ExitCode.FLAKY
        return False, ExitCode.PASSED

    def finish(
        self, results: Results, ended: Ended, failed: bool, exit_code: ExitCode, jobs: int
    ) -> None:
        """Store the end of the run and its history; meanwhile the zygote ends."""
        self._let_go()
        tally = results.tally
        bound = lower_bound(ended.unit_seconds, max(1, jobs))
        results.emit(
            RunFinished(
                at=results.at(),
                exit_code=int(exit_code),
                failed=failed,
                counts=tally.counts(),
                verdicts=dict(sorted(tally.verdicts.items())),
                workers=jobs,
                makespan=round(ended.makespan, 6),
                bound=round(bound, 6),
                aborted=ended.aborted,
            )
        )
        loaded = self._loaded
        if self._history is not None and loaded is not None and not loaded.facts.dry_run:
            entries = [Entry(*item) for item in tally.history]
            self._history.record(RunRecord(self.run_id, time.time(), entries))

    def _let_go(self) -> None:
        """Tell the zygote that nothing more is wanted of it; `close` waits for its end."""
        if self.site is not None:
            # It is told twice where the run came to its end, and may be gone by then.
            with contextlib.suppress(ConnectionLostError):
                self.site.channel.send(Quit())

    def close(self) -> None:
        """End the zygote and close the history."""
        if self.site is not None and self._loaded is None and interrupt.came():
            # It is in the suite's code, where it would not hear a Quit.
            end_site(self.site)
            self.site = None
        if self.site is not None:
            self._let_go()
            if processes.await_end(self.site.pid, 2.0) is None:
                end_site(self.site)
            else:
                self.site.channel.close()
                self.site.board.close()
            self.site = None
        if self._history is not None:
            self._history.close()
            self._history = None
        self.settle_trees(keep=False)
        self.settle_scratch()
        if self.run_dir and os.path.isdir(self.run_dir):
            rundir.drop_databases(self.run_dir)
            rundir.finish_run_dir(self.run_dir)

    def note_load_failure(self, refused: LoadRefusedError) -> str:
        """Store why the suite was not loaded; return the path of the journal."""
        path = self.settings.journal or os.path.join(self.run_dir, "journal.jsonl")
        journal = JournalWriter(path, lambda _: None)
        journal.append(LoadFailed(at=_monotonic() - self._started, message=str(refused)))
        return journal.close(compress=False)

    def check_selection(self, features: Iterable[PlannedFeature]) -> None:
        """Refuse an empty selection. Raises NothingRanError."""
        if self.settings.allow_empty:
            return
        if any(scenario.selected for feature in features for scenario in feature.scenarios):
            return
        total = sum(len(feature.scenarios) for feature in features)
        raise NothingRanError(
            f"the selection matches none of {total} scenarios; nothing ran. Check paths, --tags"
            " and --name, or allow it with --allow-empty"
        )

    def repro(self, location: str) -> str:
        """Return the command that runs one scenario again."""
        keep: list[str] = []
        arguments = list(self.resolved.behave_args)
        for argument, value in zip(arguments, [*arguments[1:], ""], strict=False):
            if argument in ("-D", "--define", "--stage", "--lang"):
                keep += [argument, value]
            elif argument.startswith(("-D", "--define=", "--stage=", "--lang=")):
                keep.append(argument)
        return shlex.join(["surefoot", "run", *keep, location])

    def discard(self) -> None:
        """Remove the directory of a session that ran nothing."""
        if self.run_dir:
            shutil.rmtree(self.run_dir, ignore_errors=True)
