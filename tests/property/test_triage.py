"""Any bytes may be a log: nothing raises, memory is bounded, and work grows with the length."""

import importlib
import io
import os
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surefoot.triage
from surefoot.triage.cleaning import MAX_LINE, Cleaner
from surefoot.triage.fingerprints import near
from surefoot.triage.masking import mask, mask_line
from surefoot.triage.model import Line, Log, LogKind
from surefoot.triage.pipeline import analyse
from surefoot.triage.rates import wilson
from surefoot.triage.readers import ALL
from surefoot.triage.readers.base import MAX_FAILURES, Reader
from surefoot.triage.reading import Reading
from surefoot.triage.rules import load_rules

LOGS = os.path.join(os.path.dirname(__file__), "..", "logs")
RULES = load_rules()


def _known_lines() -> list[bytes]:
    lines: set[bytes] = set()
    for name in sorted(os.listdir(LOGS)):
        if name.endswith(".log"):
            with open(os.path.join(LOGS, name), "rb") as file:
                lines.update(file.read().split(b"\n"))
    return sorted(lines)


KNOWN = _known_lines()
_PREFIXES = (
    b"",
    b"2024-05-01T10:00:00.1234567Z ",
    b"##[error]",
    b"\x1b[31m",
    b"job\tstep\t",
    b"  ",
)
_LINES = st.one_of(
    st.sampled_from(KNOWN),
    st.binary(max_size=60),
    st.tuples(st.sampled_from(_PREFIXES), st.sampled_from(KNOWN)).map(b"".join),
    # A line that is cut, or has bytes of another in it.
    st.tuples(st.sampled_from(KNOWN), st.integers(0, 80), st.binary(max_size=5)).map(
        lambda item: item[0][: item[1]] + item[2]
    ),
)
_LOGS = st.lists(_LINES, max_size=60).map(b"\n".join)


@settings(max_examples=150, deadline=None)
@given(_LOGS)
def test_any_mixture_of_lines_is_read(content: bytes) -> None:
    parsed = Reading(Log("log", "x"), RULES).read(io.BytesIO(content))
    total = content.count(b"\n") + 1
    for failure in parsed.failures:
        for quote in failure.quotes:
            assert 1 <= quote.line <= total
    assert all(step.first <= step.last for step in parsed.steps)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_log_a_journal_and_a_junit_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = os.path.join(tmp_path_factory.getbasetemp(), "any.log")
    with open(path, "wb") as file:
        file.write(content)
    analysis = analyse([Log(kind.value, path, kind) for kind in LogKind])
    assert len(analysis.logs) == len(LogKind)


@settings(max_examples=60, deadline=None)
@given(st.lists(_LINES, max_size=30), st.sampled_from(range(len(ALL))))
def test_each_reader_by_itself_takes_any_lines(lines: list[bytes], which: int) -> None:
    reader = ALL[which]("log")
    for line in Cleaner().read(io.BytesIO(b"\n".join(lines))):
        reader.feed(line)
    reader.step()
    reader.close()
    assert len(reader.found.failures) <= MAX_FAILURES


@given(st.binary(max_size=4 * MAX_LINE), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_lines_are_bounded(content: bytes, times: int) -> None:
    for line in Cleaner().read(io.BytesIO(content.replace(b"\n", b"") * times)):
        # Bytes that are no UTF-8 become one character each.
        assert len(line.text) <= MAX_LINE + 16


# -- work grows with the length


def _calls(work: Callable[[], object]) -> int:
    """Count the calls of Python functions: work without a clock."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_twice_the_lines_are_at_most_thrice_the_calls(make: Callable[[str], Reader]) -> None:
    def read(times: int) -> None:
        reader = make("log")
        lines = Cleaner().read(io.BytesIO(b"\n".join(KNOWN * times)))
        for line in lines:
            reader.feed(line)
        reader.close()

    once, twice = _calls(lambda: read(1)), _calls(lambda: read(2))
    assert twice < 3 * once


_SEEDS = (
    "a", "1", "a ", "1 ", ".", "a.", "a/", "/a", "::", "a:1:", "(", ")", "[", " ", "=", "- ", '"',
    "A ", "Error: ", "a.py:", ".feature:1", "@a ", "1, ", "1 passed, ", "timed out", "FAILED ",
    "E ", 'File "', "\t", "##[", "\x1b[", "1.", "a_", " > ", "| ", "at a", "0x", "1:1", "fatal: ",
    " ... ", "# ", "a  ", "_ ",
)  # fmt: skip


def _patterns() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Yield every regular expression of the room, and whether it is searched or matched."""
    searched = re.compile(r"masking|truncation\._MARKERS|evidence\._FAULTY|_GREEN|_ROOTS|cleaning")
    for module in pkgutil.walk_packages(surefoot.triage.__path__, "surefoot.triage."):
        if any(room in module.name for room in (".forges", ".filing", ".sources", ".report")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            patterns = value if isinstance(value, tuple) else (value,)
            for pattern in patterns:
                if isinstance(pattern, re.Pattern):
                    full = f"{module.name}.{name}"
                    yield full, pattern, searched.search(full) is not None
    for rule in RULES.rules:
        if rule.pattern is not None:
            yield f"rule {rule.id}", rule.pattern, True
    for kind, pattern in RULES.kinds:
        yield f"kind {kind}", pattern, True


@pytest.mark.parametrize(
    ("name", "pattern", "search"), list(_patterns()), ids=lambda item: str(item)[:60]
)
def test_no_expression_is_worse_than_linear(
    name: str, pattern: re.Pattern[str], search: bool
) -> None:
    """Eight times the text is less than thirty times the work; linear is 8, quadratic 64.

    The ratio is of the process's own time, and only where there is enough of it to compare.
    """

    def spent(text: str) -> float:
        best = 1.0
        for _ in range(3):
            start = time.process_time()
            if search:
                pattern.search(text)
            else:
                pattern.match(text)
            best = min(best, time.process_time() - start)
        return best

    for seed in _SEEDS:
        long = (seed * 4000)[:4000]
        whole = spent(long)
        if whole > 0.02:
            assert whole < 30 * max(spent(long[:500]), 1e-5), (name, seed)


# -- masks, distances, intervals


@given(st.text(max_size=300))
@settings(max_examples=150)
def test_masks_take_any_text_and_masking_twice_changes_nothing(text: str) -> None:
    once = mask_line(text)
    assert mask_line(once) == once
    assert isinstance(mask(text), str)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_equal_things_stay_equal_and_others_stay_different(one: int, two: int) -> None:
    assert mask(f"found {one} not {two}") == (
        "found <n1> not <n1>" if one == two else "found <n1> not <n2>"
    )


def _distance(one: str, two: str) -> int:
    row = list(range(len(two) + 1))
    for index, left in enumerate(one, 1):
        new = [index]
        for at, right in enumerate(two, 1):
            new.append(min(row[at] + 1, new[-1] + 1, row[at - 1] + (left != right)))
        row = new
    return row[-1]


@given(st.text("abc", max_size=60), st.text("abc", max_size=60))
def test_near_is_an_edit_distance_under_a_tenth(one: str, two: str) -> None:
    allowed = int(0.1 * (len(one) + len(two)) / 2)
    assert near(one, two) == (_distance(one, two) <= allowed)


@given(st.text("abcd", min_size=30, max_size=80), st.data())
def test_near_finds_what_is_near(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + "x" + text[at + 1 :]
    assert near(text, changed)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_rate(failures: int, passed: int) -> None:
    n = failures + passed
    interval = wilson(failures, n)
    assert 0.0 <= interval.low <= interval.high <= 1.0
    if n:
        assert interval.low - 1e-12 <= failures / n <= interval.high + 1e-12


def test_a_line_is_a_value() -> None:
    assert Line(1, "a") == Line(1, "a", None, "")
