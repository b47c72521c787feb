"""Five bugs of two threads each, in the one form that every contestant of `bench.threads` takes.

A case is made, its `first` and `second` run at once, and `check` says whether all is well.
Imports the standard library only: it is loaded by other tools' interpreters too.
"""

import os
import shutil
import tempfile
import threading
from typing import Protocol

tempfile.gettempdir()  # looked for once, as in any process that has made a temporary file before


class Case(Protocol):
    """A state that two threads change."""

    def first(self) -> None: ...

    def second(self) -> None: ...

    def check(self) -> bool: ...


class LostUpdate:
    """`n += 1` without a lock."""

    def __init__(self) -> None:
        self.n = 0

    def first(self) -> None:
        self.n += 1

    second = first

    def check(self) -> bool:
        return self.n == 2


class HalfMoved:
    """An item between two maps, looked for without the lock under which it moves."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.hot = {"item": 1}
        self.cold: dict[str, int] = {}
        self.found: list[bool] = []

    def first(self) -> None:
        with self.lock:
            value = self.hot.pop("item")
            self.cold["item"] = value

    def second(self) -> None:
        self.found.append("item" in self.hot or "item" in self.cold)

    def check(self) -> bool:
        return self.found == [True]


class ChangedSize:
    """A dictionary that grows while another thread goes through it."""

    def __init__(self) -> None:
        self.names = {1: "a", 2: "b", 3: "c"}
        self.listed: list[int] = []
        self.error = ""

    def first(self) -> None:
        try:
            for number in self.names:
                self.listed.append(number)  # one step a number
        except RuntimeError as error:
            self.error = str(error)

    def second(self) -> None:
        self.names[4] = "d"

    def check(self) -> bool:
        return not self.error


class CheckThenAct:
    """A file name that is free when it is looked for."""

    def __init__(self) -> None:
        self.directory = tempfile.mkdtemp()
        self.made: list[str] = []

    def first(self) -> None:
        number = 0
        while os.path.exists(os.path.join(self.directory, str(number))):
            number += 1
        path = os.path.join(self.directory, str(number))
        with open(path, "w", encoding="ascii") as file:
            file.write("x")
        self.made.append(path)

    second = first

    def check(self) -> bool:
        shutil.rmtree(self.directory, ignore_errors=True)
        return len(set(self.made)) == 2


class Deadlock:
    """Two locks taken in both orders; what could wait for ever gives up after a second."""

    def __init__(self) -> None:
        self.a = threading.Lock()
        self.b = threading.Lock()
        self.done: list[int] = []

    def first(self) -> None:
        with self.a, self.b:
            self.done.append(1)

    def second(self) -> None:
        with self.b, self.a:
            self.done.append(2)

    def check(self) -> bool:
        return len(self.done) == 2


CASES: dict[str, type[Case]] = {
    "lost update": LostUpdate,
    "half moved item": HalfMoved,
    "changed size": ChangedSize,
    "check then act": CheckThenAct,
    "deadlock": Deadlock,
}


def run(kind: type[Case], timeout: float | None = None) -> None:
    """Run a case once, its threads at once; raise AssertionError if it went wrong."""
    case = kind()
    threads = [
        threading.Thread(target=case.first, name="first", daemon=True),
        threading.Thread(target=case.second, name="second", daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    assert case.check(), kind.__name__
