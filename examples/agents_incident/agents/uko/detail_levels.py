"""Builds detail-level maps: the names of the levels of a vocabulary, and their depth.

A vocabulary extends another: it inherits its levels and inserts its own, each after a level that
is named. The effective map numbers them from 0, the coarsest. Nothing here keeps state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents import runtime
from agents.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one layer of the ontology adds."""

    name: str
    levels: tuple[tuple[str, str], ...]
    """Pairs of a level and the one that it follows; an empty second means: at the end."""
    extends: str = ""


@dataclass(frozen=True, slots=True)
class DetailLevelMap:
    """The levels of a vocabulary, coarsest first."""

    vocabulary: str
    levels: tuple[str, ...]

    def depth(self, level: str) -> int:
        """Return a level's number. Raises NotFoundError with the levels that there are."""
        try:
            return self.levels.index(level)
        except ValueError:
            known = ", ".join(self.levels)
            raise NotFoundError(
                f'{self.vocabulary} has no level "{level}"', f"its levels: {known}"
            ) from None

    def clamp(self, depth: int) -> str:
        """Return the level at a depth, or the nearest that there is."""
        return self.levels[max(0, min(depth, len(self.levels) - 1))]


class DetailLevelMapBuilder:
    """Builds the effective maps of a set of vocabularies."""

    def __init__(self, vocabularies: Iterable[Vocabulary]) -> None:
        self._known: Mapping[str, Vocabulary] = {item.name: item for item in vocabularies}

    @property
    def names(self) -> tuple[str, ...]:
        """The vocabularies, in their order."""
        return tuple(self._known)

    def build_all(self) -> dict[str, DetailLevelMap]:
        """Return the maps of all vocabularies, once the application may have added its own."""
        runtime.started.wait()
        return {name: self.build(name) for name in self.names}

    def build(self, name: str) -> DetailLevelMap:
        """Return a vocabulary's map. Raises NotFoundError and UsageError."""
        levels: list[str] = []
        for vocabulary in reversed(self._lineage(name)):
            for level, after in vocabulary.levels:
                if level in levels:
                    raise UsageError(f'{vocabulary.name} names the level "{level}" again')
                if after and after not in levels:
                    raise UsageError(
                        f'{vocabulary.name} puts "{level}" after "{after}", which is no level'
                    )
                levels.insert(levels.index(after) + 1 if after else len(levels), level)
        if not levels:
            raise UsageError(f"{name} has no levels")
        return DetailLevelMap(name, tuple(levels))

    def _lineage(self, name: str) -> list[Vocabulary]:
        """Return the vocabulary and those it extends, the nearest first."""
        found: list[Vocabulary] = []
        while name:
            vocabulary = self._known.get(name)
            if vocabulary is None:
                known = ", ".join(self._known) or "none"
                raise NotFoundError(f'there is no vocabulary "{name}"', f"known: {known}")
            if vocabulary in found:
                circle = " extends ".join(item.name for item in [*found, vocabulary])
                raise UsageError(f"the vocabularies go in a circle: {circle}")
            found.append(vocabulary)
            name = vocabulary.extends
        return found
