"""Where a suite's files are: features, step modules, environment file, imported modules.

Follows behave's rules without behave: its configuration files in the working directory, the
walk up to the directory with the steps, and the search path that step modules are loaded with.
"""

import os
import sys
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.errors import UserError
from surefoot.policy.static.facts import Import

_SKIPPED = frozenset((".git", "__pycache__", ".surefoot", "node_modules", ".venv", ".nox", ".tox"))
_CONFIGS = ("behave.ini", ".behaverc", "setup.cfg", "tox.ini", "pyproject.toml")


class BehaveSettings(msgspec.Struct, frozen=True):
    """What behave's configuration says about where a suite is."""

    paths: tuple[str, ...] = ()
    stage: str = ""
    lang: str = "en"
    nested: bool = False


class SuiteFiles(msgspec.Struct, frozen=True):
    """One suite. All paths are absolute."""

    base: str
    """The directory that holds the step directory or the environment file."""
    environment: str | None
    step_folders: tuple[str, ...]
    step_modules: tuple[str, ...]
    """In the order in which behave runs them."""
    features: tuple[str, ...]
    others: tuple[str, ...]
    """Python files below the base that behave does not run by itself."""


def behave_settings(cwd: str) -> BehaveSettings:
    """Return behave's settings from its files in a directory; the first file is the strongest."""
    found: dict[str, str | list[str] | bool] = {}
    for name in reversed(_CONFIGS):
        try:
            with open(os.path.join(cwd, name), "rb") as file:
                data = file.read()
        except OSError:
            continue
        if b"behave" not in data:
            continue
        try:
            found |= _read_toml(data) if name.endswith(".toml") else _read_ini(data)
        except ValueError as error:
            raise UserError(f"{name} cannot be read: {error}; mend it") from None
    paths = found.get("paths", [])
    if isinstance(paths, str):
        paths = [line.strip() for line in paths.splitlines() if line.strip()]
    stage = str(found.get("stage") or os.environ.get("BEHAVE_STAGE", ""))
    nested = str(found.get("use_nested_step_modules", "")).lower() in ("true", "yes", "on", "1")
    return BehaveSettings(
        tuple(paths) if isinstance(paths, list) else (),
        stage,
        str(found.get("lang") or "en"),
        nested,
    )


def _read_toml(data: bytes) -> dict[str, str | list[str] | bool]:
    import tomllib

    document = tomllib.loads(data.decode())
    tool = document.get("tool", {})
    section = tool.get("behave", {}) if isinstance(tool, dict) else {}
    return dict(section) if isinstance(section, dict) else {}


def _read_ini(data: bytes) -> dict[str, str | list[str] | bool]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(data.decode())
    except configparser.Error as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    return dict(parser["behave"]) if parser.has_section("behave") else {}


def find_base(path: str, settings: BehaveSettings) -> str | None:
    """Return the directory at or above `path` that holds steps or an environment file."""
    prefix = f"{settings.stage}_" if settings.stage else ""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    while True:
        if os.path.isdir(os.path.join(folder, f"{prefix}steps")) or os.path.isfile(
            os.path.join(folder, f"{prefix}environment.py")
        ):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def suite_files(
    base: str, settings: BehaveSettings, paths: Iterable[str], *, whole: bool = True
) -> SuiteFiles:
    """Return the files of the suite at `base`; features are those below `paths`.

    Other Python files are looked for only with `whole`.
    """
    prefix = f"{settings.stage}_" if settings.stage else ""
    steps = os.path.join(base, f"{prefix}steps")
    folders = [steps]
    if settings.nested:
        folders += [folder for folder, _ in walk(steps) if folder != steps]
    modules = [
        os.path.join(folder, name)
        for folder in folders
        if os.path.isdir(folder)
        for name in sorted(os.listdir(folder))
        if name.endswith(".py")
    ]
    environment: str | None = os.path.join(base, f"{prefix}environment.py")
    if not os.path.isfile(str(environment)):
        environment = None
    known = {*modules, environment}
    others = []
    for folder, files in walk(base) if whole else ():
        others += [os.path.join(folder, name) for name in files if name.endswith(".py")]
    return SuiteFiles(
        base,
        environment,
        tuple(folders),
        tuple(modules),
        feature_files(paths),
        tuple(path for path in others if path not in known),
    )


def feature_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the feature files that paths name or hold, each once."""
    features: dict[str, None] = {}
    for path in paths:
        if os.path.isdir(path):
            for folder, files in walk(path):
                for name in files:
                    if name.endswith(".feature"):
                        features[os.path.join(folder, name)] = None
        elif path.endswith(".feature"):
            features[path] = None
    return tuple(features)


def walk(top: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each directory with the names of its files, in behave's order."""
    seen: set[tuple[int, int]] = set()
    for folder, names, files in os.walk(top, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            names.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        names[:] = sorted(name for name in names if name not in _SKIPPED)
        yield folder, sorted(files)


class Importer:
    """Finds the files that an import runs, without importing: in the project, and installed."""

    def __init__(self, suite: SuiteFiles, cwd: str) -> None:
        given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        self._folders = list(
            dict.fromkeys(
                [*suite.step_folders, suite.base, cwd, os.path.join(cwd, "src")]
                + [os.path.abspath(folder) for folder in given if folder]
            )
        )
        self._cwd = cwd
        self._cache: dict[tuple[str, int, tuple[str, ...], str], list[str]] = {}
        self._files: dict[str, bool] = {}
        self.unknown: set[str] = set()
        """Modules that are found nowhere and may define steps."""

    def __call__(self, file: str, item: Import) -> list[str]:
        """Return the files that an import runs, in order."""
        folder = os.path.dirname(file) if item.level else ""
        key = (item.module, item.level, tuple(item.names), folder)
        if key not in self._cache:
            self._cache[key] = list(self._find(file, item))
        return self._cache[key]

    def _find(self, file: str, item: Import) -> Iterator[str]:
        parts = item.module.split(".") if item.module else []
        if item.level:
            folder = os.path.dirname(file)
            for _ in range(item.level - 1):
                folder = os.path.dirname(folder)
            yield from self._below(folder, parts, item.names)
            return
        top = parts[0]
        if top in sys.stdlib_module_names:
            return
        if top == "behave":
            # Its converters may be asked for; what it registers is no business of a suite's.
            if item.module == "behave.parameter_type":
                yield from self._installed(item)
            return
        for folder in self._folders:
            if self._is_module(os.path.join(folder, top)):
                yield from self._below(folder, parts, item.names)
                return
        yield from self._installed(item)

    def _below(self, folder: str, parts: list[str], names: list[str]) -> Iterator[str]:
        path = folder
        for part in parts:
            path = os.path.join(path, part)
            found = self._file_of(path)
            if found is not None:
                yield found
        for name in names:
            found = self._file_of(os.path.join(path, name))
            if found is not None:
                yield found

    def _file_of(self, path: str) -> str | None:
        for candidate in (os.path.join(path, "__init__.py"), f"{path}.py"):
            if self._is_file(candidate):
                return candidate
        return None

    def _is_module(self, path: str) -> bool:
        return self._is_file(f"{path}.py") or os.path.isdir(path)

    def _is_file(self, path: str) -> bool:
        if path not in self._files:
            self._files[path] = os.path.isfile(path)
        return self._files[path]

    def _installed(self, item: Import) -> Iterator[str]:
        """Yield an installed module that speaks of behave: it may define steps."""
        relative = os.path.join(*item.module.split("."))
        for folder in sys.path:
            path = self._file_of(os.path.join(folder or ".", relative))
            if path is None:
                continue
            try:
                with open(path, "rb") as file:
                    if b"behave" in file.read():
                        yield path
            except OSError:
                pass
            return
        if "*" in item.names or "step" in item.module or "behave" in item.module:
            self.unknown.add(item.module)
