"""Warnings that plain behave would have shown once, in the first scenario that came past them.

Python shows most warnings once a process. With several workers each has its own first time, so
workers forget before every scenario what was shown, and each scenario has all its warnings.
Here, in suite order, those that an earlier scenario has shown already are left out again.
Pure functions on records; the journal keeps what was captured.
"""

import re
from collections.abc import Iterable

import msgspec

from surefoot.events.records import CapturedRecord, FeatureRecord, ScenarioRecord, State

# `warnings.formatwarning`: "FILE:LINE: CATEGORY: MESSAGE", and the source line where it is known.
_WARNING = re.compile(r"^[^\n]+:\d+: \w*Warning: [^\n]*\n(?:  [^\n]*\n)?", re.MULTILINE)


class ShownOnce:
    """Which warnings have been shown, over records given in suite order."""

    def __init__(self, before: str = "") -> None:
        """`before` is what was written before the first scenario, while the suite was loaded."""
        self._shown = set(_WARNING.findall(before))

    def feature(self, record: FeatureRecord) -> FeatureRecord:
        """Return a feature's record without warnings that were shown before it."""
        found = _warnings([record.state])
        record = msgspec.structs.replace(record, state=self._state(record.state))
        self._shown.update(found)
        return record

    def scenario(self, record: ScenarioRecord) -> ScenarioRecord:
        """Return a scenario's record without warnings that were shown before it."""
        of_steps = _warnings(step.state for step in record.steps)
        # behave may keep what steps wrote a second time, with the scenario.
        of_scenario = _warnings([record.state])
        found = {*of_steps, *of_scenario}
        often = max(len(of_steps) - len(set(of_steps)), len(of_scenario) - len(set(of_scenario)))
        # Shown twice: the suite asked for warnings every time, at least for a while.
        if self._shown & found and not often and not record.warnings_repeat:
            record = msgspec.structs.replace(
                record,
                state=self._state(record.state),
                steps=[
                    msgspec.structs.replace(step, state=self._state(step.state))
                    for step in record.steps
                ],
            )
        self._shown |= found
        return record

    def _state(self, state: State) -> State:
        captured = [left for part in state.captured if (left := self._captured(part)) is not None]
        if captured == state.captured:
            return state
        return msgspec.structs.replace(state, captured=captured)

    def _captured(self, part: CapturedRecord) -> CapturedRecord | None:
        stderr = _WARNING.sub(self._unless_shown, part.stderr)
        if stderr == part.stderr:
            return part
        part = msgspec.structs.replace(part, stderr=stderr)
        return part if part.stdout or part.stderr or part.log or part.failed else None

    def _unless_shown(self, found: re.Match[str]) -> str:
        return "" if found.group() in self._shown else found.group()


def _warnings(states: Iterable[State]) -> list[str]:
    texts = [part.stderr for state in states for part in state.captured]
    return [found for text in texts if "Warning: " in text for found in _WARNING.findall(text)]
