"""Where an import waits, read from the stacks of a process."""

from pathlib import Path

import pytest

from surefoot.engine.loading import BlockedPreloadError, waiting_place

STACKS = """\
Thread 0x00007f01 (most recent call first):
  File "{root}/shop/poll.py", line 3 in poll
  File "/usr/lib/python3/threading.py", line 975 in run

Current thread 0x00007f02 (most recent call first):
  File "/usr/lib/python3/threading.py", line 327 in wait
  File "{root}/.venv/lib/site-packages/pool.py", line 8 in get
  File "{root}/shop/maps.py", line 59 in build_all
  File "{root}/shop/preload.py", line 7 in <module>
"""


def test_the_innermost_frame_of_the_project_in_the_main_thread(tmp_path: Path) -> None:
    stacks = STACKS.format(root=tmp_path)
    assert waiting_place(stacks, str(tmp_path)) == ("shop/maps.py", 59, "build_all")


@pytest.mark.parametrize(
    ("stacks", "place"),
    [
        ("", ("", 0, "")),
        ('  File "/opt/lib/a.py", line 4 in <module>', ("/opt/lib/a.py", 4, "<module>")),
    ],
)
def test_without_a_frame_of_the_project(
    stacks: str, place: tuple[str, int, str], tmp_path: Path
) -> None:
    assert waiting_place(stacks, str(tmp_path)) == place


def test_the_finding_has_place_and_stack(tmp_path: Path) -> None:
    stacks = STACKS.format(root=tmp_path)
    finding = BlockedPreloadError("shop.preload", stacks, 5.0).finding(str(tmp_path))
    assert (finding.rule, finding.place) == ("SF205", "shop/maps.py:59")
    assert finding.message == "importing shop.preload does not end: build_all() waits"
    assert "\n".join(finding.evidence) == stacks.rstrip("\n")
