"""What the scanners note of a file: plain values that can be cached. No behaviour, no rules."""

import msgspec

from surefoot.policy.tags import Tag


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A step line. `kind` is given, when or then, after behave has resolved And, But and *."""

    line: int
    kind: str
    text: str


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row of an examples table."""

    line: int
    cells: list[str]


class Examples(msgspec.Struct, array_like=True):
    """One examples section of an outline; without a table `header` is empty."""

    line: int
    name: str
    tags: list[Tag]
    header: list[str] = []
    rows: list[Row] = []


class Scenario(msgspec.Struct, array_like=True):
    """A scenario or an outline. `rule` is the position of its rule in the feature, or -1."""

    line: int
    name: str
    outline: bool
    tags: list[Tag]
    rule: int = -1
    steps: list[Step] = []
    examples: list[Examples] = []


class Background(msgspec.Struct, array_like=True):
    """The steps that come before each scenario of a feature or of a rule."""

    line: int
    steps: list[Step] = []


class Rule(msgspec.Struct, array_like=True):
    """A rule of a feature."""

    line: int
    name: str
    tags: list[Tag]
    background: Background | None = None


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """A place at which a file cannot be read further."""

    line: int
    message: str
    remedy: str = ""


class Ignore(msgspec.Struct, frozen=True, array_like=True):
    """A comment that suppresses findings: `# surefoot: ignore[SF101, SF102] reason`."""

    line: int
    """Where the comment stands."""
    first: int
    """The first line that it is about; 0 for the whole file."""
    last: int
    codes: list[str]
    reason: str


class FeatureFacts(msgspec.Struct, array_like=True):
    """A feature file. Without a feature in it, `line` is 0."""

    line: int = 0
    name: str = ""
    language: str = "en"
    tags: list[Tag] = []
    background: Background | None = None
    rules: list[Rule] = []
    scenarios: list[Scenario] = []
    fault: Fault | None = None
    ignores: list[Ignore] = []


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """A replacement of text: lines from 1, columns in characters from 0, the end excluded."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Raw(msgspec.Struct, frozen=True, array_like=True):
    """What a rule found in one file, before configuration and suppression."""

    code: str
    line: int
    message: str
    remedy: str = ""
    evidence: list[str] = []
    edits: list[Edit] = []
    column: int = 0
    """From 1; 0 where there is none."""
    subject: str = ""
    """As of a `Finding`."""


class Definition(msgspec.Struct, frozen=True, array_like=True):
    """A step decorator on a function. `pattern` is None when it is not a plain text."""

    line: int
    function_line: int
    """What behave takes for the place of the function: its first decorator."""
    kind: str
    pattern: str | None
    plain: bool = True
    """False under a condition or in a loop: whether, or how often, it is registered is unknown."""


class Import(msgspec.Struct, frozen=True, array_like=True):
    """An import at module level."""

    module: str
    names: list[str]
    """What `from module import` names; empty for `import module`."""
    level: int = 0


class UseMatcher(msgspec.Struct, frozen=True, array_like=True):
    """`use_step_matcher(name)`; an empty name restores the default; None is unknown."""

    name: str | None


class DefineType(msgspec.Struct, frozen=True, array_like=True):
    """`register_type(Name=converter)`. Pattern None: not known; "": the converter has none."""

    name: str
    pattern: str | None
    cucumber: bool = False
    made: str = ""
    """Where the pattern is not known here: the dotted name of the imported converter."""


class CustomMatcher(msgspec.Struct, frozen=True, array_like=True):
    """A matcher class is registered, or decorators are made in a way that cannot be followed."""

    line: int
    what: str


class Happening(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a module does to behave's registry when it is loaded; one field is set."""

    definition: Definition | None = None
    module: Import | None = None
    matcher: UseMatcher | None = None
    type: DefineType | None = None
    custom: CustomMatcher | None = None


class GuardedClass(msgspec.Struct, frozen=True, array_like=True):
    """A class with a lock of its own, and the attributes that it writes only under that lock."""

    name: str
    lock: str
    fields: list[str]


class FieldAccess(msgspec.Struct, frozen=True, array_like=True):
    """An attribute of another object that is used while the locks in `held` are held."""

    line: int
    column: int
    owner: str
    """Source of the object: `context.service`."""
    field: str
    write: bool
    held: list[str]
    """Sources of what the enclosing `with` statements hold: `context.service._lock`."""
    function: str


class CallFact(msgspec.Struct, frozen=True, array_like=True):
    """A call of something that another module, or the same one, may define."""

    line: int
    column: int
    text: str
    """The function as it is written: `BUILDER.build_all`."""
    target: str
    """Dotted name of what is called; one that begins with `:` is of the same module."""
    blocks: str = ""
    """What the call itself does that an import should not; `target` is then of no interest."""


class ModuleFacts(msgspec.Struct, array_like=True):
    """A Python file."""

    happenings: list[Happening] = []
    converters: dict[str, str | None] = {}
    """Functions of the module by name, as a type's converter: its pattern, as in DefineType."""
    found: list[Raw] = []
    guarded: list[GuardedClass] = []
    accesses: list[FieldAccess] = []
    made: dict[str, str] = {}
    """Last part of a variable or attribute to the dotted class that its only value is made of."""
    calls: dict[str, list[CallFact]] = {}
    """Calls by function (`f`, `Class` for its making, `Class.method`); at import under ""."""
    used_steps: list[Step] = []
    """Steps in `context.execute_steps` texts; their line is that of the call."""
    computed_steps: bool = False
    """Whether a call of `execute_steps` has a text that is made at run time."""
    fault: Fault | None = None
    ignores: list[Ignore] = []
