"""Applies the edits of findings: what is safe to mend without a person.

Files keep their encoding, byte order mark, line endings and permissions, and are replaced whole
or not at all. A Python file that would no longer parse is left alone.
"""

import ast
import contextlib
import difflib
import os
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from surefoot.errors import UserError
from surefoot.model.findings import Edit as LineEdit
from surefoot.policy.static.check import Found
from surefoot.policy.static.facts import Edit
from surefoot.policy.static.scanning import encoding_of

_BOM = b"\xef\xbb\xbf"


class Change(msgspec.Struct, frozen=True):
    """What mending does to one file. `fixed` is the number of findings that it removes."""

    path: str
    shown: str
    before: bytes
    after: bytes
    encoding: str
    fixed: int

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before, after = (
            data.decode(self.encoding, "replace").splitlines(keepends=True)
            for data in (self.before, self.after)
        )
        lines = difflib.unified_diff(before, after, f"a/{self.shown}", f"b/{self.shown}")
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def plan(found: Iterable[Found], cwd: str) -> list[Change]:
    """Return the changes that mend what can be mended. Writes nothing."""
    by_file: dict[str, list[Found]] = {}
    for item in found:
        if item.fixable:
            by_file.setdefault(item.finding.file, []).append(item)
    changes = [_change(shown, items, cwd) for shown, items in sorted(by_file.items())]
    return [change for change in changes if change is not None]


def write(change: Change) -> None:
    """Put a change into its file. Raises UserError when it cannot be written or has changed."""
    path = os.path.realpath(change.path)
    try:
        with open(path, "rb") as file:
            if file.read() != change.before:
                raise UserError(f"{change.shown} has changed since it was read; check again")
        descriptor, half = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".surefoot-")
    except OSError as error:
        raise UserError(
            f"{change.shown} cannot be mended: {error.strerror}; nothing was changed in it"
        ) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, os.stat(path).st_mode & 0o7777)
            file.write(change.after)
        os.replace(half, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(half)
        raise UserError(
            f"{change.shown} cannot be written: {error.strerror}; nothing was changed in it"
        ) from error


def regions(found: Iterable[Found], cwd: str) -> list[tuple[Edit, ...]]:
    """Return what mends each finding by itself, as text that is replaced, in the same order.

    Whole lines and words become the text that they stand for in the file as it is now. Empty for
    what cannot be mended, and where the file cannot be read any more.
    """
    files: dict[str, list[str]] = {}
    every: list[tuple[Edit, ...]] = []
    for item in found:
        shown = item.finding.file
        if item.fixable and shown not in files:
            source = _read(os.path.join(cwd, shown))
            files[shown] = source.lines if source is not None else []
        lines = files.get(shown, [])
        if not item.line_edits:
            every.append(tuple(_with_ends(edit, lines) for edit in item.edits))
            continue
        after = list(lines)
        _apply_line_edits(after, [item.line_edits])
        every.append((*item.edits, *_differences(lines, after)))
    return every


class _Source(msgspec.Struct, frozen=True):
    """A file as text, in its lines and with their ends."""

    data: bytes
    head: bytes
    """Its byte order mark."""
    lines: list[str]
    encoding: str


def _read(path: str) -> _Source | None:
    """Return a file; None where it has changed since it was scanned and cannot be read now."""
    is_python = path.endswith(".py")
    try:
        with open(path, "rb") as file:
            data = file.read()
        body = data.removeprefix(_BOM)
        encoding = encoding_of(body) if is_python else "utf-8"
        text = body.decode(encoding)
    except (OSError, UnicodeDecodeError, LookupError):
        return None
    lines = _python_lines(text) if is_python else text.splitlines(keepends=True)
    return _Source(data, data[: len(data) - len(body)], lines, encoding)


def _change(shown: str, items: Sequence[Found], cwd: str) -> Change | None:
    path = os.path.join(cwd, shown)
    source = _read(path)
    if source is None:
        # The next check tells.
        return None
    lines = list(source.lines)
    fixed = 0
    taken: list[Edit] = []
    for item in items:
        if item.edits and not any(_overlap(edit, other) for edit in item.edits for other in taken):
            taken += item.edits
            fixed += 1
    for edit in sorted(taken, key=lambda edit: (edit.line, edit.column), reverse=True):
        _apply(lines, _with_ends(edit, source.lines))
    fixed += _apply_line_edits(lines, [item.line_edits for item in items if item.line_edits])
    after = "".join(lines)
    if lines == source.lines or (path.endswith(".py") and not _parses(after)):
        return None
    data = source.head + after.encode(source.encoding)
    return Change(path, shown, source.data, data, source.encoding, fixed)


def _python_lines(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)


def _with_ends(edit: Edit, lines: Sequence[str]) -> Edit:
    """Return an edit whose lines end as those of the file do."""
    if "\n" not in edit.text or not lines or not lines[0].endswith("\r\n"):
        return edit
    return msgspec.structs.replace(edit, text=edit.text.replace("\n", "\r\n"))


def _overlap(first: Edit, second: Edit) -> bool:
    return (first.line, first.column) <= (second.end_line, second.end_column) and (
        second.line,
        second.column,
    ) <= (first.end_line, first.end_column)


def _apply(lines: list[str], edit: Edit) -> None:
    head = lines[edit.line - 1][: edit.column]
    tail = lines[edit.end_line - 1][edit.end_column :]
    lines[edit.line - 1 : edit.end_line] = [f"{head}{edit.text}{tail}"]


def _apply_line_edits(lines: list[str], groups: Sequence[Sequence[LineEdit]]) -> int:
    """Apply edits of whole lines and words; return how many groups took effect."""
    fixed = 0
    insertions: dict[LineEdit, None] = {}
    removed: set[int] = set()
    done: set[LineEdit] = set()
    for group in groups:
        worked = False
        for edit in group:
            if not 0 < edit.line <= len(lines):
                continue
            if not edit.old:
                insertions[edit] = None
                worked = True
            elif edit in done or _replace_word(lines, edit, removed):
                done.add(edit)
                worked = True
        fixed += worked
    for edit in sorted(insertions, key=lambda edit: edit.line, reverse=True):
        line = lines[edit.line - 1]
        body = line.rstrip("\r\n")
        indent = body[: len(body) - len(body.lstrip())]
        lines.insert(edit.line - 1, f"{indent}{edit.new}{line[len(body) :] or os.linesep}")
        removed = {number + (number >= edit.line) for number in removed}
    for number in sorted(removed, reverse=True):
        del lines[number - 1]
    return fixed


def _differences(before: Sequence[str], after: Sequence[str]) -> Iterator[Edit]:
    """Yield what turns some lines into others: within a line as little of it as does it."""
    same = _same(before, after)
    # Only the lines from the first change on: a file has thousands of them, and an edit a few.
    matcher = difflib.SequenceMatcher(None, before[same:], after[same:], autojunk=False)
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        old, new = before[same + first : same + last], after[same + new_first : same + new_last]
        if kind == "replace" and len(old) == len(new):
            for number, (was, becomes) in enumerate(zip(old, new, strict=True), same + first + 1):
                yield _within_line(number, was, becomes)
        elif kind != "equal":
            yield Edit(same + first + 1, 0, same + last + 1, 0, "".join(new))


def _within_line(number: int, was: str, becomes: str) -> Edit:
    start = _same(was, becomes)
    end = _same(was[start:][::-1], becomes[start:][::-1])
    return Edit(number, start, number, len(was) - end, becomes[start : len(becomes) - end])


def _same(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many lines or characters are the same from the beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))


def _replace_word(lines: list[str], edit: LineEdit, removed: set[int]) -> bool:
    line = lines[edit.line - 1]
    found = re.search(rf"(?<!\S){re.escape(edit.old)}(?!\S)", line)
    if found is None:
        return False
    start, end = found.span()
    if edit.new:
        lines[edit.line - 1] = line[:start] + edit.new + line[end:]
        return True
    rest = line[end:]
    if rest.strip():
        lines[edit.line - 1] = line[:start] + (rest[1:] if rest[:1] in (" ", "\t") else rest)
    else:
        # The last word: no space is left behind at the end of the line.
        lines[edit.line - 1] = line[:start].rstrip() + rest
    if not lines[edit.line - 1].strip():
        removed.add(edit.line)
    return True


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
