"""The suites of real projects, from their source archives: python-docx's, and behave's own two.

The archives are fetched through pip once, and unpacked below `.cache` (SUREFOOT_CACHE names
another directory). This is the only module here that may use the network.
"""

import importlib.metadata
import os
import shutil
import tarfile
import tempfile

import msgspec
from bench.sources import BenchError, fetch, unpack
from tests.parity.running import Project

_CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEHAVE = "behave==1.3.3"
DOCX = "python-docx==1.2.0"


class SourceError(Exception):
    """A real suite cannot be had here; the message names the remedy.

    Common causes: the package index cannot be reached and the cache is empty; a package that
    the suite imports is not installed.
    """


class RealSuite(msgspec.Struct, frozen=True, kw_only=True):
    """A suite of a real project: where it comes from, how to run it, what it needs."""

    name: str
    archive: str
    """The pinned requirement whose source archive holds it."""
    args: tuple[str, ...]
    """For behave, in the archive's root and with its own configuration."""
    env: dict[str, str] = {}
    requires: tuple[str, ...] = ()
    """Packages that its steps import, beside behave."""
    workdir: str = "shared"
    whole: bool = False
    """True when its units cannot be scenarios."""
    limit: float = 900.0
    note: str = ""


_BEHAVES_OWN = ("PyHamcrest", "assertpy", "chardet", "freezegun", "path")


def real_suites() -> tuple[RealSuite, ...]:
    """Return the real suites, quickest first."""
    return (
        RealSuite(
            name="python-docx",
            archive=DOCX,
            args=("features",),
            env={"PYTHONPATH": "src"},
            requires=("lxml", "typing-extensions"),
            note="its own package stands under src/, next to the suite",
        ),
        RealSuite(
            name="behave-issues",
            archive=BEHAVE,
            args=("issue.features",),
            env={"LOGNAME": "root"},
            requires=_BEHAVES_OWN,
            workdir="copy",
            whole=True,
            note="steps run behave in ./__WORKDIR__; scenarios of issue 84, 85, 111, 116 need"
            " earlier ones",
        ),
        RealSuite(
            name="behave-features",
            archive=BEHAVE,
            args=("features",),
            env={"LOGNAME": "root"},
            requires=_BEHAVES_OWN,
            workdir="copy",
            note="steps run behave in ./__WORKDIR__, some within their own process;"
            " tags.help.feature:37 fails under plain behave too",
        ),
    )


def cache_dir() -> str:
    """Return the directory that archives and unpacked trees are kept in."""
    return os.environ.get("SUREFOOT_CACHE") or os.path.join(_CHECKOUT, ".cache")


def missing(suite: RealSuite) -> list[str]:
    """Return the packages that a suite needs and this interpreter has not."""
    return [name for name in suite.requires if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def prepare(suite: RealSuite, cache: str) -> Project:
    """Return the suite, unpacked and ready to run. Raises SourceError when it cannot be had."""
    absent = missing(suite)
    if absent:
        raise SourceError(
            f"{suite.name} needs packages that are not installed: {', '.join(absent)};"
            " install requirements/dev.txt"
        )
    name, _, version = suite.archive.partition("==")
    tree = os.path.join(cache, "parity", f"{name}-{version}")
    if not os.path.isdir(tree):
        _unpack_to(tree, _archive(suite, cache), cache)
    return Project(tree, args=suite.args, env=suite.env, limit=suite.limit)


def _archive(suite: RealSuite, cache: str) -> str:
    try:
        return fetch(suite.archive, cache)
    except BenchError as error:
        raise SourceError(
            f"the source archive of {suite.archive} is not in {cache} and could not be fetched."
            " Run once where a package index can be reached, or name a cache that has it with"
            f" SUREFOOT_CACHE. {error}"
        ) from error


def _unpack_to(tree: str, archive: str, cache: str) -> None:
    # Unpacked beside its place and then moved, so that no half of a tree is ever taken for whole.
    os.makedirs(os.path.dirname(tree), exist_ok=True)
    half = tempfile.mkdtemp(prefix="unpacking-", dir=os.path.join(cache, "parity"))
    try:
        unpack(archive, half)
        os.rename(half, tree)
    except (tarfile.TarError, BenchError, OSError, ValueError) as error:
        raise SourceError(f"{archive} could not be unpacked: {error}; remove it") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
