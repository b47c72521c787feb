"""Runs the threads of a scenario one at a time, in the order that a trial says.

A policy on the modelled core. The running thread asks at each of its points (a lock operation, a
clock read, and where the tracing stops it) who is to go on; a thread that blocks or ends hands
over in the same way. Each thread counts its own points, so that a schedule is a short list of
"thread 1, at its 17th point, gave way to thread 2", whatever the others did.

Guarantees: only one thread runs, so all that happens is a function of the decisions, unless a
thread waits for what the core cannot see; then `stall.py` lets another run, and the schedule is
marked as disturbed. Nothing ready and no deadline is a deadlock, found at once. Time stands
still while anything can run; a wait with a deadline ends early in real time, and only when
nothing else can go on.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from surefoot.modelled import real
from surefoot.modelled.core import MEMBERS, Core, Member, Wait
from surefoot.modelled.mutex import MUTEX
from surefoot.threads import orders, places, stacks, tracing
from surefoot.threads.orders import Here
from surefoot.threads.schedule import Decision, Failure, Result, Row, Trial

_MOST_TURNS = 60_000
"""Points with a choice, after which a schedule is given up."""
_UNFAIR = 3_000
"""Turns that one thread may have in a row while others can run: it may wait for them, in a loop."""
_ALONE = 20_000
"""Points in a row without a choice, after which time goes to the next deadline."""
_LOOKS = 200
"""Clock reads in a row of a thread that is alone, after which time goes on for it."""
_MOST_ROWS = 4_000


_START = threading.Thread.start.__code__


class DeadlockError(Exception):
    """Raised in the scenario when none of its threads can ever go on."""


class Explorer:
    """Orders one schedule; in a process of its own."""

    switching = True

    def __init__(
        self, trial: Trial, wanted: Callable[[str], bool], give_up: Callable[[str], None]
    ) -> None:
        """`wanted` tells which files are traced; `give_up` ends a schedule that leads nowhere."""
        self._trial = trial
        self._wanted = wanted
        self._give_up = give_up
        self._order = orders.make(trial)
        self._marks = {(item.thread, item.point): item.mark for item in trial.decisions}
        self._core: Core | None = None
        self._points: list[int] = [0]
        self._names: list[str] = ["scenario"]
        self._decisions: list[Decision] = []
        self._stops: list[Row] = []
        self._rows: list[Row] = []
        self._seen = 0
        """Points of all threads, also those without a choice."""
        self._turns = 0
        self._streak = 0
        self._alone = 0
        self._young: dict[int, int] = {}
        """Threads that have not run by themselves yet, and who started each."""
        self._taken: dict[int, tuple[int, str, int]] = {}
        self.failure: Failure | None = None
        self.disturbed = ""
        self._diverged = ""
        granular = trial.granularity in {"opcode", "breaker"}
        self._offsets = granular
        self._tracer = tracing.make(
            trial.granularity, wanted, self._at, self._on_line if trial.record else None
        )
        self._traced = False
        """Whether the scenario's own thread is traced."""
        self._hook: Any = None

    # -- around the schedule

    def begin(self, core: Core) -> None:
        """Start ordering; the caller is member 0 of the core."""
        self._core = core
        self._hook = threading.excepthook
        threading.excepthook = self._thread_failed
        if self._tracer is not None:
            self._tracer.prepare()

    def end(self) -> Result:
        """Stop ordering; return what the schedule came to."""
        if self._tracer is not None:
            self._tracer.stop()
        threading.excepthook = self._hook
        self._core = None
        return self.result()

    def result(self) -> Result:
        """Return what it has come to so far."""
        return Result(
            failure=self.failure,
            decisions=tuple(self._decisions),
            stops=tuple(self._stops),
            points=self._turns,
            threads=tuple(self._names),
            disturbed=self.disturbed,
            diverged=self._diverged,
            rows=tuple(self._rows),
        )

    # -- the policy

    def ready(self, core: Core, member: Member) -> None:
        """A new thread, or one whose wait is over: it gets its turn later."""
        while len(self._points) <= member.number:
            self._points.append(0)
            self._names.append(member.name)
            starter = MEMBERS.get(real.get_ident())
            if starter is not None:
                self._young[member.number] = starter.number
        if self._core is None:
            return
        if not self._traced and self._tracer is not None and len(self._points) > 1:
            # Until a second thread is there, there is nothing to choose: no need to look.
            self._traced = True
            self._tracer.start(sys._getframe(1))
        if core.running == 0:
            # Nobody runs who could choose it: its descriptor was ready, or its time has come.
            core.let_run(member)

    def stopped(self, core: Core, member: Member) -> None:
        """The running thread has blocked or ended: another one's turn."""
        if self._core is None or core.running:
            return
        self._note_wait(member)
        if core.ready:
            self._hand_over(core, member)
            return
        if core.wake_ready_descriptors() or core.fire_next():
            return
        if all(wait.poll is None for wait in core.blocked.values()):
            self._deadlock(core)

    def switch(self, core: Core, member: Member, point: str) -> None:
        """A lock operation or a look at the clock."""
        if self._core is None:
            return
        self._seen += 1
        frame = sys._getframe(1)
        if self._trial.record and point == "acquire":
            self._note_lock(member, frame)
        if core.running > 1:
            self.park(core, member)
        if core.ready:
            user = self._from_user(frame)
            if user is not None:
                self._points[member.number] += 1
                self._turn(core, member, None, point, user)
        elif point == "look" and member.looks > _LOOKS:
            # It polls the clock, and nothing else can run: time has to pass for it to go on.
            deadline = core.deadline_in(0.001)
            MUTEX.acquire()
            core.block(member, Wait("sleep", deadline))

    # -- points of the tracing

    def _at(self, code: CodeType, offset: int, line: int) -> None:
        member = MEMBERS.get(real.get_ident())
        core = self._core
        if member is None or core is None:
            return
        self._seen += 1
        self._points[member.number] += 1
        if core.running > 1:
            self.park(core, member)
        if core.ready:
            self._alone = 0
            self._turn(core, member, (code, offset, line), "", None)
            return
        if member.number == 0 and len(core.members) == 1:
            self._rest()
            return
        self._alone += 1
        if self._alone > _ALONE:
            # It may wait in a loop for a thread that sleeps.
            self._alone = 0
            with MUTEX:
                core.fire_next()

    def _rest(self) -> None:
        """The scenario's own thread is the only one again."""
        if self._traced and self._tracer is not None:
            self._traced = False
            self._tracer.pause()

    def _on_line(self, code: CodeType, line: int) -> None:
        member = MEMBERS.get(real.get_ident())
        if member is not None and len(self._names) > 1 and len(self._rows) < _MOST_ROWS:
            self._rows.append(Row(member.number, "line", code.co_filename, line))

    # -- whose turn it is

    def _turn(
        self,
        core: Core,
        member: Member,
        place: tuple[CodeType, int, int] | None,
        point: str,
        frame: FrameType | None,
    ) -> None:
        """Let the order choose among the ready threads and the running one."""
        number = member.number
        others = {item.number: item for item in core.ready}
        if not others:
            return  # the stall net was faster
        self._turns += 1
        if self._turns > _MOST_TURNS:
            self._give_up(f"it was given up after {_MOST_TURNS} points")
        fallback = self._fallback(others, number)
        chosen = self._choose((*others, number), Here(number, True, self._points[number], fallback))
        if chosen == number:
            self._streak += 1
            if self._streak > _UNFAIR:
                later = [item for item in others if item > number]
                chosen = min(later or others)
        if chosen != fallback:
            self._note_turn(number, chosen, place, point, frame)
        if chosen != number:
            self._streak = 0
            other = others[chosen]
            # The stall net may have let it run meanwhile.
            core.pause(member, lambda ready: other if other in ready else member)

    def _note_turn(
        self,
        number: int,
        chosen: int,
        place: tuple[CodeType, int, int] | None,
        point: str,
        frame: FrameType | None,
    ) -> None:
        if place is None:
            assert frame is not None
            row = self._place(frame, number, "stop", _SYNC_WORDS.get(point, ""))
            offset = 0
        else:
            code, offset, line = place
            if not self._offsets:
                offset = 0
            note = ""
            if self._offsets and self._trial.record:
                note = places.of(code).words.get(offset, "")
            line = line or line_at(code, offset)
            row = Row(number, "stop", code.co_filename, line, note)
        self._decide(row, chosen, offset)

    def _hand_over(self, core: Core, member: Member) -> None:
        """Let the order choose among the ready threads; under the mutex."""
        others = {item.number: item for item in core.ready}
        number = member.number
        self._points[number] += 1
        fallback = min(others)
        chosen = self._choose(tuple(others), Here(number, False, self._points[number], fallback))
        if chosen != fallback:
            kind = "end" if member.ended else "wait"
            row = self._place(sys._getframe(1), number, kind, _wait_words(member.wait))
            self._decide(row, chosen, 0)
        self._streak = 0
        core.let_run(others[chosen])

    def _fallback(self, others: dict[int, Member], number: int) -> int:
        """Return who goes on at a point where nothing is decided: the one that runs.

        Only a thread that has just been started lets its starter go on first, once, so that a
        scenario can start all its threads without a decision for each.
        """
        starter = self._young.get(number)
        if starter is None or starter not in others:
            return number
        del self._young[number]
        return starter

    def _choose(self, numbers: tuple[int, ...], at: Here) -> int:
        if self.failure is not None and self._trial.policy != "replay":
            return at.default
        return self._order.choose(numbers, at)

    def _decide(self, row: Row, chosen: int, offset: int) -> None:
        number, point = row.thread, self._points[row.thread]
        mark = places.mark(row.file, row.line, offset)
        self._decisions.append(Decision(number, point, chosen, mark))
        self._stops.append(row)
        if self._trial.record and len(self._rows) < _MOST_ROWS:
            self._rows.append(row)
        expected = self._marks.get((number, point), 0)
        if expected and expected != mark and not self._diverged:
            self._diverged = f"{self._names[number]} stopped at {places.text(row.file, row.line)}"

    def park(self, core: Core, member: Member) -> None:
        """Wait for the next turn: while this thread was in a wait that nobody saw, another one
        was let run."""
        with MUTEX:
            if core.running <= 1:
                return
            core.running -= 1
            core.ready.append(member)
        member.gate.acquire()
        error, member.error = member.error, None
        if error is not None:
            raise error

    def unstall(self, core: Core, why: str) -> None:
        """Let another thread run beside one that waits for what nobody sees."""
        with MUTEX:
            if core.running == 1 and core.ready:
                self.disturbed = self.disturbed or why
                core.let_run(core.ready[0])

    def turns_taken(self) -> int:
        """Return a number that stands still while nothing happens."""
        core = self._core
        return self._seen + (core.events if core is not None else 0)

    # -- failures

    def _thread_failed(self, args: Any) -> None:
        """`threading.excepthook`: an exception left a thread."""
        error = args.exc_value
        if isinstance(error, SystemExit):
            return
        name = args.thread.name if args.thread is not None else "a thread"
        if self.failure is None:
            entries = traceback.extract_tb(args.exc_traceback)
            shown = [item for item in entries if stacks.is_users(item.filename)] or list(entries)
            self.failure = Failure(
                "thread",
                f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
                f"in {name}:\n" + "".join(traceback.format_list(shown)).rstrip(),
            )
        if self._trial.record:
            member = MEMBERS.get(real.get_ident())
            number = member.number if member is not None else 0
            last = traceback.extract_tb(args.exc_traceback)[-1:]
            where = (last[0].filename, last[0].lineno or 0) if last else ("", 0)
            self._rows.append(Row(number, "error", *where, f"{type(error).__name__}: {error}"))
        self._hook(args)

    def _deadlock(self, core: Core) -> None:
        """Nothing can ever go on: say who waits for whom. Under the mutex."""
        from surefoot.threads.deadlock import describe

        lines = describe(core, self._taken)
        if self.failure is None:
            self.failure = Failure("deadlock", lines[0], "\n".join(lines[1:]))
        first = core.first
        if first in core.blocked:
            core.fail(first, DeadlockError("\n".join(lines)))
        else:
            self._give_up("")

    def _from_user(self, frame: FrameType | None) -> FrameType | None:
        """Return the traced code's frame that a lock operation serves; None if it serves none.

        What a thread does to begin and to end, and what its starter does to start it, are no
        points: nothing of the suite happens there.
        """
        while frame is not None:
            code = frame.f_code
            if code is _START:
                return None
            if self._wanted(code.co_filename):
                return frame
            frame = frame.f_back
        return None

    # -- notes for the story

    def _place(self, frame: FrameType | None, number: int, kind: Any, note: str) -> Row:
        """Return where a frame's thread is in the traced code, or in the user's at least."""
        first = frame
        while frame is not None and not self._wanted(frame.f_code.co_filename):
            if frame.f_code is _START and kind == "wait":
                note = _STARTS
            frame = frame.f_back
        frame = frame or _users(first)
        if frame is None:
            return Row(number, kind, "", 0, note)
        # An instruction of the compiler's own, such as the end of a `with`, has no line.
        line = frame.f_lineno or line_at(frame.f_code, frame.f_lasti)
        return Row(number, kind, frame.f_code.co_filename, line, note)

    def _note_wait(self, member: Member) -> None:
        if self._trial.record and len(self._names) > 1 and len(self._rows) < _MOST_ROWS:
            kind = "end" if member.ended else "wait"
            row = self._place(sys._getframe(2), member.number, kind, _wait_words(member.wait))
            if row.note != _STARTS:
                self._rows.append(row)

    def _note_lock(self, member: Member, frame: FrameType) -> None:
        """Remember where a lock is about to be taken, for the story of a deadlock."""
        lock = frame.f_locals.get("self")
        row = self._place(frame, member.number, "line", "")
        if lock is not None and getattr(lock, "owner", 0) != member.ident:
            self._taken[(id(lock) << 16) + member.number] = (member.number, row.file, row.line)


_STARTS = "has started a thread"
_SYNC_WORDS = {
    "acquire": "before it takes a lock",
    "release": "after it gave a lock back",
    "look": "as it looks at the clock",
}


def _wait_words(wait: Wait | None) -> str:
    if wait is None:
        return "ends"
    if wait.kind == "join":
        return f"waits for {wait.what} to end"
    words = {"sleep": "sleeps", "select": "waits for a descriptor"}
    return words.get(wait.kind, "waits for a lock or a notification")


def line_at(code: CodeType, offset: int) -> int:
    """Return the line of an instruction, or the one before it that has a line."""
    found = code.co_firstlineno
    for start, _, line in code.co_lines():
        if start > offset:
            break
        found = line or found
    return found


def _users(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not stacks.is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame
