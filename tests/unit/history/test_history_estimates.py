"""The estimate: follows a lasting change, ignores one bad run."""

import math

import pytest

from surefoot.history.estimates import WEIGHT, Timing, advance, is_duration


def after(*samples: float) -> Timing:
    timing: Timing | None = None
    for seconds in samples:
        timing = advance(timing, seconds)
    assert timing is not None
    return timing


def test_the_first_sample_is_the_estimate() -> None:
    assert after(4.0) == Timing(samples=1, estimate=4.0, last=4.0, before_last=None)


def test_of_two_samples_the_smaller_one_counts() -> None:
    assert after(40.0, 4.0).estimate == 4.0
    assert after(4.0, 40.0) == Timing(samples=2, estimate=4.0, last=40.0, before_last=4.0)


def test_three_samples_give_their_median() -> None:
    assert after(40.0, 4.0, 5.0).estimate == 5.0


def test_from_the_fourth_on_the_running_median_is_smoothed() -> None:
    assert after(5.0, 5.0, 5.0, 9.0, 9.0).estimate == 5.0 + WEIGHT * (9.0 - 5.0)
    assert after(5.0, 5.0, 5.0, 9.0, 9.0).samples == 5


def test_a_lasting_change_is_mostly_followed_within_six_runs() -> None:
    timing = after(*[10.0] * 20, *[20.0] * 6)
    # The median holds the first of the six back; the other five close 1 - 0.7 ** 5 of the gap.
    assert timing.estimate == pytest.approx(20.0 - 10.0 * 0.7**5)


@pytest.mark.parametrize("position", range(8))
@pytest.mark.parametrize("outlier", [0.0, 5000.0])
def test_one_outlier_among_equal_samples_leaves_no_trace(position: int, outlier: float) -> None:
    samples = [5.0] * 8
    samples[position] = outlier
    assert after(*samples).estimate == 5.0


def test_what_a_duration_is() -> None:
    assert is_duration(0.0)
    assert is_duration(1e9)
    assert not any(is_duration(value) for value in (-0.001, math.nan, math.inf, -math.inf))
