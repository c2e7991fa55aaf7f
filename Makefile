# Two commands do everything:  make demo   make test
# Another Python: make PYTHON=python3.13 demo
PYTHON ?= python3
CENSUSDIS ?= censusdis==1.4.2
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Four processes, for two cores: servers and browsers are waited for. Whole files each: a file's districts are made once.
# Each grows to 2 GB: on a small machine fewer, make test PYTEST_ARGS='-n 2 --dist loadfile', or one: PYTEST_ARGS=
PYTEST_ARGS ?= -n 4 --dist loadfile

.PHONY: help demo test bench fuzz mutants audit conformance lint types contracts check wheel clean

help:
	@echo "make demo       the two embedded districts: writes out/, prints where to look"
	@echo "make test       the whole suite, offline"
	@echo "make conformance  our figures against those of others: docs/conformance.md"
	@echo "make bench      beside others: docs/benchmarks.md (an hour on a quiet machine; some of it: BENCH_ARGS='--only startup')"
	@echo "make fuzz       10,000 hostile inputs a reader (hours; some: FUZZ_ARGS='--times 500 --only district-toml')"
	@echo "make mutants    would a wrong number be noticed: docs/mutation.md (an hour or two; a part: MUTANTS_ARGS='--only margins')"
	@echo "make check      lint, types, import contracts, licences and known vulnerabilities of what is installed"
	@echo "make audit      known vulnerabilities alone (needs the index of packages)"
	@echo "make wheel      dist/justgeo-*.whl"
	@echo "make clean      removes $(VENV), out/, dist/ and caches"

demo: $(VENV)/.justgeo
	$(BIN)/justgeo demo

# Compiled first: dozens of tests start an interpreter of their own, and not everybody lets Python keep what it compiles.
test: $(VENV)/.justgeo-test
	$(BIN)/python -m compileall -q -j 0 justgeo tests
	$(BIN)/python -m tests.rewritten
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# The page is left as it is where rows are skipped: the real places are not part of the repository.
conformance: $(VENV)/.justgeo-test
	$(BIN)/python -m pytest -q tests/conformance
	$(BIN)/python -m tests.conformance.table --out docs/conformance.md

# Rivals are installed for this alone; each section is a process of its own, and one that fails leaves the page's as it is.
bench: $(VENV)/.justgeo-bench
	$(BIN)/python -m tests.benchmarks.bench $(BENCH_ARGS)

# Each reader in a process of its own; ends with 1 where anything but a refusal with its remedy leaves one, or where it
# takes none of its inputs. What is there for Linux alone (atheris) is installed where it can be.
fuzz: $(VENV)/.justgeo-fuzz
	$(BIN)/python -m tests.fuzz.run $(FUZZ_ARGS)

# One small change of the arithmetic at a time, in a copy of the tree; the tests are to notice.
mutants: $(VENV)/.justgeo-mutants
	$(BIN)/python -m tests.mutation.run $(MUTANTS_ARGS)

# What could not be looked up (2) is said and ends no check: many work without the advisories at hand. `make audit` ends with it.
check: lint types contracts $(VENV)/.justgeo-audit
	$(BIN)/python tools/licences.py --check
	$(BIN)/python tools/audit.py || test $$? = 2

audit: $(VENV)/.justgeo-audit
	$(BIN)/python tools/audit.py

lint: $(VENV)/.justgeo-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { echo "some files are laid out otherwise. What to do: $(BIN)/ruff format ."; exit 1; }

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

# censusdis pins libraries of 2024 in its metadata and runs well with those of today: what it really needs first, then
# itself without its pins. It asks the Census API where it is there, under the Hippocratic Licence 3.0; justgeo's own client
# does the same without it, so it may fail, and CENSUSDIS= leaves it out.
$(VENV)/.justgeo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e .
	@test -z "$(CENSUSDIS)" || { $(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[census]' \
	  && $(PIP) install --quiet --no-deps $(CENSUSDIS); } \
	  || echo "note: $(CENSUSDIS) could not be installed. Nothing here needs it."
	@touch $@

# Its pins of 2024 are not met, and pip would say so at length: --no-warn-conflicts.
$(VENV)/.justgeo-test: $(VENV)/.justgeo
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[test]'
	@touch $@

$(VENV)/.justgeo-mutants: $(VENV)/.justgeo-test
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[mutants]'
	@touch $@

$(VENV)/.justgeo-bench: $(VENV)/.justgeo-test
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[bench]'
	@touch $@

$(VENV)/.justgeo-audit: $(VENV)/.justgeo-test
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[audit]'
	@touch $@

$(VENV)/.justgeo-fuzz: $(VENV)/.justgeo-test
	$(PIP) install --quiet --no-warn-conflicts -c constraints.txt -e '.[fuzz]'
	@touch $@

clean:
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
