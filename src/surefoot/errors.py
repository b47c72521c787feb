"""The error tree: what the user can mend, and what only we can.

Imports nothing of ours but the exit codes, so that every room may use it.
"""

from surefoot.exitcodes import ExitCode


class SurefootError(Exception):
    """Base of everything surefoot raises on purpose.

    `exit_code` is what the command ends with when nobody handles the error.
    """

    exit_code: ExitCode = ExitCode.INTERNAL


class UserError(SurefootError):
    """A mistake that the user can mend; the message is a sentence that names the remedy.

    Common causes: an unknown option or value, a path that is not there, options that
    contradict each other. The message is printed as it is, without a traceback.
    """

    exit_code = ExitCode.USAGE


class LoadError(SurefootError):
    """The suite could not be loaded; the message holds the error or the stack.

    Common causes: an import error or a syntax error in a step module, two step definitions
    that match the same text, a feature file that does not parse, an import that blocks.
    """

    exit_code = ExitCode.LOAD


class NothingRanError(SurefootError):
    """The selection matched nothing, and an empty run was not allowed."""

    exit_code = ExitCode.NOTHING_RAN


class InternalError(SurefootError):
    """A state that cannot be: our bug. The message says what was seen."""
