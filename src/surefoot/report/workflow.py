"""Workflow commands: lines of a log that GitHub, Forgejo and Gitea read as annotations.

The form is that of GitHub's documentation of workflow commands. Returns text; writes nothing.
"""

_MAX_MESSAGE = 2000


def command(
    kind: str, message: str, *, title: str = "", file: str = "", line: int = 0, column: int = 0
) -> str:
    """Return one workflow command. Nothing in its values can end it or begin another."""
    values = {"file": file, "line": line, "col": column, "title": title}
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in values.items() if value)
    return f"::{kind} {shown}::{_data(message[:_MAX_MESSAGE])}"


def _data(text: str) -> str:
    # A lone carriage return would be taken for the end of the line as well.
    return text.strip().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
