"""The scanner of feature files takes and refuses what behave's parser does."""

from pathlib import Path
from typing import Any

import behave.model
import pytest
from behave.i18n import languages
from behave.parser import ParserError, parse_feature
from hypothesis import given
from hypothesis import strategies as st

from surefoot.policy.static.facts import FeatureFacts
from surefoot.policy.static.gherkin import scan_feature
from surefoot.suite.keywords import ENGLISH, keywords

SUITES = Path(__file__).parents[1] / "suites"
FEATURES = sorted(SUITES.glob("**/*.feature"))


def of_behave(feature: behave.model.Feature) -> list[Any]:
    """Return what rules need of behave's model, as plain values."""
    flat: list[Any] = [(feature.line, feature.name, [str(tag) for tag in feature.tags])]

    def walk(container: Any) -> None:
        if container.background is not None:
            flat.append([(s.line, s.step_type, s.name) for s in container.background.steps])
        for item in container.run_items:
            if isinstance(item, behave.model.Rule):
                flat.append((item.line, item.name, [str(tag) for tag in item.tags]))
                walk(item)
                continue
            steps = [(step.line, step.step_type, step.name) for step in item.steps]
            outline = isinstance(item, behave.model.ScenarioOutline)
            examples = [
                (
                    table.line,
                    table.name,
                    list(table.table.headings) if table.table else [],
                    [(row.line, list(row.cells)) for row in table.table or ()],
                )
                for table in (item.examples if outline else ())
            ]
            flat.append(
                (item.line, item.name, outline, [str(t) for t in item.tags], steps, examples)
            )

    walk(feature)
    return flat


def of_ours(facts: FeatureFacts) -> list[Any]:
    """Return the same of the facts."""
    flat: list[Any] = [(facts.line, facts.name, [tag.name for tag in facts.tags])]

    def walk(number: int, background: Any) -> None:
        if background is not None:
            flat.append([(s.line, s.kind, s.text) for s in background.steps])
        flat.extend(
            (
                item.line,
                item.name,
                item.outline,
                [tag.name for tag in item.tags],
                [(s.line, s.kind, s.text) for s in item.steps],
                [
                    (e.line, e.name, e.header, [(r.line, r.cells) for r in e.rows])
                    for e in item.examples
                ],
            )
            for item in facts.scenarios
            if item.rule == number
        )

    walk(-1, facts.background)
    for number, rule in enumerate(facts.rules):
        flat.append((rule.line, rule.name, [tag.name for tag in rule.tags]))
        background = rule.background
        if background is None and facts.background is not None:
            # behave gives each rule a background of its own, without steps.
            flat.append([])
        walk(number, background)
    return flat


def compare(text: str) -> None:
    """Assert that both read the same, or refuse at the same line."""
    ours = scan_feature(text)
    refused: int | None = None
    theirs = None
    try:
        theirs = parse_feature(text)
    except ParserError as error:
        refused = error.line
    except KeyError:
        # behave does not know the language, and does not say where.
        refused = ours.fault.line if ours.fault is not None else -1
    assert (ours.fault.line if ours.fault is not None else None) == refused
    if refused is not None:
        return
    if theirs is None:
        assert ours.line == 0
        return
    assert of_ours(ours) == of_behave(theirs)


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(SUITES)))
def test_every_feature_of_the_suites_is_read_as_behave_reads_it(path: Path) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        pytest.skip("not UTF-8, which is told before the text is scanned")
    compare(text)


LINES = st.sampled_from(
    [
        "Feature: f",
        "Background:",
        "Rule: r",
        "Scenario: s",
        "Scenario Outline: o",
        "Examples: e",
        "@a @b",
        "@a # c",
        "@a b",
        "Given one",
        "when two",
        "And three",
        "* four",
        "But five",
        "| a | b |",
        "| 1 |",
        "| x | y \\| z |",
        '"""',
        "'''",
        "  words",
        "# comment",
        "# language: de",
        "# language: xx",
        "Szenario: d",
        "Angenommen e",
        "",
    ]
)


@given(st.lists(LINES, max_size=16))
def test_any_order_of_lines_is_read_as_behave_reads_it(lines: list[str]) -> None:
    compare("Feature: f\n" + "\n".join(lines))


@given(st.lists(LINES, max_size=8))
def test_any_beginning_is_read_as_behave_reads_it(lines: list[str]) -> None:
    compare("\n".join(lines))


@pytest.mark.parametrize("language", sorted(languages))
def test_each_language_has_its_keywords(language: str) -> None:
    table = languages[language]
    lines = [
        f"# language: {language}",
        f"{table['feature'][0]}: f",
        f"{table['scenario'][0]}: s",
        *(f"{word}x" for kind in ("given", "when", "then", "and", "but") for word in table[kind]),
        f"{table['scenario_outline'][-1]}: o",
        f"{table['given'][-1]}<a>",
        f"{table['examples'][0]}:",
        "| a |",
        "| 1 |",
    ]
    compare("\n".join(lines))


def test_the_english_keywords_are_those_of_behave() -> None:
    assert {key: value for key, value in languages["en"].items() if key in ENGLISH} == ENGLISH
    assert keywords("xx") is None
