"""surefoot runs Behave suites in parallel so that teams can trust the result.

The public names are `__version__`, `Runner` (for `behave --runner=surefoot:Runner`) and `enable`
(the stability kit under plain behave). The latter two are imported on first use: importing
surefoot must not import behave.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.worker.kit import enable
    from surefoot.worker.plugin import Runner

__all__ = ["Runner", "__version__", "enable"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Runner":
        from surefoot.worker.plugin import Runner

        return Runner
    if name == "enable":
        from surefoot.worker.kit import enable

        return enable
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
