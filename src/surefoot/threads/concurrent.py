"""`run_concurrently`: many threads that begin at one moment, and of which nothing is lost.

The names of `threading` are looked up when it is called: under virtual time and in an explored
schedule they are the modelled ones.
"""

import inspect
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from surefoot.threads.snapshot import all_threads


class ConcurrencyTimeoutError(Exception):
    """Some threads had not ended at the deadline; the message shows what they were doing."""


class _Missing:
    """Stands for a result that is not there."""


_MISSING = _Missing()


def run_concurrently(
    n: int,
    fn: Callable[..., Any] | Sequence[Callable[..., Any]],
    *,
    timeout: float = 30.0,
    name: str = "concurrent",
) -> list[Any]:
    """Run `fn` in `n` threads that begin together; return what they return, in order.

    A function that takes an argument gets the number of its thread, from 0. `fn` may be a list
    of `n` functions, one for each thread. The threads are daemons named `concurrent-0`, ...

    Raises ExceptionGroup with the exceptions of all threads that raised one, each with its
    traceback and a note that names its thread. At the deadline, `timeout` seconds after the
    start, a ConcurrencyTimeoutError: alone, or in the group. Raises ValueError for n < 1 or
    for a list of another length.
    """
    functions = list(fn) if isinstance(fn, Sequence) else [fn] * n
    if n < 1 or len(functions) != n:
        raise ValueError(f"{n} threads for {len(functions)} functions; give one for each thread")
    barrier = threading.Barrier(n)
    results: list[Any] = [_MISSING] * n
    errors: dict[int, BaseException] = {}

    def body(number: int) -> None:
        function = functions[number]
        try:
            barrier.wait()
            results[number] = function(number) if _takes_number(function) else function()
        except BaseException as error:
            error.add_note(f"(in thread {name}-{number})")
            errors[number] = error

    threads = [
        threading.Thread(target=body, args=(number,), name=f"{name}-{number}", daemon=True)
        for number in range(n)
    ]
    deadline = time.monotonic() + timeout
    try:
        for thread in threads:
            thread.start()
    except BaseException:
        # Not all could be started: those that were must not wait for the rest for ever.
        barrier.abort()
        raise
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = [thread.name for thread in threads if thread.is_alive()]
    raised = [errors[number] for number in sorted(errors)]
    if late:
        timed_out = ConcurrencyTimeoutError(
            f"{len(late)} of {n} threads had not ended after {timeout:g} s:"
            f" {', '.join(late)}\n{all_threads()}"
        )
        if not raised:
            raise timed_out
        raised.append(timed_out)
    if raised:
        text = f"{len(errors)} of {n} threads failed" + (f", {len(late)} timed out" if late else "")
        raise BaseExceptionGroup(text, raised)
    return results


def _takes_number(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    wanted = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(item.kind in wanted and item.default is item.empty for item in parameters)
