"""The tool that says what a scenario left behind, or fails it for that."""

from collections.abc import Sequence

from surefoot.isolation.leaks import Leak, Look
from surefoot.model.findings import Finding
from surefoot.worker.around import Attempt, Proceed


class LeakCheck:
    """Looks before and after each scenario; what `allow` names may be left."""

    def __init__(self, allow: Sequence[str], *, fail: bool) -> None:
        self._allow = tuple(allow)
        self._fail = fail
        self._known: set[str] = set()

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        look = Look()
        failed = True
        try:
            failed = proceed()
        finally:
            # What a scenario that was broken off left is what it was about to clean up.
            found = look.leaks(failed=failed, allow=self._allow, known=self._known)
        for leak in found:
            if not self._fail:
                # To fail a scenario takes more than that another one left the same.
                self._known.add(leak.message)
            attempt.report(_finding(leak, attempt.id))
        if found and self._fail:
            attempt.fail(
                "The scenario left behind what leaks = fail forbids:\n"
                + "\n".join(f"- {_place(leak)}{leak.message}" for leak in found)
            )
        return failed


def _place(leak: Leak) -> str:
    return f"{leak.origin.file}:{leak.origin.line}: " if leak.origin.file else ""


def _finding(leak: Leak, scenario: str) -> Finding:
    return Finding(
        leak.rule,
        leak.message,
        file=leak.origin.file,
        line=leak.origin.line,
        remedy=f'{leak.remedy}; or allow it with leaks_allow = ["{leak.kind}:{leak.name}"]',
        evidence=leak.evidence,
        scenario=scenario,
    )
