"""The slash commands of the terminal interface, and the overlay that describes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from agents.extensions import Extension

WIDEST = 100
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command as it is typed, without the slash, and what it does in a sentence."""

    name: str
    description: str


BUILT_IN = (
    SlashCommand("help", "Show what can be typed here."),
    SlashCommand("session", "Switch to another session, or make one."),
    SlashCommand("profile", "Show or change what may be done without asking."),
    SlashCommand("context", "Show what is known, tier by tier."),
    SlashCommand("jobs", "Show the jobs that are queued or running."),
    SlashCommand("cancel", "Ask a job to stop."),
    SlashCommand("quit", "Leave; jobs that run are asked to stop."),
)


def commands(extensions: Iterable[Extension] = ()) -> list[SlashCommand]:
    """Return the built-in commands, then those of the extensions that are enabled."""
    found = list(BUILT_IN)
    for extension in extensions:
        if extension.enabled:
            found += [
                SlashCommand(f"{extension.name}:{command.name}", command.help or "(no help)")
                for command in extension.commands
            ]
    return found


def overlay(known: Iterable[SlashCommand], typed: str = "", width: int = WIDEST) -> list[str]:
    """Return the lines of the overlay for what was typed, each at most `width` characters."""
    prefix = typed.removeprefix("/")
    shown = sorted(
        (item for item in known if item.name.startswith(prefix)), key=lambda item: item.name
    )
    column = max((len(item.name) for item in shown), default=0) + 1
    return [_cut(f"/{item.name:<{column}} {item.description}", width) for item in shown]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + _ELLIPSIS
