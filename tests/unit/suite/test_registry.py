"""What the indexed registry promises beyond single matches: order, outside changes, install."""

import functools
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import behave
import behave.runner
import behave.runner_util
import behave.step_registry
import pytest
from behave.matchers import (
    Match,
    Matcher,
    ParseMatcher,
    RegexMatcher,
    get_step_matcher_factory,
)
from behave.runner_util import load_step_modules
from behave.step_registry import AmbiguousStep, StepRegistry

from surefoot.suite.patterns import Shape, read_shape
from surefoot.suite.registry import IndexedStepRegistry, install


def step(name: str, step_type: str = "given") -> Any:
    return SimpleNamespace(name=name, step_type=step_type)


def function(filename: str = "steps.py", line: int = 1) -> Callable[..., None]:
    made: dict[str, Any] = {}
    source = "\n" * (line - 1) + "def implementation(context, *args, **kwargs): pass"
    exec(compile(source, filename, "exec"), made)
    return made["implementation"]  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _default_matchers() -> Iterator[None]:
    factory = get_step_matcher_factory()
    factory.reset()
    yield
    factory.reset()


@pytest.fixture
def registry() -> Any:
    return IndexedStepRegistry()


@pytest.fixture
def both() -> list[Any]:
    """Behave's registry and ours, for tests that do the same to each."""
    return [StepRegistry(), IndexedStepRegistry()]


@pytest.fixture
def runner_registry(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Behave as just imported, with an empty registry in every place that binds it."""
    fresh = StepRegistry()
    monkeypatch.setattr(behave.runner, "the_step_registry", fresh)
    monkeypatch.setattr(behave.step_registry, "registry", fresh)
    setup = behave.step_registry.setup_step_decorators
    monkeypatch.setattr(setup, "__defaults__", (None, fresh))
    decorators: dict[str, Any] = {}
    setup(decorators)
    for name, decorator in decorators.items():
        monkeypatch.setattr(behave, name, decorator)
        monkeypatch.setattr(behave.step_registry, name, decorator)
    return fresh


class TestOrder:
    def test_the_first_registered_match_wins_whatever_it_begins_with(self, registry: Any) -> None:
        # Each is a place of its own in the index; none matches the text of another.
        patterns = ["{who:w} have 7 apples", "I {what} 7 apples", "I have {n:d} apples", "{:d}"]
        for pattern in patterns:
            registry.add_step_definition("given", pattern, function())
        found = registry.find_step_definition(step("I have 7 apples"))
        assert found is registry.steps["given"][0]

    def test_definitions_for_any_keyword_come_after_those_of_the_keyword(
        self, registry: Any
    ) -> None:
        registry.add_step_definition("step", "I have {n:d} apples", function())
        registry.add_step_definition("given", "I {what}", function())
        found = registry.find_step_definition(step("I have 7 apples"))
        assert found is registry.steps["given"][0]
        found = registry.find_step_definition(step("I have 7 apples", "when"))
        assert found is registry.steps["step"][0]

    def test_an_ambiguity_names_the_first_of_many_rivals(self, both: list[Any]) -> None:
        messages = []
        for registry in both:
            patterns = [f"{{x:d}} of {number}" for number in range(1, 8)]
            patterns.insert(1, "{x:d} of {y:d}{z:d}")
            for pattern in [*patterns, "9 of {x:w}"]:
                registry.add_step_definition("given", pattern, function())
            with pytest.raises(AmbiguousStep) as caught:
                registry.add_step_definition("given", "9 of 11", function())
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
        assert "{x:d} of {y:d}{z:d}" in messages[1]


class TestSameDefinition:
    @pytest.mark.parametrize("pattern", [r"\. (a|b)", r"(a|b) \.", "a?b c"])
    def test_one_whose_text_its_index_does_not_reach_is_found_by_its_pattern(
        self, both: list[Any], pattern: str
    ) -> None:
        behave.use_step_matcher("re")
        implementation = function()
        for registry in both:
            for _ in range(2):
                registry.add_step_definition("given", pattern, implementation)
            assert len(registry.steps["given"]) == 1

    @pytest.mark.parametrize("first", ["parse", "re0"])
    @pytest.mark.parametrize("second", ["re", "cfparse"])
    def test_the_same_text_from_elsewhere_is_ambiguous_though_it_does_not_match(
        self, both: list[Any], first: str, second: str
    ) -> None:
        messages = []
        for registry in both:
            behave.use_step_matcher(first)
            registry.add_step_definition("given", "[{{a}}b] {x:d}", function("one.py"))
            behave.use_step_matcher(second)
            with pytest.raises(AmbiguousStep) as caught:
                registry.add_step_definition("given", "[{{a}}b] {x:d}", function("two.py"))
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
        assert messages[1].endswith("at one.py:1")

    def test_twice_in_a_string_is_ambiguous(self, registry: Any) -> None:
        implementation = function("<string>")
        registry.add_step_definition("given", "a", implementation)
        with pytest.raises(AmbiguousStep):
            registry.add_step_definition("given", "a", implementation)


class TestChanges:
    def test_a_definition_is_found_at_once_after_a_search_for_it(self, registry: Any) -> None:
        assert registry.find_match(step("a b")) is None
        registry.add_step_definition("given", "a {x}", function())
        assert registry.find_match(step("a b")).arguments[0].value == "b"
        registry.add_step_definition("when", "a {x}", function())
        assert registry.find_match(step("a b", "when")) is not None

    def test_every_match_is_a_new_one(self, registry: Any) -> None:
        registry.add_step_definition("given", "a {x}", function())
        first, second = (registry.find_match(step("a b")) for _ in range(2))
        assert type(first) is Match
        assert first is not second
        assert first.arguments is not second.arguments

    def test_clear_forgets_definitions_and_bad_ones(self, registry: Any) -> None:
        registry.error_handler.file = io.StringIO()
        registry.add_step_definition("given", "a {x}", function())
        registry.add_step_definition("given", "a {x[b c]}", function())
        assert len(registry.error_handler.bad_step_definitions) == 1
        registry.clear()
        assert registry.steps == {"given": [], "when": [], "then": [], "step": []}
        assert registry.error_handler.bad_step_definitions == []
        assert registry.find_match(step("a b")) is None
        registry.add_step_definition("given", "a {y}", function())
        assert registry.find_match(step("a b")).arguments[0].name == "y"

    def test_a_list_that_was_replaced_by_one_as_long_is_indexed_again(self, registry: Any) -> None:
        registry.add_step_definition("given", "a {x}", function())
        other = IndexedStepRegistry()
        other.add_step_definition("given", "b {x}", function())
        registry.steps["given"] = other.steps["given"]
        assert registry.find_match(step("a b")) is None
        assert registry.find_match(step("b b")) is not None

    def test_a_matcher_that_was_appended_from_outside_is_found(self, registry: Any) -> None:
        registry.add_step_definition("given", "a {x}", function())
        registry.steps["given"].append(ParseMatcher(function(), "b {x}", "given"))
        assert registry.find_match(step("b b")) is not None
        with pytest.raises(AmbiguousStep):
            registry.add_step_definition("given", "b c", function())

    def test_an_unknown_step_type_is_an_error_as_in_behave(self, both: list[Any]) -> None:
        for registry in both:
            with pytest.raises(KeyError, match="but"):
                registry.find_match(step("a", "but"))
            with pytest.raises(KeyError, match="but"):
                registry.add_step_definition("But", "a", function())


class TestTypes:
    def test_a_type_keeps_the_meaning_it_had_when_the_pattern_was_registered(
        self, registry: Any
    ) -> None:
        def to_digits(text: str) -> int:
            return int(text)

        def to_letters(text: str) -> str:
            return text.upper()

        to_digits.pattern = r"\d+"  # type: ignore[attr-defined]
        to_letters.pattern = "[a-z]+"  # type: ignore[attr-defined]
        behave.register_type(Thing=to_digits)
        registry.add_step_definition("given", "one {x:Thing}", function())
        behave.register_type(Thing=to_letters)
        registry.add_step_definition("given", "two {x:Thing}", function())
        ParseMatcher.clear_registered_types()
        assert registry.find_match(step("one 1")).arguments[0].value == 1
        assert registry.find_match(step("one a")) is None
        assert registry.find_match(step("two a")).arguments[0].value == "A"
        assert registry.find_match(step("two 1")) is None

    def test_a_bad_type_is_reported_for_each_definition_when_it_is_registered(
        self, both: list[Any]
    ) -> None:
        def broken(text: str) -> str:
            return text

        broken.pattern = "[a"  # type: ignore[attr-defined]
        printed = []
        for registry in both:
            behave.register_type(Broken=broken)
            registry.error_handler.file = io.StringIO()
            registry.add_step_definition("given", "one {x:Broken}", function(line=3))
            registry.add_step_definition("given", "two {x:Broken}", function(line=7))
            assert registry.steps["given"] == []
            printed.append(registry.error_handler.file.getvalue())
        assert printed[0] == printed[1]
        assert "LOCATION: steps.py:7" in printed[1]

    def test_what_is_certain_to_compile_is_not_compiled_before_it_is_tried(
        self, registry: Any
    ) -> None:
        registry.add_step_definition("given", "one {x:d} {}", function())
        registry.add_step_definition("given", "two{2,3} {x}", function())
        behave.use_step_matcher("re")
        registry.add_step_definition("given", r"three (?P<x>\d+)", function())
        registry.add_step_definition("given", r"four \d+", function())
        one, two, three, four = registry.steps["given"]
        assert vars(one.parser)["_Parser__match_re"] is None
        assert vars(two.parser)["_Parser__match_re"] is not None
        assert three._regex is None
        assert four._regex is not None

    def test_what_formatters_read_is_there_before_anything_is_compiled(
        self, both: list[Any]
    ) -> None:
        seen = []
        implementation = function(line=5)
        for registry in both:
            behave.use_step_matcher("parse")
            registry.add_step_definition("given", "one {x:d}", implementation)
            behave.use_step_matcher("re")
            registry.add_step_definition("given", r"three (?P<x>\d+)", implementation)
            seen.append(
                [
                    (one.pattern, one.regex_pattern, one.func, str(one.location), one.describe())
                    for one in registry.steps["given"]
                ]
            )
        assert seen[0] == seen[1]


class TestMatchers:
    def test_a_class_with_its_own_matching_is_asked_about_every_text(self, registry: Any) -> None:
        class Anything(RegexMatcher):  # type: ignore[misc]
            def check_match(self, step_text: str) -> list[Any]:
                return []

        factory = get_step_matcher_factory()
        factory.register_step_matcher_class("anything", Anything)
        try:
            behave.use_step_matcher("anything")
            registry.add_step_definition("given", "nothing like it", function())
        finally:
            del factory.step_matcher_class_mapping["anything"]
        assert registry.find_match(step("a b")) is not None

    def test_a_pattern_that_is_no_text_is_compared_with_all(self, both: list[Any]) -> None:
        class Listed(Matcher):  # type: ignore[misc]
            def __init__(self, func: Any, pattern: str, step_type: str) -> None:
                super().__init__(func, pattern.split(), step_type)

            def compile(self) -> None:
                pass

            def check_match(self, step_text: str) -> list[Any] | None:
                return [] if step_text.split() == self.pattern else None

        factory = get_step_matcher_factory()
        factory.register_step_matcher_class("listed", Listed)
        try:
            for registry in both:
                behave.use_step_matcher("listed")
                registry.add_step_definition("given", "a b", function("one.py"))
                registry.add_step_definition("given", "a c", function("two.py"))
                with pytest.raises(AmbiguousStep):
                    registry.add_step_definition("given", "a  b", function("three.py"))
                assert registry.find_match(step("a   c")) is not None
        finally:
            del factory.step_matcher_class_mapping["listed"]


class TestLocation:
    def test_it_is_relative_to_the_directory_at_registration(
        self, both: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        below = tmp_path / "below"
        below.mkdir()
        absolute = function(str(below / "steps.py"), 4)
        seen = []
        for registry in both:
            monkeypatch.chdir(tmp_path)
            registry.add_step_definition("given", "a", absolute)
            os.chdir(below)
            registry.add_step_definition("given", "b", absolute)
            os.chdir(tmp_path)
            seen.append([str(one.location) for one in registry.steps["given"]])
        assert seen == [["below/steps.py:4", "steps.py:4"]] * 2

    def test_a_function_without_code_is_an_error_as_in_behave(self, both: list[Any]) -> None:
        for registry in both:
            with pytest.raises(AttributeError, match="__code__"):
                registry.add_step_definition("given", "a", functools.partial(function()))
            assert registry.steps["given"] == []

    def test_a_wrapped_function_is_where_the_inner_one_is(self, both: list[Any]) -> None:
        inner = function("inner.py", 9)

        @functools.wraps(inner)
        def outer(*args: Any) -> None:
            inner(*args)

        for registry in both:
            registry.add_step_definition("given", "a", outer)
            assert str(registry.steps["given"][0].location) == "inner.py:9"


MODULES = {
    "a_injected.py": '@given("injected")\ndef f(context): pass\n',
    "b_from_behave.py": 'from behave import given, Then\n@given("from behave")\n'
    '@Then("from behave")\ndef f(context): pass\n',
    "c_behave.py": 'import behave\n@behave.step("behave")\ndef f(context): pass\n',
    "d_star.py": 'from behave import *\n@when("star")\ndef f(context): pass\n',
    "e_from_registry.py": 'from behave.step_registry import given\n@given("from registry")\n'
    "def f(context): pass\n",
    "f_registry.py": "import behave.step_registry as steps\n"
    'steps.registry.add_step_definition("given", "by hand", lambda context: None)\n',
}


class TestInstall:
    def test_definitions_end_up_where_they_do_after_a_reset_of_behave(
        self, runner_registry: Any, tmp_path: Path
    ) -> None:
        for name, source in MODULES.items():
            (tmp_path / name).write_text(source)

        def loaded() -> list[dict[str, list[str]]]:
            load_step_modules([str(tmp_path)])
            return [
                {key: [one.pattern for one in of.steps[key]] for key in of.steps}
                for of in (behave.runner.the_step_registry, behave.step_registry.registry)
            ]

        behave.runner_util.reset_runtime()
        expected = loaded()
        runner_registry.clear()
        behave.step_registry.registry = runner_registry
        installed = install()
        assert loaded() == expected
        assert installed is runner_registry
        assert expected[0]["given"] == ["injected", "from behave"]
        assert expected[1]["given"] == ["from registry", "by hand"]

    def test_the_first_keeps_what_was_registered_and_later_ones_start_empty(
        self, runner_registry: Any
    ) -> None:
        runner_registry.add_step_definition("given", "a {x}", function())
        first = install()
        assert isinstance(first, IndexedStepRegistry)
        assert first.find_match(step("a b")) is not None
        assert install() is first
        assert first.find_match(step("a b")) is None

    def test_types_and_the_current_matcher_are_reset(self, runner_registry: Any) -> None:
        behave.register_type(Thing=int)
        behave.use_step_matcher("re")
        install()
        assert not ParseMatcher.has_registered_type("Thing")
        assert get_step_matcher_factory().current_matcher is ParseMatcher


class TestShapes:
    @pytest.mark.parametrize(
        ("source", "shape"),
        [
            ("a b", Shape("a b", "", True, True)),
            ("", Shape("", "", True, False)),
            ("a (?P<x>.+?) b", Shape("a ", " b", False, True)),
            ("(.+?)", Shape("", "", False, True)),
            ("(.*)", Shape("", "", False, False)),
            (r"a\.b(\d+)", Shape("a.b", "", False, True)),
            ("ab? c", Shape("a", " c", False, False)),
            ("ab+c", Shape("a", "c", False, False)),
            ("ab{2} c", Shape("a", " c", False, False)),
            ("ab{2 c", Shape("a", "2 c", False, False)),
            (r"a \x41\u0041 \N{COLON}b\101", Shape("a ", "", False, False, (" ", "b"))),
            ("a (b)?c(d) e (f)", Shape("a ", "", False, False, ("c", " e "))),
            ("a(b|c)d", Shape("a", "d", False, True)),
            ("a[|(]d", Shape("a", "d", False, False)),
            (r"a\|d", Shape("a|d", "", True, True)),
            (r"a (?P<x>\w+) (?P=x)", Shape("a ", "", False, True, (" ",))),
            ("(?P<x>a)(?P<x>b)", Shape("", "", False, False)),
            (r"x(a)(b\1)", Shape("x", "", False, False)),
            ("x(a", None),
            ("x)a", None),
            ("a|b", None),
            ("(?i)a", None),
            ("a(?#c)b", None),
            ("a((?x: b )c)", None),
        ],
    )
    def test_of_an_expression_that_is_matched_to_the_end(
        self, source: str, shape: Shape | None
    ) -> None:
        assert read_shape(source, whole=True) == shape

    @pytest.mark.parametrize(
        ("source", "prefix", "suffix", "literal"),
        [
            ("^a b$", "a b", "", True),
            ("a b", "a b", "", False),
            ("^a (b) c$", "a ", " c", False),
            ("a (b) c", "a ", "", False),
            (r"a (b) c\Z", "a ", " c", False),
            ("a^b$", "a", "b", False),
        ],
    )
    def test_of_an_expression_that_says_itself_where_it_ends(
        self, source: str, prefix: str, suffix: str, literal: bool
    ) -> None:
        shape = read_shape(source, whole=False)
        assert shape is not None
        assert (shape.prefix, shape.suffix, shape.literal) == (prefix, suffix, literal)

    @pytest.mark.parametrize(
        ("text", "admitted"),
        [
            ("a to b of c", True),
            ("a to  of c", True),
            ("a of b to c", False),
            ("a to of c", False),
            ("a to b of d", False),
            ("b to b of c", False),
            ("a to c", False),
        ],
    )
    def test_parts_are_found_in_their_order_and_do_not_overlap(
        self, text: str, admitted: bool
    ) -> None:
        shape = read_shape("a(.*) to (.*) of (.*)c", whole=True)
        assert shape is not None
        assert shape.admits(text) is admitted

    def test_beginning_and_end_do_not_overlap(self) -> None:
        shape = read_shape("ab(.*)ba", whole=True)
        assert shape is not None
        assert not shape.admits("aba")
        assert shape.admits("abba")
