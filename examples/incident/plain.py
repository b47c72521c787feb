"""Asks plain behave about the scenarios that surefoot says always fail, in suites that are healthy.

A finding that plain behave confirms is true of the suite, whoever runs it. It is shown with what
plain behave says, and is not counted as one of the report's. One that plain behave does not confirm
is a false alarm, and is.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import msgspec
from examples.incident.observe import Observed, clean_environment

FAILS = "SF511"
"""The rule about scenarios that always fail."""
_BAD = ("failed", "error", "hook_error", "cleanup_error", "undefined")


def confirm(observed: Observed, env: Mapping[str, str], timeout: float = 600.0) -> Observed:
    """Return what was observed with what plain behave says of each scenario that fails."""
    confirmed = dict(observed.confirmed)
    for place in dict.fromkeys(item.place for item in observed.told((FAILS,))):
        reason = _why(place, observed.root, {**clean_environment(), **env}, timeout)
        if reason:
            confirmed[place] = reason
    return msgspec.structs.replace(observed, confirmed=confirmed)


def _why(place: str, root: str, env: Mapping[str, str], timeout: float) -> str:
    """Return how a scenario fails under plain behave, by itself; empty when it does not."""
    with tempfile.TemporaryDirectory(prefix="incident-") as scratch:
        path = os.path.join(scratch, "report.json")
        command = [sys.executable, "-P", "-m", "behave", "-f", "json", "-o", path, place]
        subprocess.run(
            command,
            cwd=root,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        try:
            with open(path, "rb") as file:
                features = msgspec.json.decode(file.read())
        except (OSError, msgspec.DecodeError):
            return ""
    return why_failed(features, place)


def why_failed(features: list[dict[str, Any]], place: str) -> str:
    """Return the step of a scenario that failed, from a report of behave's JSON formatter."""
    for feature in features:
        for element in feature.get("elements", ()):
            if element.get("location") != place:
                continue
            # By its steps first: within a rule the formatter writes a status beside its scenario.
            for step in element.get("steps", ()):
                if step.get("result", {}).get("status") in _BAD:
                    return f"the step “{step['keyword']} {step['name']}” ({step['location']}) fails"
            if element.get("status") in _BAD:
                return f"it ends as {element['status']}"
    return ""
