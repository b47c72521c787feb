"""Generated suites: sizes, distinct definitions, and steps that each have exactly one of them."""

import re
from pathlib import Path

import parse
import pytest
from bench import generate
from bench.contestants import Answer, Counts


def _features(files: dict[str, str]) -> list[str]:
    return [text for path, text in files.items() if path.endswith(".feature")]


def _scenarios(files: dict[str, str]) -> int:
    return sum(text.count("Scenario:") for text in _features(files))


def _patterns(files: dict[str, str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path, text in files.items():
        if path.endswith(".py"):
            found += re.findall(r"^@(given|when|then)\('(.*)'\)$", text, re.MULTILINE)
    return found


def test_no_op_has_the_scenarios_asked_for_with_three_steps_each() -> None:
    files = dict(generate.no_op(20, 50))
    assert len(_features(files)) == 20
    assert _scenarios(files) == 1000
    assert sum(text.count("nothing happens") for text in _features(files)) == 3000


def test_sleeping_sleeps_in_every_scenario() -> None:
    files = dict(generate.sleeping(20, 5, 0.05))
    assert len(_features(files)) == 20
    assert sum(text.count("When 0.05 seconds pass") for text in _features(files)) == 100


def test_the_long_feature_comes_last_in_suite_order() -> None:
    files = dict(generate.one_long(10, 30, 0.2))
    names = sorted(path for path in files if path.endswith(".feature"))
    assert len(names) == 11
    assert files[names[-1]].count("Scenario:") == 30
    assert all(files[name].count("Scenario:") == 1 for name in names[:-1])


def test_800_modules_hold_9600_different_definitions() -> None:
    files = dict(generate.definitions(800))
    assert sum(path.endswith(".py") for path in files) == 800
    patterns = _patterns(files)
    assert len(patterns) == 9600
    assert len(set(patterns)) == 9600


def test_every_module_compiles() -> None:
    for path, text in generate.definitions(3):
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_every_step_has_exactly_one_definition() -> None:
    files = dict(generate.definitions(30, features=10))
    parsers = [(kind, parse.compile(pattern)) for kind, pattern in _patterns(files)]
    steps = [
        re.findall(r"^    (Given|When|Then) (.*)$", text, re.MULTILINE) for text in _features(files)
    ]
    told = [step for feature in steps for step in feature]
    assert len(told) == 10 * 5 * 3
    for keyword, text in told:
        matching = [one for kind, one in parsers if kind == keyword.lower() and one.parse(text)]
        assert len(matching) == 1, text


def test_steps_use_definitions_of_many_modules() -> None:
    text = "".join(_features(dict(generate.definitions(800))))
    used = {module for module in range(800) if generate.thing_of(module) in text}
    assert len(used) == 500


def test_generation_is_repeatable() -> None:
    assert list(generate.definitions(20)) == list(generate.definitions(20))


def test_written_files_are_the_generated_ones(tmp_path: Path) -> None:
    suite = generate.generated(
        "small", "", lambda: generate.no_op(2, 1), generate.all_pass(2, 2), ("behave",)
    )
    suite.lay_out(str(tmp_path))
    written = {
        str(path.relative_to(tmp_path)): path.read_text("utf-8")
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert written == dict(generate.no_op(2, 1))


@pytest.mark.parametrize(("features", "scenarios"), [(1, 1), (2000, 100_000)])
def test_all_pass(features: int, scenarios: int) -> None:
    expected = Answer(0, Counts(features, 0, 0), Counts(scenarios, 0, 0))
    assert generate.all_pass(features, scenarios) == expected
