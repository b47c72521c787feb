"""From behave's model to records: what a feature or scenario was, after it ran.

Reads the model only. Text is taken as it is; what JSON or UTF-8 cannot carry (lone
surrogates, huge integers, arbitrary argument values) is replaced by a readable stand-in,
because a record that cannot be stored would lose a result.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from behave.model import Background, Feature, Rule, Scenario, ScenarioOutline

from surefoot.events.records import (
    Argument,
    BackgroundRecord,
    Call,
    CapturedRecord,
    ErrorRecord,
    ExamplesRecord,
    FeatureRecord,
    FrameRecord,
    MatchRecord,
    OutlineItem,
    RowRecord,
    RuleItem,
    ScenarioItem,
    ScenarioRecord,
    State,
    StepCall,
    StepRecord,
    TableRecord,
    TagRecord,
    TextRecord,
)
from surefoot.model.scenarios import ScenarioPath

_MAX_FRAMES = 100
_INT64 = 1 << 63
_CLEAN_PASS = State(status="passed")
_SKIPPED = State(status="skipped")
_UNTESTED = State()


def walk(feature: Feature) -> Iterable[tuple[ScenarioPath, Scenario, Any]]:
    """Yield path, scenario and its rule (or None), in file order, rows of outlines included."""
    for index, item in enumerate(feature.run_items):
        if isinstance(item, Rule):
            for inner, element in enumerate(item.run_items):
                for path, scenario in _rows(element, (index, inner)):
                    yield path, scenario, item
        else:
            for path, scenario in _rows(item, (index,)):
                yield path, scenario, None


def _rows(item: Any, path: ScenarioPath) -> Iterable[tuple[ScenarioPath, Scenario]]:
    if isinstance(item, ScenarioOutline):
        for number, row in enumerate(item.scenarios):
            yield (*path, number), row
    else:
        yield path, item


def text(value: Any) -> str:
    """Return a plain string that UTF-8 can carry."""
    string = str.__str__(value) if isinstance(value, str) else str(value)
    try:
        string.encode("utf-8")
    except UnicodeEncodeError:
        string = string.encode("utf-8", "backslashreplace").decode("utf-8")
    return string


def tags(values: Iterable[Any]) -> list[TagRecord]:
    """Return tags with their lines (0 for a plain string that a hook added)."""
    return [TagRecord(text(tag), getattr(tag, "line", 0) or 0) for tag in values]


def captured(element: Any) -> list[CapturedRecord]:
    """Return the sections that behave captured for a model element."""
    return [
        CapturedRecord(
            name=part.name,
            stdout=text(part.stdout),
            stderr=text(part.stderr),
            log=text(part.log),
            failed=bool(part.failed),
        )
        for part in element.captured.captures
    ]


def error(exception: BaseException | None, traceback: Any) -> ErrorRecord | None:
    """Return an exception with its traceback, outermost frame first."""
    if exception is None:
        return None
    frames: list[FrameRecord] = []
    while traceback is not None and len(frames) < _MAX_FRAMES:
        code = traceback.tb_frame.f_code
        place = next(islice(code.co_positions(), traceback.tb_lasti // 2, None), (None,) * 4)
        frames.append(
            FrameRecord(text(code.co_filename), traceback.tb_lineno or 0, code.co_name, *place[1:])
        )
        traceback = traceback.tb_next
    kind = type(exception)
    try:
        message = text(exception)
    except Exception:  # a broken __str__ must not lose the failure
        message = "<the exception's text could not be had>"
    return ErrorRecord(f"{kind.__module__}.{kind.__qualname__}", message, frames)


def state(element: Any, status: str | None = None) -> State:
    """Return how an element ended."""
    name = status or element.status.name
    should_skip = bool(getattr(element, "should_skip", False))
    if not (
        element.hook_failed
        or element.error_message
        or element.captured.captures
        or element.exception is not None
        or should_skip
    ):
        # Nearly all steps of a green suite; sharing the value saves building 30,000 of them.
        if name == "passed":
            return _CLEAN_PASS
        if name == "untested":
            return _UNTESTED
        if name == "skipped":
            return _SKIPPED
    message = element.error_message
    reason = getattr(element, "skip_reason", None)
    return State(
        status=name,
        hook_failed=bool(element.hook_failed),
        error_message=None if message is None else text(message),
        captured=captured(element),
        error=error(element.exception, element.exc_traceback),
        should_skip=should_skip,
        skip_reason=None if reason is None else text(reason),
    )


def table(value: Any) -> TableRecord | None:
    """Return a data table."""
    if value is None:
        return None
    return TableRecord(
        headings=[text(heading) for heading in value.headings],
        rows=[[text(cell) for cell in row.cells] for row in value.rows],
        lines=[row.line for row in value.rows],
        line=value.line or 0,
    )


def doc_string(value: Any) -> TextRecord | None:
    """Return a doc string."""
    if value is None:
        return None
    return TextRecord(
        text(value), getattr(value, "content_type", "text/plain"), getattr(value, "line", 0) or 0
    )


def step(element: Any, filename: str) -> StepRecord:
    """Return one step as it stands."""
    own = element.filename
    return StepRecord(
        keyword=text(element.keyword),
        step_type=element.step_type,
        name=text(element.name),
        line=element.line or 0,
        filename=None if own == filename else text(own),
        text=doc_string(element.text) if element.text is not None else None,
        table=table(element.table) if element.table is not None else None,
        duration=float(element.duration),
        state=state(element),
    )


def argument(value: Any) -> Argument:
    """Return a matched argument; a value that JSON cannot carry becomes `opaque`."""
    plain: Any = value.value
    opaque = None
    original = value.original
    if isinstance(plain, bool) or plain is None:
        pass
    elif type(plain) is str:
        plain = text(plain)
    elif (type(plain) is int and -_INT64 <= plain < _INT64) or (
        type(plain) is float and math.isfinite(plain)
    ):
        pass
    else:
        try:
            opaque = text(repr(plain))[:1000]
        except Exception:  # a user's __repr__
            opaque = f"<{type(plain).__name__}>"
        plain = None
    return Argument(
        start=value.start,
        end=value.end,
        original=None if original is None else text(original),
        value=plain,
        name=value.name,
        opaque=opaque,
    )


def match(value: Any) -> MatchRecord | None:
    """Return a match; None for behave's NoMatch."""
    if value.location is None:
        return None
    arguments = value.arguments
    return MatchRecord(
        filename=text(value.location.filename),
        line=value.location.line or 0,
        function=getattr(value.func, "__name__", ""),
        arguments=None if arguments is None else [argument(item) for item in arguments],
    )


def background(element: Background | None, filename: str) -> BackgroundRecord | None:
    """Return a background with its own steps."""
    if element is None:
        return None
    return BackgroundRecord(
        keyword=text(element.keyword),
        name=text(element.name),
        line=element.line or 0,
        description=[text(line) for line in element.description],
        steps=[step(item, filename) for item in element.steps],
    )


def scenario(
    element: Scenario,
    path: ScenarioPath,
    filename: str,
    *,
    announced: bool = False,
    announced_name: str | None = None,
    announced_tags: list[TagRecord] | None = None,
    announced_description: list[str] | None = None,
    calls: list[Call] | None = None,
    undefined: list[tuple[str, str]] | None = None,
    hook_failures: int = 0,
    earlier: list[ScenarioRecord] | None = None,
    warnings_repeat: bool = False,
) -> ScenarioRecord:
    """Return a scenario as it stands, with the formatter calls made for it."""
    steps = [step(item, filename) for item in element.all_steps]
    name = text(element.name)
    own_tags = tags(element.tags)
    description = [text(line) for line in element.description]
    return ScenarioRecord(
        path=path,
        keyword=text(element.keyword),
        name=name,
        line=element.line or 0,
        tags=own_tags,
        description=description,
        background_steps=len(steps) - len(element.steps),
        steps=steps,
        state=state(element),
        announced=announced,
        announced_name=None if announced_name == name else announced_name,
        announced_tags=None if announced_tags == own_tags else announced_tags,
        announced_description=(
            None if announced_description == description else announced_description
        ),
        was_dry_run=bool(element.was_dry_run),
        calls=_without_known_names(calls or [], steps),
        undefined=undefined or [],
        hook_failures=hook_failures,
        warnings_repeat=warnings_repeat,
        earlier=earlier or [],
    )


def _without_known_names(calls: list[Call], steps: list[StepRecord]) -> list[Call]:
    """Leave out the names of announced steps that kept them."""
    return [
        StepCall(call.index)
        if isinstance(call, StepCall) and call.index >= 0 and steps[call.index].name == call.name
        else call
        for call in calls
    ]


def _outline(element: ScenarioOutline, path: ScenarioPath, filename: str) -> OutlineItem:
    # ScenarioOutline.scenarios builds on demand; behave has done so when it ran.
    rows = element.scenarios
    positions = {
        id(row): (block_index, row_index)
        for block_index, block in enumerate(element.examples)
        if block.table is not None
        for row_index, row in enumerate(block.table.rows)
    }
    origins: list[RowRecord | None] = []
    for scenario_ in rows:
        row = scenario_._row
        place = positions.get(id(row)) if row is not None else None
        origins.append(
            None if place is None else RowRecord(place[0], place[1], getattr(row, "id", ""))
        )
    return OutlineItem(
        path=path,
        keyword=text(element.keyword),
        name=text(element.name),
        line=element.line or 0,
        tags=tags(element.tags),
        description=[text(line) for line in element.description],
        steps=[step(item, filename) for item in element.steps],
        examples=[
            ExamplesRecord(
                keyword=text(block.keyword),
                name=text(block.name),
                line=block.line or 0,
                tags=tags(block.tags),
                table=table(block.table),
            )
            for block in element.examples
        ],
        rows=origins,
        state=state(element),
    )


def _item(element: Any, path: ScenarioPath, filename: str) -> ScenarioItem | OutlineItem:
    if isinstance(element, ScenarioOutline):
        return _outline(element, path, filename)
    return ScenarioItem(path)


class Announced:
    """Which formatter calls behave made for a feature or rule, noted by the recorder."""

    def __init__(self) -> None:
        self.announced = False
        self.finished = False
        self.ran = False
        self.name: str | None = None
        self.tags: list[TagRecord] | None = None


_NOTHING = Announced()


def feature(
    element: Feature,
    own: Announced | None = None,
    rules: Mapping[int, Announced] | None = None,
    status: str | None = None,
    *,
    items: bool = True,
) -> FeatureRecord:
    """Return a feature without its scenarios' records.

    `rules` maps `id(rule)` to what was called for it. `status` replaces the computed status
    of the feature where only a part of it ran; without `items` only rules that were announced
    are listed, without their scenarios.
    """
    own = own or _NOTHING
    rules = rules or {}
    filename = element.filename
    listed: list[ScenarioItem | OutlineItem | RuleItem] = []
    for index, item in enumerate(element.run_items if items or rules else ()):
        if isinstance(item, Rule):
            called = rules.get(id(item), _NOTHING)
            if not (items or called.announced):
                continue
            listed.append(
                RuleItem(
                    path=(index,),
                    keyword=text(item.keyword),
                    name=text(item.name),
                    line=item.line or 0,
                    tags=tags(item.tags),
                    description=[text(line) for line in item.description],
                    background=background(item.background, filename),
                    items=[
                        _item(inner, (index, number), filename)
                        for number, inner in enumerate(item.run_items if items else ())
                    ],
                    state=state(item),
                    announced=called.announced,
                    finished=called.finished,
                )
            )
        elif items:
            listed.append(_item(item, (index,), filename))
    name = text(element.name)
    own_tags = tags(element.tags)
    return FeatureRecord(
        filename=text(filename),
        keyword=text(element.keyword),
        name=name,
        line=element.line or 0,
        tags=own_tags,
        description=[text(line) for line in element.description],
        language=element.language or "en",
        background=background(element.background, filename),
        items=listed,
        state=state(element, status),
        ran=own.ran,
        announced=own.announced,
        announced_name=None if own.name == name else own.name,
        announced_tags=None if own.tags == own_tags else own.tags,
        finished=own.finished,
    )
