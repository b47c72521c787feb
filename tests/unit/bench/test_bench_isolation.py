"""The benchmark of isolation measures what it says, on a small sample."""

import json
from pathlib import Path

import pytest
from bench import isolation


def test_a_small_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = isolation.measure(str(tmp_path), copies=50, rounds=1, count=20)
    rows = result["microseconds"]
    assert 900_000 < result["database_bytes"] < 1_500_000
    assert rows["databases: copy"]["n"] == 50
    assert rows["tools: directory, leaks"]["n"] == 20
    assert all(0 < row["median"] <= row["p99"] for row in rows.values())
    assert "databases: copy" in isolation.as_text(result)
    json.dumps(result)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--copies", "0"], ["--directory", "/nowhere/at/all"]])
def test_bad_arguments_are_a_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        isolation.main(arguments)
    assert caught.value.code == 2
    assert "python -m bench.isolation: error: --" in capsys.readouterr().err
