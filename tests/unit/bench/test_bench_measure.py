"""Running children: what they exit with, what they leave behind, and who is run again."""

import os
import sys
from pathlib import Path

import psutil
import pytest
from bench import measure
from bench.contestants import ALL, BY_KEY, STDERR, STDOUT, Answer, Contestant
from bench.generate import Suite
from bench.measure import Child, Sample, alternate, child_environment, peak_kib, run_child

# Ends only by a signal. A process of its own session, as runners make for their workers.
_STAYS = """\
import os, signal, sys
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.setsid()
    os.write(write, b"x")
    signal.pause()
os.read(read, 1)
print(child, flush=True)
"""


def _run(code: str, folder: Path, limit: float = 60.0) -> Child:
    command = [sys.executable, "-c", code]
    return run_child(command, str(folder), dict(os.environ), str(folder), limit)


def _sample(*, over_limit: bool = False) -> Sample:
    return Sample(Child(0, 1.0, 1.0, 1.0, over_limit=over_limit), Answer(0))


def test_a_child_is_measured(tmp_path: Path) -> None:
    code = (
        "import sys; x = bytearray(50_000_000); print('out'); sys.stderr.write('err'); sys.exit(3)"
    )
    child = _run(code, tmp_path)
    assert child.exit_code == 3
    assert child.seconds > 0
    assert child.cpu_seconds > 0
    assert not child.over_limit
    assert child.leftovers == 0
    assert (tmp_path / STDOUT).read_text() == "out\n"
    assert (tmp_path / STDERR).read_text() == "err"


def test_the_peak_is_that_of_the_main_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The child lets go of its memory, and ends when the peak has been seen.
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    def seen(status: str) -> int:
        peak = peak_kib(status)
        if peak > 80_000 and not opened:
            opened.append(gate.write_bytes(b"go"))
        return peak

    opened: list[int] = []
    monkeypatch.setattr(measure, "peak_kib", seen)
    child = _run("x = b'x' * 85_000_000; del x; open('gate').read()", tmp_path)
    assert not child.over_limit
    assert 82 < child.peak_mb < 200


def test_a_signal_is_told(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert _run(code, tmp_path).exit_code == -15


def test_what_a_child_leaves_behind_is_counted_and_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_LEAVING", 0.0)
    child = _run(_STAYS, tmp_path)
    assert child.exit_code == 0
    assert child.leftovers == 1
    assert _is_gone(int((tmp_path / STDOUT).read_text()))


def test_a_child_over_the_limit_is_killed_with_all_it_started(tmp_path: Path) -> None:
    child = _run(_STAYS + "signal.pause()\n", tmp_path, limit=1.0)
    assert child.over_limit
    assert child.exit_code == -9
    assert child.leftovers == 0
    text = (tmp_path / STDOUT).read_text()
    assert not text or _is_gone(int(text))


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_contestants_alternate() -> None:
    order: list[tuple[str, int]] = []

    def run(contestant: Contestant, number: int) -> Sample:
        order.append((contestant.key, number))
        return _sample()

    samples = alternate(ALL[:2], 3, run)
    a, b = (one.key for one in ALL[:2])
    assert order == [(a, 0), (b, 0), (a, 1), (b, 1), (a, 2), (b, 2)]
    assert {key: len(taken) for key, taken in samples.items()} == {a: 3, b: 3}


def test_who_was_over_the_limit_is_not_run_again() -> None:
    slow, fast = ALL[1], ALL[0]

    def run(contestant: Contestant, _number: int) -> Sample:
        return _sample(over_limit=contestant is slow)

    samples = alternate([slow, fast], 3, run)
    assert len(samples[slow.key]) == 1
    assert len(samples[fast.key]) == 3


def test_a_race_gives_each_contestant_its_own_tree(tmp_path: Path) -> None:
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for name in ("behave", "behavex"):
        program = bin_dir / name
        program.write_text(
            "#!/bin/sh\n"
            'test ! -e mine || echo "again"\n'
            "echo >> mine\n"
            "echo '1 feature passed, 0 failed, 0 skipped'\n"
            "echo '2 scenarios passed, 0 failed, 0 skipped'\n"
        )
        program.chmod(0o755)
    laid: list[str] = []
    suite = Suite("s", "", laid.append, ("behave", "behavex-2"), max_rounds=2)
    said: list[str] = []
    race = measure.race(
        suite,
        [BY_KEY["behave"], BY_KEY["behavex-2"]],
        3,
        work=str(tmp_path / "work"),
        bin_dir=str(bin_dir),
        say=said.append,
    )
    assert [len(samples) for samples in race.samples.values()] == [2, 2]
    assert len(said) == 4
    assert all("scenarios 2 passed" in line for line in said)
    for key in ("behave", "behavex-2"):
        home = tmp_path / "work" / "s" / key
        assert str(home / "tree") in laid
        assert "again" not in (home / "round-1" / STDOUT).read_text()
        assert "again" in (home / "round-2" / STDOUT).read_text()


def test_the_environment_keeps_what_is_the_users_and_drops_what_is_ours() -> None:
    own = {"HOME": "/h", "PATH": "/usr/bin", "PYTHONPATH": "x", "VIRTUAL_ENV": "v", "CI": "1"}
    assert child_environment(own, "/b") == {"HOME": "/h", "PATH": "/b:/usr/bin"}


@pytest.mark.parametrize(
    ("status", "peak"),
    [("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t  312 kB\nVmRSS:\t 3 kB\n", 312), ("State:\tZ\n", 0)],
)
def test_peak_memory_is_read_from_proc(status: str, peak: int) -> None:
    assert peak_kib(status) == peak
