"""Numbers of workers that are fixed in a project's files, far above what a machine has.

Reads the few files in which such numbers stand. A number counts only beside a name that says
what it is, and only when it is above both this machine and what is sensible in CI.
"""

import os
import re
from collections.abc import Iterator

from surefoot.policy.static.facts import Raw

SENSIBLE = 16
"""Workers that a CI machine is assumed to bear; surefoot's own cap there."""

_FILES: tuple[str, ...] = ("noxfile.py", "tox.ini", "Makefile", "behave.ini", "setup.cfg")
_FILES += ("pyproject.toml", "surefoot.toml", ".env", ".gitlab-ci.yml")
_FOLDERS = (".github/workflows", ".forgejo/workflows", ".gitea/workflows", "scripts", ".ci")
_ENDINGS = (".yml", ".yaml", ".py", ".sh", ".toml")
# A variable that says itself that it is about tests.
_VARIABLE = r"\b(?:CI_|TESTS?_|BEHAVE_|SUREFOOT_)(?:MAX_)?(?:PROCESSES|WORKERS|JOBS)\b"
# A flag counts on a line that runs behave or surefoot; a key in a section of one of the two.
_FLAG = r"(?<![\w-])(?:--jobs|--parallel|--workers|--processes|-j)(?![\w-])"
_KEY = r"^\s*(?:jobs|workers|processes)(?=\s*=)"
_VALUE = r"""["']?\]?\s*(?:[=:,]|\s)\s*["']?(?P<number>[0-9]{1,4})\b(?!\.)"""
_NUMBER = re.compile(f"(?P<name>{_VARIABLE}|{_FLAG}|{_KEY}){_VALUE}")
_RUNNER = re.compile(r"\b(?:behave|surefoot)\b")
_SECTION = re.compile(r"^\s*\[+([^\]]+)\]+")
_WITH_SECTIONS = (".toml", ".ini", ".cfg")


def fixed_workers(cwd: str, cpus: float) -> Iterator[tuple[str, Raw]]:
    """Yield the places, by absolute path, that fix more workers than the machine can bear."""
    for path in _candidates(cwd):
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read(1_000_000)
        except (OSError, UnicodeDecodeError):
            continue
        yield from ((path, raw) for raw in _numbers(os.path.basename(path), text, cpus))


def _numbers(name: str, text: str, cpus: float) -> Iterator[Raw]:
    """Yield the lines of a file that fix too many workers."""
    section = "surefoot" if name == "surefoot.toml" else ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(("#", "//", ";")):
            continue
        if name.endswith(_WITH_SECTIONS) and (header := _SECTION.match(line)):
            section = header[1]
        found = _NUMBER.search(line)
        if found is None or int(found["number"]) <= max(SENSIBLE, cpus):
            continue
        word = found["name"].strip()
        about = line if word.startswith("-") else section if word.islower() else word
        if word.isupper() or _RUNNER.search(about):
            yield Raw(
                "SF404",
                number,
                f"{found['number']} workers are fixed here ({word}); this machine has {cpus:g}"
                " processors",
                f"leave it to surefoot run (--jobs auto), or cap it at {SENSIBLE} in CI",
                [line.strip()],
            )


def _candidates(cwd: str) -> Iterator[str]:
    for name in _FILES:
        path = os.path.join(cwd, name)
        if os.path.isfile(path):
            yield path
    for folder in _FOLDERS:
        path = os.path.join(cwd, folder)
        if os.path.isdir(path):
            for name in sorted(os.listdir(path)):
                if name.endswith(_ENDINGS):
                    yield os.path.join(path, name)
