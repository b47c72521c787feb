"""What the static matching says of a text is what behave's own matchers say."""

import re
from typing import Any

import parse
import pytest
from behave.matchers import (
    CFParseMatcher,
    CucumberRegexMatcher,
    ParseMatcher,
    SimplifiedRegexMatcher,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from surefoot.policy.static.facts import Definition
from surefoot.policy.static.loading import Registry
from surefoot.policy.static.matching import Answer, BadPatternError, step_pattern

TYPES: dict[str, str | None] = {"Number": r"\d+", "Colour": "red|green", "Plain": "", "Any": ".*"}


def converter(pattern: str | None) -> Any:
    def convert(text: str) -> str:
        return text

    return parse.with_pattern(pattern)(convert) if pattern else convert


CONVERTERS = {name: converter(pattern) for name, pattern in TYPES.items()}

WORDS = st.sampled_from(["a", "the", "order", "12", "-3", "1.5", "red", '"x"', "", "x y", "ümlaut"])
FIELDS = st.sampled_from(
    [
        "{}",
        "{name}",
        "{name:d}",
        "{other:w}",
        "{number:Number}",
        "{colour:Colour}",
        "{plain:Plain}",
        "{any:Any}",
        '"{text}"',
        "{value:g}",
        "{value:f}",
        "{wide:>5}",
        "{name}s",
        "{{x}}",
        "{a b}",
    ]
)
PATTERNS = st.lists(st.one_of(WORDS, FIELDS), min_size=1, max_size=5).map(" ".join)
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


def of_behave(kind: Any, pattern: str, text: str) -> bool | None:
    """Return whether behave's matcher matches; None where it refuses the pattern."""
    try:
        if issubclass(kind, ParseMatcher):
            # cfparse adds to the types that it is given.
            matcher = kind(of_behave, pattern, custom_types=dict(CONVERTERS))
        else:
            matcher = kind(of_behave, pattern)
        matcher.compile()
        return bool(matcher.match(text))
    except (ValueError, re.error, NotImplementedError, KeyError):
        return None


@pytest.mark.parametrize(("name", "kind"), [("parse", ParseMatcher), ("cfparse", CFParseMatcher)])
@given(pattern=PATTERNS, text=TEXTS)
def test_parse_patterns_match_the_same_texts(name: str, kind: Any, pattern: str, text: str) -> None:
    expected = of_behave(kind, pattern, text)
    assume(expected is not None)
    found = step_pattern(name, pattern, TYPES, {})
    assert found is not None
    assert found.answer(text) == (Answer.YES if expected else Answer.NO)


@given(pattern=PATTERNS, text=TEXTS)
def test_the_index_finds_what_matches(pattern: str, text: str) -> None:
    expected = of_behave(ParseMatcher, pattern, text)
    assume(expected is not None)
    registry = Registry()
    registry.add("a.py", Definition(1, 1, "given", pattern), "parse")
    registry.add("b.py", Definition(1, 1, "given", "something else {x}"), "parse")
    for name, regex in TYPES.items():
        registry._types[name] = regex
    assert (registry.matching("given", text) is not None) == expected


@pytest.mark.parametrize(
    ("name", "kind"), [("re", SimplifiedRegexMatcher), ("re0", CucumberRegexMatcher)]
)
@given(
    pattern=st.lists(
        st.sampled_from(["a", "the", " ", r"\d+", "(?P<x>.*)", "(a|b)", "s?", "[ab]", "^", "$"]),
        min_size=1,
        max_size=5,
    ).map("".join),
    text=TEXTS,
)
def test_regular_expressions_match_the_same_texts(
    name: str, kind: Any, pattern: str, text: str
) -> None:
    expected = of_behave(kind, pattern, text)
    try:
        found = step_pattern(name, pattern, {}, {})
    except BadPatternError:
        assert expected is None
        return
    assert found is not None
    if expected is not None:
        assert found.answer(text) == (Answer.YES if expected else Answer.NO)


@given(text=TEXTS)
def test_a_type_that_is_not_known_is_never_a_no_where_it_could_be_a_yes(text: str) -> None:
    found = step_pattern("parse", "the {what:Mystery} order", {"Mystery": None}, {})
    assert found is not None
    could = text.startswith("the ") and text.endswith(" order") and len(text) >= len("the  order")
    assert found.answer(text) == (Answer.UNKNOWN if could else Answer.NO)


def test_cucumber_expressions_match_as_the_library_says() -> None:
    found = step_pattern("cucumber_expressions", "I have {int} cucumber(s)", {}, {})
    assert found is not None
    assert found.answer("I have 3 cucumbers") is Answer.YES
    assert found.answer("I have many cucumbers") is Answer.NO
    own = step_pattern("cucumber_expressions", "a {colour} ball", {}, {"colour": "red|blue"})
    assert own is not None
    assert own.answer("a red ball") is Answer.YES
    assert own.answer("a green ball") is Answer.NO
    unknown = step_pattern("cucumber_expressions", "a {shape} ball", {}, {})
    assert unknown is not None
    assert unknown.answer("a red ball") is Answer.UNKNOWN
