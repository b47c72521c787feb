"""The self-test: a patch that does not hold is named, and nothing is left behind."""

import _thread
import sys
import threading
import time
from typing import Any

import pytest

from surefoot.modelled import ModelledError, modelled, patches, real, selecting, selftest, session
from surefoot.modelled.core import LIVE, MEMBERS
from surefoot.modelled.selftest import JumpAtOnce


def test_it_holds_here() -> None:
    assert selftest.run(session._session) == ""
    assert time.sleep is real.SYSTEM["sleep"]


def _without(monkeypatch: pytest.MonkeyPatch, *originals: Any) -> None:
    """Leave out the replacement of some things, as if a new Python had moved them."""
    full = patches.replaced
    gone = {id(original) for original in originals}
    monkeypatch.setattr(
        patches, "replaced", lambda: {k: v for k, v in full().items() if k not in gone}
    )
    monkeypatch.setattr(patches, "PATCHES", patches.Patches())
    monkeypatch.setattr(session, "PATCHES", patches.PATCHES)


@pytest.mark.parametrize(
    ("originals", "named"),
    [
        ((real.SYSTEM["sleep"],), "clocks and time.sleep"),
        ((real.SYSTEM["monotonic"],), "time.monotonic did not follow"),
        ((_thread.allocate_lock, threading.Lock), "locks"),
        (
            (_thread.start_new_thread, getattr(_thread, "start_joinable_thread", None)),
            "the replacement of threads",
        ),
    ],
)
def test_what_does_not_hold_is_named(
    monkeypatch: pytest.MonkeyPatch, originals: tuple[Any, ...], named: str
) -> None:
    _without(monkeypatch, *originals)
    sentence = selftest.run(session._session)
    assert named in sentence
    assert "cannot be used on this Python" in sentence
    assert not LIVE
    assert not MEMBERS


def test_a_selector_that_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        selecting,
        "selector_select",
        lambda original: original,
    )
    assert "selectors" in selftest.run(session._session)


def test_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_verdict", [])
    monkeypatch.setattr(selftest, "run", lambda _: "virtual time cannot be used: x")
    with pytest.raises(ModelledError, match="cannot be used: x"), modelled(JumpAtOnce()):
        pass


def test_it_refuses_a_build_without_the_global_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert "without the global lock" in selftest.run(session._session)
