"""Whether a step's text matches a definition, as behave's matchers would say, without them.

A matcher is a pattern and what is known of its types. Three answers: yes, no, and unknown where
that depends on what only runs (a converter whose pattern is computed, say). Most patterns are
literal texts with gaps between, which needs no regular expression at all; for the rest the
libraries that behave uses (parse, parse_type, cucumber_expressions) are asked. Compiling the
regular expression of each of 8,000 definitions takes longer than all else.
"""

import enum
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from surefoot.suite.patterns import Shape, read_shape


class Answer(enum.IntEnum):
    """Whether a text matches."""

    NO = 0
    YES = 1
    UNKNOWN = 2


class BadPatternError(ValueError):
    """behave refuses the definition; the message says why."""


Types = Mapping[str, str | None]
"""Pattern of each registered type; "" where its converter has none, None where unknown."""

_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)?(?::([A-Za-z][A-Za-z0-9_]*))?\}")
_ANY_FIELD = re.compile(r"\{[\w-]*(?:\.[\w-]+|\[[^\]]+\])*:([^}]+)\}")
# Texts that fields of parse's own types match for certain; they match others too.
_CERTAIN = {
    "d": re.compile(r"[0-9]+"),
    "w": re.compile(r"\w+"),
    "W": re.compile(r"\W+"),
    "s": re.compile(r"\s+"),
    "S": re.compile(r"\S+"),
    "D": re.compile(r"\D+"),
    "l": re.compile(r"[A-Za-z]+"),
    "f": re.compile(r"[0-9]*\.[0-9]+"),
    "g": re.compile(r"[0-9]+(?:\.[0-9]+)?"),
    "n": re.compile(r"[0-9]{1,3}"),
}
_OWN_TYPES = frozenset("nbox%fFegwWdDsSlEGX") | {"ti", "tg", "ta", "te", "th", "tc", "tt", "ts"}


class StepPattern:
    """One definition's pattern. `shape` is what every matching text looks like, None unknown."""

    __slots__ = ("_certain", "_exact", "_test", "custom", "literals", "shape")

    def __init__(
        self,
        shape: Shape | None,
        exact: Callable[[], Callable[[str], bool]] | None,
        *,
        custom: bool = False,
        literals: Sequence[str] = (),
        certain: Sequence["re.Pattern[str] | None"] | None = None,
    ) -> None:
        self.shape = shape
        self._exact = exact
        """Makes the test; without one a text that has the shape is unknown."""
        self._test: Callable[[str], bool] | None = None
        self._certain = certain
        self.custom = custom
        """Whether a converter of the suite takes part, which may refuse what the pattern takes."""
        self.literals = literals

    def answer(self, text: str) -> Answer:
        """Return whether the definition matches a step's text."""
        shape = self.shape
        if shape is not None:
            if not text.endswith("\n") and not shape.admits(text):
                return Answer.NO
            if shape.literal:
                return Answer.YES if text == shape.prefix else Answer.NO
            if self._certain is not None and self._surely(text):
                return Answer.YES
        if self._exact is None:
            return Answer.UNKNOWN
        if self._test is None:
            self._test = self._exact()
        return Answer.YES if self._test(text) else Answer.NO

    def _surely(self, text: str) -> bool:
        """Whether the gaps between the literals, each found as early as it can be, all fit."""
        assert self._certain is not None
        position = len(self.literals[0])
        end = len(text) - len(self.literals[-1])
        last = len(self._certain) - 1
        for number, certain in enumerate(self._certain):
            if number == last:
                found = end
            else:
                literal = self.literals[number + 1]
                # A field takes one character at least.
                found = text.find(literal, position + 1, end)
            if found <= position:
                return False
            if certain is not None and not certain.fullmatch(text, position, found):
                return False
            position = found + (0 if number == last else len(self.literals[number + 1]))
        return True


def step_pattern(matcher: str, pattern: str, types: Types, cucumber: Types) -> StepPattern | None:
    """Return the pattern of a definition under a matcher of behave's; None for another matcher.

    Raises BadPatternError where behave refuses the pattern.
    """
    if matcher in ("parse", "cfparse"):
        return _simple_parse(pattern, types) or _exact_parse(matcher, pattern, types)
    if matcher == "re":
        if pattern.startswith("^") or pattern.endswith("$"):
            raise BadPatternError(
                "a pattern of the matcher `re` has ^ and $ around it already, and behave refuses"
                " one that brings its own"
            )
        return _regex(f"^{pattern}$")
    if matcher == "re0":
        return _regex(pattern)
    if matcher == "cucumber_expressions":
        return _cucumber(pattern, cucumber)
    return None


def _simple_parse(pattern: str, types: Types) -> StepPattern | None:
    """Read a pattern of literal text and plain fields; None for anything else."""
    literals: list[str] = []
    certain: list[re.Pattern[str] | None] = []
    names: set[str] = set()
    start = 0
    custom = unknown = False
    for field in _FIELD.finditer(pattern):
        literals.append(pattern[start : field.start()])
        start = field.end()
        name, kind = field.groups()
        if name is not None:
            if name in names:
                return None
            names.add(name)
        if kind is None:
            certain.append(None)
        elif kind in types:
            custom = True
            expression = types[kind]
            if expression is None:
                unknown = True
            elif expression:
                compiled = _compiled(expression)
                if compiled is None:
                    return None
                certain.append(compiled)
            else:
                certain.append(None)
        elif kind in _CERTAIN:
            certain.append(_CERTAIN[kind])
        else:
            return None
    literals.append(pattern[start:])
    if any("{" in part or "}" in part for part in literals):
        return None
    if not certain and not unknown:
        return StepPattern(Shape(pattern, "", literal=True, sound=True), None)
    shape = Shape(
        literals[0], literals[-1], literal=False, sound=True, between=tuple(literals[1:-1])
    )
    if unknown:
        return StepPattern(shape, None, custom=True)
    return StepPattern(
        shape,
        lambda: _parser("parse", pattern, types),
        custom=custom,
        literals=literals,
        certain=certain,
    )


def _exact_parse(matcher: str, pattern: str, types: Types) -> StepPattern:
    """Ask parse itself. A type that is not known makes the answer unknown."""
    known = dict(types)
    unknown = custom = False
    for kind in _field_types(pattern):
        base = kind.rstrip("+*?") if matcher == "cfparse" else kind
        if base in types:
            custom = True
            unknown = unknown or types[base] is None
        elif base not in _OWN_TYPES and "%" not in kind:
            # It may be registered in a way that the source does not tell.
            unknown = True
    if unknown:
        return StepPattern(_leading_shape(pattern), None, custom=True)
    return StepPattern(
        _leading_shape(pattern), lambda: _parser(matcher, pattern, known), custom=custom
    )


def _leading_shape(pattern: str) -> Shape | None:
    """Return what the text before the first brace says; alignment only pads after it."""
    head = pattern.partition("{")[0]
    if "}" in head or "{{" in pattern or "}}" in pattern or head == pattern:
        return None
    return Shape(head, "", literal=False, sound=True)


def _field_types(pattern: str) -> list[str]:
    """Return the type at the end of each field's format."""
    found = []
    for field in _ANY_FIELD.finditer(pattern):
        kind = re.sub(r"^(?:.?[<>=^])?[-+ ]?0?[0-9]*[,_]?(?:\.[0-9]*)?", "", field[1])
        if kind:
            found.append(kind)
    return found


def _parser(matcher: str, pattern: str, types: Types) -> Callable[[str], bool]:
    if matcher == "cfparse":
        from parse_type.cfparse import Parser
    else:
        from parse import Parser
    converters = {name: _converter(expression) for name, expression in types.items()}
    try:
        parser: Any = Parser(pattern, extra_types=converters, case_sensitive=True)
        parser.parse("", evaluate_result=False)
    except Exception as error:
        raise BadPatternError(f"parse refuses the pattern: {error}") from error
    return lambda text: parser.parse(text, evaluate_result=False) is not None


def _converter(expression: str | None) -> Callable[[str], str]:
    def convert(text: str) -> str:
        return text

    if expression:
        convert.pattern = expression  # type: ignore[attr-defined]
    return convert


def _regex(expression: str) -> StepPattern:
    shape = read_shape(expression, whole=False)
    if shape is None or not shape.sound:
        # It may not compile, and behave then leaves the definition out.
        _compile(expression)

    def exact() -> Callable[[str], bool]:
        match = _compile(expression).match
        return lambda text: match(text) is not None

    return StepPattern(shape, exact)


def _cucumber(pattern: str, types: Types) -> StepPattern:
    for name in re.findall(r"(?<!\\)\{([^}]*)\}", pattern):
        if name in types and types[name] is None:
            return StepPattern(None, None, custom=True)
    if "*" in types:
        return StepPattern(None, None, custom=True)
    try:
        from cucumber_expressions.errors import CucumberExpressionError
        from cucumber_expressions.expression import CucumberExpression
        from cucumber_expressions.parameter_type import ParameterType
        from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry
    except ImportError:
        return StepPattern(None, None, custom=True)
    try:
        registry = ParameterTypeRegistry()
        for name, expression in types.items():
            registry.define_parameter_type(ParameterType(name, expression, str, str, False, False))
        found = CucumberExpression(pattern, registry)
    except (CucumberExpressionError, ValueError, re.error, AttributeError):
        # A type that is not known here may be defined where the source does not tell.
        return StepPattern(None, None, custom=True)
    return StepPattern(None, lambda: lambda text: found.match(text) is not None, custom=bool(types))


_expressions: dict[str, "re.Pattern[str] | None"] = {}


def _compiled(expression: str) -> "re.Pattern[str] | None":
    if expression not in _expressions:
        try:
            _expressions[expression] = _compile(expression)
        except BadPatternError:
            _expressions[expression] = None
    return _expressions[expression]


def _compile(expression: str) -> "re.Pattern[str]":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPatternError(f"the regular expression does not compile: {error}") from error
