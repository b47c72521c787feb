"""Keeps workers and scenarios out of each other's way: directories, watches, quotas, leak checks.

User code imports from here, so nothing here imports the engine, a report or behave. For it are
the names in `__all__`; they are imported on first use, since the command itself imports this
package early.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.isolation.directories import scenario_dir
    from surefoot.isolation.ports import NoFreePortError, PortLease, free_port, lease_ports
    from surefoot.isolation.postgres import PostgresCopy, PostgresTemplate, postgres_template
    from surefoot.isolation.sqlite import SqliteCopy, SqliteTemplate, sqlite_template
    from surefoot.isolation.template import TemplateError

__all__ = [
    "NoFreePortError",
    "PortLease",
    "PostgresCopy",
    "PostgresTemplate",
    "SqliteCopy",
    "SqliteTemplate",
    "TemplateError",
    "free_port",
    "lease_ports",
    "postgres_template",
    "scenario_dir",
    "sqlite_template",
]

_HOMES = {
    "NoFreePortError": "ports",
    "PortLease": "ports",
    "PostgresCopy": "postgres",
    "PostgresTemplate": "postgres",
    "SqliteCopy": "sqlite",
    "SqliteTemplate": "sqlite",
    "TemplateError": "template",
    "free_port": "ports",
    "lease_ports": "ports",
    "postgres_template": "postgres",
    "scenario_dir": "directories",
    "sqlite_template": "sqlite",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
