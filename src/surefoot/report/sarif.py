"""Findings of `surefoot check` as SARIF 2.1.0, which code-scanning views of forges read.

The form is that of the OASIS standard (sarif-v2.1.0-os), sections 3.14 (run), 3.19 (driver),
3.27 (result), 3.30 (region) and 3.55 (fix).
"""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote

from surefoot.policy.static.catalog import RULES
from surefoot.policy.static.check import Found, Report
from surefoot.policy.static.rule import Rule

_LEVELS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(report: Report, version: str) -> str:
    """Return a log with one run. Paths are relative to the directory that was checked."""
    codes = sorted({item.finding.rule for item in report.found})
    run: dict[str, object] = {
        "tool": {
            "driver": {
                "name": "surefoot",
                "version": version,
                "rules": [_rule(RULES[code]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes) for item in report.found],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": note}} for note in report.notes
                ],
            }
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"Instead of\n{rule.bad}\n\nwrite\n{rule.good}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(item: Found, codes: Sequence[str]) -> dict[str, object]:
    finding = item.finding
    place: dict[str, object] = {"artifactLocation": _artifact(finding.file or ".")}
    if finding.line:
        region = {"startLine": finding.line}
        if item.column:
            region["startColumn"] = item.column
        place["region"] = region
    text = finding.message + (f"\n{finding.remedy}" if finding.remedy else "")
    evidence = "\n".join(finding.evidence)
    # Stays the same when lines are added above.
    content = f"{finding.rule}\0{finding.file}\0{finding.message}\0{evidence}"
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": codes.index(finding.rule),
        "level": _LEVELS[item.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {
            "surefootFinding/v1": hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
        },
    }
    if item.edits:
        result["fixes"] = [_fix(item)]
    return result


def _fix(item: Found) -> dict[str, object]:
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.line,
                "startColumn": edit.column + 1,
                "endLine": edit.end_line,
                "endColumn": edit.end_column + 1,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in item.edits
    ]
    change = {"artifactLocation": _artifact(item.finding.file), "replacements": replacements}
    return {"description": {"text": item.finding.remedy}, "artifactChanges": [change]}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.replace("\\", "/")), "uriBaseId": "%SRCROOT%"}
