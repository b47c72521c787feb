"""The files that `surefoot init` writes, as text made from what a project looks like.

Every file says in its first lines who wrote it and that it may be edited. What varies (folders
of features, how the project is installed) is quoted where it goes into YAML or a shell.
"""

import json
import os
import re
import shlex

import msgspec

NOTE = "Written by `surefoot init`; yours to edit."
PYTHON = "3.12"
_DEBIAN = "apt-get update -qq && apt-get install -y -qq python3-venv"


class Look(msgspec.Struct, frozen=True):
    """What a project looks like."""

    features: str
    """Folder of the features, relative to the project."""
    groups: tuple[str, ...]
    """Folders below it that each hold features: one job each. Empty: one job for all."""
    install: tuple[str, ...]
    """Arguments of pip that install the project and what its tests need."""


def look(root: str) -> Look:
    """Look at a project."""
    features = "features"
    for name in ("features", "tests/features", "test/features", "tests/bdd", "bdd"):
        if os.path.isdir(os.path.join(root, name)):
            features = name
            break
    groups = []
    folder = os.path.join(root, features)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        inside = os.path.join(folder, name)
        if name not in {"steps", "environment"} and _has_features(inside):
            groups.append(f"{features}/{name}")
    loose = os.path.isdir(folder) and any(name.endswith(".feature") for name in os.listdir(folder))
    # Features beside the folders would be in no job.
    split = tuple(groups) if len(groups) > 1 and not loose else ()
    install: list[str] = []
    for name in ("requirements.txt", "requirements-dev.txt", "requirements/test.txt"):
        if os.path.isfile(os.path.join(root, name)):
            install += ["-r", name]
    if any(os.path.isfile(os.path.join(root, name)) for name in ("pyproject.toml", "setup.py")):
        install += ["-e", "."]
    return Look(features, split, tuple(install))


def _has_features(folder: str) -> bool:
    return any(name.endswith(".feature") for _, _, names in os.walk(folder) for name in names)


def config(seen: Look) -> str:
    """Return surefoot.toml."""
    paths = "" if seen.features == "features" else f"# The features are in {seen.features}.\n"
    return f"""\
# {NOTE}
# Every option: docs/options.md, or `surefoot config` for what holds here and why.
{paths}
# The longest that things may take; what takes longer is ended and shown with its stacks.
timeout_step = "5m"
timeout_scenario = "15m"

# A scenario that passes only on a retry is flaky: shown by name, and here also exit code 3.
retries = 1
fail_on_flaky = false
"""


def _pip(seen: Look, python: str) -> str:
    return shlex.join([*python.split(), "-m", "pip", "install", "surefoot", *seen.install])


def _run(paths: str) -> str:
    return (
        "surefoot run --artifacts ci-logs/run --junit-xml ci-logs/junit.xml"
        f" {paths} 2>&1 | tee ci-logs/surefoot.log"
    )


def _matrix(seen: Look) -> tuple[str, str, str]:
    """Return the strategy, the paths to run, and the end of the artefact's name."""
    if not seen.groups:
        return "", shlex.quote(seen.features), "behave"
    rows = "".join(
        f"          - {{paths: {json.dumps(group)}, name: {json.dumps(slug(group))}}}\n"
        for group in seen.groups
    )
    strategy = (
        "    strategy:\n"
        "      # The other folders are worth knowing about when one is red.\n"
        "      fail-fast: false\n"
        "      matrix:\n"
        "        include:\n" + rows
    )
    return strategy, '"${{ matrix.paths }}"', "behave-${{ matrix.name }}"


def github(seen: Look) -> str:
    """Return a workflow for GitHub."""
    strategy, paths, name = _matrix(seen)
    return f"""\
# {NOTE}
name: behave
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  behave:
    name: {name}
    runs-on: ubuntu-latest
    timeout-minutes: 60
{strategy}    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "{PYTHON}"
          cache: pip
      - run: {_pip(seen, "python")}
      - name: Run the suite
        shell: bash
        run: |
          set -o pipefail
          mkdir -p ci-logs
          {_run(paths)}
      # The whole log and the journal, whatever happened: a log that was cut proves nothing.
      - name: Keep the full logs
        if: ${{{{ always() }}}}
        uses: actions/upload-artifact@v4
        with:
          name: ci-logs-{name}
          path: ci-logs
          if-no-files-found: warn
"""


def forgejo(seen: Look) -> str:
    """Return a workflow for Forgejo and Gitea.

    No hosted actions are taken for granted but checkout, and artefacts go by version 3, which
    every generation of the servers takes.
    """
    strategy, paths, name = _matrix(seen)
    return f"""\
# {NOTE}
name: behave
on:
  push:
  pull_request:
jobs:
  behave:
    name: {name}
    runs-on: docker
    timeout-minutes: 60
{strategy}    steps:
      - uses: actions/checkout@v4
      - run: |
          {_DEBIAN}
          python3 -m venv .venv
          {_pip(seen, ".venv/bin/python")}
      - name: Run the suite
        shell: bash
        run: |
          set -o pipefail
          mkdir -p ci-logs
          export PATH="$PWD/.venv/bin:$PATH"
          {_run(paths)}
      # `surefoot triage` knows the log by this name where the server has no API for logs.
      - name: Keep the full logs
        if: ${{{{ always() }}}}
        uses: actions/upload-artifact@v3
        with:
          name: ci-logs-{name}
          path: ci-logs
      # These servers show no job summary: its text ends the log instead.
      - name: Summary
        if: ${{{{ always() }}}}
        run: cat ci-logs/run/summary.md || true
"""


def gitlab(seen: Look) -> str:
    """Return a job for GitLab, to be included by `.gitlab-ci.yml`."""
    matrix, paths = "", shlex.quote(seen.features)
    if seen.groups:
        listed = "".join(f"          - {json.dumps(group)}\n" for group in seen.groups)
        matrix = f"  parallel:\n    matrix:\n      - FEATURES:\n{listed}"
        paths = '"$FEATURES"'
    return f"""\
# {NOTE}
# Include it from .gitlab-ci.yml:
#   include:
#     - local: .gitlab/surefoot.yml
behave:
  image: python:{PYTHON}
  timeout: 1 hour
{matrix}  before_script:
    - {_pip(seen, "python")}
  script:
    # The trace is cut at 4 MiB; the artefact is whole.
    - mkdir -p ci-logs
    - bash -o pipefail -c {shlex.quote(_run(paths))}
  artifacts:
    when: always
    expire_in: 30 days
    paths:
      - ci-logs/
    reports:
      junit: ci-logs/junit.xml
"""


def pre_commit(seen: Look) -> str:
    """Return hooks for pre-commit."""
    return f"""\
# {NOTE}
repos:
  - repo: local
    hooks:
      - id: surefoot-check
        name: surefoot check
        entry: surefoot check
        language: system
        files: {json.dumps(f"^{re.escape(seen.features)}/")}
        pass_filenames: false
      - id: surefoot-load
        name: the suite loads
        entry: surefoot list
        language: system
        files: {json.dumps(f"^{re.escape(seen.features)}/")}
        pass_filenames: false
        stages: [pre-push]
"""


def nox(seen: Look) -> str:
    """Return sessions for nox."""
    install = ", ".join(json.dumps(item) for item in ("surefoot", *seen.install))
    return f'''\
"""{NOTE}"""

import nox


@nox.session
def behave(session: nox.Session) -> None:
    """Run the suite in parallel: nox -s behave -- [arguments of surefoot run]."""
    session.install({install})
    session.run("surefoot", "run", *(session.posargs or [{json.dumps(seen.features)}]))


@nox.session
def behave_check(session: nox.Session) -> None:
    """Look for faults of the suite without running it."""
    session.install({install})
    session.run("surefoot", "check", *(session.posargs or [{json.dumps(seen.features)}]))


@nox.session
def behave_full_logs(session: nox.Session) -> None:
    """Run the suite and keep journal, output and JUnit file in one folder."""
    session.install({install})
    session.run(
        "surefoot",
        "run",
        "--artifacts",
        "ci-logs/run",
        "--junit-xml",
        "ci-logs/junit.xml",
        *(session.posargs or [{json.dumps(seen.features)}]),
    )
'''


def slug(path: str) -> str:
    """Return a path as the name of a job."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-").lower()
