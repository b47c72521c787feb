"""Sizes as people write them ("500MB"), as bytes. Knows nothing of options."""

import re

_UNITS = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_NAMES = {1: "B", 10**3: "kB", 10**6: "MB", 10**9: "GB", 10**12: "TB"} | {
    2**10: "KiB",
    2**20: "MiB",
    2**30: "GiB",
    2**40: "TiB",
}
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))? ?([A-Za-z]*)")


def parse_size(text: str) -> int:
    """Return the bytes that `text` says: "500MB", "2GB", "1.5GiB", "4096".

    kB, MB, GB and TB are powers of 1000, KiB to TiB powers of 1024, in any case.

    Raises:
        ValueError: `text` is none of these, or less than a byte.
    """
    match = _SIZE.fullmatch(text)
    unit = _UNITS.get((match[3] or "b").lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f"not a size: {text!r}")
    total = int(match[1]) * unit + int((match[2] or "").ljust(6, "0")) * unit // 10**6
    if total < 1:
        raise ValueError(f"not a size: {text!r}")
    return total


def format_size(size: int) -> str:
    """Return `size` bytes in the largest unit that shows them exactly."""
    unit = max(unit for unit in _NAMES if size % unit == 0)
    return f"{size // unit}{_NAMES[unit]}"
