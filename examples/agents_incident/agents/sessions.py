"""Sessions: a name, an autonomy profile, notes, and the context that belongs to them."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from agents.autonomy import AutonomyGuard, ProfileCatalog
from agents.bus import EventBus
from agents.errors import ConflictError, NotFoundError, UsageError
from agents.storage import Database
from agents.tiers import ContextTierService

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SESSIONS = """\
SELECT s.name, s.profile, s.state, count(n.text) AS notes
FROM sessions s LEFT JOIN notes n ON n.session = s.name"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is stored."""

    name: str
    profile: str
    state: str
    notes: int = 0


class SessionService:
    """Makes and finds sessions. Everything that it needs is given to it."""

    def __init__(
        self,
        database: Database,
        bus: EventBus,
        profiles: ProfileCatalog,
        tiers: ContextTierService,
    ) -> None:
        self._database = database
        self._bus = bus
        self._profiles = profiles
        self.tiers = tiers

    def create(self, name: str, profile: str = "review") -> Session:
        """Make a session. Raises UsageError, NotFoundError (profile) and ConflictError."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f'"{name}" is no name for a session', "use a-z, 0-9 and -, starting with a letter"
            )
        self._profiles.get(profile)
        try:
            self._database.change(
                "INSERT INTO sessions (name, profile) VALUES (?, ?)", (name, profile)
            )
        except sqlite3.IntegrityError:
            raise ConflictError(f"there is a session {name} already", "choose a name")
        session = self.get(name)
        self._bus.publish("session.created", session)
        return session

    def get(self, name: str) -> Session:
        """Return a session. Raises NotFoundError."""
        found = self._select("WHERE s.name = ?", name)
        if not found:
            raise NotFoundError(f'there is no session "{name}"', "see: agents session list")
        return found[0]

    def sessions(self) -> list[Session]:
        """Return all sessions by name."""
        return self._select("")

    def note(self, name: str, text: str) -> Session:
        """Add a note to an open session. Raises NotFoundError and ConflictError."""
        if self.get(name).state != "open":
            raise ConflictError(f"session {name} is closed")
        self._database.change("INSERT INTO notes (session, text) VALUES (?, ?)", (name, text))
        self.tiers.put(f"{name}/{self.get(name).notes}", text)
        return self.get(name)

    def end(self, name: str) -> Session:
        """Close a session for good. Raises NotFoundError and ConflictError."""
        if self.get(name).state != "open":
            raise ConflictError(f"session {name} is closed already")
        self._database.change("UPDATE sessions SET state = 'closed' WHERE name = ?", (name,))
        session = self.get(name)
        self._bus.publish("session.closed", session)
        return session

    def guard(self, name: str) -> AutonomyGuard:
        """Return a guard with a session's profile and its own budget."""
        return AutonomyGuard(self._profiles.effective(self.get(name).profile))

    def _select(self, where: str, *values: Any) -> list[Session]:
        rows = self._database.query(f"{_SESSIONS} {where} GROUP BY s.name ORDER BY s.name", values)
        return [Session(**row) for row in rows]
