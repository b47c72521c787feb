"""The scanner: what is ours, what is behave's, and what is nobody's."""

import pytest

from surefoot.config.scan import scan
from surefoot.errors import UserError


def _given(argv: list[str]) -> dict[str, object]:
    return {given.name: given.value for given in scan(argv).given}


def _rest(argv: list[str]) -> list[str]:
    return list(scan(argv).behave_args)


@pytest.mark.parametrize(
    ("argv", "given"),
    [
        (["--retries", "2"], {"retries": 2}),
        (["--retries=2"], {"retries": 2}),
        (["-j4"], {"jobs": 4}),
        (["-j", "4"], {"jobs": 4}),
        (["-j=4"], {"jobs": 4}),
        (["-jauto"], {"jobs": "auto"}),
        (["--parallel", "3"], {"jobs": 3}),
        (["-j4", "-j", "2"], {"jobs": 2}),
        (["--last-failed"], {"last_failed": True}),
        (["--last-failed", "--no-last-failed"], {"last_failed": False}),
        (["--preload", "a", "--preload=b,c"], {"preload": ("a", "b", "c")}),
        (["--preload", "a", "--preload="], {"preload": ()}),
        (["--seed", "-5"], {"seed": -5}),
        (["--journal=-x"], {"journal": "-x"}),
        (["-q"], {"quiet": True}),
        (["-Tq"], {"quiet": True}),
        (["-Tj4"], {"jobs": 4}),
        (["-Tj", "4"], {"jobs": 4}),
        (["--para=3"], {"jobs": 3}),
        (["--verb"], {"verbose": True}),
    ],
)
def test_own_options_are_taken(argv: list[str], given: dict[str, object]) -> None:
    assert _given(argv) == given


@pytest.mark.parametrize(
    "argv",
    [
        ["features/a.feature:12", "features"],
        ["--tags", "@a and not @b", "-t", "@c"],
        ["-f", "plain", "-o", "-", "-fjson", "-oout"],
        ["-D", "x=-v", "-Dx=-q", "--define", "-j4"],
        ["-n", "-j", "--name", "--retries"],
        ["--tags", "--jobs"],
        ["-t", "--"],
        ["-kv"],
        ["-Td"],
        ["-Tfjson"],
        ["-Tf", "-q"],
        ["--form", "-q"],
        ["--format=-q"],
        ["--no-capture-stdo", "--capture-l", "x"],
        ["--stop", "--junit", "--junit-directory", "-v"],
        ["--color", "auto", "x"],
        ["--color", "x"],
        ["--no-color"],
        ["--", "-j4", "--retries", "2", "--bogus"],
        ["-", "", "-5"],
        ["--help"],
        ["@list.txt"],
    ],
)
def test_what_is_behaves_is_left_as_it_was(argv: list[str]) -> None:
    scanned = scan(argv)
    assert list(scanned.behave_args) == argv
    assert scanned.given == ()


@pytest.mark.parametrize(
    ("argv", "rest"),
    [
        (["a", "--retries", "2", "-f", "plain", "--seed=3", "b"], ["a", "-f", "plain", "b"]),
        (["a", "-j4", "b"], ["a", "--jobs=4", "b"]),
        (["-jauto"], []),
        (["-j4", "a", "-j2"], ["a", "--jobs=2"]),
        (["-j4", "--jobs", "auto"], []),
        (["-q", "a"], ["--quiet", "a"]),
        (["-q", "--no-quiet"], []),
        (["--verbose"], ["--verbose"]),
        (["-Tqd"], ["--quiet", "-Td"]),
        (["-Tj4", "a"], ["--jobs=4", "-T", "a"]),
        (["-vf", "plain"], ["--verbose", "-f", "plain"]),
        (["--last-failed", "--", "-j4"], ["--", "-j4"]),
        (["--color", "--retries", "2", "a"], ["--color=auto", "a"]),
        (["--color"], ["--color=auto"]),
        (["--fail-on-flaky", "--no-shuffle"], []),
    ],
)
def test_what_behave_gets(argv: list[str], rest: list[str]) -> None:
    assert _rest(argv) == rest


def test_the_origin_is_the_flag_in_full() -> None:
    origins = {given.name: given.origin.detail for given in scan(["-j4", "--no-shuffle"]).given}
    assert origins == {"jobs": "--jobs", "shuffle": "--no-shuffle"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--retires", "2"],
            "--retires is not an option (did you mean --retries?); surefoot's own:",
        ),
        (["--tgas=x"], "--tgas is not an option (did you mean --tags?)"),
        (["--no-retries"], "--no-retries is not an option"),
        (["--retr", "2"], "--retr is not an option (did you mean --retries?)"),
        (["--st"], "--st is ambiguous: it may be --stage, --steps-catalog, --stop; write it out"),
        (["--retries"], "--retries needs a value: a whole number of at least 0"),
        (["--retries", "--last-failed"], "--retries needs a value"),
        (["--retries", "--", "2"], "--retries needs a value"),
        (["-j"], "-j needs a value: a whole number of at least 1, or auto"),
        (["-j="], 'jobs "" is not a whole number of at least 1, or auto; set it in'),
        (["-j", "-4"], 'jobs "-4" is not a whole number of at least 1, or auto'),
        (["--tags"], "--tags needs a value; see behave --help"),
        (["-Tf"], "-f needs a value; see behave --help"),
        (["--shuffle=yes"], "--shuffle takes no value; write --shuffle or --no-shuffle"),
        (["-q=1"], "-q takes no value; write --quiet or --no-quiet"),
        (
            ["--isolation", "thread"],
            'isolation "thread" is not known (known: worker, feature, scenario); '
            "set it in [tool.surefoot] or with --isolation",
        ),
        (
            ["--isolation", "scenaro"],
            'isolation "scenaro" is not known (known: worker, feature, scenario; '
            "did you mean scenario?)",
        ),
    ],
)
def test_mistakes_are_told(argv: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        scan(argv)
    assert str(caught.value).startswith(message)


def test_an_unknown_option_lists_ours_and_points_to_behave() -> None:
    with pytest.raises(UserError) as caught:
        scan(["--xyzzy"])
    assert "--jobs, " in str(caught.value)
    assert "did you mean" not in str(caught.value)
    assert str(caught.value).endswith("behave's: see behave --help")
