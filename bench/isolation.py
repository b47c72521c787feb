"""What isolation costs: a database copy, a port, and each tool around a scenario.

    python -m bench.isolation [--copies 10000] [--rounds 3] [--directory DIR] [--json]

Everything is measured in one process of its own a round, and the ways to get a database take
turns, so that a busy machine harms all alike. Times are microseconds of the wall clock, and in
`cpu` of the processor, which other processes do not lengthen as much. Like the rest of `bench`,
this module imports nothing of surefoot; the measured processes do.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

_LIMIT = 3600.0

_PROGRAM = """
import contextlib, json, os, shutil, sqlite3, sys, tempfile, time
from types import SimpleNamespace

directory, copies, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.chdir(directory)
tempfile.tempdir = directory
clock = time.perf_counter

import behave.runner
from surefoot.isolation import directories, free_port, lease_ports, scope, sqlite_template
from surefoot.worker.around import Attempt
from surefoot.worker.leak_check import LeakCheck
from surefoot.worker.scenario_directory import ScenarioDirectory
from surefoot.worker.scenario_seeds import ScenarioSeeds

def migrate(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=off")
    for number in range(40):
        connection.execute(f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT, note TEXT)")
        connection.execute(f"CREATE INDEX i{number} ON t{number} (name)")
        connection.executemany(
            f"INSERT INTO t{number} (name, note) VALUES (?, ?)",
            [(f"name {row}", "x" * 140) for row in range(125)])
    connection.commit()
    connection.close()

work = tempfile.mkdtemp()
template = sqlite_template(migrate, name="bench")
scope.open_scenario(scope.Scenario("bench", work))
first = template.copy()
size = os.path.getsize(first.path)

def our_copy():
    template.copy().remove()

target = os.path.join(work, "other.sqlite")
def plain_copy():
    shutil.copyfile(first.path, target)
    os.unlink(target)

source = sqlite3.connect(first.path)
def backup():
    with contextlib.closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA synchronous=off")
        source.backup(connection)
    os.unlink(target)

def migration():
    migrate(target)
    for tail in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target + tail)

def timed(function, times):
    taken = []
    for _ in range(times):
        begin, busy = clock(), time.process_time()
        function()
        taken.append(((clock() - begin) * 1e6, (time.process_time() - busy) * 1e6))
    return taken

ways = {"copy": our_copy, "copyfile": plain_copy, "backup": backup, "migration": migration}
part = {"copy": copies, "copyfile": copies, "backup": max(1, copies // 20),
        "migration": max(1, copies // 50)}
databases = {way: [] for way in ways}
for _ in range(10):
    for way, function in ways.items():
        databases[way] += timed(function, -(-part[way] // 10))
source.close()
scope.close_scenario(False)

def lease():
    lease_ports(1).release()

scenario = SimpleNamespace(effective_tags=())
def around(*tools):
    def run():
        attempt = Attempt(scenario, identity="a :: b", seed=1)
        def proceed(index):
            if index == len(tools):
                return False
            return tools[index](attempt, lambda: proceed(index + 1))
        proceed(0)
        assert not attempt.findings, attempt.findings
    return run

directory_tool = ScenarioDirectory(own_tmp=False)
tools = {
    "no tool": around(),
    "directory (default)": around(directory_tool),
    "directory, tmpdir = scenario": around(ScenarioDirectory(own_tmp=True)),
    "directory, seeds": around(directory_tool, ScenarioSeeds()),
    "directory, leaks": around(directory_tool, LeakCheck((), fail=False)),
}
costs = {name: [] for name in tools}
for function in tools.values():
    timed(function, 20)
for _ in range(10):
    for name, function in tools.items():
        costs[name] += timed(function, count // 10)
shutil.rmtree(work)
print(json.dumps({"bytes": size, "databases": databases, "ports": timed(lease, count // 10),
                  "tools": costs, "modules": len(sys.modules)}))
"""


def measure(directory: str, copies: int, rounds: int, count: int = 1000) -> dict[str, Any]:
    """Return medians and 99 % quantiles over all rounds, in microseconds."""
    samples: dict[str, list[list[float]]] = {}
    size = modules = 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-isolation-", dir=directory) as work:
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, work, str(copies), str(count)],
                capture_output=True,
                text=True,
                timeout=_LIMIT,
                check=False,
            )
        if done.returncode != 0:
            sys.exit(f"the measured process failed:\n{done.stderr}")
        found = json.loads(done.stdout)
        size, modules = found["bytes"], found["modules"]
        for group in ("databases", "tools"):
            for name, taken in found[group].items():
                samples.setdefault(f"{group}: {name}", []).extend(taken)
        samples.setdefault("ports: lease and release", []).extend(found["ports"])
    return {
        "rounds": rounds,
        "database_bytes": size,
        "modules": modules,
        "file_system": directory,
        "microseconds": {name: _summary(taken) for name, taken in samples.items()},
    }


def _summary(taken: list[list[float]]) -> dict[str, float]:
    ordered = sorted(wall for wall, _ in taken)
    return {
        "n": len(ordered),
        "median": round(statistics.median(ordered), 1),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
        "mean": round(statistics.fmean(ordered), 1),
        "cpu": round(statistics.fmean(busy for _, busy in taken), 1),
    }


def as_text(result: dict[str, Any]) -> str:
    """Return the result as a table."""
    columns = ("n", "median", "p99", "mean", "cpu")
    lines = [
        f"{result['rounds']} rounds; a database of {result['database_bytes'] / 1e6:.2f} MB;"
        f" {result['modules']} modules loaded; in {result['file_system']}",
        "",
        f"{'µs':40}" + "".join(f"{name:>10}" for name in columns),
    ]
    for name, row in result["microseconds"].items():
        lines.append(f"{name:40}" + "".join(f"{row[column]:>10}" for column in columns))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.isolation", description=__doc__)
    parser.add_argument("--copies", type=int, default=10000, help="database copies in all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="whose file system")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.copies < 1 or options.rounds < 1:
        parser.error("--copies and --rounds are at least 1")
    if not os.path.isdir(options.directory):
        parser.error(f"--directory {options.directory} is not there")
    result = measure(options.directory, -(-options.copies // options.rounds), options.rounds)
    print(json.dumps(result, indent=2) if options.json else as_text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
