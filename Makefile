# Everything a developer does here. Needs make and Python >= 3.11 with venv; the rest goes into .venv.
# Another Python is named each time, `make PYTHON=python3.12 test`, or once: `export PYTHON=python3.12`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# With the version in its name the stamp holds for that one only.
INSTALLED := $(VENV)/.installed-$(lastword $(shell $(PYTHON) --version 2>&1))

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lock bench bench-peers soak audit clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv, with everything at the versions of requirements.lock

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "telco-gateway needs Python >= 3.11; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "$(PYTHON) comes without venv (on Debian: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv $(if $(wildcard $@),,--clear) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED) ## The gateway on simulated backends, on http://127.0.0.1:8000
	$(BIN)/telco-gateway demo

test: $(INSTALLED) ## All tests
	$(BIN)/pytest

check: $(INSTALLED) ## Lint, format, types, layers, and the graph against its reviewed SDL
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/telco-gateway schema check

format: $(INSTALLED) ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(INSTALLED) ## Raise requirements.lock to the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra contracts --extra tracing --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --quiet --output-file requirements.lock

bench: $(INSTALLED) ## Requests a second of three reference queries (says what it needs)
	$(BIN)/python -m bench
	$(BIN)/python -m bench.guards

bench-peers: $(INSTALLED) ## The same beside other GraphQL servers; writes docs/performance.md (needs npm too; 15 minutes)
	npm install --silent --no-package-lock --no-audit --no-fund --prefix bench/peers
	$(BIN)/python -m bench.compare

soak: $(INSTALLED) ## Ten minutes of mixed load: does memory stay flat? And a minute of ten times too much
	$(BIN)/python -m bench.soak
	$(BIN)/pytest -m soak tests/faults

audit: $(INSTALLED) ## The GraphQL over HTTP audit of npm's graphql-http against the demo (needs Node and npm)
	npm install --silent --no-save --prefix .audit graphql-http@1.23.1 graphql@16.11.0
	$(BIN)/python tests/http/audit.py .audit

clean: ## Remove .venv and everything that was made
	rm -rf $(VENV) .audit .bench bench/peers/node_modules dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
