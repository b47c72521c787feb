"""Comments that suppress findings, in Python and in feature files.

`# surefoot: ignore[SF204] reason` at the end of a line is about the statement on that line.
On a line of its own it is about what comes next: a statement, or in a feature file a step or
the title of a scenario with its tags. `# surefoot: ignore-file[SF104] reason` is about the file.
"""

import re
from collections.abc import Iterable, Sequence

from surefoot.policy.static.facts import Ignore

COMMENT = re.compile(
    r"#\s*surefoot:\s*(?P<what>ignore(?:-file)?)\s*(?:\[(?P<codes>[^\]]*)\])?\s*(?P<reason>.*)$"
)


def feature_ignores(text: str) -> list[Ignore]:
    """Return the suppressing comments of a feature file's text."""
    lines = text.splitlines()
    ignores = []
    fence = ""
    for index, line in enumerate(lines):
        stripped = line.strip()
        if fence or stripped.startswith(('"""', "'''")):
            # Inside a multi-line text nothing is a comment.
            if not fence:
                fence = stripped[:3]
            elif stripped.startswith(fence):
                fence = ""
            continue
        alone = stripped.startswith("#")
        if "surefoot:" not in line or not (alone or stripped.startswith("@")):
            continue
        found = COMMENT.search(stripped)
        if found is None:
            continue
        first = index + 1 if not alone else _next_line(lines, index + 1, "#")
        # Tags belong to what they stand on.
        last = first
        while last <= len(lines) and lines[last - 1].strip()[:1] in ("@", "#", ""):
            last += 1
        ignores.append(_ignore(found, index + 1, first, min(last, len(lines))))
    return ignores


def python_ignores(source: str, spans: Sequence[tuple[int, int]]) -> list[Ignore]:
    """Return the suppressing comments of a Python source.

    `spans` are the first and last lines of its statements (of compound ones the header only).
    """
    ignores = []
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for row, column, comment in _comments(source):
        found = COMMENT.match(comment)
        if found is None:
            continue
        alone = not lines[row - 1][:column].strip()
        target = _next_line(lines, row, "#") if alone else row
        first, last = min(
            (span for span in spans if span[0] <= target <= span[1]),
            key=lambda span: span[1] - span[0],
            default=(target, target),
        )
        ignores.append(_ignore(found, row, first, last))
    return ignores


def _comments(source: str) -> Iterable[tuple[int, int, str]]:
    # Imported here: few sources have such a comment.
    import io
    import tokenize

    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and "surefoot:" in token.string:
                yield token.start[0], token.start[1], token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _next_line(lines: Sequence[str], index: int, comment: str) -> int:
    """Return the number of the first line from `index` that is neither empty nor a comment."""
    while index < len(lines) and (
        not lines[index].strip() or lines[index].strip().startswith(comment)
    ):
        index += 1
    return index + 1


def _ignore(found: re.Match[str], line: int, first: int, last: int) -> Ignore:
    codes = [code.strip().upper() for code in (found["codes"] or "").split(",") if code.strip()]
    if found["what"] == "ignore-file":
        first = last = 0
    return Ignore(line, first, last, codes, found["reason"].strip(" :-"))
