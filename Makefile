# Everything there is to do with Longshore on one's own machine. `make` says what.

PYTHON ?= python3
FORGE ?= github
WORKERS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.up-to-date

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup tools demo test check bench oracles format

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with Longshore and its pinned dependencies in it

$(STAMP): pyproject.toml constraints.txt
	@tools/prerequisites.sh $(PYTHON)
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -c constraints.txt -e '.[embedded,dev]'
	@touch $@

tools: ## Build the pinned programs, once: kustomize, helm, sops, a control plane (12 minutes on two cores)
	@tools/prerequisites.sh $(PYTHON)
	@$(PYTHON) tools/build.py all

demo: setup ## Show the whole loop on this machine; FORGE=gitlab on a GitLab; ARGS=--keep leaves it running to play with
	@$(BIN)/python -m tests.sandbox.demo --forge $(FORGE) $(ARGS)

test: setup tools ## Run every test, WORKERS at once; ARGS goes to pytest
	@$(PYTHON) tools/build.py github-description
	@$(BIN)/python -u -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: setup ## Check style, format, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup tools ## Measure this machine: every figure of docs/performance.md; ARGS goes to the benches
	@$(BIN)/python -u -m bench $(ARGS)

oracles: setup tools ## Hold us against Flux, Argo CD and Gitea themselves, built once (ARGS=--help says more)
	@$(PYTHON) tools/build.py $(or $(subst asked,argocd,$(filter flux argocd asked gitea,$(ARGS))),oracles)
	@$(BIN)/python -u -m oracles $(ARGS)

format: setup ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
