"""Forks the zygote before the command imports anything else.

The zygote's way to the first scenario (importing behave, loading the suite) is the longest
there is, so it begins at once, and the command's own imports happen beside it. It imports
nothing here: what it shares with this process is an interpreter that has just started.
"""

import os
import socket

_waiting: list[tuple[socket.socket, int]] = []


def start() -> None:
    """Fork the zygote; it waits on its socket, and ends when that is closed."""
    if not hasattr(os, "fork"):
        return
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        # A group of its own: Ctrl-C in a terminal is the coordinator's to handle.
        os.setpgid(0, 0)
        from surefoot.worker.launch import serve_socket

        serve_socket(theirs)
    theirs.close()
    _waiting.append((ours, pid))


def take() -> tuple[socket.socket, int] | None:
    """Return the socket and pid of the waiting zygote, once."""
    return _waiting.pop() if _waiting else None


def drop() -> None:
    """End a zygote that nobody wanted."""
    while (found := take()) is not None:
        found[0].close()
        os.waitpid(found[1], 0)
