"""What each command does: from its arguments and the services to an answer.

A command returns a record, a list of records or a text; how that is written is no concern of it.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from agents import __version__, slash
from agents.autonomy import AutonomyGuard, ProfileCatalog
from agents.bus import EventBus
from agents.container import Container
from agents.errors import AgentsError, NotFoundError
from agents.extensions import Extension, ExtensionRegistry
from agents.jobs import Control, Job, JobService, State
from agents.sessions import SessionService
from agents.storage import MIGRATIONS, Database
from agents.tiers import ContextTierService

Answer = dict[str, Any] | list[dict[str, Any]] | str
Command = Callable[[Container, argparse.Namespace], Answer]

JOB_TIMEOUT = 60.0
"""Seconds that `job run` waits for its job."""


def version(_: Container, __: argparse.Namespace) -> Answer:
    """Tell the version."""
    return {"name": "agents", "version": __version__}


def session_create(services: Container, arguments: argparse.Namespace) -> Answer:
    """Make a session."""
    sessions = SessionService(
        services.resolve(Database),
        EventBus(),
        services.resolve(ProfileCatalog),
        ContextTierService(),
    )
    return asdict(sessions.create(arguments.name, arguments.profile))


def session_list(services: Container, _: argparse.Namespace) -> Answer:
    """List the sessions."""
    return [asdict(session) for session in services.resolve(SessionService).sessions()]


def session_show(services: Container, arguments: argparse.Namespace) -> Answer:
    """Show a session."""
    return asdict(services.resolve(SessionService).get(arguments.name))


def session_note(services: Container, arguments: argparse.Namespace) -> Answer:
    """Add a note."""
    return asdict(services.resolve(SessionService).note(arguments.name, arguments.text))


def session_close(services: Container, arguments: argparse.Namespace) -> Answer:
    """Close a session."""
    return asdict(services.resolve(SessionService).end(arguments.name))


def profile_list(services: Container, _: argparse.Namespace) -> Answer:
    """List the profiles."""
    catalog = services.resolve(ProfileCatalog)
    effective = [catalog.effective(name) for name in catalog.names]
    return [
        {"name": item.name, "risk_limit": item.risk_limit, "steps": item.steps}
        for item in effective
    ]


def profile_show(services: Container, arguments: argparse.Namespace) -> Answer:
    """Show a profile with what it inherits."""
    profile = services.resolve(ProfileCatalog).effective(arguments.name)
    return {
        "name": profile.name,
        "risk_limit": profile.risk_limit,
        "steps": profile.steps,
        **{kind: answer.value for kind, answer in profile.rules.items()},
    }


def profile_decide(services: Container, arguments: argparse.Namespace) -> Answer:
    """Say what a profile answers to an action."""
    profile = services.resolve(ProfileCatalog).effective(arguments.name)
    decision = AutonomyGuard(profile).decide(arguments.kind, arguments.risk)
    return {"answer": decision.answer.value, "reason": decision.reason}


def job_run(services: Container, arguments: argparse.Namespace) -> Answer:
    """Run a job to its end."""
    jobs = services.resolve(JobService)
    number = jobs.submit(arguments.kind, JOBS[arguments.kind](arguments.text))
    job = jobs.wait(number, JOB_TIMEOUT)
    if job.state is not State.SUCCEEDED:
        raise AgentsError(f"job {job.name} has {job.state.value}: {job.error}")
    return _job(job)


def _job(job: Job) -> dict[str, Any]:
    return {"id": job.id, "name": job.name, "state": job.state.value, "result": job.result}


def _echo(text: str) -> Callable[[Control], str]:
    return lambda _: text


def _upper(text: str) -> Callable[[Control], str]:
    return lambda _: text.upper()


def _fail(text: str) -> Callable[[Control], str]:
    def work(_: Control) -> str:
        raise RuntimeError(text)

    return work


JOBS = {"echo": _echo, "upper": _upper, "fail": _fail}


def context_levels(_: Container, arguments: argparse.Namespace) -> Answer:
    """List the detail levels of a vocabulary."""
    # Built at import, and only a few commands need them.
    from agents.uko.default_maps import DEFAULT_MAPS

    levels = DEFAULT_MAPS.get(arguments.vocabulary)
    if levels is None:
        known = ", ".join(DEFAULT_MAPS)
        raise NotFoundError(f'there is no vocabulary "{arguments.vocabulary}"', f"known: {known}")
    return [{"depth": depth, "level": level} for depth, level in enumerate(levels.levels)]


def slash_list(services: Container, arguments: argparse.Namespace) -> Answer:
    """List slash commands."""
    extensions = services.resolve(ExtensionRegistry).extensions()
    found = slash.commands(extensions)
    prefix = arguments.prefix.removeprefix("/")
    return [asdict(item) for item in found if item.name.startswith(prefix)]


def ext_install(services: Container, arguments: argparse.Namespace) -> Answer:
    """Install an extension."""
    return _extension(services.resolve(ExtensionRegistry).install(arguments.path))


def ext_upgrade(services: Container, arguments: argparse.Namespace) -> Answer:
    """Install a newer version of an extension."""
    return _extension(services.resolve(ExtensionRegistry).install(arguments.path, upgrade=True))


def ext_list(services: Container, arguments: argparse.Namespace) -> Answer:
    """List the extensions."""
    found = services.resolve(ExtensionRegistry).extensions()
    return [_extension(item) for item in found if item.enabled or arguments.all]


def ext_info(services: Container, arguments: argparse.Namespace) -> Answer:
    """List the commands of an extension."""
    extension = services.resolve(ExtensionRegistry).get(arguments.name)
    return [
        {"command": item.name, "parameters": list(item.parameters), "help": item.help}
        for item in extension.commands
    ]


def ext_enable(services: Container, arguments: argparse.Namespace) -> Answer:
    """Enable an extension."""
    return _extension(services.resolve(ExtensionRegistry).enable(arguments.name, True))


def ext_disable(services: Container, arguments: argparse.Namespace) -> Answer:
    """Disable an extension."""
    return _extension(services.resolve(ExtensionRegistry).enable(arguments.name, False))


def ext_remove(services: Container, arguments: argparse.Namespace) -> Answer:
    """Remove an extension."""
    removed = services.resolve(ExtensionRegistry).remove(arguments.name)
    return f"removed {removed.name} {removed.version}"


def ext_run(services: Container, arguments: argparse.Namespace) -> Answer:
    """Run a command of an extension."""
    registry = services.resolve(ExtensionRegistry)
    return registry.run(arguments.name, arguments.command, arguments.arguments)


def _extension(extension: Extension) -> dict[str, Any]:
    return {
        "name": extension.name,
        "version": extension.version,
        "enabled": extension.enabled,
        "commands": [command.name for command in extension.commands],
    }


def db_migrate(services: Container, _: argparse.Namespace) -> Answer:
    """Bring the database up to date."""
    applied = services.resolve(Database).migrate()
    return {"applied": list(applied), "version": len(MIGRATIONS)}


def db_status(services: Container, _: argparse.Namespace) -> Answer:
    """Tell the version of the database."""
    current = services.resolve(Database).version()
    return {"version": current, "latest": len(MIGRATIONS), "pending": len(MIGRATIONS) - current}
