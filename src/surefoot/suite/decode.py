"""From records to behave's model, for formatters and reporters that expect one.

The model is built untested; the replay sets each element's state at the moment at which
behave would have set it, since formatters read state lazily.
"""

import ast
import builtins
import types
from typing import Any

from behave.capture import Captured
from behave.matchers import Match, NoMatch
from behave.model import (
    Background,
    Examples,
    Feature,
    Row,
    Rule,
    Scenario,
    ScenarioOutline,
    Step,
    Table,
    Tag,
    Text,
)
from behave.model_core import FileLocation
from behave.model_type import Argument, Status

from surefoot.events.records import (
    BackgroundRecord,
    CapturedRecord,
    ErrorRecord,
    FeatureRecord,
    FrameRecord,
    MatchRecord,
    OutlineItem,
    RuleItem,
    ScenarioRecord,
    State,
    StepRecord,
    TableRecord,
    TagRecord,
    TextRecord,
)
from surefoot.model.scenarios import ScenarioPath


class FeatureModel:
    """A rebuilt feature with its scenarios by path."""

    def __init__(
        self, record: FeatureRecord, scenarios: dict[ScenarioPath, ScenarioRecord]
    ) -> None:
        self.record = record
        self.records = scenarios
        self.scenarios: dict[ScenarioPath, Scenario] = {}
        self.rules: dict[ScenarioPath, Rule] = {}
        self.outlines: dict[ScenarioPath, ScenarioOutline] = {}
        self.feature = self._build()

    def _build(self) -> Feature:
        record = self.record
        filename = record.filename
        feature = Feature(
            filename,
            record.line,
            record.keyword,
            record.name,
            tags=make_tags(record.tags),
            description=list(record.description),
            language=record.language,
        )
        if record.background is not None:
            feature.add_background(make_background(record.background, filename))
        for item in record.items:
            if isinstance(item, RuleItem):
                feature.add_rule(self._rule(item, feature))
            else:
                feature.add_scenario(self._item(item, feature, feature))
        return feature

    def _rule(self, item: RuleItem, feature: Feature) -> Rule:
        rule = Rule(
            feature.filename,
            item.line,
            item.keyword,
            item.name,
            tags=make_tags(item.tags),
            description=list(item.description),
            parent=feature,
        )
        if item.background is not None:
            rule.add_background(make_background(item.background, feature.filename))
        for inner in item.items:
            rule.add_scenario(self._item(inner, feature, rule))
        self.rules[item.path] = rule
        return rule

    def _item(self, item: Any, feature: Feature, parent: Any) -> Scenario:
        if isinstance(item, OutlineItem):
            return self._outline(item, feature, parent)
        scenario: Scenario = self._scenario(self.records[item.path], feature, parent)
        return scenario

    def _outline(self, item: OutlineItem, feature: Feature, parent: Any) -> ScenarioOutline:
        filename = feature.filename
        examples = [
            Examples(
                filename,
                block.line,
                block.keyword,
                block.name,
                tags=make_tags(block.tags),
                table=make_table(block.table),
            )
            for block in item.examples
        ]
        outline = ScenarioOutline(
            filename,
            item.line,
            item.keyword,
            item.name,
            tags=make_tags(item.tags),
            steps=[make_step(step, filename) for step in item.steps],
            examples=examples,
            description=list(item.description),
        )
        outline.feature = feature
        outline.parent = parent
        rows = []
        for number, origin in enumerate(item.rows):
            scenario = self._scenario(self.records[(*item.path, number)], feature, outline)
            if origin is not None:
                row = examples[origin.examples].table.rows[origin.row]
                row.id = origin.id
                row.index = origin.row + 1
                scenario._row = row
            rows.append(scenario)
        for index, block in enumerate(examples):
            block.index = index + 1
            if block.table is not None:
                # "modified" would make behave build the rows anew from the template.
                block.table.modified = False
        outline._scenarios = rows
        self.outlines[item.path] = outline
        return outline

    def _scenario(self, record: ScenarioRecord, feature: Feature, parent: Any) -> Scenario:
        filename = feature.filename
        steps = [make_step(step, filename) for step in record.steps]
        own = steps[record.background_steps :]
        scenario = Scenario(
            filename,
            record.line,
            record.keyword,
            record.name if record.announced_name is None else record.announced_name,
            tags=make_tags(record.tags if record.announced_tags is None else record.announced_tags),
            steps=own,
            description=list(
                record.description
                if record.announced_description is None
                else record.announced_description
            ),
            parent=parent,
            background=getattr(parent, "background", None),
            background_steps=steps[: record.background_steps],
        )
        scenario.feature = feature
        if scenario.background is None and record.background_steps:
            scenario.background = Background(filename, record.line)
        self.scenarios[record.path] = scenario
        return scenario


def make_tags(records: list[TagRecord]) -> list[Tag]:
    """Return behave tags."""
    return [Tag(record.name, record.line) for record in records]


def make_table(record: TableRecord | None) -> Table | None:
    """Return a behave table."""
    if record is None:
        return None
    table = Table(list(record.headings), line=record.line)
    lines = record.lines or [None] * len(record.rows)
    table.rows = [
        Row(table.headings, list(cells), line)
        for cells, line in zip(record.rows, lines, strict=True)
    ]
    return table


def make_text(record: TextRecord | None) -> Text | None:
    """Return a behave doc string."""
    if record is None:
        return None
    return Text(record.value, record.content_type, record.line)


def make_step(record: StepRecord, filename: str) -> Step:
    """Return an untested behave step."""
    return Step(
        record.filename or filename,
        record.line,
        record.keyword,
        record.step_type,
        record.name,
        text=make_text(record.text),
        table=make_table(record.table),
    )


def make_background(record: BackgroundRecord, filename: str) -> Background:
    """Return a behave background."""
    return Background(
        filename,
        record.line,
        record.keyword,
        record.name,
        steps=[make_step(step, filename) for step in record.steps],
        description=list(record.description),
    )


def make_captured(record: CapturedRecord) -> Captured:
    """Return a captured section."""
    return Captured(
        stdout=record.stdout,
        stderr=record.stderr,
        log=record.log,
        name=record.name,
        failed=record.failed,
    )


def apply_step(step: Step, record: StepRecord) -> None:
    """Set a step's result."""
    step.name = record.name
    step.status = Status.from_name(record.state.status)
    step.duration = record.duration
    _apply(step, record.state)


def apply_state(element: Any, state: State) -> None:
    """Set the result of a feature, rule, outline or scenario."""
    element.should_skip = state.should_skip
    element.skip_reason = state.skip_reason
    _apply(element, state)
    element.set_status(Status.from_name(state.status))


def _apply(element: Any, state: State) -> None:
    element.hook_failed = state.hook_failed
    element.error_message = state.error_message
    if element.captured.captures:
        element.captured.reset()
    if state.captured:
        element.captured.captures.extend(make_captured(part) for part in state.captured)
    if state.error is not None:
        element.exception = make_exception(state.error)
        element.exc_traceback = make_traceback(state.error)
    else:
        element.exception = None
        element.exc_traceback = None


def make_exception(record: ErrorRecord) -> BaseException:
    """Return an exception that looks like the one in the worker: same type name, same text.

    It is an instance of the built-in type where there is one, so that `isinstance(e,
    AssertionError)` holds; other types derive from AssertionError or Exception by name alone.
    """
    module, _, name = record.type.rpartition(".")
    base: Any = getattr(builtins, name, Exception) if module == "builtins" else Exception
    if not (isinstance(base, type) and issubclass(base, BaseException)):
        base = Exception
    message = record.message
    namespace = {
        "__module__": module,
        "__str__": lambda _self: message,
        "__init__": lambda _self, *_args: None,
    }
    try:
        kind = type(name, (base,), namespace)
        exception: BaseException = kind(message)
    except TypeError:
        exception = type(name, (Exception,), namespace)(message)
    return exception


def make_traceback(record: ErrorRecord) -> types.TracebackType | None:
    """Return a traceback with the recorded files, lines and function names.

    Each entry is a real frame of code compiled under the recorded name, which is what
    `traceback.format_tb` and reporters need.
    """
    head: types.TracebackType | None = None
    for frame in reversed(record.frames):
        code = compile(_raising(frame), frame.filename, "exec").replace(co_name=frame.function)
        try:
            exec(code, {"Stop": StopIteration})  # noqa: S102  # our own constant source
        except StopIteration as stop:
            inner = stop.__traceback__.tb_next if stop.__traceback__ else None
            if inner is not None:
                head = types.TracebackType(head, inner.tb_frame, inner.tb_lasti, frame.line)
    return head


def _raising(frame: FrameRecord) -> ast.Module:
    """Return a module that raises at the frame's very place, which tracebacks underline."""
    line = max(1, frame.line)
    place = {
        "lineno": line,
        "end_lineno": max(line, frame.end_line or line),
        "col_offset": frame.column or 0,
        "end_col_offset": frame.end_column or 0,
    }
    name = ast.Name("Stop", ast.Load(), **place)
    return ast.Module([ast.Raise(name, None, **place)], [])


class OpaqueValue:
    """Stands for an argument value that could not be carried over; its repr is the original's."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def make_match(record: MatchRecord | None, functions: dict[tuple[str, int], Any]) -> Match:
    """Return a match whose function is the loaded one where `functions` knows its location."""
    if record is None:
        return NoMatch()
    match = Match(None)
    match.func = functions.get((record.filename, record.line)) or _placeholder(record.function)
    match.location = FileLocation(record.filename, record.line)
    match.arguments = (
        None
        if record.arguments is None
        else [
            Argument(
                argument.start,
                argument.end,
                argument.original,
                argument.value if argument.opaque is None else OpaqueValue(argument.opaque),
                argument.name,
            )
            for argument in record.arguments
        ]
    )
    return match


def _placeholder(name: str) -> Any:
    def step_function(_context: Any) -> None:
        """Stand in for a step function that is not loaded here."""

    step_function.__name__ = name or "step_impl"
    return step_function
