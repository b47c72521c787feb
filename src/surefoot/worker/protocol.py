"""What coordinator, zygote and workers say to each other.

A frame is two lengths (the whole, and its head), the head as msgpack of one tagged struct,
and a body of raw bytes. The body carries an event already encoded as a line of the journal,
which the coordinator stores without reading it.
"""

import socket
import struct

import msgspec

from surefoot.config.settings import Settings
from surefoot.events.events import ImportTime
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Judgement, Outcome
from surefoot.model.scenarios import PlannedFeature, ScenarioPath
from surefoot.policy.expected import Policy

_LENGTHS = struct.Struct("<II")
_READ = 1 << 18


class CopyTree(msgspec.Struct, frozen=True):
    """A private copy of the project tree: where it is, and what it is a copy of."""

    copy: str
    original: str
    overlay: bool = False
    """True when `copy` holds only what is written (an overlay's directories)."""


class Load(msgspec.Struct, frozen=True, tag=True):
    """To a zygote, first: load the suite."""

    behave_args: list[str]
    run_dir: str
    board: str
    preload: list[str] = []
    last_failed: list[str] | None = None
    """Scenario ids to select, of those that the arguments select."""
    own_display: bool = True
    """Whether surefoot's display stands in for behave's default formatter."""
    quiet_load: bool = True
    """Whether what loading prints is kept from the terminal."""
    tree: CopyTree | None = None
    check_threads: bool = True
    watch: list[str] = []
    """Roots whose changes are noted for the shared-path watch; empty for no watch."""
    plan: bool = True
    """False for a site that only runs units: nobody reads its plan."""
    inherited_config: bool = False
    """True under `behave --runner`: the configuration came along by fork."""
    code_cache: str = ""
    """Directory of compiled step modules; empty for none."""
    settings: Settings = Settings()
    """What the tools around scenarios are to do."""
    seed: int = 0
    """Of the run; each scenario's own is derived from it."""
    policy: Policy | None = None
    """What expected failures and quarantine come to; None when nothing is in force."""
    scratch: str = ""
    """Where workers' and scenarios' own directories are made; empty when that was not possible."""
    private_tmp: bool = False
    """Whether a worker's temporary directory is its own."""


class Fork(msgspec.Struct, frozen=True, tag=True):
    """To a zygote: fork a worker. Its socket comes along as a file descriptor."""

    worker: int
    board: str
    workers: int = 1
    """How many workers the run has."""
    tree: CopyTree | None = None
    """A private tree to be entered (see `private_tree.py`)."""


class Become(msgspec.Struct, frozen=True, tag=True):
    """To a zygote that must not fork: become the worker. Its socket comes along."""

    worker: int
    board: str
    workers: int = 1


class ForkReplayer(msgspec.Struct, frozen=True, tag=True):
    """To a zygote: fork the process that calls behave's formatters. Its socket comes along.

    With `become` the zygote does not fork but becomes that process.
    """

    journal: str
    become: bool = False


class Describe(msgspec.Struct, frozen=True, tag=True):
    """To a zygote: the records of a feature that did not run (or of some of its scenarios)."""

    feature: int


class Quit(msgspec.Struct, frozen=True, tag=True):
    """To a zygote: end."""


class SuiteFacts(msgspec.Struct, frozen=True):
    """What the coordinator must know of behave's configuration."""

    behave: str
    base_dir: str
    stop: bool
    dry_run: bool
    show_snippets: bool
    color: bool
    formats: list[str]
    """The formatters to replay, with where each writes; empty when there is nothing to replay."""
    reporters: bool
    """Whether junit or user-defined reporters need the model."""
    terminal_formatter: str
    """The formatter that writes to standard output; empty when surefoot's display has it."""
    live_formatters: list[str] = []
    junit_directory: str = ""


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """From a zygote: the suite is loaded."""

    seconds: float
    step_definitions: int
    features: list[PlannedFeature]
    facts: SuiteFacts
    slowest_imports: list[ImportTime]
    python_threads: list[str]
    """Threads that would not survive a fork, each with the line that started it."""
    native_threads: list[str]
    output: str
    notices: list[str] = []
    findings: list[Finding] = []
    """Defects of the suite that loading it showed."""


class LoadError(msgspec.Struct, frozen=True, tag=True):
    """From a zygote: the suite cannot be loaded.

    `kind` is usage (exit 2), load (4), empty (5) or done (behave answered an information
    option: `code` is what it would exit with).
    """

    kind: str
    message: str
    code: int = 0


class Forked(msgspec.Struct, frozen=True, tag=True):
    """From a zygote: the process exists."""

    worker: int
    """-1 for the replayer."""
    pid: int


class Exited(msgspec.Struct, frozen=True, tag=True):
    """From a zygote: a child is gone. `status` as of waitpid()."""

    worker: int
    pid: int
    status: int


class RunUnit(msgspec.Struct, frozen=True, tag=True):
    """To a worker."""

    serial: int
    feature: int
    paths: list[ScenarioPath]
    complete: bool
    attempt: int
    rest: bool = False


class Finish(msgspec.Struct, frozen=True, tag=True):
    """To a worker: run `after_all` and end."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From a worker: `before_all` has run."""

    hook_failed: bool
    seconds: float
    aborted: bool
    output: str


class Touched(msgspec.Struct, frozen=True, array_like=True):
    """A path that a scenario changed."""

    path: str
    op: str


class ScenarioDone(msgspec.Struct, frozen=True, tag=True):
    """From a worker; the body is the `ScenarioFinished` event."""

    unit: int
    path: ScenarioPath
    outcome: Outcome
    status: str
    seconds: float
    steps: dict[str, int]
    hook_failures: int
    undefined: int
    touched: list[Touched] = []
    touched_cut: bool = False
    findings: list[Finding] = []
    judgement: Judgement | None = None


class GroupState(msgspec.Struct, frozen=True, array_like=True):
    """A rule or an outline of a feature: where it stands and how it ended by itself."""

    kind: str
    """"rule" or "outline"."""
    path: ScenarioPath
    status: str
    hook_failed: bool
    children: int


class UnitDone(msgspec.Struct, frozen=True, tag=True):
    """From a worker; the body is the `FeatureFinished` event."""

    unit: int
    failed: bool
    feature_status: str
    own_hook_failed: bool
    """A hook or cleanup of the feature itself, or of a rule, failed."""
    hook_failures: int
    aborted: bool
    groups: list[GroupState]
    ended_early: bool
    """True when a stop was requested and scenarios were left out."""
    changed: bool = False
    """True when hooks changed which scenarios there are, and the unit was not the whole
    feature: nothing ran, the feature must be run whole."""
    touched: list[Touched] = []


class Finished(msgspec.Struct, frozen=True, tag=True):
    """From a worker: `after_all` and the last cleanups have run."""

    hook_failed: bool
    cleanup_failed: bool
    output: str


class ReplayFeature(msgspec.Struct, frozen=True, tag=True):
    """To the replayer: a feature is complete.

    `lines` are its events in the journal (offset, length). Those that the journal could not
    take are in the body, one a line.
    """

    feature: int
    lines: list[tuple[int, int]]


class ReplayEnd(msgspec.Struct, frozen=True, tag=True):
    """To the replayer: nothing more comes; close the formatters and reporters."""

    aborted: bool
    undefined: list[tuple[str, str]] = []


class ReplayDone(msgspec.Struct, frozen=True, tag=True):
    """From the replayer: every formatter is closed. `problems` names those that failed."""

    problems: list[str]
    snippets: str = ""
    """behave's snippets for undefined steps."""


Message = (
    Load
    | Fork
    | Become
    | ForkReplayer
    | Describe
    | Quit
    | Loaded
    | LoadError
    | Forked
    | Exited
    | RunUnit
    | Finish
    | Ready
    | ScenarioDone
    | UnitDone
    | Finished
    | ReplayFeature
    | ReplayEnd
    | ReplayDone
)

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class ConnectionLostError(Exception):
    """The other side closed the connection or died."""


def pack(message: Message, body: bytes = b"") -> bytes:
    """Return a frame."""
    head = _ENCODER.encode(message)
    return _LENGTHS.pack(len(head) + len(body), len(head)) + head + body


class Channel:
    """Frames over a stream socket, both ways."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = bytearray()

    def fileno(self) -> int:
        """For selectors."""
        return self.socket.fileno()

    def send(
        self, message: Message, body: bytes = b"", descriptors: list[int] | None = None
    ) -> None:
        """Send a frame, waiting as long as it takes. Raises ConnectionLostError."""
        data = pack(message, body)
        try:
            if descriptors:
                sent = socket.send_fds(self.socket, [data], descriptors)
                data = data[sent:]
            # An empty rest would be one more call, and fail if the other side has closed by now:
            # a process that becomes a worker does so at once.
            if data:
                self.socket.sendall(data)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error

    def receive(self) -> tuple[Message, bytes]:
        """Wait for the next frame. Raises ConnectionLostError."""
        while True:
            frame = self._next()
            if frame is not None:
                return frame
            self._fill()

    def receive_with_descriptors(self) -> tuple[Message, bytes, list[int]]:
        """Wait for the next frame and take file descriptors that come with it.

        One frame is sent at a time with descriptors, so they belong to the frame read here.
        """
        descriptors: list[int] = []
        while True:
            frame = self._next()
            if frame is not None:
                return frame[0], frame[1], descriptors
            try:
                data, received, _, _ = socket.recv_fds(self.socket, _READ, 4)
            except OSError as error:
                raise ConnectionLostError(str(error)) from error
            if not data:
                raise ConnectionLostError("closed")
            descriptors.extend(received)
            self._buffer += data

    def buffered(self) -> bool:
        """Whether a whole frame has been read and not been taken yet."""
        buffer = self._buffer
        if len(buffer) < _LENGTHS.size:
            return False
        size: int = _LENGTHS.unpack_from(buffer)[0]
        return len(buffer) >= _LENGTHS.size + size

    def drain(self) -> tuple[list[tuple[Message, bytes]], bool]:
        """Return the frames that are there without waiting, and whether the other side is gone."""
        closed = False
        while True:
            try:
                data = self.socket.recv(_READ, socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                closed = True
                break
            if not data:
                closed = True
                break
            self._buffer += data
            if len(data) < _READ:
                break
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames, closed

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _fill(self) -> None:
        try:
            data = self.socket.recv(_READ)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error
        if not data:
            raise ConnectionLostError("closed")
        self._buffer += data

    def _next(self) -> tuple[Message, bytes] | None:
        buffer = self._buffer
        if len(buffer) < _LENGTHS.size:
            return None
        size, head = _LENGTHS.unpack_from(buffer)
        end = _LENGTHS.size + size
        if len(buffer) < end:
            return None
        message = _DECODER.decode(bytes(buffer[_LENGTHS.size : _LENGTHS.size + head]))
        body = bytes(buffer[_LENGTHS.size + head : end])
        del buffer[:end]
        return message, body


def channel_pair() -> tuple[Channel, socket.socket]:
    """Return a coordinator's channel and the raw socket for the other process."""
    ours, theirs = socket.socketpair()
    for side in (ours, theirs):
        # Records of a feature are tens of kilobytes; a worker should not wait for us to read.
        side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return Channel(ours), theirs
