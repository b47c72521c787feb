"""Text for a terminal: harmless, cut to size, written without an exception."""

import errno
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.report.style import (
    SafeWriter,
    Style,
    cells,
    duration,
    fit,
    harmless,
    make_style,
    one_line,
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("dos\r\nline", "dos\nline"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202etxt", "abc\\u202etxt"),
        ("\ud800", "\\ud800"),
        ("Füße 日本", "Füße 日本"),
    ],
)
def test_harmless(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(st.text(st.characters(codec=None)))
def test_harmless_text_holds_no_control_character(text: str) -> None:
    for char in harmless(text):
        assert char in "\n\t" or (ord(char) >= 0x20 and not 0x7F <= ord(char) <= 0x9F)
    harmless(text).encode("utf-8")
    assert "\n" not in one_line(text)


@given(st.text(), st.integers(0, 100))
def test_fit_never_exceeds_the_width(text: str, width: int) -> None:
    line = one_line(text)
    cut = fit(line, width)
    assert cells(cut) <= width
    assert cut == line or width < cells(line)


def test_wide_characters_take_two_cells() -> None:
    assert cells("日本") == 4
    assert fit("日本語日本語", 8) == "日本..."


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "0.00s"), (0.519, "0.52s"), (12.34, "12.3s"), (59.99, "1m00s"), (190, "3m10s")],
)
def test_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
    assert duration(7500) == "2h05m"


def test_colours_need_a_terminal_that_wants_them() -> None:
    assert make_style(Terminal(), {"TERM": "xterm"}).colour
    assert not make_style(Terminal(), {"TERM": "dumb"}).colour
    assert not make_style(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}).colour
    assert not make_style(io.StringIO(), {"TERM": "xterm"}).colour
    assert Style(True).red("x") == "\x1b[31mx\x1b[0m"
    assert Style(False).red("x") == "x"


def test_an_encoding_that_lacks_a_character_gets_an_escape() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    SafeWriter(stream).write("Füße\n")
    assert raw.getvalue() == b"F\\xfc\\xdfe\n"


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_a_broken_stream_goes_silent(number: int) -> None:
    class Broken(io.StringIO):
        calls = 0

        def write(self, text: str) -> int:
            self.calls += 1
            raise OSError(number, os.strerror(number))

    stream = Broken()
    writer = SafeWriter(stream)
    writer.write("a")
    writer.write("b")
    writer.flush()
    assert os.strerror(number) in writer.failed
    assert stream.calls == 1


def test_a_closed_pipe_does_not_fail_again_at_exit() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", encoding="utf-8")  # noqa: SIM115
    writer = SafeWriter(stream)
    writer.write("x")
    writer.flush()
    assert writer.failed
    # What was buffered goes to nowhere now.
    stream.close()


def test_a_terminal_that_would_block_loses_one_text_only() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                self.full = False
                raise BlockingIOError(errno.EAGAIN, "full")
            return super().write(text)

    stream = Full()
    writer = SafeWriter(stream)
    writer.write("lost")
    writer.write("kept")
    assert stream.getvalue() == "kept"
    assert not writer.failed


def test_a_closed_stream_goes_silent() -> None:
    stream = io.StringIO()
    stream.close()
    writer = SafeWriter(stream)
    writer.write("x")
    assert writer.failed
    assert not writer.isatty()
