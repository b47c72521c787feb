"""Comparing runs: plain behave equals itself, and every doctored answer is found and placed."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.expected import SUITES
from tests.parity.compare import (
    Comparison,
    Difference,
    Kind,
    compare_project,
    compare_runs,
    leaning,
    mark_order_dependence,
    render,
)
from tests.parity.running import (
    BEHAVE,
    Command,
    Observed,
    Project,
    candidate,
    observe,
    report_arguments,
    surefoot_as_behave,
)

_PYTHON = (sys.executable, "-P", "-c")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """A suite with failures, errors and an undefined step, under plain behave."""
    project = Project(os.path.join(SUITES, "failing"), limit=60)
    return observe(BEHAVE, project, str(tmp_path_factory.mktemp("plain")))


def _with_file(run: Observed, name: str, edit: Callable[[str], str]) -> Observed:
    changed = edit(run.files[name])
    assert changed != run.files[name]
    return msgspec.structs.replace(run, files={**run.files, name: changed})


def _with_json(run: Observed, edit: Callable[[Any], None]) -> Observed:
    features = json.loads(run.files["json"])
    edit(features)
    text = "[\n" + ",\n\n".join(json.dumps(feature) for feature in features) + "\n]\n"
    return msgspec.structs.replace(run, files={**run.files, "json": text})


def _scenario(features: Any, name: str) -> Any:
    return next(
        element
        for feature in features
        for element in feature["elements"]
        if element["name"] == name
    )


def test_a_run_holds_all_reports(plain: Observed) -> None:
    assert plain.exit_code == 1
    assert set(plain.files) == {
        "json",
        "plain",
        "progress3",
        "rerun",
        "junit/TESTS-failing.xml",
        "junit/TESTS-more.xml",
    }
    assert "12 scenarios" not in plain.stderr
    assert "Failing scenarios:" in plain.stdout


def test_plain_behave_equals_itself_twice_and_a_wrong_exit_code_is_found() -> None:
    wrong = "import sys; from behave.__main__ import main; main(sys.argv[1:]); sys.exit(3)"
    again = candidate("behave", 1, "feature")
    comparisons = compare_project(
        Project(os.path.join(SUITES, "outlines"), limit=60),
        [again, again, Command("wrong", (*_PYTHON, wrong), unit="feature")],
    )
    assert [item.differences for item in comparisons[:2]] == [(), ()]
    assert comparisons[2].differences == (Difference(Kind.EXIT_CODE, "", "exit code", "1", "3"),)


def test_nothing_differs_from_itself(plain: Observed) -> None:
    assert compare_runs(plain, plain) == ()
    assert compare_runs(plain, _with_json(plain, lambda _: None)) == ()


def test_a_status_is_found_with_its_place(plain: Observed) -> None:
    def edit(features: Any) -> None:
        scenario = _scenario(features, "An exception")
        scenario["status"] = "failed"
        scenario["steps"][1]["result"]["status"] = "failed"
        features[0]["status"] = "error"

    found = compare_runs(plain, _with_json(plain, edit))
    assert found == (
        Difference(
            Kind.FEATURE_STATUS, "features/failing.feature:1", "Steps that fail", "failed", "error"
        ),
        Difference(
            Kind.SCENARIO_STATUS, "features/failing.feature:20", "An exception", "error", "failed"
        ),
        Difference(
            Kind.STEP_STATUS,
            "features/failing.feature:20",
            'An exception: When a ValueError "not a number" is raised',
            "error",
            "failed",
        ),
    )


def test_a_message_is_found(plain: Observed) -> None:
    def edit(features: Any) -> None:
        _scenario(features, "The last step fails")["steps"][2]["result"]["error_message"] = "other"

    (found,) = compare_runs(plain, _with_json(plain, edit))
    assert (found.kind, found.where) == (Kind.STEP_MESSAGE, "features/failing.feature:37")
    assert (found.baseline, found.candidate) == ("ASSERT FAILED: the end", "other")


@pytest.mark.parametrize("key", ["location", "name", "keyword", "match"])
def test_anything_else_of_a_step_is_found(plain: Observed, key: str) -> None:
    def edit(features: Any) -> None:
        _scenario(features, "An exception")["steps"][0][key] = "other"

    (found,) = compare_runs(plain, _with_json(plain, edit))
    assert (found.kind, found.where) == (Kind.JSON, "features/failing.feature:20")
    assert found.what.endswith(f": {key}")


@pytest.mark.parametrize("key", ["name", "keyword", "tags", "description"])
def test_anything_else_of_a_scenario_is_found(plain: Observed, key: str) -> None:
    def edit(features: Any) -> None:
        _scenario(features, "An exception")[key] = ["other"]

    (found,) = compare_runs(plain, _with_json(plain, edit))
    assert (found.kind, found.what) == (Kind.JSON, f"An exception: {key}")


def test_a_missing_scenario_does_not_hide_the_others(plain: Observed) -> None:
    def edit(features: Any) -> None:
        elements = features[0]["elements"]
        elements[2]["status"] = "passed"
        del elements[0]

    first, second = compare_runs(plain, _with_json(plain, edit))
    assert first.kind is Kind.SCENARIOS
    assert first.baseline == "features/failing.feature:3 An assertion with a message"
    assert first.candidate == ""
    assert (second.kind, second.where) == (Kind.SCENARIO_STATUS, "features/failing.feature:12")


def test_a_missing_step_is_found(plain: Observed) -> None:
    (found,) = compare_runs(
        plain, _with_json(plain, lambda all_: _scenario(all_, "An exception")["steps"].pop())
    )
    assert (found.kind, found.where) == (Kind.JSON, "features/failing.feature:20")
    assert found.baseline == "features/failing.feature:23 a step that passes"


def test_a_missing_feature_and_another_order_are_found(plain: Observed) -> None:
    (missing,) = compare_runs(plain, _with_json(plain, lambda features: features.pop()))
    assert (missing.kind, missing.baseline) == (
        Kind.FEATURES,
        "features/more.feature:1 More of it",
    )
    (order,) = compare_runs(plain, _with_json(plain, lambda features: features.reverse()))
    assert (order.kind, order.what) == (Kind.FEATURES, "in another order or number")


def test_json_that_is_none_or_is_written_otherwise_is_found(plain: Observed) -> None:
    (none,) = compare_runs(plain, _with_file(plain, "json", lambda text: text[:-3]))
    assert none.what == "one of them is no JSON"
    (other,) = compare_runs(
        plain, _with_file(plain, "json", lambda text: json.dumps(json.loads(text)))
    )
    assert other.what == "equal content, written otherwise"


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "where"),
    [
        ("plain", "ASSERT FAILED: more", "ASSERT FAILED: less", Kind.PLAIN, "more.feature:6"),
        ("plain", "... error in", "... failed in", Kind.PLAIN, "failing.feature:20"),
        ("progress3", "the end", "The end", Kind.PROGRESS, "failing.feature:37"),
        ("progress3", "Nothing wrong  .", "Nothing wrong  F", Kind.PROGRESS, "failing.feature:34"),
        ("rerun", "failing.feature:28\n", "failing.feature:29\n", Kind.RERUN, "failing.feature:28"),
        (
            "junit/TESTS-failing.xml",
            'name="The last step fails" status="failed"',
            'name="The last step fails" status="passed"',
            Kind.JUNIT,
            "failing.feature:37",
        ),
        (
            "junit/TESTS-failing.xml",
            'tests="9"',
            'tests="8"',
            Kind.JUNIT,
            "junit/TESTS-failing.xml",
        ),
        ("junit/TESTS-more.xml", "'b'", "'c'", Kind.JUNIT, "more.feature:9"),
    ],
)
def test_a_changed_report_is_found_with_its_place(
    plain: Observed, name: str, old: str, new: str, kind: Kind, where: str
) -> None:
    changed = _with_file(plain, name, lambda text: text.replace(old, new, 1))
    (found,) = compare_runs(plain, changed)
    assert (found.kind, found.what) == (kind, name)
    assert found.where in (where, f"features/{where}")
    assert new.strip() in found.candidate
    assert old.strip() in found.baseline


def test_times_are_not_found(plain: Observed) -> None:
    def later(text: str) -> str:
        return re.sub(
            r"(\w \.\.\. passed) in 0\.\d{3}s$", r"\1 in 7.777s", text, flags=re.MULTILINE
        )

    assert compare_runs(plain, _with_file(plain, "plain", later)) == ()


def test_a_time_in_a_doc_string_is_found(plain: Observed) -> None:
    edited = _with_file(plain, "plain", lambda text: text.replace("in 0.123s", "in 0.124s", 1))
    (found,) = compare_runs(plain, edited)
    assert found.baseline == "      ... passed in 0.123s"


@pytest.mark.parametrize("name", ["json", "rerun", "junit/TESTS-more.xml"])
def test_a_missing_file_is_found(plain: Observed, name: str) -> None:
    files = {key: text for key, text in plain.files.items() if key != name}
    without = msgspec.structs.replace(plain, files=files)
    assert compare_runs(plain, without) == (
        Difference(Kind.NO_OUTPUT, "", name, "written", "missing"),
    )
    assert compare_runs(without, plain)[0].baseline == "missing"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("1 scenario passed", "2 scenarios passed", Kind.COUNTS),
        ("Took ", "took ", Kind.COUNTS),
        ("  features/more.feature:6  An assertion\n", "", Kind.FAILING),
        ("Errored scenarios:", "Broken scenarios:", Kind.ERRORED),
    ],
)
def test_another_summary_is_found(plain: Observed, old: str, new: str, kind: Kind) -> None:
    assert old in plain.stdout
    other = msgspec.structs.replace(plain, stdout=plain.stdout.replace(old, new))
    assert [found.kind for found in compare_runs(plain, other)] == [kind]


def test_missing_snippets_are_found(plain: Observed) -> None:
    assert "@then(u'this step is not defined at all')" in plain.stderr
    other = msgspec.structs.replace(plain, stderr="")
    (found,) = compare_runs(plain, other)
    assert found.kind is Kind.SNIPPETS
    assert found.baseline.startswith("@then(u'this step is not defined at all')")


def test_an_exit_code_is_mapped_before_it_is_compared(plain: Observed) -> None:
    other = msgspec.structs.replace(plain, exit_code=4)
    assert [found.kind for found in compare_runs(plain, other)] == [Kind.EXIT_CODE]
    assert compare_runs(plain, other, surefoot_as_behave) == ()


@pytest.mark.parametrize("code", [0, 3, 5, 70, -9, 139])
def test_no_code_but_a_failure_stands_for_a_failure(plain: Observed, code: int) -> None:
    other = msgspec.structs.replace(plain, exit_code=code)
    assert compare_runs(plain, other, surefoot_as_behave)[0].kind is Kind.EXIT_CODE


def test_a_run_that_never_ends_is_killed_and_found(plain: Observed, tmp_path: Path) -> None:
    hangs = Command("hangs", (*_PYTHON, "import threading; threading.Event().wait()"))
    project = Project(os.path.join(SUITES, "passing"), limit=0.2)
    run = observe(hangs, project, str(tmp_path))
    assert run.exit_code is None
    (found,) = compare_runs(plain, run)
    assert (found.kind, found.what) == (Kind.NO_END, "candidate")


def test_every_run_begins_with_a_fresh_copy_at_the_same_path(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".surefoot").mkdir(parents=True)
    (project / "data.txt").write_text("from the start")
    code = (
        "import os; print(os.getcwd(), sorted(os.listdir())); open('data.txt', 'a').write('!');"
        "print(open('data.txt').read(), os.environ.get('SUREFOOT_UNIT'), os.environ['EXTRA'])"
    )
    command = Command("reads", (*_PYTHON, code), env={"SUREFOOT_UNIT": "scenario"})
    job = Project(str(project), env={"EXTRA": "more"}, files=("data.txt", "absent"))
    scratch = tmp_path / "scratch"
    first, second = (observe(command, job, str(scratch)) for _ in range(2))
    tree = scratch / "tree" / "project"
    assert first.stdout == f"{tree} ['data.txt']\nfrom the start! scenario more\n"
    assert (second.stdout, second.files) == (first.stdout, first.files)
    assert first.files == {"data.txt": "from the start!"}
    assert not tree.exists()
    assert (project / "data.txt").read_text() == "from the start"


def test_options_of_surefoot_in_the_environment_do_not_reach_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUREFOOT_JOBS", "7")
    (tmp_path / "project").mkdir()
    code = "import os; print([name for name in os.environ if name.startswith('SUREFOOT')])"
    run = observe(
        Command("reads", (*_PYTHON, code)), Project(str(tmp_path / "project")), str(tmp_path / "s")
    )
    assert run.stdout == "[]\n"


@pytest.mark.parametrize(
    ("args", "added"),
    [
        ((), []),
        (("-f", "calls", "-o", "calls.txt"), []),
        (("-f", "calls"), ["-o", "-"]),
        (("--format=calls", "-fpretty", "--outfile", "x"), ["-o", "-"]),
        (("--tags", "f"), []),
    ],
)
def test_formats_of_the_suite_keep_their_output(args: tuple[str, ...], added: list[str]) -> None:
    given = report_arguments(args, "out")
    assert given[: len(added)] == added
    assert given[len(added) : len(added) + 4] == ["-f", "json", "-o", "out/reports/json"]


def test_commands_carry_their_options() -> None:
    run = candidate("surefoot-run", 3, "scenario", "copy")
    assert run.label == "surefoot-run -j 3 --unit scenario --workdir copy"
    options = " ".join(run.argv[run.argv.index("run") :])
    assert options == "run -j 3 --unit scenario --workdir copy --allow-empty"
    runner = candidate("behave-runner", 2, "feature")
    assert runner.env["SUREFOOT_UNIT"] == "feature"
    assert runner.map_exit(1) == 1
    assert runner.map_exit(4) == 4


def _comparison(unit: str, *differences: Difference) -> Comparison:
    return Comparison(Command(f"by {unit}", (), unit=unit), differences, 1.0, 2.0)


_LEANS = Difference(Kind.SCENARIO_STATUS, "a.feature:3", "Second", "passed", "error")
_LAYOUT = Difference(Kind.PLAIN, "a.feature:3", "plain", "a", "b")


def test_order_dependence_is_told_from_other_differences() -> None:
    marked = mark_order_dependence([_comparison("feature"), _comparison("scenario", _LEANS)])
    assert [item.order_dependent for item in marked] == [False, True]
    assert leaning(marked[1]) == ("a.feature:3",)
    text = render(marked)
    assert "by feature: equal (1.0 s, behave 2.0 s)\n" in text
    assert "order dependence" in text
    for unsure in (
        [_comparison("feature", _LAYOUT), _comparison("scenario", _LEANS)],
        [_comparison("feature"), _comparison("scenario", _LAYOUT)],
        [_comparison("scenario", _LEANS)],
    ):
        assert not any(item.order_dependent for item in mark_order_dependence(unsure))


def test_the_report_tells_kind_place_and_both_sides_and_cuts_long_ones() -> None:
    text = render([_comparison("scenario", _LEANS, *[_LAYOUT] * 5)], most=2)
    assert text.splitlines() == [
        "by scenario: 6 differences (1.0 s, behave 2.0 s)",
        "  scenario status  a.feature:3  Second",
        "    behave | passed",
        "      here | error",
        "  plain output  a.feature:3  plain",
        "    behave | a",
        "      here | b",
        "  ... and 4 more",
    ]
