"""Which definitions behave's registry would hold after loading a suite, told from its sources.

Follows the order in which behave runs the environment file and the step modules, and what they
import, with the matcher and the types of each moment. Where the sources do not tell, it says
so (`doubts`), and questions about the kinds of steps concerned are left unanswered.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

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

KINDS = ("given", "when", "then", "step")
MATCHERS = ("parse", "cfparse", "re", "re0", "cucumber_expressions")

FactsOf = Callable[[str], ModuleFacts | None]
Resolve = Callable[[str, Import], Iterable[str]]
"""Importing file and import to the files that it runs, in order."""


class Placed(msgspec.Struct):
    """A definition in its file, with the matcher that was in use, and its place in the order."""

    file: str
    definition: Definition
    matcher: str | None
    number: int
    pattern: StepPattern | None = None
    """Made when it is first needed; None also for one that may match anything."""
    made: bool = False


class Doubt(msgspec.Struct, frozen=True):
    """A reason why the definitions of these kinds of steps are not all known."""

    file: str
    line: int
    kinds: tuple[str, ...]
    what: str


class _Index:
    """The definitions of one kind, found by the words of a text.

    A pattern for parse whose fields stand in words of their own needs each of its other words in
    the text. It is kept under the one that the fewest patterns have, so that most texts meet a
    handful of definitions. Built when first asked: much faster than a tree that grows.
    """

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self._by_word: dict[str, list[Placed]] | None = None
        self._anywhere: list[Placed] = []

    def candidates(self, text: str) -> list[Placed]:
        """Return the definitions that may match, in registration order."""
        if self._by_word is None:
            self._by_word = self._build()
        found = list(self._anywhere)
        for word in self._by_word.keys() & text.split(" "):
            found += self._by_word[word]
        if len(found) > 1:
            found.sort(key=_number)
        return found

    def _build(self) -> dict[str, list[Placed]]:
        words = [_words_of(placed) for placed in self.placed]
        counts = Counter(chain.from_iterable(words))
        table: dict[str, list[Placed]] = {}
        for placed, whole in zip(self.placed, words, strict=True):
            if whole:
                table.setdefault(min(whole, key=counts.__getitem__), []).append(placed)
            else:
                self._anywhere.append(placed)
        return table


def _words_of(placed: Placed) -> list[str]:
    pattern = placed.definition.pattern
    if pattern is None or placed.matcher not in ("parse", "cfparse"):
        return []
    return _whole_words(pattern)


def _whole_words(pattern: str) -> list[str]:
    """Return the words that every text of a parse pattern has between spaces or at its ends."""
    words = pattern.split(" ")
    if "{" not in pattern:
        return words
    if _SPACED.search(pattern):
        # A format such as `{x: >d}`: its parts are no words.
        return []
    return [word for word in words if "{" not in word and "}" not in word]


_SPACED = re.compile(r"\{[^{}]*:[^{}]* ")


def _number(placed: Placed) -> int:
    return placed.number


class Registry:
    """The definitions of a suite, and what is wrong with them by file.

    `chosen` are the files whose findings are asked for; None for all. `shown` makes of a path
    what messages say.
    """

    def __init__(
        self, chosen: frozenset[str] | None = None, shown: Callable[[str], str] = str
    ) -> None:
        self.shown = shown
        self.doubts: list[Doubt] = []
        self._chosen = chosen
        self._count = 0
        self._indexes = {kind: _Index() for kind in KINDS}
        self._types: dict[str, str | None] = {}
        self._cucumber: dict[str, str | None] = {}
        self._seen: set[tuple[str, int, str | None, str]] = set()
        self._doubtful: set[str] = set()
        self._refused: dict[int, str] = {}
        self.unsure: set[tuple[str, str]] = set()
        """Steps that only definitions with types that are not known may match."""

    @property
    def size(self) -> int:
        """How many definitions there are."""
        return self._count

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
        return list(self._matching(kind, text)) or None

    def _matching(self, kind: str, text: str) -> Iterator[Placed]:
        unsure = False
        for name in (kind, "step"):
            index = self._indexes[name]
            for placed in index.candidates(text) if index.placed else ():
                answer = self._answer(placed, text)
                if answer is not Answer.NO:
                    yield placed
                    unsure = True
                if answer is Answer.YES and placed.definition.plain:
                    return
        if unsure and self.certain(kind):
            self.unsure.add((kind, text))

    def faults(self) -> Iterator[tuple[str, Raw]]:
        """Yield what behave would say against definitions, by file: clashes and bad patterns."""
        for index in self._indexes.values():
            clashing: set[int] = set()
            for placed in index.placed:
                if self._chosen is not None and placed.file not in self._chosen:
                    continue
                if placed.matcher in ("re", "re0"):
                    # Others are certain to compile, or are told when a step needs them.
                    self._pattern(placed)
                if placed.number in self._refused:
                    why = self._refused[placed.number]
                    message = f"behave refuses this definition: {why}"
                    yield placed.file, _raw("SF106", placed, message, "mend it")
                    continue
                found = self._clash(placed, index, clashing)
                if found is not None:
                    clashing.add(placed.number)
                    yield found
                elif self._chosen is not None:
                    yield from self._later(placed, index)

    def _later(self, placed: Placed, index: _Index) -> Iterator[tuple[str, Raw]]:
        """Yield the clashes of later definitions with one in a chosen file: told there."""
        text = placed.definition.pattern
        if text is None or placed.matcher is None or not placed.definition.plain:
            return
        needle = max(_whole_words(text), key=len, default="")
        for later in index.placed[bisect_right(index.placed, placed.number, key=_number) :]:
            other = later.definition.pattern
            if other is None or needle not in other or later.file in (self._chosen or ()):
                continue
            if later.definition.plain and self._takes(placed, other):
                same = other == text
                yield self._told("SF103" if same else "SF102", placed, later)

    def _takes(self, placed: Placed, text: str) -> bool:
        """Whether behave finds that a definition has the text of a later one."""
        if placed.definition.pattern == text:
            return True
        pattern = self._pattern(placed)
        # A converter may refuse the text; then behave sees no clash.
        known = pattern is not None and not pattern.custom
        return known and self._answer(placed, text) is Answer.YES

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
        """Add a definition."""
        key = (file, item.function_line, item.pattern, item.kind)
        if key in self._seen:
            # A module that is run by behave and imported by another registers the same again.
            return
        self._seen.add(key)
        if item.pattern is None:
            self.doubt(file, item.line, (item.kind,), "a pattern is computed")
        elif matcher is None:
            self.doubt(file, item.line, (item.kind,), "which matcher is in use is not known")
        elif matcher not in MATCHERS:
            self.doubt(file, item.line, (item.kind,), f"the matcher {matcher} is the suite's own")
            matcher = None
        self._count += 1
        self._indexes[item.kind].placed.append(Placed(file, item, matcher, self._count))

    def _answer(self, placed: Placed, text: str) -> Answer:
        pattern = self._pattern(placed)
        if placed.number in self._refused:
            return Answer.NO
        try:
            return pattern.answer(text) if pattern is not None else Answer.UNKNOWN
        except BadPatternError as error:
            self._refused[placed.number] = str(error)
            return Answer.NO

    def _pattern(self, placed: Placed) -> StepPattern | None:
        if not placed.made:
            placed.made = True
            text = placed.definition.pattern
            if text is not None and placed.matcher is not None:
                try:
                    placed.pattern = step_pattern(placed.matcher, text, self._types, self._cucumber)
                except BadPatternError as error:
                    self._refused[placed.number] = str(error)
        return placed.pattern

    def _clash(self, placed: Placed, index: _Index, clashing: set[int]) -> tuple[str, Raw] | None:
        """Return the finding that an earlier definition has the text: behave stops loading."""
        text = placed.definition.pattern
        if text is None or placed.matcher is None or not placed.definition.plain:
            return None
        for earlier in index.candidates(text):
            if earlier.number >= placed.number:
                break
            known = earlier.definition.plain and earlier.matcher is not None
            if known and earlier.number not in clashing and self._takes(earlier, text):
                same = earlier.definition.pattern == text
                return self._told("SF103" if same else "SF102", placed, earlier)
        return None

    def _told(self, code: str, placed: Placed, other: Placed) -> tuple[str, Raw]:
        item = placed.definition
        where = f"{self.shown(other.file)}:{other.definition.line}"
        stops = "behave stops loading the whole suite at the second"
        if code == "SF103":
            message = f"@{item.kind}({item.pattern!r}) is defined twice, here and in {where}"
            return placed.file, _raw(code, placed, message, f"remove one of the two; {stops}")
        message = (
            f"@{item.kind}({item.pattern!r}) clashes with"
            f" @{item.kind}({other.definition.pattern!r}) in {where}"
        )
        remedy = (
            "make one of the two patterns more definite, with a typed field or quotes around the"
            f" text; {stops}"
        )
        return placed.file, _raw(code, placed, message, remedy)


def _raw(code: str, placed: Placed, message: str, remedy: str) -> Raw:
    return Raw(code, placed.definition.line, message, remedy)


class Loader:
    """Runs the happenings of modules in behave's order."""

    def __init__(self, registry: Registry, facts_of: FactsOf, resolve: Resolve) -> None:
        self.registry = registry
        self._facts_of = facts_of
        self._resolve = resolve
        self._imported: set[str] = set()
        self._matcher: str | None = "parse"
        self._default: str | None = "parse"

    def load(self, environment: str | None, step_modules: Iterable[str]) -> Registry:
        """Return the registry after loading the environment file and the step modules."""
        if environment is not None:
            self._run(environment)
        self._default = self._matcher
        for module in step_modules:
            self._run(module)
            self._matcher = self._default
        return self.registry

    def also(self, file: str, item: Import) -> None:
        """Follow an import that is not in a source, such as a module that is preloaded."""
        self._happen(file, Happening(module=item))

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
