"""Fixtures for all tests."""

from pathlib import Path

import pytest
from tests.e2e.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty Behave project with common steps."""
    return Project(tmp_path / "project")
