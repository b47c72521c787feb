"""What the other rooms see of the history: its interface, its values, and how it is opened.

A history that cannot be used costs one warning and nothing else: from then on a null history
answers. The store itself is in `history.database`, which is imported when one is opened.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from surefoot.errors import SurefootError
from surefoot.model.outcomes import Verdict

T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True):
    """What one scenario came to in one run."""

    scenario_id: str
    verdict: Verdict
    seconds: float
    """How long it took; what is not a duration (negative, not finite) is not counted."""


class RunRecord(msgspec.Struct, frozen=True):
    """One run, to be recorded when it has ended."""

    run_id: str
    started: float
    """Seconds since the epoch. Kept to be shown; no rule depends on the wall clock."""
    entries: Sequence[Entry]


class History(Protocol):
    """The runs of one checkout so far."""

    def estimates(self) -> dict[str, float]:
        """Return scenario id to expected seconds (formula: `history.estimates`)."""
        ...

    def last_failed(self) -> list[str] | None:
        """Return the sorted ids of the scenarios whose latest result is a failure.

        That is, which failed in a recorded run and have not passed since. Flaky is a pass, and
        so are an expected failure and a quarantined one; an unexpected pass is a failure. A run
        that did not select a scenario, skipped it or did not get to it changes nothing. An id
        may be gone from the suite by now. None when no run is recorded.
        """
        ...

    def record(self, run: RunRecord) -> None:
        """Add a run, whole or not at all. Runs count in the order in which they are recorded.

        A run id that is among the last ones recorded already is not counted twice.
        """
        ...

    def close(self) -> None:
        """End the use."""
        ...


class UnusableHistoryError(SurefootError):
    """The history cannot be read or written; the message is the warning for the user.

    Common causes: the file is damaged, locked, read-only, or from a newer surefoot.
    """


class NullHistory:
    """Knows nothing and keeps nothing."""

    def estimates(self) -> dict[str, float]:
        return {}

    def last_failed(self) -> list[str] | None:
        return None

    def record(self, run: RunRecord) -> None:
        pass

    def close(self) -> None:
        pass


class GuardedHistory:
    """Forwards to another history until that is unusable; then it warns once, and knows nothing."""

    def __init__(self, inner: History, warn: Callable[[str], None]) -> None:
        self._inner = inner
        self._warn = warn

    def estimates(self) -> dict[str, float]:
        return self._ask(lambda history: history.estimates())

    def last_failed(self) -> list[str] | None:
        return self._ask(lambda history: history.last_failed())

    def record(self, run: RunRecord) -> None:
        self._ask(lambda history: history.record(run))

    def close(self) -> None:
        self._ask(lambda history: history.close())

    def _ask(self, question: Callable[[History], T]) -> T:
        try:
            return question(self._inner)
        except UnusableHistoryError as error:
            self._inner = NullHistory()
            self._warn(str(error))
            return question(self._inner)


def open_history(path: str, warn: Callable[[str], None]) -> History:
    """Open the history at `path`; create it, and its directory, where there is none.

    Never raises for the state of the file: `warn` gets one sentence, now or when a later call
    finds out, and a null history takes over.
    """
    try:
        from surefoot.history.database import SqliteHistory
    except ImportError as error:
        warn(f"this Python has no SQLite ({error}); the run goes without a history")
        return NullHistory()
    try:
        return GuardedHistory(SqliteHistory(path), warn)
    except UnusableHistoryError as error:
        warn(str(error))
        return NullHistory()
