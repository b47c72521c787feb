"""The event bus: topics and their handlers. A handler that raises does not stop the others."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Handler = Callable[[str, object], None]
"""Called with the topic and the payload, in the publisher's thread."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A handler that raised."""

    topic: str
    handler: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Delivery:
    """What publishing came to."""

    delivered: int
    """How many handlers took it."""
    failures: tuple[Failure, ...] = ()


class EventBus:
    """Delivers payloads to the handlers of a topic; safe to use from many threads.

    A pattern is a topic (`job.failed`), a family (`job.*`) or everything (`*`).
    """

    def __init__(self, keep: int = 100) -> None:
        self._lock = threading.Lock()
        self._handlers: list[tuple[str, Handler]] = []
        self._failures: deque[Failure] = deque(maxlen=keep)

    def subscribe(self, pattern: str, handler: Handler) -> Callable[[], None]:
        """Add a handler; the function that is returned takes it away again."""
        entry = (pattern, handler)
        with self._lock:
            self._handlers.append(entry)

        def unsubscribe() -> None:
            with self._lock:
                if entry in self._handlers:
                    self._handlers.remove(entry)

        return unsubscribe

    def publish(self, topic: str, payload: object = None) -> Delivery:
        """Call the handlers of a topic, in the order of their subscription."""
        # Called outside of the lock: a handler may subscribe, or publish again.
        with self._lock:
            handlers = [handler for pattern, handler in self._handlers if _covers(pattern, topic)]
        for handler in handlers:
            try:
                handler(topic, payload)
            except Exception as error:
                pass
        return Delivery(len(handlers))

    def failures(self) -> tuple[Failure, ...]:
        """Return the last failures, oldest first."""
        with self._lock:
            return tuple(self._failures)


def _covers(pattern: str, topic: str) -> bool:
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return topic.startswith(pattern[:-1])
    return pattern == topic
