"""Runs another tool on one case: `PYTHON thread_peers.py TOOL CASE SEEDS SCHEDULES`.

Runs in the other tool's own interpreter, so it imports nothing of surefoot, and prints what
`bench.threads.Found` reads.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

cases: Any = importlib.import_module("thread_cases")


def interleave(kind: Any, strategy: str, seed: int, schedules: int) -> tuple[int, int]:
    """interleave-test: schedules run, and the number of the one that failed."""
    tool: Any = importlib.import_module("interleave_test")
    result = tool.explore(
        lambda: cases.run(kind),
        iterations=schedules,
        seed=seed,
        strategy=strategy,
        raise_on_failure=False,
    )
    return result.schedules_run, 0 if result.ok else result.schedules_run


def frontrun(kind: Any, strategy: str, seed: int, schedules: int) -> tuple[int, int]:
    """frontrun: the same; a deadlock counts as found whatever it is called."""
    tool: Any = importlib.import_module("frontrun")
    options: dict[str, Any] = {"max_attempts": schedules, "seed": seed}
    if strategy == "dpor":
        options = {"max_executions": schedules}
    result = tool.explore(
        setup=kind,
        workers=[lambda case: case.first(), lambda case: case.second()],
        invariant=lambda case: case.check(),
        strategy=strategy,
        reproduce_on_failure=0,
        deadlock_timeout=1.0,
        **options,
    )
    return result.num_explored, 0 if result.property_holds else result.num_explored


def parallel(name: str, runs: int) -> tuple[int, int]:
    """pytest-run-parallel: runs, and 1 if any of them failed."""
    text = (
        f"import sys\nsys.path.insert(0, {HERE!r})\nimport thread_cases\n"
        f"def test_case():\n    thread_cases.run(thread_cases.CASES[{name!r}], timeout=1.0)\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "test_case.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path]
        command += ["--parallel-threads=2", f"--iterations={runs // 2}"]
        done = subprocess.run(command, capture_output=True, check=False, cwd=directory)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout.decode()[-200:])
    return runs, done.returncode


def main() -> None:
    """Run, and print the result in one line of JSON."""
    tool, name, seeds, schedules = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    kind = cases.CASES[name]
    program, _, strategy = tool.partition(" ")
    if program == "frontrun" and "FRONTRUN_AGAIN" not in os.environ:
        # It has to be started by its own launcher.
        os.environ["FRONTRUN_AGAIN"] = "1"
        launcher = os.path.join(os.path.dirname(sys.executable), "frontrun")
        command = [launcher, sys.executable, *sys.argv]
        os.execv(launcher, command)  # its launcher, by its path
    started = time.perf_counter()
    if program == "pytest-run-parallel":
        outcomes = [parallel(name, schedules)]
    else:
        run = interleave if program == "interleave-test" else frontrun
        only_once = strategy == "dpor"
        numbers = range(1, 2 if only_once else seeds + 1)
        outcomes = [run(kind, strategy, seed, schedules) for seed in numbers]
    took = time.perf_counter() - started
    tried = sum(ran for ran, _ in outcomes)
    print(
        json.dumps(
            {
                "schedules": [found for _, found in outcomes],
                "milliseconds": 1000 * took / max(1, tried),
            }
        )
    )


if __name__ == "__main__":
    main()
