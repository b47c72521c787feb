"""surefoot runs Behave suites in parallel so that teams can trust the result.

The public names are `__version__` and `Runner` (for `behave --runner=surefoot:Runner`).
`Runner` is imported on first use: importing surefoot must not import behave.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.worker.plugin import Runner

__all__ = ["Runner", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Runner":
        from surefoot.worker.plugin import Runner

        return Runner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
