"""Text for a terminal: colours that can be off, text from suites made harmless, safe writing.

A suite's text is data. Whatever it holds, it may not move the cursor, change the title or end
the run by an encoding error, and nothing here raises because a terminal went away.
"""

import contextlib
import errno
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import TextIO

# ECMA-48 section 5.4: CSI, parameters, intermediates, final byte. `m` sets colours only, so it
# is dropped; everything else is shown, because a reader wants to know that it was there.
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
# C0 without tab and newline, DEL, C1, the other line breaks, what turns the reading direction
# (CVE-2021-42574), and lone surrogates, which no encoding can carry.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """Return text whose only control characters are newline and tab; others show as escapes."""
    if text.isprintable():
        return text
    text = _COLOURS.sub("", text).replace("\r\n", "\n")
    return _CONTROLS.sub(_visible, text)


def one_line(text: str) -> str:
    """Return harmless text without line breaks and tabs."""
    return harmless(text).replace("\n", "\\n").replace("\t", " ")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code == 0x0D:
        return "\\r"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cells(text: str) -> int:
    """Return how many columns a terminal takes for text without control characters."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def fit(text: str, width: int) -> str:
    """Return one line of at most `width` columns; what is cut off shows as "...".

    Three ASCII dots, because an ellipsis is no longer one column where the encoding lacks it.
    """
    if cells(text) <= width:
        return text
    taken = 0
    for index, char in enumerate(text):
        taken += _cell(char)
        if taken > width - 3:
            return (text[:index] + "...")[: max(0, width)]
    return text


def duration(seconds: float) -> str:
    """Return seconds as people read them: 0.52s, 12.3s, 3m10s, 2h05m."""
    if seconds < 9.995:
        return f"{max(0.0, seconds):.2f}s"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


class Style:
    """ANSI colours, or none."""

    def __init__(self, colour: bool = False) -> None:
        self.colour = colour

    def bold(self, text: str) -> str:
        """Headings."""
        return self._wrap("1", text)

    def dim(self, text: str) -> str:
        """What most readers skip."""
        return self._wrap("2", text)

    def red(self, text: str) -> str:
        """Bad results."""
        return self._wrap("31", text)

    def green(self, text: str) -> str:
        """Good results."""
        return self._wrap("32", text)

    def yellow(self, text: str) -> str:
        """Flaky, slow, notices."""
        return self._wrap("33", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def is_terminal(stream: TextIO) -> bool:
    """Return whether somebody looks at the stream."""
    try:
        return stream.isatty()
    except (AttributeError, OSError, ValueError):
        return False


def make_style(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Return colours for a terminal that wants them (no-color.org), or none."""
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Style(not plain and is_terminal(stream))


class SafeWriter:
    """A text stream that never raises.

    What the stream's encoding cannot carry is written as a backslash escape. When the terminal
    is closed (`| head`, a lost connection) or its disk is full, `failed` says why, and nothing
    more is written: the run goes on.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failed: str = ""

    @property
    def encoding(self) -> str:
        """The stream's encoding; rich picks its characters by it."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Return whether somebody looks at the stream."""
        return is_terminal(self._stream)

    def fileno(self) -> int:
        """Return the file descriptor. Raises OSError when there is none."""
        return self._stream.fileno()

    def carried(self, text: str) -> str:
        """Return the text with backslash escapes for what the encoding cannot carry."""
        encoding = self.encoding
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def write(self, text: str) -> int:
        """Write, or do nothing once the stream has failed."""
        if self.failed:
            return len(text)
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(self.carried(text))
        except BlockingIOError:
            # A suite's child process made the shared terminal non-blocking: this text is lost,
            # the next one may get through.
            return len(text)
        except (OSError, ValueError) as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or do nothing once the stream has failed."""
        if self.failed:
            return
        with contextlib.suppress(BlockingIOError):
            try:
                self._stream.flush()
            except BlockingIOError:
                raise
            except (OSError, ValueError) as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.failed = str(error) or type(error).__name__
        if not isinstance(error, OSError) or error.errno not in (errno.EPIPE, errno.EIO):
            return
        # What the stream still buffers would fail again when the interpreter flushes it at exit,
        # and turn the exit code into 120 (docs.python.org/3/library/signal.html, on SIGPIPE).
        with contextlib.suppress(Exception):
            null = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(null, self._stream.fileno())
            finally:
                os.close(null)
