"""The rules of the ladder: read from TOML, checked, and matched against lines while they stream.

A rule says which line is evidence for which class; what to do with the evidence is decided in
`judging`. The file's head describes the format.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files

import msgspec

from surefoot.errors import UserError
from surefoot.policy.names import TagRules
from surefoot.triage.model import FailureClass, FlakyKind, Line, Quote, RuleHit

_KEPT = 4
_MAX_SEARCHED = 2000
"""Characters of a line that a regular expression sees: bounds what a bad rule can cost."""


class RuleText(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"failure_class": "class"}
):
    """One `[[rule]]` as it stands in a file."""

    id: str
    failure_class: FailureClass
    any: tuple[str, ...]
    why: str
    match: str = ""
    marker: str = ""
    weak: bool = False
    last: bool = True
    confidence: float = 0.8
    refuted_by: str = ""
    example: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()


class KindText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[kind]]`: what makes something that is flaky look like this kind."""

    name: FlakyKind
    match: str


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of rules."""

    rule: tuple[RuleText, ...] = ()
    kind: tuple[KindText, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """A rule that is ready to match."""

    text: RuleText
    pattern: re.Pattern[str] | None

    @property
    def id(self) -> str:
        """Its name."""
        return self.text.id

    def match(self, line: Line) -> str | None:
        """Return what the rule catches in a line (perhaps empty), or None."""
        text = line.text
        if self.text.marker and line.marker != self.text.marker:
            return None
        for needle in self.text.any:
            if needle in text:
                break
        else:
            return None
        if self.pattern is None:
            return needle
        found = self.pattern.search(text[:_MAX_SEARCHED])
        if found is None:
            return None
        return (found.groupdict().get("what") or found[0]).strip()


class Rules(msgspec.Struct, frozen=True):
    """All rules in the order in which they are asked."""

    rules: tuple[Rule, ...]
    kinds: tuple[tuple[FlakyKind, re.Pattern[str]], ...]
    version: str
    """A digest over all of it; part of every analysis."""
    tags: TagRules = TagRules()
    """The names of the tags of known bugs."""

    def by_id(self) -> dict[str, Rule]:
        """Return the rules by name."""
        return {rule.id: rule for rule in self.rules}

    def order(self) -> dict[str, int]:
        """Return each rule's place."""
        return {rule.id: place for place, rule in enumerate(self.rules)}

    def kind_of(self, text: str) -> FlakyKind:
        """Return the kind of flakiness that a text speaks of."""
        for kind, pattern in self.kinds:
            if pattern.search(text[:_MAX_SEARCHED]):
                return kind
        return FlakyKind.UNKNOWN


def load_rules(paths: Sequence[str] = (), tags: TagRules | None = None) -> Rules:
    """Return the shipped rules, with a project's own before them.

    `tags` holds the names that the project gives the tags of known bugs; else surefoot's.

    Raises UserError for a file that cannot be read or a rule that is wrong; it names the place.
    """
    shipped = files("surefoot.triage").joinpath("rules.toml").read_bytes()
    texts: list[RuleText] = []
    kinds: list[KindText] = []
    digest = hashlib.sha256()
    names = tags if tags is not None else TagRules()
    if (names.issue, names.expected_fail) != (TagRules().issue, TagRules().expected_fail):
        digest.update("\0".join((*names.issue, "", *names.expected_fail)).encode())
    for path, content in [*_own(paths), ("surefoot's own rules", shipped)]:
        digest.update(content)
        file = _decode(path, content)
        known = {rule.id for rule in texts}
        texts += [_named(rule, names) for rule in file.rule if rule.id not in known]
        kinds += file.kind
    rules = tuple(Rule(text, _compile(text.id, text.match)) for text in texts)
    for text in texts:
        if not text.any or not all(text.any):
            raise UserError(
                f"rule {text.id!r} of the triage rules has no `any`: give the literal texts of"
                " which a line must contain one"
            )
    compiled = tuple(
        (kind.name, pattern)
        for kind in kinds
        if (pattern := _compile(kind.name, kind.match)) is not None
    )
    return Rules(rules, compiled, digest.hexdigest()[:12], names)


def _named(rule: RuleText, names: TagRules) -> RuleText:
    """Put the names of tags in the place of the words that stand for them."""
    any_of: list[str] = []
    match = rule.match
    for word, tags in (("<<issue>>", names.issue), ("<<expected_fail>>", names.expected_fail)):
        any_of += [text.replace(word, tag) for text in rule.any if word in text for tag in tags]
        match = match.replace(word, "|".join(map(re.escape, tags)) or "(?!)")
    any_of += [text for text in rule.any if "<<" not in text]
    return msgspec.structs.replace(rule, any=tuple(any_of), match=match)


def _own(paths: Sequence[str]) -> Iterable[tuple[str, bytes]]:
    for path in paths:
        try:
            with open(path, "rb") as file:
                yield path, file.read()
        except OSError as error:
            raise UserError(
                f"the triage rules {path} cannot be read ({error.strerror or error}); name a file"
                " that is there, with --rules or in [tool.surefoot.triage] rules"
            ) from error


def _decode(path: str, content: bytes) -> RuleFile:
    try:
        return msgspec.convert(tomllib.loads(content.decode()), RuleFile, strict=False)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        known = ", ".join(item.value for item in FailureClass)
        raise UserError(
            f"the triage rules {path} are wrong: {error} (classes: {known}; kinds:"
            f" {', '.join(item.value for item in FlakyKind)})"
        ) from error


def _compile(name: str, text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise UserError(
            f"rule {name!r} of the triage rules has a bad regular expression: {error}"
        ) from error


class Hit(msgspec.Struct, frozen=True):
    """One line that a rule matched."""

    quote: Quote
    marked: bool
    """True when the forge marked the line as an error."""
    claimed: bool
    """True when the line belongs to a tool's own output, such as what a test printed."""
    captured: str = ""


class Matcher:
    """Matches the rules against the lines of one log, and keeps the first and last hits."""

    def __init__(self, rules: Rules, log: str) -> None:
        self._rules = rules.rules
        self._log = log
        self.first: dict[str, list[Hit]] = {}
        self.last: dict[str, list[Hit]] = {}
        self.counts: dict[str, int] = {}

    def feed(self, line: Line, claimed: bool, places: Iterable[int]) -> None:
        """Take one line, with the places of the rules one of whose texts it may contain."""
        for place in places:
            rule = self._rules[place]
            captured = rule.match(line)
            if captured is None:
                continue
            hit = Hit(
                Quote(self._log, line.number, line.text[:500]),
                line.marker == "error",
                claimed,
                captured[:200],
            )
            self.counts[rule.id] = self.counts.get(rule.id, 0) + 1
            first = self.first.setdefault(rule.id, [])
            if len(first) < _KEPT:
                first.append(hit)
                continue
            last = self.last.setdefault(rule.id, [])
            last.append(hit)
            if len(last) > _KEPT:
                # The forge's own lines are worth more than what a tool printed after them.
                del last[next((at for at, one in enumerate(last[:-1]) if not one.marked), 0)]

    def hits(self, first_line: int, last_line: int, claimed: bool) -> list[RuleHit]:
        """Return the hits between two lines, the deciding line first in each.

        `claimed` says whether lines of a tool's own output count.
        """
        found = []
        for rule in self._rules:
            hits = [
                hit
                for hit in self.first.get(rule.id, []) + self.last.get(rule.id, [])
                if first_line <= hit.quote.line <= last_line and (claimed or not hit.claimed)
            ]
            if not hits:
                continue
            best = [hit for hit in hits if hit.marked] or hits
            decisive = best[-1] if rule.text.last else best[0]
            others = [hit.quote for hit in hits if hit is not decisive]
            found.append(
                RuleHit(
                    rule.id,
                    (decisive.quote, *others[:3]),
                    self.counts[rule.id],
                    decisive.captured,
                )
            )
        return found
