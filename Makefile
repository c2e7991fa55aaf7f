# Two commands do everything:  make demo   make test
# Another Python: make PYTHON=python3.13 demo
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_ARGS ?=

.PHONY: help demo test lint types contracts check wheel clean

help:
	@echo "make demo       the two embedded districts: writes out/, prints where to look"
	@echo "make test       the whole suite, offline"
	@echo "make check      lint, types, import contracts"
	@echo "make wheel      dist/justgeo-*.whl"
	@echo "make clean      removes $(VENV), out/, dist/ and caches"

demo: $(VENV)/.justgeo
	$(BIN)/justgeo demo

test: $(VENV)/.justgeo-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint types contracts

lint: $(VENV)/.justgeo-test
	$(BIN)/ruff check .

types: $(VENV)/.justgeo-test
	$(BIN)/mypy

contracts: $(VENV)/.justgeo-test
	$(BIN)/lint-imports --no-logo

wheel: $(VENV)/.justgeo
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@ls dist/*.whl

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("justgeo needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". What to do: make PYTHON=python3.12 demo" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# censusdis pins libraries of 2024 in its metadata and runs well with those of today: installed without its pins. It is
# an extra (live Census tables) under the Hippocratic Licence 3.0; nothing here needs it, so it may fail.
$(VENV)/.justgeo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt -e .
	@{ $(PIP) install --quiet --no-deps censusdis==1.4.2 \
	  && $(PIP) install --quiet -c constraints.txt usingversion toml contextily haversine matplotlib; } \
	  || echo "note: censusdis could not be installed. Everything works without it; live Census tables come by another way."
	@touch $@

$(VENV)/.justgeo-test: $(VENV)/.justgeo
	$(PIP) install --quiet -c constraints.txt -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
