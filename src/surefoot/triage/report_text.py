"""A report for a terminal: harmless text, colours only where they are wanted."""

from surefoot.report.style import Style, harmless, one_line
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
    Table,
)


def render(report: Report, style: Style, width: int = 100) -> str:
    """Return a report as text of about `width` columns."""
    lines = [style.bold(one_line(report.title))]
    for section in report.sections:
        lines += ["", style.bold(section.title)]
        for block in section.blocks:
            lines += _block(block, style, width)
    return "\n".join(lines) + "\n"


def _block(block: Block, style: Style, width: int) -> list[str]:
    match block:
        case Paragraph():
            return [_line(block.line)]
        case Heading():
            return ["", style.bold(_line(block.line))]
        case Bullets():
            return [f"- {_line(line)}" for line in block.lines]
        case Table():
            return _table(block, style, width)
        case Lines():
            return [
                f"  {style.dim(one_line(place))}  {harmless(one_line(text))[: max(40, width)]}"
                for place, text in block.quotes
            ]
        case Command():
            return [style.dim(f"  $ {one_line(block.text)}")]


def _table(table: Table, style: Style, width: int) -> list[str]:
    rows = [[_line(cell)[: max(80, width - 20)] for cell in row] for row in table.rows]
    widths = [
        max([len(head), *(len(row[at]) for row in rows)]) for at, head in enumerate(table.head)
    ]
    head = "  ".join(f"{text:<{widths[at]}}" for at, text in enumerate(table.head)).rstrip()
    return [
        f"  {style.dim(head)}",
        *(
            "  " + "  ".join(f"{text:<{widths[at]}}" for at, text in enumerate(row)).rstrip()
            for row in rows
        ),
    ]


def _line(line: Line) -> str:
    shown = []
    for piece in line:
        match piece:
            case Code():
                shown.append(one_line(piece.text))
            case Link():
                shown.append(
                    f"{one_line(piece.text)} ({one_line(piece.url)})"
                    if piece.url
                    else one_line(piece.text)
                )
            case _:
                shown.append(piece)
    return "".join(shown)
