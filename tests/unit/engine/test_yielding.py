"""While workers run, the coordinator waits for its turn on the processor, and only then."""

import os
import sys

import pytest

from surefoot.engine.yielding import yielding

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's scheduling policies")


def test_the_policy_lasts_for_the_block() -> None:
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    with yielding(inherited=False):
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_processes_that_would_inherit_it_are_spared() -> None:
    with yielding(inherited=True):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_policy_of_the_user_stays() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        with yielding(inherited=False):
            assert os.sched_getscheduler(0) == os.SCHED_IDLE
        assert os.sched_getscheduler(0) == os.SCHED_IDLE
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def test_a_system_that_refuses_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(38, "Function not implemented")

    for name in ("sched_getscheduler", "sched_setscheduler"):
        monkeypatch.setattr(os, name, refuse)
        with yielding(inherited=False):
            pass
