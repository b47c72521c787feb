"""A line scanner for feature files that takes, and refuses, what behave's parser does.

It is a port of the states of behave.parser.Parser (1.3.3) that keeps only what rules ask for,
and is several times faster, since it makes no model objects. Tests compare the two on every
feature file there is and on generated ones. Knows no rule; opens no file.
"""

import functools
import re
from collections.abc import Callable

import msgspec

from surefoot.policy.static.facts import (
    Background,
    Examples,
    Fault,
    FeatureFacts,
    Row,
    Rule,
    Scenario,
    Step,
)
from surefoot.policy.static.suppress import feature_ignores
from surefoot.policy.tags import Tag
from surefoot.suite.keywords import keywords

_PIPE = re.compile(r"(?<!\\)\|")


class Dialect(msgspec.Struct, frozen=True):
    """The keywords of one language, arranged for look-up."""

    feature: frozenset[str]
    background: frozenset[str]
    blocks: dict[str, str]
    """Title keyword to rule, scenario, scenario_outline or examples."""
    words: dict[str, str] | None
    """Lower-case first word to step type, where each keyword is one word and a space."""
    steps: tuple[tuple[str, str, str], ...]
    """Keyword, its lower case, and step type, in the order in which behave tries them."""


@functools.cache
def dialect(language: str) -> Dialect | None:
    """Return the dialect of a language, or None when behave does not know it."""
    table = keywords(language)
    if table is None:
        return None
    blocks: dict[str, str] = {}
    for kind in ("rule", "scenario", "scenario_outline", "examples"):
        for alias in table[kind]:
            blocks.setdefault(alias, kind)
    steps = tuple(
        (keyword, keyword.lower(), kind)
        for kind in ("given", "when", "then", "and", "but")
        for keyword in table[kind]
    )
    words: dict[str, str] | None = {}
    for keyword, lower, kind in steps:
        if keyword.isascii() and lower.endswith(" ") and " " not in lower[:-1]:
            if words is not None:
                words.setdefault(lower[:-1], kind)
        else:
            words = None
    return Dialect(
        frozenset(table["feature"]), frozenset(table["background"]), blocks, words, steps
    )


def scan_feature(text: str, language: str = "en") -> FeatureFacts:
    """Return the facts of a feature file's text; `language` is behave's `lang` setting."""
    known = dialect(language)
    if known is None:
        fault = Fault(0, f"the language {language} of behave's settings is not known to behave")
        return FeatureFacts(fault=fault)
    scanner = _Scanner(language, known)
    try:
        scanner.run(text)
    except _RefusedError as refused:
        scanner.facts.fault = refused.fault
    if "surefoot:" in text:
        scanner.facts.ignores = feature_ignores(text)
    return scanner.facts


class _RefusedError(Exception):
    """The file does not parse."""

    def __init__(self, line: int, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(line, message, remedy)


class _Scanner:
    """The state of one scan; `state` is the method that takes the next line."""

    def __init__(self, language: str, known: Dialect) -> None:
        self.facts = FeatureFacts(language=language)
        self.dialect = known
        self.number = 0
        self.state: Callable[[str, str], None] = self._initial
        self.tags: list[Tag] = []
        self.last_kind = ""
        self.steps: list[Step] = []
        self.background: Background | None = None
        self.scenario: Scenario | None = None
        self.rule: Rule | None = None
        self.examples: Examples | None = None
        self.width = -1
        """Columns of the table that is being read; -1 outside of one."""
        self.fence = ""
        self.indent = 0

    def run(self, text: str) -> None:
        for line in text.splitlines():
            self.number += 1
            stripped = line.strip()
            if self.state == self._multiline:
                self._multiline(line, stripped)
            elif not stripped:
                continue
            elif stripped[0] == "#":
                if self.state == self._initial and not self.tags:
                    self._comment(stripped)
            else:
                self.state(line, stripped)

    def _comment(self, stripped: str) -> None:
        text = stripped[1:].strip()
        if not text.lower().startswith("language:"):
            return
        language = text[9:].strip()
        known = dialect(language)
        if known is None:
            raise _RefusedError(
                self.number,
                f"the language {language!r} is not known to behave",
                "`behave --lang-list` shows those that it knows",
            )
        self.facts.language = language
        self.dialect = known

    # -- one method a state of behave's parser

    def _initial(self, line: str, stripped: str) -> None:
        if stripped[0] == "@":
            self._read_tags(stripped)
            return
        head, colon, name = stripped.partition(":")
        if not colon or head not in self.dialect.feature:
            if line.startswith("\ufeff"):
                raise _RefusedError(
                    self.number,
                    "the file begins with a byte order mark, which behave does not read",
                    "save it as UTF-8 without one",
                )
            raise _RefusedError(
                self.number,
                f"no feature begins here: {_short(stripped)}",
                "a feature file begins with `Feature:`, after tags and comments",
            )
        self.facts.line = self.number
        self.facts.name = name.strip()
        self.facts.tags, self.tags = self.tags, []
        self.state = self._feature

    def _feature(self, _: str, stripped: str) -> None:
        if not self._block(stripped):
            self._begin_background(stripped)

    _rule = _feature

    def _taggable(self, _: str, stripped: str) -> None:
        if not self._block(stripped):
            raise self._failure(stripped, "after tags there must be a rule, scenario or examples")

    def _title(self, _: str, stripped: str) -> None:
        """After the title of a background or a scenario: its description, or the first step."""
        self.last_kind = ""
        if self._step(stripped):
            self.state = self._steps
        else:
            self._block(stripped)

    def _steps(self, line: str, stripped: str) -> None:
        first = stripped[0]
        if first in "\"'" and stripped.startswith(('"""', "'''")):
            if not self.steps:
                raise _RefusedError(self.number, "a multi-line text before any step")
            self.state = self._multiline
            self.fence = stripped[:3]
            self.indent = line.index(first)
        elif self._step(stripped) or self._block(stripped):
            pass
        elif first == "|":
            if not self.steps:
                raise _RefusedError(self.number, "a table before any step")
            self.state = self._table
            self._table(line, stripped)
        else:
            raise self._failure(stripped, "")

    def _multiline(self, line: str, stripped: str) -> None:
        if stripped.startswith(self.fence):
            self.state = self._steps
        elif line[: self.indent].strip():
            raise _RefusedError(
                self.number,
                "a line of a multi-line text is indented less than its quotes",
                "indent it as far as the quotes, or further",
            )

    def _table(self, _: str, stripped: str) -> None:
        if stripped[0] != "|":
            self.examples = None
            self.width = -1
            self.state = self._steps
            self._steps(stripped, stripped)
            return
        inner = stripped[1:-1]
        if "\\" in inner:
            cells = [cell.replace("\\|", "|").strip() for cell in _PIPE.split(inner)]
        else:
            cells = [cell.strip() for cell in inner.split("|")]
        if self.width < 0:
            self.width = len(cells)
            if self.examples is not None:
                self.examples.header = cells
        elif len(cells) != self.width:
            raise _RefusedError(
                self.number,
                f"a table row with {len(cells)} cells under a heading with {self.width}",
                "give each row as many cells as the heading (write \\| for a bar in a cell)",
            )
        elif self.examples is not None:
            self.examples.rows.append(Row(self.number, cells))

    # -- parts of lines

    def _read_tags(self, stripped: str) -> None:
        for word in stripped.split():
            if word[0] == "@":
                self.tags.append(Tag(word[1:], self.number))
            elif word[0] == "#":
                break
            else:
                raise _RefusedError(
                    self.number,
                    f"{word} in a line of tags is no tag",
                    f"write @{word}, or #{word} for a comment",
                )

    def _block(self, stripped: str) -> bool:
        """Take a line of tags or the title of a rule, scenario or examples section."""
        if stripped[0] == "@":
            self._read_tags(stripped)
            self.state = self._taggable
            return True
        head, colon, name = stripped.partition(":")
        kind = self.dialect.blocks.get(head) if colon else None
        if kind is None:
            return False
        name = name.strip()
        tags, self.tags = self.tags, []
        if kind == "rule":
            self.rule = Rule(self.number, name, tags)
            self.facts.rules.append(self.rule)
            self.scenario = None
            self.state = self._rule
        elif kind == "examples":
            if self.scenario is None or not self.scenario.outline:
                raise _RefusedError(
                    self.number,
                    "examples belong to a scenario outline",
                    "write `Scenario Outline:` above its steps",
                )
            self.examples = Examples(self.number, name, tags)
            self.scenario.examples.append(self.examples)
            self.width = -1
            self.state = self._table
        else:
            self.scenario = Scenario(
                self.number, name, kind == "scenario_outline", tags, len(self.facts.rules) - 1
            )
            self.steps = self.scenario.steps
            self.facts.scenarios.append(self.scenario)
            self.state = self._title
        return True

    def _begin_background(self, stripped: str) -> None:
        head, colon, _ = stripped.partition(":")
        if not colon or head not in self.dialect.background:
            return
        holder: FeatureFacts | Rule = self.rule or self.facts
        if self.tags:
            raise _RefusedError(self.number, "a background takes no tags")
        if holder.background is not None and holder.background.steps:
            raise _RefusedError(self.number, "a second background")
        self.background = holder.background = Background(self.number)
        self.steps = self.background.steps
        self.scenario = None
        self.state = self._title

    def _step(self, stripped: str) -> bool:
        words = self.dialect.words
        if words is not None:
            word, space, text = stripped.partition(" ")
            kind = words.get(word.lower()) if space else None
            if kind is None:
                return False
            star = word == "*"
        else:
            lower = stripped.lower()
            for keyword, keyword_lower, found in self.dialect.steps:
                if stripped.startswith(keyword) or lower.startswith(keyword_lower):
                    kind, star, text = found, keyword[0] == "*", stripped[len(keyword) :]
                    break
            else:
                return False
        if star and self.last_kind:
            kind = self.last_kind
        elif kind in {"and", "but"}:
            if not self.last_kind:
                self.last_kind = self._background_kind()
            kind = self.last_kind
        else:
            self.last_kind = kind
        self.steps.append(Step(self.number, kind, text.strip()))
        return True

    def _background_kind(self) -> str:
        """Return the type of the last background step, which a first And or But goes on with."""
        own = self.rule.background if self.rule is not None else None
        for background in (own, self.facts.background):
            if background is not None and background.steps:
                return background.steps[-1].kind
        raise _RefusedError(
            self.number,
            "And or But without a step before it",
            "begin with Given, When or Then",
        )

    def _failure(self, stripped: str, why: str) -> _RefusedError:
        head, colon, _ = stripped.partition(":")
        remedy = "a step begins with Given, When, Then, And, But or *"
        if colon and head in self.dialect.feature:
            why, remedy = "a second feature in one file", "give each feature a file of its own"
        elif colon and head in self.dialect.background:
            why = "a background comes before the first scenario, and has no tags"
            remedy = "move it up"
        return _RefusedError(
            self.number, f"this cannot stand here: {_short(stripped)}{why and f' ({why})'}", remedy
        )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
