"""Opens the file of a log, plain or gzip."""

import contextlib
import gzip
from collections.abc import Iterator
from typing import BinaryIO, cast

from surefoot.triage.model import Log


@contextlib.contextmanager
def opened(log: Log) -> Iterator[BinaryIO]:
    """Open a log's file. Raises OSError when it cannot be opened."""
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(open(log.path, "rb"))
        if raw.peek(2)[:2] == b"\x1f\x8b":
            # Not by its name: files of a cache are named by their content.
            yield cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=raw)))
        else:
            yield raw
