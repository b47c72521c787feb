"""Times as forges want them."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Return epoch seconds as `2026-04-15T00:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp(seconds: float) -> str:
    """Return epoch seconds as the stamp before a line of a log, to microseconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
