"""Which known issues are nearest to a new one. Ranks; never decides: see `same.py`.

BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over the stems of
title and body, with the title counted twice, blended with the cosine of TF-IDF weighted
character runs. Words alone miss `parallelise` against `parallel`; runs alone are led by long
common words.
"""

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from surefoot.triage.filing.words import clean_body, clean_title, grams, words
from surefoot.triage.forges.values import Issue

_K1 = 1.2
_B = 0.4
"""How much a long text is held against it; titles with one line of body differ little."""
_TITLE = 2
_WORDS = 0.6
"""Share of BM25 in the score; the rest is that of character runs."""


class Ranked(msgspec.Struct, frozen=True):
    """A known issue and how near it is."""

    issue: Issue
    score: float
    """0 to 1; 1 is the text itself."""
    shared: tuple[str, ...] = ()
    """Rarest words (stems) that both have, at most eight: why it ranks where it does."""


class Index:
    """The issues of one tracker, indexed once for many queries."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        self._words = [Counter(_terms(issue)) for issue in self.issues]
        self._lengths = [sum(counts.values()) for counts in self._words]
        self._mean = sum(self._lengths) / len(self._lengths) if self._lengths else 1.0
        self._frequency: Counter[str] = Counter()
        for counts in self._words:
            self._frequency.update(counts.keys())
        self._runs = [Counter(_runs(issue)) for issue in self.issues]
        self._run_frequency: Counter[str] = Counter()
        for counts in self._runs:
            self._run_frequency.update(counts.keys())
        self._vectors = [self._vector(counts) for counts in self._runs]

    def rank(self, query: Issue, limit: int | None = None) -> list[Ranked]:
        """Return the issues by falling score; the query itself (same number) is left out."""
        terms = Counter(_terms(query))
        most = self._bm25(terms, terms, sum(terms.values())) or 1.0
        vector = self._vector(Counter(_runs(query)))
        found = []
        for at, issue in enumerate(self.issues):
            if query.number and issue.number == query.number:
                continue
            by_words = min(1.0, self._bm25(terms, self._words[at], self._lengths[at]) / most)
            by_runs = _cosine(vector, self._vectors[at])
            score = _WORDS * by_words + (1 - _WORDS) * by_runs
            found.append((score, -issue.number, at))
        found.sort(reverse=True)
        return [
            Ranked(self.issues[at], round(score, 4), self._shared(terms, at))
            for score, _, at in found[:limit]
        ]

    def _weight(self, term: str) -> float:
        count, total = self._frequency[term], len(self.issues)
        return math.log(1 + (total - count + 0.5) / (count + 0.5))

    def _bm25(self, query: Counter[str], counts: Counter[str], length: int) -> float:
        norm = _K1 * (1 - _B + _B * length / (self._mean or 1.0))
        return sum(
            self._weight(term) * counts[term] * (_K1 + 1) / (counts[term] + norm)
            for term in query
            if term in counts
        )

    def _vector(self, counts: Counter[str]) -> dict[str, float]:
        total = len(self.issues) + 1
        weights = {
            run: (1 + math.log(count)) * math.log(1 + total / (1 + self._run_frequency[run]))
            for run, count in counts.items()
        }
        norm = math.sqrt(sum(value * value for value in weights.values())) or 1.0
        return {run: value / norm for run, value in weights.items()}

    def _shared(self, terms: Counter[str], at: int) -> tuple[str, ...]:
        both = terms.keys() & self._words[at].keys()
        return tuple(sorted(both, key=lambda term: (self._frequency[term], term))[:8])


def rank(query: Issue, issues: Sequence[Issue], limit: int | None = None) -> list[Ranked]:
    """Return `issues` by nearness to `query`, nearest first; the query itself is left out."""
    return Index(issues).rank(query, limit)


def _terms(issue: Issue) -> list[str]:
    return words(clean_title(issue.title)) * _TITLE + words(clean_body(issue.body))


def _runs(issue: Issue) -> list[str]:
    return grams(clean_title(issue.title)) * _TITLE + grams(clean_body(issue.body))


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other[run] for run, value in one.items() if run in other)
