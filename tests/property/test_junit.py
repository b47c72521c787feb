"""Whatever a suite is called or prints, the JUnit file parses and says the same."""

import tempfile
from pathlib import Path
from random import Random
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report import runs
from tests.unit.report.test_report_junit import check_structure

from surefoot.events.events import Event, VerdictReached
from surefoot.events.records import CapturedRecord, ErrorRecord, State
from surefoot.model.outcomes import Outcome, Verdict
from surefoot.report.attempts import settled
from surefoot.report.junit import write_junit
from surefoot.report.xmltext import carried

# Lone surrogates included: records may hold them, and XML may not.
ANYTHING = st.text(st.characters(codec=None), max_size=60)
OUTCOMES = st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=3)


def written(events: list[Event], output: bytes = b"") -> ElementTree.Element:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junit.xml"
        write_junit(events, str(path), lambda _: output)
        root = ElementTree.fromstring(path.read_bytes())
    check_structure(root)
    return root


@given(name=ANYTHING, message=ANYTHING, kind=ANYTHING, output=st.binary(max_size=200))
def test_any_text_survives(name: str, message: str, kind: str, output: bytes) -> None:
    item = runs.feature(0, [name], filename="features/ü & <x>.feature")
    state = State(
        status="failed",
        error_message=f"ASSERT FAILED: {message}",
        error=ErrorRecord(f"t{kind}", message),
        captured=[CapturedRecord(name, stdout=message, stderr=message, log=message)],
    )
    event = runs.attempt(
        item, 0, Outcome.FAILED, bad=state, scenario=state, output="o", shared_paths=[message]
    )
    root = written(
        [
            runs.started(run=name),
            runs.planned(item),
            event,
            runs.verdict(event, of=Verdict.FAILED),
            runs.finished(failed=True),
        ],
        output,
    )
    (case,) = root.iter("testcase")
    assert case.get("name") == carried(name)
    assert case.get("file") == "features/ü & <x>.feature"
    failure = case.find("failure")
    assert failure is not None
    assert carried(f"ASSERT FAILED: {message}") in (failure.text or "")
    assert failure.get("type") == carried(f"t{kind}")
    if output:
        expected = carried(output.decode("utf-8", "backslashreplace"))
        assert case.findtext("system-out", "").startswith(expected)


@given(st.lists(st.lists(OUTCOMES, min_size=1, max_size=4), min_size=1, max_size=4), st.randoms())
def test_every_scenario_is_there_once_with_its_verdict(
    outcomes: list[list[list[Outcome]]], random: Random
) -> None:
    items = [
        runs.feature(index, [f"S{number}" for number in range(len(scenarios))])
        for index, scenarios in enumerate(outcomes)
    ]
    events: list[Event] = []
    closing: list[VerdictReached] = []
    expected: dict[tuple[str, str], Verdict] = {}
    for item, scenarios in zip(items, outcomes, strict=True):
        for number, tries in enumerate(scenarios):
            attempts = [
                runs.attempt(item, number, outcome, attempt=at)
                for at, outcome in enumerate(tries, start=1)
            ]
            verdict = settled(dict(enumerate(tries, start=1)), {})
            expected[(item.filename, f"S{number}")] = verdict
            events += attempts
            closing.append(runs.verdict(*attempts, of=verdict))
    # Workers report in any order; a feature's verdicts come together.
    random.shuffle(events)
    order = list(range(len(items)))
    random.shuffle(order)
    closing.sort(key=lambda event: order[event.feature])
    root = written([runs.planned(*items), *events, *closing, runs.finished()])
    found: dict[tuple[str, str], Verdict] = {}
    for case in root.iter("testcase"):
        tags = {child.tag for child in case}
        key = (case.get("file", ""), case.get("name", ""))
        assert key not in found
        if tags & {"failure", "error"}:
            found[key] = Verdict.FAILED
        elif tags & {"flakyFailure", "flakyError"}:
            found[key] = Verdict.FLAKY
        elif "skipped" in tags:
            found[key] = Verdict.SKIPPED
        else:
            found[key] = Verdict.PASSED
    simple = {
        key: Verdict.SKIPPED if verdict is Verdict.UNTESTED else verdict
        for key, verdict in expected.items()
    }
    assert found == simple
