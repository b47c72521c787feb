"""The merged JUnit file: Surefire's schema, nothing lost, nothing passed that did not pass."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from tests.unit.report import runs

from surefoot.events.events import Event, FeatureFinished, LoadFailed, VerdictReached, WorkerReady
from surefoot.events.records import CapturedRecord, FeatureRecord, State
from surefoot.model.outcomes import Judgement, Outcome, Standing, Verdict
from surefoot.report.junit import write_junit
from surefoot.report.junit_case import MAX_OUTPUT

# The children of a test case in the order of surefire-test-report-3.0.xsd.
ORDER = [
    "failure",
    "rerunFailure",
    "flakyFailure",
    "skipped",
    "error",
    "rerunError",
    "flakyError",
    "system-out",
    "system-err",
]


def check_structure(root: ElementTree.Element) -> None:
    """Check what the schema demands, and that the totals are true."""
    assert root.tag == "testsuites"
    sums = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.get("name")
        cases = suite.findall("testcase")
        true = {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "errors": sum(case.find("error") is not None for case in cases),
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
        assert {key: int(suite.get(key, "")) for key in true} == true
        for key, value in true.items():
            sums[key] += value
        assert [child.tag for child in suite][:1] in (["properties"], ["testcase"])
        for case in cases:
            assert case.get("name") is not None
            assert case.get("classname")
            assert float(case.get("time", "")) >= 0
            places = [ORDER.index(child.tag) for child in case]
            assert places == sorted(places)
            tags = [child.tag for child in case]
            assert sum(tags.count(tag) for tag in ("failure", "error", "skipped")) <= 1
            for child in case:
                if child.tag.startswith(("rerun", "flaky")):
                    inner = [part.tag for part in child]
                    assert inner in (
                        ["stackTrace"],
                        ["stackTrace", "system-out"],
                        ["stackTrace", "system-err"],
                        ["stackTrace", "system-out", "system-err"],
                    )
                if child.tag not in ("skipped", "system-out", "system-err"):
                    assert child.get("type")
                    assert child.get("message") is not None
    assert {key: int(root.get(key, "")) for key in sums} == sums


def junit(
    tmp_path: Path,
    events: Iterable[Event],
    output: Callable[[str], bytes] = lambda _: b"",
    hostname: str | None = None,
) -> ElementTree.Element:
    path = tmp_path / "junit.xml"
    write_junit(events, str(path), output, hostname)
    root = ElementTree.fromstring(path.read_bytes())
    check_structure(root)
    assert os.listdir(tmp_path) == ["junit.xml"]
    return root


def case(root: ElementTree.Element, name: str) -> ElementTree.Element:
    found = [item for item in root.iter("testcase") if item.get("name") == name]
    assert len(found) == 1, [item.get("name") for item in root.iter("testcase")]
    return found[0]


def test_a_green_run(tmp_path: Path) -> None:
    root = junit(tmp_path, runs.green(), hostname="box")
    assert root.attrib == {
        "name": "surefoot",
        "tests": "2",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
        "time": "12.500",
    }
    (suite,) = root
    assert suite.get("name") == "features.f0.Feature 0"
    assert suite.get("timestamp") == "2023-11-14T22:13:20"
    assert suite.get("hostname") == "box"
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert properties == {
        "surefoot.run": "run-1",
        "surefoot.seed": "42",
        "surefoot.workers": "2",
    }
    first = case(root, "First")
    assert first.attrib == {
        "name": "First",
        "classname": "features.f0.Feature 0",
        "time": "0.500",
        "file": "features/f0.feature",
        "line": "3",
    }
    assert list(first) == []


def test_failures_and_errors(tmp_path: Path) -> None:
    root = junit(tmp_path, runs.red(), lambda _: b"all that it wrote\n")
    failure = case(root, "Fails").find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "ASSERT FAILED: one is", "type": "AssertionError"}
    assert failure.text == (
        "Failing step: Then an end\n"
        "Location: features/f0.feature:5\n"
        "Worker 2, attempt 1: failed\n"
        "\n"
        "ASSERT FAILED: one is\nnot two"
    )
    assert case(root, "Fails").findtext("system-out") == "all that it wrote\n"
    error = case(root, "Raises").find("error")
    assert error is not None
    assert error.attrib == {"message": "KeyError: 'zap'", "type": "KeyError"}
    assert "raise KeyError" in (error.text or "")
    undefined = case(root, "Undefined").find("error")
    assert undefined is not None
    assert undefined.attrib == {"message": "undefined step: Then an end", "type": "undefined"}
    assert list(case(root, "Passes")) == []


def test_what_the_policy_decided(tmp_path: Path) -> None:
    item = runs.feature(0, ["known", "mended", "held", "machine", "cut"])
    expected = runs.attempt(
        item,
        0,
        Outcome.FAILED,
        bad=runs.ASSERTION,
        judgement=Judgement(Standing.EXPECTED_FAILURE, "fails as expected (@tdd_issue_1)"),
    )
    mended = runs.attempt(
        item, 1, Outcome.PASSED, judgement=Judgement(Standing.UNEXPECTED_PASS, "it is mended")
    )
    held = runs.attempt(
        item, 2, Outcome.ERROR, bad=runs.TRACEBACK, judgement=Judgement(quarantine="until then")
    )
    machine = [
        runs.attempt(
            item,
            3,
            Outcome.ERROR,
            attempt=number,
            bad=runs.TRACEBACK,
            judgement=Judgement(Standing.INFRASTRUCTURE, "of the machine"),
        )
        for number in (1, 2)
    ]
    # The journal ends before its verdict.
    cut = runs.attempt(
        item, 4, Outcome.FAILED, bad=runs.ASSERTION, judgement=Judgement(Standing.EXPECTED_FAILURE)
    )
    verdicts = [
        runs.verdict(expected, of=Verdict.EXPECTED_FAILURE),
        runs.verdict(mended, of=Verdict.UNEXPECTED_PASS),
        runs.verdict(held, of=Verdict.QUARANTINED),
        runs.verdict(*machine, of=Verdict.FAILED),
    ]
    reasons = ["fails as expected (@tdd_issue_1)", "it is mended", "until then", "of the machine"]
    verdicts = [
        msgspec.structs.replace(event, reason=reason)
        for event, reason in zip(verdicts, reasons, strict=True)
    ]
    events: list[Event] = [
        runs.started(),
        runs.planned(item),
        expected,
        mended,
        held,
        *machine,
        cut,
        *verdicts,
    ]
    root = junit(tmp_path, events)
    shown = {
        name: [(child.tag, child.get("type"), child.get("message")) for child in case(root, name)]
        for name in ("known", "mended", "held", "machine", "cut")
    }
    assert shown["known"] == [
        ("skipped", "expected_failure", "fails as expected (@tdd_issue_1)"),
        ("system-out", None, None),
    ]
    assert shown["mended"] == [("failure", "unexpected_pass", "it is mended")]
    assert shown["held"][0] == ("skipped", "quarantined", "until then")
    assert [(tag, kind) for tag, kind, _ in shown["machine"]] == [
        ("error", "infrastructure"),
        ("rerunError", "infrastructure"),
    ]
    assert shown["cut"][0][:2] == ("skipped", "expected_failure")


def test_captured_sections_stand_in_for_output(tmp_path: Path) -> None:
    item = runs.feature(0, ["Fails"])
    captured = [CapturedRecord("scenario", stdout="out\n", stderr="err\n", log="log\n")]
    event = runs.attempt(item, 0, Outcome.FAILED, bad=runs.ASSERTION, captured=captured)
    found = case(
        junit(
            tmp_path,
            [
                runs.planned(item),
                event,
                runs.verdict(event, of=Verdict.FAILED),
                runs.finished(failed=True),
            ],
        ),
        "Fails",
    )
    assert found.findtext("system-out") == "out\nlog"
    assert found.findtext("system-err") == "err"


def test_flaky_and_rerun(tmp_path: Path) -> None:
    logs = {"output/w1-000001.log": b"first try\n", "output/w3-000001.log": b"second try\n"}
    root = junit(tmp_path, runs.flaky(), logs.__getitem__)
    wobbles = case(root, "Wobbles")
    assert [child.tag for child in wobbles] == ["flakyFailure", "system-out"]
    assert wobbles.findtext("flakyFailure/system-out") == "first try\n"
    assert "ASSERT FAILED: one is\nnot two" in wobbles.findtext("flakyFailure/stackTrace", "")
    assert wobbles.findtext("system-out") == "second try\n"
    assert wobbles.get("time") == "1.000"
    bad = case(root, "Stays bad")
    assert [child.tag for child in bad] == ["failure", "rerunError"]
    assert "KeyError: 'zap'" in bad.findtext("rerunError/stackTrace", "")
    assert root.get("failures") == "1"


def test_an_error_first_stands_behind_its_rerun_failures(tmp_path: Path) -> None:
    item = runs.feature(0, ["Bad"])
    first = runs.attempt(item, 0, Outcome.ERROR, bad=runs.TRACEBACK)
    second = runs.attempt(item, 0, Outcome.FAILED, bad=runs.ASSERTION, attempt=2)
    third = runs.attempt(item, 0, Outcome.TIMED_OUT, attempt=3, reason="too long", stacks="a stack")
    events: list[Event] = [
        runs.planned(item),
        first,
        second,
        third,
        runs.verdict(first, second, third, of=Verdict.FAILED),
        runs.finished(failed=True),
    ]
    found = case(junit(tmp_path, events), "Bad")
    assert [child.tag for child in found] == ["rerunFailure", "error", "rerunError"]
    assert "too long\n\na stack" in found.findtext("rerunError/stackTrace", "")


def test_a_crash_says_its_reason_once(tmp_path: Path) -> None:
    error = case(junit(tmp_path, runs.died()), "Dies").find("error")
    assert error is not None
    assert error.get("message") == "the worker process died: signal SIGSEGV"
    assert error.get("type") == "surefoot.WorkerCrashed"
    text = error.text or ""
    assert text.count("signal SIGSEGV") == 1
    assert text.count("in crash") == 30
    assert "/project/shared.txt" in text


def test_what_did_not_run_is_skipped_with_its_reason(tmp_path: Path) -> None:
    item = runs.feature(0, ["Passed", "Skipped", "Left"])
    other = runs.feature(1, ["Left too"])
    skipped = runs.attempt(
        item,
        1,
        Outcome.SKIPPED,
        scenario=State(status="skipped", should_skip=True, skip_reason="not on this machine"),
    )
    events: list[Event] = [
        runs.started(),
        runs.planned(item, other),
        *runs.passing(item, 0),
        skipped,
        runs.verdict(skipped, of=Verdict.SKIPPED),
        runs.untested(item, 2),
        runs.untested(other, 0),
        runs.finished(failed=True, aborted="interrupted by SIGINT"),
    ]
    root = junit(tmp_path, events)
    skip = case(root, "Skipped").find("skipped")
    assert skip is not None
    assert skip.get("message") == "not on this machine"
    for name in ("Left", "Left too"):
        left = case(root, name).find("skipped")
        assert left is not None
        assert left.get("message") == "untested: interrupted by SIGINT"
    # Nothing failed, and yet the run did: that is in the file.
    error = case(root, "(the run)").find("error")
    assert error is not None
    assert error.get("message") == "interrupted by SIGINT"


def test_scenarios_that_were_not_selected_are_left_out(tmp_path: Path) -> None:
    item = runs.feature(0, ["Runs", "Other"])
    unselected = item.scenarios[1]
    from msgspec.structs import replace

    item = replace(item, scenarios=(item.scenarios[0], replace(unselected, selected=False)))
    left_out = runs.attempt(item, 1, Outcome.SKIPPED)
    events: list[Event] = [
        runs.planned(item),
        *runs.passing(item, 0),
        left_out,
        runs.finished(),
    ]
    root = junit(tmp_path, events)
    assert [found.get("name") for found in root.iter("testcase")] == ["Runs"]


def test_a_cut_journal_is_no_proof(tmp_path: Path) -> None:
    item = runs.feature(0, ["Passed", "Wobbled", "Failed", "Never"])
    other = runs.feature(1, ["Never either"])
    events: list[Event] = [
        runs.started(),
        runs.planned(item, other),
        runs.attempt(item, 0, Outcome.PASSED),
        runs.attempt(item, 1, Outcome.FAILED, bad=runs.ASSERTION),
        runs.attempt(item, 2, Outcome.FAILED, bad=runs.ASSERTION),
        runs.attempt(item, 1, Outcome.PASSED, attempt=2),
    ]
    root = junit(tmp_path, events)
    assert list(case(root, "Passed")) == []
    assert case(root, "Wobbled").find("flakyFailure") is not None
    assert case(root, "Failed").find("failure") is not None
    for name in ("Never", "Never either"):
        left = case(root, name).find("skipped")
        assert left is not None
        assert left.get("message") == "untested: the run was cut"
    assert case(root, "(the run)").find("error") is not None


def test_failed_hooks_are_errors(tmp_path: Path) -> None:
    record = FeatureRecord(
        "features/f0.feature",
        "Feature",
        "F",
        1,
        state=State(
            status="hook_error",
            hook_failed=True,
            error_message="HOOK-ERROR in after_feature: ValueError: boom",
            captured=[CapturedRecord("after_feature", stdout="before\n")],
        ),
    )
    item = runs.feature(0, ["First"])
    finish = FeatureFinished(0, 1, 1, True, True, 1, record)
    events: list[Event] = [
        runs.planned(item),
        WorkerReady(0.1, 1, 0.1, True, "HOOK-ERROR in before_all: no database"),
        runs.passing(item, 0)[0],
        finish,
        runs.passing(item, 0)[1],
        runs.finished(failed=True),
    ]
    root = junit(tmp_path, events)
    error = case(root, "(feature features/f0.feature:1)").find("error")
    assert error is not None
    assert error.get("message") == "HOOK-ERROR in after_feature: ValueError: boom"
    assert case(root, "(feature features/f0.feature:1)").findtext("system-out") == "before"
    assert case(root, "(before_all of worker 1)").find("error") is not None


def test_a_worker_that_others_stood_in_for_does_not_fail_a_green_run(tmp_path: Path) -> None:
    events = runs.green()
    events.insert(2, WorkerReady(0.1, 1, 0.1, True, "HOOK-ERROR in before_all: port taken"))
    assert junit(tmp_path, events).get("errors") == "0"


def test_a_suite_that_did_not_load(tmp_path: Path) -> None:
    root = junit(tmp_path, [runs.started(), LoadFailed(0.5, "SyntaxError: s.py, line 3")])
    error = case(root, "(loading the suite)").find("error")
    assert error is not None
    assert error.get("message") == "SyntaxError: s.py, line 3"


def test_same_names_stay_apart(tmp_path: Path) -> None:
    item = runs.feature(0, ["Twin", "Single", "Twin"])
    events: list[Event] = [runs.planned(item)]
    for number in range(3):
        events += runs.passing(item, number)
    root = junit(tmp_path, [*events, runs.finished()])
    names = [found.get("name") for found in root.iter("testcase")]
    assert names == ["Twin (line 3)", "Single", "Twin (line 23)"]


def test_features_come_in_suite_order_however_their_events_are_mixed(tmp_path: Path) -> None:
    items = [runs.feature(index, ["A", "B"]) for index in range(3)]
    attempts = [runs.attempt(item, number, Outcome.PASSED) for number in (1, 0) for item in items]
    verdicts = [
        runs.verdict(event, of=Verdict.PASSED)
        for event in sorted(attempts, key=lambda e: -e.feature)
    ]
    root = junit(tmp_path, [runs.planned(*items), *attempts, *verdicts, runs.finished()])
    assert [suite.get("name") for suite in root] == [
        f"features.f{index}.Feature {index}" for index in range(3)
    ]
    for suite in root:
        assert [found.get("name") for found in suite.iter("testcase")] == ["A", "B"]


def test_a_hook_failure_counted_against_a_scenario(tmp_path: Path) -> None:
    item = runs.feature(0, ["Hooked"])
    first = runs.attempt(item, 0, Outcome.UNTESTED)
    second = runs.attempt(item, 0, Outcome.PASSED, attempt=2)
    verdict = VerdictReached(
        first.id, 0, (0,), Verdict.FLAKY, [Outcome.HOOK_ERROR, Outcome.PASSED], 0.1
    )
    events: list[Event] = [runs.planned(item), first, second, verdict, runs.finished()]
    flaky = case(junit(tmp_path, events), "Hooked").find("flakyError")
    assert flaky is not None
    assert flaky.get("message") == "a hook of the feature failed"


def test_long_output_keeps_its_end_and_says_so(tmp_path: Path) -> None:
    data = b"x" * MAX_OUTPUT + b"the end"
    text = case(junit(tmp_path, runs.red(), lambda _: data), "Fails").findtext("system-out", "")
    assert text.startswith("[the first 7 bytes left out; all: output/w2-000001.log]\n")
    assert text.endswith("the end")


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    """Of closed features only a place in the file is kept."""
    import tracemalloc

    features = [runs.feature(index, [f"S{n}" for n in range(20)]) for index in range(300)]

    def events() -> Iterator[Event]:
        yield runs.planned(*features)
        for item in features:
            for number in range(20):
                event = runs.attempt(item, number, Outcome.FAILED, bad=runs.ASSERTION, output="o")
                yield event
                yield runs.verdict(event, of=Verdict.FAILED)
        yield runs.finished(failed=True)

    tracemalloc.start()
    try:
        path = tmp_path / "junit.xml"
        write_junit(events(), str(path), lambda _: b"x" * 2000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 12_000_000
    assert peak < 6_000_000


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text("old")

    def broken() -> Iterator[Event]:
        yield from runs.green()[:3]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_junit(broken(), str(path), lambda _: b"")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["junit.xml"]


def test_the_file_is_readable_as_others_are_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "junit.xml"
    write_junit(runs.green(), str(path), lambda _: b"")
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_link_is_followed_and_a_device_is_written_to(tmp_path: Path) -> None:
    target = tmp_path / "target.xml"
    target.write_text("old")
    link = tmp_path / "link.xml"
    link.symlink_to(target)
    write_junit(runs.green(), str(link), lambda _: b"")
    assert link.is_symlink()
    assert target.read_text().startswith("<?xml")
    write_junit(runs.green(), os.devnull, lambda _: b"")
    assert not os.path.isfile(os.devnull)
