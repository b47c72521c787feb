"""Fixtures for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty Behave project with common steps."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server; fails where none is installed."""
    from tests.postgres import server

    with server() as url:
        yield url
