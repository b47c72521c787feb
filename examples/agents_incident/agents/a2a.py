"""Agent to agent: sends tasks to other agents through the A2A SDK, which is optional.

The SDK is looked for when a client is made, not when this is imported: what does not speak to
other agents has to work without it.
"""

import importlib
from collections.abc import Callable
from typing import Protocol

SDK = "a2a_sdk"


class Transport(Protocol):
    """What is needed of the SDK."""

    def send(self, agent: str, task: str) -> str:
        """Send a task to an agent and return its answer."""
        ...


class A2AClient:
    """Sends tasks to other agents."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(self, agent: str, task: str) -> str:
        """Return another agent's answer."""
        return self._transport.send(agent, task)


def connect(
    url: str, importing: Callable[[str], object] = importlib.import_module, sdk: str = SDK
) -> A2AClient:
    """Return a client for the agents at a URL."""
    module = importing(sdk)
    return A2AClient(module.Transport(url))  # type: ignore[attr-defined]
