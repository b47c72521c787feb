"""Writing XML by hand, so that a report of any size is streamed. No DOM, no parsing."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

# What the Char production of XML 1.0 (fifth edition, section 2.2) leaves out.
_NO_CHAR = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def carried(text: str) -> str:
    """Return text that XML can carry: colours dropped, other forbidden characters as escapes."""
    return _NO_CHAR.sub(_visible, _COLOURS.sub("", text))


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def start(tag: str, attributes: Mapping[str, str], *, empty: bool = False) -> str:
    """Return a start tag; `empty` closes it at once."""
    inside = "".join(f" {name}={quoteattr(carried(text))}" for name, text in attributes.items())
    return f"<{tag}{inside}{'/' if empty else ''}>"


def element(tag: str, attributes: Mapping[str, str], text: str = "") -> str:
    """Return an element with text and no children."""
    if not text:
        return start(tag, attributes, empty=True)
    # A parser turns a bare carriage return into a newline.
    inner = escape(carried(text), {"\r": "&#13;"})
    return f"{start(tag, attributes)}{inner}</{tag}>"
