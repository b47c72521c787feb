"""From the bytes of a log to clean lines: streaming, bounded, and never an exception.

A line ends at a line feed, as in every editor, so that its number can be looked up. What a
terminal would have overwritten (progress after a carriage return) is dropped. Time stamps of
forges become `Line.time`, their markup becomes `Line.marker`, colours vanish.

Memory: one block and one line, each bounded. No more of a log is ever held here.
"""

import codecs
import contextlib
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from surefoot.triage.model import Line

BLOCK = 1 << 16
MAX_LINE = 8192
"""Bytes of a line that are kept. Longer ones are data (base64, dumps), and their middle is cut."""
_TAIL = 512
_NEVER_LONGER = MAX_LINE * 8

# `2022-05-19T08:55:48.7578224Z text`: GitHub, Forgejo, Gitea. GitLab adds the stream: ` 00O `,
# and a plus sign where the line before goes on. The Jenkins plug-in writes brackets.
_STAMP = re.compile(
    r"\ufeff?\[?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z\]?"
    r"(?: [0-9a-f]{2}[OE][+ ])? ?"
)
# `gh run view --log` puts the job and the step before the stamp.
_GH = re.compile(r"([^\t]{1,200})\t([^\t]{1,200})\t(?=\ufeff?\d{4}-\d\d-\d\dT)")
_ANSI = re.compile(
    r"\x1b(?:\[[0-9;:?<=>]{0,64}[ -/]?[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)"
    r"|[()*+][A-Za-z0-9]|[=>78cDEHMNO])"
)
_MARKER = re.compile(r"##\[([a-z][a-z-]{0,30})\]")
_WORKFLOW = re.compile(r"::(group|endgroup|error|warning|notice|debug)(?: [^:]{0,500})?::")
_COMMAND = re.compile(r"\[command\]")
_SECTION = re.compile(r"section_(start|end):(\d{1,12}):([\w.-]{1,200})(?:\[[^\]]{0,200}\])?")
_TRAVIS = re.compile(r"travis_(fold|time):(start|end):([\w.:=,-]{1,300})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Cleaner:
    """Turns one log into lines and remembers what was odd about its bytes."""

    def __init__(self) -> None:
        self.bytes = 0
        self.lines = 0
        self.long_lines = 0
        self.bad_bytes = 0
        self.encoding = "utf-8"
        self.ends_in_line = False
        """True when the last line has no line feed."""
        self.ends_in_character = False
        """True when the last bytes are the beginning of a multi-byte character."""
        self.problem = ""
        """Why reading stopped early; empty when it did not."""
        self.step_of_tool = ""
        """Step that `gh run view --log` names for the last line; else empty."""
        self._clock = _Clock()

    def read(self, stream: BinaryIO) -> Iterator[Line]:
        """Yield the lines of `stream`. An error of reading ends the log and is kept as problem."""
        number = 0
        for raw in self._raw_lines(stream):
            number += 1
            yield self._clean(number, raw)
        self.lines = number

    def _raw_lines(self, stream: BinaryIO) -> Iterator[bytes]:
        rest = bytearray()
        end = b""
        for block in self._blocks(stream):
            if not end:
                # Some archives keep the carriage returns of a terminal and drop its line feeds.
                only_returns = b"\n" not in block and block.count(b"\r") > 20
                end = b"\r" if only_returns else b"\n"
            *whole, last = block.split(end)
            for index, part in enumerate(whole):
                if index == 0 and rest:
                    rest += part
                    yield self._bounded(bytes(rest))
                    rest.clear()
                else:
                    yield self._bounded(part)
            rest += last
            if len(rest) > _NEVER_LONGER:
                # The middle of an endless line goes; both ends stay.
                del rest[_NEVER_LONGER // 2 : len(rest) - _TAIL]
        if rest:
            self.ends_in_line = True
            self.ends_in_character = _cut_character(bytes(rest[-4:]))
            yield self._bounded(bytes(rest))

    def _bounded(self, raw: bytes) -> bytes:
        if len(raw) <= MAX_LINE:
            return raw
        # Progress bars are one long line of which only the last part was ever seen.
        last = raw.rstrip(b"\r").rfind(b"\r")
        if last != -1 and len(raw) - last <= MAX_LINE:
            return raw[last + 1 :]
        self.long_lines += 1
        return raw[: MAX_LINE - _TAIL] + b" [...] " + raw[-_TAIL:]

    def _blocks(self, stream: BinaryIO) -> Iterator[bytes]:
        """Yield the log in UTF-8, whatever it was, block by block."""
        first = self._more(stream)
        wide = _wide_encoding(first)
        if not wide:
            block = first.removeprefix(codecs.BOM_UTF8)
            while block:
                yield block
                block = self._more(stream)
            return
        self.encoding = wide
        decoder = codecs.getincrementaldecoder(wide)("replace")
        block = first
        while block:
            yield decoder.decode(block).encode("utf-8", "replace")
            block = self._more(stream)

    def _more(self, stream: BinaryIO) -> bytes:
        try:
            block = stream.read(BLOCK)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            self.problem = f"reading stopped after {self.bytes} bytes: {error}"
            return b""
        self.bytes += len(block)
        return block

    def _clean(self, number: int, raw: bytes) -> Line:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self.bad_bytes += 1
            text = raw.decode("utf-8", "replace")
        self.step_of_tool = ""
        if "\t" in text and (found := _GH.match(text)):
            self.step_of_tool = found[2]
            text = text[found.end() :]
        time: float | None = None
        if text[:1] in "2[\ufeff" and (found := _STAMP.match(text)):
            time = self._clock.read(found)
            if time is not None:
                text = text[found.end() :]
        marker = ""
        if "section_" in text and (found := _SECTION.search(text)):
            # GitLab puts the section's mark and its title on one line, apart by a return.
            marker = f"section_{found[1]}"
            with contextlib.suppress(ValueError):
                time = float(found[2]) if time is None else time
            title = _plain(text[found.end() :]).strip()
            return Line(number, f"{found[3]} {title}".rstrip(), time, marker)
        text = _plain(text)
        if text.startswith("travis_") and (found := _TRAVIS.match(text)):
            shown = text[found.end() :]
            return Line(number, shown or found[0], time, f"travis_{found[1]}_{found[2]}")
        if "##[" in text and (found := _MARKER.match(text.lstrip())):
            marker = found[1]
            text = text.lstrip()[found.end() :]
        elif text.startswith("::") and (found := _WORKFLOW.match(text)):
            marker = found[1]
            text = text[found.end() :]
        elif text.startswith("[command]") and (found := _COMMAND.match(text)):
            marker = "command"
            text = text[found.end() :]
        return Line(number, text, time, marker)


def _plain(text: str) -> str:
    """Return what a terminal would show in the end: no colours, no overwritten progress."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\r" in text:
        text = text.rstrip("\r")
        if "\r" in text:
            parts = [part for part in text.split("\r") if part.strip()]
            text = parts[-1] if parts else ""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    return text.rstrip()


def _wide_encoding(first: bytes) -> str:
    """Name the two-byte encoding that a log begins in, or return an empty string."""
    if first.startswith(codecs.BOM_UTF16_LE):
        return "utf-16"
    if first.startswith(codecs.BOM_UTF16_BE):
        return "utf-16"
    sample = first[:512]
    if len(sample) >= 16:
        # PowerShell writes UTF-16 without a mark: every other byte of ASCII text is zero.
        odd, even = sample[1::2].count(0), sample[::2].count(0)
        if odd > len(sample) * 0.4 and even < len(sample) * 0.05:
            return "utf-16-le"
        if even > len(sample) * 0.4 and odd < len(sample) * 0.05:
            return "utf-16-be"
    return ""


def _cut_character(end: bytes) -> bool:
    """Return True when the bytes end within a character of UTF-8."""
    for back in range(1, min(4, len(end) + 1)):
        byte = end[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return needed > back
        if byte < 0x80:
            return False
    return False


class _Clock:
    """Reads time stamps; remembers the last minute, since most lines share it."""

    def __init__(self) -> None:
        self._minute = ""
        self._base: float | None = None

    def read(self, found: re.Match[str]) -> float | None:
        """Return seconds since the epoch, or None for a stamp that names no time."""
        minute = found[0].lstrip("\ufeff[")[:16]
        if minute != self._minute:
            self._minute = minute
            try:
                self._base = datetime(
                    int(found[1]),
                    int(found[2]),
                    int(found[3]),
                    int(found[4]),
                    int(found[5]),
                    tzinfo=UTC,
                ).timestamp()
            except (ValueError, OverflowError):
                self._base = None
        if self._base is None:
            return None
        fraction = float(f"0.{found[7]}") if found[7] else 0.0
        return self._base + int(found[6]) + fraction
