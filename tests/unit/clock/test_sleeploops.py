"""Loops that count sleeps, and those that only look like it."""

import textwrap

import pytest

from surefoot.clock.sleeploops import find_sleep_loops

COUNTING = {
    "range and break": """
        import time
        def wait(ready):
            for _ in range(30):
                if ready():
                    break
                time.sleep(0.1)
        """,
    "range and return": """
        from time import sleep as nap
        def wait(ready):
            for attempt in range(1, 11):
                if ready():
                    return True
                nap(0.5)
            return False
        """,
    "asyncio": """
        import asyncio
        async def wait(ready):
            for _ in range(5):
                if await ready():
                    return
                await asyncio.sleep(1)
        """,
    "counter": """
        import time
        def wait(ready):
            tries = 0
            while tries < 30 and not ready():
                time.sleep(0.1)
                tries += 1
        """,
    "counting down": """
        import time
        def wait(ready):
            tries = 30
            while tries:
                if ready():
                    return
                time.sleep(0.1)
                tries = tries - 1
        """,
    "slept seconds": """
        import time
        def wait(timeout):
            elapsed = 0
            while elapsed < timeout:
                time.sleep(0.1)
                elapsed += 0.1
        """,
    "assertion in a loop": """
        import time
        def wait(check):
            for _ in range(30):
                try:
                    check()
                    break
                except AssertionError:
                    time.sleep(0.1)
        """,
    "own sleep": """
        import time
        def pause():
            time.sleep(0.1)
        def wait(ready):
            for _ in range(30):
                if ready():
                    break
                pause()
        """,
}
FINE = {
    "between items": """
        import time
        def send(items):
            for item in items:
                item.send()
                time.sleep(0.1)
        """,
    "heartbeats": """
        import time
        def beat():
            for _ in range(3):
                print("beat")
                time.sleep(0.1)
        """,
    "deadline": """
        import time
        def wait(ready):
            end = time.monotonic() + 3
            for _ in range(1000):
                if ready() or time.monotonic() > end:
                    break
                time.sleep(0.1)
        """,
    "while deadline": """
        import time
        def wait(ready, end):
            while time.monotonic() < end:
                if ready():
                    return
                time.sleep(0.1)
        """,
    "for ever": """
        import time
        def wait(ready):
            while not ready():
                time.sleep(0.1)
        """,
    "retry of what raised": """
        import time
        def connect(make):
            for _ in range(3):
                try:
                    return make()
                except OSError:
                    time.sleep(1)
        """,
    "another's sleep": """
        def wait(context):
            for _ in range(3):
                if context.ready:
                    break
                context.sleep(1)
        """,
    "in an inner function": """
        import time
        def make():
            for number in range(3):
                def later():
                    time.sleep(1)
                if later:
                    break
        """,
    "deadline object": """
        import time
        def wait(deadline, ready):
            for _ in range(300):
                if ready() or deadline.expired:
                    break
                time.sleep(0.1)
        """,
}


@pytest.mark.parametrize("name", COUNTING)
def test_counting(name: str) -> None:
    source = textwrap.dedent(COUNTING[name])
    (loop,) = find_sleep_loops(source)
    first = source.splitlines()[loop.line - 1].split()[0]
    assert first in {"for", "while"}
    assert "counts sleeps" in loop.message
    assert loop.line < loop.sleep_line <= loop.end_line


@pytest.mark.parametrize("name", FINE)
def test_fine(name: str) -> None:
    assert find_sleep_loops(textwrap.dedent(FINE[name])) == []


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("range and break", 3), ("range and return", 5), ("asyncio", 5), ("counter", None)],
)
def test_budget(name: str, seconds: float | None) -> None:
    (loop,) = find_sleep_loops(textwrap.dedent(COUNTING[name]))
    assert loop.budget == seconds
    assert loop.function == "wait"


def test_nested_loops_each_by_itself() -> None:
    source = textwrap.dedent("""
        import time
        def wait(ready):
            for service in services:
                for _ in range(10):
                    if ready(service):
                        break
                    time.sleep(1)
        """)
    (loop,) = find_sleep_loops(source)
    assert loop.line == 5
