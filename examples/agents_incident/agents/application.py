"""Puts the application together: which service is made how."""

from dataclasses import dataclass

from agents import runtime
from agents.autonomy import ProfileCatalog
from agents.bus import EventBus
from agents.container import Container
from agents.extensions import ExtensionRegistry
from agents.jobs import JobService
from agents.sessions import SessionService
from agents.storage import Database
from agents.tiers import ContextTierService


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides."""

    database_url: str
    workers: int = 4


def make_container(settings: Settings) -> Container:
    """Return a container in which nothing is made yet."""
    runtime.started.set()
    container = Container()
    container.register(EventBus, lambda _: EventBus())
    container.register(Database, lambda _: Database(settings.database_url))
    container.register(ProfileCatalog, lambda _: ProfileCatalog())
    container.register(ContextTierService, lambda _: ContextTierService())
    container.register(
        JobService, lambda services: JobService(settings.workers, bus=services.resolve(EventBus))
    )
    container.register(
        ExtensionRegistry, lambda services: ExtensionRegistry(services.resolve(Database))
    )
    container.register(
        SessionService,
        lambda services: SessionService(
            services.resolve(Database),
            services.resolve(EventBus),
            services.resolve(ProfileCatalog),
            services.resolve(ContextTierService),
        ),
    )
    return container
