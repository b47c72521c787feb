"""The findings of the incident report, in its words, and where the suite of the incident has them.

A place in a feature file is given by the line that the report names. One in a source file is
given by its text, so that it stays right when the file is edited.
"""

import os

import msgspec


class Spot(msgspec.Struct, frozen=True):
    """A place in a file of the incident: by its line, or by a text that stands on one line only."""

    file: str
    line: int = 0
    text: str = ""

    def place(self, root: str) -> str:
        """Return `file:line`. Raises LookupError when the text does not stand on just one line."""
        if self.line:
            return f"{self.file}:{self.line}"
        with open(os.path.join(root, self.file), encoding="utf-8") as file:
            lines = [number for number, text in enumerate(file, 1) if self.text in text]
        if len(lines) != 1:
            raise LookupError(f"{self.file}: {self.text!r} stands on {len(lines)} lines")
        return f"{self.file}:{lines[0]}"


class SeedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of the report and what has to be reported for it."""

    key: str
    said: str
    """What the report says."""
    asked: str
    """The remedy that it recommends."""
    rules: tuple[str, ...] = ()
    """Codes of the rules that tell it."""
    spots: tuple[Spot, ...] = ()
    """Each has to be told by one of the rules."""
    notice: str = ""
    """Code of the notice of a run that tells it."""
    notice_text: tuple[str, ...] = ()
    """Each has to stand in that notice."""
    remedy: tuple[str, ...] = ()
    """Each has to stand in a remedy that surefoot gives, or in the notice."""
    answer: str = ""
    """How surefoot keeps it from coming back, in a sentence; empty where the remedy is all."""


STEPS = "features/steps"
UNTAGGED = (
    ("cli_extensions", 307),
    ("cli_extensions", 321),
    ("cli_extensions", 336),
    ("cli_global_format_flag", 51),
    ("cli_output_formats", 95),
    ("m6_autonomy_acceptance", 170),
    ("tdd_a2a_sdk_dependency", 15),
    ("tdd_event_bus_exception_swallow", 22),
    ("tdd_session_create_di", 22),
    ("cli_json_envelope", 22),
    ("cli_json_envelope", 61),
)
"""Feature and line of the scenarios that the report calls category B."""

FINDINGS = (
    SeedFinding(
        key="sleep-cap",
        said="The global sleep cap forces 10 ms slices",
        asked="call `time._original_sleep` for true waits",
        rules=("SF201",),
        spots=(
            Spot("features/environment.py", text="time.sleep = fast_sleep"),
            Spot("features/environment.py", text="asyncio.sleep = fast_asyncio_sleep"),
            # Where what stands in its place is defined: told by a run, which has measured it.
            Spot("features/environment.py", text="def fast_sleep(seconds)"),
            Spot("features/environment.py", text="async def fast_asyncio_sleep("),
        ),
        remedy=("real_sleep",),
    ),
    SeedFinding(
        key="counted-sleeps",
        said="Step definitions poll with `time.sleep(0.1)`, so three second deadlines fire early",
        asked="replace polling with `threading.Event.wait` timeouts; keep assertions monotonic",
        rules=("SF202",),
        spots=(
            Spot(f"{STEPS}/async_execution_steps.py", text="range(int(seconds * 10))"),
            Spot(f"{STEPS}/async_execution_steps.py", text="for _ in range(30):"),
            Spot(f"{STEPS}/context_tier_steps.py", text="for _ in range(100):"),
        ),
        remedy=("eventually", "monotonic"),
    ),
    SeedFinding(
        key="unlocked-reads",
        said="Verification steps read ContextTierService maps without holding the service lock",
        asked="wrap assertions in `with service._lock`",
        rules=("SF301",),
        spots=(
            Spot(
                f"{STEPS}/context_tier_steps.py", text='found = getattr(context.tiers, "_" + tier)'
            ),
            Spot(f"{STEPS}/context_tier_steps.py", text="assert not getattr(context.tiers"),
            Spot(f"{STEPS}/context_tier_steps.py", text="keys = [*tiers._hot"),
            Spot(f"{STEPS}/context_tier_steps.py", text="held = len(tiers._hot)"),
            Spot(f"{STEPS}/context_tier_steps.py", text="assert (held, tiers._dropped)"),
            Spot(f"{STEPS}/context_tier_steps.py", text="found = (len(tiers._hot)"),
        ),
        remedy=("_lock", "snapshot"),
        answer="the guard is four lines of `surefoot.toml`; with `fail = true` a read fails its"
        " scenario",
    ),
    SeedFinding(
        key="blocked-import",
        said="The UKO detail level map builder blocks, so the runner never forks workers",
        asked="add a timeout for the pre-import, continue without it, and emit telemetry",
        rules=("SF205",),
        spots=(Spot("agents/uko/detail_levels.py", text="runtime.started.wait()"),),
        remedy=("the run goes on without the module",),
        answer="`-v` shows what is importing, and the slowest imports stand in the journal",
    ),
    SeedFinding(
        key="mktemp",
        said="`before_scenario` uses `tempfile.mktemp` for DB URIs, across 32 workers",
        asked="land the `mkstemp`-based fix",
        rules=("SF401",),
        spots=(Spot("features/environment.py", text="tempfile.mktemp("),),
        remedy=("mkstemp",),
    ),
    SeedFinding(
        key="category-b",
        said="11 Category B scenarios without `@tdd_expected_fail` tags",
        asked="fail fast on missing `@tdd_expected_fail`/`@tdd_issue` tags",
        rules=("SF511",),
        spots=tuple(Spot(f"features/{name}.feature", line) for name, line in UNTAGGED),
        remedy=("@tdd_expected_fail", "@tdd_issue"),
        answer="with the tags, and `expected_failures = true`, they are expected failures: green"
        " until they are mended, and red then",
    ),
    SeedFinding(
        key="malformed-tag",
        said="Unknown TDD tag: features/tui_slash_overlay_descriptions.feature line 36",
        asked="triage the malformed tag; a fast `validate_tdd_tags` preflight",
        rules=("SF503",),
        spots=(Spot("features/tui_slash_overlay_descriptions.feature", 36),),
        remedy=("@tdd_issue_9791",),
        answer="`surefoot check` needs no run: it is the preflight, and ends with exit code 6",
    ),
    SeedFinding(
        key="lint",
        said="Deterministic lint regressions (57 ruff errors; B904)",
        asked="enforce lint in pre-commit and PR gates",
        rules=("SF601", "SF605"),
        spots=(
            Spot(f"{STEPS}/cli_steps.py", text='raise AssertionError(f"the envelope has no'),
            Spot("features/environment.py", text="except:"),
        ),
        remedy=("from",),
        answer="`surefoot check` stands in pre-commit and before the tests in CI, and ends with"
        " exit code 6",
    ),
    SeedFinding(
        key="workers",
        said="Default 32 worker parallelism oversubscribes CPU and SQLite temp DBs",
        asked="cap at 16",
        rules=("SF404",),
        spots=(Spot("surefoot.toml", text="jobs = 32"),),
        notice="too-many-workers",
        notice_text=("32 workers",),
        remedy=("16",),
        answer="without a number surefoot follows the CPU quota of affinity and cgroup, and takes"
        " at most 16 in CI",
    ),
)
"""All but the log that was cut, which is no fault of the suite: see `observe.Logs`."""
