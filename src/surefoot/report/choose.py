"""Which display a run gets: drawn, plain lines, or none."""

from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from surefoot.events.events import Event
from surefoot.events.listener import Listener
from surefoot.report.plain import PlainDisplay
from surefoot.report.style import Style, is_terminal, make_style


class Display(Listener, Protocol):
    """A listener that also shows the loading of the suite."""

    estimate_left: Callable[[], float | None]
    """Set by who knows how long is left, from history; None when nobody knows."""

    def loading(self, text: str, seconds: float | None = None) -> None:
        """Show what is being loaded, and for how many seconds."""


class NoDisplay:
    """Shows nothing: a formatter has the terminal, or nobody looks."""

    def __init__(self) -> None:
        self.estimate_left: Callable[[], float | None] = lambda: None

    def on_event(self, event: Event) -> None:
        """Ignore the event."""

    def loading(self, text: str, seconds: float | None = None) -> None:
        """Ignore what is loaded."""

    def tick(self) -> None:
        """Nothing to refresh."""

    def close(self) -> None:
        """Nothing to close."""


def choose_display(
    progress: str,
    stream: TextIO,
    environ: Mapping[str, str],
    *,
    quiet: bool = False,
    verbose: bool = False,
) -> Display:
    """Return the display for `--progress auto|live|plain|off`.

    `auto` draws only where somebody looks at a terminal that can be drawn on. `live` that
    cannot be had becomes plain lines, and the first of them says why.
    """
    if progress == "off" or quiet:
        return NoDisplay()
    obstacle = _cannot_draw(stream, environ)
    wanted = progress == "live" or (progress == "auto" and not _rather_not_draw(environ))
    if wanted and not obstacle:
        from surefoot.report.live import LiveDisplay

        return LiveDisplay(stream, make_style(stream, environ))
    style = make_style(stream, environ) if not obstacle else Style()
    plain = PlainDisplay(stream, style, quiet=quiet, verbose=verbose)
    if progress == "live":
        plain.say(f"note: no live display: {obstacle}")
    return plain


def _cannot_draw(stream: TextIO, environ: Mapping[str, str]) -> str:
    if not is_terminal(stream):
        return "the output is not a terminal"
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        return f"the terminal cannot move its cursor (TERM={environ.get('TERM', '')})"
    return ""


def _rather_not_draw(environ: Mapping[str, str]) -> bool:
    """CI keeps what a terminal would overwrite; NO_COLOR users ask for plain text."""
    in_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    return in_ci or bool(environ.get("NO_COLOR"))
