"""A report as Markdown. Whatever is foreign becomes code or a fence; nothing of it is markup."""

import re
from urllib.parse import quote, urlsplit

from surefoot.report import markdown
from surefoot.triage.report import (
    Block,
    Bullets,
    Code,
    Command,
    Heading,
    Line,
    Lines,
    Link,
    Paragraph,
    Report,
    Section,
    Table,
)

MAX_BODY = 60_000
"""Characters of an issue: GitHub takes 65,536."""


def render(report: Report, level: int = 1) -> str:
    """Return a report as a document; `level` is that of its title."""
    parts = [f"{'#' * level} {markdown.inline(report.title)}"]
    parts += [render_section(section, level + 1) for section in report.sections]
    return "\n\n".join(parts) + "\n"


def render_section(section: Section, level: int = 2) -> str:
    """Return one section with its heading."""
    parts = [f"{'#' * level} {section.title}"]
    parts += [_block(block, level + 1) for block in section.blocks]
    return "\n\n".join(part for part in parts if part)


def render_body(report: Report, limit: int = MAX_BODY) -> str:
    """Return a report without its title, as the body of an issue, at most `limit` characters.

    What does not fit is cut between blocks, with a line that says so.
    """
    parts: list[str] = []
    size = 0
    for section in report.sections:
        pieces = [f"## {section.title}", *(_block(block, 3) for block in section.blocks)]
        for piece in pieces:
            if size + len(piece) + 2 > limit:
                parts.append("*Cut here: the rest does not fit; the commands show all of it.*")
                return "\n\n".join(parts)
            parts.append(piece)
            size += len(piece) + 2
    return "\n\n".join(part for part in parts if part)


def _block(block: Block, level: int) -> str:
    match block:
        case Paragraph():
            return _line(block.line)
        case Heading():
            return f"{'#' * min(level, 6)} {_line(block.line)}"
        case Bullets():
            return "\n".join(f"- {_line(line)}" for line in block.lines)
        case Table():
            return _table(block)
        case Lines():
            width = max((len(place) for place, _ in block.quotes), default=0)
            text = "\n".join(
                f"{place:<{min(width, 60)}} | {markdown.flatten(said)}"
                for place, said in block.quotes
            )
            return markdown.fence(text)
        case Command():
            return f"Recompute: {markdown.code(block.text, 1000)}"


def _table(table: Table) -> str:
    head = "| " + " | ".join(table.head) + " |"
    rule = "|" + "---|" * len(table.head)
    rows = [
        "| " + " | ".join(_line(cell, cell=True) or " " for cell in row) + " |"
        for row in table.rows
    ]
    return "\n".join([head, rule, *rows])


def _line(line: Line, *, cell: bool = False) -> str:
    shown = []
    for piece in line:
        match piece:
            case Code():
                shown.append(
                    markdown.cell_code(piece.text, 300) if cell else markdown.code(piece.text)
                )
            case Link():
                shown.append(_link(piece))
            case _:
                # Line breaks would end a list item; own words have none but by mistake.
                shown.append(re.sub(r"\s+", " ", piece))
    return "".join(shown)


def _link(link: Link) -> str:
    parts = urlsplit(link.url)
    text = markdown.inline(link.text)
    if link.text.startswith("#") and link.text[1:].isdigit() and parts.netloc:
        # An own reference, which may be one: the forge links it by itself.
        text = link.text
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return text
    return f"[{text}]({quote(link.url, safe=':/?#&=%+,;@~-_.')})"
