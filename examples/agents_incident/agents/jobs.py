"""The asynchronous job service: queued, running, then succeeded, failed or cancelled.

Jobs run on a pool of threads. A job gets a `Control`: it reports progress with `beat`, which is
its heartbeat too, and learns by `checkpoint` or `pause` that it is to stop. Cancelling is a
request; a job that never looks ends by itself, and `reap` fails one whose heart has stopped.

Every change of state happens under one condition, which `wait` waits on: nobody has to poll.
"""

import asyncio
import enum
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from agents.bus import EventBus
from agents.errors import ConflictError, NotFoundError


class State(enum.Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether a job stays there."""
        return self not in (State.QUEUED, State.RUNNING)


_NEXT = {
    State.QUEUED: {State.RUNNING, State.CANCELLED},
    State.RUNNING: {State.SUCCEEDED, State.FAILED, State.CANCELLED},
}


class JobCancelledError(Exception):
    """Raised inside a job that was asked to stop."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was at one moment; times are the service's clock, in seconds."""

    id: int
    name: str
    state: State
    submitted: float
    started: float | None = None
    ended: float | None = None
    heartbeat: float | None = None
    progress: float = 0.0
    """From 0 to 1."""
    result: object = None
    error: str = ""


class Control:
    """What a job can ask and tell while it runs."""

    def __init__(self, beat: Callable[[float], None]) -> None:
        self._stop = threading.Event()
        self._beat = beat

    def beat(self, progress: float) -> None:
        """Tell that the job lives, and how far it is (from 0 to 1)."""
        self._beat(progress)

    def checkpoint(self) -> None:
        """Raise JobCancelledError when the job was asked to stop."""
        if self._stop.is_set():
            raise JobCancelledError

    def pause(self, seconds: float) -> None:
        """Wait; a request to stop ends the wait with JobCancelledError."""
        if self._stop.wait(seconds):
            raise JobCancelledError

    def stop(self) -> None:
        """Ask the job to stop."""
        self._stop.set()


Work = Callable[[Control], object]


class JobService:
    """Runs jobs on `workers` threads; safe to use from many threads."""

    def __init__(
        self,
        workers: int = 4,
        *,
        bus: EventBus | None = None,
        clock: Callable[[], float] = time.monotonic,
        stuck_after: float = 30.0,
    ) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._controls: dict[int, Control] = {}
        self._bus = bus or EventBus()
        self._clock = clock
        self._stuck_after = stuck_after
        self._closed = False
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")

    def submit(self, name: str, work: Work) -> int:
        """Queue a job and return its id. Raises ConflictError when the service is closed."""
        with self._changed:
            if self._closed:
                raise ConflictError("the job service is closed", "start a new one")
            number = len(self._jobs) + 1
            self._jobs[number] = Job(number, name, State.QUEUED, self._clock())
            self._controls[number] = Control(lambda progress: self._beat(number, progress))
        # Told before a thread can take it, so that no handler sees it run before it was queued.
        self._bus.publish("job.queued", self.get(number))
        try:
            self._pool.submit(self._run, number, work)
        except RuntimeError:  # closed in between
            self.cancel(number)
        return number

    def get(self, number: int) -> Job:
        """Return a job as it is now. Raises NotFoundError."""
        with self._changed:
            return self._job(number)

    def jobs(self, state: State | None = None) -> tuple[Job, ...]:
        """Return all jobs, or those in one state, in the order of submission."""
        with self._changed:
            return tuple(job for job in self._jobs.values() if state in (None, job.state))

    def wait(self, number: int, timeout: float, *, until: State | None = None) -> Job:
        """Return the job once it has ended, or has reached the state `until`.

        Raises TimeoutError with the state that it was in; NotFoundError.
        """
        with self._changed:
            self._job(number)
            if not self._changed.wait_for(lambda: self._reached(number, until), timeout):
                job = self._jobs[number]
                raise TimeoutError(f"job {job.name} is {job.state.value} after {timeout:g} s")
            return self._jobs[number]

    async def wait_async(self, number: int, timeout: float) -> Job:
        """Do the same without blocking the event loop."""
        return await asyncio.to_thread(self.wait, number, timeout)

    def cancel(self, number: int) -> Job:
        """Cancel a queued job, ask a running one to stop. Raises ConflictError when it ended."""
        with self._changed:
            job = self._job(number)
            if job.state.final:
                raise ConflictError(f"job {job.name} has {job.state.value} already")
            self._controls[number].stop()
            if job.state is State.QUEUED:
                self._move(number, State.CANCELLED)
        self._announce(number, job.state)
        return self.get(number)

    def stuck(self) -> tuple[Job, ...]:
        """Return the running jobs without a heartbeat for `stuck_after` seconds."""
        with self._changed:
            now = self._clock()
            return tuple(
                job
                for job in self._jobs.values()
                if job.state is State.RUNNING
                and job.heartbeat is not None
                and now - job.heartbeat >= self._stuck_after
            )

    def reap(self) -> tuple[Job, ...]:
        """Fail the stuck jobs and ask them to stop; what they still return is not taken."""
        reaped = []
        with self._changed:
            for job in self.stuck():
                self._controls[job.id].stop()
                silence = self._clock() - (job.heartbeat or 0.0)
                self._move(job.id, State.FAILED, error=f"no heartbeat for {silence:g} s")
                reaped.append(job.id)
        for number in reaped:
            self._announce(number, State.RUNNING)
        return tuple(self.get(number) for number in reaped)

    def close(self) -> None:
        """Cancel what is queued, ask what runs to stop, and wait for the threads to end."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                self._controls[job.id].stop()
        self._pool.shutdown(wait=True)

    # -- in the job's thread

    def _run(self, number: int, work: Work) -> None:
        with self._changed:
            if self._jobs[number].state is not State.QUEUED:
                return
            control = self._controls[number]
            now = self._clock()
            self._move(number, State.RUNNING, started=now, heartbeat=now)
        self._bus.publish("job.running", self.get(number))
        try:
            control.checkpoint()
            result = work(control)
        except JobCancelledError:
            self._end(number, State.CANCELLED)
        except Exception as error:
            self._end(number, State.FAILED, error=f"{type(error).__name__}: {error}")
        else:
            self._end(number, State.SUCCEEDED, result=result, progress=1.0)

    def _end(self, number: int, state: State, **changes: object) -> None:
        with self._changed:
            # Reaped meanwhile: it has its end, and who waited for it was told.
            if self._jobs[number].state is not State.RUNNING:
                return
            self._move(number, state, **changes)
        self._announce(number, State.RUNNING)

    def _beat(self, number: int, progress: float) -> None:
        with self._changed:
            job = self._jobs[number]
            if job.state is State.RUNNING:
                self._jobs[number] = replace(job, heartbeat=self._clock(), progress=progress)
                self._changed.notify_all()

    # -- under the condition

    def _job(self, number: int) -> Job:
        job = self._jobs.get(number)
        if job is None:
            raise NotFoundError(f"there is no job {number}")
        return job

    def _reached(self, number: int, until: State | None) -> bool:
        state = self._jobs[number].state
        return state.final if until is None else state is until

    def _move(self, number: int, state: State, **changes: object) -> None:
        job = self._jobs[number]
        if state not in _NEXT.get(job.state, ()):
            raise ConflictError(f"job {job.name} cannot go from {job.state.value} to {state.value}")
        if state.final:
            changes["ended"] = self._clock()
        self._jobs[number] = replace(job, state=state, **changes)  # type: ignore[arg-type]
        self._changed.notify_all()

    def _announce(self, number: int, before: State) -> None:
        job = self.get(number)
        if job.state is not before:
            self._bus.publish(f"job.{job.state.value}", job)
