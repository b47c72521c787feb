"""What a measurement needs from outside: source archives, and one environment for all contestants.

All of it lies below the cache directory and is made once. This is the only module of bench that
uses the network, and only through pip.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile

import msgspec

from bench.contestants import Answer
from bench.generate import Suite

PEERS = ("behave==1.3.3", "behavex==4.6.8", "behave-pool==1.3.0")
DOCX = "python-docx==1.2.0"
TOLD = (
    "behave",
    "behavex",
    "behave-pool",
    "surefoot",
    "python-docx",
    "lxml",
    "parse",
    "parse_type",
    "cucumber-expressions",
    "msgspec",
    "rich",
)
"""Packages whose versions stand beside the results."""

_STAMP = "bench-stamp.json"


class BenchError(Exception):
    """Something that a measurement needs is missing; the message names the remedy.

    Common causes: no network and an empty cache, a package index that lacks a pinned version, a
    checkout that pip cannot install.
    """


class Venv(msgspec.Struct, frozen=True):
    """The environment that all contestants run in, so that interpreter and libraries are one."""

    path: str

    @property
    def bin_dir(self) -> str:
        """Directory of its programs."""
        return os.path.join(self.path, "bin")

    @property
    def python(self) -> str:
        """Its interpreter."""
        return os.path.join(self.bin_dir, "python")

    def versions(self) -> dict[str, str]:
        """Return the installed versions of the packages that matter here."""
        listing = _run([self.python, "-m", "pip", "list", "--format", "json"], "list packages")
        found = {entry["name"].lower(): str(entry["version"]) for entry in json.loads(listing)}
        return {name: found[name.lower()] for name in TOLD if name.lower() in found}


def fetch(requirement: str, cache: str) -> str:
    """Return the path of a requirement's source archive, which is downloaded once.

    Raises BenchError when pip cannot get it.
    """
    folder = os.path.join(cache, "sources")
    os.makedirs(folder, exist_ok=True)
    name, _, version = requirement.partition("==")
    path = os.path.join(folder, f"{name.replace('-', '_')}-{version}.tar.gz")
    if not os.path.exists(path):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", folder, requirement]
        _run(command, f"fetch the source archive of {requirement}")
    if not os.path.exists(path):
        raise BenchError(f"pip fetched {requirement}, but not as {os.path.basename(path)}")
    return path


def unpack(archive: str, root: str) -> None:
    """Unpack a source archive into `root`, without the directory that archives begin with.

    Raises tarfile.TarError for one that would write elsewhere.
    """
    with tarfile.open(archive) as tar:
        if sys.version_info >= (3, 11, 4):
            tar.extractall(root, filter="data")
        else:
            # There are no filters yet: only what needs none is taken.
            tar.extractall(root, [_harmless(member, root) for member in tar])
    (top,) = os.listdir(root)
    for entry in os.listdir(os.path.join(root, top)):
        shutil.move(os.path.join(root, top, entry), root)
    os.rmdir(os.path.join(root, top))


def _harmless(member: tarfile.TarInfo, root: str) -> tarfile.TarInfo:
    """Return a plain file or directory below `root`. Raises tarfile.ExtractError for others."""
    inside = os.path.join(os.path.realpath(root), "")
    place = os.path.realpath(os.path.join(root, member.name))
    if not (member.isfile() or member.isdir()) or not os.path.join(place, "").startswith(inside):
        raise tarfile.ExtractError(f"{member.name} is no plain file below the archive's directory")
    return member


def docx_suite(cache: str, contestants: tuple[str, ...], expected: Answer | None = None) -> Suite:
    """Return the acceptance suite of python-docx, from its source archive."""
    return Suite(
        "docx",
        "python-docx 1.2.0, the suite of its source archive",
        lambda root: unpack(fetch(DOCX, cache), root),
        contestants,
        expected,
        often=3,
    )


def environment(cache: str, checkout: str, *, surefoot: bool) -> Venv:
    """Return the environment with the pinned contestants, made or renewed where it must be.

    With `surefoot`, the checkout is installed in it as editable. Raises BenchError when pip fails.
    """
    venv = Venv(os.path.join(cache, "bench-venv"))
    wanted = stamp(checkout, surefoot=surefoot)
    there = read_stamp(venv.path)
    if wanted.items() <= there.items() and os.path.exists(venv.python):
        return venv
    if there.get("pins") != wanted["pins"]:
        shutil.rmtree(venv.path, ignore_errors=True)
        _run([sys.executable, "-m", "venv", venv.path], "make the contestants' environment")
        _install(venv, [*PEERS, fetch(DOCX, cache)])
    if surefoot:
        _install(venv, ["--editable", checkout])
    with open(os.path.join(venv.path, _STAMP), "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    return venv


def stamp(checkout: str, *, surefoot: bool) -> dict[str, str]:
    """Return what an environment was made from: pins, interpreter, and surefoot's metadata."""
    made = {"pins": " ".join((*PEERS, DOCX, sys.version.split()[0]))}
    if surefoot:
        with open(os.path.join(checkout, "pyproject.toml"), "rb") as file:
            made["surefoot"] = hashlib.sha256(file.read()).hexdigest()
    return made


def read_stamp(path: str) -> dict[str, str]:
    """Return the stamp of an environment; empty when it has none that can be read."""
    try:
        with open(os.path.join(path, _STAMP), encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _install(venv: Venv, what: list[str]) -> None:
    command = [venv.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*command, *what], f"install {', '.join(os.path.basename(one) for one in what)}")


def _run(command: list[str], purpose: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise BenchError(f"could not {purpose} (pip or venv ended with {done.returncode}):\n{tail}")
    return done.stdout
