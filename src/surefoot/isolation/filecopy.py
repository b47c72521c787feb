"""Copies what is in one open file into another, the cheapest way that the file systems allow.

Shared blocks first (nothing is copied until one of the two is written), then a copy within the
kernel, then one through memory. Knows no paths: whoever opens decides about links and modes.
"""

import contextlib
import errno
import fcntl
import os

_FICLONE = 0x40049409
"""ioctl_ficlone(2): let the new file share the old one's blocks until either is written."""

_NO_RANGE = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}
)
"""What copy_file_range(2) answers where it cannot, though a plain copy can."""


def share_blocks(source: int, target: int, device: int, unshared: set[int]) -> bool:
    """Let a new file share the blocks of another; return whether the file systems can.

    `device` is the source's; `unshared` are those that turned out not to, and are not asked again.
    """
    if device in unshared:
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        unshared.add(device)
        return False
    return True


def copy_bytes(source: int, target: int, size: int) -> None:
    """Copy in the kernel where it can, and the rest through memory."""
    with contextlib.suppress(AttributeError):  # copy_file_range is Linux's
        try:
            while size > 0 and (copied := os.copy_file_range(source, target, size)) > 0:
                size -= copied
        except OSError as error:
            if error.errno not in _NO_RANGE:
                raise
    # Also what was appended since, and a file system that says 0 where there is more.
    while chunk := os.read(source, 1 << 20):
        left = memoryview(chunk)
        while left:
            left = left[os.write(target, left) :]
