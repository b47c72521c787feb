"""Drives behave through units, inside a worker.

Whole features run through behave's own `Feature.run`; parts of a feature (scenario units, the
rest of a feature after a crash, retries) run through `partial.py`, which does the same for
chosen scenarios. What behave says is recorded and sent to the coordinator as it happens, one
message a scenario.
"""

import atexit
import logging
import os
import sys
import threading
import time
import warnings
from typing import Any

import msgspec
from behave.model import Feature, Scenario
from behave.model_type import Status

from surefoot.events.events import FeatureFinished, ScenarioFinished
from surefoot.events.records import step_counts
from surefoot.isolation.watch import WriteWatch
from surefoot.model.outcomes import Judgement
from surefoot.model.scenarios import PlannedFeature, ScenarioPath
from surefoot.suite import encode
from surefoot.suite.load import Suite, formatter_class, is_live
from surefoot.worker import kit, partial, shims
from surefoot.worker.around import Attempt, run_around
from surefoot.worker.board import Board, Place
from surefoot.worker.faults import StackFile
from surefoot.worker.judging import counts_as_failed, judge_scenario, outcome_of
from surefoot.worker.output import AttemptFiles
from surefoot.worker.protocol import (
    Channel,
    ConnectionLostError,
    CopyTree,
    Finish,
    Finished,
    GroupState,
    Load,
    Ready,
    RunUnit,
    ScenarioDone,
    Touched,
    UnitDone,
)
from surefoot.worker.recorder import Recorder, Segment, StandIn

_monotonic = time.monotonic
_time = time.time
_ENCODER = msgspec.json.Encoder()


class Host:
    """One worker's life: `before_all`, units, `after_all`."""

    def __init__(
        self,
        channel: Channel,
        suite: Suite,
        planned: list[PlannedFeature],
        load: Load,
        worker: int,
        board: Board,
        stacks: StackFile,
    ) -> None:
        self._channel = channel
        self._suite = suite
        self._planned = planned
        self._worker = worker
        self._board = board
        self._stacks = stacks
        self._files = AttemptFiles(load.run_dir)
        self._tree = load.tree
        self._watch = _make_watch(load)
        self._recorder = Recorder(board)
        self._runner = suite.runner
        self._unit: RunUnit | None = None
        self._places: dict[int, tuple[ScenarioPath, int]] = {}
        self._placed: Feature | None = None
        self._reported: set[ScenarioPath] = set()
        self._scenario_hook_failures = 0
        self._stopped = False
        self._partial = partial.PartialRun()
        self._known_reporters = [id(reporter) for reporter in suite.config.reporters]
        self._load = load
        self._arounds = kit.arounds(load.settings)
        self._policy = None if suite.config.dry_run else load.policy

    def run(self) -> None:
        """Serve the coordinator until it says Finish, or is gone; then end the process."""
        shims.install(self.run_scenario)
        runner = self._runner
        runner.context = shims.Context(runner)
        runner.formatters = self._formatters()
        _name_hooks(runner, self._board)
        self._before_all()
        while True:
            try:
                message, _ = self._channel.receive()
            except ConnectionLostError:
                self._stacks.leave(1)
            if isinstance(message, RunUnit):
                self._run_unit(message)
            elif isinstance(message, Finish):
                break
        self._after_all()
        self._end()

    def _formatters(self) -> list[Any]:
        formatters: list[Any] = [self._recorder]
        config = self._suite.config
        for index, name in enumerate(config.format or []):
            kind = formatter_class(name)
            if is_live(kind):
                formatters.append(kind(config.outputs[index], config))
            else:
                formatters.append(StandIn(kind.name or name, self._recorder, config))
        return formatters

    def _before_all(self) -> None:
        runner = self._runner
        started = _monotonic()
        runner.hook_failures = 0
        self._board.at(Place.BEFORE_ALL, "before_all")
        self._watch.begin()
        runner.run_hook("before_all")
        self._watch.end()
        output = self._files.text()
        self._board.at(Place.IDLE)
        self._channel.send(
            Ready(
                hook_failed=runner.hook_failures > 0,
                seconds=_monotonic() - started,
                aborted=bool(runner.aborted),
                output=self._original_paths(output),
            )
        )
        runner.hook_failures = 0
        self._files.begin()

    def _after_all(self) -> None:
        """What `ModelRunner.run_model` does after the last feature."""
        runner = self._runner
        self._files.begin()
        self._board.at(Place.AFTER_ALL, "after_all")
        cleanup_failed = False
        runner.hook_failures = 0
        runner.run_hook_with_capture("after_all")
        try:
            runner.context._do_remaining_cleanups()
        except Exception:  # as behave: any cleanup error fails the run
            cleanup_failed = True
        for formatter in runner.formatters:
            formatter.close()
        for reporter in self._own_reporters():
            reporter.end()
        output = self._files.text()
        self._channel.send(
            Finished(
                hook_failed=runner.hook_failures > 0,
                cleanup_failed=cleanup_failed,
                output=self._original_paths(output),
            )
        )

    def _end(self) -> None:
        # What a Python process does at its end, for what this worker started. Handlers
        # registered before the fork are the zygote's.
        self._board.at(Place.AFTER_ALL, "waiting for threads to end")
        shutdown: Any = getattr(threading, "_shutdown", None)
        if shutdown is not None:
            shutdown()
        atexit._run_exitfuncs()
        logging.shutdown()
        self._stacks.leave(0)

    def _own_reporters(self) -> list[Any]:
        """Reporters that the suite added by itself (`context.config.reporters.append(...)`).

        The others are called by the replay, in suite order; these live in this process alone.
        """
        return [
            reporter
            for reporter in self._suite.config.reporters
            if id(reporter) not in self._known_reporters
        ]

    # -- units

    def _run_unit(self, unit: RunUnit) -> None:
        feature = self._suite.features[unit.feature]
        self._unit = unit
        self._board.unit(unit.serial)
        self._recorder.begin_feature()
        self._reported = set()
        self._scenario_hook_failures = 0
        self._stopped = False
        if self._placed is not feature or unit.complete:
            # Once for all parts of a feature: with ten thousand scenarios it takes a while.
            self._place_scenarios(feature)
        runner = self._runner
        runner.hook_failures = 0
        runner.undefined_steps.clear()
        aborted_before = bool(runner.aborted)
        started = _monotonic()
        runner.feature = feature
        changed = False
        status = None
        try:
            if unit.complete:
                for formatter in runner.formatters:
                    formatter.uri(feature.filename)
                failed = bool(feature.run(runner))
            else:
                others = self._others(unit) if unit.rest else None
                result = self._partial.run(runner, feature, unit.paths, others)
                failed, changed, status = result.failed, result.changed, result.status
        except KeyboardInterrupt:
            runner.abort(reason="KeyboardInterrupt")
            failed = True
        except BaseException:
            # behave cannot go on after this, and neither can we: the coordinator sees a crash
            # of the running scenario, with this traceback in its output.
            _print_traceback()
            self._stacks.dump("an exception left behave's own code\n")
            self._stacks.leave(70)
        if not changed:
            self._report_unrun(feature, unit)
            for reporter in self._own_reporters():
                reporter.feature(feature)
        self._finish_unit(
            unit,
            feature,
            failed=failed,
            changed=changed,
            status=status,
            seconds=_monotonic() - started,
            aborted=bool(runner.aborted) and not aborted_before,
        )
        self._files.begin()

    def _others(self, unit: RunUnit) -> frozenset[ScenarioPath]:
        """Return the scenarios of the feature that other units run."""
        own = frozenset(unit.paths)
        scenarios = self._planned[unit.feature].scenarios
        return frozenset(item.path for item in scenarios if item.selected) - own

    def _place_scenarios(self, feature: Feature) -> None:
        self._places = {
            id(scenario): (path, ordinal)
            for ordinal, (path, scenario, _) in enumerate(encode.walk(feature))
        }
        self._placed = feature

    def _finish_unit(
        self,
        unit: RunUnit,
        feature: Feature,
        *,
        failed: bool,
        changed: bool,
        status: str | None,
        seconds: float,
        aborted: bool,
    ) -> None:
        recorder = self._recorder
        record = encode.feature(
            feature,
            recorder.feature_calls,
            recorder.rule_calls,
            status,
            # What the other scenarios are, the zygote tells once.
            items=unit.complete,
        )
        own_failures = self._runner.hook_failures - self._scenario_hook_failures
        groups = _groups(feature)
        own_failed = (
            bool(feature.hook_failed)
            or feature.status is Status.cleanup_error
            or any(group.hook_failed for group in groups)
        )
        event = FeatureFinished(
            feature=unit.feature,
            attempt=unit.attempt,
            worker=self._worker,
            complete=unit.complete,
            failed=failed,
            hook_failures=own_failures,
            record=record,
            seconds=round(seconds, 6),
            reason="stopped" if self._stopped else "",
        )
        touches, _ = self._touched()
        self._board.at(Place.IDLE)
        self._channel.send(
            UnitDone(
                unit=unit.serial,
                failed=failed,
                feature_status=record.state.status,
                own_hook_failed=own_failed,
                hook_failures=own_failures,
                aborted=aborted,
                groups=groups,
                ended_early=self._stopped,
                changed=changed,
                touched=touches,
            ),
            self._encode(event),
        )
        self._unit = None

    # -- scenarios

    def run_scenario(self, scenario: Scenario, runner: Any, original: shims.ScenarioRun) -> bool:
        """Run a scenario (called by behave through the shim on `Scenario.run`)."""
        unit = self._unit
        if unit is None or runner is not self._runner:
            # Of a behave that a step runs inside: none of ours.
            return original(scenario, runner)
        if self._board.stop_requested:
            self._stopped = True
            return False
        if id(scenario) not in self._places and runner.feature is not None:
            # A hook built scenarios anew (it changed an Examples table).
            self._place_scenarios(runner.feature)
        path, ordinal = self._places.get(id(scenario), ((), -1))
        recorder = self._recorder
        segment = Segment(scenario)
        previous = recorder.segment
        if previous is not None and previous.scenario is scenario:
            # Run again by user code (scenario_autoretry): keep what the run before came to.
            segment.earlier = [*previous.earlier, self._record(previous, path, [], 0)]
        recorder.segment = segment
        self._files.begin()
        self._touched()
        self._board.scenario(ordinal)
        _forget_warnings()
        hook_failures = runner.hook_failures
        undefined = len(runner.undefined_steps)
        started_at = _time()
        started = _monotonic()
        attempt: Attempt | None = None
        if self._arounds:
            attempt = self._attempt(scenario, path, ordinal)
            failed = run_around(self._arounds, attempt, original, runner)
        else:
            failed = original(scenario, runner)
        seconds = _monotonic() - started
        self._keep_log(runner)
        new_failures = runner.hook_failures - hook_failures
        self._scenario_hook_failures += new_failures
        steps = [
            (step.step_type, encode.text(step.name)) for step in runner.undefined_steps[undefined:]
        ]
        record = self._record(segment, path, steps, new_failures)
        self._board.scenario(-1)
        judgement = self._judge(scenario, runner, attempt)
        self._send_scenario(
            scenario, path, ordinal, record, started_at, seconds, attempt, judgement
        )
        if judgement is not None:
            return counts_as_failed(judgement, outcome_of(scenario), first=unit.attempt == 1)
        return failed

    def _judge(self, scenario: Scenario, runner: Any, attempt: Attempt | None) -> Judgement | None:
        if self._policy is None:
            return None
        return judge_scenario(
            scenario,
            outcome_of(scenario),
            self._policy,
            check=attempt.failure if attempt else "",
            aborted=bool(runner.aborted),
        )

    def _attempt(self, scenario: Scenario, path: ScenarioPath, ordinal: int) -> Attempt:
        unit = self._unit
        assert unit is not None
        load = self._load
        return Attempt(
            scenario,
            identity=self._id(unit.feature, path, ordinal, scenario.name),
            number=unit.attempt,
            worker=self._worker,
            run=os.path.basename(load.run_dir),
            run_dir=load.run_dir,
            seed=load.seed,
            selected=self._is_selected(unit.feature, path, ordinal),
            on_schedule=self._board.explored,
            held=self._runner.context._stack,
        )

    def _is_selected(self, feature: int, path: ScenarioPath, ordinal: int) -> bool:
        scenarios = self._planned[feature].scenarios
        if 0 <= ordinal < len(scenarios) and scenarios[ordinal].path == path:
            return scenarios[ordinal].selected
        return True

    def _record(
        self, segment: Segment, path: ScenarioPath, undefined: list[tuple[str, str]], failures: int
    ) -> Any:
        return encode.scenario(
            segment.scenario,
            path,
            self._runner.feature.filename,
            announced=segment.announced,
            announced_name=segment.name,
            announced_tags=segment.tags,
            announced_description=segment.description,
            calls=segment.calls,
            undefined=undefined,
            hook_failures=failures,
            earlier=segment.earlier,
            warnings_repeat=_warnings_repeat(),
        )

    def _keep_log(self, runner: Any) -> None:
        """Copy what behave captured of the logging system into the attempt's file."""
        log = runner.capture_controller.capture_log
        if log is not None and log.buffer:
            text = log.getvalue() + "\n"
            try:
                os.write(1, text.encode("utf-8", "backslashreplace"))
            except OSError:
                return

    def _report_unrun(self, feature: Feature, unit: RunUnit) -> None:
        """Report the scenarios that behave did not run: after an abort, left out by name, ..."""
        wanted = None if unit.complete or unit.rest else frozenset(unit.paths)
        if wanted is not None and wanted <= self._reported:
            return
        others = self._others(unit) if unit.rest else frozenset()
        for ordinal, (path, scenario, _) in enumerate(encode.walk(feature)):
            if path in self._reported or (wanted is not None and path not in wanted):
                continue
            if path in others:
                continue
            record = encode.scenario(scenario, path, feature.filename)
            self._send_scenario(scenario, path, ordinal, record, _time(), 0.0)

    def _send_scenario(
        self,
        scenario: Scenario,
        path: ScenarioPath,
        ordinal: int,
        record: Any,
        started_at: float,
        seconds: float,
        attempt: Attempt | None = None,
        judgement: Judgement | None = None,
    ) -> None:
        unit = self._unit
        assert unit is not None
        self._reported.add(path)
        outcome = outcome_of(scenario)
        name, size = self._files.end() if seconds else ("", 0)
        touched, cut = self._touched() if seconds else ([], False)
        event = ScenarioFinished(
            feature=unit.feature,
            id=self._id(unit.feature, path, ordinal, record.name),
            attempt=unit.attempt,
            worker=self._worker,
            outcome=outcome,
            started=round(started_at, 6),
            seconds=round(seconds, 6),
            record=record,
            output=name,
            output_bytes=size,
            facts=attempt.facts if attempt else {},
            judgement=judgement,
        )
        self._channel.send(
            ScenarioDone(
                unit=unit.serial,
                path=path,
                outcome=outcome,
                status=record.state.status,
                seconds=seconds,
                steps=step_counts(record),
                hook_failures=record.hook_failures,
                undefined=len(record.undefined),
                touched=touched,
                touched_cut=cut,
                findings=attempt.findings if attempt else [],
                judgement=judgement,
            ),
            self._encode(event),
        )

    def _id(self, feature: int, path: ScenarioPath, ordinal: int, name: str) -> str:
        scenarios = self._planned[feature].scenarios
        if 0 <= ordinal < len(scenarios) and scenarios[ordinal].path == path:
            return scenarios[ordinal].id
        # A scenario that hooks added after planning.
        return f"{self._planned[feature].filename} :: {name} @{'.'.join(map(str, path))}"

    def _touched(self) -> tuple[list[Touched], bool]:
        touches = self._watch.end()
        self._watch.begin()
        if not touches:
            return [], False
        return [Touched(touch.path, touch.op) for touch in touches], bool(
            getattr(self._watch, "cut", False)
        )

    def _encode(self, event: Any) -> bytes:
        return original_paths(_ENCODER.encode(event), self._tree)

    def _original_paths(self, text: str) -> str:
        tree = self._tree
        return text if tree is None else text.replace(tree.copy, tree.original)


def original_paths(line: bytes, tree: CopyTree | None) -> bytes:
    """Replace the path of a private copy by that of the tree it was copied from, in JSON."""
    if tree is None:
        return line
    old = _ENCODER.encode(tree.copy)[1:-1]
    new = _ENCODER.encode(tree.original)[1:-1]
    return line.replace(old, new)


def _forget_warnings() -> None:
    """Let each warning be shown again, once: what is too much, the replay leaves out.

    Leaving `catch_warnings` makes all registries of shown warnings invalid.
    """
    with warnings.catch_warnings():
        pass


def _warnings_repeat() -> bool:
    return any(action in ("always", "all") for action, *_ in warnings.filters)


def _make_watch(load: Load) -> WriteWatch:
    # What lies in a worker's own directory is not shared.
    watch = WriteWatch(load.watch, [path for path in (load.run_dir, load.scratch) if path])
    if load.watch:
        watch.install()
    return watch


def _groups(feature: Feature) -> list[GroupState]:
    groups = []
    for index, item in enumerate(feature.run_items):
        if item.type == "rule":
            groups.append(
                GroupState(
                    "rule",
                    (index,),
                    item.status.name,
                    bool(item.hook_failed) or item.status is Status.cleanup_error,
                    len(item.run_items),
                )
            )
    return groups


_SCENARIO_HOOKS = frozenset({"before_scenario", "after_scenario"})


def _name_hooks(runner: Any, board: Board) -> None:
    """Show on the board which hook runs, for deadlines and crashes.

    Hooks of steps count to their step. A tag hook belongs to the scenario if one is running.
    """
    run_hook = runner.run_hook

    def named_run_hook(hook_name: str, *args: Any) -> bool:
        if hook_name in {"before_step", "after_step", "before_all", "after_all"}:
            return bool(run_hook(hook_name, *args))
        if hook_name not in runner.hooks:
            return True
        inside = board._scenario >= 0
        board.at(Place.SCENARIO_HOOK if inside else Place.FEATURE_HOOK, hook_name)
        try:
            return bool(run_hook(hook_name, *args))
        finally:
            board.at(Place.SCENARIO if inside else Place.BETWEEN)

    runner.run_hook = named_run_hook


def _print_traceback() -> None:
    import traceback

    traceback.print_exc(file=sys.stderr)
