"""Work for two processes: a forked child does one part while this process does the other.

The child only computes and writes: it runs none of the suite's code and prints nothing.
"""

import os
import warnings
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def beside(theirs: Callable[[], bytes], ours: Callable[[], T]) -> tuple[bytes | None, T]:
    """Return what both did; None for the child's part where it failed, or cannot be forked."""
    if not hasattr(os, "fork"):
        return None, ours()
    import tempfile

    with tempfile.TemporaryFile() as file:
        with warnings.catch_warnings():
            # Since 3.12 a fork beside threads warns.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = 1
            try:
                file.write(theirs())
                file.flush()
                code = 0
            finally:
                os._exit(code)
        try:
            done = ours()
        finally:
            _, status = os.waitpid(pid, 0)
        if status:
            return None, done
        file.seek(0)
        return file.read(), done
