"""Runs the contestants in turn and takes their time, processor time and memory.

A run is ended at its limit, and whatever it leaves behind is found by a token in the
environment of every process it started: process groups and sessions are not enough, since
runners give their workers groups of their own. Only processes with that token are killed.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence

import msgspec
import psutil

from bench.contestants import STDERR, STDOUT, Answer, Contestant
from bench.generate import Suite

_TOKEN = "BENCH_RUN"
_POLL = 0.05
_LEAVING = 2.0
"""Seconds that helper processes have to go after the main process has ended."""
# What is set for the measuring process, and would change what the contestants do.
_DROPPED = ("PYTHON", "VIRTUAL_ENV", "BEHAVE", "SUREFOOT", "COVERAGE", "CI", "PYTEST")


class Child(msgspec.Struct, frozen=True):
    """How one run went, seen from outside."""

    exit_code: int
    """Negative for the signal that ended it."""
    seconds: float
    cpu_seconds: float
    """Of the main process and all descendants that were waited for."""
    peak_mb: float
    """Peak resident memory of the main process alone, in megabytes of 1,000,000 bytes."""
    over_limit: bool = False
    leftovers: int = 0
    """Processes that had to be killed after the main process had ended by itself."""


class Sample(msgspec.Struct, frozen=True):
    """One run of a contestant on a suite."""

    child: Child
    answer: Answer


class Race(msgspec.Struct, frozen=True):
    """All runs on one suite, by the contestants' keys, in the order of their rounds."""

    suite: Suite
    samples: dict[str, list[Sample]]


def run_child(
    command: Sequence[str], cwd: str, env: dict[str, str], output: str, limit: float
) -> Child:
    """Run a command to its end or its limit; what it prints goes to files in `output`."""
    token = uuid.uuid4().hex
    with (
        open(os.path.join(output, STDOUT), "wb") as stdout,
        open(os.path.join(output, STDERR), "wb") as stderr,
    ):
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, _TOKEN: token},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            peak, ended = _watch(process.pid, started + limit)
            seconds = time.perf_counter() - started
            if not ended:
                process.kill()
            # wait4 and not Popen.wait: only it tells the processor time of this very child.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            leftovers = _leftovers(token) if ended else 0
        finally:
            _kill_all(token)
            if process.returncode is None:
                process.kill()
                process.wait()
    return Child(
        exit_code=process.returncode,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=peak * 1024 / 1_000_000,
        over_limit=not ended,
        leftovers=leftovers,
    )


def alternate(
    contestants: Sequence[Contestant], rounds: int, run: Callable[[Contestant, int], Sample]
) -> dict[str, list[Sample]]:
    """Call `run` for A B C, A B C, ... and return the samples by key.

    Alternating spreads what else the machine does over all contestants. One that was over the
    limit is not run again: another round would say the same, for minutes.
    """
    samples: dict[str, list[Sample]] = {contestant.key: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants:
            mine = samples[contestant.key]
            if any(sample.child.over_limit for sample in mine):
                continue
            mine.append(run(contestant, number))
    return samples


def race(
    suite: Suite,
    contestants: Sequence[Contestant],
    rounds: int,
    *,
    work: str,
    bin_dir: str,
    say: Callable[[str], None],
) -> Race:
    """Run all contestants on one suite, each in its own copy of the tree.

    A contestant keeps its copy over the rounds, and with it what it learnt about durations: a
    suite is run many times in its life.
    """
    folder = os.path.join(work, suite.name)
    shutil.rmtree(folder, ignore_errors=True)
    for contestant in contestants:
        tree = os.path.join(folder, contestant.key, "tree")
        os.makedirs(tree)
        suite.lay_out(tree)
    env = child_environment(dict(os.environ), bin_dir)

    def run(contestant: Contestant, number: int) -> Sample:
        home = os.path.join(folder, contestant.key)
        output = os.path.join(home, f"round-{number + 1}")
        os.makedirs(output)
        child = run_child(
            contestant.command(bin_dir, output),
            os.path.join(home, "tree"),
            env,
            output,
            suite.limit,
        )
        answer = contestant.answer(child.exit_code, output)
        say(f"{suite.name}: {contestant.name}: {describe(Sample(child, answer))}")
        return Sample(child, answer)

    rounds *= suite.often
    return Race(suite, alternate(contestants, min(rounds, suite.max_rounds or rounds), run))


def describe(sample: Sample) -> str:
    """Return one run in a line, for who watches."""
    child = sample.child
    text = f"{child.seconds:.2f} s, processor {child.cpu_seconds:.2f} s, {child.peak_mb:.0f} MB"
    text += ", over the limit" if child.over_limit else f", exit code {child.exit_code}"
    text += f", scenarios {sample.answer.scenarios or 'not told'}"
    return text + (f", {child.leftovers} processes left" if child.leftovers else "")


def child_environment(own: dict[str, str], bin_dir: str) -> dict[str, str]:
    """Return the environment of a contestant: ours, without what belongs to us."""
    env = {name: value for name, value in own.items() if not name.startswith(_DROPPED)}
    env["PATH"] = os.pathsep.join([bin_dir, env.get("PATH", os.defpath)])
    return env


def peak_kib(status: str) -> int:
    """Return VmHWM of a `/proc/PID/status` text; 0 for a process that has ended already."""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def _watch(pid: int, deadline: float) -> tuple[int, bool]:
    """Wait for the end of a process; return its peak memory in KiB, and False at the deadline."""
    peak = 0
    exited = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(exited, select.POLLIN)
        while True:
            # The kernel keeps the peak, so that a poll misses growth of the last moment only.
            with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:
                peak = max(peak, peak_kib(status.read()))
            left = deadline - time.perf_counter()
            if poll.poll(1000 * max(0.0, min(_POLL, left))):
                return peak, True
            if left <= 0:
                return peak, False
    finally:
        os.close(exited)


def _leftovers(token: str) -> int:
    """Return how many processes of the run are there after a grace to leave."""
    deadline = time.monotonic() + _LEAVING
    while True:
        left = sum(1 for _ in _of_run(token))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_POLL)


def _of_run(token: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_TOKEN) == token:
                yield process


def _kill_all(token: str) -> None:
    """Kill what is left of a run, until a look finds nothing: a killed parent's child may have
    been starting another."""
    for _ in range(20):
        found = list(_of_run(token))
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        if not found:
            return
        psutil.wait_procs(found, timeout=0.5)
