"""Starts worker processes: forked from the zygote, or each from a process of its own.

A slot has a process of its own (a *site*) where nothing may be forked from the common zygote:
its suite left threads running, or the worker has a private tree that it must load from.
"""

import os
import selectors
import signal
import time
from typing import Protocol

from surefoot.engine.loading import Site, end_site, start_load
from surefoot.engine.results import Results
from surefoot.engine.slots import Loading, Slot, Starting, Vacant
from surefoot.engine.terms import Plan, Sites
from surefoot.events.events import WorkerStarted
from surefoot.worker import processes
from surefoot.worker.board import Board, Place
from surefoot.worker.protocol import (
    Become,
    ConnectionLostError,
    Fork,
    Loaded,
    LoadError,
    Message,
    channel_pair,
)

_monotonic = time.monotonic


class Floor(Protocol):
    """What launching needs of the coordinator."""

    @property
    def stopping(self) -> str:
        """Why nothing new begins; empty while the run goes on."""

    def from_worker(self, slot: Slot) -> None:
        """A worker's socket has something."""

    def site_message(self, message: Message, body: bytes) -> None:
        """A zygote said something that is not of its load."""

    def gone(self, slot: Slot, status: int) -> None:
        """A worker process has ended."""

    def unusable(self) -> None:
        """A slot can have no worker any more."""

    def site_lost(self) -> None:
        """The common zygote is gone."""


class Launching:
    """Starts and follows processes until they are workers."""

    def __init__(
        self,
        plan: Plan,
        site: Site,
        sites: Sites,
        results: Results,
        selector: selectors.BaseSelector,
        floor: Floor,
    ) -> None:
        self._plan = plan
        self._site = site
        self._sites = sites
        self._results = results
        self._selector = selector
        self._floor = floor
        self.by_pid: dict[int, Slot] = {}

    def start(self, slot: Slot) -> None:
        """Begin to start a worker in a vacant slot."""
        slot.units_run = 0
        slot.ready = False
        if slot.board is None:
            slot.board = Board.create(os.path.join(self._plan.run_dir, f"board-{slot.number}"))
        slot.board.clear_stop()
        slot.board.at(Place.IDLE)
        if not self._plan.own_sites:
            slot.site = self._site
            self._fork(slot, self._site)
            return
        if isinstance(slot.site, Site) and self._plan.fork:
            self._fork(slot, slot.site)
            return
        channel, pid, load = self._sites.start(slot.number)
        slot.site = start_load(channel, pid, load)
        slot.move(Loading(_monotonic()))
        self._selector.register(channel, selectors.EVENT_READ, lambda _: self._from_own(slot))

    def started(self, slot: Slot, pid: int) -> None:
        """The process of a slot exists."""
        slot.pid = pid
        self.by_pid[pid] = slot
        self._results.emit(WorkerStarted(self._results.at(), slot.number, pid))

    def drop(self, slot: Slot, site: Site) -> None:
        """End a slot's own process, whatever it was doing."""
        self._selector.unregister(site.channel)
        end_site(site)
        slot.site = None
        if isinstance(slot.state, Loading):
            slot.move(Vacant(closed=True))
            self._floor.unusable()
        elif not isinstance(slot.state, Vacant):
            self.by_pid.pop(slot.pid, None)
            self._floor.gone(slot, signal.SIGKILL)

    def reap(self, slot: Slot, *, wait: bool) -> bool:
        """Look whether a worker that is a process of our own has ended; return whether it had.

        With `wait` its socket is closed, so that its end is near, and is hastened.
        """
        site = slot.site
        if self._plan.fork or not slot.pid or not isinstance(site, Site):
            return False
        status = processes.await_end(site.pid, 2.0) if wait else processes.reap(site.pid)
        if status is None and wait:
            processes.kill(site.pid)
            status = processes.await_end(site.pid, 2.0) or signal.SIGKILL
        if status is None:
            return False
        self.by_pid.pop(site.pid, None)
        site.board.close()
        slot.site = None
        self._floor.gone(slot, status)
        return True

    def _fork(self, slot: Slot, site: Site) -> None:
        assert slot.board is not None
        ours, theirs = channel_pair()
        tree = self._sites.tree(slot.number)
        message = Fork(slot.number, slot.board.path, self._plan.jobs, tree)
        try:
            site.channel.send(message, descriptors=[theirs.fileno()])
        except ConnectionLostError:
            ours.close()
            self._floor.site_lost()
            return
        finally:
            theirs.close()
        slot.channel = ours
        slot.pid = 0
        slot.move(Starting(_monotonic()))
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._floor.from_worker(slot))

    def _become(self, slot: Slot, site: Site) -> None:
        """Let a slot's own process become its worker (no fork)."""
        assert slot.board is not None
        ours, theirs = channel_pair()
        message = Become(slot.number, slot.board.path, self._plan.jobs)
        try:
            site.channel.send(message, descriptors=[theirs.fileno()])
        except ConnectionLostError:
            ours.close()
            self._tell(slot, "its process ended when it had loaded the suite")
            self.drop(slot, site)
            return
        finally:
            theirs.close()
        self._selector.unregister(site.channel)
        slot.channel = ours
        slot.move(Starting(_monotonic()))
        self._selector.register(ours, selectors.EVENT_READ, lambda _: self._floor.from_worker(slot))
        self.started(slot, site.pid)

    def _from_own(self, slot: Slot) -> None:
        site = slot.site
        assert isinstance(site, Site)
        frames, closed = site.channel.drain()
        for message, body in frames:
            if isinstance(message, Loaded):
                if not isinstance(slot.state, Loading):
                    continue
                if self._floor.stopping:
                    self.drop(slot, site)
                    return
                if not self._plan.fork:
                    self._become(slot, site)
                    return
                self._fork(slot, site)
            elif isinstance(message, LoadError):
                self._tell(slot, f"could not load the suite: {message.message}")
                self.drop(slot, site)
                return
            else:
                self._floor.site_message(message, body)
        if closed:
            if isinstance(slot.state, Loading):
                self._tell(slot, "its process ended while it loaded the suite")
            self.drop(slot, site)

    def _tell(self, slot: Slot, text: str) -> None:
        self._results.notice("degraded-workers", f"worker {slot.number}: {text}")
