"""Which of many patterns can match a text, found by the text's own words. Knows no matcher.

Patterns are kept in a tree over the *complete* words of their beginning, and there by one
complete word that comes later. One of which nothing is known can match every text.
"""

from collections.abc import Iterable

from surefoot.suite.patterns import Shape


class _Node:
    """The patterns that begin with the same complete words."""

    __slots__ = ("by_word", "children")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        # None: of no word after the beginning is it known that it is complete.
        self.by_word: dict[str | None, list[tuple[int, Shape]]] = {}


class WordIndex:
    """Numbers the shapes that it is given from 0; `size` is how many there are."""

    def __init__(self) -> None:
        self.size = 0
        self._root = _Node()
        self._literal: dict[str, list[int]] = {}
        self._unknown: list[int] = []

    def enter(self, shape: Shape | None) -> int:
        """Add a pattern by its shape, None for one of which nothing is known; return its number."""
        position = self.size
        self.size += 1
        if shape is None:
            self._unknown.append(position)
            return position
        if shape.literal:
            self._literal.setdefault(shape.prefix, []).append(position)
            return position
        node = self._root
        # A word is complete when a space of the literal text ends it.
        for word in shape.prefix.split(" ")[:-1]:
            node = node.children.setdefault(word, _Node())
        # Of many definitions that begin alike, each goes by the word that tells it apart best.
        rarest = min(
            shape.later_words(), key=lambda word: len(node.by_word.get(word, ())), default=None
        )
        node.by_word.setdefault(rarest, []).append((position, shape))
        return position

    def positions(self, text: str) -> Iterable[int]:
        """Return the numbers of the patterns that can match the text, in no order."""
        if text.endswith("\n"):
            # `$` also matches before it, so that ends of texts cannot be compared.
            return range(self.size)
        found = self._unknown + self._literal.get(text, [])
        words = text.split(" ")
        keys = {None, *words}
        node: _Node | None = self._root
        for word in words:
            assert node is not None
            for key in node.by_word.keys() & keys:
                for position, shape in node.by_word[key]:
                    if shape.admits(text):
                        found.append(position)
            node = node.children.get(word)
            if node is None:
                break
        return found
