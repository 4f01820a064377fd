# Everything a person does with a checkout. `make run` and `make test` set up what they need by themselves.
# Kept to what GNU make 3.81 understands: macOS has no newer one.

PYTHON ?=
ARGS ?=
NAME ?=
export PYTHON

SETUP = sh packaging/setup/setup.sh
IN_VENV = .venv/bin/python -m

.PHONY: help run demo test check format bench fault screenshots mcip-reference setup setup-run clean

help:
	@echo "make run             open Photosift (sets everything up the first time)"
	@echo "make demo            open the demonstration: drawn scenes, no model to download"
	@echo "make test            run the tests (sets everything up the first time)"
	@echo "make check           what every change must pass: format, lint, types, contracts, tests"
	@echo "make format          format the code"
	@echo "make bench NAME=...  measure something; without a name: what can be measured"
	@echo "make fault NAME=...  break something on purpose; without a name: what can be broken"
	@echo "make screenshots     make the README's pictures anew, from the demonstration"
	@echo "make mcip-reference  ask open_clip for the vectors that MCIP models are compared with"
	@echo "make clean           remove the virtual environment and all caches"

run: setup-run
	@$(IN_VENV) app $(ARGS)

demo: setup-run
	@$(IN_VENV) app demo $(ARGS)

test: setup
	@QT_QPA_PLATFORM=offscreen $(IN_VENV) pytest $(ARGS)

check: setup
	$(IN_VENV) ruff format --check .
	$(IN_VENV) ruff check .
	$(IN_VENV) mypy
	.venv/bin/lint-imports
	QT_QPA_PLATFORM=offscreen $(IN_VENV) pytest $(ARGS)

format: setup
	$(IN_VENV) ruff format .
	$(IN_VENV) ruff check --fix .

bench: setup
	@$(IN_VENV) tests.benchmarks $(if $(NAME),$(NAME),--list) $(ARGS)

fault: setup
	@$(IN_VENV) tests.faults $(if $(NAME),$(NAME),--list) $(ARGS)

screenshots: setup
	@$(IN_VENV) tests.screenshots

mcip-reference: setup
	@.venv/bin/python packaging/mcip_reference/environment.py .mcip-reference
	@.mcip-reference/bin/python packaging/mcip_reference/reference.py $(ARGS)

setup:
	@$(SETUP) --dev

setup-run:
	@$(SETUP)

clean:
	rm -rf .venv build dist photosift.egg-info .mcip-reference .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
