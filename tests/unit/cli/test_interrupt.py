"""A Ctrl-C that fell into a callback is found again."""

import subprocess
import sys

LOST = """
import signal, weakref
from surefoot.cli import interrupt

class Thing: pass

interrupt.remember(signal.SIGINT)
thing = Thing()
# Whatever is raised in a callback is printed and forgotten.
reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
del thing
print("goes on")
try:
    interrupt.raise_if_came()
except KeyboardInterrupt:
    print("found")
"""
IGNORED = """
import signal
from surefoot.cli import interrupt

signal.signal(signal.SIGINT, signal.SIG_IGN)
interrupt.remember(signal.SIGINT)
signal.raise_signal(signal.SIGINT)
interrupt.raise_if_came()
print("goes on")
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


def test_an_interrupt_that_python_lost_is_found() -> None:
    assert run(LOST) == "goes on\nfound\n"


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    assert run(IGNORED) == "goes on\n"
