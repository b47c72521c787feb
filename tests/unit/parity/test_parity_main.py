"""The command `python -m tests.parity`: what it runs, prints and ends with."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.expected import BY_NAME
from tests.parity import __main__ as command
from tests.parity.compare import Comparison, Difference, Kind
from tests.parity.running import Command, Project

_DIFFERS = Difference(Kind.EXIT_CODE, "", "exit code", "0", "1")


class _Recorder:
    """Stands in for compare_project: notes what it was asked, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[Project, list[str]]] = []
        self.differences: tuple[Difference, ...] = ()

    def __call__(self, project: Project, commands: Iterable[Command], **_: Any) -> list[Comparison]:
        commands = list(commands)
        self.asked.append((project, [item.label for item in commands]))
        return [Comparison(item, self.differences, 1.0, 1.0) for item in commands]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> _Recorder:
    fake = _Recorder()
    monkeypatch.setattr(command, "compare_project", fake)
    return fake


def test_a_row_brings_its_arguments(recorder: _Recorder) -> None:
    assert (
        command.main(["own_formatter", "--args=--no-skipped --name 'a b'", "--env", "A=b=c"]) == 0
    )
    row = BY_NAME["own_formatter"]
    ((project, labels),) = recorder.asked
    assert project.path == row.path
    assert project.args == (*row.args, "--no-skipped", "--name", "a b")
    assert project.env == {**row.env, "A": "b=c"}
    assert project.files == ("calls.txt",)
    assert labels == [
        "surefoot-run -j 1 --unit feature",
        "surefoot-run -j 2 --unit feature",
        "surefoot-run -j 1 --unit scenario",
        "surefoot-run -j 2 --unit scenario",
    ]


def test_a_row_keeps_whole_what_must_be_whole_unless_told(recorder: _Recorder) -> None:
    command.main(["order_leaning", "--workers", "2"])
    command.main(["order_leaning", "--workers", "2", "--units", "scenario"])
    command.main(["shared_file", "--workers", "2", "--units", "feature"])
    assert [labels for _, labels in recorder.asked] == [
        ["surefoot-run -j 2 --unit feature"],
        ["surefoot-run -j 2 --unit scenario"],
        ["surefoot-run -j 2 --unit feature --workdir copy"],
    ]


def test_a_directory_is_a_project(recorder: _Recorder, tmp_path: Path) -> None:
    options = ["--command", "behave,behave-runner", "--workers", "4", "--units", "feature"]
    assert command.main([str(tmp_path), *options, "--limit", "7", "--workdir", "copy"]) == 0
    assert recorder.asked == [
        (
            Project(str(tmp_path), limit=7.0),
            ["behave, again", "behave-runner -j 4 --unit feature --workdir copy"],
        )
    ]


def test_a_difference_ends_with_1_and_is_printed(
    recorder: _Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.differences = (_DIFFERS,)
    assert command.main(["passing", "--workers", "1", "--units", "feature"]) == 1
    printed = capsys.readouterr().out
    assert "== passing\nsurefoot-run -j 1 --unit feature: 1 difference (" in printed
    assert "    behave | 0\n      here | 1\n" in printed


def test_an_unknown_name_is_an_error_with_a_hint(
    recorder: _Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["pasing"]) == 2
    assert "pasing is no directory and no suite" in (message := capsys.readouterr().err)
    assert "did you mean passing?" in message
    assert recorder.asked == []


@pytest.mark.parametrize(
    "wrong",
    [["--workers", "0"], ["--units", "step"], ["--command", "bahave"], ["--env", "A"]],
)
def test_a_wrong_option_is_refused(wrong: list[str], recorder: _Recorder) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["passing", *wrong])
    assert ended.value.code == 2
    assert recorder.asked == []


def test_the_list_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    printed = capsys.readouterr().out
    for name in (*BY_NAME, "python-docx", "behave-features"):
        assert f"\n  {name}" in printed
