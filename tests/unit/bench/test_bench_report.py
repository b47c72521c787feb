"""Statistics, what counts as right, the targets' arithmetic, and the two files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bench.contestants import Answer, Counts
from bench.generate import Suite, all_pass
from bench.measure import Child, Race, Sample
from bench.report import (
    Machine,
    Results,
    Table,
    Target,
    fastest_right_peer,
    registry_targets,
    render,
    save,
    table_of,
    targets_of,
)

RIGHT = Answer(0, Counts(2, 0, 0), Counts(10, 0, 0))
LOST = Answer(0, Counts(2, 0, 0), Counts(9, 0, 0))


def _samples(
    seconds: Sequence[float],
    answer: Answer = RIGHT,
    *,
    peak: float = 50.0,
    over: bool = False,
    leftovers: int = 0,
) -> list[Sample]:
    return [
        Sample(Child(answer.exit_code, one, one * 2, peak, over, leftovers), answer)
        for one in seconds
    ]


def _table(name: str = "docx", expected: Answer | None = None, **samples: list[Sample]) -> Table:
    by_key = {key.replace("_", "-"): taken for key, taken in samples.items()}
    suite = Suite(name, f"about {name}", lambda _root: None, tuple(by_key), expected, 180.0)
    return table_of(Race(suite, by_key))


def _target(targets: Sequence[Target], text: str) -> Target:
    (found,) = [target for target in targets if text in target.text]
    return found


def test_median_best_and_ratio() -> None:
    table = _table(behave=_samples([4.0, 2.0, 3.0]), pool_2=_samples([1.0, 9.0, 1.5]))
    plain, pool = table.rows
    assert (plain.median, plain.best, plain.ratio) == (3.0, 2.0, 1.0)
    assert (pool.median, pool.best, pool.ratio) == (1.5, 1.0, 0.5)
    assert pool.cpu_median == 3.0
    assert pool.seconds == [1.0, 9.0, 1.5]


def test_one_wrong_round_makes_a_contestant_wrong() -> None:
    mixed = [*_samples([1.0]), *_samples([1.0], LOST)]
    pool = _table(behave=_samples([2.0]), pool_2=mixed).rows[1]
    assert pool.difference == (
        "scenarios: 9 passed, 0 failed, 0 skipped; not 10 passed, 0 failed, 0 skipped"
    )


def test_without_plain_behave_the_generator_knows_the_right_answer() -> None:
    (row,) = _table("large", all_pass(2, 10), surefoot_2=_samples([1.0], LOST)).rows
    assert row.difference
    assert row.ratio is None


def test_plain_behave_itself_is_held_against_the_generator() -> None:
    table = _table("tiny", all_pass(2, 10), behave=_samples([1.0], LOST), pool_2=_samples([1.0]))
    assert table.rows[0].difference


def test_plain_behave_over_the_limit_measures_nothing() -> None:
    table = _table(
        "tiny",
        all_pass(2, 10),
        behave=_samples([180.0], Answer(-9), over=True),
        pool_2=_samples([1.0]),
    )
    assert table.rows[1].ratio is None
    assert table.rows[1].difference == ""


def test_the_fastest_right_peer_is_neither_wrong_nor_over_the_limit_nor_ours() -> None:
    table = _table(
        behave=_samples([10.0]),
        behavex_2=_samples([5.0]),
        pool_2=_samples([3.0], LOST),
        behavex_2_scenario=_samples([1.0], over=True),
        surefoot_2=_samples([2.0]),
    )
    peer = fastest_right_peer(table)
    assert peer is not None
    assert peer.key == "behavex-2"


def test_no_right_peer() -> None:
    assert fastest_right_peer(_table(behave=_samples([1.0]), pool_2=_samples([1.0], LOST))) is None


@pytest.mark.parametrize(
    ("one", "two", "met"),
    [(10.0, 4.0, (True, True, True)), (10.1, 6.1, (False, False, False))],
)
def test_docx_targets(one: float, two: float, met: tuple[bool, ...]) -> None:
    table = _table(
        behave=_samples([10.0]),
        pool_2=_samples([5.0]),
        surefoot_1=_samples([one]),
        surefoot_2=_samples([two]),
    )
    targets = [one for one in targets_of([table], None) if "docx" in one.text]
    assert tuple(target.met for target in targets) == met
    assert [target.value for target in targets] == [one / 10, two / 10, two / 5]
    assert "median 5.00 s of n=1, behave-pool, 2 workers" in targets[2].sample


def test_a_target_at_its_limit_is_met() -> None:
    table = _table(behave=_samples([8.0]), surefoot_1=_samples([8.0]))
    assert _target(targets_of([table], None), "1 worker").met is True


def test_a_wrong_answer_meets_no_target() -> None:
    table = _table(behave=_samples([10.0]), surefoot_2=_samples([1.0], LOST))
    target = _target(targets_of([table], None), "2 workers: time by plain")
    assert target.value == 0.1
    assert target.met is False
    assert "wrong answer: scenarios: 9 passed" in target.sample


def _large(seconds: float, peak: float, answer: Answer | None = None) -> list[Table]:
    expected = all_pass(2000, 100_000)
    samples = _samples([seconds], answer or expected, peak=peak)
    return [
        _table("large-base", all_pass(20, 1000), surefoot_2=_samples([1.0], all_pass(20, 1000))),
        _table("large", expected, surefoot_2=samples),
    ]


def test_large_targets_met() -> None:
    targets = targets_of(_large(50.0, 299.0), None)
    memory = _target(targets, "memory")
    rate = _target(targets, "a second")
    assert (memory.value, memory.met) == (299.0, True)
    assert (rate.value, rate.met) == (2.0, True)
    assert rate.sample.startswith("2000 by 1000 a second")


def test_large_targets_not_met() -> None:
    targets = targets_of(_large(101.0, 300.0), None)
    assert _target(targets, "memory").met is False
    assert _target(targets, "a second").met is False


def test_lost_scenarios_meet_no_large_target() -> None:
    targets = targets_of(_large(50.0, 100.0, all_pass(2000, 99_999)), None)
    assert _target(targets, "memory").met is False
    assert _target(targets, "a second").met is False


def test_what_was_not_run_is_not_measured() -> None:
    targets = targets_of([], None)
    assert {target.met for target in targets} == {None}
    assert {target.verdict for target in targets} == {"not measured"}


@pytest.mark.parametrize(
    ("figures", "met"),
    [
        ({"load_ratio": 0.05, "match_growth": 1.25, "rounds": 3}, [True, True]),
        ({"load_ratio": 0.06, "match_growth": 1.3, "rounds": 3}, [False, False]),
        ({"load_ratio": "quick"}, [None, None]),
        (None, [None, None]),
    ],
)
def test_registry_targets(figures: dict[str, Any] | None, met: list[bool | None]) -> None:
    assert [target.met for target in registry_targets(figures)] == met


def _results(tables: list[Table], registry: dict[str, Any] | None = None) -> Results:
    return Results(
        date="2026-01-01 00:00 UTC",
        command="python -m bench",
        rounds=3,
        machine=Machine(2, 8.0, "3.11.7", "Linux", 0.1),
        versions={"behave": "1.3.3"},
        tables=tables,
        registry=registry,
        targets=targets_of(tables, registry),
    )


def test_rendered_rows() -> None:
    table = _table(
        behave=_samples([4.0, 2.0, 3.0]),
        behavex_2=_samples([180.0], Answer(-9), over=True),
        pool_2=_samples([1.5, 1.5, 1.5], LOST, leftovers=2),
        surefoot_1=_samples([3.3, 3.3, 3.3]),
    )
    lines = render(_results([table])).splitlines()
    assert (
        "2026-01-01 00:00 UTC, `python -m bench`. 2 cores, 8 GB, Python 3.11.7, Linux,"
        in "".join(lines[:4])
    )
    assert "| plain behave | 3.00 | 2.00 | 3 | 1.00 | 6.00 | 50 | right, 10 scenarios |" in lines
    assert (
        "| behavex, 2 workers | > 180.00 | > 180.00 | 1 | > 60.00 | > 360.00 | 50"
        " | over the limit of 180 s |"
    ) in lines
    assert (
        "| behave-pool, 2 workers | 1.50 | 1.50 | 3 | 0.50 | 3.00 | 50 | wrong: scenarios:"
        " 9 passed, 0 failed, 0 skipped; not 10 passed, 0 failed, 0 skipped;"
        " left 2 processes behind |"
    ) in lines
    assert "- plain behave: `behave --no-color -f progress features`" in lines
    target = "| python-docx, 1 worker: time by plain behave's | at most 1 | 1.100 | NOT MET |"
    assert any(line.startswith(target) for line in lines)
    assert "| behave | 1.3.3 |" in lines


def test_rendered_registry_is_flat() -> None:
    text = render(_results([], {"load": {"behave": 7.25, "modules": 800}, "rounds": 3}))
    assert "| load.behave | 7.25 |" in text
    assert "| load.modules | 800 |" in text


def test_saved_files(tmp_path: Path) -> None:
    results = _results([_table(behave=_samples([1.0, 2.0]))])
    save(results, str(tmp_path / "new"))
    assert (tmp_path / "new" / "RESULTS.md").read_text("utf-8") == render(results)
    data = json.loads((tmp_path / "new" / "results.json").read_text("utf-8"))
    assert data["tables"][0]["rows"][0]["seconds"] == [1.0, 2.0]
    assert data["machine"]["cores"] == 2
