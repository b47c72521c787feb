"""Autonomy profiles: what an agent may do by itself, what it has to ask for, what is denied.

A profile has a rule for each kind of action, a limit of risk, and a budget of steps. It may
extend another: what it does not say is inherited.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.errors import ConflictError, DeniedError, NotFoundError, UsageError


class Answer(enum.Enum):
    """What a profile says about an action, the loosest first."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


KINDS = ("read", "write", "execute", "network", "publish")


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules for the kinds of action; `risk_limit` is from 0 to 1, `steps` a number of actions."""

    name: str
    rules: Mapping[str, Answer] = field(default_factory=dict)
    risk_limit: float | None = None
    """Above it, what is allowed has to be asked for."""
    steps: int | None = None
    extends: str = ""

    def __post_init__(self) -> None:
        for kind in self.rules:
            if kind not in KINDS:
                known = ", ".join(KINDS)
                raise UsageError(f'profile {self.name}: no kind "{kind}"', f"known: {known}")
        if self.risk_limit is not None and not 0 <= self.risk_limit <= 1:
            raise UsageError(f"profile {self.name}: risk_limit is not from 0 to 1")
        if self.steps is not None and self.steps < 1:
            raise UsageError(f"profile {self.name}: steps is not at least 1")


BUILT_IN = (
    Profile("manual", dict.fromkeys(KINDS, Answer.ASK), 0.0, 20),
    Profile("review", {"read": Answer.ALLOW}, 0.3, 50, extends="manual"),
    Profile("supervised", {"write": Answer.ALLOW, "publish": Answer.DENY}, 0.5, extends="review"),
    Profile("trusted", {"execute": Answer.ALLOW, "network": Answer.ALLOW}, 0.8, 200, "supervised"),
    Profile("autonomous", dict.fromkeys(KINDS, Answer.ALLOW), 1.0, 1000),
)


class ProfileCatalog:
    """The profiles there are. Names are unique; a built-in one cannot be replaced."""

    def __init__(self, profiles: Iterable[Profile] = BUILT_IN) -> None:
        self._profiles = {profile.name: profile for profile in profiles}

    @property
    def names(self) -> tuple[str, ...]:
        """The profiles, in the order in which they were added."""
        return tuple(self._profiles)

    def add(self, profile: Profile) -> None:
        """Add a profile. Raises ConflictError, and NotFoundError for what it extends."""
        if profile.name in self._profiles:
            raise ConflictError(f"there is a profile {profile.name} already")
        if profile.extends:
            self.get(profile.extends)
        self._profiles[profile.name] = profile

    def get(self, name: str) -> Profile:
        """Return a profile as it was written. Raises NotFoundError."""
        profile = self._profiles.get(name)
        if profile is None:
            raise NotFoundError(f'there is no profile "{name}"', f"known: {', '.join(self.names)}")
        return profile

    def effective(self, name: str) -> Profile:
        """Return a profile with all that it inherits."""
        profile = self.get(name)
        if not profile.extends:
            return Profile(name, profile.rules, profile.risk_limit or 0.0, profile.steps or 1)
        base = self.effective(profile.extends)
        rules = {**base.rules, **profile.rules}
        return Profile(
            name,
            rules,
            base.risk_limit if profile.risk_limit is None else profile.risk_limit,
            profile.steps or base.steps,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer and why."""

    answer: Answer
    reason: str


class AutonomyGuard:
    """Decides for one agent, and counts the steps of its budget."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._used = 0

    @property
    def left(self) -> int:
        """How many steps are left."""
        return (self.profile.steps or 0) - self._used

    def decide(self, kind: str, risk: float = 0.0) -> Decision:
        """Say whether an action may be done. Counts nothing. Raises UsageError."""
        if kind not in KINDS:
            raise UsageError(f'there is no kind "{kind}"', f"known: {', '.join(KINDS)}")
        if not 0 <= risk <= 1:
            raise UsageError("a risk is from 0 to 1")
        answer = self.profile.rules.get(kind, Answer.ASK)
        if answer is not Answer.ALLOW:
            return Decision(answer, f"profile {self.profile.name}: {kind} is {answer.value}")
        if risk > (self.profile.risk_limit or 0.0):
            return Decision(
                Answer.ASK, f"risk {risk:g} is above the limit of {self.profile.risk_limit:g}"
            )
        if self.left < 1:
            return Decision(Answer.ASK, f"the budget of {self.profile.steps} steps is used up")
        return Decision(answer, f"profile {self.profile.name}: {kind} is allow")

    def act(self, kind: str, risk: float = 0.0, *, approved: bool = False) -> Decision:
        """Take a step. Raises DeniedError when it is denied, or asked for and not approved."""
        decision = self.decide(kind, risk)
        if decision.answer is Answer.DENY:
            raise DeniedError(decision.reason, "no approval can change that")
        if decision.answer is Answer.ASK and not approved:
            raise DeniedError(decision.reason, "ask for approval")
        self._used += 1
        return decision
