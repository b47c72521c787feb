"""The command: which suites and contestants, exit codes, and where a part of a run is written."""

from pathlib import Path

import pytest
from bench import __main__ as bench_main
from bench.contestants import BY_KEY, Contestant
from bench.generate import Suite
from bench.measure import Child, Race, Sample
from bench.report import Results, Target
from bench.sources import BenchError, Venv


def test_an_empty_list_means_all() -> None:
    assert bench_main.pick("", ["a", "b"], "suite") == ["a", "b"]
    assert bench_main.pick("b,", ["a", "b"], "suite") == ["b"]


def test_an_unknown_name_is_told_with_the_known_and_the_nearest() -> None:
    expected = r"suite 'dox' is not known \(known: docx, tiny\); did you mean docx\?"
    with pytest.raises(BenchError, match=expected):
        bench_main.pick("tiny,dox", ["docx", "tiny"], "suite")


def test_every_suite_names_known_contestants() -> None:
    suites = bench_main.suites()
    assert [suite.name for suite in suites] == [
        "docx",
        "tiny",
        "sleeping",
        "long",
        "definitions",
        "large-base",
        "large",
    ]
    for suite in suites:
        assert set(suite.contestants) <= set(BY_KEY)


def test_every_generated_suite_knows_its_answer() -> None:
    by_name = {suite.name: suite for suite in bench_main.suites()}
    assert by_name.pop("docx").expected is None
    for suite in by_name.values():
        assert suite.expected is not None
        assert suite.expected.exit_code == 0


def test_an_unknown_suite_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_main.main(["--only", "nothing"]) == 2
    assert "bench: suite 'nothing' is not known" in capsys.readouterr().err


def test_list_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_main.main(["--list"]) == 0
    assert "docx: python-docx 1.2.0" in capsys.readouterr().out


def test_no_rounds_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench_main.main(["--rounds", "0"])
    assert ended.value.code == 2
    assert "measure nothing" in capsys.readouterr().err


@pytest.mark.parametrize(("met", "code"), [(None, 0), (True, 0), (False, 1)])
def test_exit_code(met: bool | None, code: int) -> None:
    assert (
        bench_main.exit_code([Target("t", "w", 1.0, True, ""), Target("t", "w", 1.0, met, "")])
        == code
    )


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Runs that take a second and give the expected answer, without any process."""
    ran: list[tuple[str, list[str]]] = []

    def race(suite: Suite, contestants: list[Contestant], *_a: object, **_k: object) -> Race:
        keys = [one.key for one in contestants]
        ran.append((suite.name, keys))
        assert suite.expected is not None
        return Race(suite, {key: [Sample(Child(0, 1.0, 1.0, 9.0), suite.expected)] for key in keys})

    monkeypatch.setattr(bench_main, "race", race)
    monkeypatch.setattr(bench_main, "_CHECKOUT", str(tmp_path / "checkout"))
    monkeypatch.setattr(bench_main, "_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        bench_main, "environment", lambda _cache, _checkout, *, surefoot: Venv(f"/venv/{surefoot}")
    )
    monkeypatch.setattr(Venv, "versions", lambda _self: {"behave": "1.3.3"})
    return ran


def test_a_part_of_a_run_leaves_the_results_of_whole_runs_alone(
    measured: list[tuple[str, list[str]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = bench_main.main(["--only", "tiny", "--contestants", "behave,pool-2", "--rounds", "1"])
    assert code == 0
    assert measured == [("tiny", ["behave", "pool-2"])]
    assert (tmp_path / "cache" / "bench" / "RESULTS.md").exists()
    assert not (tmp_path / "checkout").exists()
    assert "| behave-pool, 2 workers | 1.00 |" in capsys.readouterr().out


def test_a_suite_without_any_chosen_contestant_is_left_out(
    measured: list[tuple[str, list[str]]], tmp_path: Path
) -> None:
    arguments = ["--only", "tiny,large", "--contestants", "behave", "--out", str(tmp_path / "out")]
    assert bench_main.main(arguments) == 0
    assert measured == [("tiny", ["behave"])]
    assert (tmp_path / "out" / "results.json").exists()


def test_the_machine_is_described_without_its_name() -> None:
    machine = bench_main.this_machine()
    assert machine.cores >= 1
    assert machine.memory_gb > 0
    assert machine.system


def test_results_are_of_this_command(measured: list[tuple[str, list[str]]]) -> None:
    suites = [suite for suite in bench_main.suites() if suite.name == "sleeping"]
    results = bench_main.measure_all(suites, list(BY_KEY), 3, "python -m bench --only sleeping")
    assert isinstance(results, Results)
    assert results.command == "python -m bench --only sleeping"
    assert results.registry is None
    assert measured[0][1] == ["behave", "behavex-2", "pool-2", "surefoot-1", "surefoot-2"]
