"""Markers, digests and rules: written, read back, edited by people, broken by anybody."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.triage.filing.marker import (
    Marker,
    digest_section,
    read_marker,
    read_rules,
    replace_digest,
    replace_marker,
    rules_block,
)

FIELDS = {
    "kind": ("scenario",),
    "subject": ("features/a.feature: waits",),
    "exception": ("AssertionError",),
    "job": ("unit_tests", "coverage"),
}


def test_a_marker_is_read_back() -> None:
    marker = Marker("v1:0123456789abcdef", ("v1:fedcba9876543210",), "89ab", "n1")
    body = f"hello\n\n{marker.text()}\nrest"
    assert read_marker(body) == marker
    changed = Marker(marker.fingerprint, marker.aliases, "ffff", "n1")
    assert read_marker(replace_marker(body, changed)) == changed
    assert marker.known == {"v1:0123456789abcdef", "v1:fedcba9876543210"}


def test_what_is_no_marker_is_none() -> None:
    assert read_marker("fp=v1:0123456789abcdef") is None
    assert read_marker("<!-- surefoot:triage fp=v1:xyz -->") is None
    assert read_marker("<!-- surefoot:triage -->") is None


def test_only_the_digest_is_replaced() -> None:
    body = f"by a person\n\n{digest_section('old')}\n\nalso by a person"
    assert (
        replace_digest(body, "new") == f"by a person\n\n{digest_section('new')}\n\nalso by a person"
    )
    assert replace_digest("a person took it out", "new") is None


def test_the_block_that_is_written_matches_its_cause() -> None:
    rules = read_rules(f"text\n\n{rules_block(FIELDS)}\n")
    assert rules.problems == ()
    assert [item.field for item in rules.match(FIELDS)] == ["kind", "subject", "exception"]
    assert not rules.match({**FIELDS, "exception": ("KeyError",)})


def test_people_widen_a_rule() -> None:
    body = "```surefoot-rules\n# any row\nsubject ~ features/a.feature: *\njob = coverage\n```"
    assert read_rules(body).match({**FIELDS, "subject": ("features/a.feature: other",)})
    assert not read_rules(body).match({**FIELDS, "job": ("lint",)})


def test_a_line_that_is_not_understood_matches_nothing_and_is_told() -> None:
    body = "```surefoot-rules\nkind = scenario\nsubjct = x\nsubject ~ *\n\nignore\n```"
    rules = read_rules(body)
    assert rules.ignore
    assert rules.match(FIELDS) == ()
    assert rules.problems == (
        "line 2 of the rules: subjct is not a field"
        " (known: kind, subject, exception, message, file, job, frame)",
        "line 3 of the rules: a pattern of stars alone would match everything",
    )


@given(st.text(max_size=300))
def test_any_body_gives_values(text: str) -> None:
    for body in (text, f"```surefoot-rules\n{text}\n```", f"<!-- surefoot:triage {text} -->"):
        read_marker(body)
        read_rules(body).match(FIELDS)
        replace_digest(body, "new")
