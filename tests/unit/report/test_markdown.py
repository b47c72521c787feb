"""Foreign text stays text: checked with the parser that terminals use, over any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from surefoot.report.markdown import cell, cell_code, code, fence, inline, title

MARKUP = st.text(
    alphabet=st.one_of(st.sampled_from("`~*_[]()<>!#@|\\/&-+=.:$1\n ahtps"), st.characters()),
    max_size=120,
)


def _tokens(text: str) -> list[Token]:
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        found.append(token)
        found += token.children or []
    return found


@given(MARKUP)
def test_inline_text_is_never_markup(text: str) -> None:
    kinds = {token.type for token in _tokens("x " + inline(text))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


@given(MARKUP)
def test_inline_text_is_never_markup_at_the_start_of_a_line(text: str) -> None:
    kinds = {token.type for token in _tokens(inline(text))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


@given(MARKUP)
def test_a_cell_stays_one_cell(text: str) -> None:
    for shown in (cell(text), cell_code(text)):
        tokens = _tokens(f"| a | b |\n|---|---|\n| {shown} | end |\n")
        assert sum(token.type == "td_open" for token in tokens) == 2


@given(MARKUP)
def test_code_is_one_span(text: str) -> None:
    inside = [token for token in _tokens("x " + code(text)) if token.type == "code_inline"]
    assert len(inside) == 1


@given(MARKUP)
def test_no_line_closes_its_fence(text: str) -> None:
    tokens = _tokens("before\n\n" + fence(text) + "\n\nafter")
    kinds = [token.type for token in tokens if token.type not in {"inline", "text"}]
    assert kinds == [
        "paragraph_open",
        "paragraph_close",
        "fence",
        "paragraph_open",
        "paragraph_close",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "@everyone look",
        "<script>alert(1)</script>",
        "closes #12",
        "see !34 and owner/repo#5",
        "/close",
        "[click](http://evil.example)",
        "![x](http://evil.example/pixel.png)",
        "https://evil.example/a",
        "<!-- surefoot:triage fp=v1:0000000000000000 -->",
    ],
)
def test_nothing_happens_when_a_forge_reads_it(text: str) -> None:
    for shown in (inline(text), title(text)):
        assert not shown.startswith("/close") or shown is title(text)
        assert "@everyone" not in shown
        assert "#12" not in shown
    shown = inline(text)
    assert "<" not in shown
    assert "](" not in shown
    assert "https://" not in shown
    assert "http://" not in shown


def test_a_title_is_one_short_line() -> None:
    assert title("a\nb\x1b[31m `c`" + "x" * 500).startswith("a b [31m `c`x")
    assert len(title("x" * 500)) == 200
