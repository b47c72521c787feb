"""Every option of surefoot, declared once: `Settings`. Reads nothing; `resolve` does.

A field is an option. Its annotation holds the type of its value and the `Option` that all
the rest derives from: flags, variable, TOML key, help and docs/options.md. To add an option,
add a field here and run `python -m surefoot.config.docs`.
"""

from typing import Annotated, Literal, get_args

import msgspec

from surefoot.config.kinds import (
    NONE,
    Bytes,
    Choice,
    Flag,
    Guards,
    LeakPatterns,
    Modules,
    PathText,
    Seconds,
    ThreadNames,
    Whole,
)
from surefoot.config.options import Group, Option, declared
from surefoot.model.guards import GuardSpec

UnitOfWork = Literal["feature", "scenario"]
Isolation = Literal["worker", "feature", "scenario"]
Workdir = Literal["shared", "copy"]
StartMethod = Literal["auto", "fork", "spawn"]
Tmpdir = Literal["shared", "worker", "scenario"]
Seeding = Literal["off", "scenario"]
Leaks = Literal["off", "report", "fail"]
Explored = Literal["tagged", "all", "off"]
ExplorePolicy = Literal["both", "random", "pct"]
ExploreGranularity = Literal["auto", "sync", "line", "opcode"]
Preflight = Literal["off", "report", "fail"]
Progress = Literal["auto", "live", "plain", "off"]
Ci = Literal["auto", "off"]

LEAK_KINDS = (
    "thread", "process", "file", "temp", "env", "cwd", "path", "patch", "signal", "log",
)  # fmt: skip
"""The kinds of leaks that `leaks_allow` knows; those of `isolation.leaks`."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked to do: one field an option. Durations are seconds, sizes bytes."""

    jobs: Annotated[
        int | Literal["auto"],
        Option(
            kind=Whole(least=1, word="auto"),
            common=True,
            group=Group.WORKERS,
            metavar="N",
            flags=("-j", "--parallel"),
            behave_too=True,
            brief="workers at once",
            text="How many workers run at once. `auto` follows the CPU quota of the process "
            "(affinity and cgroup). There are never more workers than units. A number given on "
            "the command line is passed on to behave as well.",
        ),
    ] = "auto"
    unit: Annotated[
        UnitOfWork,
        Option(
            kind=Choice(get_args(UnitOfWork)),
            common=True,
            group=Group.WORKERS,
            metavar="WHAT",
            brief="a feature or a scenario at a time",
            text="What a worker takes at a time. `feature` keeps a feature on one worker, with "
            "`before_feature` and `after_feature` once around it, as behave does.",
        ),
    ] = "feature"
    isolation: Annotated[
        Isolation,
        Option(
            kind=Choice(get_args(Isolation)),
            common=True,
            group=Group.WORKERS,
            metavar="LEVEL",
            brief="fork per worker, feature or scenario",
            text="How much may leak from one scenario into the next. With `worker` a worker runs "
            "many units in one process, as plain behave runs many features. `feature` and "
            "`scenario` give each of them a fresh fork, so that no state is carried over.",
        ),
    ] = "worker"
    start_method: Annotated[
        StartMethod,
        Option(
            kind=Choice(get_args(StartMethod)),
            group=Group.WORKERS,
            metavar="HOW",
            brief="auto, fork or spawn workers",
            text="How workers are started. `fork` loads the suite once and copies it; `spawn` "
            "loads it in each worker. `auto` forks unless that is unsafe, and says why when it "
            "does not.",
        ),
    ] = "auto"
    preload: Annotated[
        tuple[str, ...],
        Option(
            kind=Modules(),
            common=True,
            group=Group.WORKERS,
            metavar="MODULE",
            brief="import it once, before the workers",
            text="Modules to import once, before the workers are forked, besides what the suite "
            "imports. The flag may be given more than once; `--preload=` clears the list.",
        ),
    ] = ()
    workdir: Annotated[
        Workdir,
        Option(
            kind=Choice(get_args(Workdir)),
            common=True,
            group=Group.WORKERS,
            metavar="HOW",
            brief="shared, or copy: one for each worker",
            text="Where workers run. `shared` is the directory that surefoot was started in. "
            "`copy` gives each worker a copy of it, for suites that write beside their sources.",
        ),
    ] = "shared"
    workdir_limit: Annotated[
        int,
        Option(
            kind=Bytes(),
            group=Group.WORKERS,
            metavar="SIZE",
            brief="largest directory to copy",
            text="The largest working directory that `--workdir copy` copies. kB, MB, GB and TB "
            "are powers of 1000; KiB, MiB, GiB and TiB are powers of 1024.",
        ),
    ] = 2 * 10**9
    timeout_step: Annotated[
        float | None,
        Option(
            kind=Seconds(),
            common=True,
            group=Group.DEADLINES,
            metavar="TIME",
            brief="longest step",
            text="The longest that one step may take. At the deadline the stacks of all threads "
            "are recorded, the worker is ended and replaced, and the scenario is `timed_out`.",
        ),
    ] = 600.0
    timeout_scenario: Annotated[
        float | None,
        Option(
            kind=Seconds(),
            common=True,
            group=Group.DEADLINES,
            metavar="TIME",
            brief="longest scenario, hooks included",
            text="The longest that one attempt of a scenario may take, its hooks included.",
        ),
    ] = 1800.0
    timeout_hook: Annotated[
        float | None,
        Option(
            kind=Seconds(),
            group=Group.DEADLINES,
            metavar="TIME",
            brief="longest hook",
            text="The longest that one hook of `environment.py` may take.",
        ),
    ] = 600.0
    timeout_run: Annotated[
        float | None,
        Option(
            kind=Seconds(),
            common=True,
            group=Group.DEADLINES,
            metavar="TIME",
            brief="longest run",
            text="The longest that the whole run may take. What has not run by then is reported "
            "as untested.",
        ),
    ] = None
    preload_timeout: Annotated[
        float | None,
        Option(
            kind=Seconds(),
            group=Group.DEADLINES,
            metavar="TIME",
            brief="longest import of the suite",
            text="The longest that loading may take: the suite itself, and each module of "
            "`preload`. At the deadline the stack of the import is shown.",
        ),
    ] = 300.0
    grace: Annotated[
        float,
        Option(
            kind=Seconds(at_once=True),
            group=Group.DEADLINES,
            metavar="TIME",
            brief="time to end in, before the kill",
            text="What a scenario gets on Ctrl-C or at a deadline before the kill; `off`: nothing.",
        ),
    ] = 10.0
    last_failed: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.SELECTION,
            brief="only what failed in the last run",
            text="Run only the scenarios that failed, or did not get to run, in the last run.",
        ),
    ] = False
    max_fail: Annotated[
        int | None,
        Option(
            kind=Whole(least=1, word=NONE),
            common=True,
            group=Group.SELECTION,
            metavar="N",
            brief="stop after N failed scenarios",
            text="Stop the run when this many scenarios have failed. behave's `--stop` may be "
            "given as well; whatever comes first ends the run.",
        ),
    ] = None
    allow_empty: Annotated[
        bool,
        Option(
            kind=Flag(),
            group=Group.SELECTION,
            brief="an empty selection is no error",
            text="End with exit code 0 instead of 5 when the selection matches no scenario.",
        ),
    ] = False
    shuffle: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.SELECTION,
            brief="random order; the seed is shown",
            text="Run in a random order. The seed is printed, so that `--seed` can repeat it.",
        ),
    ] = False
    seed: Annotated[
        int | None,
        Option(
            kind=Whole(word=NONE),
            common=True,
            group=Group.SELECTION,
            metavar="N",
            brief="order of this seed; implies --shuffle",
            text="The seed of the random order. A seed implies `shuffle`. Where a stronger source "
            "turns shuffling off, the seed is set aside; from the same source they contradict.",
        ),
    ] = None
    retries: Annotated[
        int,
        Option(
            kind=Whole(least=0),
            common=True,
            group=Group.SELECTION,
            metavar="N",
            brief="further attempts of a failed scenario",
            text="How often a scenario that failed is tried again. One that passes on a retry is "
            "flaky, never simply passed, and is listed by name.",
        ),
    ] = 0
    fail_on_flaky: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.SELECTION,
            brief="exit code 3 when something was flaky",
            text="End with exit code 3 when everything passed but something was flaky.",
        ),
    ] = False
    expected_failures: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.POLICY,
            brief="scenarios tagged so are to fail",
            text="A scenario that is tagged as an expected failure passes when it fails, and fails "
            "when it passes. [tags.md](tags.md) has the rules and what is never inverted.",
        ),
    ] = False
    retry_infrastructure: Annotated[
        bool,
        Option(
            kind=Flag(),
            group=Group.POLICY,
            brief="try errors of the machine once more",
            text="A scenario that fails with an error of the infrastructure (a locked database, a "
            "full disk, a refused connection) is tried once more in a fresh worker, whatever "
            "`retries` is. With `expected_failures` that holds for expected failures anyway.",
        ),
    ] = False
    preflight: Annotated[
        Preflight,
        Option(
            kind=Choice(get_args(Preflight)),
            group=Group.POLICY,
            metavar="HOW",
            brief="check first: off, report or fail",
            text="Whether `surefoot check` looks at the suite while it is loaded. `report` shows "
            "what it finds among the findings of the run; `fail` ends with exit code 6 before "
            "anything runs when one of them is an error.",
        ),
    ] = "off"
    guards: Annotated[
        tuple[GuardSpec, ...],
        Option(
            kind=Guards(),
            group=Group.THREADS,
            metavar="GUARDS",
            brief="fields that need their lock",
            text="Fields of classes that may be touched only while a lock of the object is held; "
            "each access without it is a finding, or fails the scenario. In TOML an array of "
            'tables: `[[tool.surefoot.guards]]` with `class = "package.module.Class"`, '
            '`fields = ["active"]`, and where they differ from the defaults `lock = "_lock"` and '
            "`fail = false`.",
        ),
    ] = ()
    explore: Annotated[
        Explored,
        Option(
            kind=Choice(get_args(Explored)),
            group=Group.THREADS,
            metavar="WHICH",
            brief="tagged, all or off",
            text="Which scenarios are explored: run again and again with their threads one at a "
            "time, in another order each time, until one order fails. `tagged` is those with "
            "`@explore`; see [threads.md](threads.md#exploring-schedules).",
        ),
    ] = "tagged"
    explore_schedules: Annotated[
        int,
        Option(
            kind=Whole(least=1),
            group=Group.THREADS,
            metavar="N",
            brief="orders to try of a scenario",
            text="How many schedules are tried of a scenario whose tag does not say it.",
        ),
    ] = 200
    explore_seed: Annotated[
        int | None,
        Option(
            kind=Whole(word=NONE),
            group=Group.THREADS,
            metavar="N",
            brief="seed of the schedules",
            text="The seed of the schedules. With `none` it is that of the run, another one each "
            "time; the report names it.",
        ),
    ] = None
    explore_policy: Annotated[
        ExplorePolicy,
        Option(
            kind=Choice(get_args(ExplorePolicy)),
            group=Group.THREADS,
            metavar="HOW",
            brief="both, random or pct",
            text="How a schedule chooses the thread that goes on: at random at each point, or by "
            "random priorities that change a few times (`pct`). `both` takes turns.",
        ),
    ] = "both"
    explore_granularity: Annotated[
        ExploreGranularity,
        Option(
            kind=Choice(get_args(ExploreGranularity)),
            group=Group.THREADS,
            metavar="WHERE",
            brief="auto, sync, line or opcode",
            text="Where a thread can be stopped: at lock operations and clock reads (`sync`), also "
            "before each line, or also before each instruction. `auto` takes lines and "
            "instructions in turn.",
        ),
    ] = "auto"
    explore_packages: Annotated[
        tuple[str, ...],
        Option(
            kind=Modules(),
            group=Group.THREADS,
            metavar="PACKAGE",
            brief="stop threads only in these",
            text="Packages in whose code threads are stopped at lines and instructions. Without "
            "any: all code below the working directory, the steps included.",
        ),
    ] = ()
    explore_replay: Annotated[
        str | None,
        Option(
            kind=PathText(),
            group=Group.THREADS,
            metavar="TOKEN",
            brief="run the schedule of a report",
            text="The token of a schedule, or the file that a run kept of it: that one schedule is "
            "run, in place of a search. `surefoot explore --replay` sets it.",
        ),
    ] = None
    tmpdir: Annotated[
        Tmpdir,
        Option(
            kind=Choice(get_args(Tmpdir)),
            group=Group.ISOLATION,
            metavar="WHOSE",
            brief="whose the TMPDIR is",
            text="Whose the temporary directory (`TMPDIR`, `TEMP`, `TMP`, `tempfile`) is. With "
            "`worker` each worker has its own, so that names in it cannot collide between "
            "workers. With `scenario` each scenario has its own; a file that one leaves there is "
            "not there for the next. `shared` is the system's. A suite that sets its own keeps it.",
        ),
    ] = "worker"
    seeds: Annotated[
        Seeding,
        Option(
            kind=Choice(get_args(Seeding)),
            group=Group.ISOLATION,
            metavar="WHOSE",
            brief="off, or scenario: seed random",
            text="Whether each scenario begins with random generators (`random`, `numpy.random` "
            "where it is imported, `PYTHONHASHSEED` for child processes) seeded from the run's "
            "seed and its id. A failing scenario shows its seed; `--seed` with the run's repeats "
            "it. `off` leaves generators as plain behave does.",
        ),
    ] = "off"
    leaks: Annotated[
        Leaks,
        Option(
            kind=Choice(get_args(Leaks)),
            common=True,
            group=Group.ISOLATION,
            metavar="WHAT",
            brief="off, report or fail",
            text="Whether each scenario is checked for what it leaves behind: threads, child "
            "processes, open files, temporary files, the environment, the working directory, "
            "`sys.path`, patched modules, signal and log handlers. `report` makes each a finding, "
            "`fail` also fails the scenario.",
        ),
    ] = "off"
    leaks_allow: Annotated[
        tuple[str, ...],
        Option(
            kind=LeakPatterns(LEAK_KINDS),
            group=Group.ISOLATION,
            metavar="PATTERN",
            brief="what may be left, as KIND:NAME",
            text="What a scenario may leave: patterns of a kind, a colon and a name with `*` and "
            "`?`, such as `thread:pool-*` or `env:AWS_*`. The flag may be given more than once.",
        ),
    ] = ()
    virtual_time: Annotated[
        Explored,
        Option(
            kind=Choice(get_args(Explored)),
            group=Group.TIME,
            metavar="WHICH",
            brief="tagged, all or off",
            text="Which scenarios run in virtual time, where waiting takes no time: `tagged` is "
            "those with `@virtual_time`; see [time.md](time.md#virtual-time).",
        ),
    ] = "tagged"
    virtual_time_apart: Annotated[
        tuple[str, ...],
        Option(
            kind=ThreadNames(),
            group=Group.TIME,
            metavar="NAME",
            brief="threads that never touch a scenario",
            text="Names, with `*` and `?`, of threads that are there before a scenario, act by "
            "themselves, and have nothing to do with it, such as those of a metrics library. "
            "While other threads of that kind live, virtual time does not jump. The flag may be "
            "given more than once.",
        ),
    ] = ()
    sleep_watch: Annotated[
        bool,
        Option(
            kind=Flag(),
            group=Group.TIME,
            brief="tell of shortened and counted sleeps",
            text="Report when the suite replaces `time.sleep` or `asyncio.sleep` by something "
            "shorter, and each loop of its steps that counts sleeps instead of reading a clock.",
        ),
    ] = True
    progress: Annotated[
        Progress,
        Option(
            kind=Choice(get_args(Progress)),
            group=Group.OUTPUT,
            metavar="HOW",
            brief="auto, live, plain or off",
            text="How the run is shown while it goes on. `auto` is `live` on a terminal and "
            "`plain` elsewhere.",
        ),
    ] = "auto"
    quiet: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.OUTPUT,
            flags=("-q",),
            behave_too=True,
            brief="say less",
            text="Print less. Contradicts `verbose`: the stronger source wins, and from the same "
            "source it is an error. Given on the command line, it is passed on to behave as well.",
        ),
    ] = False
    verbose: Annotated[
        bool,
        Option(
            kind=Flag(),
            common=True,
            group=Group.OUTPUT,
            flags=("-v",),
            behave_too=True,
            brief="say more",
            text="Print more. Contradicts `quiet`: the stronger source wins, and from the same "
            "source it is an error. Given on the command line, it is passed on to behave as well.",
        ),
    ] = False
    slowest: Annotated[
        int,
        Option(
            kind=Whole(least=0),
            common=True,
            group=Group.OUTPUT,
            metavar="N",
            brief="list the N slowest scenarios",
            text="How many of the slowest scenarios the summary lists.",
        ),
    ] = 0
    junit_xml: Annotated[
        str | None,
        Option(
            kind=PathText(),
            common=True,
            group=Group.OUTPUT,
            metavar="PATH",
            brief="write one JUnit file for the run",
            text="Where to write one JUnit XML file for the whole run. behave's own `--junit`, "
            "one file a feature, is independent of it.",
        ),
    ] = None
    journal: Annotated[
        str | None,
        Option(
            kind=PathText(),
            common=True,
            group=Group.OUTPUT,
            metavar="PATH",
            brief="write the journal of the run there",
            text="Where to write the journal of the run, the record that every report can be "
            "rebuilt from. With `none` it is kept only under `.surefoot/runs`.",
        ),
    ] = None
    artifacts: Annotated[
        str | None,
        Option(
            kind=PathText(),
            group=Group.OUTPUT,
            metavar="DIR",
            brief="put all records there, for upload",
            text="A folder for a CI to upload: the journal, the output of every attempt, the "
            "JUnit file where there is one, and a summary in Markdown. What an earlier run put "
            "there is replaced.",
        ),
    ] = None
    ci: Annotated[
        Ci,
        Option(
            kind=Choice(get_args(Ci)),
            group=Group.OUTPUT,
            metavar="HOW",
            brief="auto (annotate where a CI reads) or off",
            text="With `auto`, within GitHub, Forgejo or Gitea Actions, failures are annotated "
            "(at most ten, then how many more), and the job's summary is written, at most 1 MiB. "
            "Elsewhere nothing is.",
        ),
    ] = "auto"
    keep_runs: Annotated[
        int,
        Option(
            kind=Whole(least=1),
            group=Group.OUTPUT,
            metavar="N",
            brief="runs to keep in .surefoot/runs",
            text="How many runs stay under `.surefoot/runs`; older ones are removed.",
        ),
    ] = 10


OPTIONS: dict[str, Option] = declared(Settings)
"""Every option by name, in the order of help and documentation."""
