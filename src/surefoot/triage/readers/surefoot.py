"""surefoot's own output as text: the plain display and the summary.

Where the journal or the JUnit file of a run is there, those say more: see `journals` and `junit`.
"""

import re

from surefoot.triage.masking import relative
from surefoot.triage.model import Counts, FailureKind, Line
from surefoot.triage.readers.base import LineReader, number
from surefoot.triage.readers.behave import COUNT_LINE, COUNTED, LISTED, TOOK, summary_counts
from surefoot.triage.readers.stack import exception_of, read_stack

_START = re.compile(r"surefoot \d[\w.+-]{0,40}: [\d,]{1,12} scenarios? in ")
_LIVE = re.compile(
    r"(FAILED|ERROR|UNDEFINED|TIMED OUT|CRASHED|HOOK ERROR|FLAKY)  (\S.{0,400}?\.feature:\d{1,7})"
    r"  (.*)$"
)
_STEP = re.compile(r"  (\S.*)  \((\S.{0,300}\.feature:\d{1,7})\)$")
_FINDING = re.compile(r"(SF\d{2,4}) (?:(\S.{0,300}?):(\d{1,7}): )?(.*)")
_LOAD = re.compile(r"surefoot: ((?:\w{1,60}\.){0,6}[A-Z]\w{1,80}): ?(.*)")
UNEXPECTED_PASS = "unexpected pass"  # noqa: S105  # a pass, and no password
"""What stands for the exception where an expected failure passed."""
_NOTHING = "surefoot: the selection matches none"


_LISTS = {
    "Failing scenarios:": "FAILED",
    "Errored scenarios:": "FAILED",
    "Flaky scenarios:": "FLAKY",
    "Unexpected passes:": "UNEXPECTED PASS",
    "Expected failures:": "",
    "Quarantined scenarios, which failed without failing the run:": "",
}


class _Scenario:
    def __init__(self, word: str, location: str, name: str, line: Line) -> None:
        self.word = word
        self.location = location
        self.name = name
        self.headline = ""
        self.step = ""
        self.error: list[str] = []
        self.lines = [line]
        self.complete = False


class SurefootReader(LineReader):
    """A run lasts from its first line to `Took …`; everything in it is surefoot's."""

    name = "surefoot"
    needles = (
        "surefoot",
        ".feature:",
    )

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._reset()

    def _reset(self) -> None:
        self._scenarios: dict[str, _Scenario] = {}
        self._current: _Scenario | None = None
        self._listing = ""
        self._counts: dict[str, dict[str, int]] = {}
        self._lines: list[Line] = []
        self._hooks: list[Line] | None = None

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if text.startswith("surefoot"):
            return self._own_line(line)
        if self.found.open is None:
            if ".feature:" not in text or not text[0].isupper() or not _LIVE.match(text):
                return False
            # With `--progress off` nothing comes before what failed.
            self.found.begin(line)
        if text.startswith("Took ") and (found := TOOK.match(text)):
            self._end(line, number(found[1]) * 60 + float(found[2]))
            return True
        if text[:1].isdigit() and (counts := COUNT_LINE.match(text)):
            self._counts[counts[1]] = {word: number(value) for value, word in COUNTED.findall(text)}
            self._lines = [*self._lines[-3:], line]
            return True
        if text.endswith(":") and text in _LISTS:
            self._current = None
            self._listing = _LISTS[text]
            return True
        if text == "Failed hooks:":
            self._hooks = [line]
            return True
        if self._hooks is not None:
            return self._hook(line)
        if self._listing and (listed := LISTED.match(text)):
            item = self._scenarios.get(listed[1])
            if item is None or self._listing != "FAILED":
                self._add(self._listing, listed[1], listed[2] or "", line)
            else:
                item.name = listed[2] or item.name
            return True
        if text[:1].isupper() and ".feature:" in text and (live := _LIVE.match(text)):
            self._current = self._add(live[1], live[2], live[3], line)
            return True
        if text.startswith("SF") and (finding := _FINDING.match(text)):
            self.found.fail(
                FailureKind.FINDING,
                finding[1],
                (self.found.quote(line),),
                file=relative(finding[2] or ""),
                line=number(finding[3] or ""),
                message=finding[4],
            )
            return True
        if text.startswith("-----"):
            self._current = None
        elif self._current is not None and text.startswith("  "):
            self._detail(self._current, line)
        return True

    def _own_line(self, line: Line) -> bool:
        text = line.text
        if _START.match(text):
            self._flush()
            self.found.begin(line)
            return True
        if text.startswith(_NOTHING):
            self.found.count(
                Counts(
                    self.name,
                    run=0,
                    passed=0,
                    failed=0,
                    what="scenarios",
                    quotes=(self.found.quote(line),),
                )
            )
            self.found.end()
            return True
        if (found := _LOAD.match(text)) is not None:
            self.found.fail(
                FailureKind.LOAD,
                found[1],
                (self.found.quote(line),),
                exception=found[1],
                message=found[2],
            )
            self.found.end()
            return True
        return False

    def _add(self, word: str, location: str, name: str, line: Line) -> _Scenario | None:
        item = self._scenarios.get(location)
        if item is None:
            if len(self._scenarios) >= 1000:
                return None
            name, _, headline = name.partition(": ")
            item = self._scenarios[location] = _Scenario(word, location, name, line)
            item.headline = headline
        elif word in {"FLAKY", "UNEXPECTED PASS"}:
            item.word = word
            item.headline = name.partition(": ")[2] or item.headline
            item.lines.append(line)
        else:
            # The heading in the summary has the name alone: a live line's name is cut at a colon.
            item.name = name
            item.lines.append(line)
        return item

    @staticmethod
    def _detail(item: _Scenario, line: Line) -> None:
        text = line.text
        if text.startswith("    | ") or text == "    |":
            if not item.complete and len(item.error) < 80:
                item.error.append(text[6:])
                item.lines.append(line)
            return
        if text.startswith("  CAPTURED "):
            item.complete = True
            return
        found = _STEP.match(text)
        if found is not None and not item.step:
            item.step = found[1]
            item.lines.append(line)

    def _hook(self, line: Line) -> bool:
        assert self._hooks is not None
        text = line.text
        if text.startswith("  ") and len(self._hooks) < 60:
            self._hooks.append(line)
            return True
        lines, self._hooks = self._hooks, None
        for item in lines:
            said = item.text.strip().removeprefix("| ")
            _, found, error = said.partition("HOOK-ERROR in ")
            if found:
                hook, _, message = error.partition(": ")
                known = exception_of(message)
                self.found.fail(
                    FailureKind.HOOK,
                    hook,
                    self.found.quotes(lines[:10]),
                    exception=known[0] if known else "",
                    message=known[1] if known else message,
                )
                break
        return True

    def _end(self, line: Line, seconds: float) -> None:
        quotes = self.found.quotes([*self._lines, line])
        self.found.count(summary_counts(self.name, self._counts, seconds, quotes))
        self._flush()
        self.found.end()

    def step(self) -> None:
        """A run that is open here has no summary."""
        self._flush()
        super().step()

    def _flush(self) -> None:
        for item in self._scenarios.values():
            file, _, at = item.location.rpartition(":")
            exception, message, frame = _error(item)
            self.found.fail(
                FailureKind.HOOK if item.word == "HOOK ERROR" else FailureKind.SCENARIO,
                f"{relative(file)}: {item.name}",
                self.found.quotes(item.lines),
                file=relative(file),
                line=number(at),
                exception=exception,
                message=message,
                frame=frame,
                step=item.step,
                passed_on_retry=item.word == "FLAKY",
            )
            self.found.claim(item.lines[0].number, item.lines[-1].number)
        self._reset()


def _error(item: _Scenario) -> tuple[str, str, str]:
    if item.word == "UNDEFINED":
        return "undefined", "undefined step", ""
    if item.word == "UNEXPECTED PASS":
        return UNEXPECTED_PASS, item.headline or "an expected failure passes", ""
    if item.word in {"TIMED OUT", "CRASHED"}:
        return item.word.lower(), item.headline or "\n".join(item.error[:3]), ""
    said = "\n".join(item.error[:5]) or item.headline
    stack = read_stack(item.error)
    if stack.exception:
        return stack.exception, stack.message, stack.frame
    for word in ("ASSERT FAILED:", "Assertion Failed:"):
        if said.startswith(word):
            return "AssertionError", said.removeprefix(word).strip(), ""
    known = exception_of(said.partition("\n")[0].rpartition("-ERROR in ")[2].partition(": ")[2])
    if known is not None:
        return known[0], known[1], ""
    known = exception_of(said.partition("\n")[0])
    return (known[0], known[1], "") if known else ("", said, "")
