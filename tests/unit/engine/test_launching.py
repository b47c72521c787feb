"""A process that dies between its load and its first unit costs its slot, and not the run."""

import selectors
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

from surefoot.engine.launching import Launching
from surefoot.engine.loading import Site
from surefoot.engine.slots import Loading, Slot, Vacant
from surefoot.worker.board import Board
from surefoot.worker.protocol import channel_pair


class _Told:
    """Stands for the results and for the coordinator."""

    stopping = ""

    def __init__(self) -> None:
        self.notices: list[tuple[str, str]] = []
        self.lost = 0

    def notice(self, code: str, text: str) -> None:
        self.notices.append((code, text))

    def unusable(self) -> None:
        self.lost += 1


def test_a_process_that_is_gone_when_it_is_to_become_a_worker(tmp_path: Path) -> None:
    ours, theirs = channel_pair()
    told = _Told()
    with subprocess.Popen([sys.executable, "-c", ""], process_group=0) as process:
        selector = selectors.DefaultSelector()
        site = Site(ours, process.pid, Board.create(str(tmp_path / "load")), str(tmp_path), 0.0)
        slot = Slot(1)
        slot.board = Board.create(str(tmp_path / "board"))
        slot.site = site
        slot.move(Loading(0.0))
        selector.register(ours, selectors.EVENT_READ)
        plan: Any = types.SimpleNamespace(jobs=1)
        any_: Any = told
        launching = Launching(plan, site, any_, any_, selector, any_)
        theirs.close()
        launching._become(slot, site)
        assert not selector.get_map()
        selector.close()
    assert isinstance(slot.state, Vacant)
    assert slot.state.closed
    assert told.lost == 1
    (notice,) = told.notices
    assert notice == (
        "degraded-workers",
        "worker 1: its process ended when it had loaded the suite",
    )
