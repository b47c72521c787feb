"""Findings of `surefoot check` as SARIF 2.1.0, which code-scanning views of forges read.

The form is that of the OASIS standard (sarif-v2.1.0-os), sections 3.14 (run), 3.19 (driver),
3.27 (result), 3.30 (region) and 3.55 (fix).
"""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote

from surefoot.model.findings import Finding
from surefoot.policy.static.catalog import RULES
from surefoot.policy.static.check import Found, Report
from surefoot.policy.static.facts import Edit
from surefoot.policy.static.fixes import regions
from surefoot.policy.static.rule import Rule

_LEVELS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(report: Report, version: str, cwd: str) -> str:
    """Return a log with one run. Paths are relative to `cwd`, the directory that was checked.

    A fix of a finding is what `surefoot check --fix` would do, in the files as they are now.
    """
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
        "results": [
            _result(item, edits, codes)
            for item, edits in zip(report.found, regions(report.found, cwd), strict=True)
        ],
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


def _result(item: Found, edits: Sequence[Edit], codes: Sequence[str]) -> dict[str, object]:
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
    if edits:
        result["fixes"] = [_fix(finding, edits)]
    return result


def _fix(finding: Finding, edits: Sequence[Edit]) -> dict[str, object]:
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
        for edit in edits
    ]
    change = {"artifactLocation": _artifact(finding.file), "replacements": replacements}
    return {"description": {"text": finding.remedy}, "artifactChanges": [change]}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.replace("\\", "/")), "uriBaseId": "%SRCROOT%"}
