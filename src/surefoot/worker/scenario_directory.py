"""The tool that gives a scenario its directory, and undoes at its end what belongs to it.

The outermost of all: what the tools further inside leave in the directory is still there when
they have ended.
"""

import os

from surefoot.isolation import directories, scope
from surefoot.model.findings import Finding
from surefoot.worker.around import Attempt, Proceed


class ScenarioDirectory:
    """Sets SUREFOOT_SCENARIO_DIR, and with `own_tmp` TMPDIR, while the scenario runs."""

    def __init__(self, *, own_tmp: bool) -> None:
        self._own_tmp = own_tmp

    def __call__(self, attempt: Attempt, proceed: Proceed) -> bool:
        path = self._make(attempt)
        before = directories.point_scenario_to(path) if self._own_tmp and path else None
        scope.open_scenario(scope.Scenario(attempt.id, path))
        failed = True
        try:
            failed = proceed()
        finally:
            ended_badly = failed or bool(attempt.failure)
            for problem in scope.close_scenario(ended_badly):
                attempt.report(
                    Finding(
                        "SF412",
                        f"what the scenario was given could not be taken back: {problem}",
                        scenario=attempt.id,
                        remedy="end what still uses it in after_scenario",
                    )
                )
            if before is not None:
                before.restore()
            if path:
                os.environ.pop(directories.SCENARIO_DIR, None)
                self._settle(attempt, path, failed=ended_badly)
        return failed

    def _make(self, attempt: Attempt) -> str:
        try:
            here = directories.of_this_process()
            path = here.make_scenario()
            if os.environ.get("TMPDIR") == here.tmp:
                # The suite may have removed it: `shutil.rmtree(tempfile.gettempdir())`.
                here.make_tmp()
        except OSError as error:
            attempt.report(
                Finding(
                    "SF411",
                    f"scenarios run without a directory of their own: {error.strerror}",
                    remedy="free space, or set TMPDIR to a directory that can be written",
                )
            )
            return ""
        os.environ[directories.SCENARIO_DIR] = path
        return path

    def _settle(self, attempt: Attempt, path: str, *, failed: bool) -> None:
        if not failed:
            problem = directories.of_this_process().settle_scenario(path)
            if problem:
                attempt.report(
                    Finding(
                        "SF412", problem, remedy="end what still writes there in after_scenario"
                    )
                )
            return
        # A failing scenario's stays even when it is empty: by that the run's end knows that the
        # worker's TMPDIR is wanted as well.
        if os.path.isdir(path) and not directories.is_empty(path):
            attempt.fact("directory", path)
        tmp = os.environ.get("TMPDIR", "")
        if tmp.startswith(os.path.dirname(path) + os.sep) and not directories.is_empty(tmp):
            attempt.fact("temporary files", tmp)
