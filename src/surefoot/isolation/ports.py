"""Free ports under a lease: while it is held, no other worker or run on the machine gets them.

A port that was only found free can be given to the next who asks before the first has bound it.
So each port has a lock file in one directory of the machine, and whoever holds its lock has the
lease. The kernel lets a lock go when the process dies. A leased port is bound once for a look,
for IPv4 and IPv6, and lies outside of the range that the kernel takes outgoing ports from, so
that a connection of another program does not take it before the server is up.
"""

import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from functools import lru_cache

from surefoot.errors import UserError
from surefoot.isolation import scope

_LOWEST = 10240
_DIRECTORY = "surefoot-ports"
_PLACES = ("/tmp", "/var/tmp")  # noqa: S108  # of the machine; TMPDIR differs between workers


class NoFreePortError(UserError):
    """No port could be leased.

    Common causes: a lease of more ports than are free, or a machine that has no directory that
    every process may write (`/tmp`, `/var/tmp`).
    """


class PortLease:
    """Ports that are this process's own until `release`, or the end of the `with` block."""

    def __init__(self, held: dict[int, int]) -> None:
        self._held = held
        self._pid = os.getpid()
        self.ports = tuple(held)

    def release(self) -> None:
        """Let others have the ports. Again, or in a forked child, it does nothing."""
        if self._pid != os.getpid():
            return
        while self._held:
            _, descriptor = self._held.popitem()
            scope.let_go(descriptor)
            # By closing and not by LOCK_UN: a server that was forked holds the lock as well, and
            # goes on to do so.
            with contextlib.suppress(OSError):
                os.close(descriptor)
        scope.forget(self._undo)

    def _undo(self, _failed: bool) -> None:
        self.release()

    def __enter__(self) -> "PortLease":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def free_port() -> int:
    """Return a free TCP port, leased until the scenario ends.

    Outside of a scenario (in `before_all`, say) until the process ends.
    Raises NoFreePortError.
    """
    return lease_ports(1).ports[0]


def lease_ports(count: int, *, udp: bool = False) -> PortLease:
    """Lease `count` free TCP ports, until `release()` or the end of the scenario (or process).

    With `udp` each is free for UDP as well. They need not be neighbours.
    Raises NoFreePortError; then none is held.
    """
    if count < 1:
        raise NoFreePortError(f"a lease of {count} ports: ask for at least one")
    directory = _directory()
    held: dict[int, int] = {}
    for port in _candidates():
        descriptor = _lock(directory, port)
        if descriptor is None:
            continue
        if _is_free(port, udp=udp):
            held[port] = descriptor
            scope.hold(descriptor)
            if len(held) == count:
                lease = PortLease(held)
                scope.at_end(lease._undo)
                return lease
        else:
            os.close(descriptor)
    for descriptor in held.values():
        scope.let_go(descriptor)
        os.close(descriptor)
    raise NoFreePortError(
        f"{count} free ports were asked for and {len(held)} were found; end programs that listen,"
        " or lease fewer"
    )


def _candidates() -> Iterator[int]:
    """Yield the ports that may be leased, from a random one on.

    `random` is not used: it is the suite's, and workers that are seeded alike would all begin at
    the same port.
    """
    ports = _leasable()
    start = int.from_bytes(os.urandom(4), "big") % len(ports)
    for index in range(len(ports)):
        yield ports[(start + index) % len(ports)]


@lru_cache(maxsize=1)
def _leasable() -> Sequence[int]:
    """Return all ports that may be leased. Kept: a lease would take ten times as long."""
    low, high = _outgoing()
    reserved = _reserved()
    ports = (*range(_LOWEST, low), *range(high + 1, 65536))
    # A machine may use all ports for outgoing connections.
    return [port for port in ports if port not in reserved] or range(_LOWEST, 65536)


def _outgoing() -> tuple[int, int]:
    """Return the range that the kernel takes the ports of outgoing connections from."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low, high = map(int, file.read().split())
            return low, high
    except (OSError, ValueError):
        return 32768, 60999


def _reserved() -> frozenset[int]:
    """Return the ports that the administrator keeps for services: `8080,9000-9010`."""
    ports: set[int] = set()
    with (
        contextlib.suppress(OSError, ValueError),
        open("/proc/sys/net/ipv4/ip_local_reserved_ports", encoding="ascii") as file,
    ):
        for part in filter(None, file.read().strip().split(",")):
            first, _, last = part.partition("-")
            ports.update(range(int(first), int(last or first) + 1))
    return frozenset(ports)


def _directory() -> str:
    """Return the directory of the lock files: one for all users of the machine."""
    reasons = []
    for place in _PLACES:
        path = os.path.join(place, _DIRECTORY)
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path)
                # Others add files, and may not remove ours: as in /tmp.
                os.chmod(path, 0o1777)  # noqa: S103
            if stat.S_ISDIR(os.lstat(path).st_mode) and os.access(path, os.W_OK | os.X_OK):
                return path
            reasons.append(f"{path} cannot be written")
        except OSError as error:
            reasons.append(f"{path}: {error.strerror}")
    raise NoFreePortError(
        f"ports cannot be leased, since there is no place for their locks ({'; '.join(reasons)});"
        " make one of the directories writable for everybody"
    )


def _lock(directory: str, port: int) -> int | None:
    """Lock a port's file; return the descriptor that holds the lock, None when it is taken.

    Within the process as well: each call opens the file anew, and flock belongs to the opening.
    """
    path = os.path.join(directory, str(port))
    try:
        try:
            flags = os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o644)
        except FileExistsError:
            # Without O_CREAT, which the kernel forbids for a file of another user here.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_free(port: int, *, udp: bool) -> bool:
    """Whether a server could bind the port on every address, even without SO_REUSEADDR."""
    kinds = [socket.SOCK_STREAM, *([socket.SOCK_DGRAM] if udp else [])]
    for kind in kinds:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
            try:
                probe = socket.socket(family, kind)
            except OSError:
                # A machine without IPv6 has no port there that could be taken.
                continue
            with probe:
                try:
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind((address, port))
                except OSError as error:
                    if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                        continue
                    return False
    return True


_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""IPv6 is compiled in and switched off."""
