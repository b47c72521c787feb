"""The summary: quiet when green; when red, each failure once, in full, with what to run."""

from collections.abc import Callable, Iterable

import pytest
from tests.unit.report import runs

from surefoot.events.events import (
    Event,
    FeatureFinished,
    FindingReported,
    LoadFailed,
    Notice,
    VerdictReached,
    WorkerReady,
)
from surefoot.events.records import CapturedRecord, FeatureRecord, State
from surefoot.model.findings import Finding
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.report.style import Style
from surefoot.report.summary import counts_line, render_beside, render_summary
from surefoot.report.view import RunView


def view_of(events: Iterable[Event], slowest: int = 10) -> RunView:
    view = RunView(slowest=slowest)
    for event in events:
        view.on_event(event)
    return view


def render(
    events: Iterable[Event],
    *,
    output: Callable[[str], bytes] = lambda _: b"",
    slowest: int = 0,
    verbose: bool = False,
    quiet: bool = False,
    colour: bool = False,
    hook_output: tuple[str, ...] = (),
) -> str:
    return render_summary(
        view_of(events),
        slowest=slowest,
        verbose=verbose,
        quiet=quiet,
        style=Style(colour),
        width=80,
        read_output=output,
        repro=lambda location: f"surefoot run {location}",
        hook_output=hook_output,
        reports=["journal and output -> .surefoot/run-1"],
    )


def test_green_is_a_handful_of_lines() -> None:
    assert render(runs.green()) == (
        "1 feature passed, 0 failed, 0 skipped\n"
        "2 scenarios passed, 0 failed, 0 skipped\n"
        "4 steps passed, 0 failed, 0 skipped\n"
        "Took 0min 12.500s\n"
        "took 12.3s with 2 workers; no schedule takes less than 11.8s (4% above)\n"
        "journal and output -> .surefoot/run-1\n"
    )


def test_quiet_leaves_the_counts() -> None:
    assert render(runs.green(), quiet=True).splitlines()[-1] == "Took 0min 12.500s"


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"passed": 1},
        {"passed": 2, "failed": 1, "untested": 3, "undefined": 1},
        {"hook_error": 1, "cleanup_error": 2, "error": 1, "skipped": 4, "pending_warn": 1},
        {"untested_pending": 1, "untested_undefined": 1, "pending": 1},
    ],
)
@pytest.mark.parametrize("kind", ["feature", "rule", "scenario", "step"])
def test_counts_are_worded_as_behave_words_them(kind: str, counts: dict[str, int]) -> None:
    from behave.reporter.summary import format_summary_v1
    from behave.summary import STATUS_ORDER

    # behave's reporter starts from zeros.
    zeros = {status.name: 0 for status in STATUS_ORDER}
    assert counts_line(kind, counts) + "\n" == format_summary_v1(kind, {**zeros, **counts})


def test_each_failure_is_shown_once_and_in_full() -> None:
    text = render(runs.red(), output=lambda _: b"hello out\nfrom a child process\n")
    block = text[: text.index("ERROR  ")]
    assert block == (
        "-" * 80
        + "\n"
        "FAILED  features/f0.feature:3  Fails\n"
        "  worker 2, attempt 1, 0.50s\n"
        "  Then an end  (features/f0.feature:5)\n"
        "    | ASSERT FAILED: one is\n"
        "    | not two\n"
        "  CAPTURED STDOUT: scenario\n"
        "    | hello out\n"
        "    |\n".replace("    |\n", "")
        + "  output: output/w2-000001.log\n"
        "    | hello out\n"
        "    | from a child process\n"
        "  again: surefoot run features/f0.feature:3\n" + "-" * 80 + "\n"
    )
    assert "    | Traceback (most recent call last):\n" in text
    assert "    | KeyError: 'zap'\n" in text
    assert "UNDEFINED  features/f0.feature:23  Undefined\n" in text
    assert "  undefined step: no step definition matches it\n" in text
    assert text.count("ASSERT FAILED") == 1
    assert "Passes" not in text


def test_the_lists_are_behaves() -> None:
    text = render(runs.red())
    assert (
        "Failing scenarios:\n"
        "  features/f0.feature:3  Fails\n"
        "\n"
        "Errored scenarios:\n"
        "  features/f0.feature:13  Raises\n"
        "  features/f0.feature:23  Undefined\n"
        "\n"
    ) in text
    assert text.index("Errored scenarios:") < text.index("1 scenario passed, 1 failed, 2 error")


def test_output_that_is_shown_already_is_not_repeated() -> None:
    text = render(runs.red(), output=lambda _: b"hello out\n")
    assert text.count("hello out") == 1
    assert "output: " not in text


def test_what_behave_prints_around_an_error_is_not_repeated() -> None:
    item = runs.feature(0, ["Raises"])
    event = runs.attempt(
        item,
        0,
        Outcome.ERROR,
        bad=runs.TRACEBACK,
        captured=[CapturedRecord("step", stderr="ERROR: KeyError: 'zap'", failed=True)],
        output="output/w1-000001.log",
    )
    events: list[Event] = [
        runs.planned(item),
        event,
        runs.verdict(event, of=Verdict.FAILED),
        runs.finished(failed=True),
    ]
    text = render(events, output=lambda _: b"----\nCAPTURED STDERR: step\nKeyError: 'zap'\n----\n")
    assert text.count("KeyError: 'zap'") == 1
    assert "output: " not in text


def test_long_output_shows_its_end_and_where_the_rest_is() -> None:
    data = b"".join(b"line %d\n" % number for number in range(1000))
    text = render(runs.red(), output=lambda _: data)
    assert "output: the last 40 of 1,000 lines; all of it: output/w2-000001.log" in text
    assert "    | line 960\n" in text
    assert "line 959" not in text


def test_output_that_cannot_be_read_is_said() -> None:
    assert "output: output/w2-000001.log (cannot be read)" in render(runs.red())


def test_binary_output_of_one_long_line_is_bounded() -> None:
    text = render(runs.red(), output=lambda _: b"\xff\x00" * 5_000_000)
    assert len(text) < 20_000
    assert "characters left out]" in text


def test_quiet_leaves_output_out_and_keeps_errors() -> None:
    text = render(runs.red(), output=lambda _: b"from a child process\n", quiet=True)
    assert "from a child process" not in text
    assert "hello out" not in text
    assert "ASSERT FAILED: one is" in text
    assert "again: surefoot run features/f0.feature:3" in text


@pytest.mark.parametrize(
    ("outcome", "word"), [(Outcome.CRASHED, "CRASHED"), (Outcome.TIMED_OUT, "TIMED OUT")]
)
def test_a_dead_worker_shows_reason_stacks_and_shared_paths(outcome: Outcome, word: str) -> None:
    text = render(runs.died(outcome))
    assert text.count("the worker process died") + text.count("--timeout-step") == 1
    assert f"{word}  features/f0.feature:3  Dies\n" in text
    assert text.count("line 3 in crash") == 30
    assert "  stacks of all threads:\n" in text
    assert "    /project/shared.txt\n" in text
    assert "Errored scenarios:\n  features/f0.feature:3  Dies\n" in text


def test_flaky_is_listed_with_every_attempt() -> None:
    logs = {"output/w1-000001.log": b"first try\n", "output/w3-000001.log": b"second try\n"}
    text = render(runs.flaky(), output=logs.__getitem__)
    assert (
        "Flaky scenarios:\n"
        "  features/f0.feature:3  Wobbles\n"
        "    attempt 1 failed (worker 1, 0.50s)\n"
        "      Then an end  (features/f0.feature:5)\n"
        "        | ASSERT FAILED: one is\n"
        "        | not two\n"
        "      output: output/w1-000001.log\n"
        "        | first try\n"
        "    attempt 2 passed (worker 3, 0.50s)\n"
        "      output: output/w3-000001.log\n"
        "        | second try\n"
    ) in text


def test_a_retry_that_failed_too_is_one_failure_with_both_attempts() -> None:
    text = render(runs.flaky())
    assert text.count("FAILED  features/f0.feature:13  Stays bad\n") == 1
    assert "  worker 1, attempt 1 of 2, 0.50s\n" in text
    assert "  attempt 2 error (worker 4, 0.50s): KeyError: 'zap'\n" in text


def test_of_thousands_a_hundred_are_shown_in_full() -> None:
    text = render(runs.many_failures(3000))
    assert text.count("FAILED  features/f0.feature:") == 100
    assert text.count("ASSERT FAILED") == 100
    assert "2,900 more failed; they are listed by name below." in text
    assert "surefoot report run-1 --junit-xml FILE\n" in text
    names = text[text.index("Failing scenarios:") :]
    assert names.count("  features/f0.feature:") == 3000


def test_the_first_hundred_in_suite_order_are_kept_whole_whatever_their_order_in_time() -> None:
    events = runs.many_failures(500)
    # In pairs of attempt and verdict, last scenario first.
    middle = [event for at in range(len(events) - 3, 1, -2) for event in events[at : at + 2]]
    assert len(middle) == 1000
    view = view_of([*events[:2], *middle, events[-1]])
    whole = [case.whole for case in view.failing()]
    assert all(whole[:100])
    assert sum(whole) <= 200


def test_an_interrupted_run_says_how_many_were_left_and_why() -> None:
    item = runs.feature(0, ["Ran", "Left", "Left too"])
    events: list[Event] = [
        runs.started(),
        runs.planned(item),
        *runs.passing(item, 0),
        Notice(1.0, "interrupted", "SIGINT: no new units; running scenarios get 5 s."),
        runs.untested(item, 1),
        runs.untested(item, 2),
        runs.finished(
            failed=True, scenarios={"passed": 1, "untested": 2}, aborted="interrupted by SIGINT"
        ),
    ]
    text = render(events)
    assert "The run ended early: interrupted by SIGINT\n" in text
    assert "2 scenarios untested: interrupted by SIGINT\n" in text


def test_a_cut_run_counts_what_is_there_and_says_that_it_was_cut() -> None:
    item = runs.feature(0, ["Passed", "Failed", "Wobbled", "Never"])
    events: list[Event] = [
        runs.started(),
        runs.planned(item),
        runs.attempt(item, 0, Outcome.PASSED),
        runs.attempt(item, 1, Outcome.FAILED, bad=runs.ASSERTION),
        runs.attempt(item, 2, Outcome.FAILED, bad=runs.ASSERTION),
        runs.attempt(item, 2, Outcome.PASSED, attempt=2),
    ]
    view = view_of(events)
    assert view.cut
    assert view.verdicts() == {"failed": 1, "flaky": 1, "passed": 1, "untested": 1}
    text = render(events)
    assert "The run was cut: its journal has no end." in text
    assert "scenarios: 1 failed, 1 flaky, 1 passed, 1 untested\n" in text
    assert "1 scenario untested: the run was cut\n" in text
    assert "Failing scenarios:\n  features/f0.feature:13  Failed\n" in text


def test_a_suite_that_did_not_load() -> None:
    text = render([runs.started(), LoadFailed(0.5, "SyntaxError: invalid syntax (s.py, line 3)")])
    assert "The suite could not be loaded:\n    | SyntaxError" in text
    assert "cut" not in text


def test_notices_are_grouped_and_bounded() -> None:
    events = runs.green()
    events[2:2] = [*runs.notices("shared-path", 12), *runs.notices("no-fork", 1)]
    text = render(events)
    assert text.count("note (shared-path): shared-path number") == 5
    assert "note (shared-path): ... and 7 more of this kind\n" in text
    assert "note (no-fork): no-fork number 0\n" in text
    assert render(events, verbose=True).count("note (shared-path): shared-path number") == 12


def test_the_slowest_on_request() -> None:
    item = runs.feature(0, [f"Number {number}" for number in range(30)])
    events: list[Event] = [runs.started(), runs.planned(item)]
    for number in range(30):
        event = runs.attempt(item, number, Outcome.PASSED, seconds=float(number))
        events += [event, runs.verdict(event, of=Verdict.PASSED)]
    events.append(runs.finished())
    text = render(events, slowest=3)
    lines = text.splitlines()
    assert lines[0] == "Slowest 3 scenarios:"
    assert [line.split()[0] for line in lines[1:4]] == ["29.0s", "28.0s", "27.0s"]
    assert "Slowest" not in render(events, slowest=0)


def test_hooks_that_failed_are_shown_once() -> None:
    record = FeatureRecord(
        "features/f0.feature",
        "Feature",
        "F",
        1,
        state=State(
            status="hook_error",
            hook_failed=True,
            error_message="HOOK-ERROR in after_feature: ValueError: boom",
            captured=[CapturedRecord("after_feature", stdout="before the boom\n", failed=True)],
        ),
    )
    events = runs.green()[:-1]
    output = "HOOK-ERROR in before_all: RuntimeError: no database"
    events += [
        WorkerReady(0.2, 1, 0.1, True, output),
        WorkerReady(0.2, 2, 0.1, True, output),
        FeatureFinished(0, 1, 1, True, True, 1, record),
        runs.finished(failed=True),
    ]
    text = render(events, hook_output=(output + "\n", "HOOK-ERROR in after_all: other"))
    assert text.count("no database") == 1
    assert "  before_all of worker 1, before_all of worker 2\n" in text
    assert "HOOK-ERROR in after_all: other" in text
    assert "  feature features/f0.feature:1\n    | HOOK-ERROR in after_feature" in text
    assert "  CAPTURED STDOUT: after_feature\n    | before the boom\n" in text


def test_a_run_that_failed_for_no_known_reason_says_so() -> None:
    events = [*runs.green()[:-1], runs.finished(failed=True)]
    assert "The run failed outside of its scenarios" in render(events)


def test_a_hook_failure_of_an_earlier_attempt_does_not_count() -> None:
    bad = FeatureRecord(
        "features/f0.feature", "Feature", "F", 1, state=State(status="hook_error", hook_failed=True)
    )
    good = FeatureRecord("features/f0.feature", "Feature", "F", 1, state=State(status="passed"))
    view = view_of(
        [
            FeatureFinished(0, 1, 1, True, True, 1, bad),
            FeatureFinished(0, 2, 1, True, False, 0, good),
        ]
    )
    assert view.hook_failures() == []


def test_a_verdict_without_a_bad_attempt_is_still_listed() -> None:
    item = runs.feature(0, ["Hooked"])
    last = runs.attempt(item, 0, Outcome.UNTESTED)
    verdict = VerdictReached(
        last.id, 0, (0,), Verdict.FLAKY, [Outcome.HOOK_ERROR, Outcome.PASSED], 0.1
    )
    events: list[Event] = [runs.started(), runs.planned(item), last, verdict, runs.finished()]
    text = render(events)
    assert "  features/f0.feature:3  Hooked\n    attempt 1 hook error\n    attempt 2 passed" in text


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b1m\r\u202e\x00"


def test_nothing_of_the_suite_reaches_the_terminal_raw() -> None:
    item = runs.feature(0, [f"Name {HOSTILE}"], filename=f"features/{HOSTILE}.feature")
    state = State(
        status="failed",
        error_message=f"ASSERT FAILED: {HOSTILE}\n::error::{HOSTILE}",
        captured=[CapturedRecord(HOSTILE, stdout=HOSTILE, stderr=HOSTILE, log=HOSTILE)],
    )
    event = runs.attempt(
        item,
        0,
        Outcome.FAILED,
        bad=state,
        scenario=state,
        output=HOSTILE,
        reason=HOSTILE,
        stacks=HOSTILE,
        shared_paths=[HOSTILE],
    )
    events: list[Event] = [
        runs.started(run=HOSTILE),
        runs.planned(item),
        Notice(0.1, HOSTILE, f"{HOSTILE}\n{HOSTILE}"),
        event,
        runs.verdict(event, of=Verdict.FAILED),
        runs.finished(failed=True, aborted=HOSTILE),
    ]
    text = render(
        events,
        output=lambda _: f"{HOSTILE} more\n".encode(),
        slowest=5,
        verbose=True,
        hook_output=(HOSTILE,),
    )
    bare = text.replace("\n", "").replace("\t", "")
    assert bare.isprintable(), [char for char in bare if not char.isprintable()]
    # CI systems read such commands at the start of a line.
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_colours_only_on_request() -> None:
    assert "\x1b[" not in render(runs.red())
    assert "\x1b[31m" in render(runs.red(), colour=True)
    assert "\x1b[32m" in render(runs.green(), colour=True)


def test_beside_a_formatter_only_what_behave_does_not_say() -> None:
    events = runs.flaky()
    events[2:2] = runs.notices("no-fork", 1)
    assert render_beside(view_of(events), style=Style(), width=80) == (
        "Flaky scenarios:\n"
        "  features/f0.feature:3  Wobbles\n"
        "    attempt 1: ASSERT FAILED: one is\n"
        "note (no-fork): no-fork number 0\n"
        "\n"
        "took 12.3s with 2 workers; no schedule takes less than 11.8s (4% above)\n"
    )


def test_one_worker_has_no_bound_to_meet() -> None:
    events = [*runs.green()[:-1], runs.finished(workers=1)]
    assert "took 12.3s with 1 worker\n" in render(events)


def test_live_events_come_to_the_same_as_the_journal() -> None:
    live: list[Event] = []
    for event in runs.flaky():
        if hasattr(event, "record"):
            live.append(runs.ended(event))  # type: ignore[arg-type]
            if not event.outcome.is_bad and event.attempt == 1:  # type: ignore[union-attr]
                continue
        live.append(event)
    assert render(live) == render(runs.flaky())


def test_an_attempt_that_the_suite_repeated_itself_and_passed_is_no_failure() -> None:
    item = runs.feature(0, ["Again"])
    bad = runs.attempt(item, 0, Outcome.FAILED, bad=runs.ASSERTION)
    good = runs.attempt(item, 0, Outcome.PASSED)
    view = view_of([runs.planned(item), runs.ended(bad), bad, runs.ended(good)])
    assert view.failing() == []


def test_green_scenarios_leave_nothing_behind() -> None:
    item = runs.feature(0, [f"Number {number}" for number in range(500)])
    view = RunView(slowest=10)
    view.on_event(runs.planned(item))
    for number in range(500):
        for event in runs.passing(item, number):
            view.on_event(event)
    kept = sum(len(value) for value in vars(view).values() if isinstance(value, dict | list))
    assert kept < 20


def found(rule: str, line: int) -> FindingReported:
    return FindingReported(
        1.0,
        Finding(rule, f"fault {line}", "steps/a.py", line, f"mend {rule}", (f"stack {line}",)),
    )


def test_many_findings_of_one_rule_do_not_hide_another() -> None:
    events = [*runs.green(), *(found("SF301", line) for line in range(1, 21)), found("SF201", 7)]
    text = render(events)
    assert text.count("SF301 steps/a.py:") == 15
    assert "  ... and 5 more of SF301 (-v)\n" in text
    assert "SF201 steps/a.py:7: fault 7\n" in text
    # A remedy once for all that share it, the evidence of the first two.
    assert [text.count(part) for part in ("mend SF301", "mend SF201", "stack 2", "stack 3")] == [
        1,
        1,
        1,
        0,
    ]


def test_verbose_shows_every_finding_with_its_evidence() -> None:
    events = [*runs.green(), *(found("SF301", line) for line in range(1, 21))]
    text = render(events, verbose=True)
    assert text.count("SF301 steps/a.py:") == 20
    assert "stack 20" in text
