"""What other logs tell of whether a log is whole: those of other jobs, and of the job's other runs.

Both signs need the logs of a whole analysis, so they are looked for after all were read.
"""

from collections.abc import Sequence

import msgspec

from surefoot.triage.masking import mask_line
from surefoot.triage.model import Completeness, ParsedLog, StepEnd, Truncation

FEWEST_LINES = 1000
"""Shorter logs of different jobs have the same size by chance."""
FEWEST_JOBS = 3
FEWEST_RUNS = 2
"""Whole logs of a job that must have a later step."""


def cut_beside_others(parsed: Sequence[ParsedLog]) -> list[ParsedLog]:
    """Return the logs, those truncated of which other logs show that they are."""
    sizes = _jobs_by_size(parsed)
    steps = _steps_of_whole_logs(parsed)
    found = []
    for one in parsed:
        why = _same_size(one, sizes) or _missing_step(one, steps)
        known = one.truncation
        if why and known.verdict is not Completeness.TRUNCATED:
            truncated = Truncation(
                Completeness.TRUNCATED, (why, *known.reasons), known.kept, known.quotes
            )
            found.append(msgspec.structs.replace(one, truncation=truncated))
        else:
            found.append(one)
    return found


_Sizes = dict[tuple[int, int], set[tuple[str, str]]]
_Steps = dict[tuple[str, str], list[list[str]]]


def _jobs_by_size(parsed: Sequence[ParsedLog]) -> _Sizes:
    jobs: _Sizes = {}
    for one in parsed:
        if one.lines >= FEWEST_LINES:
            jobs.setdefault((one.lines, 0), set()).add((one.log.workflow, one.log.job))
            jobs.setdefault((0, one.bytes), set()).add((one.log.workflow, one.log.job))
    return jobs


def _same_size(one: ParsedLog, jobs: _Sizes) -> str:
    """Logs of different jobs with the same number of lines were cut by who fetched them."""
    others = max(len(jobs.get((one.lines, 0), ())), len(jobs.get((0, one.bytes), ())))
    if others < FEWEST_JOBS:
        return ""
    return f"logs of {others} jobs have exactly its {one.lines:,} lines or {one.bytes:,} bytes"


def _steps_of_whole_logs(parsed: Sequence[ParsedLog]) -> _Steps:
    found: _Steps = {}
    for one in parsed:
        if one.truncation.verdict is Completeness.COMPLETE and len(one.steps) > 1:
            names = [mask_line(step.name) for step in one.steps]
            found.setdefault((one.log.workflow, one.log.job), []).append(names)
    return found


def _missing_step(one: ParsedLog, steps: _Steps) -> str:
    """A step that began and did not fail is followed by the next one, unless the log is cut."""
    last = one.steps[-1] if one.steps else None
    if last is None or last.end is not StepEnd.OPEN or not last.name:
        return ""
    name = mask_line(last.name)
    place = [mask_line(step.name) for step in one.steps].count(name)
    others = steps.get((one.log.workflow, one.log.job), [])
    after = [following for names in others if (following := _after(names, name, place))]
    if len(after) < FEWEST_RUNS or len(after) < len(others):
        return ""
    return (
        f"its last step {last.name[:80]!r} has no end, and in {len(after)} other runs"
        f" {after[-1][:80]!r} follows"
    )


def _after(names: Sequence[str], name: str, nth: int) -> str:
    """Return the step that follows the `nth` of a name; empty when there is none."""
    places = [at for at, one in enumerate(names) if one == name]
    if len(places) < nth or places[nth - 1] + 1 >= len(names):
        return ""
    return next((following for following in names[places[nth - 1] + 1 :] if following), "")
