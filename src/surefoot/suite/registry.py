"""Behave's step registry with an index: the same answers, at a cost that does not grow.

Behave compares every new definition with every earlier one, and every step with one
definition after the other. Here both first ask an index which definitions can match at all.
May not decide anything itself: whether a definition matches, is ambiguous or is bad is still
asked of behave's matchers, in behave's order.

How it works
------------
For the matchers that behave ships, the literal text of a pattern is read from its regular
expression (`patterns.read_shape`). Definitions are kept in a tree over
the *complete* words of the beginning, and there by one complete word that comes later, so a
step's text finds them by its own words. All literal text is compared before the regular
expression is tried. A definition of which nothing can be read (a matcher class of the suite,
case-insensitive matching, alternatives at the top level, inline flags) is a candidate for
every text. Candidates are a superset of what matches, in registration order.

Behave compiles every pattern when it is registered, to report bad ones. That took most of
the remaining time, and most patterns are never used in a run. So a pattern that is certain
to compile is compiled when it is first tried. What it means cannot change in between: the
regular expression's source and the converters are fixed when the matcher is made.

Rejected: reading parse's own format syntax instead of the regular expression (types, fill
characters and unescaped braces make it differ); a cache from step text to definition (the
walk costs less than the `Match` that has to be made each time).
"""

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import behave.runner
import behave.step_registry
from behave.matchers import (
    CFParseMatcher,
    Match,
    Matcher,
    ParseMatcher,
    RegexMatcher,
    get_step_matcher_factory,
)
from behave.model import Step
from behave.model_type import FileLocation, make_relpath_if_possible, unwrap_function
from behave.step_registry import AmbiguousStep, StepRegistry
from behave.textutil import text as as_text

from surefoot.suite.patterns import Shape, read_shape


class IndexedStepRegistry(StepRegistry):  # type: ignore[misc]
    """A drop-in for `behave.step_registry.StepRegistry`."""

    def __init__(self) -> None:
        super().__init__()
        self._indexes: dict[str, _Index] = {}

    def add_step_definition(self, keyword: str, step_text: str, func: Callable[..., Any]) -> None:
        """Register a definition as behave does.

        Raises AmbiguousStep if an earlier definition matches `step_text`. A pattern that does
        not compile is reported by the error handler and ignored.
        """
        step_type = keyword.lower()
        step_text = as_text(step_text)
        matcher = behave.step_registry.make_step_matcher(func, step_text, step_type)
        shape = _shape_of(matcher)
        if (shape is None or not shape.sound) and not self.is_good_step_definition(matcher):
            return
        _locate(matcher)
        index = self._index(step_type)
        for existing in index.rivals(step_text, matcher.pattern):
            if self.same_step_matcher(existing, matcher):
                return
            if existing.matches(step_text):
                raise AmbiguousStep(
                    f"{matcher.describe()} has already been defined in\n"
                    f"  existing step {existing.describe(existing.SCHEMA_AT_LOCATION)}"
                )
        index.append(matcher, shape)

    def find_step_definition(self, step: Step) -> Matcher | None:
        """Return the first definition that matches the step, or None."""
        for matcher in self._candidates(step):
            if matcher.match(step.name):
                return matcher
        return None

    def find_match(self, step: Step) -> Match | None:
        """Return a new match of the first definition that matches the step, or None."""
        for matcher in self._candidates(step):
            match = matcher.match(step.name)
            if match:
                return match
        return None

    def _candidates(self, step: Step) -> Iterable[Matcher]:
        yield from self._index(step.step_type).candidates(step.name)
        if step.step_type != "step":
            yield from self._index("step").candidates(step.name)

    def _index(self, step_type: str) -> "_Index":
        # `steps` is public: it may have been replaced, cleared or extended from outside.
        matchers = self.steps[step_type]
        index = self._indexes.get(step_type)
        if index is None or index.matchers is not matchers or index.size != len(matchers):
            index = self._indexes[step_type] = _Index(matchers)
        return index


def install() -> IndexedStepRegistry:
    """Reset behave's run-time state as `behave.runner_util.reset_runtime` does, indexed.

    Returns the registry that behave's runner asks, and that decorators from `behave` and those
    given to step modules fill. That is the one made when behave was imported, so it is changed
    in place: it is bound in too many places to be replaced. The first call keeps what was
    registered in it while behave and its plug-ins were imported; later calls empty it.

    As with behave, decorators taken from `behave.step_registry` from now on fill another
    registry, which no runner asks: steps defined with them are undefined.
    """
    other = IndexedStepRegistry()
    behave.step_registry.registry = other
    behave.step_registry.setup_step_decorators(None, other)
    get_step_matcher_factory().reset()
    asked: StepRegistry = behave.runner.the_step_registry
    if isinstance(asked, IndexedStepRegistry):
        asked.clear()
        return asked
    asked.__class__ = IndexedStepRegistry
    asked._indexes = {}
    return cast("IndexedStepRegistry", asked)


class _Node:
    """The definitions whose pattern begins with the same complete words."""

    __slots__ = ("by_word", "children")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        # None: of no word after the beginning is it known that it is complete.
        self.by_word: dict[str | None, list[tuple[int, Shape]]] = {}


class _Index:
    """Which matchers of one of the registry's lists can match a text. `size` are indexed."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self.matchers = matchers
        self.size = 0
        self._root = _Node()
        self._literal: dict[str, list[int]] = {}
        self._unknown: list[int] = []
        self._by_pattern: dict[str, list[int]] = {}
        for matcher in matchers:
            self._enter(matcher, _shape_of(matcher))

    def append(self, matcher: Matcher, shape: Shape | None) -> None:
        """Add a matcher to the registry's list and to the index."""
        self.matchers.append(matcher)  # type: ignore[attr-defined]  # fails as in behave
        self._enter(matcher, shape)

    def candidates(self, text: str) -> list[Matcher]:
        """Return the matchers that can match the text, in registration order."""
        return [self.matchers[position] for position in sorted(self._positions(text))]

    def rivals(self, text: str, pattern: str) -> list[Matcher]:
        """Return the matchers that can match `text` or have it or `pattern` as pattern."""
        if type(pattern) is not str:
            return list(self.matchers)
        positions = set(self._positions(text))
        for same in {text, pattern}:
            positions.update(self._by_pattern.get(same, ()))
        return [self.matchers[position] for position in sorted(positions)]

    def _enter(self, matcher: Matcher, shape: Shape | None) -> None:
        position = self.size
        self.size += 1
        if shape is None:
            self._unknown.append(position)
            return
        self._by_pattern.setdefault(matcher.pattern, []).append(position)
        if shape.literal:
            self._literal.setdefault(shape.prefix, []).append(position)
            return
        node = self._root
        # A word is complete when a space of the literal text ends it.
        for word in shape.prefix.split(" ")[:-1]:
            node = node.children.setdefault(word, _Node())
        # Of many definitions that begin alike, each goes by the word that tells it apart best.
        rarest = min(
            shape.later_words(), key=lambda word: len(node.by_word.get(word, ())), default=None
        )
        node.by_word.setdefault(rarest, []).append((position, shape))

    def _positions(self, text: str) -> Iterable[int]:
        if text.endswith("\n"):
            # `$` also matches before it, so that ends of texts cannot be compared.
            return range(self.size)
        found = self._unknown + self._literal.get(text, [])
        words = text.split(" ")
        keys = {None, *words}
        node: _Node | None = self._root
        for word in words:
            assert node is not None
            for key in node.by_word.keys() & keys:
                for position, shape in node.by_word[key]:
                    if shape.admits(text):
                        found.append(position)
            node = node.children.get(word)
            if node is None:
                break
        return found


def _shape_of(matcher: Matcher) -> Shape | None:
    """Return what is known of the texts that the matcher matches, None for nothing."""
    kind: Any = type(matcher)
    read = _reader(kind)
    return read(matcher) if read is not None else None


@functools.cache
def _reader(kind: type[object]) -> Callable[[Matcher], Shape | None] | None:
    """Return what reads the shape of matchers of a class; None if its matching is its own.

    A subclass that only sets names, types or case matches as its base does.
    """
    for base, matching, read in (*_READERS, *_cucumber_reader()):
        if issubclass(kind, base) and _matching(kind) == matching:
            return read
    return None


def _matching(kind: type[object]) -> tuple[Any, ...]:
    names = ("match", "matches", "check_match", "compile", "pattern", "regex")
    return tuple(getattr(kind, name, None) for name in names)


def _read_parse(matcher: Matcher) -> Shape | None:
    parser = matcher.parser
    if type(parser) not in _PARSERS or parser._re_flags != re.DOTALL:
        return None
    return read_shape(parser._expression, whole=True)


def _read_regex(matcher: Matcher) -> Shape | None:
    # A matcher that has its regular expression already may have been given flags with it.
    if matcher._regex is not None:
        return _read_compiled(matcher._regex)
    return read_shape(matcher.pattern, whole=False)


def _read_cucumber(matcher: Matcher) -> Shape | None:
    if type(matcher.cucumber_expression).__module__ != "cucumber_expressions.expression":
        return None
    return _read_compiled(matcher.cucumber_expression.tree_regexp.regexp)


def _read_compiled(regex: re.Pattern[str]) -> Shape | None:
    if regex.flags != re.UNICODE:
        return None
    return read_shape(regex.pattern, whole=False)


_PARSERS = frozenset({ParseMatcher.PARSER_CLASS, CFParseMatcher.PARSER_CLASS})
_Reader = tuple[type[Matcher], tuple[Any, ...], Callable[[Matcher], Shape | None]]
# As they were when this module was imported: a suite that patches one is seen to differ.
_READERS: tuple[_Reader, ...] = (
    (ParseMatcher, _matching(ParseMatcher), _read_parse),
    (RegexMatcher, _matching(RegexMatcher), _read_regex),
)


def _cucumber_reader() -> Iterable[_Reader]:
    # An optional part of behave, which the suite imports if it has what that needs.
    module = sys.modules.get("behave.cucumber_expression")
    if module is not None:
        kind = module.StepMatcher4CucumberExpressions
        yield kind, _matching(kind), _read_cucumber


_LOCATION = Matcher.location


def _locate(matcher: Matcher) -> None:
    """Take the matcher's location now, as behave does: relative to the current directory.

    Raises what behave raises for a function that has no code, or without a directory.
    """
    if type(matcher).location is _LOCATION and getattr(matcher, "_location", False) is None:
        matcher._location = location_of(matcher.func, os.getcwd())
    else:
        _ = matcher.location


def location_of(function: Any, directory: str) -> FileLocation:
    """Return where a function is defined, relative to a directory, as behave says it."""
    code = unwrap_function(function).__code__
    return FileLocation(_relative(code.co_filename, directory), code.co_firstlineno)


@functools.lru_cache(maxsize=4096)
def _relative(filename: str, directory: str) -> str:
    # Takes 15 microseconds, and is the same for all definitions of a module.
    return str(make_relpath_if_possible(filename, directory))
