"""The declarations, and what is derived from them: names, help, documentation, import cost."""

import contextlib
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from behave import configuration

from surefoot.config import behave_options, docs
from surefoot.config.helptext import command_help, run_help, wants_help
from surefoot.config.options import Group, Option
from surefoot.config.settings import OPTIONS, Settings

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))


def test_defaults_are_as_specified() -> None:
    assert msgspec.structs.asdict(Settings()) == {
        "jobs": "auto",
        "unit": "feature",
        "isolation": "worker",
        "retries": 0,
        "fail_on_flaky": False,
        "timeout_step": 600.0,
        "timeout_scenario": 1800.0,
        "timeout_hook": 600.0,
        "timeout_run": None,
        "preload": (),
        "preload_timeout": 300.0,
        "last_failed": False,
        "max_fail": None,
        "seed": None,
        "shuffle": False,
        "journal": None,
        "workdir": "shared",
        "workdir_limit": 2_000_000_000,
        "junit_xml": None,
        "allow_empty": False,
        "slowest": 0,
        "start_method": "auto",
        "grace": 10.0,
        "progress": "auto",
        "keep_runs": 10,
        "guards": (),
        "explore": "tagged",
        "explore_schedules": 200,
        "explore_seed": None,
        "explore_policy": "both",
        "explore_granularity": "auto",
        "explore_packages": (),
        "explore_replay": None,
        "quiet": False,
        "verbose": False,
        "expected_failures": False,
        "retry_infrastructure": False,
        "tmpdir": "worker",
        "seeds": "off",
        "leaks": "off",
        "leaks_allow": (),
        "virtual_time": "tagged",
        "virtual_time_apart": (),
        "sleep_watch": True,
        "preflight": "off",
        "artifacts": None,
        "ci": "auto",
    }


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: str(option.name))
def test_a_default_reads_back_and_has_the_declared_type(option: Option) -> None:
    value = option.kind.parse(option.kind.show(option.default))
    assert value == option.default
    assert getattr(msgspec.convert({option.name: value}, Settings), option.name) == value


def test_no_two_options_share_a_flag() -> None:
    flags = [
        flag
        for option in OPTIONS.values()
        for flag in (option.flag, option.negative, *option.flags)
        if flag
    ]
    assert len(flags) == len(set(flags))


def test_flags_that_behave_has_too_are_declared_so() -> None:
    for option in OPTIONS.values():
        flags = {option.flag, *option.flags}
        assert option.behave_too == bool(flags & behave_options.FLAGS), option.name
        # `--no-X` of ours must not take an option away from behave.
        assert option.negative not in behave_options.FLAGS


def test_the_table_of_behaves_options_is_behaves() -> None:
    takes: dict[str, set[str]] = {"value": set(), "optional": set(), "none": {"-h", "--help"}}
    for flags, keywords in configuration.OPTIONS:
        settings: dict[str, Any] = keywords
        if settings.get("nargs") == "?":
            takes["optional"] |= set(flags)
        elif settings.get("action", "store") in ("store", "append"):
            takes["value"] |= set(flags)
        else:
            takes["none"] |= set(flags)
    assert takes["value"] == behave_options.TAKES_VALUE
    assert takes["optional"] == behave_options.OPTIONAL_VALUE
    assert takes["none"] == behave_options.NO_VALUE


def test_abbreviations_are_ambiguous_where_argparse_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = configuration.setup_parser()
    longs = [flag for flag in behave_options.FLAGS if flag.startswith("--")]
    for prefix in sorted({flag[:end] for flag in longs for end in range(3, len(flag) + 1)}):
        value = [] if behave_options.completions(prefix)[0] in behave_options.NO_VALUE else ["1"]
        # --help, a value that is refused, and what is looked for: an ambiguous option.
        with contextlib.suppress(SystemExit):
            parser.parse_args([prefix, *value])
        said = capsys.readouterr().err
        assert ("ambiguous option" in said) == (len(behave_options.completions(prefix)) > 1), prefix


def test_help_fits_a_terminal_and_names_every_option() -> None:
    common = run_help().splitlines()
    assert len(common) <= 45
    lines = run_help(every=True).splitlines()
    assert max(map(len, [*common, *lines])) <= 80
    for option in OPTIONS.values():
        rows = [line for line in lines if f"--{option.flag[2:]} " in line.replace("[no-]", "")]
        assert any(option.brief in row for row in rows), option.name
    for group in Group:
        assert f"{group}:" in lines


def test_help_of_another_command() -> None:
    text = command_help("list", [("--json", "as JSON")], [("surefoot list", "all")], about="What.")
    assert text == (
        "usage: surefoot list [options]\n\nWhat.\n\nOptions:\n"
        "  --json                        as JSON\n\nExamples:\n  surefoot list  all\n"
    )


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [(["--help"], True), (["x", "-h"], True), (["--", "-h"], False), ([], False)],
)
def test_help_is_wanted(argv: list[str], wanted: bool) -> None:
    assert wants_help(argv) is wanted


def test_the_page_in_docs_is_up_to_date() -> None:
    assert docs.main(["--check"], os.path.join(ROOT, docs.PAGE)) == 0


def test_the_page_is_checked_and_written(
    tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.path.join(tmp_path, "options.md")
    assert docs.main(["--check"], path) == 1
    assert "is out of date; run python -m surefoot.config.docs" in capsys.readouterr().err
    assert docs.main([], path) == 0
    assert docs.main(["--check"], path) == 0
    assert docs.main(["--bogus"], path) == 2


def test_the_page_names_what_derives_from_each_option() -> None:
    text = docs.page()
    for option in OPTIONS.values():
        assert f"### {option.name}\n\n{option.text}\n" in text
        assert f"`{option.variable}`" in text
        assert f"`{option.flag}" in text


def test_reading_options_imports_nothing_heavy() -> None:
    heavy = ("behave", "click", "argparse", "rich", "tomllib", "difflib", "sqlite3", "json")
    code = (
        "import sys; from surefoot.config.resolve import resolve; "
        "resolve(['-j4', '--tags', 'x'], {}, '/nowhere'); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
