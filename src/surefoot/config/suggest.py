"""The nearest known word to a mistyped one, for messages."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `word` was probably meant to be, or None."""
    # Imported here: most runs have no mistake to explain.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean X?)", or nothing where no known word is near."""
    near = nearest(word, known)
    return f" (did you mean {near}?)" if near else ""
