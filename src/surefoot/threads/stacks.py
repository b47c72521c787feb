"""Stacks that are cheap to take and are read only when there is something to report.

Taking one costs about a microsecond: code objects and line numbers are kept, and source lines
are read when a report is made. Frames of the standard library, of behave and of surefoot are
left out of what a user sees.
"""

import linecache
import os
import sys
import sysconfig
import threading
from types import CodeType, FrameType

Stack = tuple[tuple[CodeType, int], ...]
"""The frames of a thread, the innermost first."""

_DEPTH = 24
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY = tuple(
    {sysconfig.get_path("stdlib") + os.sep, os.path.dirname(os.path.abspath(os.__file__)) + os.sep}
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def take(frame: FrameType | None, depth: int = _DEPTH) -> Stack:
    """Return the stack that ends in this frame."""
    frames: list[tuple[CodeType, int]] = []
    while frame is not None and len(frames) < depth:
        frames.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(frames)


def thread_name(ident: int) -> str:
    """Return a thread's name. Unlike `current_thread()` it makes no entry for a foreign thread."""
    active: dict[int, threading.Thread] = getattr(threading, "_active", {})
    thread = active.get(ident)
    return thread.name if thread is not None else f"thread {ident}"


def is_users(path: str) -> bool:
    """Tell whether a file is the user's: no part of Python, of behave or of surefoot."""
    if path.startswith(("<", _OWN)):
        return False
    if any(part in path for part in _INSTALLED):
        behave = getattr(sys.modules.get("behave"), "__file__", None) or ""
        return not (behave and path.startswith(os.path.dirname(behave) + os.sep))
    return not path.startswith(_LIBRARY)


def users(stack: Stack) -> Stack:
    """Return the frames that are the user's; the whole stack if none is."""
    return tuple(item for item in stack if is_users(item[0].co_filename)) or stack


def place(stack: Stack) -> tuple[str, int]:
    """Return file (relative where it lies below the working directory) and line of the user's
    innermost frame."""
    if not stack:
        return "", 0
    code, line = users(stack)[0]
    return relative(code.co_filename), line


def relative(path: str) -> str:
    """Return a path relative to the working directory, if it lies below."""
    try:
        here = os.getcwd()
    except OSError:
        return path
    return path[len(here) + 1 :] if path.startswith(here + os.sep) else path


def source(path: str, line: int) -> str:
    """Return a line of source, stripped; empty when it cannot be read."""
    return linecache.getline(path, line).strip()


def lines(stack: Stack, limit: int = 6) -> list[str]:
    """Return `file:line in function: source` for the user's frames, the innermost first."""
    shown = []
    for code, line in users(stack)[:limit]:
        text = source(code.co_filename, line)
        name = f"{relative(code.co_filename)}:{line} in {code.co_name}"
        shown.append(f"{name}: {text}" if text else name)
    return shown
