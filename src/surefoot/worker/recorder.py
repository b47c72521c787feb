"""Stands where behave's formatters would stand, and notes what behave calls.

The notes are replayed later, in suite order, to the real formatters in a process of their own.
"""

import base64
from typing import Any

from behave.model import Feature, Rule, Scenario, Step

from surefoot.events.records import (
    Call,
    EmbedCall,
    MatchCall,
    ResultCall,
    ScenarioRecord,
    StepCall,
    TagRecord,
)
from surefoot.suite import encode
from surefoot.suite.encode import Announced


class Segment:
    """What was called for one run of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.announced = False
        self.name: str | None = None
        self.tags: list[TagRecord] | None = None
        self.description: list[str] | None = None
        self.calls: list[Call] = []
        self.results = 0
        self.indexes: dict[int, int] | None = None
        self.earlier: list[ScenarioRecord] = []

    def index(self, step: Step) -> int:
        """Return a step's position in the scenario; -1 for a step of none."""
        if self.indexes is None:
            self.indexes = {id(item): i for i, item in enumerate(self.scenario.all_steps)}
        return self.indexes.get(id(step), -1)


class Recorder:
    """The one formatter that behave sees (beside stand-ins and live ones)."""

    name = "surefoot"

    def __init__(self, board: Any) -> None:
        self._board = board
        self.segment: Segment | None = None
        self.feature_calls = Announced()
        self.rule_calls: dict[int, Announced] = {}
        self._rule: Announced | None = None
        self._last_embed: tuple[str, int, int] | None = None

    def begin_feature(self) -> None:
        """Forget the last feature."""
        self.feature_calls = Announced()
        self.rule_calls = {}
        self._rule = None
        self.segment = None

    # -- behave's formatter interface

    def uri(self, _uri: str) -> None:
        """A feature file begins."""
        self.feature_calls.ran = True

    def feature(self, feature: Feature) -> None:
        """Behave announces the feature."""
        calls = self.feature_calls
        calls.announced = True
        calls.name = encode.text(feature.name)
        calls.tags = encode.tags(feature.tags)

    def rule(self, rule: Rule) -> None:
        """Behave announces a rule."""
        calls = self.rule_calls.setdefault(id(rule), Announced())
        calls.announced = True
        self._rule = calls

    def rule_finished(self) -> None:
        """The announced rule has ended."""
        if self._rule is not None:
            self._rule.finished = True

    def background(self, _background: Any) -> None:
        """Follows from the announcement."""

    def scenario(self, scenario: Scenario) -> None:
        """Behave announces the scenario."""
        segment = self.segment
        if segment is not None:
            segment.announced = True
            segment.name = encode.text(scenario.name)
            segment.tags = encode.tags(scenario.tags)
            segment.description = [encode.text(line) for line in scenario.description]

    def step(self, step: Step) -> None:
        """Behave announces a step."""
        segment = self.segment
        if segment is not None:
            segment.calls.append(StepCall(segment.index(step), encode.text(step.name)))

    def match(self, match: Any) -> None:
        """A step begins, or is undefined."""
        segment = self.segment
        if segment is not None:
            self._board.step(segment.results)
            segment.calls.append(MatchCall(encode.match(match)))

    def result(self, step: Step) -> None:
        """A step has ended."""
        segment = self.segment
        if segment is not None:
            self._board.step(-1)
            segment.results += 1
            segment.calls.append(ResultCall(segment.index(step)))

    def embedding(self, mime_type: str, data: Any) -> None:
        """An attachment from `context.attach` or directly from user code."""
        segment = self.segment
        if segment is None:
            return
        # context.attach() calls every formatter that can embed: the recorder and stand-ins.
        mark = (mime_type, id(data), len(segment.calls))
        if self._last_embed == mark:
            return
        raw = data.encode() if isinstance(data, str) else bytes(data)
        segment.calls.append(EmbedCall(mime_type, base64.b64encode(raw).decode("ascii")))
        self._last_embed = (mime_type, id(data), len(segment.calls))

    def eof(self) -> None:
        """The feature has ended."""
        self.feature_calls.finished = True

    def close(self) -> None:
        """Nothing is open."""


class StandIn:
    """Has the name of a formatter that is replayed elsewhere, for steps that look for it."""

    def __init__(self, name: str, recorder: Recorder, config: Any) -> None:
        self.name = name
        self.config = config
        self.stream = None
        self._recorder = recorder

    def embedding(self, mime_type: str, data: Any) -> None:
        """Pass an attachment on."""
        self._recorder.embedding(mime_type, data)

    def _ignore(self, *_: Any) -> None:
        """The recorder notes it."""

    uri = feature = rule = rule_finished = background = _ignore
    scenario = step = match = result = eof = close = _ignore
