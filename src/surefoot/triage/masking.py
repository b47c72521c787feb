"""Replaces what differs between two runs of the same thing: times, ids, addresses, ports, paths.

`mask` keeps equal things equal: the first id of a text becomes `<id1>`, and every later mention
of the same id is `<id1>` again, so `7 != 7` and `7 != 8` stay different (the idea is that of
Kubernetes' triage). `mask_line` gives all of a kind the same name, for comparing lines of logs
with each other. Masking is part of the fingerprint's version: see `FINGERPRINT_VERSION`.

Every quantifier is bounded or cannot overlap with what follows it, so the time is linear.
"""

import re

MAX_TEXT = 4096

ROOTS = (
    # Up to the packages of an interpreter; then the checkouts of GitHub, Travis, GitLab, Jenkins.
    r"(?<![\w.])(?:[A-Z]:)?[/\\](?:[\w.+@-]{1,100}[/\\]){0,30}(?:site|dist)-packages[/\\]"
    r"|(?<![\w.])(?:/home/runner/work|/Users/runner/work|/__w|/home/travis/build|/builds"
    r"|[A-Z]:\\a)[/\\][\w.+@-]{1,100}[/\\][\w.+@-]{1,100}[/\\]"
    r"|(?<![\w.])/(?:github/workspace|app|src|code|repo|root|workspace/[\w.+@-]{1,100}"
    r"|woodpecker/src/(?:[\w.+@-]{1,100}/){2}[\w.+@-]{1,100}"
    r"|(?:home|Users)/[\w.+@-]{1,100})/"
)
"""The part of a path that tells where a checkout or an interpreter stands."""

_PARTS = (
    ("id", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    (
        "time",
        r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T _]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?"
        r"(?:Z|[+-]\d\d:?\d\d)?\b"
        r"|\b\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?\b"
        r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d\d? )?[A-Z][a-z]{2}(?: \d\d?)?\b",
    ),
    ("address", r"\b0x[0-9a-fA-F]{4,16}\b|\b(?:\d{1,3}\.){3}\d{1,3}\b(?::\d{2,5}\b)?"),
    ("port", r"(?<=[a-zA-Z\])]:)\d{4,5}\b"),
    (
        "duration",
        r"\b\d{1,9}(?:\.\d{1,9})? ?(?:ms|us|µs|ns|seconds?|secs?|minutes?|mins?|hours?|s|m|h)\b"
        r"(?: ?\d{1,9}(?:\.\d{1,9})? ?(?:ms|seconds?|secs?|mins?|s|m)\b)?",
    ),
    ("size", r"\b\d{1,12}(?:\.\d{1,9})? ?(?:[kKMGT]i?B|bytes|B)(?:/s)?\b"),
    # A hash has digits and letters; a number and a word such as `deadbeef` are none.
    (
        "hash",
        r"\b(?=[a-f]{0,64}[0-9])(?=[0-9]{0,64}[a-f])[0-9a-f]{7,64}\b|\b[A-Za-z0-9+/]{43}=(?!\w)",
    ),
    (
        "path",
        r"(?<![\w.])(?:/private)?(?:/tmp|/var/folders|/var/tmp|/dev/shm)(?:/[\w.+@-]{1,200}){1,40}"
        r"|(?<![\w.])[A-Z]:\\(?:[\w.+@ -]{1,100}\\){1,30}(?=[\w.+@-])",
    ),
    ("root", ROOTS),
    ("n", r"(?<![\w.])[+-]?\d{1,18}(?:[.,]\d{1,18})*(?![\w])"),
)
_PATTERN = re.compile("|".join(f"(?P<{name}>{part})" for name, part in _PARTS))
_ROOTS = re.compile(ROOTS)
_SPACES = re.compile(r"\s+")
_ZEROS = {ord(digit): "0" for digit in "123456789"}
_DIGITS = re.compile(r"\d+")
_HEX = re.compile(r"\b[0-9a-fA-F]{7,64}\b")
_HAS_DIGIT = re.compile(r"[a-fA-F]{0,40}[0-9]")
_TEMPORARY = re.compile(r"(?:/tmp|/var/folders|/var/tmp)(?:/[\w.+@-]{1,200}){1,40}")
_BAR = re.compile(r"[#=>━█▏▎▍▌▋▊▉░▒▓-]{6}")
_PROGRESS = re.compile(r"[\[(]?[#=>━█▏▎▍▌▋▊▉░▒▓-]{6,500}[\])]?")


def mask(text: str) -> str:
    """Return `text` with what varies replaced by numbered names; white space is squeezed."""
    names: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        kind = found.lastgroup or "n"
        if kind == "root":
            # The place of the checkout goes, the path below it is what tells things apart.
            return ""
        key = (kind, found[0])
        known = names.get(key)
        if known is None:
            counts[kind] = counts.get(kind, 0) + 1
            known = names[key] = f"<{kind}{counts[kind]}>"
        return known

    return _SPACES.sub(" ", _PATTERN.sub(name, text[:MAX_TEXT])).strip()


def relative(path: str) -> str:
    """Return a path without the part that tells where the checkout stands."""
    return _ROOTS.sub("", path[:1024], count=1).replace("\\", "/").removeprefix("./")


def shape(text: str) -> str:
    """Return a line with each digit as `0`. Lines of one shape have one `mask_line`."""
    return text.translate(_ZEROS)


def mask_line(text: str) -> str:
    """Return a line in the form in which it is looked up in another log of the same job.

    Cruder and quicker than `mask`: every run of digits is `0`, since progress, durations and
    counts differ between two green runs too.
    """
    text = text[:MAX_TEXT]
    if "/" in text:
        text = _TEMPORARY.sub("/tmp/0", text)  # noqa: S108
    # Each pattern begins with a set of characters, so that the engine skips to the first of them:
    # a look-ahead or an optional bracket in front costs twice the time of all of this.
    text = _HEX.sub(_zero, text)
    text = _DIGITS.sub("0", text)
    if _BAR.search(text):
        text = _PROGRESS.sub("-", text)
    return " ".join(text.split())


def _zero(found: re.Match[str]) -> str:
    """A hash has a digit; `deadbeef` and `defaced` are words."""
    return "0" if _HAS_DIGIT.match(found[0]) else found[0]
