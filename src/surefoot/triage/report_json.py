"""A report as JSON: everything that the analysis holds, masked, in the names of `model.py`.

`schema` is raised when a field changes its meaning or goes. Green logs are counted, not listed
with their lines.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot import __version__
from surefoot.triage.model import Analysis
from surefoot.triage.report import Facts

SCHEMA = 1


def render(analysis: Analysis, facts: Facts) -> str:
    """Return the report as one JSON object."""
    value = {
        "schema": SCHEMA,
        "surefoot": __version__,
        "source": facts.source,
        "command": facts.recompute(""),
        "sample": {
            "logs": len(analysis.logs),
            "judged": analysis.failed,
            "unknown": analysis.unknown,
            "unknown_share": round(analysis.unknown_share, 4),
            "first": analysis.first,
            "last": analysis.last,
            "filter": analysis.filter,
            "rules": analysis.rules,
            "log_steps": facts.steps,
        },
        "own_environment": _plain(analysis.own_environment),
        "clusters": [
            {**_plain(cluster), "logs": list(cluster.logs), "recompute": facts.recompute(
                cluster.fingerprint)}
            for cluster in analysis.clusters
        ],
        "rates": [
            {**_plain(rate), "share": round(rate.share, 6)} for rate in analysis.rates
        ],
        "durations": _plain(analysis.durations),
        "critical_paths": _plain(analysis.paths),
        "broken_commits": _plain(analysis.broken_commits),
        "broken_periods": _plain(analysis.broken_periods),
        "logs": [
            {
                "log": {k: v for k, v in _plain(item.log).items() if k != "path"},
                "truncation": _plain(item.parsed.truncation),
                "counts": _plain(item.parsed.counts),
                "evidence": _plain(item.parsed.evidence),
                "judgement": _plain(item.judgement),
            }
            for item in analysis.logs
            if item.judgement is not None or item.occurrences
        ],
        "duplicate_checks": {
            fingerprint: {
                "queries": list(check.queries),
                "searched": check.searched,
                "open": check.opened,
                "nearest": [
                    {
                        "number": item.issue.number,
                        "title": item.issue.title,
                        "url": item.issue.url,
                        "open": item.issue.open,
                        "score": item.score,
                        "verdict": item.sameness.value,
                        "why": item.why,
                    }
                    for item in check.nearest
                ],
            }
            for fingerprint, check in facts.checks.items()
        },
        "notes": list(dict.fromkeys((*facts.notes, *analysis.notes))),
    }  # fmt: skip
    return json.dumps(redacted(value, facts.redact), indent=2, ensure_ascii=False) + "\n"


def redacted(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a value of JSON with every text in it masked; keys stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [redacted(item, redact) for item in value]
    if isinstance(value, dict):
        return {key: redacted(item, redact) for key, item in value.items()}
    return value


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
