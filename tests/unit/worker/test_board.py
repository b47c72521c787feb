"""The board shows the other side where a worker is, and takes one request back."""

import struct
from pathlib import Path

from surefoot.worker.board import Board, Place


def test_the_other_side_sees_every_place(tmp_path: Path) -> None:
    reader = Board.create(str(tmp_path / "board"))
    writer = Board.open(str(tmp_path / "board"))
    assert reader.read().place is Place.IDLE
    writer.unit(7)
    writer.scenario(3)
    writer.step(2)
    position = reader.read()
    assert (position.place, position.unit, position.scenario, position.step) == (
        Place.STEP,
        7,
        3,
        2,
    )
    assert position.unit_since <= position.scenario_since <= position.since
    writer.at(Place.SCENARIO_HOOK, "after_scenario")
    position = reader.read()
    assert (position.place, position.name, position.scenario) == (
        Place.SCENARIO_HOOK,
        "after_scenario",
        3,
    )
    writer.scenario(-1)
    assert reader.read().scenario == -1
    assert reader.read().scenario_since == 0.0
    writer.close()
    reader.close()


def test_schedules_are_counted_while_a_scenario_is_explored(tmp_path: Path) -> None:
    reader = Board.create(str(tmp_path / "board"))
    writer = Board.open(str(tmp_path / "board"))
    assert reader.read().schedules == -1
    writer.scenario(3)
    writer.explored(0)
    assert reader.read().schedules == 0
    writer.step(1)
    writer.explored(41)
    writer.step(2)
    assert (reader.read().schedules, reader.read().step) == (41, 2)
    writer.scenario(4)
    assert reader.read().schedules == -1
    writer.close()
    reader.close()


def test_a_stop_request_reaches_the_worker_and_can_be_taken_back(tmp_path: Path) -> None:
    reader = Board.create(str(tmp_path / "board"))
    writer = Board.open(str(tmp_path / "board"))
    assert not writer.stop_requested
    reader.request_stop()
    writer.at(Place.BETWEEN)
    assert writer.stop_requested
    reader.clear_stop()
    assert not writer.stop_requested
    writer.close()
    reader.close()


def test_a_long_name_is_cut_and_not_torn(tmp_path: Path) -> None:
    board = Board.create(str(tmp_path / "board"))
    board.at(Place.LOADING, "é" * 100)
    assert board.read().name.startswith("é" * 30)
    board.close()


def test_what_is_being_written_is_not_read(tmp_path: Path) -> None:
    board = Board.create(str(tmp_path / "board"))
    writer = Board.open(str(tmp_path / "board"))
    writer.unit(7)
    writer.scenario(2)
    whole = board.read()
    # The writer is stopped between two bytes: an odd number, and fields that are still zero.
    half = struct.pack("<IIIiiddd72s", 101, Place.STEP, 7, 2, 0, 0.0, 0.0, 0.0, b"")
    with open(tmp_path / "board", "r+b") as file:
        file.write(half)
    assert board.read() == whole
    with open(tmp_path / "board", "r+b") as file:
        file.write(bytes(len(half)))
    assert board.read() == whole
    writer.step(0)
    assert board.read().place is Place.STEP
    board.close()
