# Vistazo's commands. Each makes its own .venv and installs what it needs from the package index.
#
#   make demo                      a drawn shop at http://127.0.0.1:8000
#   make demo CATALOGUE=file.csv   your own catalogue instead
#   make demo PHONE=1              for a phone in the same network, over https, with a QR code
#   make test                      lint, types and all fast tests
#   make install | lint | explore | bench | soak | clean | help

PYTHON    ?= python3
VENV      ?= .venv
PORT      ?= 8000
SHOP      ?=
CATALOGUE ?=
PHONE     ?=
ARGS      ?=

comma := ,
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check
LOCK := requirements.lock

.PHONY: help install install-test browser demo lint test explore bench soak clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@PYTHON="$(PYTHON)" sh tools/make_venv.sh "$(VENV)"

$(VENV)/.runtime: pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(PIP) install --quiet --constraint $(LOCK) --editable ".[parquet]"
	@touch $@

$(VENV)/.test: pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(PIP) install --quiet --constraint $(LOCK) --editable ".[parquet,mirror,phone,workshop,test]"
	@touch $@ $(VENV)/.runtime

install: $(VENV)/.runtime ## what a server needs, no torch

install-test: $(VENV)/.test ## what the tests and the workshop need, torch included

browser: $(VENV)/.test ## a Chromium for the page tests, unless one is there
	@sh tools/find_browser.sh "$(BIN)"

demo: $(VENV)/.runtime ## build a shop and serve it (CATALOGUE=file.csv, PHONE=1, PORT=8000, SHOP=folder)
	$(if $(PHONE),$(PIP) install --quiet --constraint $(LOCK) --editable ".[parquet$(comma)phone]")
	$(BIN)/vistazo demo --port $(PORT) $(if $(PHONE),--phone) $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") $(if $(SHOP),--shop "$(SHOP)") $(ARGS)

lint: $(VENV)/.test ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(VENV)/.test lint browser ## everything a change must pass, at most 20 minutes with the install
	$(BIN)/python -m pytest -m "not soak" --session-timeout 3000 $(ARGS)

explore: $(VENV)/.test ## the property tests, on examples that nobody has tried yet
	$(BIN)/python -m pytest -m "hypothesis and not soak" --hypothesis-profile explore $(ARGS)

bench: $(VENV)/.test ## ours against a named reference, ratios, into benchmarks/results/
	$(BIN)/python -m benchmarks $(ARGS)

$(VENV)/client/.made: | $(VENV)/bin/python
	$(BIN)/python -m venv $(VENV)/client
	$(VENV)/client/bin/python -m pip --disable-pip-version-check install --quiet "openapi-python-client>=0.26,<1"
	@touch $@

soak: $(VENV)/.test $(VENV)/client/.made browser ## the long tests
	$(BIN)/python -m pytest -m soak --timeout 7200 $(ARGS)

clean: ## remove the environment and caches (never a shop)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
