"""What a rule declares of itself: the one source of explanations, documentation and defaults."""

from typing import Literal

import msgspec

Severity = Literal["error", "warning", "info", "off"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "off")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. The texts are whole sentences; `bad` and `good` are source."""

    code: str
    name: str
    severity: Severity
    """By default. An error makes the exit code 6, a warning is shown, info only on request."""
    what: str
    why: str
    """The failure that it causes."""
    bad: str
    good: str
    syntax: Literal["python", "gherkin", "toml", "text"] = "python"
    fixable: str = ""
    """What `--fix` does about it; empty for nothing."""
    tests_only: bool = False
    """Whether it looks only at what stands beside the features, and not at application code."""
