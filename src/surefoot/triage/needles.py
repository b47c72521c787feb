"""Which texts a line contains, of some hundreds: by the shape of lines, each looked through once.

Logs say the same again and again with other numbers. What a line contains is remembered for its
shape (see `masking.shape`), and new shapes are looked through together: to look for each text in
each line takes ten times as long, and was most of the time of reading.
"""

from collections.abc import Sequence

from surefoot.triage.masking import shape

MAX_HELD = 4 << 20
"""Characters of shapes that are remembered."""


class Needles:
    """Groups of literal texts; a line has a group when it may contain one of its texts.

    May: digits count as alike, so that the texts themselves have to be looked for again.
    """

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._texts = tuple(
            (shape(text), place) for place, texts in enumerate(groups) for text in texts
        )
        self._known: dict[str, tuple[int, ...]] = {}
        self._held = 0

    def look(self, shapes: Sequence[str]) -> list[tuple[int, ...]]:
        """Return for each shape the numbers of its groups, in order."""
        known = self._known
        new = [one for one in dict.fromkeys(shapes) if one not in known]
        if new:
            if self._held > MAX_HELD:
                known = self._known = {one: known[one] for one in shapes if one in known}
                self._held = sum(map(len, known))
            self._held += sum(map(len, new))
            whole = "\n".join(new)
            present = [(text, place) for text, place in self._texts if text in whole]
            for one in new:
                places = [place for text, place in present if text in one]
                known[one] = tuple(dict.fromkeys(places))
        return [known[one] for one in shapes]
