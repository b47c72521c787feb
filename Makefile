# What a fresh clone needs is Python 3.11 or later with venv, git and make.
# Everything is installed into .venv, pinned by requirements/dev.txt.

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first interpreter that is new enough; `make PYTHON=/path/to/python` overrules.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1 && { echo "$$python"; break; }; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test lint bench parity incident docs lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    run a real suite with two workers and show where its reports are"
	@echo "make test    everything that must hold before a change: lint, types, imports, tests"
	@echo "make lint    only the quick part: ruff, mypy, import-linter"
	@echo "make bench   measure against plain behave and its other runners, into bench/RESULTS.md"
	@echo "make parity  compare whole real suites with plain behave, scenario by scenario"
	@echo "make incident hold the incident in examples against what surefoot says of it"
	@echo "make docs    write the generated pages of docs/ anew"
	@echo "make lock    pin the development requirements anew (LOCK_FLAGS=--upgrade: newest)"
	@echo "make clean   remove what these commands made, the environment included"

# The interpreter is a symbolic link: an environment whose Python has gone is made anew.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later with venv was found on PATH;" \
		"install one, or name it: make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is no Python 3.11 or later" >&2; exit 2; }
	@echo "making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv --clear "$(VENV)"

# A stamp: the second `make test` installs nothing, a changed lock or pyproject.toml does.
$(READY): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "installing the pinned requirements into $(VENV)"
	@"$(BIN)/python" -m pip install --quiet -r requirements/dev.txt || \
		{ echo "the pinned requirements could not be installed: see what pip says above;" \
		"it needs a registry of Python packages, or one that its settings name" >&2; exit 1; }
	@"$(BIN)/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch "$@"

demo: $(READY)
	@"$(BIN)/python" -m demo

# pytest comes last, and its closing line is the last one printed.
test: lint
	@"$(BIN)/python" -m pytest

lint: $(READY)
	@"$(BIN)/ruff" check
	@"$(BIN)/ruff" format --check
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports"

bench: $(READY)
	@"$(BIN)/python" -m bench

parity: $(READY)
	@"$(BIN)/python" -m tests.parity

incident: $(READY)
	@"$(BIN)/python" -m examples.incident

docs: $(READY)
	@"$(BIN)/python" -m surefoot.config.docs
	@"$(BIN)/python" -m surefoot.policy.static.docs

# In an environment of its own: the resolver is no part of what it pins.
lock: | $(BIN)/python
	@test -x .cache/lock/bin/uv || { "$(BIN)/python" -m venv .cache/lock && \
		.cache/lock/bin/python -m pip install --quiet uv; }
	@.cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--no-emit-index-url --custom-compile-command "make lock" $(LOCK_FLAGS) \
		pyproject.toml requirements/dev.in --output-file requirements/dev.txt

clean:
	rm -rf "$(VENV)" .cache .nox .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
