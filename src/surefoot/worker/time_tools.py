"""The tools of `surefoot.clock` as they stand around a scenario, and what they find at load."""

import contextlib
import linecache
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from surefoot.clock import caps
from surefoot.model.findings import Finding
from surefoot.worker.around import Attempt, Proceed

if TYPE_CHECKING:
    from surefoot.clock.sleeploops import SleepLoop

TAG = "virtual_time"
FACT = "virtual time"


class AroundTime:
    """Runs a scenario in virtual time."""

    def __init__(self, which: str, apart: tuple[str, ...]) -> None:
        """`which` is "tagged" or "all"; `apart` as of `virtual_time`."""
        self._which = which
        self._apart = apart

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        """Run the scenario, and note how its time went."""
        if self._which != "all" and TAG not in attempt.tags:
            return proceed()
        from surefoot.clock import virtual_time
        from surefoot.modelled import ModelledError
        from surefoot.modelled.core import LIVE

        if LIVE or not attempt.selected:
            # A schedule is being explored: it has a clock of its own.
            return proceed()
        with contextlib.ExitStack() as stack:
            try:
                clock = stack.enter_context(virtual_time(self._apart))
            except ModelledError as error:
                # Not in real time instead: that was not asked for, and can take hours.
                attempt.scenario.skip(str(error))
                failed = proceed()
                attempt.fail(str(error))
                return failed
            failed = proceed()
        attempt.fact(FACT, clock.summary())
        return failed


class SleepWatch:
    """Tells when `time.sleep` or `asyncio.sleep` is replaced."""

    def __init__(self) -> None:
        caps.watch()

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        """Run the scenario, and look at what its hooks and steps made of them."""
        caps.forget_hooks()
        failed = proceed()
        for finding in replaced_sleeps():
            attempt.report(finding)
        return failed


def replaced_sleeps() -> list[Finding]:
    """Return a finding for each sleep that is shortened."""
    found = []
    for one in caps.replaced():
        evidence = [one.effect] if one.effect else []
        if one.assigned is not None:
            where = f" in {one.assigned.function}()" if one.assigned.function else ""
            evidence.append(
                f"assigned at {_relative(one.assigned.file)}:{one.assigned.line}{where}"
            )
            source = linecache.getline(one.assigned.file, one.assigned.line).strip()
            if source:
                evidence.append(source)
        place = one.file or (one.assigned.file if one.assigned else "")
        line = one.line or (one.assigned.line if one.assigned else 0)
        found.append(
            Finding(
                "SF201",
                one.message,
                _relative(place),
                line,
                caps.REMEDY,
                tuple(evidence),
                subject=one.name,
            )
        )
    return found


def at_load(runner: Any, registry: Any) -> list[Finding]:
    """Return what loading a suite shows: sleeps replaced already, and loops that count them."""
    return replaced_sleeps() + sleep_loops(loaded_files(runner, registry))


def sleep_loops(files: Iterable[str]) -> list[Finding]:
    """Return a finding for each loop that counts sleeps."""
    found = []
    for path in sorted(files):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                source = file.read()
            if "sleep" not in source:
                continue
            from surefoot.clock.sleeploops import REMEDY, find_sleep_loops

            loops = find_sleep_loops(source)
        except (OSError, SyntaxError, ValueError):
            continue  # it was loaded, so something else made it so
        lines = source.splitlines() if loops else []
        found += [
            Finding(
                "SF202",
                loop.message,
                _relative(path),
                loop.line,
                REMEDY,
                tuple(lines[loop.line - 1 : loop.end_line][:6]),
            )
            for loop in loops
            if not _ignored(lines, loop)
        ]
    return found


def loaded_files(runner: Any, registry: Any) -> set[str]:
    """Return the Python files that steps and hooks of a suite come from, and those beside them."""
    functions: Iterable[Any] = (
        *runner.hooks.values(),
        *(step.func for steps in registry.steps.values() for step in steps),
    )
    files = {
        code.co_filename
        for function in functions
        if (code := getattr(function, "__code__", None)) is not None
    }
    base = os.path.join(os.path.abspath(runner.base_dir or "."), "")
    beside = {
        os.path.abspath(file)
        for module in list(sys.modules.values())
        if isinstance(file := getattr(module, "__file__", None), str) and file.endswith(".py")
    }
    files |= {path for path in beside if path.startswith(base) and "site-packages" not in path}
    return {os.path.abspath(path) for path in files if os.path.isfile(path)}


def _ignored(lines: list[str], loop: "SleepLoop") -> bool:
    """Whether a comment on the loop's line or the one above says, with a reason, to leave it."""
    around = lines[max(0, loop.line - 2) : loop.line]
    return any(
        found and "SF2" in found["codes"] and found["reason"].strip()
        for line in around
        if (found := _COMMENT.search(line))
    )


_COMMENT = re.compile(r"#\s*surefoot:\s*ignore\s*\[(?P<codes>[^\]]*)\]\s*(?P<reason>.*)$")


def _relative(path: str) -> str:
    if not path:
        return ""
    shorter = os.path.relpath(path)
    return path if shorter.startswith(os.pardir) else shorter
