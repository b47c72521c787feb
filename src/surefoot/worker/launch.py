"""Starts zygotes: by fork from a process that has loaded nothing yet, or as a new interpreter."""

import contextlib
import os
import socket
import subprocess
import sys
from typing import NoReturn

from surefoot.worker.protocol import Channel, channel_pair


def fork_zygote() -> tuple[Channel, int]:
    """Fork a zygote from this process, which must have no other thread; return channel and pid."""
    ours, theirs = channel_pair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        ours.close()
        # A group of its own: Ctrl-C in a terminal is the coordinator's to handle.
        os.setpgid(0, 0)
        _serve(Channel(theirs))
    theirs.close()
    return ours, pid


def spawn_zygote(cwd: str | None = None) -> tuple[Channel, int]:
    """Start a zygote in a new interpreter with this one's import path; return channel and pid."""
    ours, theirs = channel_pair()
    descriptor = theirs.fileno()
    environment = dict(os.environ)
    environment["SUREFOOT_SITE_PATH"] = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, str(descriptor)],
        pass_fds=[descriptor],
        cwd=cwd,
        env=environment,
        process_group=0,
    )
    theirs.close()
    # The coordinator waits for its children by pid; this object would warn that it was not asked.
    process.returncode = 0
    return ours, process.pid


_BOOT = """
import os, sys
sys.path[:] = os.environ.pop("SUREFOOT_SITE_PATH").split(os.pathsep)
from surefoot.worker.launch import serve_descriptor
serve_descriptor(int(sys.argv[1]))
"""


def serve_descriptor(descriptor: int) -> NoReturn:
    """Be a zygote on an inherited socket."""
    sys.argv[:] = ["surefoot"]
    _serve(Channel(socket.socket(fileno=descriptor)))


def serve_socket(connection: socket.socket) -> NoReturn:
    """Be a zygote on a socket: import behave at once, then wait for what to load."""
    import surefoot.suite.load  # noqa: F401

    _serve(Channel(connection))


def adopt(connection: socket.socket, pid: int) -> tuple[Channel, int]:
    """Return the channel to a zygote that was forked early."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return Channel(connection), pid


def _serve(channel: Channel) -> NoReturn:
    """Serve and end the process here: a forked zygote must not return into the command."""
    import atexit

    # Before the suite is loaded, which may replace what this binds (`time.monotonic`).
    import surefoot.worker.host  # noqa: F401
    from surefoot.worker.zygote import serve

    status = serve(channel)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
