"""Memory does not grow with a log, and what is remembered of lines changes nothing."""

import os
import tracemalloc

import pytest

from surefoot.triage import evidence, needles
from surefoot.triage.evidence import Baseline
from surefoot.triage.masking import mask_line, shape
from surefoot.triage.model import Conclusion, Log, ParsedLog
from surefoot.triage.needles import Needles
from surefoot.triage.reading import read_log
from surefoot.triage.rules import load_rules

LOGS = os.path.join(os.path.dirname(__file__), "..", "..", "logs")
RULES = load_rules()
WORDS = ("copy", "fetch", "build", "error: none", "order", "Found", "row", "warning", "FAILED")


def big(path: str, lines: int) -> Log:
    """Write lines of which no two have one shape, and a failure at the end."""
    with open(path, "w", encoding="utf-8") as file:
        for at in range(lines):
            word = WORDS[at % len(WORDS)]
            letters = f"{at:012b}".translate({48: "x", 49: "y"})
            file.write(f"2024-05-01T10:00:00.{at % 1000:03}Z {word} {letters} {at} of the lot\n")
        file.write("Traceback (most recent call last):\nKeyError: 'shop'\n")
    return Log("big", path, conclusion=Conclusion.FAILURE)


def peak(log: Log, baseline: Baseline) -> int:
    tracemalloc.start()
    try:
        parsed = read_log(log, RULES, baseline)
        assert parsed.failures[-1].exception == "KeyError"
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_log_three_times_as_long_takes_the_same_memory(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The bounds are lowered, so that short logs reach them too.
    monkeypatch.setattr(needles, "MAX_HELD", 1 << 16)
    monkeypatch.setattr(evidence, "MAX_SHAPES", 200)
    monkeypatch.setattr(evidence, "MAX_NOVEL", 200)
    baseline = Baseline("green")
    baseline.add_text("ok")
    short = big(os.path.join(tmp_path, "short.log"), 3000)
    long = big(os.path.join(tmp_path, "long.log"), 9000)
    peak(short, baseline)  # fills the caches of regular expressions
    assert peak(long, baseline) < 1.3 * peak(short, baseline)


def test_lines_of_one_shape_are_masked_alike() -> None:
    for name in sorted(os.listdir(LOGS)):
        if not name.endswith(".log"):
            continue
        with open(os.path.join(LOGS, name), encoding="utf-8") as file:
            for text in file:
                assert mask_line(shape(text)) == mask_line(text)


def test_needles_are_found_whatever_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needles, "MAX_HELD", 8)
    known = Needles([("code 124", "b"), ("a",), ()])
    told = [known.look([shape(text) for text in ("a b", "code 999", "", "c")]) for _ in range(3)]
    assert told == [[(0, 1), (0,), (), ()]] * 3


def test_a_reader_at_rest_wakes_within_the_lines_that_are_read_at_once(
    tmp_path: os.PathLike[str],
) -> None:
    def failures(before: int) -> list[str]:
        path = os.path.join(tmp_path, f"{before}.log")
        with open(path, "w", encoding="utf-8") as file:
            file.write("nothing to see\n" * before)
            for name in ("mypy_red", "pyright_red", "bandit_red", "tox_red", "nox_red"):
                with open(os.path.join(LOGS, f"{name}.log"), encoding="utf-8") as sample:
                    file.write(sample.read())
        parsed: ParsedLog = read_log(Log("x", path), None)
        return [f"{one.reader} {one.subject} {one.message}" for one in parsed.failures]

    assert failures(0)
    for before in (250, 254, 255, 256, 257):
        assert failures(before) == failures(0)
