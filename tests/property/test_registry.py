"""The indexed registry beside behave's own, on generated definitions and texts."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import behave.cucumber_expression as cucumber
import msgspec
from behave.matchers import (
    Matcher,
    ParseMatcher,
    RegexMatcher,
    get_step_matcher_factory,
)
from behave.model_type import Argument
from behave.step_registry import StepRegistry
from hypothesis import event, given, settings
from hypothesis import strategies as st

from surefoot.suite.patterns import read_shape
from surefoot.suite.registry import IndexedStepRegistry

Converter = Callable[[Any], Any]


def typed(convert: Converter, pattern: Any, groups: int = 0) -> Converter:
    """Give a converter its pattern, as `parse.with_pattern` does."""
    convert.pattern = pattern  # type: ignore[attr-defined]
    convert.regex_group_count = groups  # type: ignore[attr-defined]
    return convert


def pattern_type(pattern: Any) -> Converter:
    return typed(lambda text: text, pattern)


def refuse(error: type[Exception]) -> Converter:
    def convert(text: str) -> None:
        raise error(f"no {text!r}")

    return convert


to_number = typed(lambda text: 10 * int(text), r"\d+")
to_option = typed(lambda text: f"<{text}>", r"(a|b)?", 1)


TYPES: dict[str, Converter] = {
    "Number": to_number,
    "Option": to_option,
    "Raise": typed(refuse(ValueError), r"a|1|"),
    "Never": typed(refuse(NotImplementedError), r"b+"),
    "Untyped": lambda text: text.upper(),
    "Open": pattern_type("(a"),
    "Break": pattern_type("a)|(b"),
    "Flag": pattern_type("(?i)a"),
    "Scoped": pattern_type("(?i:a)"),
    "Named": pattern_type("(?P<inner>a)"),
    "Ref": pattern_type(r"(a)\1"),
    "Set": pattern_type("[(]|[[a]"),
    "Comment": pattern_type("(?#()a"),
    "Verbose": pattern_type("(?x:a # (\n)"),
    "Behind": pattern_type("(?<=a*)b"),
    "Look": pattern_type("(?=1)|a"),
    "Slash": pattern_type("a\\"),
    "Count": pattern_type("a{1"),
    "d": pattern_type("[ab]"),  # hides the built-in type
}
LATER: dict[str, Converter] = {
    "Number": pattern_type("[a-z]+"),
    "Option": to_number,
    "Raise": to_number,
    "Scoped": pattern_type("(a"),
}

PIECES = ["a", "b", "A", "ab", "é", "É", "ß", "1", "22", " ", " ", "  ", "I have", "\t", "\u2003"]
TYPED = [f"{{t:{name}}}" for name in TYPES]
PARSE = [
    *PIECES,
    *("{}", "{x}", "{y}", "{x:d}", "{z:w}", "{a.b}", "{a_b}", "{a[b c]}", "{é}", "{x:S}", "{:d}"),
    *("{n:5d}", "{n:.2f}", "{n:|>3d}", "{n:*<3}", "{n:^4}", "{n:ti}", "{n:%H}", "{n:x}", "{n:n}"),
    *("{{", "}}", "{2,3}", "{,2}", "{a b}", "{", "}", "(", ")", "[", "]", "|", "$", "^", ".", "?"),
    *("*", "+", "\\", "\\d", "\n", "#", "(?i)", "{n:9Number}", "{n:Nope}"),
    *TYPED,
    *(f"{{{letter}:Number{sign}}}" for letter in "uv" for sign in "?*+"),
]
MILD_PARSE = [
    *PIECES[:9],
    *(
        " {x:d}",
        " {x}",
        " {}",
        "{y:Number}",
        " {n:Raise}",
        "{o:Option}",
        " {l:Number+}",
        "{m:Never}",
    ),
]
REGEX = [
    *PIECES,
    *(
        "(a|b)",
        r"(?P<x>\d+)",
        r"(\d+)",
        "(.*)",
        "(?P<y>a)?",
        "a?",
        "b*",
        "b+",
        "a{0,2}",
        "a{2",
        "+",
    ),
    *("[ab]", "[^]a]", "[(]", "[", "(?:a|b)", "|", "(?i)", "(?i:a)", "(?#c)", "(?x: a )", "(?s)"),
    *("^", "$", r"\d", r"\.", r"\b", r"\Z", r"\é", "(?!b)", "(?=a)", "(?<=a)", "(?P=x)", r"\1"),
    *(".", "(", ")", "\n", "a|b", "()", "(?>a)", "a*+", "a{1}", "a{,1}", "b{,}", "a{}", "{1"),
    *(r"\x41", r"\u0041", r"\U00000041", r"\101", r"\0", r"\N{COLON}", r"\t"),
]
MILD_REGEX = [*PIECES[:9], "(a|b)", r"(?P<x>\d+)", r"(\d+)", "(?:a|b)", "a?", "[ab]", "(.*)"]
CUCUMBER = [
    *PIECES,
    *(
        "{int}",
        "{string}",
        "{word}",
        "{float}",
        "{}",
        "{nope}",
        "a/b",
        "(s)",
        "\\(",
        "()",
        "/",
        "$",
    ),
]
TEXT = [
    *PIECES,
    "2",
    ":",
    "\0",
    "aa",
    "bb",
    ".",
    "(",
    "|",
    "{",
    "}",
    "1,2",
    '"q"',
    "\n",
    "?",
    "x",
    "0x1",
    "s",
]


class Starts(Matcher):  # type: ignore[misc]
    """Matches what begins with its pattern, and may match nothing at all else."""

    NAME = "starts"

    def compile(self) -> "Starts":
        if "é" in self.pattern:
            raise ValueError("no é")
        return self

    def check_match(self, step_text: str) -> list[Argument] | None:
        size = len(self.pattern)
        if not step_text.startswith(self.pattern):
            return None
        return [Argument(size, len(step_text), step_text[size:], step_text[size:])]


class AnyCase(ParseMatcher):  # type: ignore[misc]
    NAME = "any_case"
    CASE_SENSITIVE = False


class Renamed(ParseMatcher):  # type: ignore[misc]
    NAME = "renamed"


class Folded(ParseMatcher):  # type: ignore[misc]
    NAME = "folded"

    def check_match(self, step_text: str) -> Any:
        return super().check_match(step_text.lower())


class AnyCaseRegex(RegexMatcher):  # type: ignore[misc]
    NAME = "any_case_re"

    def __init__(self, func: Any, pattern: str, step_type: str | None = None) -> None:
        super().__init__(func, pattern, step_type)
        self.regex = re.compile(pattern, re.IGNORECASE)


class Trimmed(ParseMatcher):  # type: ignore[misc]
    """Has another pattern than its parser."""

    NAME = "trimmed"

    def __init__(self, func: Any, pattern: str, step_type: str | None = None) -> None:
        super().__init__(func, pattern.strip(), step_type)
        self.pattern = pattern


OWN = (Starts, AnyCase, Renamed, Folded, AnyCaseRegex, Trimmed)


def functions() -> list[Callable[..., None]]:
    made: dict[str, Callable[..., None]] = {}
    for name, filename in (("one", "one.py"), ("two", "two.py"), ("three", "<string>")):
        exec(compile(f"def {name}(context, *args, **kwargs): pass", filename, "exec"), made)
    return [made["one"], made["two"], made["three"]]


FUNCTIONS: list[Any] = [*functions(), print]


class Define(msgspec.Struct, frozen=True):
    matcher: str
    step_type: str
    pattern: str
    function: int


class SetTypes(msgspec.Struct, frozen=True):
    later: bool


class Find(msgspec.Struct, frozen=True):
    step_type: str
    text: str


class Drop(msgspec.Struct, frozen=True):
    """Change the public lists from outside."""

    step_type: str
    in_place: bool


class Clear(msgspec.Struct, frozen=True):
    pass


Action = Define | SetTypes | Find | Drop | Clear
STEP_TYPES = ("given", "when", "step")


def joined(pieces: list[str], most: int = 6) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


def with_a_beginning(*choices: list[str]) -> st.SearchStrategy[str]:
    beginning = st.sampled_from(["", "", "I have ", "a ", "a b "])
    rest = st.one_of(*(joined(pieces, 4) for pieces in choices))
    return st.tuples(beginning, rest).map("".join)


# Most patterns are of the mild kind, or few would be good and meet another.
parse_formats = with_a_beginning(MILD_PARSE, MILD_PARSE, PARSE, [*PIECES[:6], *TYPED])
expressions = with_a_beginning(MILD_REGEX, MILD_REGEX, REGEX)
SOURCES: dict[str, st.SearchStrategy[str]] = {
    "parse": parse_formats,
    "cfparse": parse_formats,
    "re": expressions,
    "re0": expressions | expressions.map("^{}$".format),
    "cucumber_expressions": with_a_beginning(CUCUMBER),
    "starts": with_a_beginning(PIECES),
    "any_case": parse_formats,
    "renamed": parse_formats,
    "folded": parse_formats,
    "any_case_re": expressions,
    "trimmed": parse_formats,
}
step_types = st.sampled_from(STEP_TYPES)


def definitions(step_type: st.SearchStrategy[str]) -> st.SearchStrategy[Define]:
    names = st.sampled_from(["parse"] * 4 + ["cfparse"] * 2 + ["re"] * 2 + list(SOURCES))
    return names.flatmap(
        lambda name: st.builds(
            Define,
            st.just(name),
            step_type,
            SOURCES[name],
            st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3]),
        )
    )


@st.composite
def scripts(draw: st.DrawFn) -> list[Action]:
    defined = draw(st.lists(definitions(step_types), min_size=1, max_size=12))
    # The same definition once more, and the same text from elsewhere or for another matcher.
    again = draw(st.lists(st.sampled_from(defined), max_size=3))
    like_defined = st.builds(
        lambda define, name, function: msgspec.structs.replace(
            define, matcher=name or define.matcher, function=function
        ),
        st.sampled_from(defined),
        st.sampled_from([None, "parse", "re", "re0"]),
        st.integers(0, 2),
    )
    moved = draw(st.lists(like_defined, max_size=3))
    texts = with_a_beginning(TEXT)
    others: st.SearchStrategy[Action] = st.one_of(
        st.builds(Find, step_types, texts),
        st.builds(SetTypes, st.booleans()),
        st.builds(Drop, step_types, st.booleans()),
        st.just(Clear()) if draw(st.integers(0, 9)) == 0 else st.builds(SetTypes, st.just(True)),
    )
    actions: list[Action] = [*defined, *again, *moved, *draw(st.lists(others, max_size=4))]
    shuffled = draw(st.permutations(actions)) if draw(st.booleans()) else actions
    ends = draw(st.lists(st.builds(Find, step_types, texts), max_size=5))
    return [*shuffled, *ends, *finds_like(defined)]


def finds_like(defined: list[Define]) -> Iterator[Find]:
    for define in defined:
        for text in texts_like(define.pattern):
            yield Find(define.step_type, text)


def texts_like(pattern: str) -> Iterator[str]:
    """Yield texts that a pattern in one of the syntaxes might match."""
    for value in ("1", "a", "ab 22", "A", ""):
        text = re.sub(r"\{[^{}]*\}|\([^()]*\)\??", value, pattern)
        yield text.replace("{{", "{").replace("}}", "}")
        yield text + "b"
    yield pattern
    yield pattern.swapcase()
    yield pattern + "\n"
    yield pattern + "b"


@contextmanager
def fresh_matchers() -> Iterator[None]:
    """Known types and matcher classes before, and none of ours left after."""
    factory = get_step_matcher_factory()
    factory.reset()
    kept = dict(factory.step_matcher_class_mapping)
    for kind in (cucumber.StepMatcher4CucumberExpressions, *OWN):
        factory.register_step_matcher_class(kind.NAME, kind)
    ParseMatcher.TYPE_REGISTRY.update(TYPES)
    try:
        yield
    finally:
        factory.step_matcher_class_mapping = kept
        factory.reset()


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:
        return (type(error), str(error))


def described(match: Any) -> object:
    if match is None:
        return None
    error = getattr(match, "stored_error", None)
    return (
        type(match),
        match.func,
        str(match.location),
        (type(error), str(error)),
        [
            (argument.start, argument.end, argument.original, repr(argument.value), argument.name)
            for argument in match.arguments or ()
        ],
    )


def play(registry: Any, actions: list[Action]) -> list[object]:
    """Return everything that can be seen of a registry while the actions are done."""
    seen: list[object] = []
    printed = registry.error_handler.file = io.StringIO()
    factory = get_step_matcher_factory()
    for action in actions:
        match action:
            case Define(name, step_type, pattern, function):
                factory.use_step_matcher(name)
                add = registry.make_decorator(step_type)(pattern)
                made = outcome(lambda add=add, of=function: add(FUNCTIONS[of]))  # type: ignore[misc]
                event("defined" if callable(made) else f"{name}: {made[0].__name__}")  # type: ignore[index]
                seen.append(made)
            case SetTypes(later):
                ParseMatcher.TYPE_REGISTRY.clear()
                ParseMatcher.TYPE_REGISTRY.update(LATER if later else TYPES)
            case Find(step_type, text):
                seen.append(found(registry, step_type, text))
            case Drop(step_type, True):
                del registry.steps[step_type][:1]
            case Drop(step_type, False):
                registry.steps[step_type] = registry.steps[step_type][1:]
            case Clear():
                registry.clear()
    lists = {
        step_type: [
            (type(one), one.pattern, one.func, one.step_type, str(one.location), one.regex_pattern)
            for one in matchers
        ]
        for step_type, matchers in registry.steps.items()
    }
    bad = [(type(one), one.pattern) for one in registry.error_handler.bad_step_definitions]
    event("bad definitions" if bad else "no bad definition")
    return [*seen, lists, bad, printed.getvalue()]


def found(registry: Any, step_type: str, text: str) -> object:
    step = SimpleNamespace(step_type=step_type, name=text)
    everything = [*registry.steps[step_type], *registry.steps["step"]]

    def position() -> int | None:
        definition = registry.find_step_definition(step)
        return None if definition is None else everything.index(definition)

    match = outcome(lambda: described(registry.find_match(step)))
    event(f"found: {match[0].__name__}" if isinstance(match, tuple) else "not found")
    return (match, outcome(position))


@settings(deadline=None, max_examples=400)
@given(scripts())
def test_nothing_that_can_be_seen_differs_from_behave(actions: list[Action]) -> None:
    with fresh_matchers():
        expected = play(StepRegistry(), actions)
    with fresh_matchers():
        actual = play(IndexedStepRegistry(), actions)
    assert actual == expected


@settings(deadline=None, max_examples=300)
@given(
    st.lists(definitions(st.just("given")), min_size=2, max_size=2),
    st.lists(joined(TEXT), max_size=4),
)
def test_every_pair_of_definitions_is_as_ambiguous_as_in_behave(
    pair: list[Define], texts: list[str]
) -> None:
    actions: list[Action] = [*pair, *finds_like(pair), *(Find("given", text) for text in texts)]
    with fresh_matchers():
        expected = play(StepRegistry(), actions)
    with fresh_matchers():
        actual = play(IndexedStepRegistry(), actions)
    assert actual == expected


@settings(deadline=None, max_examples=1000)
@given(joined(REGEX) | joined(MILD_REGEX), st.lists(joined(TEXT), max_size=8), st.booleans())
def test_a_shape_holds_for_every_text_that_matches(
    source: str, texts: list[str], whole: bool
) -> None:
    shape = read_shape(source, whole)
    expression = rf"\A{source}\Z" if whole else source
    try:
        compiled = re.compile(expression)
    except (re.error, FutureWarning):
        assert shape is None or not shape.sound
        return
    if shape is None:
        return
    event(f"literal: {shape.literal}, sound: {shape.sound}")
    if shape.sound:
        assert not (whole and compiled.match(""))
    for text in (*texts, *texts_like(source), shape.prefix + shape.suffix):
        if compiled.match(text) and not text.endswith("\n"):
            assert shape.admits(text)
            assert not shape.literal or text == shape.prefix
