"""Frames arrive whole and in order, whatever the sizes of the reads."""

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.worker.protocol import (
    Channel,
    ConnectionLostError,
    Fork,
    Forked,
    Message,
    Quit,
    RunUnit,
    channel_pair,
    pack,
)

MESSAGES = st.one_of(
    st.just(Quit()),
    st.builds(Forked, worker=st.integers(-1, 99), pid=st.integers(1, 1 << 22)),
    st.builds(
        RunUnit,
        serial=st.integers(0, 1 << 30),
        feature=st.integers(0, 1 << 20),
        paths=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=5),
        complete=st.booleans(),
        attempt=st.integers(1, 5),
    ),
)


@given(
    frames=st.lists(st.tuples(MESSAGES, st.binary(max_size=300)), max_size=8),
    cut=st.integers(1, 64),
)
def test_frames_survive_any_split(frames: list[tuple[Message, bytes]], cut: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours)
        data = b"".join(pack(message, body) for message, body in frames)
        received: list[tuple[Message, bytes]] = []
        for start in range(0, len(data), cut):
            theirs.sendall(data[start : start + cut])
            got, closed = channel.drain()
            assert not closed
            received += got
        assert received == frames


def test_descriptors_come_with_their_frame() -> None:
    ours, theirs = channel_pair()
    other = Channel(theirs)
    read, write = os.pipe()
    ours.send(Fork(3, "board"), descriptors=[write])
    os.close(write)
    message, _, descriptors = other.receive_with_descriptors()
    assert message == Fork(3, "board")
    os.write(descriptors[0], b"x")
    assert os.read(read, 1) == b"x"
    for descriptor in (read, *descriptors):
        os.close(descriptor)
    ours.close()
    with pytest.raises(ConnectionLostError):
        other.receive()
    other.close()


def test_a_closed_connection_is_told_after_its_last_frame() -> None:
    ours, theirs = channel_pair()
    theirs.sendall(pack(Quit()))
    theirs.close()
    assert ours.drain() == ([(Quit(), b"")], False)
    assert ours.drain() == ([], True)
    ours.close()


def test_frames_that_came_together_are_not_forgotten() -> None:
    ours, theirs = channel_pair()
    theirs.sendall(pack(Forked(1, 7)) + pack(Quit(), b"body"))
    assert not ours.buffered()
    assert ours.receive() == (Forked(1, 7), b"")
    assert ours.buffered()
    assert ours.receive() == (Quit(), b"body")
    assert not ours.buffered()
    ours.close()
    theirs.close()


def test_a_receiver_that_closes_at_once_has_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = channel_pair()
    other = Channel(theirs)
    got: list[Message] = []
    send_fds = socket.send_fds

    def send_then_close(*arguments: object) -> int:
        sent = send_fds(*arguments)  # type: ignore[arg-type]
        message, _, descriptors = other.receive_with_descriptors()
        got.append(message)
        os.close(descriptors[0])
        other.close()
        return sent

    monkeypatch.setattr(socket, "send_fds", send_then_close)
    with open(os.devnull, "rb") as file:
        ours.send(Fork(3, "board"), descriptors=[file.fileno()])
    assert got == [Fork(3, "board")]
    ours.close()
