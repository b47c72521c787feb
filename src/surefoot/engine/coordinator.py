"""The coordinator: gives units to workers, watches them, and ends them.

One thread, one loop. It waits for messages, ends of processes, signals and deadlines, and
every wait has an end: each state of a slot has a deadline (`deadlines.py`), and at a deadline
the process is asked for its stacks and then killed. It never imports user code.
"""

import contextlib
import selectors
import signal
import time
from collections.abc import Callable
from typing import Any

from surefoot.engine.ending import Ending, sweep
from surefoot.engine.launching import Launching
from surefoot.engine.loading import Site, end_site
from surefoot.engine.readiness import MAX_STARTS, Readiness
from surefoot.engine.replaying import Replaying
from surefoot.engine.results import Results
from surefoot.engine.settling import Loss, Settling
from surefoot.engine.signals import SignalPipe
from surefoot.engine.slots import (
    Finishing,
    Idle,
    Loading,
    Running,
    Slot,
    Starting,
    Stopping,
    Vacant,
)
from surefoot.engine.terms import Ended, Plan, Sites
from surefoot.engine.watching import Watching
from surefoot.engine.yielding import yielding
from surefoot.events.events import WorkerEnded, WorkerReady
from surefoot.model.outcomes import Outcome
from surefoot.model.units import Unit
from surefoot.plan.queue import UnitQueue
from surefoot.worker import processes
from surefoot.worker.board import Position
from surefoot.worker.protocol import (
    ConnectionLostError,
    Describe,
    Exited,
    Finish,
    Finished,
    Forked,
    Message,
    Ready,
    RunUnit,
    ScenarioDone,
    UnitDone,
)

_monotonic = time.monotonic

TICK = 0.1
"""Seconds between looks at the boards: the precision of deadlines."""


class Coordinator:
    """Runs a plan. Use once."""

    def __init__(
        self, plan: Plan, queue: UnitQueue, site: Site, results: Results, sites: Sites
    ) -> None:
        self.ended = Ended(workers=plan.jobs)
        self._plan = plan
        self._queue = queue
        self._site = site
        self._results = results
        self._sites = sites
        self._selector = selectors.DefaultSelector()
        self._slots = [Slot(number) for number in range(1, plan.jobs + 1)]
        self._serial = 0
        self._signals = 0
        self._stopping = ""
        """Why no further unit is given out; empty while the run goes on."""
        self._kill_at: float | None = None
        self._began = _monotonic()
        self._first_unit: float | None = None
        self._last_unit = 0.0
        self._ending = Ending(plan.run_dir, plan.grace)
        self._settling = Settling(plan.features, plan.run_dir, queue, results)
        self._replaying = Replaying(results.journal)
        self._readiness = Readiness(self._slots, results)
        self._launching = Launching(plan, site, sites, results, self._selector, self)
        self._watching = Watching(plan, results, self._launching, self._ending, self)
        self._described: dict[int, list[bytes]] = {}
        self._made_whole: set[int] = set()
        self._deferred: list[tuple[Message, bytes]] = []

    @property
    def stopping(self) -> str:
        """Why nothing new begins; empty while the run goes on."""
        return self._stopping

    # -- the loop

    def run(self) -> Ended:
        """Run everything; return when every process but the zygote is gone."""
        with SignalPipe() as pipe:
            try:
                self._selector.register(self._site.channel, selectors.EVENT_READ, self._from_site)
                self._selector.register(pipe, selectors.EVENT_READ, self._from_signals)
                if self._plan.replay:
                    self._start_replayer()
                with yielding(inherited=self._plan.own_sites):
                    self._loop(self._working)
                self._results.close_rest()
                if self._replaying.over and self._plan.snippets and self._results.undefined:
                    # behave writes the snippets for undefined steps, formatters or not.
                    self._start_replayer()
                if not self._replaying.over:
                    self._end_replay()
                self._sweep()
            finally:
                self._kill_all()
                self._selector.close()
        ended = self.ended
        ended.replay_problems = self._replaying.problems
        ended.snippets = self._replaying.snippets
        if self._first_unit is not None:
            ended.makespan = self._last_unit - self._first_unit
        ended.aborted = self._stopping
        return ended

    def _loop(self, goes_on: Callable[[], bool]) -> None:
        next_tick = 0.0
        while goes_on():
            if self._deferred or self._site.channel.buffered():
                # Read while the records of a feature were awaited: the socket is quiet again,
                # and the end of a worker told there would never be heard of (seen as a run
                # that did not end, 1 in 75).
                self._from_site(None)
            self._dispatch()
            for key, _ in self._selector.select(TICK):
                key.data(key.fileobj)
            now = _monotonic()
            if now >= next_tick:
                next_tick = now + TICK
                self._look()
                self._results.tick()

    def _working(self) -> bool:
        if not all(isinstance(slot.state, Vacant) for slot in self._slots):
            return True
        return bool(len(self._queue)) and not self._stopping

    # -- giving out units

    def _dispatch(self) -> None:
        for slot in self._slots:
            state = slot.state
            if isinstance(state, Idle):
                self._feed(slot)
            elif isinstance(state, Vacant) and not state.closed:
                self._fill(slot)

    def _fill(self, slot: Slot) -> None:
        """Start a worker in a vacant slot, if there is work for one more."""
        if self._stopping or not len(self._queue):
            return
        coming = sum(isinstance(other.state, Loading | Starting | Idle) for other in self._slots)
        if coming >= len(self._queue):
            return
        self._launching.start(slot)

    def _feed(self, slot: Slot) -> None:
        if self._stopping:
            self._finish(slot)
            return
        unit = self._queue.take(fresh_worker=slot.units_run == 0)
        if unit is not None:
            self._give(slot, unit)
            return
        # With nothing waiting there is nothing more for this process: what running units may
        # still bring (retries, the rest after a crash) goes to a fresh worker anyway. Units
        # that wait for a lock are worth waiting for.
        if not len(self._queue) or (self._queue.wants_fresh and slot.units_run):
            self._finish(slot)

    def _give(self, slot: Slot, unit: Unit) -> None:
        self._serial += 1
        now = _monotonic()
        if self._first_unit is None:
            self._first_unit = now
        assert slot.channel is not None
        slot.units_run += 1
        slot.move(Running(self._serial, unit, now, set()))
        paths = list(unit.paths)
        try:
            slot.channel.send(
                RunUnit(self._serial, unit.feature, paths, unit.complete, unit.attempt, unit.rest)
            )
        except ConnectionLostError:
            # Its end will be told by the zygote, and the unit given out again.
            return

    def _finish(self, slot: Slot) -> None:
        assert slot.channel is not None
        slot.move(Finishing(_monotonic()))
        with contextlib.suppress(ConnectionLostError):
            slot.channel.send(Finish())

    # -- messages

    def _from_site(self, _: Any) -> None:
        deferred, self._deferred = self._deferred, []
        frames, closed = self._site.channel.drain()
        # In the order in which they came.
        for message, body in deferred + frames:
            self.site_message(message, body)
        if closed:
            self.site_lost()

    def site_message(self, message: Message, body: bytes) -> None:
        """Take what a zygote has sent after its load."""
        if isinstance(message, Forked):
            if message.worker < 0:
                self._replaying.pid = message.pid
            else:
                self._launching.started(self._slots[message.worker - 1], message.pid)
        elif isinstance(message, Exited):
            if message.worker < 0:
                self._replayer_gone(message.status)
            elif (slot := self._launching.by_pid.pop(message.pid, None)) is not None:
                self.gone(slot, message.status)
        elif isinstance(message, Describe):
            self._described[message.feature] = body.split(b"\n")

    def from_worker(self, slot: Slot) -> None:
        """Take what a worker has sent."""
        channel = slot.channel
        if channel is None:
            return
        frames, closed = channel.drain()
        for message, body in frames:
            self._worker_message(slot, message, body)
        if closed and slot.channel is channel:
            self._selector.unregister(channel)
            channel.close()
            slot.channel = None
            # Its end is told by its zygote. A process of our own has to be waited for here.
            self._launching.reap(slot, wait=True)

    def _worker_message(self, slot: Slot, message: Message, body: bytes) -> None:
        if isinstance(message, Ready):
            self._ready(slot, message)
        elif isinstance(message, ScenarioDone):
            self._scenario_done(slot, message, body)
        elif isinstance(message, UnitDone):
            self._unit_done(slot, message, body)
        elif isinstance(message, Finished):
            self._finished(slot, message)

    def _ready(self, slot: Slot, message: Ready) -> None:
        self._results.emit(
            WorkerReady(
                self._results.at(),
                slot.number,
                message.seconds,
                message.hook_failed,
                message.output,
            )
        )
        if not isinstance(slot.state, Starting):
            return
        if message.hook_failed:
            self.ended.hook_output.append(message.output)
            self._finish(slot)
            self._readiness.failed(slot, message)
            self.unusable()
        else:
            self._readiness.passed(slot)
            slot.move(Idle(_monotonic()))

    def unusable(self) -> None:
        """End the run when no slot can have a worker any more."""
        if not self._stopping and self._readiness.hopeless():
            self.ended.before_all_failed = True
            self._stop("before_all failed in every worker")

    def _scenario_done(self, slot: Slot, message: ScenarioDone, body: bytes) -> None:
        running = slot.state
        # What a worker says after its deadline does not count: a signal that interrupted the
        # call it hung in may even have made the scenario pass.
        if not isinstance(running, Running) or running.serial != message.unit:
            return
        again = message.path in running.reported
        running.reported.add(message.path)
        retry = self._results.scenario_done(slot.number, running.unit, message, body, again=again)
        if retry is not None:
            self._queue.add(retry)
        if retry is None:
            self._count_failure()

    def _count_failure(self) -> None:
        limit = 1 if self._plan.stop else self._plan.max_fail
        if limit is not None and self._results.tally.bad >= limit and not self._stopping:
            option = "--stop" if self._plan.stop else f"--max-fail {limit}"
            self._stop(f"{self._results.tally.bad} failed ({option})")

    def _unit_done(self, slot: Slot, message: UnitDone, body: bytes) -> None:
        state = slot.state
        if not isinstance(state, Running) or state.serial != message.unit:
            return
        unit = state.unit
        now = _monotonic()
        self._unit_over(now - state.since)
        self._queue.done(unit)
        if message.changed and unit.feature in self._made_whole:
            again = None
        else:
            again = self._results.unit_done(unit, message, body, slot.number)
        if message.changed and again is not None:
            # Hooks change which scenarios there are: the feature runs whole, instead of all
            # that was cut from it.
            self._made_whole.add(unit.feature)
            for _ in self._queue.remove_feature(unit.feature):
                self._results.tally.ledger(unit.feature).units -= 1
        if again is not None and not self._stopping:
            self._queue.add(again)
        self._results.unit_ended(unit.feature)
        slot.move(Idle(now))
        if message.aborted:
            self._aborted(unit, failed=message.failed)
        elif self._plan.fresh_workers:
            self._finish(slot)

    def _unit_over(self, seconds: float) -> None:
        self._last_unit = _monotonic()
        self.ended.unit_seconds.append(seconds)

    def _aborted(self, unit: Unit, *, failed: bool) -> None:
        """User code called `context.abort()`.

        With one worker behave's own way is followed: an aborted runner goes through the
        remaining features without running a scenario, unless the feature failed. Other
        workers begin no further unit.
        """
        self._results.notice("abort", f"context.abort() was called in {self._name(unit.feature)}")
        self.ended.aborted = "aborted by the suite"
        if failed or len(self._slots) > 1:
            self._stop("aborted by the suite")

    def _finished(self, slot: Slot, message: Finished) -> None:
        if isinstance(slot.state, Finishing):
            slot.move(Finishing(_monotonic(), finished=True))
        slot.finished = message
        if slot.ready:
            self.ended.after_all_failed |= message.hook_failed
            self.ended.cleanup_failed |= message.cleanup_failed
        if message.hook_failed or message.cleanup_failed:
            self.ended.hook_output.append(message.output)

    # -- ends of processes

    def gone(self, slot: Slot, status: int) -> None:
        """A worker process has ended."""
        # Read before anything else: its last results are still in the socket, and closing it
        # first would lose them.
        if slot.channel is not None:
            frames, _ = slot.channel.drain()
            for message, body in frames:
                self._worker_message(slot, message, body)
            self._selector.unregister(slot.channel)
            slot.channel.close()
            slot.channel = None
        how = processes.describe_status(status)
        if processes.group_alive(slot.pid):
            processes.kill(slot.pid)
        said = slot.finished
        self._results.emit(
            WorkerEnded(
                self._results.at(),
                slot.number,
                how,
                hook_failed=bool(slot.ready and said and said.hook_failed),
                cleanup_failed=bool(slot.ready and said and said.cleanup_failed),
                output=said.output if said else "",
            )
        )
        slot.finished = None
        state = slot.state
        pid, slot.pid = slot.pid, 0
        if isinstance(state, Running):
            position = slot.board.read() if slot.board else Position()
            reason = f"the worker process died: {how}"
            stacks = self._ending.stacks(slot)
            self._settle(Loss(slot.number, pid, state, position, Outcome.CRASHED, reason, stacks))
        elif isinstance(state, Stopping):
            if state.running is not None:
                stacks = self._ending.taken_stacks(slot)
                self._settle(
                    Loss(
                        slot.number,
                        pid,
                        state.running,
                        state.position,
                        state.outcome,
                        state.reason,
                        stacks,
                    )
                )
        elif isinstance(state, Starting):
            slot.failed_starts += 1
            stacks = self._ending.stacks(slot)
            self._results.notice(
                "degraded-workers",
                f"worker {slot.number} ended ({how}) before it was ready, in"
                f" {slot.board.read().name if slot.board else ''}"
                + (f"\n{stacks}" if stacks else ""),
            )
        elif isinstance(state, Finishing) and not state.finished:
            self.ended.after_all_failed = True
            self.ended.hook_output.append(
                f"worker {slot.number} ended ({how}) in after_all\n{self._ending.stacks(slot)}\n"
            )
        closed = bool(self._stopping) or slot.failed_starts >= MAX_STARTS
        slot.move(Vacant(closed=closed))
        self.unusable()

    def _settle(self, loss: Loss) -> None:
        self._unit_over(_monotonic() - loss.running.since)
        for _ in range(self._settling.settle(loss, stopping=bool(self._stopping))):
            self._count_failure()

    def site_lost(self) -> None:
        """The zygote is gone: nothing can be started, and its workers die with it."""
        if self._site.pid:
            self._site.pid = 0
            self._results.notice(
                "degraded-workers", "the process that starts workers ended; the run ends here"
            )
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._site.channel)
        self._stop("the process that starts workers ended")
        for slot in self._slots:
            if not isinstance(slot.state, Vacant) and slot.site is not None:
                if slot.pid:
                    processes.kill(slot.pid)
                self._launching.by_pid.pop(slot.pid, None)
                if not isinstance(slot.state, Loading):
                    self.gone(slot, signal.SIGKILL)
        self._replayer_gone(signal.SIGKILL)

    # -- deadlines

    def _look(self) -> None:
        now = _monotonic()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_running("interrupted")
            self._kill_at = None
        limit = self._plan.timeouts.run
        patience = self._plan.timeouts.hook
        if patience is not None and self._replaying.waited(now) > patience:
            # A formatter that hangs is user code too.
            processes.kill(self._replaying.pid)
        if limit is not None and now - self._began > limit and not self._stopping:
            self._stop(f"the run did not end within {limit:g} s (--timeout-run)")
            for slot in self._slots:
                if isinstance(slot.state, Running) and slot.pid:
                    self._ending.begin(slot, Outcome.TIMED_OUT, self._stopping)
        for slot in self._slots:
            self._watching.look_at(slot, now)

    def _stop(self, reason: str) -> None:
        """Give out no further unit; running scenarios end, the rest of their units is left."""
        if self._stopping:
            return
        self._stopping = reason
        for unit in self._queue.drain():
            # Not run: their features are closed at the end.
            self._results.tally.ledger(unit.feature).units -= 1
        for slot in self._slots:
            if slot.board is not None:
                slot.board.request_stop()

    def _from_signals(self, pipe: Any) -> None:
        for name in pipe.read():
            self._interrupt(name)

    def _interrupt(self, name: str) -> None:
        self._signals += 1
        self.ended.interrupted = True
        if self._signals == 1:
            self._results.notice(
                "interrupted",
                f"{name}: no new units; running scenarios get {self._plan.grace:g} s."
                " A second signal ends at once",
            )
            self._stop(f"interrupted by {name}")
            self._kill_at = _monotonic() + self._plan.grace
        else:
            self._kill_running("interrupted")

    def _kill_running(self, reason: str) -> None:
        for slot in self._slots:
            if isinstance(slot.state, Loading) and isinstance(slot.site, Site):
                self._launching.drop(slot, slot.site)
            elif not isinstance(slot.state, Vacant) and slot.pid:
                self._ending.kill(slot, reason)

    def _kill_all(self) -> None:
        for slot in self._slots:
            if slot.pid:
                processes.kill(slot.pid)
            if slot.board is not None:
                slot.board.close()
            site = slot.site
            if isinstance(site, Site) and site is not self._site:
                end_site(site)
                slot.site = None
        if self._replaying.pid:
            processes.kill(self._replaying.pid)

    def _sweep(self) -> None:
        """End what units left running, and name it."""
        names = sweep(self._site.pid, self._replaying.pid) if self._site.pid else []
        if names:
            self._results.notice(
                "leftover-processes",
                f"processes that the suite left running were ended: {', '.join(names[:10])}",
            )

    # -- formatters

    def _start_replayer(self) -> None:
        if self._plan.fork or not self._plan.own_sites:
            channel = self._replaying.fork(self._site)
        else:
            channel = self._replaying.spawn(self._sites.start, self._plan.timeouts.load)
        self._results.on_replay = self._replaying.feature
        self._selector.register(channel, selectors.EVENT_READ, self._from_replayer)

    def _end_replay(self) -> None:
        ended = self.ended
        aborted = bool(ended.interrupted or ended.aborted or ended.before_all_failed)
        self._replaying.end(self._results.undefined_steps(), aborted=aborted)
        self._loop(lambda: not self._replaying.over)

    def _from_replayer(self, _: Any) -> None:
        if not self._replaying.receive():
            self._replayer_gone(0)

    def _replayer_gone(self, status: int) -> None:
        channel = self._replaying.gone(status)
        if channel is not None:
            self._selector.unregister(channel)
            channel.close()

    def describe(self, feature: int) -> list[bytes]:
        """Return the records of a feature as it was parsed, from the zygote."""
        if feature not in self._described:
            self._site.channel.send(Describe(feature))
            while feature not in self._described:
                message, body = self._site.channel.receive()
                if isinstance(message, Describe):
                    self.site_message(message, body)
                else:
                    # Ends of workers wait for the loop: we are in the middle of a result.
                    self._deferred.append((message, body))
        return self._described.pop(feature)

    def _name(self, feature: int) -> str:
        return self._plan.features[feature].filename
