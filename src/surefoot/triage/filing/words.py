"""Titles and bodies of issues as words that can be compared. Pure functions.

Prefixes that say who filed (`[AUTO-1]`, `TEST-INFRA:`, `feat(ci):`) make strangers look alike,
so they go first. Then words are cut to stems by suffix: enough for `parallelise` and
`parallelizing` to meet, and nothing that needs a word list of a language.
"""

import re

_COMMENT = re.compile(r"<!--.{0,4000}?-->", re.DOTALL)
_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]{0,200}$", re.MULTILINE)
_BRACKETS = re.compile(r"^\s*(?:\[[^\]\n]{1,60}\]|\([^)\n]{1,40}\))\s*:?")
_PREFIX = re.compile(
    r"^\s*(?:[A-Z][A-Z0-9_]*(?:-[A-Z0-9]+)*(?: [A-Z]+)?|"
    r"(?:build|chore|ci|docs|feat|fix|perf|refactor|style|test|bug|proposal|flaky test))"
    r"(?:\([^)\n]{1,40}\))?!?\s*:",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z][a-z0-9]*|[0-9]+[a-z]+[a-z0-9]*", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can could do does for from has have how if in into is"
        " it its may more must no not of on only or our should so some such than that the their"
        " then there these they this to too up via was we were when which while will with would"
        " you your issue please",
    )
)
_SUFFIXES = (
    ("isations", ""),
    ("izations", ""),
    ("isation", ""),
    ("ization", ""),
    ("izable", ""),
    ("isable", ""),
    ("ations", ""),
    ("ation", ""),
    ("izing", ""),
    ("ising", ""),
    ("ized", ""),
    ("ised", ""),
    ("ize", ""),
    ("ise", ""),
    ("ies", "y"),
    ("ing", ""),
    ("ers", ""),
    ("ed", ""),
    ("er", ""),
    ("es", ""),
    ("ly", ""),
    ("e", ""),
    ("s", ""),
)
_LEAST = 4
"""Letters that a stem keeps; shorter words stay as they are."""


def clean_title(title: str) -> str:
    """Return a title without the prefixes that tell who or what filed it."""
    rest = title
    for _ in range(6):
        shorter = _PREFIX.sub("", _BRACKETS.sub("", rest, count=1), count=1)
        if shorter == rest:
            break
        rest = shorter
    # A title that is nothing but prefixes is better than none.
    return rest.strip() or title.strip()


def clean_body(body: str, limit: int = 20_000) -> str:
    """Return a body without comments of HTML and without the marks of fences."""
    return _FENCE.sub(" ", _COMMENT.sub(" ", body[:limit]))


def stem(word: str) -> str:
    """Return the stem of a lower-case word."""
    for suffix, instead in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) + len(instead) >= _LEAST:
            return word[: len(word) - len(suffix)] + instead
    return word


def words(text: str) -> list[str]:
    """Return the stems of a text, in order, without stop words and single letters."""
    found = []
    for word in _WORD.findall(_CAMEL.sub(" ", text)):
        lower = word.lower()
        if len(lower) > 1 and lower not in _STOP:
            found.append(stem(lower))
    return found


def grams(text: str, size: int = 4) -> list[str]:
    """Return the runs of `size` characters of a text, by word: a measure that bears typing errors
    and endings."""
    found = []
    for word in _WORD.findall(text.lower()):
        if word in _STOP:
            continue
        padded = f" {word} "
        found += [padded[at : at + size] for at in range(max(1, len(padded) - size + 1))]
    return found
