"""The ladder, from logs with their history to classes, clusters and rates."""

import os
from collections.abc import Callable, Sequence

import pytest

from surefoot.triage.fingerprints import fingerprint
from surefoot.triage.model import (
    Analysis,
    Completeness,
    Conclusion,
    Failure,
    FailureClass,
    FailureKind,
    FlakyKind,
    Log,
    LogKind,
)
from surefoot.triage.pipeline import analyse, seeds_of
from surefoot.triage.rates import critical_paths, durations, quantile, rates, trend, wilson

LOGS = os.path.join(os.path.dirname(__file__), "..", "..", "logs")
HEAD = "Current runner version: '2.330.0'\n##[group]Run nox\nnox\n##[endgroup]\n"
TAIL = "##[error]Process completed with exit code 1.\nCleaning up orphan processes\n"

Write = Callable[..., Log]


@pytest.fixture
def write(tmp_path: os.PathLike[str]) -> Write:
    """Write a log of a hosted runner and return it."""
    written = 0

    def one(
        text: str,
        *,
        name: str = "",
        whole: bool = True,
        conclusion: Conclusion = Conclusion.FAILURE,
        job: str = "unit_tests",
        branch: str = "main",
        commit: str = "",
        run: str = "",
        attempt: int = 1,
        started: float | None = None,
        ended: float | None = None,
    ) -> Log:
        nonlocal written
        written += 1
        path = os.path.join(tmp_path, f"{written}.log")
        with open(path, "w", encoding="utf-8") as file:
            file.write(HEAD + text + (TAIL if whole else ""))
        return Log(
            name or f"log{written}",
            path,
            run=run or str(written),
            job=job,
            branch=branch,
            commit=commit,
            attempt=attempt,
            conclusion=conclusion,
            started=started if started is not None else 1000.0 * written,
            ended=ended,
        )

    return one


def sample(name: str) -> str:
    with open(os.path.join(LOGS, f"{name}.log"), encoding="utf-8") as file:
        return file.read()


def verdict_of(logs: Sequence[Log], name: str = "") -> tuple[FailureClass, str]:
    analysis = analyse(logs)
    chosen = next(one for one in analysis.logs if not name or one.log.name == name)
    assert chosen.judgement is not None
    return chosen.judgement.failure_class, chosen.judgement.rule


@pytest.mark.parametrize(
    ("text", "failure_class", "rule"),
    [
        (
            "surefoot triage: no credentials\n",
            FailureClass.OWN_ENVIRONMENT,
            "own-forge-credentials",
        ),
        ("##[error]The operation was canceled.\n", FailureClass.CANCELLED, "cancelled-by-forge"),
        ("OSError: [Errno 28] No space left on device\n", FailureClass.INFRASTRUCTURE, "disk-full"),
        ("fatal: couldn't find remote ref x\n", FailureClass.INFRASTRUCTURE, "git-fetch"),
        ("Error: OPENAI_API_KEY is not set\n", FailureClass.INFRASTRUCTURE, "missing-secret"),
        ("RUFF", FailureClass.DETERMINISTIC, "static-lint"),
        ("AMBIGUOUS", FailureClass.DETERMINISTIC, "ambiguous-step"),
        (
            "Bug appears to be fixed. Remove the @tdd_expected_fail tag and verify the fix.\n",
            FailureClass.TAG_FAULT,
            "unexpected-pass",
        ),
        ("nox > Command behave failed with exit code -15\n", FailureClass.HANG, "exit-time-out"),
        ("exitcode '124': failure\n", FailureClass.HANG, "exit-time-out"),
        ("NOTHING", FailureClass.NOTHING_RAN, "nothing-selected"),
    ],
)
def test_rungs(text: str, failure_class: FailureClass, rule: str, write: Write) -> None:
    named = {"RUFF": "ruff_full", "AMBIGUOUS": "behave_ambiguous", "NOTHING": "surefoot_nothing"}
    log = write(sample(named[text]) if text in named else text)
    assert verdict_of([log]) == (failure_class, rule)


def test_what_a_test_prints_is_no_evidence_against_the_machine(write: Write) -> None:
    text = sample("pytest_red").replace("no database", "No space left on device")
    failure_class, _ = verdict_of([write(text)])
    assert failure_class is FailureClass.UNKNOWN


def test_a_download_that_worked_when_tried_again_is_no_cause(write: Write) -> None:
    before = "curl: (28) Operation timed out\n##[group]Run pytest\n"
    assert verdict_of([write(before + sample("ruff_full"))])[0] is FailureClass.DETERMINISTIC


def test_a_known_bug_without_its_tag_is_a_tag_fault(write: Write) -> None:
    [judged] = analyse([write(sample("behave_pretty"))]).logs
    classes = {
        item.failure.subject.rpartition(": ")[2]: item.judgement for item in judged.occurrences
    }
    assert classes["explode"].rule == "known-bug-without-its-tag"
    assert classes["not written"].failure_class is FailureClass.DETERMINISTIC
    assert classes["pay by card"].failure_class is FailureClass.UNKNOWN
    # The first rung with evidence is the job's.
    assert judged.judgement is not None
    assert judged.judgement.rule == "undefined-step"


def test_a_cut_log_without_failures_is_truncated_and_never_green(write: Write) -> None:
    start = "\n".join(sample("behave_plain").split("\n")[:9])
    for conclusion in (Conclusion.FAILURE, Conclusion.UNKNOWN):
        log = write(start, whole=False, conclusion=conclusion)
        [judged] = analyse([log]).logs
        assert judged.parsed.truncation.verdict is Completeness.TRUNCATED
        assert judged.judgement is not None
        assert judged.judgement.failure_class is FailureClass.TRUNCATED


def test_a_cut_log_with_failures_says_that_there_may_be_more(write: Write) -> None:
    text = (
        sample("ruff_concise").partition("Found")[0] + "Job's log exceeded limit of 4194304 bytes."
    )
    [judged] = analyse([write(text, whole=False)]).logs
    assert judged.judgement is not None
    assert judged.judgement.failure_class is FailureClass.DETERMINISTIC
    assert "truncated" in judged.judgement.qualifier


def test_how_much_of_a_cut_log_is_left(write: Write) -> None:
    text = "2024-05-01T10:00:00.0000000Z a\n2024-05-01T10:00:30.0000000Z b\n"
    begin = 1714557600.0
    log = write(text, whole=False, started=begin, ended=begin + 120)
    truncation = analyse([log]).logs[0].parsed.truncation
    assert truncation.verdict is Completeness.TRUNCATED
    assert truncation.kept == pytest.approx(0.25)
    assert any("90 s before the end" in reason for reason in truncation.reasons)


def test_logs_of_many_jobs_with_the_same_size_were_cut(write: Write) -> None:
    logs = [write(f"{job}\n" * 1200, job=job) for job in ("aa", "bb", "cc")]
    for judged in analyse(logs).logs:
        assert judged.parsed.truncation.verdict is Completeness.TRUNCATED


STEPS = ("checkout", "install", "test")


def _stepped(*names: str) -> str:
    return "".join(f"##[group]Run {name}\n{name}\n##[endgroup]\nok\n" for name in names)


def test_a_step_that_all_other_runs_have_is_missing_in_a_cut_log(write: Write) -> None:
    whole = [write(_stepped(*STEPS), conclusion=Conclusion.SUCCESS) for _ in range(2)]
    cut = write(_stepped("checkout", "install"), whole=False, conclusion=Conclusion.CANCELLED)
    truncation = next(
        one for one in analyse([*whole, cut]).logs if one.log == cut
    ).parsed.truncation
    assert truncation.verdict is Completeness.TRUNCATED
    assert truncation.reasons[0] == (
        "its last step 'Run install' has no end, and in 2 other runs 'Run test' follows"
    )
    # One other run is too few.
    one = next(item for item in analyse([whole[0], cut]).logs if item.log == cut)
    assert one.parsed.truncation.verdict is Completeness.UNKNOWN


def test_a_step_that_failed_needs_none_after_it(write: Write) -> None:
    whole = [write(_stepped(*STEPS), conclusion=Conclusion.SUCCESS) for _ in range(2)]
    text = _stepped("checkout", "install") + "##[error]Process completed with exit code 1.\n"
    red = write(text, whole=False)
    truncation = next(
        one for one in analyse([*whole, red]).logs if one.log == red
    ).parsed.truncation
    assert not any("follows" in reason for reason in truncation.reasons)


def test_the_same_commit_both_ways_is_flaky_with_its_kind(write: Write) -> None:
    text = sample("pytest_red").replace("no database", "database is locked")
    logs = [
        write(text, name="red", commit="c1"),
        write(sample("pytest_green"), conclusion=Conclusion.SUCCESS, commit="c1"),
    ]
    red = next(one for one in analyse(logs).logs if one.log.name == "red")
    setup = next(item for item in red.occurrences if item.failure.subject.endswith("test_setup"))
    assert setup.judgement.failure_class is FailureClass.FLAKY
    assert setup.judgement.flaky_kind is FlakyKind.DATABASE
    assert setup.judgement.quotes


def test_a_retry_that_passed_in_a_green_job_is_told(write: Write) -> None:
    log = write(sample("pytest_reruns"), whole=False, conclusion=Conclusion.SUCCESS)
    analysis = analyse([log])
    [occurrence] = analysis.logs[0].occurrences
    assert occurrence.judgement.failure_class is FailureClass.FLAKY
    assert analysis.failed == 0


def test_a_commit_that_is_red_everywhere_is_no_evidence_for_flakiness(write: Write) -> None:
    logs = [
        write(sample("unittest_red"), name=job, job=job, commit="bad")
        for job in ("a", "b", "c", "d")
    ]
    logs.append(write("ok\n", job="a", commit="bad", conclusion=Conclusion.SUCCESS))
    analysis = analyse(logs)
    assert [item.commit for item in analysis.broken_commits] == ["bad"]
    assert verdict_of(logs, "a")[0] is FailureClass.UNKNOWN


def test_a_long_red_streak_is_a_broken_period(write: Write) -> None:
    logs = [write(sample("unittest_red"), commit=f"c{at}") for at in range(4)]
    logs.append(write("ok\n", commit="c3", conclusion=Conclusion.SUCCESS))
    [period] = analyse(logs).broken_periods
    assert len(period.logs) == 4
    assert verdict_of(logs, period.logs[-1])[0] is not FailureClass.FLAKY


def test_the_first_bad_commit_is_named(write: Write) -> None:
    logs = [
        write("ok\n", commit="good", conclusion=Conclusion.SUCCESS),
        write(sample("unittest_red"), commit="bad1"),
        write(sample("unittest_red"), commit="bad2"),
    ]
    judgement = analyse(logs).logs[-1].judgement
    assert judgement is not None
    assert judgement.failure_class is FailureClass.REGRESSION
    assert (judgement.last_good, judgement.first_bad) == ("good", "bad1")


def test_unrelated_changes_that_fail_alike_are_suspected(write: Write) -> None:
    logs = []
    for at in range(3):
        branch = f"topic{at}"
        logs.append(write("ok\n", branch=branch, commit=f"g{at}", conclusion=Conclusion.SUCCESS))
        logs.append(write(sample("unittest_red"), branch=branch, commit=f"r{at}", name=branch))
    assert verdict_of(logs, "topic1")[0] is FailureClass.SUSPECTED_FLAKY


def test_what_is_red_everywhere_since_one_commit_is_no_flake(write: Write) -> None:
    logs = [
        write("ok\n", branch=f"before{at}", commit=f"g{at}", conclusion=Conclusion.SUCCESS)
        for at in range(4)
    ]
    for at in range(3):
        text = sample("unittest_red")
        logs.append(write(text, branch=f"topic{at}", commit=f"r{at}", name=f"red{at}"))
    analysis = analyse(logs)
    judgement = next(one.judgement for one in analysis.logs if one.log.name == "red2")
    assert judgement is not None
    assert (judgement.failure_class, judgement.rule) == (FailureClass.REGRESSION, "red-since")
    assert (judgement.last_good, judgement.first_bad) == ("g3", "r0")
    # One green run since: it comes and goes.
    logs.append(write("ok\n", branch="after", commit="g4", conclusion=Conclusion.SUCCESS))
    assert verdict_of(logs, "red2")[0] is FailureClass.SUSPECTED_FLAKY


def test_a_failure_that_is_only_named_joins_the_one_that_is_told(write: Write) -> None:
    letters, told = write(sample("behave_progress")), write(sample("behave_progress3"))
    whole = analyse([letters, told]).clusters
    alone = analyse([told]).clusters
    assert {one.fingerprint for one in whole} == {one.fingerprint for one in alone}
    pay = next(one for one in whole if one.subject.endswith("pay by card"))
    assert set(pay.logs) == {letters.name, told.name}
    assert pay.exception == "AssertionError"


def test_a_failure_that_is_only_named_joins_none_of_two(write: Write) -> None:
    told = sample("behave_progress3")
    other = told.replace("ASSERT FAILED: expected 2 rows, found 3", "KeyError: 'rows'")
    assert other != told
    clusters = analyse([write(sample("behave_progress")), write(told), write(other)]).clusters
    pay = [one.exception for one in clusters if one.subject.endswith("pay by card")]
    assert sorted(pay) == ["", "AssertionError", "KeyError"]


def test_what_surefoot_check_finds(write: Write) -> None:
    text = """features/environment.py:22:5: error SF201 time.sleep is replaced for the whole process
    | time.sleep = fast_sleep
    remedy: remove it
features/pay.feature:36: error SF503 @tdd_issue-12 is malformed: did you mean @tdd_issue_12?
    remedy: write @tdd_issue_12
surefoot.toml:2: warning SF404 32 workers are fixed here (jobs); this machine has 2 processors
2 errors, 1 warning in 14 features with 180 scenarios and 32 Python files; --fix mends 1
"""
    [judged] = analyse([write(text)]).logs
    assert [
        (one.failure.subject, one.failure.file, one.failure.line, one.judgement.failure_class)
        for one in judged.occurrences
    ] == [
        ("SF201", "features/environment.py", 22, FailureClass.DETERMINISTIC),
        ("SF503", "features/pay.feature", 36, FailureClass.TAG_FAULT),
        ("SF404", "surefoot.toml", 2, FailureClass.DETERMINISTIC),
    ]
    assert judged.occurrences[1].failure.quotes[-1].text.strip() == "remedy: write @tdd_issue_12"
    [cut] = analyse([write(text.partition("2 errors")[0], whole=False)]).logs
    assert cut.parsed.truncation.verdict is Completeness.TRUNCATED


def test_silence_far_beyond_the_usual_is_a_hang(write: Write) -> None:
    def stamped(gap: int) -> str:
        return f"2024-05-01T10:00:00.0Z start\n2024-05-01T10:{gap:02d}:00.0Z end\n"

    green = write(stamped(1), conclusion=Conclusion.SUCCESS, commit="a")
    red = write(stamped(9), name="red", commit="b", branch="other")
    assert verdict_of([green, red], "red") == (FailureClass.HANG, "silence")


def test_evidence_is_what_a_passing_log_does_not_have(write: Write) -> None:
    common = "".join(f"step {at} of the build took {at} ms\n" for at in range(30))
    green = write(common, conclusion=Conclusion.SUCCESS, commit="a")
    red = write(common + "widget 7 does not turn\n" + common, name="red", commit="b")
    judged = next(one for one in analyse([green, red]).logs if one.log.name == "red")
    evidence = judged.parsed.evidence
    assert evidence.baseline == green.name
    assert [quote.text for quote in evidence.quotes] == ["widget 7 does not turn"]
    assert evidence.quotes[0].line == 4 + 30 + 1


def test_the_same_failure_has_one_fingerprint_everywhere() -> None:
    def failure(message: str, exception: str = "KeyError") -> Failure:
        return Failure(
            FailureKind.SCENARIO, "behave", "a.feature: pays", exception=exception, message=message
        )

    one = failure("id 6fa459ea-ee8a-3ca4-894e-db77e160355e at /tmp/x1/db after 3.2 s")
    two = failure("id 0fa459ea-ee8a-3ca4-894e-db77e160355e at /tmp/y/db after 4 s")
    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(one) != fingerprint(failure("another"))
    assert fingerprint(failure("x")) == "v1:a62cfe46703d667d"


def _clusters(analysis: Analysis) -> dict[str, int]:
    return {one.fingerprint: len(one.occurrences) for one in analysis.clusters}


def test_clusters_keep_their_ids_when_failures_join(write: Write) -> None:
    text = sample("behave_plain")
    first = [write(text, name="one")]
    later = [*first, write(text, name="two"), write(sample("pytest_red"), name="three")]
    before, after = _clusters(analyse(first)), _clusters(analyse(later))
    assert set(before) < set(after)
    assert all(after[mark] == 2 * count for mark, count in before.items())
    assert _clusters(analyse(later[::-1])) == after


def test_near_messages_are_one_cluster_and_a_seed_names_it(write: Write) -> None:
    long = "the basket of the customer was expected to hold three sorts of fruit, but held "
    text = sample("behave_plain").replace("expected 2 rows, found 3", long + "apples")
    other = sample("behave_plain").replace("expected 2 rows, found 3", long + "apple")
    oldest = write(text, name="one")
    first = analyse([oldest])
    second = write(other, name="two")
    joined = analyse([second, oldest])
    assert {one.fingerprint for one in joined.clusters} == {
        one.fingerprint for one in first.clusters
    }
    alone = analyse([second], seeds=seeds_of(first))
    assert {one.fingerprint for one in alone.clusters} <= {
        one.fingerprint for one in first.clusters
    }


# -- rates and durations


def _log(run: str, conclusion: Conclusion, **more: object) -> Log:
    values = {"name": f"{run}/{more.get('job', 'a')}/{more.get('attempt', 1)}", "job": "a", **more}
    return Log(run=run, conclusion=conclusion, **values)  # type: ignore[arg-type]


def test_attempts_count_once_and_cancelled_runs_apart() -> None:
    logs = [
        _log("1", Conclusion.FAILURE, attempt=1),
        _log("1", Conclusion.SUCCESS, attempt=2),
        _log("2", Conclusion.FAILURE),
        _log("3", Conclusion.CANCELLED),
        _log("4", Conclusion.SUCCESS),
        _log("5", Conclusion.RUNNING),
    ]
    whole = rates(logs, "last week")[0]
    assert (whole.failures, whole.n, whole.cancelled, whole.other) == (1, 3, 1, 1)
    assert (whole.flaky, whole.filter, whole.runs) == (1, "last week", ("1", "2", "4"))
    [job] = [rate for rate in rates(logs) if rate.what == "job"]
    assert (job.failures, job.n) == (1, 3)


def test_a_run_is_red_when_one_of_its_jobs_is() -> None:
    logs = [_log("1", Conclusion.SUCCESS, job="a"), _log("1", Conclusion.FAILURE, job="b")]
    assert rates(logs)[0].failures == 1


def test_wilson_s_interval_is_the_published_one() -> None:
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I: 81 of 263 and 1 of 29.
    interval = wilson(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)
    interval = wilson(1, 29)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0061, 0.1718)


def test_durations_trend_and_quantiles() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([float(at) for at in range(1, 21)], 0.95) == 19.0
    logs = [
        _log(str(at), Conclusion.SUCCESS, started=at * 100.0, ended=at * 100.0 + 10 + at)
        for at in range(12)
    ]
    [found] = durations(logs)
    assert (found.n, found.trend, found.trend_shown) == (12, 1.0, True)
    assert trend([5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]) == (0.0, False)


@pytest.mark.parametrize("needs", [True, False])
def test_the_critical_path_is_the_chain_that_ends_last(needs: bool) -> None:
    def job(name: str, start: float, end: float, *before: str) -> Log:
        return _log(
            "1",
            Conclusion.SUCCESS,
            job=name,
            started=start,
            ended=end,
            needs=before if needs else (),
        )

    logs = [
        job("lint", 0, 30),
        job("build", 0, 90),
        job("e2e", 95, 300, "build"),
        job("x", 31, 60, "lint"),
    ]
    [path] = critical_paths(logs)
    assert [step.job for step in path.steps] == ["build", "e2e"]
    assert (path.seconds, path.steps[1].waited, path.how) == (300, 5, "needs" if needs else "times")


# -- files that are no text logs


def test_a_junit_file_is_a_log(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "junit.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            '<testsuites><testsuite name="s"><testcase classname="c" name="ok" time="1"/>\n'
            '<testcase classname="c" name="bad" file="tests/a.py" line="3">\n'
            '<failure type="builtins.KeyError" message="KeyError: x">Traceback</failure></testcase>'
            '<testcase name="f"><flakyFailure message="once"/></testcase>'
            '<testcase name="s"><skipped/></testcase></testsuite></testsuites>'
        )
    [judged] = analyse([Log("junit", path, LogKind.JUNIT)]).logs
    [counts] = judged.parsed.counts
    assert (counts.run, counts.failed, counts.skipped) == (3, 1, 1)
    bad, flaky = judged.parsed.failures
    assert (bad.subject, bad.exception, bad.message, bad.file, bad.line) == (
        "c.bad", "KeyError", "x", "tests/a.py", 3,
    )  # fmt: skip
    assert flaky.passed_on_retry


def test_a_junit_file_with_entities_or_a_cut_is_told(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "junit.xml")
    for content in ('<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', "<testsuite><testcase"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        parsed = analyse([Log("junit", path, LogKind.JUNIT)]).logs[0].parsed
        assert parsed.truncation.verdict is Completeness.TRUNCATED
        assert parsed.notes


def test_a_log_that_is_not_there_is_a_note() -> None:
    analysis = analyse([Log("gone", "/nowhere/at/all.log", conclusion=Conclusion.FAILURE)])
    assert any("cannot be read" in note for note in analysis.notes)
    assert analysis.unknown_share == 1.0
