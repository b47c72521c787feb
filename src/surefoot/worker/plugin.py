"""`behave --runner=surefoot:Runner`: the same run, started by behave's own command.

behave has read its configuration already; the zygote is forked from this process and uses it.
surefoot's own options come from surefoot.toml, the environment, and `-D surefoot.NAME=VALUE`.
"""

import os
import sys
from typing import Any

from behave.api.runner import ITestRunner
from behave.exception import ConfigError

_PREFIX = "surefoot."


class Runner(ITestRunner):  # type: ignore[misc]
    """A behave test runner that runs features in parallel (`--jobs N`)."""

    def __init__(self, config: Any, **_: Any) -> None:
        super().__init__(config)
        self._undefined: list[Any] = []

    @property
    def undefined_steps(self) -> list[Any]:
        """The undefined steps of the run, for behave's snippets."""
        return self._undefined

    def run(self) -> bool:
        """Run the suite; return True when it failed, as behave's runners do."""
        if not hasattr(os, "fork"):
            raise ConfigError("surefoot:Runner needs a system that can fork a process: Linux, WSL")
        from surefoot.cli.plugin_run import run_under_behave
        from surefoot.errors import UserError
        from surefoot.report.behave_formatters import undefined_steps
        from surefoot.worker.zygote import inherit_config

        config = self.config
        overrides = {
            name: str(value)
            for name, value in (config.userdata or {}).items()
            if name.startswith(_PREFIX)
        }
        jobs = int(config.jobs or 1)
        inherit_config(config)
        try:
            failed, undefined = run_under_behave(jobs, overrides, os.getcwd(), sys.argv)
        except UserError as error:
            # behave prints configuration errors and ends with its exit code 1.
            raise ConfigError(str(error)) from error
        self._undefined = undefined_steps(undefined)
        return failed
