"""Stacks show the suite's own frames."""

import os

import surefoot
from surefoot.engine.loading import stack_text, trim_stacks

OURS = os.path.dirname(os.path.abspath(surefoot.__file__))

DUMP = f"""\
Thread 0x01 (most recent call first):
  File "/lib/threading.py", line 327 in wait
  File "/suite/service.py", line 4 in run

Current thread 0x02 (most recent call first):
  File "features/steps/s.py", line 12 in _
  File "/site/behave/model.py", line 1991 in run
  File "{OURS}/worker/shims.py", line 93 in run
  File "/site/behave/model.py", line 1192 in run
  File "{OURS}/worker/host.py", line 314 in run_scenario
  File "/site/behave/model.py", line 424 in run
  File "/bin/surefoot", line 6 in <module>

Extension modules: msgspec._core (total: 1)
"""


def test_our_own_frames_are_left_out() -> None:
    trimmed = trim_stacks(DUMP)
    assert '"/suite/service.py", line 4' in trimmed
    assert '"features/steps/s.py", line 12' in trimmed
    assert OURS not in trimmed
    assert "/bin/surefoot" not in trimmed
    assert "Extension modules" not in trimmed
    assert trimmed.count("behave/model.py") == 2


def test_no_stack_file_is_no_stack() -> None:
    assert stack_text("/does/not/exist") == ""
