"""`surefoot list`: what would run, as text or JSON, without running it."""

import json
import os
import sys
from collections.abc import Sequence

from surefoot.cli.session import Session
from surefoot.config.resolve import resolve
from surefoot.engine.loading import LoadRefusedError
from surefoot.exitcodes import ExitCode
from surefoot.model.scenarios import PlannedFeature

_HELP = """\
usage: surefoot list [--json] [arguments of `surefoot run`]

Shows the scenarios that `surefoot run` with the same arguments would run, in
suite order, without running any. Loads the suite.

  --json   one object: features, each with its scenarios, ids, lines and tags

example: surefoot list --tags @smoke --json
"""


def main(argv: Sequence[str]) -> int:
    """List a selection; return the exit code."""
    if any(argument in ("-h", "--help") for argument in argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED
    as_json = "--json" in argv
    rest = [argument for argument in argv if argument != "--json"]
    session = Session(resolve(rest, os.environ, os.getcwd()), ["surefoot", "list", *argv])
    try:
        try:
            loaded = session.load()
        except LoadRefusedError as refused:
            if refused.answered:
                sys.stdout.write(str(refused))
            elif str(refused):
                sys.stderr.write(f"surefoot: {refused}\n")
            return int(refused.exit_code)
        for text in loaded.notices:
            sys.stderr.write(f"surefoot: {text}\n")
        sys.stdout.write(as_object(loaded.features) if as_json else as_text(loaded.features))
        session.check_selection(loaded.features)
        return ExitCode.PASSED
    finally:
        session.close()
        session.discard()


def as_object(features: Sequence[PlannedFeature]) -> str:
    """Return the selection as JSON."""
    value = {
        "features": [
            {
                "file": feature.filename,
                "name": feature.name,
                "line": feature.line,
                "tags": list(feature.tags),
                "scenarios": [
                    {
                        "id": scenario.id,
                        "name": scenario.name,
                        "line": scenario.line,
                        "tags": list(scenario.tags),
                    }
                    for scenario in feature.scenarios
                    if scenario.selected
                ],
            }
            for feature in features
            if any(scenario.selected for scenario in feature.scenarios)
        ],
        "selected": sum(s.selected for feature in features for s in feature.scenarios),
        "total": sum(len(feature.scenarios) for feature in features),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_text(features: Sequence[PlannedFeature]) -> str:
    """Return a line for each selected scenario and a count."""
    lines = [
        f"{feature.filename}:{scenario.line}  {scenario.name}"
        for feature in features
        for scenario in feature.scenarios
        if scenario.selected
    ]
    total = sum(len(feature.scenarios) for feature in features)
    files = sum(any(s.selected for s in feature.scenarios) for feature in features)
    lines.append(f"{len(lines)} of {total} scenarios in {files} features would run")
    return "\n".join(lines) + "\n"
