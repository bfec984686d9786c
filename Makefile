# One command each; every target sets up .venv first and needs nothing done before.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# TORCH=yes takes the PyTorch that constraints.txt names (on Linux the usual wheel carries CUDA and
# is large; PIP_EXTRA_INDEX_URL=... may name the index of its CPU builds), TORCH=cuda adds CuPy for
# the GPU witnesses, TORCH=no leaves PyTorch out. Once .venv stands, its choice is the default.
TORCH ?= $(or $(patsubst .venv/.ready-%,%,$(firstword $(wildcard .venv/.ready-*))),yes)
EXTRAS_yes := torch,dev
EXTRAS_cuda := cuda,dev
EXTRAS_no := dev
EXTRAS := $(EXTRAS_$(TORCH))
ifeq ($(EXTRAS),)
$(error TORCH=$(TORCH) is not a choice: say TORCH=yes, TORCH=cuda or TORCH=no)
endif

# PYTHON=... names the interpreter to build .venv with; else the first suitable one is taken.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python
PORT ?= 8000
# ARGS=... goes to crossgrad verify or update (pages), or to pytest.
ARGS ?=

BIN := .venv/bin
READY := .venv/.ready-$(TORCH)
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))

# Material for MkDocs prints a notice about MkDocs 2 on every command.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help setup site build verify update test lint bench clean

help: ## Say what each command does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with everything in it (TORCH=no leaves PyTorch out)

# The stamp goes first and comes last, so a setup that was cut off is not taken for a finished one.
# Without this choice's stamp the environment is made anew; with it, only brought up to date.
$(READY): pyproject.toml constraints.txt live/package-lock.json
	@for python in $(PYTHON); do \
	    if "$$python" -c '$(SUITABLE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Crossgrad needs Python 3.11 to 3.14 with its venv module (Debian: python3-venv)," \
	        "and none of these is one: $(PYTHON)." >&2; exit 1; \
	fi; \
	[ -e $@ ] || rm -rf .venv; \
	rm -f .venv/.ready-*; \
	echo "Setting up .venv with $$($$found --version) (minutes the first time; see .setup.log)"; \
	"$$found" -m venv .venv >.setup.log 2>&1 \
	    && $(BIN)/python -m pip install --disable-pip-version-check \
	        --constraint constraints.txt --editable '.[$(EXTRAS)]' >>.setup.log 2>&1 \
	    && { $(BIN)/python -m pip install --disable-pip-version-check \
	        --constraint constraints.txt --editable '.[zensical]' >>.setup.log 2>&1 \
	        || echo "Zensical could not be installed: the check that it builds the site skips"; } \
	    && $(BIN)/python -m crossgrad.browser.fetch && touch $@ \
	    || { echo "Setup failed: pip could not install everything that constraints.txt names;" \
	        "see .setup.log, check the network," \
	        "or leave PyTorch out: make setup TORCH=no" >&2; exit 1; }

site: setup verify build ## Verify every page, build the site and serve it (PORT=8000)
	@$(BIN)/python -m crossgrad.serve site --port $(PORT)

build: setup ## Write the finished site to site/
	@$(BIN)/mkdocs build --quiet --strict --clean --site-dir site
	@$(BIN)/python -m crossgrad.site.finish site

verify: setup ## Run every block on every witness and compare (ARGS=docs/page.md for one page)
	@$(BIN)/crossgrad verify $(ARGS)

update: setup ## Write the outputs that all witnesses agree on into the pages (ARGS=docs/page.md)
	@$(BIN)/crossgrad update $(ARGS)

test: setup lint ## Run everything that CI runs
	@$(BIN)/crossgrad verify
	@$(MAKE) --no-print-directory build
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

lint: setup ## Check style, types and workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet --no-progress .github
	@if command -v actionlint >/dev/null; then actionlint; \
	else echo "actionlint is not installed: the workflows are checked by zizmor alone"; fi

bench: setup ## Run the benchmarks and print their ratios
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[bench]' >>.setup.log 2>&1
	@$(BIN)/python -m benchmarks.verify
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove what the other commands made
	rm -rf .venv .setup.log .crossgrad site live/node_modules .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
