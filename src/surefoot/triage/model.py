"""The values that triage hands from one stage to the next. No behaviour but derived fields.

Sources give `Log`s, reading gives a `ParsedLog` for each, judging gives `Judgement`s, and
`Analysis` is everything that a report needs. All are frozen and serialise with msgspec.
Times are seconds since the epoch, durations are seconds, line numbers start at 1 and are those
of the raw log.
"""

from enum import StrEnum

import msgspec

FINGERPRINT_VERSION = 1
"""Raised when masking or the fields of a fingerprint change; part of every fingerprint."""


class LogKind(StrEnum):
    """What a log holds."""

    TEXT = "text"
    JUNIT = "junit"
    JOURNAL = "journal"
    STATUS = "status"
    """A verdict without text: a commit status. There is no file."""


class Conclusion(StrEnum):
    """What the CI says that a job came to."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    RUNNING = "running"
    UNKNOWN = "unknown"
    """Nobody told: a log file by itself."""

    @property
    def is_red(self) -> bool:
        """True when the job counts against the pipeline."""
        return self in {Conclusion.FAILURE, Conclusion.TIMED_OUT}


class Log(msgspec.Struct, frozen=True, omit_defaults=True):
    """One log of one job, and what its source knows about the job.

    `path` names a local file, plain or gzip; sources that fetch put it into their cache first.
    """

    name: str
    """Unique in one analysis; what quotes are attributed to, such as `run 73/unit_tests`."""
    path: str = ""
    kind: LogKind = LogKind.TEXT
    source: str = ""
    """Where it came from and by which step, in words: `job log API`, `file`."""
    url: str = ""
    """Where a person can see it; empty where there is no such place."""
    run: str = ""
    """The forge's id of the run (not its number)."""
    number: int = 0
    attempt: int = 1
    job: str = ""
    workflow: str = ""
    event: str = ""
    branch: str = ""
    commit: str = ""
    conclusion: Conclusion = Conclusion.UNKNOWN
    started: float | None = None
    ended: float | None = None
    size: int | None = None
    """Bytes that the source says the whole log has, unpacked; None where it does not say."""
    needs: tuple[str, ...] = ()
    """Names of the jobs of the same run that had to end first, where the source knows."""
    note: str = ""
    """What went wrong when it was fetched: `zip archive is damaged`, in words; else empty."""

    @property
    def duration(self) -> float | None:
        """Seconds from start to end, where both are known."""
        if self.started is None or self.ended is None:
            return None
        return max(0.0, self.ended - self.started)


class Line(msgspec.Struct, frozen=True, gc=False):
    """One cleaned line."""

    number: int
    """In the raw log, from 1."""
    text: str
    """Without time stamp, colours and progress; bounded in length."""
    time: float | None = None
    marker: str = ""
    """Word of the forge's own markup that the line began with: `error`, `group`, `endgroup`,
    `command`, `warning`, `section_start`, `section_end`, …; empty for plain output."""


class Quote(msgspec.Struct, frozen=True):
    """A line as evidence: `log:line`, and what it says."""

    log: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """`log:line`."""
        return f"{self.log}:{self.line}"


class StepEnd(StrEnum):
    """How a step of a job ended, as far as the log shows."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"
    """The log has its beginning and no end."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step or section of a job; lines `first` to `last`, both included."""

    name: str
    first: int
    last: int
    started: float | None = None
    ended: float | None = None
    end: StepEnd = StepEnd.PASSED
    exit_code: int | None = None
    tests: bool = False
    """True when a reader of tests, linters or types found something in it."""


class FailureKind(StrEnum):
    """What sort of thing failed; part of the fingerprint."""

    SCENARIO = "scenario"
    TEST = "test"
    HOOK = "hook"
    LOAD = "load"
    """A suite, a module or a file that could not be loaded or collected."""
    LINT = "lint"
    TYPES = "types"
    SECURITY = "security"
    COVERAGE = "coverage"
    BUILD = "build"
    INSTALL = "install"
    GIT = "git"
    TIMEOUT = "timeout"
    CRASH = "crash"
    TRACEBACK = "traceback"
    """An exception that no other reader claims."""
    SESSION = "session"
    """A session or environment of a tool that runs others; what failed in it is told apart."""
    FINDING = "finding"
    """What surefoot itself found, by its rule."""
    MESSAGE = "message"
    """A line that a rule of the ladder matched and no reader knows."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that failed, found by one reader in one log."""

    kind: FailureKind
    reader: str
    """Name of the reader: `behave`, `ruff`, …"""
    subject: str
    """Id of the test or scenario, or code of the rule."""
    file: str = ""
    line: int = 0
    exception: str = ""
    message: str = ""
    """Unmasked, first lines."""
    frame: str = ""
    """Top frame of the project: `path.py:function`; empty where the log has none."""
    quotes: tuple[Quote, ...] = ()
    passed_on_retry: bool = False
    expected: bool = False
    """True for one that the tool itself counts as expected (xfail, inverted)."""
    tags: tuple[str, ...] = ()
    step: str = ""
    """Text of the failing step, for scenarios."""


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one run of one tool says that it did. None: the tool did not say."""

    reader: str
    run: int | None = None
    passed: int | None = None
    failed: int | None = None
    """Failures and errors together."""
    errors: int | None = None
    skipped: int | None = None
    xfailed: int | None = None
    xpassed: int | None = None
    undefined: int | None = None
    what: str = "tests"
    """What is counted: tests, scenarios, features, errors."""
    duration: float | None = None
    quotes: tuple[Quote, ...] = ()


class Completeness(StrEnum):
    """Whether the whole log is here."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    UNKNOWN = "unknown"


class Truncation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The verdict on completeness, with what it rests on."""

    verdict: Completeness
    reasons: tuple[str, ...] = ()
    """Sentences, strongest first."""
    kept: float | None = None
    """Share of the log that is left, 0 to 1; None where nothing tells."""
    quotes: tuple[Quote, ...] = ()


class RuleHit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines that one rule of the ladder matched in one log."""

    rule: str
    quotes: tuple[Quote, ...]
    """The first few and the last."""
    count: int = 1
    captured: str = ""
    """What the rule's group caught in the last match: the part that can be grouped by."""


class Silence(msgspec.Struct, frozen=True):
    """The longest time without a line."""

    seconds: float
    after: Quote


class LineRange(msgspec.Struct, frozen=True):
    """Lines `first` to `last` of a raw log, both included."""

    first: int
    last: int


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lines of a failing log that tell why it failed."""

    ranges: tuple[LineRange, ...] = ()
    baseline: str = ""
    """Name of the passing log that it was compared with; empty where there was none."""
    novel: int = 0
    """How many lines the passing log does not contain."""
    quotes: tuple[Quote, ...] = ()
    """The lines themselves, bounded in number."""


class ParsedLog(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that reading one log gave."""

    log: Log
    lines: int = 0
    bytes: int = 0
    steps: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()
    more_failures: int = 0
    """How many more there were than are kept."""
    counts: tuple[Counts, ...] = ()
    tools: tuple[str, ...] = ()
    """Readers that recognised output of theirs."""
    hits: tuple[RuleHit, ...] = ()
    truncation: Truncation = Truncation(Completeness.UNKNOWN)
    silence: Silence | None = None
    first_time: float | None = None
    last_time: float | None = None
    exit_code: int | None = None
    """Of the step that failed the job, where the log says."""
    notes: tuple[str, ...] = ()
    """What was odd and survived: wrong encoding, long lines cut, unreadable file."""
    evidence: Evidence = Evidence()


class FailureClass(StrEnum):
    """The rungs of the ladder, from the first asked to the last."""

    OWN_ENVIRONMENT = "own environment"
    CANCELLED = "cancelled"
    INFRASTRUCTURE = "infrastructure"
    TRUNCATED = "truncated"
    DETERMINISTIC = "deterministic"
    TAG_FAULT = "tag fault"
    HANG = "hang"
    NOTHING_RAN = "nothing ran"
    FLAKY = "flaky"
    SUSPECTED_FLAKY = "suspected flaky"
    REGRESSION = "regression"
    UNKNOWN = "unknown"


class FlakyKind(StrEnum):
    """Why something is flaky, as far as its lines tell."""

    TIMING = "timing"
    CONCURRENCY = "concurrency"
    DATABASE = "database"
    ORDER = "order"
    NETWORK = "network"
    UNKNOWN = "unknown"


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something failed, and what that rests on."""

    failure_class: FailureClass
    rule: str
    """Id of the rule that decided."""
    why: str
    """The rule's reason, in a sentence."""
    quotes: tuple[Quote, ...] = ()
    confidence: float = 0.0
    """0 to 1."""
    refuted_by: str = ""
    """What would show that it is wrong, in a sentence."""
    flaky_kind: FlakyKind | None = None
    first_bad: str = ""
    """Regressions: the first bad commit."""
    last_good: str = ""
    """Regressions: the last good commit before it."""
    qualifier: str = ""
    """What limits it, such as `the log is truncated`."""


class Occurrence(msgspec.Struct, frozen=True):
    """One failure in one log, judged."""

    log: str
    failure: Failure
    judgement: Judgement
    fingerprint: str = ""


class JudgedLog(msgspec.Struct, frozen=True):
    """One log and what its job came to; `judgement` is None for a green job."""

    parsed: ParsedLog
    judgement: Judgement | None = None
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def log(self) -> Log:
        """The log itself."""
        return self.parsed.log


class Cluster(msgspec.Struct, frozen=True, omit_defaults=True):
    """Failures with one cause, largest first in an analysis."""

    fingerprint: str
    """`v1:` and 16 hexadecimal digits; the same for the same input on every machine."""
    version: int
    kind: FailureKind
    subject: str
    exception: str
    message: str
    """Masked."""
    frame: str
    judgement: Judgement
    """Of the occurrence with the most confidence."""
    occurrences: tuple[Occurrence, ...]
    aliases: tuple[str, ...] = ()
    """Fingerprints that were merged into this one."""
    files: tuple[str, ...] = ()
    key: str = ""
    """The text that clusters are compared by; with the fingerprint it seeds a later analysis."""

    @property
    def logs(self) -> tuple[str, ...]:
        """Names of the logs it occurred in, each once, in order."""
        return tuple(dict.fromkeys(item.log for item in self.occurrences))


class Interval(msgspec.Struct, frozen=True):
    """A Wilson score interval at 95 %."""

    low: float
    high: float


class Rate(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often runs fail, with its sample. Attempts of one run count once."""

    what: str
    """`all`, `job`, `workflow`, `event` or `branch`."""
    name: str
    failures: int
    n: int
    """Runs that ended in success or failure."""
    interval: Interval
    cancelled: int = 0
    """Kept apart: in neither `failures` nor `n`."""
    other: int = 0
    """Still running, skipped, or of unknown end: in neither."""
    flaky: int = 0
    """Runs among the successes in which an earlier attempt failed."""
    first: float | None = None
    last: float | None = None
    """Window: start of the first and the last run of the sample."""
    filter: str = ""
    runs: tuple[str, ...] = ()
    """Ids of the runs of the sample."""

    @property
    def share(self) -> float:
        """Failures over runs; 0.0 when there are none."""
        return self.failures / self.n if self.n else 0.0


class Durations(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long a job takes, over its sample."""

    job: str
    n: int
    median: float
    p95: float
    longest: float
    trend: float = 0.0
    """Seconds a run, by the median of pairwise slopes over the runs in order of start."""
    trend_shown: bool = False
    """True when the slope differs from none: Kendall's test at 5 %."""
    workflow: str = ""
    filter: str = ""


class PathStep(msgspec.Struct, frozen=True):
    """One job on the critical path."""

    job: str
    seconds: float
    """Median."""
    waited: float = 0.0
    """Median seconds between the end of what it waited for and its start."""


class CriticalPath(msgspec.Struct, frozen=True):
    """The chain of jobs that decides how long a pipeline takes."""

    workflow: str
    steps: tuple[PathStep, ...]
    seconds: float
    n: int
    """Runs it was taken over."""
    how: str
    """What says that one job waits for another: `needs` or `times`."""


class BrokenCommit(msgspec.Struct, frozen=True):
    """A commit that is red on too many jobs to be evidence for flakiness."""

    commit: str
    red: int
    jobs: int


class BrokenPeriod(msgspec.Struct, frozen=True):
    """A streak of red runs of one job on one branch."""

    job: str
    branch: str
    logs: tuple[str, ...]


class Analysis(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a report needs."""

    logs: tuple[JudgedLog, ...]
    clusters: tuple[Cluster, ...] = ()
    rates: tuple[Rate, ...] = ()
    durations: tuple[Durations, ...] = ()
    paths: tuple[CriticalPath, ...] = ()
    broken_commits: tuple[BrokenCommit, ...] = ()
    broken_periods: tuple[BrokenPeriod, ...] = ()
    failed: int = 0
    """Logs that are judged."""
    unknown: int = 0
    """Those of them whose judgement is unknown."""
    first: float | None = None
    last: float | None = None
    filter: str = ""
    rules: str = ""
    """Version of the rules that judged: a digest over shipped and own rules."""
    own_environment: Judgement | None = None
    """Set when our own environment is broken: nothing may be filed (exit, say why)."""
    notes: tuple[str, ...] = ()

    @property
    def unknown_share(self) -> float:
        """Share of the judged logs that stay unknown; 0.0 when none failed."""
        return self.unknown / self.failed if self.failed else 0.0
