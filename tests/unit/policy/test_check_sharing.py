"""A check that two processes share finds what one finds, also when the child fails."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from surefoot.policy.static import check as checking
from surefoot.policy.static import scanning, sharing
from surefoot.policy.static.catalog import RULES
from surefoot.policy.static.check import Report, Request, check


def _suite(root: Path, *, broken: bool = False) -> None:
    steps = root / "features" / "steps"
    steps.mkdir(parents=True)
    for number in range(30):
        lines = ["import time", "from behave import given, when", ""]
        for step in range(12):
            lines += [f"@given('thing {number} has {step}')", "def step(context):"]
            lines += ["    time.sleep(1)" if step == 5 else "    pass", ""]
        if number in {3, 27}:
            lines += ["@when('both say this')", "def both(context):", "    pass", ""]
        if broken and number in {4, 26}:
            lines += ["def broken(:", ""]
        (steps / f"s{number:02}.py").write_text("\n".join(lines), encoding="utf-8")
        (root / "features" / f"f{number:02}.feature").write_text(
            f"Feature: f{number}\n  Scenario: s\n    Given thing {number} has 1\n"
            f"    When nobody defines {number}\n",
            encoding="utf-8",
        )
    if broken:
        (steps / "s28.py").write_bytes(b"# \xff\n")
    (root / "features" / "f29.feature").write_bytes(b"Feature: \xff\n")


def _found(root: Path, processes: int) -> Report:
    severities = {code: rule.severity for code, rule in RULES.items()}
    return check(Request(cwd=str(root), severities=severities, cache=False, processes=processes))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_ENOUGH", 1)
    monkeypatch.setattr(checking, "_ENOUGH", 1)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("broken", [False, True])
def test_two_processes_find_what_one_finds(tmp_path: Path, broken: bool) -> None:
    _suite(tmp_path, broken=broken)
    alone, shared = _found(tmp_path, 1), _found(tmp_path, 2)
    assert shared.found == alone.found
    assert (shared.features, shared.scenarios, shared.modules, shared.notes) == (
        alone.features,
        alone.scenarios,
        alone.modules,
        alone.notes,
    )
    codes = {found.finding.rule for found in shared.found}
    # Where a module cannot be read, nobody can say that a step is undefined.
    assert {"SF010", "SF103", "SF203" if broken else "SF101"} <= codes


@pytest.mark.usefixtures("small")
def test_the_child_takes_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _suite(tmp_path)
    parts: list[int] = []

    def counted(theirs: Callable[[], bytes], ours: Callable[[], None]) -> tuple[bytes | None, None]:
        data, done = sharing.beside(theirs, ours)
        parts.append(len(data or b""))
        return data, done

    monkeypatch.setattr(scanning, "beside", counted)
    monkeypatch.setattr(checking, "beside", counted)
    _found(tmp_path, 2)
    assert len(parts) == 2
    assert all(parts)


@pytest.mark.usefixtures("small")
def test_what_a_failed_child_did_not_do_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _suite(tmp_path)
    alone = _found(tmp_path, 1)
    monkeypatch.setattr(os, "fork", _fork_into_failure(os.fork))
    assert _found(tmp_path, 2).found == alone.found


def _fork_into_failure(fork: Callable[[], int]) -> Callable[[], int]:
    def failing() -> int:
        pid = fork()
        if pid == 0:
            os._exit(9)
        return pid

    return failing


def test_an_error_in_the_child_is_no_result() -> None:
    def fails() -> bytes:
        raise ValueError

    assert sharing.beside(fails, lambda: 7) == (None, 7)


def test_the_child_is_awaited_when_this_process_fails() -> None:
    def fails() -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        sharing.beside(lambda: b"x", fails)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
