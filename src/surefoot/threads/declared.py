"""Guards that a suite declares in its configuration: finds the classes and puts the guards up."""

import importlib
import inspect
from collections.abc import Iterable
from typing import Any

from surefoot.model.guards import GuardSpec
from surefoot.threads.guard import GuardError, guard_class


def put_up(specs: Iterable[GuardSpec]) -> None:
    """Guard the classes; raise GuardError for what is not there. Imports their modules."""
    for spec in specs:
        owner = _find(spec.owner)
        try:
            guard_class(owner, spec.lock, spec.fields, fail=spec.fail)
        except GuardError as error:
            raise GuardError(f"guards: class {spec.owner}: {error}") from None


def _find(name: str) -> type:
    parts = name.split(".")
    module: Any = None
    rest: list[str] = []
    for length in range(len(parts) - 1, 0, -1):
        path = ".".join(parts[:length])
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name and (path == error.name or path.startswith(error.name + ".")):
                continue
            raise GuardError(f"guards: class {name}: importing {path} failed: {error}") from None
        except Exception as error:  # whatever a user's module raises
            raise GuardError(
                f"guards: class {name}: importing {path} failed: {type(error).__name__}: {error}"
            ) from None
        rest = parts[length:]
        break
    if module is None:
        raise GuardError(
            f"guards: class {name}: there is no module {'.'.join(parts[:-1]) or name}; write the"
            " class as package.module.Class, as it is imported"
        )
    found: Any = module
    for part in rest:
        if not hasattr(found, part):
            raise GuardError(f"guards: class {name}: {_without(found, part)}")
        found = getattr(found, part)
    if not inspect.isclass(found):
        raise GuardError(f"guards: class {name} is not a class but {type(found).__name__}")
    return found


def _without(found: Any, part: str) -> str:
    import difflib

    classes = sorted(key for key, value in vars(found).items() if inspect.isclass(value))
    near = difflib.get_close_matches(part, classes, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{found.__name__} has no {part}{hint}; its classes: {', '.join(classes) or 'none'}"
