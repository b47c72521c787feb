"""The coordinator's side of the process that calls behave's formatters."""

import contextlib
import time
from collections.abc import Callable

from surefoot.engine.loading import Site, await_load, start_load
from surefoot.events.journal import JournalWriter, Ref
from surefoot.worker import processes
from surefoot.worker.protocol import (
    Channel,
    ConnectionLostError,
    ForkReplayer,
    Load,
    ReplayDone,
    ReplayEnd,
    ReplayFeature,
    channel_pair,
)

_PATIENCE = 60.0
"""Seconds that one feature may wait to be handed over."""


class Replaying:
    """Hands over features and takes back what went wrong. `over` once the process is gone."""

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal
        self.channel: Channel | None = None
        self.pid = 0
        self.problems: list[str] = []
        self.snippets = ""
        self._done = False
        self._ending_since: float | None = None

    def waited(self, now: float) -> float:
        """Return for how many seconds the end of the replay has been awaited."""
        if self._ending_since is None or self.channel is None:
            return 0.0
        return now - self._ending_since

    @property
    def over(self) -> bool:
        """Whether there is no process (any more)."""
        return self.channel is None

    def fork(self, site: Site) -> Channel:
        """Let the zygote fork the process; return its channel."""
        ours, theirs = channel_pair()
        site.channel.send(ForkReplayer(self._journal.path), descriptors=[theirs.fileno()])
        theirs.close()
        self.channel = ours
        return ours

    def spawn(
        self, start: Callable[[int], tuple[Channel, int, Load]], timeout: float | None
    ) -> Channel:
        """Start the process by itself, where nothing may be forked; return its channel."""
        ours, theirs = channel_pair()
        channel, pid, load = start(0)
        site = start_load(channel, pid, load)
        await_load(site, load, timeout, lambda *_: None)
        channel.send(ForkReplayer(self._journal.path, become=True), descriptors=[theirs.fileno()])
        theirs.close()
        channel.close()
        site.board.close()
        self.pid = pid
        self.channel = ours
        return ours

    def feature(self, feature: int, lines: list[Ref]) -> None:
        """Hand over a closed feature."""
        if self.channel is None:
            return
        stored = [(ref.offset, ref.length) for ref in lines if not ref.in_memory]
        spilled = [self._journal.read_line(ref) for ref in lines if ref.in_memory]
        # A formatter that hangs lets the socket fill up; the run does not wait for it.
        self.channel.socket.settimeout(_PATIENCE)
        try:
            with contextlib.suppress(ConnectionLostError):
                self.channel.send(ReplayFeature(feature, stored), b"\n".join(spilled))
        finally:
            self.channel.socket.settimeout(None)

    def end(self, undefined: list[tuple[str, str]], *, aborted: bool) -> None:
        """Let it close the formatters."""
        if self.channel is not None:
            self._ending_since = time.monotonic()
            with contextlib.suppress(ConnectionLostError):
                self.channel.send(ReplayEnd(aborted, undefined))

    def receive(self) -> bool:
        """Take what it says; return False when it has closed its side."""
        if self.channel is None:
            return False
        frames, closed = self.channel.drain()
        for message, _ in frames:
            if isinstance(message, ReplayDone):
                self.problems.extend(message.problems)
                self.snippets = message.snippets
                self._done = True
        return not closed

    def gone(self, status: int) -> Channel | None:
        """The process has ended; return the channel that was open."""
        self.receive()
        channel, self.channel = self.channel, None
        self.pid = 0
        if channel is not None and not self._done:
            self._done = True
            self.problems.append(
                "the process that calls behave's formatters ended early"
                f" ({processes.describe_status(status)}); rebuild their output with"
                " `surefoot report`"
            )
        return channel
