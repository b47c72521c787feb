"""Output of behave 1.2.6 and 1.3: `plain`, `pretty`, `progress` to `progress3`, and its summary.

A scenario's failure is pieced together from what the formatter printed (step, error) and the
lists at the end (location, name). When the lists never come, because the log is cut or the
process was killed, what the formatter printed is what is known.
"""

import re
from collections.abc import Mapping

from surefoot.triage.masking import relative
from surefoot.triage.model import Counts, FailureKind, Line, Quote
from surefoot.triage.readers.base import LineReader, number
from surefoot.triage.readers.stack import exception_of, read_stack

RUNNER = "USING RUNNER: "
BAD = frozenset({"failed", "error", "undefined", "hook_error", "cleanup_error", "pending"})
COUNTED = re.compile(
    r"(\d{1,9}) (?:features?|rules?|scenarios?|steps?)? ?"
    r"(passed|failed|error|hook_error|cleanup_error|skipped|undefined|untested|pending\w{0,20})\b"
)
COUNT_LINE = re.compile(r"\d{1,9} (feature|rule|scenario|step)s? (?:passed|failed|error)")
TOOK = re.compile(r"Took (\d{1,6})m(?:in)? ?(\d{1,3}\.\d{1,9})s$")
LISTED = re.compile(r"\s{1,4}(\S.{0,400}?\.feature:\d{1,7})(?:\s{1,3}(.*))?$")
_FEATURE = re.compile(r"\s{0,8}[^\s:#|@][^:#|]{1,40}:")
_SCENARIO = re.compile(
    r"\s{2,8}(?:Scenario|Example|Scenario Outline|Scenario Template|[A-ZÀ-ÿ]\w[^:#|@]{0,40}):"
    r" ?(.*)$"
)
_PLACE = re.compile(r"(\S.{0,300}\.feature:\d{1,7})$")
_STEP_PLACE = re.compile(r"(?:None|\S.{0,300}:\d{1,7})(?: +\d+\.\d+s)?$")
_FAILURE_IN = re.compile(
    r"(?:FAILURE|ERROR) in step '(.*?)'(?: \((\S.{0,300}\.feature:\d{1,7})\))?:$"
)
HOOK = re.compile(r"\s{0,12}(HOOK|CLEANUP)-ERROR in (\w{1,60})(?:\(([^)]{0,200})\))?: ?(.*)")
_ASSERT = re.compile(r"\s{0,12}(?:Assertion Failed|ASSERT FAILED): ?(.*)")
_TAGS = re.compile(r"\s{0,8}@\S+(?: +@\S+)*$")
_LOAD = re.compile(
    r"(?:Exception )?((?:\w{1,60}\.){0,6}[A-Z]\w{1,80}(?:Error|Exception|Step)): ?(.*)"
)
_NO_STEPS = re.compile(r"No steps directory in |No features? (?:files?|found)|ConfigError: ")
_CAPTURED = ("Captured ", "CAPTURED ", "----", "---- ", "__CAPTURED")
MAX_PIECES = 1000


class Piece:
    """What the formatter printed of one failing scenario."""

    def __init__(self, name: str, location: str, step: str, lines: list[Line]) -> None:
        self.name = name
        self.location = location
        self.step = step
        self.lines = lines
        self.text: list[str] = []
        self.tags: tuple[str, ...] = ()
        self.undefined = False
        self.hook = ""
        self.open = True

    def add(self, line: Line) -> None:
        """Take one line of the error."""
        if len(self.text) < 80:
            self.text.append(line.text)
        if len(self.lines) < 40:
            self.lines.append(line)


class BehaveReader(LineReader):
    """Reads one run of behave after another."""

    name = "behave"

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self._reset()

    def _reset(self) -> None:
        self._pieces: list[Piece] = []
        self._piece: Piece | None = None
        self._scenario = ""
        self._location = ""
        self._tags: tuple[str, ...] = ()
        self._step = ""
        self._list = ""
        self._listed: list[tuple[str, str, Line]] = []
        self._counts: dict[str, dict[str, int]] = {}
        self._count_lines: list[Line] = []
        self._features = 0
        self._load: list[Line] = []
        self._unmatched: dict[str, Line] = {}
        self._step_line: Line | None = None
        self._scenario_tags: tuple[str, ...] = ()
        self._started = False

    def feed(self, line: Line) -> bool:
        """Take one line."""
        text = line.text
        if not text:
            return self._blank()
        if text.startswith(RUNNER):
            self._flush()
            self.found.begin(line)
            self._started = True
            return True
        if text.startswith("Took ") and self._counts and (found := TOOK.match(text)):
            self._end(line, number(found[1]) * 60 + float(found[2]))
            return True
        if text[0].isdigit() and (found := COUNT_LINE.match(text)):
            self._list = ""
            self._close_piece()
            kind = found[1]
            self._counts[kind] = {word: number(value) for value, word in COUNTED.findall(text)}
            self._count_lines = [*self._count_lines[-3:], line]
            self._open(line)
            return True
        if text in {"Failing scenarios:", "Errored scenarios:"}:
            self._close_piece()
            self._list = text
            self._open(line)
            return True
        if self._list:
            found = LISTED.match(text)
            if found is not None:
                if len(self._listed) < MAX_PIECES:
                    self._listed.append((found[1], found[2] or "", line))
                return True
            self._list = ""
        return self._formatted(line)

    def _open(self, line: Line) -> None:
        if self.found.open is None:
            self.found.begin(line)

    def _blank(self) -> bool:
        if self._list and self._listed:
            self._list = ""
        # A blank line ends an error, except between a traceback and what was captured.
        self._close_piece()
        return False

    def _formatted(self, line: Line) -> bool:
        """Read what formatters print; cheap for lines that cannot be theirs."""
        text = line.text
        first = text[0]
        if "HOOK-ERROR in " in text or "CLEANUP-ERROR in " in text:
            found = HOOK.match(text)
            if found is not None:
                self._hook(line, found)
                return True
        if first in "FE" and " in step '" in text and (found := _FAILURE_IN.match(text)):
            self._open(line)
            self._begin_piece(line, found[1], found[2] or "")
            return True
        if self._piece is not None and self._piece.open:
            return self._in_piece(line)
        if first == " ":
            if ".feature:" in text and "# " in text:
                head, _, place = text.rpartition("# ")
                found = _SCENARIO.match(head.rstrip())
                if found is not None and _PLACE.match(place):
                    self._new_scenario(line, found[1], place)
                    return True
            elif self.found.open is not None:
                return self._indented(line)
        elif text.startswith("Feature: ") or (".feature:" in text and _is_feature(text)):
            self._open(line)
            self._features += 1
            return True
        elif first in "ACEPNKFLMSTI" and self._started and not self._features:
            return self._loading(line)
        elif text.startswith("Exception ") and _LOAD.match(text):
            self._open(line)
            return self._loading(line)
        return False

    def _indented(self, line: Line) -> bool:
        text = line.text
        if text.lstrip().startswith("@") and _TAGS.match(text):
            self._tags = tuple(text.split())
            return True
        if " ... " in text:
            # Plain: the result stands behind the step.
            step, _, result = text.rpartition(" ... ")
            word = result.partition(" ")[0]
            if word in BAD:
                self._open(line)
                self._begin_piece(line, step.strip(), "")
                assert self._piece is not None
                self._piece.undefined = word == "undefined"
            return True
        step, mark, place = text.rpartition("# ")
        if mark and text.startswith("    ") and step.strip() and _STEP_PLACE.match(place):
            self._step = step.strip()
            self._step_line = line
            if "# None" in text and self._scenario and len(self._unmatched) < MAX_PIECES:
                # Without an error before it, this is the step that no definition matches.
                self._unmatched.setdefault(self._location, line)
            return True
        if text.startswith("      ") and self._step:
            stripped = text.lstrip()
            told = _ASSERT.match(text) or stripped.startswith("Traceback (most recent")
            if told and self._step_line is not None:
                self._begin_piece(self._step_line, self._step, "")
                self._step = ""
                return self._in_piece(line)
        if text.startswith(("  Scenario", "    Scenario")):
            found = _SCENARIO.match(text)
            if found is not None:
                self._new_scenario(line, found[1], "")
                return True
        # progress3: the name of the scenario, deeper within a rule, then a letter a step.
        if text.startswith("  ") and (len(text) - len(text.lstrip(" "))) in {2, 4}:
            name, _, letters = text.strip().rpartition("  ")
            if name and letters and not letters.strip(".FESUX_PpHC"):
                self._new_scenario(line, name, "")
                return True
        return False

    def _new_scenario(self, line: Line, name: str, location: str) -> None:
        self._close_piece()
        self._open(line)
        self._scenario, self._location = name.strip(), location
        self._step = ""
        self._scenario_line = line
        self._scenario_tags, self._tags = self._tags, ()

    def _begin_piece(self, line: Line, step: str, location: str) -> None:
        self._close_piece()
        if len(self._pieces) >= MAX_PIECES:
            return
        self._piece = Piece(self._scenario, self._location, step, [line])
        self._piece.tags = self._scenario_tags
        if location and not self._location:
            self._piece.location = location
        self._pieces.append(self._piece)

    def _in_piece(self, line: Line) -> bool:
        piece = self._piece
        assert piece is not None
        text = line.text
        stripped = text.lstrip()
        if stripped.startswith("Scenario: ") and len(piece.text) <= 2:
            # progress2 names feature and scenario under the heading.
            piece.name = stripped.removeprefix("Scenario: ").strip()
            piece.text = []
            return True
        if text == "None" and not piece.text:
            piece.undefined = True
            return True
        if text.startswith("exception: "):
            return True
        if stripped.startswith(_CAPTURED):
            self._close_piece()
            return True
        if text.startswith("  Scenario"):
            self._close_piece()
            return self._formatted(line)
        piece.add(line)
        return True

    def _close_piece(self) -> None:
        piece = self._piece
        if piece is not None:
            piece.open = False
            self.found.claim(piece.lines[0].number, piece.lines[-1].number)
            self._piece = None

    def _hook(self, line: Line, found: re.Match[str]) -> None:
        self._open(line)
        known = exception_of(found[4])
        exception, message = known if known is not None else ("", found[4])
        hook = found[2]
        if "scenario" in hook or "step" in hook or "tag" in hook:
            # The scenario it belongs to is listed at the end.
            self._begin_piece(line, "", "")
            if self._piece is not None:
                self._piece.hook = hook
                self._piece.text.append(found[4])
                self._piece.name = ""
                self._close_piece()
            return
        self.found.fail(
            FailureKind.HOOK,
            hook,
            (self.found.quote(line),),
            exception=exception,
            message=message,
        )

    def _loading(self, line: Line) -> bool:
        text = line.text
        found = _LOAD.match(text)
        if found is None and not _NO_STEPS.match(text):
            return False
        if self._load:
            return True
        self._load = [line]
        exception, message = (found[1], found[2]) if found is not None else ("ConfigError", text)
        self.found.fail(
            FailureKind.LOAD,
            exception.rpartition(".")[2],
            (self.found.quote(line),),
            exception=exception.rpartition(".")[2],
            message=message,
        )
        # There is no summary after this: it is an end.
        self.found.end()
        return True

    def _end(self, line: Line, seconds: float) -> None:
        quotes = self.found.quotes([*self._count_lines, line])
        self.found.count(summary_counts(self.name, self._counts, seconds, quotes))
        self._flush()
        self.found.end()

    def step(self) -> None:
        """A run that is open here has no summary."""
        self._flush()
        super().step()

    def _flush(self) -> None:
        self._close_piece()
        by_place: dict[str, list[Piece]] = {}
        by_name: dict[str, list[Piece]] = {}
        for piece in self._pieces:
            if piece.location:
                by_place.setdefault(piece.location, []).append(piece)
            by_name.setdefault(piece.name, []).append(piece)
        used: set[int] = set()
        for location, name, line in self._listed:
            same = by_place.get(location) or by_name.get(name) or by_name.get("") or []
            chosen = next((item for item in same if id(item) not in used), None)
            if chosen is not None:
                used.add(id(chosen))
            elif location in self._unmatched:
                step = self._unmatched[location]
                chosen = Piece(name, location, step.text.rpartition("# ")[0].strip(), [step])
                chosen.undefined = True
            self._fail(location, name, chosen, line)
        if not self._listed:
            for left in self._pieces:
                if left.hook or left.step:
                    self._fail(left.location, left.name, left, None)
        self._reset()

    def _fail(self, location: str, name: str, piece: Piece | None, line: Line | None) -> None:
        file, _, at = location.rpartition(":")
        exception = message = frame = step = ""
        lines: list[Line] = []
        tags: tuple[str, ...] = ()
        if piece is not None:
            lines = piece.lines
            step = piece.step
            tags = piece.tags
            exception, message, frame = read_error(piece)
        quotes: list[Quote] = list(self.found.quotes(lines[:12]))
        if line is not None:
            quotes.append(self.found.quote(line))
        file = relative(file)
        self.found.fail(
            FailureKind.HOOK if piece is not None and piece.hook else FailureKind.SCENARIO,
            f"{file}: {name}" if file and name else name or file or step or "a hook",
            tuple(quotes),
            file=file,
            line=number(at),
            exception=exception,
            message=message,
            frame=frame,
            step=step,
            tags=tags,
        )


def summary_counts(
    reader: str,
    counts: Mapping[str, Mapping[str, int]],
    seconds: float,
    quotes: tuple[Quote, ...],
) -> Counts:
    """Return what a summary says of scenarios; `counts` holds numbers by kind and status."""
    scenarios = counts.get("scenario", {})
    bad = sum(value for word, value in scenarios.items() if word in BAD)
    passed = scenarios.get("passed", 0)
    return Counts(
        reader,
        run=passed + bad,
        passed=passed,
        failed=bad,
        errors=bad - scenarios.get("failed", 0),
        skipped=scenarios.get("skipped", 0),
        undefined=counts.get("step", {}).get("undefined", 0),
        what="scenarios",
        duration=seconds,
        quotes=quotes,
    )


def _is_feature(text: str) -> bool:
    """`Feature: Shop # features/shop.feature:1`, in any language."""
    head, mark, place = text.rpartition("# ")
    return bool(mark and _FEATURE.match(head) and _PLACE.match(place))


def read_error(piece: Piece) -> tuple[str, str, str]:
    """Return exception, message and frame of what was printed under a step."""
    if piece.undefined:
        return "undefined", "undefined step", ""
    for index, text in enumerate(piece.text):
        found = _ASSERT.match(text)
        if found is not None:
            rest = [item.strip() for item in piece.text[index + 1 : index + 6]]
            return "AssertionError", "\n".join([found[1], *rest]).strip(), ""
    stack = read_stack(piece.text)
    if stack.exception:
        return stack.exception, stack.message, stack.frame
    for text in piece.text:
        known = exception_of(text.strip())
        if known is not None:
            return known[0], known[1], stack.frame
    return "", piece.text[0].strip() if piece.text else "", ""
