"""What each suite of tests/suites must come to, under plain behave and under surefoot.

One table for every end-to-end test, report test and merge test. A row is a way to run a suite:
some suites have several. Only facts stand here; nothing is run and nothing of surefoot but its
exit codes is imported.
"""

import os
from collections.abc import Mapping

import msgspec

from surefoot.exitcodes import ExitCode

SUITES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "suites")

PASSED = ExitCode.PASSED
FAILED = ExitCode.FAILED


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A way to run a suite, and what it must come to."""

    name: str
    """Of the row; of the suite's folder too, where `folder` is empty."""
    folder: str = ""
    args: tuple[str, ...] = ()
    """For behave and for surefoot alike."""
    options: tuple[str, ...] = ()
    """For `surefoot run` alone."""
    env: Mapping[str, str] = {}
    outcomes: Mapping[str, int]
    """How many scenarios end with each `Outcome`. `skipped` counts those that tags, names or
    locations leave out as well. A run that ends before it begins has none."""
    scenarios: Mapping[str, str] = {}
    """Outcome by name, where names are unique and the counts do not tell enough."""
    flaky: tuple[str, ...] = ()
    """Names of scenarios whose verdict is flaky; their outcome is that of the last attempt."""
    verdicts: Mapping[str, int] = {}
    """How many scenarios have each verdict, where that says more than the outcomes."""
    notices: tuple[str, ...] = ()
    """Codes of the notices that there must be."""
    behave: int | None
    """Exit code of plain behave: negative for a signal, None where it does not end."""
    exit: ExitCode
    whole: str = ""
    """Why units may not be scenarios; empty when `--unit scenario` has the same outcomes."""
    unlike: str = ""
    """Why no comparison with plain behave holds; empty when all reports must be equal."""
    workers: tuple[int, ...] = (1, 2)
    """Numbers of workers for which all of this holds."""
    workdir: str = "shared"
    files: tuple[str, ...] = ()
    """Files that the run writes into the project and that are compared as well."""
    state: bool = False
    """True when it needs an empty directory, named by SUITE_STATE, that all processes share."""

    @property
    def path(self) -> str:
        """The project's directory."""
        return os.path.join(SUITES, self.folder or self.name)


_ONE_WORKER = (1,)
_TWO_WORKERS = (2,)
_CRASH = "plain behave dies with the step"
_HANG = "plain behave never ends"
_NO_LOAD = "exit codes and messages differ where a suite cannot be loaded"
_RETRY = "plain behave does not retry"
_STEP_LIMIT = ("--timeout-step", "1s", "--grace", "500ms")
_HOOK_LIMIT = ("--timeout-hook", "1s", "--grace", "500ms")


def _same(
    name: str, behave: int, /, *, folder: str = "", args: str = "", **outcomes: int
) -> Expected:
    """A row that plain behave and surefoot agree on."""
    return Expected(
        name=name,
        folder=folder,
        args=tuple(args.split()),
        outcomes=outcomes,
        behave=behave,
        exit=ExitCode(behave),
    )


def _fault(
    name: str,
    here: str,
    behave: int | None,
    *,
    options: tuple[str, ...] = (),
    more: Mapping[str, str] | None = None,
) -> Expected:
    """A suite of four scenarios of which one, Here, ends badly, and the others must not."""
    scenarios = {
        "Before": "passed",
        "Here": here,
        "After": "passed",
        "Far away": "passed",
        **(more or {}),
    }
    counts: dict[str, int] = {}
    for outcome in scenarios.values():
        counts[outcome] = counts.get(outcome, 0) + 1
    return Expected(
        name=name,
        options=options,
        outcomes=counts,
        scenarios=scenarios,
        behave=behave,
        exit=FAILED,
        unlike=_HANG if behave is None else _CRASH,
    )


def _unloadable(name: str, behave: int | None, exit_code: ExitCode = ExitCode.LOAD) -> Expected:
    """A suite of which nothing can run."""
    return Expected(name=name, outcomes={}, behave=behave, exit=exit_code, unlike=_NO_LOAD)


def _but(row: Expected, **changes: object) -> Expected:
    return msgspec.structs.replace(row, **changes)


_SAME = (
    # -- what Gherkin offers
    _same("passing", 0, passed=6),
    _same("failing", 1, passed=1, failed=6, error=5),
    _same("many_failing", 1, passed=100, failed=100, error=100),
    _same("outlines", 1, passed=12, failed=1),
    _same("rules", 1, passed=7, failed=3),
    _same("backgrounds", 1, passed=5, failed=1, error=3),
    _same("tables_texts", 1, passed=5, failed=1),
    _same("languages", 1, passed=5, failed=1),
    _same("names", 1, passed=6, failed=4),
    _same("same_names", 1, passed=7, failed=4),
    _same("unnamed", 1, passed=3, failed=2),
    _same("empty_things", 0, passed=6),
    # -- what is selected
    _same("passing-tags", 0, folder="passing", args="--tags @slow", passed=2, skipped=4),
    _same("passing-name", 0, folder="passing", args="--name evening", passed=1, skipped=5),
    _same("passing-file", 0, folder="passing", args="features/greeting.feature", passed=2),
    _same(
        "passing-places",
        0,
        folder="passing",
        args="features/stars.feature features/counting.feature:8 features/counting.feature:15",
        passed=3,
        skipped=1,
    ),
    _same("passing-listed", 0, folder="passing", args="@places.txt", passed=2, skipped=2),
    _same("passing-exclude", 0, folder="passing", args="--exclude greet --no-skipped", passed=4),
    _same("passing-dry", 0, folder="passing", args="--dry-run", untested=6),
    _same("undefined-dry", 1, folder="undefined", args="--dry-run", untested=2, undefined=6),
    _same("outlines-tags", 0, folder="outlines", args="--tags @small", passed=2, skipped=11),
    _same(
        "outlines-row",
        1,
        folder="outlines",
        args="features/outlines.feature:20",
        failed=1,
        skipped=12,
    ),
    _same(
        "outlines-hidden",
        0,
        folder="outlines",
        args="--tags @small --no-skipped",
        passed=2,
        skipped=11,
    ),
    # The two that are left out write files: a plain run can fail by itself.
    _same("races", 0, args="--tags @steady", passed=9, skipped=2),
    _same("rules-tags", 0, folder="rules", args="--tags @second", passed=2, skipped=8),
    _same("rules-line", 0, folder="rules", args="features/rules.feature:33", passed=1, skipped=6),
    _same("skip_tags", 0, passed=4, skipped=7),
    _same("skip_calls", 0, passed=3, skipped=9),
    _but(
        _same("skip_rest", 0, passed=2, skipped=2),
        whole="a step skips the scenarios that follow in its feature",
    ),
    _same("active_tags", 0, passed=2, skipped=3),
    _same("pending", 1, passed=2, error=1),
    _same("pending-wip", 0, folder="pending", args="--wip", passed=1, skipped=2),
    _same("undefined", 1, passed=1, undefined=7),
    # -- what steps do
    _same("substeps", 1, passed=1, failed=4, error=1, skipped=1),
    _same("attach", 1, passed=1, failed=1),
    _same("async_steps", 1, passed=1, failed=2, error=1),
    _same("imported_steps", 0, passed=1),
    _same("proxies", 1, passed=1, failed=1),
    _same("nested", 1, passed=3, failed=1),
    _same("matchers", 1, passed=4, undefined=1),
    _same("custom_types", 1, passed=1, error=2, undefined=1),
    _same("bad_step", 0, passed=1),
    _same("captured", 1, passed=1, failed=3, error=1),
    _same("captured-off", 1, folder="captured", args="--no-capture", passed=1, failed=3, error=1),
    _same("capture_off", 1, passed=1, failed=3, error=1),
    _same("logging", 1, failed=2),
    _same("log_layers", 1, failed=3),
    _same("log_layers-cleared", 1, folder="log_layers", args="--logging-clear-handlers", failed=3),
    _same("continue_after_failed", 1, passed=1, failed=3),
    _same("server", 1, passed=3, failed=1),
    _same("behave_inside", 1, passed=4, failed=1),
    # -- what the environment does
    _same("fixtures", 1, passed=6, hook_error=1),
    _same("tag_hooks", 0, passed=4),
    _but(
        _same("cleanups", 1, passed=2, failed=1),
        whole="a scenario looks at what the cleanups of earlier ones did",
    ),
    _same("cleanup_fails_scenario", 1, passed=3, hook_error=1),
    _same("cleanup_fails_feature", 1, passed=4),
    _same("cleanup_fails_testrun", 1, passed=4),
    _same("model_changes", 1, passed=6, failed=1),
    _same("examples_from_file", 1, passed=5, failed=1),
    _same("hook_before_all", 1, untested=7),
    _same("hook_after_all", 1, passed=7),
    _same("hook_before_feature", 1, passed=3, untested=4),
    _same("hook_after_feature", 1, passed=7),
    _same("hook_before_rule", 1, passed=5, untested=2),
    _same("hook_after_rule", 1, passed=7),
    _same("hook_before_scenario", 1, passed=6, hook_error=1),
    _same("hook_after_scenario", 1, passed=6, hook_error=1),
    _same("hook_before_step", 1, passed=6, error=1),
    _same("hook_after_step", 1, passed=6, error=1),
    _same("hook_before_tag", 1, passed=2, hook_error=1, untested=4),
    _same("hook_after_tag", 1, passed=6, hook_error=1),
    _but(
        _same("userdata", 0, passed=1),
        args=("-D", "colour=red", "-D", "place=by the sea", "-Dbare"),
    ),
    _same("userdata-missing", 1, folder="userdata", failed=1),
    _same("stage", 0, args="--stage develop", passed=1),
    _same("pyproject", 1, passed=1, failed=1, skipped=1),
    _same("context_layers", 1, passed=5, error=1),
    _same("stage-none", 1, folder="stage", failed=1),
    _but(
        _same("own_formatter", 1, passed=2, failed=2, undefined=1, skipped=1),
        args=("--tags", "not @skipped", "-f", "calls", "-o", "calls.txt"),
        files=("calls.txt",),
        env={"PYTHONPATH": "."},
    ),
    _but(_same("import_thread", 0, passed=3), notices=("no-fork",)),
    # -- what holds with conditions
    _but(
        _same("order_leaning", 0, passed=5),
        whole="the scenarios of leaning.feature need the ones before them",
    ),
    _same("setup_teardown", 0, passed=5),
    _but(_same("shared_file", 0, passed=10), workdir="copy"),
    _but(_same("abort", 1, passed=3, untested=2), workers=_ONE_WORKER),
    _same("warnings", 1, passed=7, failed=3),
    _same("faults_mended", 0, passed=8),
    _but(_same("interrupt", 1, passed=1, error=1, untested=2), workers=_ONE_WORKER),
    _but(_same("hook_and_step", 1, hook_error=2, untested=1), workers=_ONE_WORKER),
    _but(
        _same("failing-stop", 1, folder="failing", args="--stop", failed=1, untested=11),
        workers=_ONE_WORKER,
    ),
)

_UNLIKE = (
    Expected(
        name="attach_in_hook",
        outcomes={"passed": 1},
        behave=0,
        exit=PASSED,
        unlike="behave's JSON formatter cannot take an attachment outside of a step",
    ),
    Expected(
        name="own_reporter",
        outcomes={"passed": 2, "failed": 1},
        behave=1,
        exit=FAILED,
        unlike="a reporter that a hook adds lives in one worker and sees no other's features",
    ),
    Expected(
        name="noisy",
        outcomes={"passed": 6, "failed": 1},
        behave=1,
        exit=FAILED,
        whole="one scenario wakes the thread of another",
        unlike="a thread writes when it likes",
    ),
    Expected(name="slow_environment", outcomes={"passed": 2}, behave=0, exit=PASSED),
    Expected(
        name="tmp_collision",
        outcomes={"passed": 2},
        notices=("shared-path",),
        behave=1,
        exit=PASSED,
        workers=_TWO_WORKERS,
        state=True,
        unlike="each feature waits for the other, which plain behave never begins",
    ),
    Expected(
        name="temp_names",
        outcomes={"passed": 3},
        behave=0,
        exit=PASSED,
        whole="a scenario reads what the one before it left in the temporary directory",
    ),
    Expected(
        name="temp_collision",
        outcomes={"passed": 2},
        behave=1,
        exit=PASSED,
        workers=_TWO_WORKERS,
        state=True,
        unlike="each feature waits for the other, which plain behave never begins",
    ),
    Expected(
        name="template_database",
        outcomes={"passed": 6, "error": 2},
        behave=1,
        exit=FAILED,
        unlike="the second failure of the broken template says that it was tried already, and"
        " which of them is the second depends on the order",
    ),
    Expected(
        name="leaks",
        outcomes={"passed": 17},
        behave=0,
        exit=PASSED,
        whole="a scenario goes back to the directory that the one before it left",
    ),
    Expected(
        name="leaks-fail",
        folder="leaks",
        options=("--leaks", "fail"),
        outcomes={"failed": 12, "passed": 5},
        behave=0,
        exit=FAILED,
        whole="a scenario goes back to the directory that the one before it left",
        unlike="plain behave looks for no leaks",
    ),
    Expected(name="ports", outcomes={"passed": 12}, behave=0, exit=PASSED, state=True),
    Expected(
        name="passing-nothing",
        folder="passing",
        args=("--tags", "@nobody"),
        outcomes={},
        behave=0,
        exit=ExitCode.NOTHING_RAN,
        unlike="plain behave ends with 0 when nothing matches",
    ),
)

_FAULTS = (
    _fault("crash_exit0", "crashed", 0),
    _fault("crash_exit3", "crashed", 3),
    _fault("crash_segfault", "crashed", -11),
    _fault("crash_abort", "crashed", -6),
    _fault("crash_sigkill", "crashed", -9),
    _fault("crash_in_hook", "crashed", 0),
    _fault("crash_in_thread", "crashed", 5),
    _fault("system_exit_step", "error", 0),
    _fault("crash_after_feature", "passed", 0),
    _fault("crash_after_all", "passed", 0),
    Expected(
        name="crash_before_all",
        outcomes={"untested": 4},
        notices=("degraded-workers",),
        behave=0,
        exit=FAILED,
        unlike=_CRASH,
    ),
    _fault("hang_wait", "timed_out", None, options=_STEP_LIMIT),
    _fault("hang_sleep", "timed_out", None, options=_STEP_LIMIT),
    _fault("hang_gil", "timed_out", None, options=_STEP_LIMIT),
    _fault("hang_regex", "timed_out", None, options=_STEP_LIMIT),
    _fault("hang_no_sigterm", "timed_out", None, options=_STEP_LIMIT),
    _but(
        _fault(
            "hang_child",
            "timed_out",
            None,
            options=_STEP_LIMIT,
            more={"It is left behind": "passed"},
        ),
        notices=("leftover-processes",),
    ),
    Expected(
        name="hang_hook",
        options=(*_HOOK_LIMIT, "--timeout-scenario", "2s"),
        outcomes={"passed": 3, "timed_out": 3},
        scenarios={
            "Before": "passed",
            "In before_scenario": "timed_out",
            "In after_scenario": "timed_out",
            "In a cleanup": "timed_out",
            "After": "passed",
            "Far away": "passed",
        },
        behave=None,
        exit=FAILED,
        unlike=_HANG,
    ),
    Expected(
        name="hang_before_feature",
        options=_HOOK_LIMIT,
        outcomes={"passed": 1, "timed_out": 2},
        behave=None,
        exit=FAILED,
        unlike=_HANG,
    ),
    Expected(
        name="hang_after_feature",
        options=_HOOK_LIMIT,
        outcomes={"passed": 3},
        behave=None,
        exit=FAILED,
        unlike=_HANG,
    ),
    Expected(
        name="hang_before_all",
        options=_HOOK_LIMIT,
        outcomes={"untested": 3},
        notices=("degraded-workers",),
        behave=None,
        exit=FAILED,
        unlike=_HANG,
    ),
    Expected(
        name="hang_after_all",
        options=_HOOK_LIMIT,
        outcomes={"passed": 3},
        behave=None,
        exit=FAILED,
        unlike=_HANG,
    ),
    _unloadable("import_error", 1),
    _unloadable("faults", 1),
    _unloadable("faults_unreadable", 1),
    _unloadable("import_raises", 1),
    _unloadable("syntax_error", 1),
    _unloadable("ambiguous", 1),
    _unloadable("environment_error", 1),
    _unloadable("parse_error", 1),
    _unloadable("sys_exit_import", 0),
    _unloadable("os_exit_import", 0),
    _but(_unloadable("import_hang", None), options=("--preload-timeout", "1s"), unlike=_HANG),
    _unloadable("no_steps", 1, ExitCode.USAGE),
    _unloadable("no_features", 1, ExitCode.NOTHING_RAN),
)

_FLAKY_ROWS = ("Flaky rows -- @1.1 ", "Flaky rows -- @1.2 ")
_FLAKY = (
    Expected(
        name="flaky-no-retry",
        folder="flaky",
        outcomes={"passed": 2, "failed": 5, "error": 1},
        behave=1,
        exit=FAILED,
        state=True,
    ),
    Expected(
        name="flaky",
        options=("--retries", "1"),
        outcomes={"passed": 7, "failed": 1},
        flaky=("Flaky", "Flaky by an exception", *_FLAKY_ROWS, "Flaky too"),
        behave=1,
        exit=FAILED,
        state=True,
        unlike=_RETRY,
    ),
    Expected(
        name="flaky-only",
        folder="flaky",
        args=("--tags", "@only"),
        options=("--retries", "1"),
        outcomes={"passed": 2, "skipped": 6},
        flaky=("Flaky too",),
        behave=1,
        exit=PASSED,
        state=True,
        unlike=_RETRY,
    ),
    Expected(
        name="flaky-forbidden",
        folder="flaky",
        args=("--tags", "@only"),
        options=("--retries", "1", "--fail-on-flaky"),
        outcomes={"passed": 2, "skipped": 6},
        flaky=("Flaky too",),
        behave=1,
        exit=ExitCode.FLAKY,
        state=True,
        unlike=_RETRY,
    ),
    Expected(
        name="flaky_hook",
        options=("--retries", "1"),
        outcomes={"passed": 5},
        flaky=("Flaky in before_scenario", "Flaky in after_scenario", "One", "Two"),
        behave=1,
        exit=PASSED,
        whole="before_feature runs for each of its scenarios, and fails for the first one only",
        state=True,
        unlike=_RETRY,
    ),
    Expected(
        name="flaky_crash",
        options=("--retries", "1", *_STEP_LIMIT),
        outcomes={"passed": 3},
        flaky=("Crashes", "Hangs"),
        behave=0,
        exit=PASSED,
        state=True,
        unlike=_CRASH,
    ),
)

_POLICY = (
    Expected(
        name="known_bugs",
        outcomes={
            "passed": 5,
            "failed": 10,
            "error": 12,
            "undefined": 2,
            "hook_error": 2,
            "crashed": 2,
            "skipped": 1,
        },
        flaky=("finds the database locked once", "has a locked database in a hook once"),
        verdicts={
            "passed": 3,
            "failed": 14,
            "flaky": 2,
            "expected_failure": 8,
            "unexpected_pass": 1,
            "quarantined": 5,
            "skipped": 1,
        },
        behave=-9,
        exit=FAILED,
        state=True,
        unlike="expected failures are inverted, and plain behave dies with a step",
    ),
    # Turned off, the tags are tags like any other.
    Expected(
        name="known_bugs-off",
        folder="known_bugs",
        args=("features/known.feature", "--tags", "not @dies"),
        options=("--no-expected-failures",),
        outcomes={
            "passed": 3,
            "failed": 5,
            "error": 9,
            "undefined": 1,
            "hook_error": 1,
            "skipped": 2,
        },
        behave=1,
        exit=FAILED,
    ),
)

ROWS: tuple[Expected, ...] = (*_SAME, *_UNLIKE, *_FAULTS, *_FLAKY, *_POLICY)
BY_NAME: Mapping[str, Expected] = {row.name: row for row in ROWS}
"""The table."""


def parity_rows() -> tuple[Expected, ...]:
    """The rows whose reports must be equal to those of plain behave."""
    return tuple(row for row in ROWS if not row.unlike)
