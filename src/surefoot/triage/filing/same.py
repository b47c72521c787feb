"""Whether an issue is about the same cause. Keys decide; text alone never does.

Three answers: the same, near (a person must look), other. The same needs a fingerprint that
both carry, a rule of the issue that matches, or a key that both name (a test, or the code of a
linter's rule) together with a second one (its exception, its job; its file). Each answer says why
in a sentence.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from surefoot.triage.filing.marker import read_marker, read_rules
from surefoot.triage.filing.rank import Index, Ranked
from surefoot.triage.filing.words import clean_body
from surefoot.triage.forges.values import Issue
from surefoot.triage.masking import relative
from surefoot.triage.model import Cluster, FailureKind

NEAR_SCORE = 0.45
"""Text as near as this needs a person. Duplicates that people wrote by hand lie at .1 to .9,
strangers below .4: no threshold parts them, so it only ever holds a filing back."""

_SCENARIO = re.compile(
    r"(?<![\w/.-])((?:[\w.-]{1,80}/){0,12}[\w.-]{1,120}\.feature)(?::(\d{1,6}))?"
)
_NODE = re.compile(r"(?<![\w/.-])((?:[\w.-]{1,80}/){0,12}[\w-]{1,120}\.py::[\w:\[\].-]{1,200})")
_ROBOT = re.compile(r"(?<![\w/.-])((?:[\w.-]{1,80}/){0,12}[\w.-]{1,120}\.robot)\b")
_RULE_CODE = re.compile(
    r"(?<![\w-])((?:[EWFBNCDSITQ]|UP|ANN|ARG|BLE|COM|DTZ|ERA|FBT|FURB|ICN|INP|ISC|LOG|NPY|PERF"
    r"|PGH|PIE|PL[CERW]|PT|PTH|PYI|RET|RSE|RUF|SIM|SLF|SLOT|TC|TCH|TID|TRY|YTT)\d{3,4}"
    r"|report[A-Z][A-Za-z]{5,40}(?=\b))(?![\w-])"
)
_PYTHON = re.compile(r"(?<![\w/.-])((?:[\w.-]{1,80}/){0,12}[\w-]{1,120}\.pyi?)\b")
_EXCEPTION = re.compile(
    r"\b((?:[a-z_][\w]{0,60}\.){0,6}[A-Z]\w{2,60}(?:Error|Exception|Interrupt))\b"
)
_JOB = re.compile(r"\bjobs?[ :=]{1,3}[`\"']?([\w.-]{2,60})[`\"']?", re.IGNORECASE)


class Sameness(StrEnum):
    """What comparing two causes came to."""

    SAME = "same"
    NEAR = "near"
    OTHER = "other"


class Keys(msgspec.Struct, frozen=True):
    """What identifies a cause, out of a cluster or an issue."""

    fingerprints: frozenset[str] = frozenset()
    tests: frozenset[str] = frozenset()
    """Scenario path with its line or name, node ids of pytest."""
    rules: frozenset[str] = frozenset()
    """Codes of linters and type checkers."""
    files: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()
    """Without their module."""
    jobs: frozenset[str] = frozenset()


class Compared(msgspec.Struct, frozen=True):
    """One known issue beside the new one."""

    issue: Issue
    sameness: Sameness
    why: str
    score: float = 0.0


def keys_of_cluster(cluster: Cluster, jobs: Iterable[str] = ()) -> Keys:
    """Return the keys of a cluster; `jobs` are the jobs that it occurred in."""
    files = {relative(name) for name in cluster.files if name}
    lint = cluster.kind in {FailureKind.LINT, FailureKind.TYPES, FailureKind.SECURITY}
    subject = {relative(cluster.subject)} if cluster.subject else set()
    tests = set() if lint else set(subject)
    for item in cluster.occurrences:
        name = relative(item.failure.file)
        if name.endswith(".feature"):
            files.add(name)
            tests |= {f"{name}:{item.failure.line}"} if item.failure.line else set()
    return Keys(
        frozenset((cluster.fingerprint, *cluster.aliases)),
        frozenset(tests),
        frozenset(subject if lint else ()),
        frozenset(files),
        frozenset((_bare(cluster.exception),) if cluster.exception else ()),
        frozenset(jobs),
    )


def keys_of_issue(issue: Issue) -> Keys:
    """Return the keys that an issue names, by its marker and in its text."""
    marker = read_marker(issue.body)
    text = f"{issue.title}\n{clean_body(issue.body, 60_000)}"
    files = {relative(found[1]) for found in _SCENARIO.finditer(text)}
    files |= {relative(found[1]) for found in _ROBOT.finditer(text)}
    files |= {relative(found[1]) for found in _PYTHON.finditer(text)}
    tests = {f"{relative(found[1])}:{found[2]}" for found in _SCENARIO.finditer(text) if found[2]}
    tests |= {relative(found[1]) for found in _NODE.finditer(text)}
    return Keys(
        marker.known if marker else frozenset(),
        frozenset(tests),
        frozenset(found[1] for found in _RULE_CODE.finditer(text)),
        frozenset(files),
        frozenset(_bare(found[1]) for found in _EXCEPTION.finditer(text)),
        frozenset(found[1] for found in _JOB.finditer(text)),
    )


def compare(
    keys: Keys,
    fields: Mapping[str, tuple[str, ...]],
    ranked: Ranked,
) -> Compared:
    """Compare a new cause with one issue. `fields` are what rules of issues ask for."""
    issue, score = ranked.issue, ranked.score
    other = keys_of_issue(issue)
    shared = sorted(keys.fingerprints & other.fingerprints)
    if shared:
        why = f"it carries the fingerprint {shared[0]}"
        return Compared(issue, Sameness.SAME, why, score)
    rules = read_rules(issue.body)
    rule = rules.match(fields) if other.fingerprints else ()
    if rule:
        text = ", ".join(
            f"{item.field} {'~' if item.pattern else '='} {item.value}" for item in rule
        )
        return Compared(issue, Sameness.SAME, f"its rule holds: {text}", score)
    return _by_keys(keys, other, ranked)


def _by_keys(keys: Keys, other: Keys, ranked: Ranked) -> Compared:
    """Compare by what both name, and last of all by how near the text is."""
    issue, score = ranked.issue, ranked.score
    told_apart = bool(keys.fingerprints and other.fingerprints)
    tests = sorted(keys.tests & other.tests)
    files = sorted(keys.files & other.files)
    rules = sorted(keys.rules & other.rules)
    exceptions = sorted(keys.exceptions & other.exceptions)
    # Two exceptions are two causes, whatever job they share.
    contrary = keys.exceptions and other.exceptions and not exceptions
    jobs = [] if contrary else sorted(keys.jobs & other.jobs)
    pair = (tests[:1] and (exceptions or jobs)[:1]) or (rules[:1] and files[:1])
    first = (tests or rules)[:1]
    if pair and not told_apart:
        return Compared(issue, Sameness.SAME, f"both name {first[0]} and {pair[0]}", score)
    if first:
        differs = "its fingerprint is another" if told_apart else "no second key is shared"
        why = f"both name {first[0]}, but {differs}"
        return Compared(issue, Sameness.NEAR, why, score)
    if files and exceptions:
        why = f"both name {files[0]} and {exceptions[0]}, but not the same test"
        return Compared(issue, Sameness.NEAR, why, score)
    if score >= NEAR_SCORE:
        why = f"only its text is near (shared words: {', '.join(ranked.shared[:5])})"
        return Compared(issue, Sameness.NEAR, why, score)
    why = "no key is shared"
    if ranked.shared:
        why += f"; shared words: {', '.join(ranked.shared[:5])}"
    return Compared(issue, Sameness.OTHER, why, score)


def is_duplicate(query: Issue, issue: Issue) -> bool:
    """Return True when two issues are about one cause by their keys. Text is not asked."""
    keys = keys_of_issue(query)
    return compare(keys, {}, Ranked(issue, 0.0)).sameness is Sameness.SAME


class DuplicateCheck(msgspec.Struct, frozen=True):
    """The duplicate check of one cause: what was asked, and what was found."""

    queries: tuple[str, ...]
    """In words: the fingerprint, the keys, the text."""
    searched: int
    """Issues that were looked at, open and closed."""
    opened: int
    nearest: tuple[Compared, ...]
    """Every issue that is the same, then the nearest by score: five at least, where there are."""

    @property
    def twins(self) -> tuple[Compared, ...]:
        """Issues about the same cause."""
        return tuple(item for item in self.nearest if item.sameness is Sameness.SAME)

    @property
    def near(self) -> tuple[Compared, ...]:
        """Issues that a person must look at."""
        return tuple(item for item in self.nearest if item.sameness is Sameness.NEAR)


def check(
    title: str, body: str, keys: Keys, fields: Mapping[str, tuple[str, ...]], index: Index
) -> DuplicateCheck:
    """Compare a cause with every issue of an index."""
    compared = [compare(keys, fields, item) for item in index.rank(Issue(0, title, body))]
    order = {Sameness.SAME: 0, Sameness.NEAR: 1, Sameness.OTHER: 1}
    compared.sort(key=lambda item: (order[item.sameness], -item.score, -item.issue.number))
    twins = sum(item.sameness is Sameness.SAME for item in compared)
    # Those that only share a key may rank low by text, and must be seen all the same.
    low = [item for item in compared[twins + 5 :] if item.sameness is Sameness.NEAR]
    queries = [f"fingerprint {name}" for name in sorted(keys.fingerprints)[:3]]
    queries += [f"key {name}" for name in sorted(keys.tests | keys.exceptions | keys.jobs)[:8]]
    queries.append(f"text {title}")
    return DuplicateCheck(
        tuple(queries),
        len(index.issues),
        sum(issue.open for issue in index.issues),
        tuple(compared[: twins + 5] + low[:5]),
    )


def _bare(exception: str) -> str:
    return exception.rpartition(".")[2]
