"""Foreign text as Markdown that cannot do anything: no HTML, mention, link, fence or command.

Everything that came from a log, a suite or a tracker goes through `inline`, `cell`, `code` or
`fence` before it is put into a document. Pure functions.
"""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~>$-])")
_TICKS = re.compile(r"`+")
_GAP = "\u200b"
"""Zero width: keeps `@name` and `#12` from being read as a mention or a reference."""


def inline(text: str, limit: int = 300) -> str:
    """Return text for a paragraph or a heading: one line, nothing in it is markup."""
    flat = clipped(flatten(text), limit)
    flat = flat.replace("&", "&amp;").replace("<", "&lt;")
    flat = _SPECIAL.sub(r"\\\1", flat)
    flat = re.sub(r"([@#!&$%])(?=[\w\\])", rf"\1{_GAP}", flat)
    flat = re.sub(r"(?i)\b(https?|ftp|mailto|www)([:.])", rf"\1{_GAP}\2", flat)
    # GitLab runs lines that begin with a slash as commands; a leading number makes a list.
    flat = re.sub(r"^(\s*\d+)\.", r"\1\\.", flat)
    return _GAP + flat if flat.startswith(("/", "=")) else flat


def cell(text: str, limit: int = 160) -> str:
    """Return text for a cell of a table."""
    return inline(text, limit) or " "


def code(text: str, limit: int = 300) -> str:
    """Return text as an inline code span, whatever ticks it has. In a table use `cell_code`."""
    flat = clipped(flatten(text), limit)
    if not flat.strip():
        return "`` ``"
    fence = "`" * (_longest_ticks(flat) + 1)
    pad = " " if flat[0] in "` " or flat[-1] in "` " else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def cell_code(text: str, limit: int = 160) -> str:
    """Return text as a code span for a cell: a bar would end the cell even within code."""
    return code(flatten(text).replace("|", "\u00a6"), limit)


def fence(lines: str, language: str = "text", limit: int = 20_000) -> str:
    """Return text as a fenced block whose fence no line of it can close."""
    kept = _CONTROL.sub("\ufffd", lines.replace("\r\n", "\n").replace("\r", "\n"))
    if len(kept) > limit:
        kept = kept[:limit] + "\n[... cut]"
    ticks = "`" * max(3, _longest_ticks(kept) + 1)
    return f"{ticks}{language}\n{kept.rstrip()}\n{ticks}"


def title(text: str, limit: int = 200) -> str:
    """Return text for the title of an issue: plain, one line, without mentions."""
    flat = clipped(flatten(text), limit)
    return re.sub(r"([@#!])(?=\w)", rf"\1{_GAP}", flat).strip()


def flatten(text: str) -> str:
    """Return text as one line without control characters."""
    return re.sub(r"\s+", " ", _CONTROL.sub(" ", text)).strip()


def clipped(text: str, limit: int) -> str:
    """Return at most `limit` characters, with an ellipsis where some were cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "\u2026"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
