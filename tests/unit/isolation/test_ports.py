"""Leased ports: nobody else gets them, whatever process asks."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from surefoot.isolation import ports, scope
from surefoot.isolation.ports import NoFreePortError, free_port, lease_ports


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(ports, "_PLACES", (str(tmp_path),))
    yield tmp_path
    scope.close_scenario(failed=False)


def only(monkeypatch: pytest.MonkeyPatch, *few: int) -> None:
    monkeypatch.setattr(ports, "_candidates", lambda: iter(few))


def test_leased_ports_can_be_bound_and_lie_outside_of_outgoing_ones() -> None:
    low, high = ports._outgoing()
    with lease_ports(3) as lease:
        assert len(set(lease.ports)) == 3
        for port in lease.ports:
            assert not low <= port <= high
            with socket.socket() as server:
                server.bind(("127.0.0.1", port))


def test_a_port_is_given_out_again_only_after_its_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = lease_ports(2).ports
    only(monkeypatch, first, second)
    with pytest.raises(NoFreePortError, match="1 free ports were asked for and 0 were found"):
        lease_ports(1)


def test_another_process_does_not_get_a_leased_port(own_directory: Path) -> None:
    lease = lease_ports(2)
    program = f"""
from surefoot.isolation import ports
ports._PLACES = ({str(own_directory)!r},)
ports._candidates = lambda: iter({lease.ports!r})
try:
    print(ports.lease_ports(1).ports)
except ports.NoFreePortError as error:
    print("none")
"""

    def ask() -> str:
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()

    assert ask() == "none"
    lease.release()
    assert ask() == f"({lease.ports[0]},)"


def test_a_forked_server_holds_the_lease_on_after_its_parent_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lease = lease_ports(1)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        lease.release()  # of the parent: does nothing here
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    lease.release()
    only(monkeypatch, *lease.ports)
    try:
        with pytest.raises(NoFreePortError):
            lease_ports(1)
    finally:
        os.close(writer)
        os.waitpid(pid, 0)
    assert lease_ports(1).ports == lease.ports


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_somebody_listens_on_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, kind: socket.SocketKind
) -> None:
    with lease_ports(2, udp=True) as lease:
        busy, free = lease.ports
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", busy))
        only(monkeypatch, busy, free)
        assert lease_ports(1, udp=True).ports == (free,)


def test_a_scenario_ends_its_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    scope.open_scenario(scope.Scenario("a", ""))
    port = free_port()
    only(monkeypatch, port)
    with pytest.raises(NoFreePortError):
        free_port()
    scope.close_scenario(failed=True)
    assert free_port() == port


def test_an_early_release_leaves_nothing_to_the_scenario_s_end() -> None:
    scope.open_scenario(scope.Scenario("a", ""))
    with lease_ports(1):
        assert len(scope._state.of_scenario) == 1
    assert scope._state.of_scenario == []


def test_bad_numbers_and_places_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoFreePortError, match="ask for at least one"):
        lease_ports(0)
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(ports, "_PLACES", (str(tmp_path / "file"), str(tmp_path / "gone")))
    with pytest.raises(NoFreePortError, match=r"no place for their locks.*make one"):
        free_port()


def test_a_link_in_the_place_of_a_lock_is_not_followed(
    own_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lease_ports(1) as lease:
        (port,) = lease.ports
    file = own_directory / "surefoot-ports" / str(port)
    file.unlink()
    file.symlink_to(own_directory / "elsewhere")
    only(monkeypatch, port)
    with pytest.raises(NoFreePortError):
        free_port()
    assert not (own_directory / "elsewhere").exists()
