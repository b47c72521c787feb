"""Leaks: what is one, what is none, and who left it."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from surefoot.config.settings import LEAK_KINDS
from surefoot.isolation import leaks, origins
from surefoot.isolation.leaks import KINDS, Leak, Look
from surefoot.isolation.origins import Origins


@pytest.fixture(autouse=True)
def no_longer_noted() -> Iterator[None]:
    yield
    origins.end()


def left(look: Look, *, failed: bool = False, allow: tuple[str, ...] = ()) -> list[Leak]:
    return look.leaks(failed=failed, allow=allow)


def test_the_option_knows_the_kinds() -> None:
    assert LEAK_KINDS == KINDS


def test_nothing_is_nothing() -> None:
    assert left(Look()) == []


def test_a_thread_that_is_ending_gets_a_moment() -> None:
    go = threading.Event()
    look = Look()
    thread = threading.Thread(target=go.wait)
    thread.start()
    # Released while the look waits, by one that was there before.
    releaser = threading.Timer(0, go.set)
    releaser.start()
    assert left(look) == []
    thread.join()
    releaser.join()


def test_what_a_thread_of_before_makes_is_not_of_the_scenario(tmp_path: Path) -> None:
    work: list[object] = []
    begin, done, end = threading.Event(), threading.Event(), threading.Event()

    def server() -> None:
        begin.wait(10)
        work.append((tmp_path / "log").open("w"))
        work.append(socket.socket())
        inner = threading.Thread(target=end.wait)
        work.append(inner)
        inner.start()
        work.append(subprocess.Popen(["sleep", "20"]))
        os.environ["OF_THE_SERVER"] = "1"
        done.set()

    before = threading.Thread(target=server)
    before.start()
    look = Look()
    begin.set()
    assert done.wait(10)
    try:
        assert left(look) == []
    finally:
        end.set()
        before.join()
        file, sock, inner, process = work
        file.close()  # type: ignore[attr-defined]
        sock.close()  # type: ignore[attr-defined]
        inner.join()  # type: ignore[attr-defined]
        process.kill()  # type: ignore[attr-defined]
        process.wait()  # type: ignore[attr-defined]
        del os.environ["OF_THE_SERVER"]


def test_what_a_thread_of_the_scenario_makes_is_of_the_scenario(tmp_path: Path) -> None:
    files: list[object] = []
    look = Look()
    outer = threading.Thread(
        target=lambda: files.append((tmp_path / "log").open("w", encoding="utf-8"))
    )
    outer.start()
    outer.join()
    (leak,) = left(look)
    files[0].close()  # type: ignore[attr-defined]
    assert leak.rule == "SF423"
    assert leak.origin.file.endswith("test_leaks.py")
    assert leak.origin.line


def test_after_a_failure_open_files_are_not_looked_for(tmp_path: Path) -> None:
    look = Look()
    with (tmp_path / "log").open("w"):
        assert left(look, failed=True) == []


class Knot:
    """Holds a socket, and itself."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.itself = self

    def __del__(self) -> None:
        self.socket.close()


def test_a_file_that_is_reached_by_a_cycle_only_is_collected() -> None:
    look = Look()
    Knot()
    assert left(look) == []


def test_a_child_that_ended_and_one_that_runs(tmp_path: Path) -> None:
    look = Look()
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    running = subprocess.Popen(["sleep", "20"])
    try:
        (leak,) = left(look)
    finally:
        running.kill()
        running.wait()
        ended.wait()
    assert (leak.rule, leak.name) == ("SF422", "sleep")
    assert leak.origin.function == "test_a_child_that_ended_and_one_that_runs"


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [(None, "1", "set"), ("1", None, "removed"), ("1", "2", "changed")],
)
def test_variables(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None, verb: str
) -> None:
    def put(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv("SHOP_KEY", raising=False)
        else:
            monkeypatch.setenv("SHOP_KEY", value)

    put(before)
    look = Look()
    put(after)
    (leak,) = left(look)
    assert leak.message == (
        f"a scenario {verb} the environment variable SHOP_KEY, from put"
        if leak.origin.function == "put"
        else f"a scenario {verb} the environment variable SHOP_KEY, from {leak.origin.function}"
    )
    assert leak.evidence == ()


def test_what_is_allowed_is_left_out_and_costs_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look()
    monkeypatch.setenv("AWS_REGION", "x")
    monkeypatch.setenv("OTHER", "x")
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="pool-7")
    thread.start()
    try:
        found = left(look, allow=("thread:pool-*", "env:AWS_*"))
    finally:
        end.set()
        thread.join()
    assert [leak.name for leak in found] == ["OTHER"]


def test_what_is_known_is_told_again_without_a_wait() -> None:
    end = threading.Event()
    look = Look()
    thread = threading.Thread(target=end.wait)
    thread.start()
    asked: list[float] = []
    try:
        (leak,) = left(look)
        look = Look()
        again = threading.Thread(target=end.wait)
        again.start()
        with mock.patch.object(leaks, "_REAL", (lambda: 0.0, asked.append)):
            (second,) = look.leaks(failed=False, known={leak.message})
    finally:
        end.set()
        thread.join()
        again.join()
    assert second.message == leak.message
    assert asked == []


def test_the_directory_may_be_gone(tmp_path: Path) -> None:
    here = os.getcwd()
    look = Look()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        (leak,) = left(look)
    finally:
        os.chdir(here)
    assert leak.rule == "SF426"
    assert leak.evidence == (f"was {here}, is removed",)


def test_signals_and_log_handlers() -> None:
    def on_signal(number: int, frame: object) -> None:
        return

    look = Look()
    before = signal.signal(signal.SIGUSR2, on_signal)
    handler = logging.NullHandler()
    logging.getLogger("shop.till").addHandler(handler)
    try:
        first, second = left(look)
    finally:
        signal.signal(signal.SIGUSR2, before)
        logging.getLogger("shop.till").removeHandler(handler)
    assert (first.rule, first.name) == ("SF429", "SIGUSR2")
    assert "on_signal (" in first.message
    assert (second.rule, second.name) == ("SF430", "shop.till")


class Till:
    """To be patched."""

    def open(self) -> str:
        return "opened"

    @staticmethod
    def close() -> None:
        return


count = 0
table: dict[str, int] = {}


def price() -> int:
    return 3


@pytest.fixture
def users_module(monkeypatch: pytest.MonkeyPatch) -> str:
    """This module, as one of the user's."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return __name__


def patched(look: Look) -> list[str]:
    return [leak.name for leak in left(look) if leak.rule == "SF428"]


def test_patches_that_were_stopped_are_none(users_module: str) -> None:
    look = Look()
    with mock.patch.object(Till, "open"), mock.patch("time.sleep"), mock.patch("os.getcwd"):
        pass
    assert patched(look) == []


def test_patches_that_were_not_stopped(users_module: str) -> None:
    look = Look()
    patches: list[Any] = [
        mock.patch("time.sleep"),
        mock.patch(f"{users_module}.price"),
        mock.patch.object(Till, "open"),
        mock.patch.object(Till, "close"),
        mock.patch.dict("os.environ", {}),
        mock.patch("xml.dom.minidom.parse"),
    ]
    for item in patches:
        item.start()
    try:
        found = patched(look)
    finally:
        for item in patches:
            item.stop()
    assert set(found) >= {
        "time.sleep",
        f"{users_module}.price",
        f"{users_module}.Till.open",
        f"{users_module}.Till.close",
        "xml.dom.minidom.parse",
    }


def test_plain_values_change_in_the_course_of_things(users_module: str) -> None:
    look = Look()
    module = sys.modules[users_module]
    module.count = 5  # type: ignore[attr-defined]
    module.table = {}  # type: ignore[attr-defined]
    assert patched(look) == []


def test_values_that_cannot_be_compared_hide_nothing(users_module: str) -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

        __hash__ = None  # type: ignore[assignment]

    module = sys.modules[users_module]
    original = module.price
    with mock.patch.object(module, "table", Odd()):
        look = Look()
        module.table = Odd()  # type: ignore[attr-defined]
        module.price = lambda: 4  # type: ignore[attr-defined]
        try:
            assert patched(look) == [f"{users_module}.price"]
        finally:
            module.price = original  # type: ignore[attr-defined]


def test_a_place_is_the_innermost_of_the_user() -> None:
    frame = sys._getframe()
    origin = Origins().here(frame)
    assert origin.function == "test_a_place_is_the_innermost_of_the_user"
    assert not Path(origin.file).is_absolute()


@pytest.mark.parametrize(
    ("text", "stable"),
    [
        ("/tmp/sf-ab12cd34/w0/t/x.log", "/tmp…/x.log"),
        ("/tmp/sf-ab12cd34/w0/s123.4/shop-1.sqlite", "/tmp…/shop-1.sqlite"),
        ("/tmp/tmpab12cd34", "/tmp/tmp…"),
        ("/tmp/template", "/tmp/template"),
    ],
)
def test_a_message_has_nothing_that_differs_each_time(text: str, stable: str) -> None:
    assert leaks._stable(text) == stable


def test_an_odd_event_changes_nothing() -> None:
    origins.begin()
    for event in ("open", "os.putenv", "subprocess.Popen", "socket.__new__", "os.rename"):
        with contextlib.suppress(RuntimeError):
            sys.audit(event)
            sys.audit(event, object())
    assert Look() is not None
