"""Durations as people write them ("1m30s"), as float seconds. Knows nothing of options."""

import re

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
_PLAIN = re.compile(_NUMBER)
_COMPOUND = re.compile(
    rf"(?:(?P<h>{_NUMBER})h)?(?:(?P<m>{_NUMBER})m)?(?:(?P<s>{_NUMBER})s)?(?:(?P<ms>{_NUMBER})ms)?"
)
_NANOSECONDS = {"h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6}


def parse_duration(text: str) -> float:
    """Return the seconds that `text` says: "90", "90s", "5m", "1h", "1m30s", "500ms".

    "off" is 0.0, since nothing else of no length makes sense as a deadline.

    Raises:
        ValueError: `text` is none of these.
    """
    if text == "off":
        return 0.0
    if _PLAIN.fullmatch(text):
        return _nanoseconds(text, 10**9) / 10**9
    match = _COMPOUND.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"not a duration: {text!r}")
    # Summed as whole numbers: 1 + 0.1 in floats is not always the float nearest to 1.1,
    # and what is shown must read back as what was stored.
    total = sum(
        _nanoseconds(number, _NANOSECONDS[unit])
        for unit, number in match.groupdict().items()
        if number is not None
    )
    return total / 10**9


def format_duration(seconds: float) -> str:
    """Return `seconds` as `parse_duration` reads it, "off" for 0; finer than 1 ns is lost."""
    if seconds == 0:
        return "off"
    milliseconds = round(seconds * 1000)
    if milliseconds / 1000 != seconds:
        return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, rest = divmod(rest, 1000)
    parts = ((hours, "h"), (minutes, "m"), (whole, "s"), (rest, "ms"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def _nanoseconds(number: str, unit: int) -> int:
    whole, _, fraction = number.partition(".")
    return int(whole) * unit + int(fraction.ljust(9, "0")) * unit // 10**9
