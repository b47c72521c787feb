"""Globals of code that is in no module, so that `patches.py` finds what it imported by name.

behave runs step modules and `environment.py` without making modules of them. Imports nothing.
"""

import sys
import types
from collections.abc import Iterator
from typing import Any

NAMESPACES: list[dict[str, Any]] = []
"""Globals of code that no module holds, such as behave's `environment.py`: told by the worker."""


def know_hooks(runner: Any) -> None:
    """Note the globals of a runner's hooks: of what `environment.py` imported by name."""
    for hook in runner.hooks.values():
        names = getattr(hook, "__globals__", None)
        if names is not None and not any(names is known for known in NAMESPACES):
            NAMESPACES.append(names)


def outside_of_modules() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, by a name of their own, the globals of code that is in no module.

    behave runs step modules without making modules of them; whoever calls has globals too.
    """
    found = [*NAMESPACES, *_of_steps()]
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        found.append(frame.f_globals)
        frame = frame.f_back
    unlike = {id(names): names for names in found}
    for identity, names in unlike.items():
        module = sys.modules.get(names.get("__name__", ""))
        if module is None or vars(module) is not names:
            yield f"<{identity}>", names


_steps: tuple[tuple[int, int], list[dict[str, Any]]] = (0, 0), []
"""Of the step registry: its identity and size, and the globals of what is registered."""


def _of_steps() -> list[dict[str, Any]]:
    """Return the globals of behave's step modules; behave itself is not imported for it."""
    global _steps  # noqa: PLW0603  # with thousands of steps the walk is worth keeping
    registry = getattr(sys.modules.get("behave.runner"), "the_step_registry", None)
    groups = list(getattr(registry, "steps", {}).values())
    key = id(registry), sum(map(len, groups))
    if _steps[0] != key:
        found = {
            id(names): names
            for definitions in groups
            for definition in definitions
            if (names := getattr(definition.func, "__globals__", None)) is not None
        }
        _steps = key, list(found.values())
    return _steps[1]
