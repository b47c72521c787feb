"""Virtual time beside what a user would use instead, and how fast it is.

    python -m bench.clock                  # writes bench/RESULTS-clock.md
    python -m bench.clock --out FILE

Each case runs under each contestant in a process of its own, with a limit. The peers are
installed in an environment of their own below the cache directory.
"""

import argparse
import os
import platform
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from random import Random

from bench.clock_cases import CASES, CONTESTANTS

PEERS = ("freezegun==1.5.5", "time-machine==3.6.0")
LIMIT = 30.0
"""Seconds for a case; the longest takes 23 s in real time."""
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def environment(cache: str) -> str:
    """Return the interpreter of an environment with the peers, made once."""
    path = os.path.join(cache, "clock-venv")
    python = os.path.join(path, "bin", "python")
    if not os.path.exists(os.path.join(path, "made")):
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *PEERS], check=True)
        with open(os.path.join(path, "made"), "w", encoding="utf-8") as file:
            file.write(" ".join(PEERS))
    return python


def run_case(python: str, case: str, contestant: str) -> str:
    """Return how a case went: its seconds, and what went wrong."""
    command = [python, "-m", "bench.clock_cases", case, contestant]
    paths = os.pathsep.join([os.path.join(_ROOT, "src"), _ROOT])
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"**did not end** in {LIMIT:g} s"
    seconds, _, wrong = done.stdout.strip().partition("\t")
    if not seconds:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return f"**failed**: {last[:60]}"
    return f"**wrong** ({wrong[:60]})" if wrong else f"{float(seconds):.2f} s"


def mixed(seconds: float) -> tuple[float, int, float, float]:
    """Wait in 8 threads in mixed ways for that long in virtual time.

    Returns real seconds, waits, the largest distance of a wait's end from its deadline in
    seconds of virtual time, and seconds of processor time.
    """
    from surefoot.clock import virtual_time

    errors: list[float] = []

    def work(number: int, end: float) -> None:
        random = Random(number)
        event, condition, channel = threading.Event(), threading.Condition(), queue.Queue[int]()

        def on_condition(length: float) -> None:
            with condition:
                condition.wait(length)

        def on_queue(length: float) -> None:
            try:
                channel.get(timeout=length)
            except queue.Empty:
                return

        ways: list[Callable[[float], object]] = [time.sleep, event.wait, on_condition, on_queue]
        while (began := time.monotonic()) < end:
            length = random.uniform(0.05, 0.45)
            ways[random.randrange(4)](length)
            errors.append(time.monotonic() - (began + length))

    real, cpu = time.perf_counter(), time.process_time()
    with virtual_time():
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=work, args=(number, end)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spent = time.process_time() - cpu
    return time.perf_counter() - real, len(errors), max(errors, key=abs), spent


def entering(rounds: int) -> list[float]:
    """Return the seconds of entering and leaving, with the modules of behave loaded."""
    import behave.runner  # noqa: F401  # what a worker has loaded

    from surefoot.clock import virtual_time

    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        with virtual_time():
            pass
        taken.append(time.perf_counter() - began)
    return taken


def reads() -> tuple[float, float, float, float]:
    """Return the nanoseconds of a clock read and of an uncontended lock, real and virtual."""
    from surefoot.clock import virtual_time

    def each(act: Callable[[], object]) -> float:
        began = genuine()
        for _ in range(20_000):
            act()
        return (genuine() - began) / 20_000 * 1e9

    genuine = time.thread_time

    def locked() -> Callable[[], object]:
        lock = threading.Lock()

        def act() -> None:
            with lock:
                pass

        return act

    before = each(time.monotonic), each(locked())
    with virtual_time():
        inside = each(time.monotonic), each(locked())
    return before[0], inside[0], before[1], inside[1]


def figures(rounds: int) -> list[str]:
    """Return lines of a table of speed."""
    from surefoot.modelled import require_usable

    began = time.perf_counter()
    require_usable()
    tested = time.perf_counter() - began
    short = [mixed(30) for _ in range(rounds)]
    long = mixed(3600)
    costs = entering(50)
    read, virtual_read, lock, virtual_lock = reads()
    error = max(abs(item[2]) for item in (*short, long))
    return [
        "| what | measured | sample |",
        "|---|---|---|",
        f"| 30 s of mixed waiting, 8 threads | {statistics.median(s[0] for s in short):.3f} s"
        f" (worst {max(s[0] for s in short):.3f} s), of the processor"
        f" {statistics.median(s[3] for s in short):.3f} s | {rounds} runs of {short[0][1]} waits |",
        f"| an hour of it | {long[0]:.2f} s, of the processor {long[3]:.2f} s |"
        f" 1 run of {long[1]} waits |",
        f"| largest distance of a wait's end from its deadline | {error * 1e9:.1f} ns |"
        f" {sum(s[1] for s in short) + long[1]} waits |",
        f"| entering and leaving | {statistics.median(costs) * 1e3:.2f} ms (worst"
        f" {max(costs) * 1e3:.2f} ms) | 50 times, {len(sys.modules)} modules |",
        f"| the self-test, once a process | {tested * 1e3:.1f} ms | 1 |",
        f"| `time.monotonic()` | {read:.0f} ns, in virtual time {virtual_read:.0f} ns | 20,000 |",
        f"| `with lock:` | {lock:.0f} ns, in virtual time {virtual_lock:.0f} ns | 20,000 |",
    ]


def comparison(python: str) -> list[str]:
    """Return lines of a table of cases by contestants."""
    lines = [
        "| case | " + " | ".join(CONTESTANTS) + " |",
        "|---|" + "---|" * len(CONTESTANTS),
    ]
    for function in CASES:
        said = (function.__doc__ or "").rstrip(".")
        cells = [run_case(python, function.__name__, contestant) for contestant in CONTESTANTS]
        lines.append(f"| {said} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return lines


def main() -> int:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.clock", description=__doc__)
    parser.add_argument("--out", default=os.path.join(_ROOT, "bench", "RESULTS-clock.md"))
    parser.add_argument("--cache", default=os.path.join(_ROOT, ".cache"))
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    speed = figures(arguments.rounds)
    print("\n".join(speed), flush=True)
    table = comparison(environment(arguments.cache))
    text = [
        "# Time: results",
        "",
        f"`python -m bench.clock` on Python {platform.python_version()}, {os.cpu_count()} cores,"
        f" {platform.system()}; load {load:.1f} before. Other work on the machine widens every"
        " figure.",
        "",
        "## Speed of virtual time",
        "",
        *speed,
        "",
        "## The same cases under each",
        "",
        f"One run each, in a process of its own, ended after {LIMIT:g} s. *nothing* is real time;"
        " the *sleep cap* is `time.sleep` made to sleep 10 ms at most; freezegun and time-machine"
        f" ({', '.join(PEERS)}) let the clock tick, the only way in which waits end under them:"
        " they move clocks and do not shorten waits.",
        "",
        *table,
        "",
    ]
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write("\n".join(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
