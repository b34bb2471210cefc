# Everything here needs Python 3.11 or newer, make and git; the rest is installed into .venv.
# Settings are given by environment or on the line: make demo GATEWAY_PORT=8010 SCALE=10

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports bench screenshots pictures docs clean requirements environment \
	environment-dev browser
BIN := .venv/bin
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

demo: environment ## start everything on this machine with sample data; MODEL=local SCALE=10 VERBOSE=1
	@exec $(BIN)/countersign demo $(if $(MODEL),--model $(MODEL)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(VERBOSE),--verbose)

test: lint types imports browser ## lint, types, import rules, then the tests; ARGS="-k name" for some
	@$(BIN)/python -m pytest $(ARGS)

lint: environment-dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: environment-dev ## mypy, strict
	@$(BIN)/mypy

imports: environment-dev ## the arrows between packages
	@$(BIN)/lint-imports --no-logo

bench: environment-dev ## measure, and print the table of docs/benchmarks.md
	@exec $(BIN)/python -m bench $(ARGS)

screenshots: environment-dev browser ## pictures of every page, light and dark, laptop and phone, in .screenshots
	@exec $(BIN)/python -m tests.e2e.screenshots $(ARGS)

pictures: environment-dev browser ## the pictures of the README, taken anew
	@exec $(BIN)/python -m tests.e2e.screenshots --readme

docs: environment-dev ## bring the table of docs/settings.md up to date
	@$(BIN)/countersign settings --document >.set-up.table
	@awk 'NR == FNR { table = table $$0 "\n"; next } \
		/^\| Setting \|/ { printf "%s", table; inside = 1; next } \
		inside && /^\|/ { next } { inside = 0; print }' \
		.set-up.table docs/settings.md >.set-up.document
	@mv .set-up.document docs/settings.md && rm .set-up.table

requirements: environment-dev ## compile requirements/*.txt again from *.in; UPGRADE=1 for newer ones
	@cd requirements && for name in bootstrap run dev; do \
		../$(BIN)/$(COMPILE) -o $$name.txt $$name.in || exit 1; done

clean: ## remove the environment and the caches; the demo's data in .countersign stays
	@rm -rf .venv .set-up.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@sh requirements/environment.sh run

environment-dev:
	@sh requirements/environment.sh dev

browser:
	@sh requirements/browser.sh >/dev/null
