"""All sources together, and the command that shows the result."""

import json
import os
from pathlib import Path

import pytest

from surefoot.cli import config as command
from surefoot.config.resolve import resolve
from surefoot.config.resolved import Origin, Resolved
from surefoot.config.settings import OPTIONS, Settings
from surefoot.errors import UserError


def _write(directory: Path, name: str, text: str) -> None:
    (directory / name).write_text(text, encoding="utf-8")


def _message(
    cwd: Path,
    argv: list[str] | None = None,
    environ: dict[str, str] | None = None,
    overrides: dict[str, str] | None = None,
) -> str:
    with pytest.raises(UserError) as caught:
        resolve(argv or [], environ or {}, str(cwd), overrides)
    return str(caught.value)


def test_nothing_given(tmp_path: Path) -> None:
    expected = Resolved(Settings(), {name: Origin("default") for name in OPTIONS}, ())
    assert resolve([], {}, str(tmp_path)) == expected


def test_each_source_is_stronger_than_the_one_before(tmp_path: Path) -> None:
    _write(tmp_path, "surefoot.toml", "retries = 1\nslowest = 1\nkeep_runs = 1\nmax_fail = 1")
    resolved = resolve(
        ["--retries", "4"],
        {"SUREFOOT_RETRIES": "2", "SUREFOOT_SLOWEST": "2", "SUREFOOT_KEEP_RUNS": "2"},
        str(tmp_path),
        {"-D surefoot.retries": "3", "slowest": "3"},
    )
    settings, origins = resolved.settings, resolved.origins
    assert (settings.retries, settings.slowest, settings.keep_runs, settings.max_fail) == (
        4,
        3,
        2,
        1,
    )
    assert origins["retries"] == Origin("command line", "--retries")
    assert origins["slowest"] == Origin("override", "slowest")
    assert origins["keep_runs"] == Origin("environment", "SUREFOOT_KEEP_RUNS")
    assert origins["max_fail"] == Origin("file", "surefoot.toml")
    assert origins["jobs"] == Origin("default")


def test_pyproject_is_read(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", '[tool.surefoot]\npreload = ["a"]\ntimeout_step = "90"\n')
    resolved = resolve([], {}, str(tmp_path))
    assert resolved.settings.preload == ("a",)
    assert resolved.settings.timeout_step == 90.0
    assert resolved.origins["preload"] == Origin("file", "pyproject.toml")


def test_a_list_on_the_command_line_replaces_that_of_the_file(tmp_path: Path) -> None:
    _write(tmp_path, "surefoot.toml", 'preload = ["a"]')
    settings = resolve(["--preload", "b", "--preload", "c"], {}, str(tmp_path)).settings
    assert settings.preload == ("b", "c")


def test_a_pyproject_that_does_not_name_us_is_not_parsed(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", "not [ toml")
    assert resolve([], {}, str(tmp_path)).settings == Settings()


def test_pyproject_without_our_table_leaves_surefoot_toml_alone(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", '[project]\ndependencies = ["surefoot"]')
    _write(tmp_path, "surefoot.toml", "retries = 2")
    assert resolve([], {}, str(tmp_path)).settings.retries == 2


def test_both_files_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", "[tool.surefoot]\nretries = 1")
    _write(tmp_path, "surefoot.toml", "retries = 1")
    message = _message(tmp_path)
    assert "surefoot.toml" in message
    assert "pyproject.toml" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retires = 1", "surefoot.toml: retires is not an option (did you mean retries?); known: "),
        ("timeout-step = 1", "surefoot.toml: timeout-step is not an option (did you mean timeout_"),
        ("[extra]\na = 1", "surefoot.toml: extra is not an option"),
        (
            'retries = "2"',
            'surefoot.toml: retries "2" is not a whole number of at least 0 '
            "(write it without quotes); set it in [tool.surefoot] or with --retries",
        ),
        ("shuffle = 1", 'surefoot.toml: shuffle "1" is not true or false, without quotes; set'),
        ('preload = ["a b"]', 'surefoot.toml: preload "["a b"]" is not a list of module names'),
        ("retries =", "surefoot.toml is not valid TOML: "),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, text: str, message: str) -> None:
    _write(tmp_path, "surefoot.toml", text)
    assert _message(tmp_path).startswith(message)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").write_bytes(b"journal = '\xff'")
    assert _message(tmp_path).startswith("surefoot.toml is not valid TOML: ")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "surefoot.toml").mkdir()
    assert _message(tmp_path).startswith("surefoot.toml cannot be read: ")


def test_our_table_has_to_be_a_table(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", "[tool]\nsurefoot = 1")
    assert "write [tool.surefoot]" in _message(tmp_path)


def test_what_surefoot_sets_itself_is_ignored_in_the_environment(tmp_path: Path) -> None:
    environ = {
        "SUREFOOT_WORKER": "3",
        "SUREFOOT_WORKERS": "4",
        "SUREFOOT_RUN": "x",
        "SUREFOOT_SCENARIO_DIR": "y",
        "SUREFOOT_RETRIES": "",
        "OTHER": "z",
    }
    assert resolve([], environ, str(tmp_path)).settings == Settings()


def test_mistakes_in_the_environment(tmp_path: Path) -> None:
    assert _message(tmp_path, environ={"SUREFOOT_JOBBS": "1"}).startswith(
        "SUREFOOT_JOBBS is not an option (did you mean SUREFOOT_JOBS?); "
        "known: SUREFOOT_ followed by JOBS, "
    )
    assert _message(tmp_path, environ={"SUREFOOT_SHUFFLE": "perhaps"}).startswith(
        'SUREFOOT_SHUFFLE: shuffle "perhaps" is not known (known: 1, true, yes, on, 0, false, '
    )


def test_mistakes_of_the_caller(tmp_path: Path) -> None:
    assert _message(tmp_path, overrides={"-D surefoot.retires": "1"}).startswith(
        "-D surefoot.retires: retires is not an option (did you mean retries?)"
    )
    assert _message(tmp_path, overrides={"-D surefoot.retries": "x"}).startswith(
        '-D surefoot.retries: retries "x" is not a whole number'
    )


def test_a_weaker_value_is_checked_although_it_loses(tmp_path: Path) -> None:
    assert "SUREFOOT_JOBS" in _message(tmp_path, ["-j4"], {"SUREFOOT_JOBS": "many"})


def test_a_seed_implies_shuffle(tmp_path: Path) -> None:
    resolved = resolve(["--seed", "7"], {}, str(tmp_path))
    assert (resolved.settings.seed, resolved.settings.shuffle) == (7, True)
    assert resolved.origins["shuffle"] == Origin("command line", "--seed")


def test_a_seed_is_stronger_than_no_shuffle_of_a_weaker_source(tmp_path: Path) -> None:
    settings = resolve(["--seed", "7"], {"SUREFOOT_SHUFFLE": "0"}, str(tmp_path)).settings
    assert (settings.seed, settings.shuffle) == (7, True)


def test_no_shuffle_sets_a_weaker_seed_aside(tmp_path: Path) -> None:
    resolved = resolve(["--no-shuffle"], {"SUREFOOT_SEED": "7"}, str(tmp_path))
    assert (resolved.settings.seed, resolved.settings.shuffle) == (None, False)
    assert resolved.origins["seed"] == Origin("command line", "--no-shuffle")


def test_a_seed_without_shuffling_contradicts_itself(tmp_path: Path) -> None:
    assert _message(tmp_path, ["--seed", "7", "--no-shuffle"]) == (
        "--seed implies shuffling, which --no-shuffle turns off; give one of them"
    )
    _write(tmp_path, "surefoot.toml", "seed = 7\nshuffle = false")
    assert _message(tmp_path).startswith("surefoot.toml: seed implies shuffle")


def test_quiet_and_verbose_contradict_each_other(tmp_path: Path) -> None:
    assert _message(tmp_path, ["-q", "-v"]) == (
        "--quiet and --verbose contradict each other; give one of them"
    )
    _write(tmp_path, "surefoot.toml", "quiet = true\nverbose = true")
    assert _message(tmp_path).startswith("surefoot.toml: quiet and verbose contradict")


def test_the_stronger_of_quiet_and_verbose_wins(tmp_path: Path) -> None:
    resolved = resolve(["-v"], {"SUREFOOT_QUIET": "1"}, str(tmp_path))
    assert (resolved.settings.quiet, resolved.settings.verbose) == (False, True)
    assert resolved.origins["quiet"] == Origin("command line", "--verbose")


def test_only_the_command_line_is_passed_on_to_behave(tmp_path: Path) -> None:
    environ = {"SUREFOOT_JOBS": "3", "SUREFOOT_QUIET": "1"}
    assert resolve(["x"], environ, str(tmp_path)).behave_args == ("x",)


@pytest.mark.parametrize(
    "argv",
    [
        ["--last-failed"],
        ["--max-fail", "1", "--stop"],
        ["--unit=scenario", "--isolation=feature"],
        ["--unit=scenario", "--isolation=scenario"],
    ],
)
def test_what_does_not_contradict(argv: list[str], tmp_path: Path) -> None:
    assert isinstance(resolve(argv, {}, str(tmp_path)), Resolved)


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no variable of ours."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("SUREFOOT_")]:
        monkeypatch.delenv(variable)
    return tmp_path


def test_the_command_shows_every_value_and_its_origin(
    clean: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(clean, "surefoot.toml", 'timeout_step = "90"')
    monkeypatch.setenv("SUREFOOT_RETRIES", "2")
    assert command.main(["-j4", "--tags", "a b"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines[: len(OPTIONS)]]
    assert [row[0] for row in rows] == list(OPTIONS)
    assert ["jobs", "4", "--jobs"] in rows
    assert ["retries", "2", "SUREFOOT_RETRIES"] in rows
    assert ["timeout_step", "1m30s", "surefoot.toml"] in rows
    assert ["grace", "10s", "default"] in rows
    assert len({line.rindex(row[-1]) for line, row in zip(lines, rows, strict=False)}) == 1
    assert lines[len(OPTIONS) :] == ["", "for behave: --jobs=4 --tags 'a b'"]


def test_the_command_shows_the_tables_that_are_set(
    clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[tags]\nissue = ["bug"]\n[quarantine]\nuntil = { net = 2026-12-31 }\n'
    _write(clean, "surefoot.toml", text)
    assert command.main([]) == 0
    shown = capsys.readouterr().out.splitlines()[len(OPTIONS) :]
    assert shown == [
        "",
        "[tags]",
        'issue = ["bug"]',
        "",
        "[quarantine]",
        'until = {"net": "2026-12-31"}',
    ]
    assert command.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["tags"]["issue"] == ["bug"]


@pytest.mark.usefixtures("clean")
def test_the_command_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--json", "--preload=a", "x", "--", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["settings"]["preload"] == {
        "value": ["a"],
        "origin": {"kind": "command line", "detail": "--preload"},
    }
    assert document["settings"]["timeout_step"]["value"] == 600.0
    assert list(document["settings"]) == list(OPTIONS)
    assert document["behave_args"] == ["x", "--", "--json"]


@pytest.mark.usefixtures("clean")
def test_the_command_has_help_and_refuses_what_run_refuses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--help", "--bogus"]) == 0
    assert capsys.readouterr().out.startswith("usage: surefoot config [--json] [options of run]\n")
    with pytest.raises(UserError, match="--bogus is not an option"):
        command.main(["--bogus"])
