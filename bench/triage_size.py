"""`python -m bench.triage_size [--mib N]`: how long a log of that size takes, and how much memory.

The log is made on the way: steps, requests, downloads, colours, hashes and warnings behind time
stamps, a traceback every 64 MiB and at the end. With `--baseline` a passing log of a quarter of
the size is there to compare with. The command runs in a process of its own, whose peak of memory
the system tells. Ends with 1 when that passes 300 MB, or when the last traceback is not told.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

BOUND = 300_000_000
"""Bytes of memory that a log of 1 GB may take."""
_PIECE = 64 << 20
_FAILURE = (
    "Traceback (most recent call last):",
    '  File "app/shop.py", line 3, in pay',
    "KeyError: 'shop'",
    "##[error]Process completed with exit code 1.",
)


def lines(size: int) -> Iterator[str]:
    """Yield about `size` bytes of a log without a failure."""
    draw = random.Random(1)
    written = at = 0
    while written < size:
        at += 1
        number = draw.randrange(10**6)
        said = (
            f"  Scenario: order {number} is paid",
            f"    Given a shop with {number % 100} rows ... passed in {draw.random():.3f}s",
            f"DEBUG:app.db:{number:08x} SELECT * FROM orders WHERE id = {number} [cached]",
            f"2026-04-13 06:00:12,{at % 1000:03} INFO worker-{at % 8} /api/v1/orders/{number} 200",
            f"tests/test_shop.py::test_pay[{number}] PASSED [{at % 100:3}%]",
            f"\x1b[32m  copied\x1b[0m build/{number:x}/module_{at % 1000}.py",
            f"WARNING: retrying in 3 s: connection to 10.0.0.{at % 255}:5432 was reset (error 104)",
            "",
            "x" * (at % 90) + f" lorem ipsum dolor sit amet {draw.random()}",
        )[at % 9]
        minute, second = divmod(at // 500 % 3600, 60)
        line = f"2026-04-13T06:{minute:02}:{second:02}.{at % 1000:03}0000Z {said}\n"
        written += len(line)
        yield line


def main() -> int:
    """Make the log, read it, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.triage_size", description=__doc__)
    parser.add_argument("--mib", type=int, default=64, metavar="N", help="size of the log")
    parser.add_argument("--baseline", action="store_true", help="with a passing log beside it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Nothing is held here: a child's peak counts what its parent had when it was made.
        piece = os.path.join(folder, "surefoot-piece.bin")
        rows = 0
        with open(piece, "w", encoding="utf-8") as file:
            for line in lines(min(_PIECE, chosen.mib << 20)):
                file.write(line)
                rows += 1
            file.writelines(f"2026-04-13T07:00:00.0000000Z {text}\n" for text in _FAILURE)
        pieces = max(1, (chosen.mib << 20) // _PIECE)
        described = {"red.log": {"job": "unit", "conclusion": "failure", "run": "2"}}
        with open(os.path.join(folder, "red.log"), "wb") as out:
            for _ in range(pieces):
                with open(piece, "rb") as source:
                    shutil.copyfileobj(source, out)
        os.unlink(piece)
        rows = (rows + len(_FAILURE)) * pieces
        size = os.path.getsize(os.path.join(folder, "red.log"))
        if chosen.baseline:
            described["green.log"] = {"job": "unit", "conclusion": "success", "run": "1"}
            with open(os.path.join(folder, "green.log"), "w", encoding="utf-8") as file:
                file.writelines(lines((chosen.mib << 20) // 4))
        with open(os.path.join(folder, "surefoot-logs.json"), "w", encoding="utf-8") as file:
            json.dump(described, file)
        began = time.perf_counter()
        command = os.path.join(os.path.dirname(sys.executable), "surefoot")
        done = subprocess.run(
            [
                command,
                "triage",
                folder,
                "--cache",
                os.path.join(folder, "cache"),
                "--format",
                "json",
            ],
            stdout=subprocess.PIPE,
            check=True,
        )
        seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cpu = used.ru_utime + used.ru_stime
    found = json.loads(done.stdout)["clusters"][0]["occurrences"]
    last = max(quote["line"] for item in found for quote in item["failure"]["quotes"])
    print(
        f"{size:,} bytes, {rows:,} lines: {cpu:.1f} s of CPU ({size / cpu / 1e6:.1f} MB/s),"
        f" {seconds:.1f} s in all, {peak / 1e6:.0f} MB at most; last line told: {last:,}"
    )
    return 0 if peak < BOUND and last > rows - len(_FAILURE) else 1


if __name__ == "__main__":
    sys.exit(main())
