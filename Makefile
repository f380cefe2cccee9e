# Two commands matter on a fresh machine: `make run` and `make test`. They need git, make and python3 (3.11 to 3.13).
# Everything else comes from PyPI into this checkout: `.venv`, `.sandbox` and `build` may be deleted at any time.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

# Compiled bytecode makes the CDK bindings three times as fast.
unexport PYTHONDONTWRITEBYTECODE
# Certificates of the machine, not uv's own: behind a company's proxy only they are right.
export UV_SYSTEM_CERTS ?= true
# The checkout's own environment, whatever the shell has active.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ENV ?=
NAME ?=
ARGS ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Make .venv, with .venv/bin/lockstep

$(READY): requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "error: Python 3.11, 3.12 or 3.13 is needed; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) lacks the venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "Making $(VENV) (once; about half a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements/dev.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $(READY)

.PHONY: run
run: $(READY) ## Main job: the whole world on this machine, played and checked (ARGS="--once" to end)
	@$(BIN)/python -m sandbox.run $(ARGS)

.PHONY: test
test: $(READY) ## Every test, from unit to end to end (ARGS="-k name" for some)
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: check
check: lint types imports drift test ## The whole gate

.PHONY: lint
lint: $(READY) ## Style
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: types
types: $(READY) ## Types
	@$(BIN)/mypy

.PHONY: imports
imports: $(READY) ## Layers: imports go down only
	@$(BIN)/lint-imports

.PHONY: drift
drift: $(READY) ## Whether what is generated is what would be generated
	@$(BIN)/python -m tools.generate --check

.PHONY: generate
generate: $(READY) ## Write schemas, samples and reference pages
	@$(BIN)/python -m tools.generate

.PHONY: new-connector
new-connector: $(READY) ## Copy a small connector as a beginning (NAME=acme)
	@[ -n "$(NAME)" ] || { echo "error: say what it is called: make new-connector NAME=acme" >&2; exit 2; }
	@$(BIN)/python -m tools.new_connector $(NAME) $(ARGS)

.PHONY: format
format: $(READY) ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(READY) ## Measure cost and speed against their budgets
	@$(BIN)/python -m bench $(ARGS)

.PHONY: torture
torture: $(READY) ## The stack under fire, held to its promises (ARGS="--seed N --minutes M --passes 3")
	@$(BIN)/python -m sandbox.torture $(ARGS)

.PHONY: lock
lock: $(READY) ## Write requirements/*.txt anew (ARGS="--upgrade" for newer versions)
	@$(BIN)/python -m tools.lock $(ARGS)

.PHONY: synth
synth: $(READY) ## Synthesize the templates of ENV (default dev) into cdk.out
	@$(BIN)/python app.py --env $(or $(ENV),dev)

.PHONY: deploy
deploy: $(READY) ## Deploy ENV with the pinned CDK command line
	@[ -n "$(ENV)" ] || { echo "error: say where: make deploy ENV=dev" >&2; exit 2; }
	@$(BIN)/python -m infra.cdk deploy --all -c env=$(ENV) $(ARGS)

.PHONY: smoke
smoke: $(READY) ## Send one signed sample to ENV and follow it to its end
	@[ -n "$(ENV)" ] || { echo "error: say where: make smoke ENV=dev" >&2; exit 2; }
	@$(BIN)/lockstep --env $(ENV) send events/apigateway/poslog.sale.json --new --follow 120 --yes $(ARGS)

.PHONY: clean
clean: ## Forget everything that was made
	@rm -rf $(VENV) .sandbox build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
