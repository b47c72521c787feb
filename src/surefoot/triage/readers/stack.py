"""Python stacks: the exception, what it says, and the top frame that is the project's own."""

import re
from collections.abc import Iterable

import msgspec

from surefoot.triage.masking import relative

TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'File "([^"\n]{1,400})", line (\d{1,7})(?:, in (.{1,200}))?')
_PYTEST_FRAME = re.compile(r"([^\s:][^:\n]{0,300}\.py):(\d{1,7}): (?:in (.{1,200})|(\w{1,80}))?$")
_EXCEPTION = re.compile(r"((?:[A-Za-z_]\w{0,80}\.){0,10}_?[A-Z]\w{1,80})(?:: ?(.*)|:?$)")
_LIBRARY = (
    "site-packages/",
    "dist-packages/",
    "/lib/python",
    "/lib64/python",
    "\\lib\\",
    "<frozen",
    "<string>",
    "/_pytest/",
    "/importlib/",
)
_NOT_EXCEPTIONS = frozenset({"File", "Traceback", "During", "The", "None", "True", "False"})


class Stack(msgspec.Struct, frozen=True):
    """What a block of lines says about an exception; empty strings where it says nothing."""

    exception: str = ""
    message: str = ""
    frame: str = ""
    file: str = ""
    line: int = 0


def exception_of(text: str) -> tuple[str, str] | None:
    """Return type and message of a line such as `shop.errors.NoStock: none left`."""
    found = _EXCEPTION.match(text)
    if found is None or found[1] in _NOT_EXCEPTIONS:
        return None
    return found[1], (found[2] or "").strip()


def is_library(path: str) -> bool:
    """Return True for a file of the interpreter or of an installed package."""
    return any(part in path for part in _LIBRARY)


def frame_of(text: str) -> tuple[str, int, str] | None:
    """Return file, line and function of a frame's line, of Python or of pytest."""
    if 'File "' in text and (found := _FRAME.search(text)):
        return found[1], int(found[2]), found[3] or ""
    if ".py:" in text and (found := _PYTEST_FRAME.match(text)):
        return found[1], int(found[2]), found[3] or ""
    return None


def read_stack(lines: Iterable[str]) -> Stack:
    """Read a block that may hold a traceback. The last exception of a chain is what counts."""
    exception = message = ""
    own: tuple[str, int, str] | None = None
    within = False
    indent = 0
    for text in lines:
        stripped = text.lstrip()
        depth = len(text) - len(stripped)
        if stripped.startswith("Traceback (most recent"):
            within, indent = True, depth
            own = None
            continue
        place = frame_of(stripped)
        if place is not None:
            if not is_library(place[0]):
                own = place
            continue
        if within and depth <= indent and stripped:
            known = exception_of(stripped)
            if known is not None:
                exception, message = known
                within = False
        elif not within and exception and not message and stripped:
            # A message that begins on the line after the type.
            message = stripped
    if own is None:
        return Stack(exception, message)
    file = relative(own[0])
    function = own[2].strip()
    return Stack(exception, message, f"{file}:{function}" if function else file, file, own[1])
