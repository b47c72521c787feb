"""Each reader on logs that the real tools wrote (tests/logs/make.py makes them)."""

import os
from collections.abc import Sequence

import pytest

from surefoot.triage.model import Completeness, Failure, FailureKind, Log, ParsedLog
from surefoot.triage.reading import read_log

LOGS = os.path.join(os.path.dirname(__file__), "..", "..", "logs")
SHOP = ("pay by card", "explode", "sums 1 -- @1.1 few", "not written")
FORMATS = ("plain", "pretty", "progress", "progress2", "progress3")


def read(name: str) -> ParsedLog:
    return read_log(Log(name, os.path.join(LOGS, f"{name}.log")), None)


def by_subject(parsed: ParsedLog) -> dict[str, Failure]:
    return {failure.subject: failure for failure in parsed.failures}


@pytest.mark.parametrize("version", ["behave", "old_behave"])
@pytest.mark.parametrize("formatter", FORMATS)
def test_behave_tells_the_same_in_every_format(version: str, formatter: str) -> None:
    parsed = read(f"{version}_{formatter}")
    counts = parsed.counts[0]
    assert (counts.run, counts.passed, counts.failed, counts.what) == (7, 3, 4, "scenarios")
    assert counts.undefined == 1
    assert parsed.truncation.verdict is Completeness.COMPLETE
    found = by_subject(parsed)
    assert sorted(found) == sorted(f"features/shop.feature: {name}" for name in SHOP)
    pay = found["features/shop.feature: pay by card"]
    assert (pay.kind, pay.file, pay.line) == (FailureKind.SCENARIO, "features/shop.feature", 4)
    if formatter == "progress":
        # It prints letters alone: the lists are all there is.
        assert pay.exception == ""
        return
    assert (pay.exception, pay.message) == ("AssertionError", "expected 2 rows, found 3")
    assert pay.step.endswith("2 rows are left")
    explode = found["features/shop.feature: explode"]
    assert explode.exception == "KeyError"
    assert explode.frame == "features/steps/shop.py:explode"
    if formatter == "pretty":
        assert explode.tags == ("@tdd_issue", "@tdd_issue_12")
    if (version, formatter) not in {("old_behave", "progress2"), ("old_behave", "progress3")}:
        assert found["features/shop.feature: not written"].exception == "undefined"


def test_progress3_indents_scenarios_of_a_rule(tmp_path: os.PathLike[str]) -> None:
    with open(os.path.join(LOGS, "behave_progress3.log"), encoding="utf-8") as file:
        text = file.read().replace("  pay by card  ", "    pay by card  ")
    path = os.path.join(tmp_path, "rule.log")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    pay = by_subject(read_log(Log("rule", path), None))["features/shop.feature: pay by card"]
    assert (pay.exception, pay.message) == ("AssertionError", "expected 2 rows, found 3")


def test_surefoot_without_progress_begins_with_what_failed(tmp_path: os.PathLike[str]) -> None:
    with open(os.path.join(LOGS, "surefoot_red.log"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    first = next(at for at, line in enumerate(lines) if line.startswith("-----"))
    path = os.path.join(tmp_path, "off.log")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines[first:]))
    assert (
        by_subject(read_log(Log("off", path), None)).keys()
        == by_subject(read("surefoot_red")).keys()
    )


@pytest.mark.parametrize("tool", ["behave", "old_behave", "surefoot"])
def test_a_suite_that_does_not_load_is_a_load_failure(tool: str) -> None:
    ambiguous = read(f"{tool}_ambiguous").failures
    assert [item.kind for item in ambiguous] == [FailureKind.LOAD]
    assert ambiguous[0].exception == "AmbiguousStep"
    importing = read(f"{tool}_importing").failures
    assert [(item.kind, item.exception) for item in importing] == [
        (FailureKind.LOAD, "ModuleNotFoundError")
    ]


@pytest.mark.parametrize("tool", ["behave", "old_behave", "surefoot"])
def test_hooks_that_fail(tool: str) -> None:
    [before_all] = read(f"{tool}_hook").failures
    assert (before_all.kind, before_all.subject) == (FailureKind.HOOK, "before_all")
    assert (before_all.exception, before_all.message) == ("OSError", "no disk")
    [scenario] = read(f"{tool}_hook2").failures
    assert scenario.kind is FailureKind.HOOK
    assert scenario.subject == "hook2/features/other.feature: fine"
    assert scenario.exception == "KeyError"


def test_surefoot_s_summary() -> None:
    parsed = read("surefoot_red")
    assert parsed.tools == ("surefoot",)
    assert (parsed.counts[0].run, parsed.counts[0].failed) == (7, 4)
    found = by_subject(parsed)
    assert sorted(found) == sorted(f"features/shop.feature: {name}" for name in SHOP)
    pay = found["features/shop.feature: pay by card"]
    assert (pay.exception, pay.message) == ("AssertionError", "expected 2 rows, found 3")
    assert found["features/shop.feature: not written"].exception == "undefined"


@pytest.mark.parametrize("name", ["red", "quiet", "verbose", "xdist"])
def test_pytest_in_every_verbosity(name: str) -> None:
    parsed = read(f"pytest_{name}")
    [counts] = parsed.counts
    assert (counts.passed, counts.failed, counts.errors) == (2, 4, 1)
    assert (counts.skipped, counts.xfailed, counts.xpassed) == (1, 1, 1)
    found = by_subject(parsed)
    assert sorted(found) == [
        "tests/test_shop.py::Case::test_eq",
        "tests/test_shop.py::TestThing::test_par[2]",
        "tests/test_shop.py::test_setup",
        "tests/test_shop.py::test_sum",
    ]
    assert found["tests/test_shop.py::test_setup"].exception == "RuntimeError"
    assert found["tests/test_shop.py::Case::test_eq"].message == "1 != 2"
    # The line of the summary is the verdict, so it stands first.
    assert found["tests/test_shop.py::test_sum"].quotes[0].text.startswith("FAILED tests/")


def test_pytest_collection_errors_and_reruns() -> None:
    found = by_subject(read("pytest_collect"))
    assert {name: item.kind for name, item in found.items()} == {
        "bad/test_import.py": FailureKind.LOAD,
        "bad/test_syntax.py": FailureKind.LOAD,
    }
    assert found["bad/test_syntax.py"].exception == "SyntaxError"
    [again] = read("pytest_reruns").failures
    assert (again.subject, again.passed_on_retry) == ("once/test_flicker.py::test_flicker", True)


@pytest.mark.parametrize("name", ["unittest_red", "unittest_verbose"])
def test_unittest(name: str) -> None:
    parsed = read(name)
    [counts] = parsed.counts
    assert (counts.run, counts.failed, counts.errors, counts.skipped) == (7, 4, 1, 1)
    found = by_subject(parsed)
    assert found["test_err (__main__.T.test_err)"].exception == "KeyError"
    assert found["test_eq (__main__.T.test_eq)"].message == "1 != 2"
    assert "test_sub (__main__.T.test_sub) (i=1)" in found
    assert found["test_xp (__main__.T.test_xp)"].message == "unexpected success"


@pytest.mark.parametrize(
    ("name", "kind", "subjects"),
    [
        ("ruff_full", FailureKind.LINT, ["F401", "F821"]),
        ("ruff_concise", FailureKind.LINT, ["F401", "F821"]),
        ("ruff_github", FailureKind.LINT, ["F401", "F821"]),
        ("mypy_red", FailureKind.TYPES, ["return-value", "name-defined"]),
        ("pyright_red", FailureKind.TYPES, ["reportReturnType", "reportUndefinedVariable"]),
        ("bandit_red", FailureKind.SECURITY, ["B404", "B607", "B602"]),
    ],
)
def test_checkers(name: str, kind: FailureKind, subjects: Sequence[str]) -> None:
    failures = read(name).failures
    assert {item.kind for item in failures} == {kind}
    assert [item.subject for item in failures if item.subject in subjects] == subjects
    assert {item.file for item in failures} == {"lint.py"}
    assert all(item.line for item in failures)


@pytest.mark.parametrize("name", ["robot_red", "pabot_red"])
def test_robot_and_pabot(name: str) -> None:
    parsed = read(name)
    assert sum(count.run or 0 for count in parsed.counts) == 4
    assert sum(count.failed or 0 for count in parsed.counts) == 3
    assert parsed.truncation.verdict is Completeness.COMPLETE
    found = {name.rpartition(": ")[2]: item for name, item in by_subject(parsed).items()}
    assert sorted(found) == ["Bad One", "Missing Keyword", "Never"]
    assert found["Bad One"].message == "1 != 2"
    assert found["Never"].kind is FailureKind.HOOK


def test_sessions_point_at_what_failed_in_them() -> None:
    nox = read("nox_red")
    assert {item.reader for item in nox.failures} == {"ruff"}
    assert [count.failed for count in nox.counts if count.reader == "nox"] == [1, 0, 1]
    [tox] = read("tox_red").failures
    assert (tox.kind, tox.subject) == (FailureKind.SESSION, "env a")


def test_installers_and_tracebacks() -> None:
    [git] = read("git_clone").failures
    assert (git.kind, git.message.partition(":")[0]) == (FailureKind.GIT, "unable to access 'https")
    [uv] = read("uv_red").failures
    assert uv.kind is FailureKind.INSTALL
    [python] = read("python_red").failures
    assert (python.kind, python.exception) == (FailureKind.LOAD, "ModuleNotFoundError")


@pytest.mark.parametrize(
    "name",
    sorted(name[:-4] for name in os.listdir(LOGS) if name.endswith("_green.log")),
)
def test_green_logs_have_no_failures(name: str) -> None:
    parsed = read(name)
    assert parsed.failures == ()
    assert parsed.truncation.verdict is Completeness.COMPLETE


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", ["behave_plain", "pytest_verbose", "surefoot_red", "robot_red"])
def test_a_log_that_is_cut_is_never_complete(
    name: str, keep: float, tmp_path: os.PathLike[str]
) -> None:
    with open(os.path.join(LOGS, f"{name}.log"), "rb") as file:
        lines = file.read().split(b"\n")
    end = next(
        at
        for at, line in enumerate(lines)
        if line.startswith((b"Took ", b"Output: ", b"====")) and b" start" not in line and at > 20
    )
    cut = os.path.join(tmp_path, "cut.log")
    with open(cut, "wb") as file:
        file.write(b"\n".join(lines[: max(6, int(end * keep))]))
    parsed = read_log(Log("cut", cut), None)
    assert parsed.truncation.verdict is not Completeness.COMPLETE


@pytest.mark.parametrize(
    ("name", "said", "line"),
    [
        ("coverage_gate", "Coverage failure: total of N is less than fail-under=N", 7),
        ("coverage_nox", "Coverage failure: total of N is less than fail-under=N", 11),
        ("slipcover_gate", "slipcover: a total of N is less than N", 13),
    ],
)
def test_gates_of_coverage(name: str, said: str, line: int) -> None:
    [failure] = read(name).failures
    assert failure.kind is FailureKind.COVERAGE
    assert (failure.message, failure.quotes[0].line) == (said, line)


def test_a_gate_that_is_reached_is_none() -> None:
    assert read("coverage_green").failures == ()


def test_slipcover_with_one_file_and_a_gate_behind_its_table(tmp_path: os.PathLike[str]) -> None:
    text = """File      #lines    #l.miss    #br.    #br.miss    brCov%    totCov%    Missing
------  --------  ---------  ------  ----------  --------  ---------  ---------
mod.py         5          1       2           1        50         71          4

+ python -m slipcover --branch --fail-under={gate} half.py
"""
    path = os.path.join(tmp_path, "one.log")
    for gate, failures in (("71.5", 1), ("71", 0)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("{gate}", gate))
        assert len(read_log(Log("one", path), None).failures) == failures
