# `make run` starts a server, `make test` runs the tests. Both need Python 3.11 or newer, and nothing else.

# The first of these that is new enough; say PYTHON=/path/to/python to choose another.
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$name" && break; done)

# Every package in the locks has wheels for common machines, so no compiler is needed. Elsewhere: PIP_OPTIONS= make run
PIP_OPTIONS ?= --only-binary :all:
# What writes the locks. It lives in an environment of its own, so that a broken lock can be mended.
PIP_TOOLS := pip-tools==7.6.2
# What tries whether the tests notice changes (decision 0014). Nobody needs it but who asks for it, so it is in no lock.
MUTMUT := mutmut==3.8.1

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCKED := $(PIP) install --quiet --require-hashes $(PIP_OPTIONS)

# Words for the program behind a target: make run ARGS="--help", make test ARGS="-k sign_up -x"
ARGS ?=

.PHONY: help run test lint format docs bench mutants lock image clean
.DEFAULT_GOAL := help

help:
	@echo "make run      start a server for development at http://127.0.0.1:8080"
	@echo "make test     run all tests that can run here (ARGS for pytest)"
	@echo "make lint     style, types, import rules, generated docs"
	@echo "make format   put the code into shape"
	@echo "make docs     write the generated docs again"
	@echo "make bench    measure"
	@echo "make mutants  try whether the tests notice small changes of the modules that decide (ARGS: which)"
	@echo "make lock     pin what pyproject.toml asks for (UPGRADE=1: the newest)"
	@echo "make image    build the container's image, with podman or docker (ARGS for its build)"
	@echo "make clean    remove what the other targets made"

run: $(VENV)/run.stamp
	@exec $(BIN)/poolhouse dev $(ARGS)

# One process for each processor; ARGS="-n0" for one alone, as a debugger wants it.
test: $(VENV)/dev.stamp
	@exec $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@for source in examples/*/src; do \
		test ! -d "$$source" || { echo "mypy $$source"; MYPYPATH="$$source" $(BIN)/mypy "$$source" || exit 1; }; done
	$(BIN)/lint-imports
	$(BIN)/python -m poolhouse.server.cognito.catalogue --check
	$(BIN)/python -m poolhouse.cli.reference --check

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/dev.stamp
	$(BIN)/python -m poolhouse.server.cognito.catalogue
	$(BIN)/python -m poolhouse.cli.reference

bench: $(VENV)/dev.stamp
	@exec $(BIN)/python -m benchmarks $(ARGS)

mutants: $(VENV)/mutants/bin/mutmut
	@exec $(VENV)/mutants/bin/python -m tests.mutants $(ARGS)

lock: $(VENV)/lock/bin/pip-compile
	$(VENV)/lock/bin/python requirements/lock.py $(if $(UPGRADE),--upgrade)

# The first of these that answers; say ENGINE=... to choose another.
ENGINE ?= $(shell for name in podman docker; do \
	"$$name" info >/dev/null 2>&1 && echo "$$name" && break; done)

image:
	@test -n "$(ENGINE)" || { echo "Building the image takes podman, or docker with its daemon: neither answers here." \
		"(CI tries the steps of deploy/Containerfile one by one without them.)" >&2; exit 1; }
	$(ENGINE) build --file deploy/Containerfile --tag poolhouse $(ARGS) .

clean:
	rm -rf $(VENV) build dist .ci/work .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# --- the environment: made once, and again only when the locks or the project's metadata change ----------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Poolhouse needs Python 3.11 or newer, and found: $$(python3 --version 2>&1)." \
		"Install one, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo "$(PYTHON) cannot make virtual environments (on Debian and Ubuntu:" \
		"apt-get install python3-venv)." >&2; rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing Poolhouse into $(VENV) ..."
	@$(LOCKED) -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# dev.txt holds all that run.txt holds, so one environment serves both.
$(VENV)/dev.stamp: requirements/dev.txt requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing Poolhouse and what its tests need into $(VENV) ..."
	@$(LOCKED) -r requirements/dev.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $(VENV)/run.stamp $@

$(VENV)/lock/bin/pip-compile: | $(BIN)/python
	@$(BIN)/python -m venv --clear $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip --disable-pip-version-check install --quiet $(PIP_TOOLS)

# It runs our tests in its own process, so it sees what dev.txt has installed; but not our package, which it mutates.
$(VENV)/mutants/bin/mutmut: $(VENV)/dev.stamp
	@$(BIN)/python -m venv --clear $(VENV)/mutants
	@$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' \
		>"$$($(VENV)/mutants/bin/python -c 'import site; print(site.getsitepackages()[0])')/project.pth"
	@$(VENV)/mutants/bin/python -m pip --disable-pip-version-check install --quiet $(MUTMUT)
	@touch $@
