"""Threads that begin together: results in order, and no exception lost."""

import threading
from collections.abc import Callable

import pytest

from surefoot.threads import ConcurrencyTimeoutError, run_concurrently


def test_results_come_in_order_and_all_run_at_once() -> None:
    together = threading.Barrier(8)

    def work(number: int) -> int:
        # Passes only if all eight are inside at one time.
        together.wait(10)
        return number * number

    assert run_concurrently(8, work) == [n * n for n in range(8)]


def test_every_exception_is_kept_with_its_thread() -> None:
    def work(number: int) -> None:
        if number % 2:
            raise ValueError(f"of {number}")

    with pytest.raises(ExceptionGroup) as caught:
        run_concurrently(5, work, name="load")
    group = caught.value
    assert group.message == "2 of 5 threads failed"
    assert [str(error) for error in group.exceptions] == ["of 1", "of 3"]
    assert [error.__notes__ for error in group.exceptions] == [
        ["(in thread load-1)"],
        ["(in thread load-3)"],
    ]


def test_an_exit_in_a_thread_is_kept_as_well() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(BaseExceptionGroup) as caught:
        run_concurrently(1, leave)
    assert isinstance(caught.value.exceptions[0], SystemExit)


def test_a_thread_that_does_not_end_is_named_with_what_it_does() -> None:
    release = threading.Event()

    def stuck() -> None:
        release.wait(60)

    def fails() -> None:
        raise KeyError("gone")

    try:
        with pytest.raises(ConcurrencyTimeoutError, match="1 of 1 threads") as alone:
            run_concurrently(1, stuck, timeout=0.05)
        assert "in stuck: release.wait(60)" in str(alone.value)
        with pytest.raises(ExceptionGroup) as caught:
            run_concurrently(2, [stuck, fails], timeout=0.05)
        assert caught.value.message == "1 of 2 threads failed, 1 timed out"
        kinds = [type(error) for error in caught.value.exceptions]
        assert kinds == [KeyError, ConcurrencyTimeoutError]
    finally:
        release.set()


@pytest.mark.parametrize(("n", "fn"), [(0, print), (3, [print])])
def test_a_number_that_does_not_fit_is_refused(n: int, fn: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match="give one for each thread"):
        run_concurrently(n, fn)
