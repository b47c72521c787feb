"""Masking: what two runs may differ in is hidden, and nothing else is."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.parity.masking import (
    Summary,
    mask_addresses,
    mask_json,
    mask_junit,
    mask_plain,
    mask_progress,
    read_summary,
)

PLAIN = """\
Feature: Größe in 0.123s

  Scenario: It is ... passed in a while
    Given a thing ... passed in 0.001s
    When 2 things ... failed in 12.345s
ASSERT FAILED: it took 0.500s
... not passed in 0.100
    And <__main__.Thing object at 0x7f3a2b1c4d50> ... skipped
"""
PROGRESS = """\
Shop    # features/shop.feature
  It is open  ..F  # 0.004s
FAILURE in step 'a thing # 0.100s':
"""
JUNIT = """\
<testsuite name="shop.A time=&quot;0.5&quot;" tests="2" errors="0" time="0.25" \
timestamp="2024-05-06T07:08:09.123456" hostname="box"><testcase classname="shop.A" \
name="x" status="passed" time="1e-06"><system-out>
<![CDATA[
@scenario.begin
  Scenario: x
    Given a thing ... passed in 0.001s
@scenario.end

Captured stdout:
<testcase time="0.75"> 0.001s
Took 0min 0.250s
It Took 0min 0.250s
]]>
</system-out></testcase></testsuite>
"""
JSON = json.dumps(
    [
        {
            "keyword": "Feature",
            "name": 'A "duration": 5, of it',
            "elements": [
                {
                    "type": "scenario",
                    "name": "x",
                    "steps": [
                        {
                            "step_type": "given",
                            "name": "y",
                            "match": {"arguments": [{"value": 3, "name": "duration"}]},
                            "result": {"status": "passed", "duration": 1.5e-05},
                        },
                        {"step_type": "then", "result": {"status": "failed", "duration": 0.25}},
                    ],
                    "status": "failed",
                }
            ],
        }
    ]
)
_CASES = [
    pytest.param(mask_plain, PLAIN, ["0.001s", "12.345s", "0x7f3a2b1c4d50"], id="plain"),
    pytest.param(mask_progress, PROGRESS, ["0.004s"], id="progress"),
    pytest.param(
        mask_junit,
        JUNIT,
        [
            '"0.25"',
            '"2024-05-06T07:08:09.123456"',
            '"box"',
            '"1e-06"',
            "0.001s\n@",
            "\nTook 0min 0.250s",
        ],
        id="junit",
    ),
    pytest.param(mask_json, JSON, ["1.5e-05", '"duration": 0.25'], id="json"),
]


@pytest.mark.parametrize(("mask", "text", "hidden"), _CASES)
def test_no_other_character_can_change_unseen(
    mask: Callable[[str], str], text: str, hidden: list[str]
) -> None:
    masked = mask(text)
    allowed = set(range(len(text))) & {
        place
        for part in hidden
        for match in re.finditer(re.escape(part), text)
        for place in range(match.start(), match.end())
    }
    seen = set()
    for place in range(len(text)):
        for char in "7x \n":
            changed = f"{text[:place]}{char}{text[place + 1 :]}"
            if changed != text and mask(changed) == masked:
                seen.add(place)
    assert seen <= allowed


@pytest.mark.parametrize(
    ("mask", "text", "old", "new"),
    [
        (mask_plain, PLAIN, "0.001s", "100.999s"),
        (mask_plain, PLAIN, "12.345s", "0.000s"),
        (mask_plain, PLAIN, "0x7f3a2b1c4d50", "0x55d0c0ffee"),
        (mask_progress, PROGRESS, "0.004s", "61.000s"),
        (mask_junit, JUNIT, '"0.25"', '"17"'),
        (mask_junit, JUNIT, '"1e-06"', '"12.5"'),
        (mask_junit, JUNIT, "2024-05-06T07:08:09.123456", "2031-12-24T00:00:00"),
        (mask_junit, JUNIT, '"box"', '"another.box-2"'),
        (mask_junit, JUNIT, "0.001s\n@", "3.500s\n@"),
        (mask_junit, JUNIT, "\nTook 0min 0.250s", "\nTook 12min 59.999s"),
        (mask_json, JSON, "1.5e-05", "0.0"),
        (mask_json, JSON, '"duration": 0.25', '"duration": 12'),
    ],
)
def test_other_times_are_the_same(
    mask: Callable[[str], str], text: str, old: str, new: str
) -> None:
    other = text.replace(old, new)
    assert other != text
    assert mask(other) == mask(text)


@pytest.mark.parametrize(("mask", "text", "hidden"), _CASES)
def test_masking_twice_is_masking_once(
    mask: Callable[[str], str], text: str, hidden: list[str]
) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (mask_plain, "    Given a thing ... passed in 0.01s"),
        (mask_plain, "    Given a thing ... passed in 0.001s and more"),
        (mask_plain, "    Given a thing ... went in 0.001s"),
        (mask_plain, "it passed in 0.001s"),
        (mask_plain, "at 0x7f3"),
        (mask_plain, "0x7f3a2b1c4d50"),
        (mask_progress, "  It is open  ..F # 0.004s"),
        (mask_progress, "  # 0.004s of it"),
        (mask_junit, '<failure message="time" time="0.5">'),
        (mask_junit, '<![CDATA[<testcase time="0.5">]]>'),
        (mask_junit, '<testcase name="a" time="fast">'),
        (mask_json, '{"duration": "0.5"}'),
        (mask_json, '{"duration": -1}'),
        (mask_json, '{"text": "\\"duration\\": 5,"}'),
        (mask_json, '{"durations": 5}'),
    ],
)
def test_what_only_looks_like_a_time_stays(mask: Callable[[str], str], text: str) -> None:
    assert mask(text) == text


def test_a_time_that_is_missing_is_a_difference() -> None:
    line = "    Given a thing ... passed in 0.001s"
    assert mask_plain(line) != mask_plain("    Given a thing ... passed")


_words = st.text(max_size=12)
_values = st.one_of(_words, st.integers(), st.booleans(), st.none(), st.lists(_words, max_size=3))
_steps = st.fixed_dictionaries(
    {"step_type": _words, "name": _words, "text": _values, "status": _words},
)


def _report(steps: list[dict[str, Any]], durations: list[float]) -> str:
    return json.dumps(
        [
            {**step, "result": {"status": step["status"], "duration": duration}}
            for step, duration in zip(steps, durations, strict=True)
        ]
    )


@given(st.data())
def test_json_reports_are_equal_but_for_durations(data: st.DataObject) -> None:
    steps = data.draw(st.lists(_steps, min_size=1, max_size=4))
    time = st.floats(0, 1e6, allow_nan=False)
    first = data.draw(st.lists(time, min_size=len(steps), max_size=len(steps)))
    second = data.draw(st.lists(time, min_size=len(steps), max_size=len(steps)))
    assert mask_json(_report(steps, first)) == mask_json(_report(steps, second))
    place = data.draw(st.integers(0, len(steps) - 1))
    key = data.draw(st.sampled_from(["step_type", "name", "text", "status"]))
    value = data.draw(_values)
    changed = [{**step} for step in steps]
    changed[place][key] = value
    same = mask_addresses(json.dumps(value)) == mask_addresses(json.dumps(steps[place][key]))
    equal = mask_json(_report(changed, first)) == mask_json(_report(steps, first))
    assert equal == same


_STDOUT = """\
USING RUNNER: behave.runner:Runner
1 scenario passed, 0 failed, 0 skipped
printed by a step
Failing scenarios:
  features/old.feature:1  From a run inside

Failing scenarios:
  features/a.feature:3  One
  features/b.feature:7  \u2028 two

Errored scenarios:
  features/c.feature:1  Three

1 feature passed, 2 failed, 0 skipped
2 rules passed, 0 failed, 0 skipped
4 scenarios passed, 2 failed, 1 error, 0 skipped
9 steps passed, 2 failed, 1 error, 3 skipped
Took 0min 1.234s
"""
_STDERR = """\
something else

You can implement step definitions for undefined steps with these snippets:

from behave.api.pending_step import StepNotImplementedError
@given(u'nobody\\'s step')
def step_impl(context):
    raise StepNotImplementedError(u'Given nobody\\'s step')


@then(u'two')
def step_impl(context, a):
    raise StepNotImplementedError(u'Then two')

"""


def test_the_summary_is_read() -> None:
    summary = read_summary(_STDOUT, _STDERR)
    assert summary.counts == (
        "1 feature passed, 2 failed, 0 skipped",
        "2 rules passed, 0 failed, 0 skipped",
        "4 scenarios passed, 2 failed, 1 error, 0 skipped",
        "9 steps passed, 2 failed, 1 error, 3 skipped",
    )
    assert summary.took
    assert summary.failing == ("features/a.feature:3  One", "features/b.feature:7  \u2028 two")
    assert summary.errored == ("features/c.feature:1  Three",)
    assert [snippet.split("\n")[0] for snippet in summary.snippets] == [
        "@given(u'nobody\\'s step')",
        "@then(u'two')",
    ]


def test_nothing_printed_is_no_summary() -> None:
    assert read_summary("", "") == Summary()
    assert read_summary("2 scenarios", "snippets") == Summary()
