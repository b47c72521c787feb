"""The history against a dictionary, and against files that were tampered with."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.history.estimates import Timing, advance
from surefoot.history.store import Entry, RunRecord, open_history
from surefoot.model.outcomes import Verdict

# All of Unicode, lone surrogates included: file names need not be valid UTF-8.
IDS = st.text(alphabet=st.characters(), max_size=8) | st.sampled_from(["a", "b", "c"])
SECONDS = st.floats(min_value=0.0, max_value=1e6)
RUNS = st.lists(
    st.dictionaries(IDS, st.tuples(st.sampled_from(Verdict), SECONDS), max_size=5), max_size=6
)


def no_warning(message: str) -> None:
    raise AssertionError(f"warned: {message}")


@settings(deadline=None)
@given(runs=RUNS)
def test_what_is_recorded_is_what_is_known(runs: list[dict[str, tuple[Verdict, float]]]) -> None:
    failed: set[str] = set()
    timings: dict[str, Timing] = {}
    with TemporaryDirectory() as directory:
        path = os.path.join(directory, "history.db")
        for number, results in enumerate(runs):
            entries = [Entry(key, verdict, took) for key, (verdict, took) in results.items()]
            open_history(path, no_warning).record(RunRecord(f"r{number}", 0.0, entries))
            for key, (verdict, took) in results.items():
                match verdict:
                    case Verdict.FAILED | Verdict.UNEXPECTED_PASS:
                        failed.add(key)
                    case Verdict.SKIPPED | Verdict.UNTESTED:
                        continue
                    case _:
                        failed.discard(key)
                timings[key] = advance(timings.get(key), took)
        history = open_history(path, no_warning)
        assert history.estimates() == {key: timing.estimate for key, timing in timings.items()}
        last_failed = history.last_failed()
        if runs:
            assert last_failed == sorted(failed)
        else:
            assert last_failed is None


@given(samples=st.lists(SECONDS, min_size=1, max_size=20))
def test_an_estimate_stays_within_what_was_measured(samples: list[float]) -> None:
    timing: Timing | None = None
    for seconds in samples:
        timing = advance(timing, seconds)
    assert timing is not None
    assert min(samples) * (1 - 1e-9) <= timing.estimate <= max(samples) * (1 + 1e-9)


@given(usual=SECONDS, outlier=SECONDS, before=st.integers(0, 9), after=st.integers(0, 9))
def test_one_outlier_does_not_move_an_estimate_of_three_samples_or_more(
    usual: float, outlier: float, before: int, after: int
) -> None:
    samples = [usual] * before + [outlier] + [usual] * (after + 2)
    timing: Timing | None = None
    for seconds in samples:
        timing = advance(timing, seconds)
    assert timing is not None
    assert timing.estimate == usual


def pristine() -> bytes:
    """Return the bytes of a history of 300 scenarios: more than one page of each kind."""
    with TemporaryDirectory() as directory:
        path = os.path.join(directory, "history.db")
        history = open_history(path, no_warning)
        for number in range(3):
            entries = [
                Entry(f"features/{n}.feature :: scenario", Verdict.FAILED, n / 7)
                for n in range(300)
            ]
            history.record(RunRecord(f"r{number}", 0.0, entries))
        return Path(path).read_bytes()


PRISTINE = pristine()


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["random", "cut", "patched"]))
    if kind == "random":
        return draw(st.binary(max_size=3000))
    if kind == "cut":
        return PRISTINE[: draw(st.integers(0, len(PRISTINE) - 1))]
    content = bytearray(PRISTINE)
    for _ in range(draw(st.integers(1, 4))):
        # The header of the file and the beginnings of the pages decide most.
        page = draw(st.integers(0, len(PRISTINE) // 4096 - 1)) * 4096
        place = page + draw(st.integers(0, 120) | st.integers(0, 4095))
        patch = draw(st.binary(min_size=1, max_size=16))
        content[place : place + len(patch)] = patch
    return bytes(content[: len(PRISTINE)])


@settings(deadline=None, max_examples=200)
@given(content=damaged_files())
def test_no_file_makes_a_run_fail(content: bytes) -> None:
    with TemporaryDirectory() as directory:
        path = os.path.join(directory, "history.db")
        Path(path).write_bytes(content)
        warnings: list[str] = []
        history = open_history(path, warnings.append)
        estimates = history.estimates()
        assert all(seconds >= 0.0 for seconds in estimates.values())
        history.last_failed()
        history.record(RunRecord("next", 0.0, [Entry("a", Verdict.FAILED, 1.0)]))
        last_failed = history.last_failed()
        history.close()
        assert len(warnings) <= 1
        if not warnings:
            assert last_failed is not None
            assert "a" in last_failed
        elif "was moved to" in warnings[0]:
            assert os.path.exists(path + ".damaged")
            assert not os.path.exists(path)
        else:
            assert os.path.exists(path)
