"""Dependency injection: who makes which service, made on demand, once, and closed at the end."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from agents.errors import ConflictError, NotFoundError

T = TypeVar("T")
Factory = Callable[["Container"], Any]


class Container:
    """Services by type. `override` is for tests, and for who embeds the application."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._factories: dict[type, Factory] = {}
        self._made: dict[type, Any] = {}
        self._making: list[type] = []

    def register(self, kind: type, factory: Factory) -> None:
        """Say how a service is made. Raises ConflictError when that was said before."""
        with self._lock:
            if kind in self._factories:
                raise ConflictError(f"{kind.__name__} is registered already", "use override")
            self._factories[kind] = factory

    def override(self, kind: type, factory: Factory) -> None:
        """Replace how a service is made. Raises ConflictError once it was made."""
        with self._lock:
            if kind in self._made:
                raise ConflictError(f"{kind.__name__} is in use already", "override it earlier")
            self._factories[kind] = factory

    def resolve(self, kind: type[T]) -> T:
        """Return a service, made now if need be. Raises NotFoundError and ConflictError."""
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._make(kind)
            made: T = self._made[kind]
            return made

    def close(self) -> None:
        """Close what was made and can be closed, the last first."""
        with self._lock:
            while self._made:
                _, service = self._made.popitem()
                close = getattr(service, "close", None)
                if close is not None:
                    close()

    def _make(self, kind: type) -> Any:
        if kind in self._making:
            circle = " needs ".join(item.__name__ for item in [*self._making, kind])
            raise ConflictError(f"services need each other: {circle}")
        factory = self._factories.get(kind)
        if factory is None:
            raise NotFoundError(f"nobody makes {kind.__name__}", "register it")
        self._making.append(kind)
        try:
            return factory(self)
        finally:
            self._making.pop()
