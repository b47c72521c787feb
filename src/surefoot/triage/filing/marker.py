"""What an issue carries so that it is known again: a marker, a digest, and rules people edit.

The marker and the edges of the digest are comments of HTML, which no reader sees:

    <!-- surefoot:triage fp=v1:0123456789abcdef aliases=v1:... state=89abcdef01234567 by=nonce -->
    <!-- surefoot:digest begin --> ... <!-- surefoot:digest end -->

The rules are a fenced block with the language `surefoot-rules`. Each line is `field = text` or
`field ~ pattern`, where a pattern is that of a shell (`*`, `?`). A paragraph of lines is one
rule; all of its lines must hold. `ignore` alone says that this cause is never to be filed or
updated. Bodies are foreign text: whatever they hold, reading them gives values, not errors.
"""

import fnmatch
import re
from collections.abc import Mapping

import msgspec

FIELDS = ("kind", "subject", "exception", "message", "file", "job", "frame")
LANGUAGE = "surefoot-rules"

_MARKER = re.compile(r"<!-- surefoot:triage ((?:[a-z]+=[\w:.,-]{0,400} ?){1,8})-->")
_FINGERPRINT = re.compile(r"v\d{1,3}:[0-9a-f]{16}")
_BEGIN = "<!-- surefoot:digest begin -->"
_END = "<!-- surefoot:digest end -->"
_BLOCK = re.compile(
    rf"^(`{{3,}}){LANGUAGE}[ \t]*\r?\n(.{{0,20000}}?)^\1`*[ \t]*\r?$", re.MULTILINE | re.DOTALL
)
_RULE = re.compile(r"([a-z]{1,20})[ \t]*([=~])[ \t]*(.{1,400})")
_MAX_STARS = 4
"""More would make matching slow, and tell no more."""


class Marker(msgspec.Struct, frozen=True):
    """Identity of the cause that an issue is about."""

    fingerprint: str
    aliases: tuple[str, ...] = ()
    state: str = ""
    """Digest of what the digest section shows; unchanged means that there is nothing to write."""
    by: str = ""
    """A random word of the filing: tells one's own issue from a racing twin's."""

    @property
    def known(self) -> frozenset[str]:
        """All fingerprints that mean this cause."""
        return frozenset((self.fingerprint, *self.aliases))

    def text(self) -> str:
        """Return the marker as it stands in an issue."""
        parts = [f"fp={self.fingerprint}"]
        if self.aliases:
            parts.append(f"aliases={','.join(self.aliases[:20])}")
        parts += [f"state={self.state}"] if self.state else []
        parts += [f"by={self.by}"] if self.by else []
        return f"<!-- surefoot:triage {' '.join(parts)} -->"


class Condition(msgspec.Struct, frozen=True):
    """One line of a rule."""

    field: str
    pattern: bool
    value: str

    def holds(self, fields: Mapping[str, tuple[str, ...]]) -> bool:
        """Return True when any value of the field is the text, or matches the pattern."""
        values = fields.get(self.field, ())
        if not self.pattern:
            return self.value in values
        return any(fnmatch.fnmatchcase(value[:2000], self.value) for value in values)


class Rules(msgspec.Struct, frozen=True):
    """The rules block of an issue."""

    rules: tuple[tuple[Condition, ...], ...] = ()
    ignore: bool = False
    problems: tuple[str, ...] = ()
    """Lines that could not be read, each as a sentence."""

    def match(self, fields: Mapping[str, tuple[str, ...]]) -> tuple[Condition, ...]:
        """Return the first rule that holds; empty when none does."""
        for rule in self.rules:
            if all(condition.holds(fields) for condition in rule):
                return rule
        return ()


def read_marker(body: str) -> Marker | None:
    """Return the first marker of a body; None where there is none, or none that is whole."""
    for found in _MARKER.finditer(body):
        values = dict(part.split("=", 1) for part in found[1].split() if "=" in part)
        fingerprint = values.get("fp", "")
        if _FINGERPRINT.fullmatch(fingerprint):
            aliases = tuple(_FINGERPRINT.findall(values.get("aliases", "")))
            return Marker(fingerprint, aliases, values.get("state", ""), values.get("by", ""))
    return None


def replace_marker(body: str, marker: Marker) -> str:
    """Return a body with its first marker replaced."""
    return _MARKER.sub(lambda _: marker.text(), body, count=1)


def digest_section(text: str) -> str:
    """Return a digest between its edges."""
    return f"{_BEGIN}\n{text.strip()}\n{_END}"


def replace_digest(body: str, text: str) -> str | None:
    """Return a body with its digest replaced; None when a person took its edges away."""
    begin, end = body.find(_BEGIN), body.rfind(_END)
    if begin == -1 or end < begin:
        return None
    return body[:begin] + digest_section(text) + body[end + len(_END) :]


def rules_block(fields: Mapping[str, tuple[str, ...]]) -> str:
    """Return a rules block that matches the cause itself, with how to edit it."""
    lines = [
        "# What is the same cause as this issue. Edit freely; surefoot reads it back.",
        f"# field = text, or field ~ pattern with * and ?; fields: {' '.join(FIELDS)}",
        "# All lines of a paragraph must hold. A line `ignore` alone: never file, never update.",
    ]
    for field in ("kind", "subject", "exception"):
        value = next(iter(fields.get(field, ())), "")
        if value and "\n" not in value and "```" not in value:
            lines.append(f"{field} = {value[:300]}")
    return f"```{LANGUAGE}\n" + "\n".join(lines) + "\n```"


def read_rules(body: str) -> Rules:
    """Return the rules of a body."""
    found = _BLOCK.search(body)
    if found is None:
        return Rules()
    rules: list[tuple[Condition, ...]] = []
    current: list[Condition] = []
    problems: list[str] = []
    ignore = False
    for number, raw in enumerate(found[2].splitlines(), start=1):
        line = raw.strip()
        if line.startswith("#"):
            continue
        if not line:
            rules += [tuple(current)] if current else []
            current = []
        elif line == "ignore":
            ignore = True
        else:
            condition = _condition(line)
            if isinstance(condition, str):
                problems.append(f"line {number} of the rules: {condition}")
                # A rule with a line that is not understood must not match more than was meant.
                current.append(Condition("unreadable", pattern=False, value=line))
            else:
                current.append(condition)
    rules += [tuple(current)] if current else []
    return Rules(tuple(rules), ignore, tuple(problems))


def _condition(line: str) -> Condition | str:
    found = _RULE.fullmatch(line)
    if found is None:
        return "neither `field = text` nor `field ~ pattern`"
    field, operator, value = found[1], found[2], found[3].strip()
    if field not in FIELDS:
        return f"{field} is not a field (known: {', '.join(FIELDS)})"
    if operator == "~" and value.count("*") > _MAX_STARS:
        return f"a pattern may have {_MAX_STARS} stars"
    if operator == "~" and not value.strip("*?"):
        return "a pattern of stars alone would match everything"
    return Condition(field, operator == "~", value)
