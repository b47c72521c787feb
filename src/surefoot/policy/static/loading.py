"""Which definitions behave's registry would hold after loading a suite, told from its sources.

Follows the order in which behave runs the environment file and the step modules, and what they
import, with the matcher and the types of each moment. Where the sources do not tell, it says
so (`doubts`), and questions about the kinds of steps concerned are left unanswered.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from surefoot.policy.static.facts import (
    DefineType,
    Definition,
    Happening,
    Import,
    ModuleFacts,
    Raw,
)
from surefoot.policy.static.matching import Answer, BadPatternError, StepPattern, step_pattern
from surefoot.suite.wordindex import WordIndex

KINDS = ("given", "when", "then", "step")

FactsOf = Callable[[str], ModuleFacts | None]
Resolve = Callable[[str, Import], Iterable[str]]
"""Importing file and import to the files that it runs, in order."""


class Placed(msgspec.Struct, frozen=True):
    """A definition with its file and pattern; without a pattern it may match anything."""

    file: str
    definition: Definition
    pattern: StepPattern | None


class Doubt(msgspec.Struct, frozen=True):
    """A reason why the definitions of these kinds of steps are not all known."""

    file: str
    line: int
    kinds: tuple[str, ...]
    what: str


class _Index:
    """The definitions of one kind, found by the words of a text."""

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self.words = WordIndex()

    def add(self, placed: Placed) -> None:
        self.placed.append(placed)
        self.words.enter(placed.pattern.shape if placed.pattern is not None else None)

    def candidates(self, text: str) -> Iterator[Placed]:
        """Yield the definitions that may match, in registration order."""
        for position in sorted(self.words.positions(text)):
            yield self.placed[position]


class Registry:
    """The definitions of a suite, and what is wrong with them by file."""

    def __init__(self) -> None:
        self.doubts: list[Doubt] = []
        self.found: dict[str, list[Raw]] = {}
        self._indexes = {kind: _Index() for kind in KINDS}
        self._types: dict[str, str | None] = {}
        self._cucumber: dict[str, str | None] = {}
        self._seen: set[tuple[str, int, str | None, str]] = set()
        self._answers: dict[tuple[str, str], list[Placed] | None] = {}
        self._doubtful: set[str] = set()

    def definitions(self) -> Iterator[Placed]:
        """Yield all definitions, kind by kind."""
        for index in self._indexes.values():
            yield from index.placed

    def certain(self, kind: str) -> bool:
        """Whether all definitions that steps of a kind can have are known."""
        return not self._doubtful & {kind, "step"}

    def matching(self, kind: str, text: str) -> list[Placed] | None:
        """Return the definitions that match or may match a step, the first certain one last.

        None: there is none, as far as is known (ask `certain`).
        """
        key = (kind, text)
        if key not in self._answers:
            found: list[Placed] = []
            for name in (kind, "step"):
                for placed in self._indexes[name].candidates(text):
                    answer = placed.pattern.answer(text) if placed.pattern else Answer.UNKNOWN
                    if answer is not Answer.NO:
                        found.append(placed)
                    if answer is Answer.YES and placed.definition.plain:
                        break
                else:
                    continue
                break
            self._answers[key] = found or None
        return self._answers[key]

    # -- filling it

    def doubt(self, file: str, line: int, kinds: Iterable[str], what: str) -> None:
        """Note that definitions of these kinds may be missing."""
        self.doubts.append(Doubt(file, line, tuple(kinds), what))
        self._doubtful.update(self.doubts[-1].kinds)

    def define_type(self, item: DefineType, pattern: str | None) -> None:
        """Note a type. Two different patterns under one name leave it unknown."""
        table = self._cucumber if item.cucumber else self._types
        known = table.get(item.name, pattern)
        table[item.name] = pattern if known == pattern else None

    def add(self, file: str, item: Definition, matcher: str | None) -> None:
        """Add a definition, and note what behave would say against it."""
        key = (file, item.function_line, item.pattern, item.kind)
        if key in self._seen:
            # A module that is run by behave and imported by another registers the same again.
            return
        self._seen.add(key)
        pattern: StepPattern | None = None
        if item.pattern is None:
            self.doubt(file, item.line, (item.kind,), "a pattern is computed")
        elif matcher is None:
            self.doubt(file, item.line, (item.kind,), "which matcher is in use is not known")
        else:
            try:
                pattern = step_pattern(matcher, item.pattern, self._types, self._cucumber)
            except BadPatternError as error:
                self._report(
                    file, "SF106", item, f"behave refuses this definition: {error}", "mend it"
                )
                return
            if pattern is None:
                self.doubt(file, item.line, (item.kind,), f"the matcher {matcher} is the suite's")
        if item.pattern is not None and pattern is not None and self._clashes(file, item):
            return
        self._indexes[item.kind].add(Placed(file, item, pattern))

    def _clashes(self, file: str, item: Definition) -> bool:
        """Whether an earlier definition has the text already, so that behave stops loading."""
        if not item.plain:
            return False
        text = item.pattern
        assert text is not None
        for earlier in self._indexes[item.kind].candidates(text):
            if not earlier.definition.plain or earlier.pattern is None:
                continue
            where = f"{earlier.file}:{earlier.definition.line}"
            if earlier.definition.pattern == text:
                self._report(
                    file,
                    "SF103",
                    item,
                    f"@{item.kind}({text!r}) is defined already, in {where}",
                    "remove one of the two; behave stops loading the whole suite at the second",
                )
                return True
            # A converter may refuse the text; then behave sees no clash.
            if not earlier.pattern.custom and earlier.pattern.answer(text) is Answer.YES:
                self._report(
                    file,
                    "SF102",
                    item,
                    f"@{item.kind}({text!r}) matches what"
                    f" @{item.kind}({earlier.definition.pattern!r}) in {where} matches",
                    "make one of the two patterns more definite, with a typed field or quotes"
                    " around the text; behave stops loading the whole suite here",
                )
                return True
        return False

    def _report(self, file: str, code: str, item: Definition, message: str, remedy: str) -> None:
        self.found.setdefault(file, []).append(Raw(code, item.line, message, remedy))


class Loader:
    """Runs the happenings of modules in behave's order."""

    def __init__(self, facts_of: FactsOf, resolve: Resolve) -> None:
        self.registry = Registry()
        self._facts_of = facts_of
        self._resolve = resolve
        self._imported: set[str] = set()
        self._matcher: str | None = "parse"
        self._default: str | None = "parse"
        self._registered = {"parse", "cfparse", "re", "re0", "cucumber_expressions"}

    def load(self, environment: str | None, step_modules: Iterable[str]) -> Registry:
        """Return the registry after loading the environment file and the step modules."""
        if environment is not None:
            self._run(environment)
        self._default = self._matcher
        for module in step_modules:
            self._run(module)
            self._matcher = self._default
        return self.registry

    def _run(self, file: str) -> None:
        facts = self._facts_of(file)
        if facts is None:
            return
        if facts.fault is not None:
            self.registry.doubt(file, facts.fault.line, KINDS, "the file cannot be read")
        for happening in facts.happenings:
            self._happen(file, happening)

    def _happen(self, file: str, happening: Happening) -> None:
        if happening.definition is not None:
            self.registry.add(file, happening.definition, self._matcher)
        elif happening.module is not None:
            for path in self._resolve(file, happening.module):
                if path not in self._imported:
                    self._imported.add(path)
                    self._run(path)
        elif happening.matcher is not None:
            name = happening.matcher.name
            self._matcher = self._default if name == "" else name
        elif happening.type is not None:
            item = happening.type
            pattern = item.pattern
            if pattern is None and item.made:
                pattern = self._converter(file, item.made)
            self.registry.define_type(item, pattern)
        elif happening.custom is not None:
            custom = happening.custom
            self.registry.doubt(file, custom.line, KINDS, custom.what)

    def _converter(self, file: str, made: str) -> str | None:
        """Return the pattern of a converter that another module of the project defines."""
        module, _, name = made.rpartition(".")
        stripped = module.lstrip(".")
        level = len(module) - len(stripped)
        paths = list(self._resolve(file, Import(stripped, [], level)))
        found = self._facts_of(paths[-1]) if paths else None
        return found.converters.get(name) if found is not None else None
