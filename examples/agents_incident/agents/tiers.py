"""The context tier service: what a session knows, in three tiers.

`hot` is what goes into every request, `warm` what is a look-up away, `cold` what is kept. Each
tier has a capacity and pushes out its least recently used entry into the next; out of `cold` it
is dropped. An entry is in exactly one tier, which holds only under the lock: a move inserts
before it removes, so that an error in between loses nothing. Read with `snapshot`.
"""

import enum
import threading
from collections import OrderedDict
from dataclasses import dataclass

from agents.errors import NotFoundError, UsageError


class Tier(enum.Enum):
    """The tiers, hottest first."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


_ORDER = tuple(Tier)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The keys of each tier at one moment, least recently used first."""

    hot: tuple[str, ...]
    warm: tuple[str, ...]
    cold: tuple[str, ...]
    dropped: int

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, hottest tier first; one that stands there twice is in two tiers."""
        return self.hot + self.warm + self.cold

    def tier_of(self, key: str) -> str:
        """Return the name of the tier that holds a key, or `nowhere`."""
        for tier in _ORDER:
            if key in getattr(self, tier.value):
                return tier.value
        return "nowhere"


class ContextTierService:
    """Three maps and their lock. Capacities are numbers of entries."""

    def __init__(self, hot: int = 4, warm: int = 8, cold: int = 64) -> None:
        if min(hot, warm, cold) < 1:
            raise UsageError("a tier holds at least 1 entry")
        self._lock = threading.RLock()
        self._hot: OrderedDict[str, str] = OrderedDict()
        self._warm: OrderedDict[str, str] = OrderedDict()
        self._cold: OrderedDict[str, str] = OrderedDict()
        self._dropped = 0
        self._capacity = {Tier.HOT: hot, Tier.WARM: warm, Tier.COLD: cold}

    def put(self, key: str, text: str, tier: Tier = Tier.HOT) -> None:
        """Store an entry in a tier; what was stored under the key before is replaced."""
        with self._lock:
            self._remove(key)
            self._map(tier)[key] = text
            self._spill()

    def get(self, key: str) -> str:
        """Return an entry's text and move it one tier up. Raises NotFoundError."""
        with self._lock:
            tier = self._tier_of(key)
            text = self._map(tier)[key]
            self._move(key, tier, _ORDER[max(0, _ORDER.index(tier) - 1)])
            return text

    def promote(self, key: str) -> Tier:
        """Move an entry to `hot`; returns where it was. Raises NotFoundError."""
        with self._lock:
            tier = self._tier_of(key)
            self._move(key, tier, Tier.HOT)
            return tier

    def demote(self, key: str) -> Tier:
        """Move an entry one tier down; returns where it is now. Raises NotFoundError."""
        with self._lock:
            tier = self._tier_of(key)
            lower = _ORDER[min(len(_ORDER) - 1, _ORDER.index(tier) + 1)]
            self._move(key, tier, lower)
            return lower

    def discard(self, key: str) -> bool:
        """Remove an entry; False when there was none."""
        with self._lock:
            return self._remove(key)

    def snapshot(self) -> Snapshot:
        """Return the keys of all tiers, as they were at one moment."""
        with self._lock:
            return Snapshot(tuple(self._hot), tuple(self._warm), tuple(self._cold), self._dropped)

    # -- under the lock

    def _map(self, tier: Tier) -> OrderedDict[str, str]:
        return {Tier.HOT: self._hot, Tier.WARM: self._warm, Tier.COLD: self._cold}[tier]

    def _tier_of(self, key: str) -> Tier:
        for tier in _ORDER:
            if key in self._map(tier):
                return tier
        raise NotFoundError(f'no tier holds "{key}"', "store it with put")

    def _remove(self, key: str) -> bool:
        # It is in one of them at most, so the first that has it is the only one.
        return any(self._map(tier).pop(key, None) is not None for tier in _ORDER)

    def _move(self, key: str, source: Tier, target: Tier) -> None:
        if source is target:
            self._map(target).move_to_end(key)
            return
        self._map(target)[key] = self._map(source)[key]
        del self._map(source)[key]
        self._spill()

    def _spill(self) -> None:
        for tier, lower in zip(_ORDER, (*_ORDER[1:], None), strict=True):
            entries = self._map(tier)
            while len(entries) > self._capacity[tier]:
                key, text = entries.popitem(last=False)
                if lower is None:
                    self._dropped += 1
                else:
                    self._map(lower)[key] = text
