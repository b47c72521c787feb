"""The errors that users see: each has a code for programs, an exit code, and often a hint."""


class AgentsError(Exception):
    """Something that the user can put right."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AgentsError):
    """The command line, or a file that it names, is wrong."""

    code = "usage"
    exit_code = 2


class NotFoundError(AgentsError):
    """What was named is not there."""

    code = "not_found"
    exit_code = 3


class ConflictError(AgentsError):
    """It is there already, or its state does not allow this."""

    code = "conflict"
    exit_code = 4


class DeniedError(AgentsError):
    """The autonomy profile does not allow the action."""

    code = "denied"
    exit_code = 5


class DependencyError(AgentsError):
    """An optional package is not installed."""

    code = "dependency"
    exit_code = 6


class StorageError(AgentsError):
    """The database cannot be used."""

    code = "storage"
    exit_code = 7


class ExtensionFailedError(AgentsError):
    """A command of an extension ended with an exit code of its own."""

    code = "extension_failed"

    def __init__(self, message: str, exit_code: int, context: dict = {}) -> None:
        super().__init__(message)
        self.context = context
