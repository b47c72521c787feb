"""Fixtures for all tests."""

import glob
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.project import Project


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let child processes be interrupted: a shell's background job is started with that ignored,
    and what is ignored stays so in what it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session", autouse=True)
def _nothing_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove what failing runs of test projects keep beside their projects."""
    yield
    projects = str(tmp_path_factory.getbasetemp()) + os.sep
    for base in glob.glob(os.path.join(tempfile.gettempdir(), "sf-*")):
        link = os.path.join(base, "run")
        if os.path.islink(link) and os.readlink(link).startswith(projects):
            shutil.rmtree(base, ignore_errors=True)
