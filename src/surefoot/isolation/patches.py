"""Which attributes of modules and classes were replaced and not put back.

Looked at are the user's own modules (below the working directory) with their classes, the
modules of the standard library that tests patch, and what `unittest.mock` has started anywhere.
An attribute counts when it was a function, a class or a module: plain values change in
the course of things. Reads namespaces only.
"""

import os
import sys
from types import ModuleType
from typing import Any

import msgspec

_LIBRARY = (
    "asyncio", "builtins", "datetime", "getpass", "http.client", "io", "json", "locale", "logging",
    "os", "os.path", "pathlib", "platform", "queue", "random", "secrets", "select", "shutil",
    "signal", "smtplib", "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request", "uuid",
)  # fmt: skip
_MISSING = object()


class Patch(msgspec.Struct, frozen=True):
    """An attribute that is not what it was."""

    name: str
    """`package.module.Class.attribute`."""
    what: str
    """What is there now, in words."""


class Namespaces:
    """What the attributes of the watched modules and classes are at one moment."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, Any, dict[str, Any]]] = [
            (name, space, vars(space).copy()) for name, space in _spaces()
        ]
        self._started = len(_active())

    def changed(self) -> list[Patch]:
        """Return what was replaced since."""
        found: dict[str, Patch] = {}
        for name, space, before in self._seen:
            now = vars(space)
            try:
                # In C, and by identity first: 8,000 attributes of 430 namespaces in 0.7 ms.
                if before == now:
                    continue
            except Exception:  # noqa: S110  # values that cannot be compared are told apart below
                pass
            for attribute, old in before.items():
                new = now.get(attribute, _MISSING)
                if new is not old and (_counts(old) or _is_mock(new)):
                    full = f"{name}.{attribute}"
                    found[full] = Patch(full, _in_words(new))
        for patch in _active()[self._started :]:
            full = _target(patch)
            found.setdefault(full, Patch(full, "a patch of unittest.mock that was not stopped"))
        return list(found.values())


def _spaces() -> list[tuple[str, Any]]:
    """Return the namespaces; looked for again when a module was loaded or another directory is."""
    modules = sys.modules
    if _known.count != len(modules) or _known.cwd != os.getcwd():
        _known.count, _known.cwd = len(modules), os.getcwd()
        _known.spaces = [(name, modules[name]) for name in _LIBRARY if name in modules]
        for name, module in list(modules.items()):
            if _is_users(module, _known.cwd):
                _known.spaces.append((name, module))
                _known.spaces += [
                    (f"{name}.{attribute}", value)
                    for attribute, value in list(vars(module).items())
                    if isinstance(value, type) and value.__module__ == name
                ]
    return _known.spaces


class _Known:
    def __init__(self) -> None:
        self.count = -1
        self.cwd = ""
        self.spaces: list[tuple[str, Any]] = []


_known = _Known()


def _is_users(module: object, cwd: str) -> bool:
    file = getattr(module, "__file__", None)
    return (
        isinstance(module, ModuleType)
        and isinstance(file, str)
        and file.startswith(cwd + os.sep)
        and f"{os.sep}site-packages{os.sep}" not in file
    )


def _counts(value: object) -> bool:
    return callable(value) or isinstance(value, ModuleType | staticmethod | classmethod | property)


def _is_mock(value: object) -> bool:
    return type(value).__module__ == "unittest.mock"


def _in_words(value: object) -> str:
    if value is _MISSING:
        return "nothing: it was removed"
    code = getattr(value, "__code__", None)
    if code is not None:
        from surefoot.isolation.origins import shown

        return f"{value.__qualname__} ({shown(code.co_filename)}:{code.co_firstlineno})"  # type: ignore[attr-defined]
    if isinstance(value, type | ModuleType):
        return value.__name__
    return f"a {type(value).__name__}"


def _active() -> list[Any]:
    """Return the patches that mock has started and not stopped, the oldest first."""
    mock = sys.modules.get("unittest.mock")
    patches = getattr(getattr(mock, "_patch", None), "_active_patches", ())
    return list(patches)


def _target(patch: Any) -> str:
    target = getattr(patch, "target", None)
    if target is None:
        try:
            target = patch.getter()
        except Exception:
            target = "?"
    name = getattr(target, "__qualname__", None) or getattr(target, "__name__", str(target))
    module = getattr(target, "__module__", None) if isinstance(target, type) else None
    return ".".join(filter(None, (module, name, getattr(patch, "attribute", "")))) or "?"
