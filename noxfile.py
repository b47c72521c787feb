"""Everything a person runs: tests on every Python that is there, gates, docs, parity, bench.

`make` does the same with one environment; nox makes one for each session and interpreter.
"""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.sessions = ["lint", "types", "imports", "tests"]
# A machine seldom has every interpreter: the tests run on those that are found.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LOCK = "requirements/dev.txt"


def _find_pyenv_interpreters() -> None:
    """Put pyenv's interpreters on PATH: its shims exist for versions that are not selected."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [
        str(folder)
        for version in PYTHONS
        for folder in sorted(root.glob(f"versions/{version}.*/bin"), reverse=True)
    ]
    os.environ["PATH"] = os.pathsep.join([*found, os.environ.get("PATH", os.defpath)])


_find_pyenv_interpreters()


def _install(session: nox.Session) -> None:
    session.install("-r", LOCK)
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after -- go to pytest."""
    _install(session)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the form of the code."""
    _install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly, over source, tests and bench."""
    _install(session)
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that imports go one way."""
    _install(session)
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated pages anew and check the rest against the code."""
    _install(session)
    session.run("python", "-m", "surefoot.config.docs")
    session.run("python", "-m", "surefoot.policy.static.docs")
    session.run("python", "-m", "pytest", "tests/unit/test_docs.py")


@nox.session
def parity(session: nox.Session) -> None:
    """Compare whole real suites with plain behave, scenario by scenario (slow)."""
    _install(session)
    session.run("python", "-m", "tests.parity", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against plain behave and its other runners, into bench/RESULTS.md (slow)."""
    _install(session)
    session.run("python", "-m", "bench", *session.posargs)
