"""Ranking and the duplicate decision: keys decide, text never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.triage.filing.marker import Marker
from surefoot.triage.filing.rank import Index, rank
from surefoot.triage.filing.same import (
    Keys,
    Sameness,
    check,
    compare,
    is_duplicate,
    keys_of_issue,
)
from surefoot.triage.filing.words import clean_title, words
from surefoot.triage.forges.values import Issue

ISSUES = [
    Issue(1, "CI: cache the packages between jobs", "downloads repeat in each job"),
    Issue(2, "[BOT-3] INFRA: Caching of package downloads", "each job fetches anew"),
    Issue(3, "Login page shows no error", "wrong password gives a blank page", open=False),
    Issue(4, "feat(ci): run browser tests in parallel", "split by directory"),
    Issue(5, "TEST-INFRA: [speed] Parallelise browser test execution", ""),
]


def test_prefixes_of_filers_go() -> None:
    assert clean_title("TEST-INFRA: [speed] Cache packages") == "Cache packages"
    assert clean_title("[AUTO-INF-1] feat(ci)!: Cache packages") == "Cache packages"
    assert clean_title("[only prefixes]") == "[only prefixes]"
    assert words("Parallelising the caches") == words("parallelise a cache")


@pytest.mark.parametrize(("number", "nearest"), [(1, 2), (2, 1), (4, 5), (5, 4)])
def test_the_other_of_a_pair_is_nearest(number: int, nearest: int) -> None:
    query = next(issue for issue in ISSUES if issue.number == number)
    ranked = rank(query, ISSUES)
    assert ranked[0].issue.number == nearest
    assert number not in [item.issue.number for item in ranked]
    assert [item.score for item in ranked] == sorted((i.score for i in ranked), reverse=True)


def test_the_same_text_is_no_duplicate() -> None:
    twin = Issue(9, ISSUES[0].title, ISSUES[0].body)
    (nearest, *_) = rank(twin, ISSUES)
    assert nearest.score == pytest.approx(1.0)
    assert not is_duplicate(twin, ISSUES[0])
    found = check(twin.title, twin.body, Keys(), {}, Index(ISSUES))
    assert found.twins == ()
    assert found.near[0].issue.number == 1
    assert found.near[0].why.startswith("only its text is near")


FAILS = "`features/a.feature:12` fails with AssertionError in job unit_tests"


@pytest.mark.parametrize(
    ("text", "sameness"),
    [
        (FAILS, Sameness.SAME),
        ("features/a.feature:12 raises AssertionError", Sameness.SAME),
        ("features/a.feature:12 is slow in job unit_tests", Sameness.SAME),
        ("features/a.feature:12 raises KeyError in job unit_tests", Sameness.NEAR),
        ("features/a.feature:12 needs a better name", Sameness.NEAR),
        ("features/a.feature:99 raises AssertionError", Sameness.NEAR),
        ("features/b.feature:12 raises AssertionError", Sameness.OTHER),
    ],
)
def test_what_two_name_together_decides(text: str, sameness: Sameness) -> None:
    (ranked,) = rank(Issue(0, "x", FAILS), [Issue(7, "y", text)])
    # Of the text nothing counts here.
    ranked = type(ranked)(ranked.issue, 0.0)
    assert compare(keys_of_issue(Issue(0, "x", FAILS)), {}, ranked).sameness is sameness


def test_a_rule_of_a_linter_needs_the_same_file() -> None:
    query = Issue(0, "B904 in app/models.py", "job lint")
    assert is_duplicate(query, Issue(1, "ruff B904", "src: app/models.py:3"))
    assert not is_duplicate(query, Issue(2, "ruff B904", "app/views.py:3, job lint"))


def test_fingerprints_decide_in_both_ways() -> None:
    mark = Marker("v1:0123456789abcdef").text()
    other = Marker("v1:1111111111111111", ("v1:0123456789abcdef",)).text()
    third = Marker("v1:2222222222222222").text()
    query = Issue(0, "x", f"{FAILS}\n{mark}")
    assert is_duplicate(query, Issue(1, "nothing alike", other))
    assert not is_duplicate(query, Issue(2, "x", f"{FAILS}\n{third}"))


def test_a_rule_of_an_issue_without_a_marker_is_not_obeyed() -> None:
    rule = "```surefoot-rules\nkind = scenario\n```"
    fields = {"kind": ("scenario",)}
    marked = Issue(1, "a", f"{Marker('v1:2222222222222222').text()}\n{rule}")
    bare = Issue(2, "a", rule)
    found = {item.issue.number: item for item in rank(Issue(0, "a"), [marked, bare])}
    assert compare(Keys(), fields, found[1]).why == "its rule holds: kind = scenario"
    assert compare(Keys(), fields, found[2]).sameness is not Sameness.SAME


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=80)), max_size=6), st.text())
def test_any_text_is_ranked(pairs: list[tuple[str, str]], query: str) -> None:
    issues = [Issue(at, *pair) for at, pair in enumerate(pairs, start=1)]
    ranked = rank(Issue(0, query, query), issues)
    assert len(ranked) == len(issues)
    assert all(0 <= item.score <= 1.0001 for item in ranked)
    assert not [item for item in ranked if is_duplicate(Issue(0, query, query), item.issue)] or any(
        keys_of_issue(issue).tests for issue in issues
    )
