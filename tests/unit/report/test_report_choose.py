"""Which display a run gets."""

import io

import pytest
from tests.unit.report import runs

from surefoot.report.choose import NoDisplay, choose_display
from surefoot.report.live import LiveDisplay
from surefoot.report.plain import PlainDisplay

TERMINAL = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("progress", "environ", "expected"),
    [
        ("auto", TERMINAL, LiveDisplay),
        ("auto", {**TERMINAL, "CI": "true"}, PlainDisplay),
        ("auto", {**TERMINAL, "CI": "false"}, LiveDisplay),
        ("auto", {**TERMINAL, "NO_COLOR": "1"}, PlainDisplay),
        ("auto", {**TERMINAL, "NO_COLOR": ""}, LiveDisplay),
        ("auto", {"TERM": "dumb"}, PlainDisplay),
        ("auto", {}, PlainDisplay),
        ("live", {**TERMINAL, "CI": "1"}, LiveDisplay),
        ("live", {**TERMINAL, "NO_COLOR": "1"}, LiveDisplay),
        ("live", {"TERM": "dumb"}, PlainDisplay),
        ("plain", TERMINAL, PlainDisplay),
        ("off", TERMINAL, NoDisplay),
    ],
)
def test_on_a_terminal(progress: str, environ: dict[str, str], expected: type) -> None:
    assert type(choose_display(progress, Terminal(), environ)) is expected


@pytest.mark.parametrize("progress", ["auto", "live", "plain"])
def test_a_pipe_gets_lines(progress: str) -> None:
    stream = io.StringIO()
    assert isinstance(choose_display(progress, stream, TERMINAL), PlainDisplay)
    said = "note: no live display: the output is not a terminal\n"
    assert stream.getvalue() == (said if progress == "live" else "")


def test_quiet_shows_nothing() -> None:
    stream = Terminal()
    shown = choose_display("live", stream, TERMINAL, quiet=True)
    for event in runs.red():
        shown.on_event(event)
    shown.loading("x", 1.0)
    shown.tick()
    shown.close()
    assert stream.getvalue() == ""


def test_no_colour_on_a_terminal_that_is_dumb() -> None:
    stream = Terminal()
    shown = choose_display("plain", stream, {"TERM": "dumb"})
    for event in runs.red():
        shown.on_event(event)
    assert "FAILED" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    shown = choose_display("auto", stream, TERMINAL)
    for event in runs.red():
        shown.on_event(event)
    shown.close()
    assert isinstance(shown, PlainDisplay)
