"""What the threads of this process are doing, in few lines."""

import sys
import threading
import traceback

from surefoot.modelled import real

_MOST_THREADS = 12
_MOST_FRAMES = 6


def other_threads() -> str:
    """Return the innermost frames of each thread but the calling one, oldest frame first."""
    me = real.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    frames = {ident: frame for ident, frame in sys._current_frames().items() if ident != me}
    for ident, frame in list(frames.items())[:_MOST_THREADS]:
        stack = traceback.extract_stack(frame)
        lines = "".join(traceback.format_list(stack[-_MOST_FRAMES:]))
        parts.append(f"-- {names.get(ident, f'thread {ident}')}\n{lines}")
    if len(frames) > _MOST_THREADS:
        parts.append(f"-- and {len(frames) - _MOST_THREADS} more threads\n")
    return "".join(parts) or "-- there are no other threads\n"
