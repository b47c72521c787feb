"""What behave said of a feature, as plain values that outlive the process.

A record holds the model element as it stood after it ran, and the formatter calls that
behave made for it, so that any formatter can be called again as behave would have called it.
`suite.encode` makes records from behave's model; `suite.decode` makes a model from records.

Times are seconds. Status words are the names of `behave.model_type.Status`.
"""

import msgspec

from surefoot.model.scenarios import ScenarioPath


class TagRecord(msgspec.Struct, frozen=True, array_like=True):
    """A tag and the line that it stands on."""

    name: str
    line: int


class TextRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A doc string."""

    value: str
    content_type: str = "text/plain"
    line: int = 0


class TableRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A data table; `lines` has the line of each row."""

    headings: list[str]
    rows: list[list[str]] = []
    lines: list[int | None] = []
    line: int = 0


class CapturedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What behave captured of one section (a hook, a step, a scenario)."""

    name: str | None = None
    stdout: str = ""
    stderr: str = ""
    log: str = ""
    failed: bool = False


class FrameRecord(msgspec.Struct, frozen=True, array_like=True):
    """One traceback entry; columns are offsets in bytes, None where they are not known."""

    filename: str
    line: int
    function: str
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None


class ErrorRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exception: its qualified type, its text, and its traceback, outermost frame first."""

    type: str
    message: str
    frames: list[FrameRecord] = []


class Argument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A matched step argument.

    `value` is set for what JSON can carry; anything else has `opaque` and its `repr` instead.
    """

    start: int
    end: int
    original: str | None
    value: str | int | float | bool | None = None
    name: str | None = None
    opaque: str | None = None


class MatchRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step's match: where its function is, and the arguments."""

    filename: str
    line: int
    function: str
    arguments: list[Argument] | None = []


class StepCall(msgspec.Struct, frozen=True, array_like=True, tag="step"):
    """`formatter.step(steps[index])`; `name` where the step had another name then."""

    index: int
    name: str | None = None


class MatchCall(msgspec.Struct, frozen=True, array_like=True, tag="match"):
    """`formatter.match(match)`; None stands for behave's NoMatch."""

    match: MatchRecord | None


class ResultCall(msgspec.Struct, frozen=True, array_like=True, tag="result"):
    """`formatter.result(steps[index])`."""

    index: int


class EmbedCall(msgspec.Struct, frozen=True, array_like=True, tag="embed"):
    """`formatter.embedding(mime_type, data)`; data as base64."""

    mime_type: str
    data: str


Call = StepCall | MatchCall | ResultCall | EmbedCall


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a feature, rule, scenario or step ended."""

    status: str = "untested"
    hook_failed: bool = False
    error_message: str | None = None
    captured: list[CapturedRecord] = []
    error: ErrorRecord | None = None
    should_skip: bool = False
    skip_reason: str | None = None


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a scenario, background steps included."""

    keyword: str
    step_type: str
    name: str
    line: int
    filename: str | None = None
    """Set where it differs from the feature's."""
    text: TextRecord | None = None
    table: TableRecord | None = None
    duration: float = 0.0
    state: State = State()


class ScenarioRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scenario or outline row, as it stood after its run."""

    path: ScenarioPath
    keyword: str
    name: str
    line: int
    tags: list[TagRecord] = []
    description: list[str] = []
    background_steps: int = 0
    """How many of `steps`, from the first, come from backgrounds."""
    steps: list[StepRecord] = []
    state: State = State()
    announced: bool = False
    """Whether behave called `formatter.scenario(...)`."""
    announced_name: str | None = None
    """The name at that call, where a hook changed it afterwards."""
    announced_tags: list[TagRecord] | None = None
    announced_description: list[str] | None = None
    was_dry_run: bool = False
    calls: list[Call] = []
    undefined: list[tuple[str, str]] = []
    """(step type, step name) of each undefined step, in the order behave found them."""
    hook_failures: int = 0
    warnings_repeat: bool = False
    """Whether the suite asked for warnings every time, and not only the first."""
    earlier: list["ScenarioRecord"] = []
    """Earlier runs of the same scenario object, as `behave.contrib.scenario_autoretry` makes."""


def step_counts(record: ScenarioRecord) -> dict[str, int]:
    """Return how many steps of a scenario have each status."""
    counts: dict[str, int] = {}
    for step in record.steps:
        status = step.state.status
        counts[status] = counts.get(status, 0) + 1
    return counts


class BackgroundRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A background with its own steps (not the inherited ones)."""

    keyword: str
    name: str
    line: int
    description: list[str] = []
    steps: list[StepRecord] = []


class ExamplesRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One Examples block of an outline."""

    keyword: str
    name: str
    line: int
    tags: list[TagRecord] = []
    table: TableRecord | None = None


class RowRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which example row an outline's scenario came from: indexes from 0, and behave's row id."""

    examples: int
    row: int
    id: str


class ScenarioItem(msgspec.Struct, frozen=True, omit_defaults=True, tag="scenario"):
    """A place where the scenario of that path stands; its record is stored by itself."""

    path: ScenarioPath


class OutlineItem(msgspec.Struct, frozen=True, omit_defaults=True, tag="outline"):
    """A Scenario Outline; `rows` are its scenarios in order."""

    path: ScenarioPath
    keyword: str
    name: str
    line: int
    tags: list[TagRecord] = []
    description: list[str] = []
    steps: list[StepRecord] = []
    examples: list[ExamplesRecord] = []
    rows: list[RowRecord | None] = []
    state: State = State()


class RuleItem(msgspec.Struct, frozen=True, omit_defaults=True, tag="rule"):
    """A Rule with its items."""

    path: ScenarioPath
    keyword: str
    name: str
    line: int
    tags: list[TagRecord] = []
    description: list[str] = []
    background: BackgroundRecord | None = None
    items: list[ScenarioItem | OutlineItem] = []
    state: State = State()
    announced: bool = False
    finished: bool = False


class FeatureRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A feature without its scenarios' records."""

    filename: str
    keyword: str
    name: str
    line: int
    tags: list[TagRecord] = []
    description: list[str] = []
    language: str = "en"
    background: BackgroundRecord | None = None
    items: list[ScenarioItem | OutlineItem | RuleItem] = []
    state: State = State()
    ran: bool = False
    """Whether behave called `formatter.uri(...)` and ran the feature."""
    announced: bool = False
    announced_name: str | None = None
    announced_tags: list[TagRecord] | None = None
    finished: bool = False
    """Whether behave called `formatter.eof()`."""
