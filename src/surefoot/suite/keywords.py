"""The keywords of Gherkin in each language, from behave's own table, without importing behave.

Importing behave takes longer than checking a small suite; its table is one module of plain
data. English, which most suites are written in, stands here, and a test compares it.
"""

import functools
import importlib.machinery
import importlib.util
import os

Keywords = dict[str, list[str]]

ENGLISH: Keywords = {
    "and": ["* ", "And "],
    "background": ["Background"],
    "but": ["* ", "But "],
    "examples": ["Examples", "Scenarios"],
    "feature": ["Feature", "Business Need", "Ability"],
    "given": ["* ", "Given "],
    "rule": ["Rule"],
    "scenario": ["Example", "Scenario"],
    "scenario_outline": ["Scenario Outline", "Scenario Template"],
    "then": ["* ", "Then "],
    "when": ["* ", "When "],
}


def keywords(language: str) -> Keywords | None:
    """Return the keywords of a language by behave's code for it; None when it has none."""
    if language == "en":
        return ENGLISH
    return _table().get(language)


@functools.cache
def _table() -> dict[str, Keywords]:
    # `find_spec` of a package without a parent imports nothing.
    spec = importlib.util.find_spec("behave")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(folder, "i18n.py")
        if os.path.isfile(path):
            loader = importlib.machinery.SourceFileLoader("surefoot_behave_keywords", path)
            module = importlib.util.module_from_spec(
                importlib.util.spec_from_loader(loader.name, loader)  # type: ignore[arg-type]
            )
            loader.exec_module(module)
            table: dict[str, Keywords] = module.languages
            return table
    return {"en": ENGLISH}
