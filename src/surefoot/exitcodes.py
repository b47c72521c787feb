"""The exit codes of the `surefoot` command: one documented enum, and nothing else."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process that ran `surefoot` tells its caller.

    Under `behave --runner=surefoot:Runner` behave's own 0 and 1 hold instead.
    """

    PASSED = 0
    """Every selected scenario passed, or was skipped as behave skips."""
    FAILED = 1
    """At least one scenario or hook failed, as plain behave would say with its exit code 1."""
    USAGE = 2
    """An option, a configuration key or a path is wrong. Nothing ran."""
    FLAKY = 3
    """Everything passed in the end, but some only on a retry, and `--fail-on-flaky` was set."""
    LOAD = 4
    """The suite could not be loaded: an import, a step definition or a feature file is broken."""
    NOTHING_RAN = 5
    """The selection matched no scenario, and `--allow-empty` was not set."""
    POLICY = 6
    """A tag or suite policy was violated."""
    ENVIRONMENT = 7
    """`surefoot triage`: its own surroundings are broken: a forge that does not answer, no log
    that can be read. Never filed as an issue."""
    INTERNAL = 70
    """A defect of surefoot itself; the message names the report to attach."""
    INTERRUPTED = 130
    """SIGINT or SIGTERM ended the run early; what had run is reported."""
