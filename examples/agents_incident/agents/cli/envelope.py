"""The JSON envelope: every answer, and every error, in one shape for programs to read.

{"schema": 1, "ok": true, "command": "session list", "data": [...], "error": null,
 "meta": {"count": 2}}
"""

from typing import Any

from agents.errors import AgentsError

SCHEMA = 1


def success(command: str, data: object) -> dict[str, Any]:
    """Return the envelope of an answer."""
    return {
        "schema": SCHEMA,
        "ok": True,
        "command": command,
        "data": data,
        "error": None,
        "meta": {},
    }


def failure(command: str, error: AgentsError) -> dict[str, Any]:
    """Return the envelope of an error."""
    return {
        "schema": SCHEMA,
        "ok": False,
        "command": command,
        "data": None,
        "error": {
            "code": error.code,
            "message": error.message,
            "hint": error.hint or None,
        },
    }
