import subprocess
import sys

CHILD = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + 60
# It ends by itself once the suite is gone, so that no test leaves it behind.
while os.path.exists(sys.argv[1]) and time.monotonic() < end:
    time.sleep(0.1)
"""


def start():
    return subprocess.Popen([sys.executable, "-c", CHILD, __file__], start_new_session=True)

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("a child is awaited")
def is_awaited(context):
    start().wait()


@step("a child is left behind")
def is_left_behind(context):
    start()
