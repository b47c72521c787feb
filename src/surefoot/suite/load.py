"""Loads a suite as behave does: configuration, paths, environment file, steps, features.

Uses behave's own code for every rule, in behave's order, so that `default_tags`, stages,
`steps_dir` and the rest hold. What it adds: the indexed registry, progress while loading,
and errors that say what kind they are. Runs in the zygote; never in the coordinator.
"""

import contextlib
import io
import os
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import behave.runner
import behave.runner_util
from behave.configuration import Configuration
from behave.exception import (
    ClassNotFoundError,
    ConfigError,
    ConstraintError,
    InvalidFileLocationError,
    InvalidFilenameError,
    TagExpressionError,
)
from behave.exception import FileNotFoundError as BehaveFileNotFoundError
from behave.exception import ModuleNotFoundError as BehaveModuleNotFoundError
from behave.formatter import _registry as formatter_registry
from behave.model import Feature
from behave.parser import ParserError
from behave.reporter.summary import AbstractSummaryReporter
from behave.runner import Runner
from behave.runner_util import parse_features
from behave.step_registry import AmbiguousStep

from surefoot.suite import registry as step_registry
from surefoot.suite import speed
from surefoot.suite.codecache import CodeCache

Progress = Callable[[str], "contextlib.AbstractContextManager[None]"]


class SuiteError(Exception):
    """The suite cannot be loaded or the arguments are wrong.

    `kind` is usage, load, empty or done (see `worker.protocol.LoadError`).
    """

    def __init__(self, kind: str, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


class Suite:
    """A loaded suite: behave's configuration, a runner with hooks, and the parsed features."""

    def __init__(
        self, config: Configuration, own_display: bool, code_cache: CodeCache | None = None
    ) -> None:
        self.config = config
        self._code_cache = code_cache or CodeCache("")
        speed.install()
        self.runner = Runner(config)
        self.registry = step_registry.install()
        self.runner.step_registry = self.registry
        self.features: list[Feature] = []
        self.notices: list[str] = []
        if own_display:
            _leave_terminal_to_us(config)

    def load(self, progress: Progress) -> None:
        """Load hooks, steps and features. Raises SuiteError."""
        try:
            # Entered for good: user code imports from these paths at any time of the run.
            self.runner.path_manager.__enter__()
            self._check_paths()
            self.runner.setup_paths()
            with _exec_with_progress(progress, self._code_cache):
                self.runner.load_hooks()
                self.runner.load_step_definitions()
            with progress("features"):
                locations = [
                    location
                    for location in self.runner.feature_locations()
                    if not self.config.exclude(location)
                ]
                self.features = parse_features(locations, language=self.config.lang)
                self._note_corrected_lines(locations)
        except Exception as error:
            raise _classify(error) from error
        except SystemExit as error:
            raise SuiteError(
                "load",
                f"the suite called sys.exit({error.code!r}) while it was loaded\n"
                + _own_traceback(error),
            ) from error
        self.runner.features = self.features

    def _check_paths(self) -> None:
        """Name a path that is not there before behave looks for step directories above it."""
        for path in self.config.paths:
            name = path.removeprefix("@")
            plain = name if os.path.exists(name) else name.rpartition(":")[0]
            if not os.path.exists(plain or name):
                raise SuiteError("usage", f"there is no such file or directory: {path}")

    def _note_corrected_lines(self, locations: list[Any]) -> None:
        if not any(location.line for location in locations):
            return
        lines = {
            feature.filename: {feature.line, 0}
            | {scenario.line for scenario in feature.walk_scenarios(True, True)}
            for feature in self.features
        }
        for location in locations:
            known = lines.get(os.path.relpath(location.filename))
            if location.line and known is not None and location.line not in known:
                taken = max((line for line in known if line <= location.line), default=0)
                self.notices.append(
                    f"{location.filename}:{location.line} is not the line of a scenario; as with"
                    f" behave, what begins before it (line {taken}) is run"
                )


def configure(behave_args: list[str]) -> Configuration:
    """Return behave's configuration for these arguments.

    Raises SuiteError: usage for bad arguments, done when behave answered an information
    option (`--version`, `--tags-help`, `-f help`, ...) on standard output.
    """
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            config = Configuration(list(behave_args))
    except SystemExit as stop:
        if not stop.code:
            raise SuiteError("done", "", 0) from stop
        lines = [line for line in errors.getvalue().splitlines() if "error:" in line]
        message = lines[-1].split("error:", 1)[1].strip() if lines else errors.getvalue().strip()
        raise SuiteError("usage", f"behave does not accept these arguments: {message}") from stop
    except (ConfigError, TagExpressionError) as error:
        raise SuiteError("usage", f"{type(error).__name__}: {error}") from error
    except Exception as error:
        raise SuiteError(
            "usage", f"behave's configuration cannot be read: {type(error).__name__}: {error}"
        ) from error
    formats = config.format or []
    if (
        config.version
        or config.tags_help
        or config.lang == "help"
        or config.lang_list
        or config.lang_help
        or "help" in formats
        or config.runner == "help"
    ):
        from behave.__main__ import run_behave

        raise SuiteError("done", "", run_behave(config))
    _complete_formats(config)
    return config


def _complete_formats(config: Configuration) -> None:
    """Check what `behave.__main__.run_behave` checks; leave the default formatter to later."""
    from_file = config.defaults.get("format") if "format" in config.defaults else None
    writes_files = any(opener.name for opener in config.outputs)
    if not config.format:
        config.format = [config.default_format] if writes_files else []
    elif from_file and len(config.format) != len(from_file):
        # Formatters on the command line come after those of the file, as in behave.
        pass
    if config.format and len(config.outputs) > len(config.format):
        raise SuiteError(
            "usage",
            f"there are more output files ({len(config.outputs)}) than formatters"
            f" ({len(config.format)}): give each -o its own -f",
        )


def _leave_terminal_to_us(config: Configuration) -> None:
    """Drop behave's summary from standard output where no formatter writes there."""
    if not terminal_formatter(config):
        config.reporters = [
            reporter
            for reporter in config.reporters
            if not isinstance(reporter, AbstractSummaryReporter)
        ]


def terminal_formatter(config: Configuration) -> str:
    """Return the name of the formatter that writes to standard output, or an empty string."""
    for index, name in enumerate(config.format or []):
        opener = config.outputs[index] if index < len(config.outputs) else None
        if (opener is None or opener.name is None) and name != "null":
            return str(name)
    return ""


def formatter_class(name: str) -> Any:
    """Return a formatter's class. Raises SuiteError when it cannot be loaded."""
    try:
        return formatter_registry.select_formatter_class(name)
    except Exception as error:
        raise SuiteError(
            "usage", f"the formatter {name} cannot be loaded: {type(error).__name__}: {error}"
        ) from error


# allure_commons hands attachments from inside steps to plug-ins of its own process, and writes
# one file a result, so that its formatter must (and can) run in each worker.
_LIVE = {("allure_behave.formatter", "AllureFormatter")}


def is_live(kind: Any) -> bool:
    """Whether a formatter runs in the workers instead of being replayed.

    A formatter class of the user's may ask for it with `surefoot_live = True`; it must then
    write to files of its own, one a scenario or process.
    """
    if getattr(kind, "surefoot_live", False):
        return True
    return any((base.__module__, base.__name__) in _LIVE for base in kind.__mro__)


def live_outputs(config: Configuration) -> list[str]:
    """Return the absolute output directories of formatters that run in the workers."""
    return [
        os.path.abspath(opener.name)
        for name, opener in zip(config.format or [], config.outputs, strict=False)
        if opener.name and is_live(formatter_class(name))
    ]


def share_live_outputs(config: Configuration, copy: str, original: str) -> None:
    """In a private copy: let formatters that run here write beside the original."""
    for name, opener in zip(config.format or [], config.outputs, strict=False):
        if opener.name and is_live(formatter_class(name)):
            path = os.path.abspath(opener.name)
            opener.name = path.replace(copy, original, 1)


def check_formatters(config: Configuration) -> None:
    """Refuse formatters that cannot be replayed. Raises SuiteError naming them."""
    for name in config.format or []:
        kind = formatter_class(name)
        if getattr(kind, "surefoot_replay", True) is False:
            raise SuiteError(
                "usage",
                f"the formatter {name} says that it cannot be replayed (surefoot_replay = False);"
                " run it with plain behave, or leave it out",
            )


@contextlib.contextmanager
def _exec_with_progress(progress: Progress, cache: CodeCache) -> Iterator[None]:
    """Announce each file that behave executes (environment file and step modules)."""
    original = behave.runner_util.exec_file

    def exec_file(
        filename: str,
        globals_: dict[str, Any] | None = None,
        locals_: dict[str, Any] | None = None,
    ) -> None:
        """`behave.runner_util.exec_file` of 1.3.3, with the code from a cache."""
        shown = os.path.relpath(filename)
        with progress(shown):
            globals_ = {} if globals_ is None else globals_
            locals_ = globals_ if locals_ is None else locals_
            locals_["__file__"] = filename
            with open(filename, "rb") as file:
                code = cache.compile(file.read(), shown)
            exec(code, globals_, locals_)  # noqa: S102  # what behave does

    behave.runner_util.exec_file = exec_file
    behave.runner.exec_file = exec_file
    try:
        yield
    finally:
        behave.runner_util.exec_file = original
        behave.runner.exec_file = original


def _classify(error: Exception) -> SuiteError:
    name = type(error).__name__
    if isinstance(error, SuiteError):
        return error
    if isinstance(error, ParserError):
        return SuiteError("load", f"a feature file does not parse: {error}")
    if isinstance(error, ConfigError):
        message = str(error)
        if message.startswith("No feature files"):
            return SuiteError("empty", f"{message}: there is nothing to run")
        if "directory in" in message:
            return SuiteError(
                "usage",
                f"{message}: behave looks for it beside the features and in every directory above;"
                " name the folder of your features (surefoot run path/to/features)",
            )
        return SuiteError("usage", message)
    if isinstance(error, BehaveFileNotFoundError):
        return SuiteError("usage", f"there is no such file or directory: {error}")
    if isinstance(error, InvalidFilenameError | InvalidFileLocationError):
        return SuiteError(
            "usage", f"{error}: a path must be a directory, a .feature file, FILE:LINE or @FILE"
        )
    if isinstance(error, AmbiguousStep):
        return SuiteError("load", f"AmbiguousStep: {error}\n{_own_traceback(error)}")
    if isinstance(error, ClassNotFoundError | BehaveModuleNotFoundError | ConstraintError):
        return SuiteError("load", f"{name}: {error}\n{_own_traceback(error)}")
    if isinstance(error, PermissionError):
        return SuiteError("load", f"a file of the suite cannot be read: {error}")
    if isinstance(error, UnicodeDecodeError):
        return SuiteError("load", f"a file of the suite is not UTF-8: {error}{_which_file(error)}")
    return SuiteError(
        "load", f"the suite cannot be loaded: {name}: {error}\n{_own_traceback(error)}"
    )


def _which_file(error: BaseException) -> str:
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        filename = frame.f_locals.get("filename")
        if isinstance(filename, str):
            return f" (in {filename})"
    return ""


_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_BEHAVE = os.path.dirname(os.path.abspath(behave.__file__))


def _own_traceback(error: BaseException) -> str:
    """Return the traceback without behave's and our frames: what the user can mend."""
    entries = [
        entry
        for entry in traceback.extract_tb(error.__traceback__)
        if not entry.filename.startswith((_HERE, _BEHAVE, "<frozen importlib"))
    ]
    lines = traceback.format_list(entries)
    lines += traceback.format_exception_only(type(error), error)
    return "Traceback (most recent call last):\n" + "".join(lines).rstrip()
