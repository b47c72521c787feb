"""The tools of `surefoot.threads` as they stand around a scenario."""

import sys

from surefoot.worker.around import Attempt, Proceed


class GuardWatch:
    """Tells the accesses to guarded fields without their lock; fails the scenario for some."""

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        """Run the scenario and report what the guards saw."""
        from surefoot.threads.guard import violations

        for earlier in violations():
            # By a hook outside of scenarios, or by a thread that one left behind.
            attempt.report(earlier.finding())
        failed = proceed()
        for violation in violations():
            finding = violation.finding(attempt.id)
            attempt.report(finding)
            if violation.rule.fail:
                where = f" at {finding.place}" if finding.place else ""
                attempt.fail("\n".join((f"{finding.message}{where}", *finding.evidence)))
        return failed


def guards_in_use() -> bool:
    """Tell whether the suite can have guards: it declares some, or imports what makes them."""
    return "surefoot.threads.guard" in sys.modules
