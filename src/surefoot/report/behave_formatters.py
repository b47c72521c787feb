"""Calls behave's formatters and reporters as behave would have called them.

Runs in a process of its own, forked from the zygote (so that step definitions are at hand and a
formatter that crashes or hangs harms nothing), or for `surefoot report` in the command's own.
Features come in suite order, each as records; behave's model is rebuilt from them, and states
are set at the moment at which behave set them, because formatters read them lazily.
"""

import base64
import io
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from behave.formatter._registry import make_formatters
from behave.model import Feature, Scenario
from behave.runner_util import print_undefined_step_snippets

from surefoot.events.events import Event, FeatureFinished, ScenarioFinished
from surefoot.events.journal import decode
from surefoot.events.records import (
    EmbedCall,
    FeatureRecord,
    MatchCall,
    OutlineItem,
    ResultCall,
    RuleItem,
    ScenarioRecord,
    StepCall,
)
from surefoot.model.scenarios import ScenarioPath
from surefoot.report.warned import ShownOnce
from surefoot.suite import decode as rebuild
from surefoot.suite.load import formatter_class, is_live, terminal_formatter
from surefoot.worker.protocol import (
    Channel,
    ConnectionLostError,
    ReplayDone,
    ReplayEnd,
    ReplayFeature,
)


def replay_process(channel: Channel, suite: Any, journal: str, load_output: str) -> None:
    """Serve the coordinator: replay each feature it names, close everything at the end."""
    replay = Replay(suite.config, _functions(suite.registry), load_output=load_output)
    while True:
        try:
            message, body = channel.receive()
        except ConnectionLostError:
            replay.close(aborted=True)
            return
        if isinstance(message, ReplayFeature):
            events = [decode(line) for line in _lines(journal, message.lines)]
            events += [decode(line) for line in body.split(b"\n") if line]
            replay.feature(*assemble(events))
        elif isinstance(message, ReplayEnd):
            replay.close(aborted=message.aborted)
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError) as error:
                    replay.problems.append(f"standard output: {error}")
            channel.send(ReplayDone(replay.problems, replay.snippets(message.undefined)))
            return


def _lines(journal: str, places: Iterable[tuple[int, int]]) -> list[bytes]:
    lines = []
    if places:
        with open(journal, "rb") as file:
            for offset, length in places:
                file.seek(offset)
                lines.append(file.read(length))
    return lines


def _functions(registry: Any) -> dict[tuple[str, int], Any]:
    """Return the loaded step functions by location, computed when the first is asked for."""

    class Lazy(dict[tuple[str, int], Any]):
        def get(self, key: tuple[str, int], default: Any = None) -> Any:
            if not self:
                for matchers in registry.steps.values():
                    for matcher in matchers:
                        location = matcher.location
                        self[(location.filename, location.line)] = matcher.func
            return super().get(key, default)

    return Lazy()


def assemble(events: Iterable[Event]) -> tuple[FeatureRecord, dict[ScenarioPath, ScenarioRecord]]:
    """Return the feature's record and its scenarios' records.

    `events` hold one attempt of each scenario, and the end of each unit. A feature that ran in
    one piece keeps the state that behave gave it. Otherwise (scenario units, a crash, a retry)
    hook failures of any piece count, and the status is computed anew by behave's own rule.
    Raises ValueError when no unit ended.
    """
    scenarios: dict[ScenarioPath, ScenarioRecord] = {}
    attempts: set[int] = set()
    parts: list[FeatureFinished] = []
    for event in events:
        if isinstance(event, ScenarioFinished):
            scenarios[event.record.path] = event.record
            attempts.add(event.attempt)
        elif isinstance(event, FeatureFinished):
            parts.append(event)
    if not parts:
        raise ValueError("a feature without its record")
    last = parts[-1]
    if len(parts) == 1 and last.complete and attempts <= {last.attempt}:
        return last.record, scenarios
    return _merged(parts), scenarios


def _merged(events: list[FeatureFinished]) -> FeatureRecord:
    """Return one record; the items are those of the feature as parsed, where that is told."""
    parts = [event.record for event in events]
    feature = parts[-1]
    skeleton = next((event.record for event in events if event.worker < 0), feature)
    state = msgspec.structs.replace(feature.state, status="untested")
    for part in parts:
        if part.state.hook_failed or part.state.status in ("hook_error", "cleanup_error"):
            state = part.state
    rules: dict[ScenarioPath, list[RuleItem]] = {}
    for part in parts:
        for item in part.items:
            if isinstance(item, RuleItem):
                rules.setdefault(item.path, []).append(item)
    return msgspec.structs.replace(
        feature,
        ran=any(part.ran for part in parts),
        announced=any(part.announced for part in parts),
        finished=any(part.finished for part in parts),
        items=[
            _merged_rule(item, rules[item.path]) if isinstance(item, RuleItem) else item
            for item in skeleton.items
        ],
        state=state,
    )


def _merged_rule(item: RuleItem, parts: list[RuleItem]) -> RuleItem:
    # The item itself comes first: it is of the feature as parsed.
    bad = [part.state for part in parts if part.state.hook_failed]
    ran = [part.state for part in parts if part.announced]
    state = msgspec.structs.replace((ran or [item.state])[0], status="untested")
    return msgspec.structs.replace(
        item,
        state=bad[-1] if bad else state,
        announced=any(part.announced for part in parts),
        finished=any(part.finished for part in parts),
    )


class _ReplayRunner:
    """What formatters that wrap `scenario.run` pass through."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.formatters: list[Any] = []
        self.aborted = False


class Replay:
    """The formatters and reporters of one configuration, called for one feature after another."""

    def __init__(
        self,
        config: Any,
        functions: dict[tuple[str, int], Any],
        *,
        live: bool = False,
        load_output: str = "",
    ) -> None:
        """With `live` formatters are called that otherwise run in the workers.

        `load_output` is what loading the suite wrote.
        """
        self._shown_once = ShownOnce(load_output)
        self._config = config
        self._live = live
        self._functions = functions
        self.problems: list[str] = []
        self._runner = _ReplayRunner(config)
        self._formatters = self._make_formatters()
        self._runner.formatters = self._formatters
        self._reporters = list(config.reporters)

    def _make_formatters(self) -> list[Any]:
        config = self._config
        names = list(config.format or [])
        made = []
        try:
            for index, name in enumerate(names):
                if not self._live and is_live(formatter_class(name)):
                    # Its results were written in the workers.
                    continue
                openers = config.outputs[index : index + 1]
                config.format = [name]
                made.extend(make_formatters(config, openers))
        finally:
            config.format = names
        return made

    # -- calls that a failing formatter cannot spoil

    def _each(self, name: str, *arguments: Any, optional: bool = False) -> None:
        for formatter in list(self._formatters):
            try:
                if not optional or hasattr(formatter, name):
                    getattr(formatter, name)(*arguments)
            except Exception as error:  # user code
                self._drop(formatter, error)

    def _drop(self, formatter: Any, error: Exception) -> None:
        self._formatters.remove(formatter)
        name = getattr(formatter, "name", None) or type(formatter).__name__
        where = getattr(getattr(formatter, "stream_opener", None), "name", None)
        target = f" ({where})" if where else ""
        self.problems.append(
            f"the formatter {name}{target} failed and was dropped: {type(error).__name__}: {error}"
        )

    # -- one feature

    def feature(self, record: FeatureRecord, scenarios: dict[ScenarioPath, ScenarioRecord]) -> None:
        """Replay one feature."""
        record = self._shown_once.feature(record)
        scenarios = {path: self._shown_once.scenario(scenarios[path]) for path in sorted(scenarios)}
        model = rebuild.FeatureModel(record, scenarios)
        feature = model.feature
        if record.ran:
            self._announce(model)
            self._items(model, record.items)
        else:
            self._settle_all(model)
        self._settle_groups(model, record.items)
        rebuild.apply_state(feature, record.state)
        if record.finished:
            self._each("eof")
        self._report(feature)

    def _announce(self, model: rebuild.FeatureModel) -> None:
        record = model.record
        feature = model.feature
        self._each("uri", feature.filename)
        if record.announced:
            final = (feature.name, list(feature.tags))
            if record.announced_name is not None:
                feature.name = record.announced_name
            if record.announced_tags is not None:
                feature.tags[:] = rebuild.make_tags(record.announced_tags)
            for path, scenario in model.scenarios.items():
                scenario.run = _Run(self, scenario, model.records[path])
            self._each("feature", feature)
            feature.name = final[0]
            feature.tags[:] = final[1]
            if feature.background is not None:
                self._each("background", feature.background)

    def _items(self, model: rebuild.FeatureModel, items: Iterable[Any]) -> None:
        for item in items:
            if isinstance(item, RuleItem):
                rule = model.rules[item.path]
                if item.announced:
                    self._each("rule", rule, optional=True)
                    if rule.background is not None:
                        self._each("background", rule.background)
                self._items(model, item.items)
                self._settle_groups(model, item.items)
                rebuild.apply_state(rule, item.state)
                if item.finished:
                    self._each("rule_finished", optional=True)
            elif isinstance(item, OutlineItem):
                for number in range(len(item.rows)):
                    self._scenario(model, (*item.path, number))
            else:
                self._scenario(model, item.path)

    def _scenario(self, model: rebuild.FeatureModel, path: ScenarioPath) -> None:
        scenario = model.scenarios[path]
        run = scenario.__dict__.get("run")
        if run is None:
            self.run_scenario(scenario, model.records[path])
            return
        try:
            # A formatter may have wrapped it (allure does), as it would have wrapped behave's.
            run(self._runner)
        except Exception as error:  # a wrapper of user code
            self.problems.append(
                f"a formatter's wrapper around scenario.run failed: {type(error).__name__}: {error}"
            )

    def run_scenario(self, scenario: Scenario, record: ScenarioRecord) -> None:
        """Make the calls of one scenario and set its states on the way."""
        for earlier in record.earlier:
            self._run_once(scenario, earlier)
        self._run_once(scenario, record)

    def _run_once(self, scenario: Scenario, record: ScenarioRecord) -> None:
        scenario.clear_status()
        if scenario.captured.captures:
            scenario.captured.reset()
        steps = list(scenario.all_steps)
        if record.announced:
            self._each("scenario", scenario)
        scenario.name = record.name
        scenario.tags[:] = rebuild.make_tags(record.tags)
        scenario.description = list(record.description)
        told = [call.index for call in record.calls if isinstance(call, ResultCall)]
        silent = [index for index in range(len(steps)) if index not in set(told)]
        for call in record.calls:
            if isinstance(call, StepCall):
                if call.index >= 0:
                    step = steps[call.index]
                    if call.name is not None:
                        step.name = call.name
                    self._each("step", step)
            elif isinstance(call, MatchCall):
                # Steps without a result of their own (undefined ones in a dry run) have their
                # status before the next one begins.
                while silent and told and silent[0] < told[0]:
                    index = silent.pop(0)
                    rebuild.apply_step(steps[index], record.steps[index])
                match = rebuild.make_match(call.match, self._functions)
                self._each("match", match)
            elif isinstance(call, ResultCall):
                told = told[1:]
                if call.index >= 0:
                    step = steps[call.index]
                    rebuild.apply_step(step, record.steps[call.index])
                    self._each("result", step)
            else:
                self._embed(call)
        for step, step_record in zip(steps, record.steps, strict=True):
            rebuild.apply_step(step, step_record)
        scenario.was_dry_run = record.was_dry_run
        rebuild.apply_state(scenario, record.state)

    def _embed(self, call: EmbedCall) -> None:
        data = base64.b64decode(call.data)
        for formatter in list(self._formatters):
            if not hasattr(formatter, "embedding"):
                continue
            try:
                formatter.embedding(call.mime_type, data)
            except IndexError:
                # behave's JSON formatter has no place for an attachment outside of a step.
                continue
            except Exception as error:  # user code
                self._drop(formatter, error)

    def _settle_all(self, model: rebuild.FeatureModel) -> None:
        """Set the states of a feature that did not run, for the reporters."""
        for path, scenario in model.scenarios.items():
            record = model.records[path]
            for step, step_record in zip(scenario.all_steps, record.steps, strict=True):
                rebuild.apply_step(step, step_record)
            rebuild.apply_state(scenario, record.state)
        self._settle_groups(model, model.record.items)

    def _settle_groups(self, model: rebuild.FeatureModel, items: Iterable[Any]) -> None:
        for item in items:
            if isinstance(item, OutlineItem):
                outline = model.outlines[item.path]
                # Outlines have no hooks: behave's rule over the rows is the whole truth.
                outline.should_skip = item.state.should_skip
                outline.clear_status()
            elif isinstance(item, RuleItem):
                self._settle_groups(model, item.items)
                if not model.record.ran:
                    rebuild.apply_state(model.rules[item.path], item.state)

    def _report(self, feature: Feature) -> None:
        for reporter in list(self._reporters):
            try:
                reporter.feature(feature)
            except Exception as error:  # user code, or a full disk
                self._reporters.remove(reporter)
                self.problems.append(
                    f"the reporter {type(reporter).__name__} failed and was dropped:"
                    f" {type(error).__name__}: {error}"
                )

    # -- the end

    def close(self, *, aborted: bool) -> None:
        """Close formatters, then reporters, as behave does after the last feature."""
        if aborted and terminal_formatter(self._config):
            print("\nABORTED: By user.")
        self._each("close")
        for reporter in self._reporters:
            try:
                reporter.end()
            except Exception as error:  # user code
                self.problems.append(
                    f"the reporter {type(reporter).__name__} failed at its end:"
                    f" {type(error).__name__}: {error}"
                )

    def snippets(self, undefined: Iterable[tuple[str, str]]) -> str:
        """Return the snippets that behave prints for undefined steps on standard error."""
        stream = io.StringIO()
        print_undefined_step_snippets(
            undefined_steps(undefined), stream=stream, colored=self._config.has_colored_mode()
        )
        return stream.getvalue()


class _Run:
    """A scenario's `run` in the replay."""

    def __init__(self, replay: Replay, scenario: Scenario, record: ScenarioRecord) -> None:
        self._replay = replay
        self._scenario = scenario
        self._record = record

    def __call__(self, _runner: Any) -> bool:
        self._replay.run_scenario(self._scenario, self._record)
        return bool(self._scenario.status.has_failed())


def undefined_steps(undefined: Iterable[tuple[str, str]]) -> list[Any]:
    """Return behave steps of these (type, name) pairs, for snippets."""
    from behave.model import Step

    return [
        Step("<string>", 0, step_type.title(), step_type, name) for step_type, name in undefined
    ]
