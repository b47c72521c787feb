"""The lower bound of the makespan, and the makespan beside it."""

import pytest

from surefoot.plan.bound import Makespan, lower_bound


@pytest.mark.parametrize(
    ("seconds", "workers", "bound"),
    [
        ([], 4, 0.0),
        ([3.0], 4, 3.0),
        ([1.0, 1.0, 1.0, 1.0], 2, 2.0),
        ([10.0, 1.0, 1.0], 3, 10.0),
        ([2.0, 3.0, 4.0], 1, 9.0),
        ([0.0, 0.0], 2, 0.0),
    ],
)
def test_the_bound_is_the_larger_of_the_mean_load_and_the_longest_unit(
    seconds: list[float], workers: int, bound: float
) -> None:
    assert lower_bound(seconds, workers) == bound


def test_a_run_without_workers_has_no_bound() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        lower_bound([1.0], 0)


def test_the_ratio_says_how_far_from_the_bound_it_was() -> None:
    assert Makespan(actual=12.0, bound=10.0).ratio == 1.2
    assert Makespan(actual=0.1, bound=0.0).ratio is None
