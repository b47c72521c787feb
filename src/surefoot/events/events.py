"""Everything that happens in a run, as one tagged union of frozen, serialisable values.

The engine emits them; displays, the journal, the history and the formatters only listen.
`SCHEMA` is raised when a change would make an older reader wrong; new optional fields do
not raise it, and unknown fields are ignored on reading.

Points in time are seconds since the epoch (`time`) or since the run began (`at`).
"""

import msgspec

from surefoot.events.records import FeatureRecord, ScenarioRecord
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Judgement, Outcome, Verdict, is_bad
from surefoot.model.scenarios import PlannedFeature, ScenarioPath

SCHEMA = 1


class RunStarted(msgspec.Struct, frozen=True, tag="run_started"):
    """First event of every journal."""

    run: str
    time: float
    schema: int
    surefoot: str
    behave: str
    python: str
    platform: str
    cwd: str
    args: list[str]
    options: dict[str, str]
    seed: int | None = None


class ImportTime(msgspec.Struct, frozen=True):
    """How long one import took, without (`own`) and with (`total`) what it imported."""

    module: str
    own: float
    total: float


class SuiteLoaded(msgspec.Struct, frozen=True, tag="suite_loaded"):
    """The suite was loaded once; telemetry of the load."""

    at: float
    seconds: float
    step_definitions: int
    features: int
    scenarios: int
    slowest_imports: list[ImportTime]
    start_method: str
    native_threads: list[str] = []
    output: str = ""
    """What loading printed."""


class LoadFailed(msgspec.Struct, frozen=True, tag="load_failed"):
    """The suite could not be loaded."""

    at: float
    message: str
    importing: str = ""


class SuitePlanned(msgspec.Struct, frozen=True, tag="suite_planned"):
    """What will run, in suite order."""

    at: float
    workers: int
    unit: str
    features: list[PlannedFeature]
    units: int


class Notice(msgspec.Struct, frozen=True, tag="notice"):
    """surefoot does less than it was asked, or saw something the user should know.

    `code` is stable: degraded-workers, no-fork, preload-skipped, shared-path, journal, history,
    formatter, interrupted, abort, leftover-processes, workdir, too-many-workers.
    """

    at: float
    code: str
    text: str


class FindingReported(msgspec.Struct, frozen=True, tag="finding"):
    """A defect of the suite was seen. The same finding is told once a run."""

    at: float
    finding: Finding


class WorkerStarted(msgspec.Struct, frozen=True, tag="worker_started"):
    """A worker process exists."""

    at: float
    worker: int
    pid: int


class WorkerReady(msgspec.Struct, frozen=True, tag="worker_ready"):
    """A worker has run `before_all`."""

    at: float
    worker: int
    seconds: float
    hook_failed: bool
    output: str = ""


class WorkerEnded(msgspec.Struct, frozen=True, tag="worker_ended"):
    """A worker process is gone. `how` reads "exit 0", "signal SIGSEGV", ..."""

    at: float
    worker: int
    how: str
    hook_failed: bool = False
    """True when `after_all` failed."""
    cleanup_failed: bool = False
    output: str = ""


class ScenarioStarted(msgspec.Struct, frozen=True, tag="scenario_started"):
    """Never stored: the live display's view of what a worker is doing."""

    worker: int
    feature: int
    path: ScenarioPath
    since: float


class ScenarioEnded(msgspec.Struct, frozen=True, tag="scenario_ended"):
    """Never stored: that an attempt ended, for displays. Listeners of a running run get this for
    every attempt, and the full `ScenarioFinished` beside it only where `outcome.is_bad`, with a
    judgement, or where `attempt > 1`; a journal holds `ScenarioFinished` for every attempt."""

    worker: int
    feature: int
    path: ScenarioPath
    id: str
    attempt: int
    outcome: Outcome
    seconds: float
    judgement: Judgement | None = None

    @property
    def is_bad(self) -> bool:
        """Whether the attempt counts against the scenario."""
        return is_bad(self.outcome, self.judgement)


class ScenarioFinished(msgspec.Struct, frozen=True, tag="scenario_finished", omit_defaults=True):
    """One attempt of a scenario ended."""

    feature: int
    id: str
    attempt: int
    worker: int
    outcome: Outcome
    started: float
    """Seconds since the epoch."""
    seconds: float
    """Wall time of the whole attempt, hooks included."""
    record: ScenarioRecord
    reason: str = ""
    """For crashed and timed_out: what happened, in a sentence."""
    stacks: str = ""
    """For crashed and timed_out: the stacks of all threads, where they could be had."""
    output: str = ""
    """File of everything the attempt wrote, relative to the run directory; empty if nothing."""
    output_bytes: int = 0
    shared_paths: list[str] = []
    """Paths that it and a scenario of another worker wrote."""
    facts: dict[str, str] = {}
    """What the tools around the scenario noted: its seed, the time that was virtual, ..."""
    judgement: Judgement | None = None
    """What the policy of the suite makes of it; None: what behave says."""

    @property
    def is_bad(self) -> bool:
        """Whether the attempt counts against the scenario."""
        return is_bad(self.outcome, self.judgement)


class FeatureFinished(msgspec.Struct, frozen=True, tag="feature_finished", omit_defaults=True):
    """A unit of a feature ended. With split features there are several; the last one counts."""

    feature: int
    attempt: int
    worker: int
    complete: bool
    failed: bool
    hook_failures: int
    """Failures of feature and rule hooks; those of scenarios and steps are in their records."""
    record: FeatureRecord
    seconds: float = 0.0
    reason: str = ""
    """Why the unit ended before its end, if it did."""


class VerdictReached(msgspec.Struct, frozen=True, tag="verdict", omit_defaults=True):
    """What a scenario came to over all its attempts; exactly one a selected scenario."""

    id: str
    feature: int
    path: ScenarioPath
    verdict: Verdict
    outcomes: list[Outcome]
    seconds: float = 0.0
    reason: str = ""
    """Why, where the policy of the suite decided."""


class Counts(msgspec.Struct, frozen=True):
    """How many elements of one kind have each status, in behave's words."""

    features: dict[str, int]
    rules: dict[str, int]
    scenarios: dict[str, int]
    steps: dict[str, int]


class RunFinished(msgspec.Struct, frozen=True, tag="run_finished"):
    """Last event of a journal that was not cut."""

    at: float
    exit_code: int
    failed: bool
    counts: Counts
    verdicts: dict[str, int]
    workers: int
    makespan: float
    """From the first unit given out to the last one finished."""
    bound: float
    """`max(total / workers, longest unit)`: no schedule is shorter."""
    aborted: str = ""
    """Why the run ended early; empty if it did not."""


Event = (
    RunStarted
    | SuiteLoaded
    | LoadFailed
    | SuitePlanned
    | Notice
    | FindingReported
    | WorkerStarted
    | WorkerReady
    | WorkerEnded
    | ScenarioStarted
    | ScenarioEnded
    | ScenarioFinished
    | FeatureFinished
    | VerdictReached
    | RunFinished
)
