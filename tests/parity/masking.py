"""Takes out of a report what two runs of one suite may differ in, and nothing else.

That is: durations, the time of day, the host, and the addresses that `repr` prints. Each is
masked only where behave writes it, so that a number in a message, a name or a doc string stays.
What is masked keeps its place: a time that is missing is a difference, as is one of another form.
No file is read here and nothing is run.
"""

import re

import msgspec

TIME = "<time>"
_STATUSES = (
    "untested|executing|skipped|passed|xfailed|xpassed|failed|error|hook_error|cleanup_error"
    "|undefined|pending|pending_warn|untested_pending|untested_undefined"
)
# `describe_step` of the JUnit reporter and the plain formatter: "    Given x ... passed in 0.000s".
_STEP = re.compile(rf"^( *\S.* \.\.\. (?:{_STATUSES})) in \d+\.\d{{3}}s$", re.MULTILINE)
# The progress formatters end a feature's line, or a scenario's, with it.
_TRAILING = re.compile(r"  # \d+\.\d{3}s$", re.MULTILINE)
_TOOK = re.compile(r"^Took \d+min \d+\.\d{3}s$", re.MULTILINE)
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]{6,16}\b")
_DURATION = re.compile(r'"duration": \d+(?:\.\d+)?(?:e-?\d+)?(?=[,}\s])')
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_ELEMENT = re.compile(r"<(?:testsuite|testcase)\s[^<>]*>")
_NUMBER = re.compile(r'(?<=\stime=")\d+(?:\.\d+)?(?:e-?\d+)?(?=")')
_STAMP = re.compile(r'(?<=\stimestamp=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?=")')
_HOST = re.compile(r'(?<=\shostname=")[^"]+(?=")')


def mask_json(text: str) -> str:
    """Mask the output of behave's JSON formatters, as text, so that its form is kept as well.

    Only a number behind the key `duration` is a duration: within a string the quotes of a key
    are escaped, and no other key of that name is written.
    """
    return mask_addresses(_DURATION.sub(f'"duration": "{TIME}"', text))


def mask_addresses(text: str) -> str:
    """Mask the memory address of ` at 0x7f12...`, which differs from process to process."""
    return _ADDRESS.sub("<address>", text)


def mask_output(text: str) -> str:
    """Mask what a step may have printed: addresses, and the last line of a behave run inside it."""
    return mask_addresses(_TOOK.sub(f"Took {TIME}", text))


def mask_plain(text: str) -> str:
    """Mask the output of the plain formatter."""
    return mask_output(_STEP.sub(rf"\1 in {TIME}", text))


def mask_progress(text: str) -> str:
    """Mask the output of the progress formatters."""
    return mask_output(_TRAILING.sub(f"  # {TIME}", text))


def mask_junit(text: str) -> str:
    """Mask one of behave's JUnit files.

    Attributes are masked in the tags of suites and cases only: the text of a test may hold
    `time="0.1"` as well, and so may, escaped, a name.
    """
    parts = _CDATA.split(text)
    parts[::2] = [_ELEMENT.sub(_mask_tag, part) for part in parts[::2]]
    parts[1::2] = [_STEP.sub(rf"\1 in {TIME}", part) for part in parts[1::2]]
    return mask_output("".join(parts))


def _mask_tag(match: re.Match[str]) -> str:
    text = _NUMBER.sub(TIME, match.group())
    text = _STAMP.sub(TIME, text)
    return _HOST.sub("<host>", text)


class Summary(msgspec.Struct, frozen=True):
    """What behave prints after the last feature, and the snippets that it offers."""

    counts: tuple[str, ...] = ()
    """The lines of features, rules, scenarios and steps; empty when there is no summary."""
    took: bool = False
    """Whether the line with the duration is there."""
    failing: tuple[str, ...] = ()
    """`file:line  name` of each failing scenario, in the order printed."""
    errored: tuple[str, ...] = ()
    snippets: tuple[str, ...] = ()


_COUNTS = re.compile(r"^\d+ (?:feature|rule|scenario|step)s?\b.*\b\d+ (?:failed|skipped)\b.*$")
_LISTED = re.compile(r"^  (\S.*)$")
_SNIPPET = re.compile(
    r"^@(?:given|when|then|step)\(u'.*'\)\ndef step_impl\(.*\):\n"
    r"    raise StepNotImplementedError\(u'.*'\)$",
    re.MULTILINE,
)
_OFFER = "You can implement step definitions for undefined steps with these snippets:"


def read_summary(stdout: str, stderr: str) -> Summary:
    """Find behave's summary in what a run printed; the last one, should a step print another."""
    lines = stdout.split("\n")
    end = max((n for n, line in enumerate(lines) if _COUNTS.match(line)), default=-1)
    start = end
    while start > 0 and _COUNTS.match(lines[start - 1]):
        start -= 1
    return Summary(
        counts=tuple(lines[start : end + 1]) if end >= 0 else (),
        took=end >= 0 and any(_TOOK.match(line) for line in lines[end + 1 : end + 2]),
        failing=_listed(lines, "Failing scenarios:"),
        errored=_listed(lines, "Errored scenarios:"),
        snippets=tuple(_SNIPPET.findall(stderr.rpartition(_OFFER)[2] if _OFFER in stderr else "")),
    )


def _listed(lines: list[str], heading: str) -> tuple[str, ...]:
    places = [number for number, line in enumerate(lines) if line == heading]
    if not places:
        return ()
    listed = []
    for line in lines[places[-1] + 1 :]:
        match = _LISTED.match(line)
        if match is None:
            break
        listed.append(match.group(1))
    return tuple(listed)
