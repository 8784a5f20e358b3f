# make reproduce and make test each do everything on a fresh clone: only Python 3.11 or later, make and pip
# have to be there. Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
USER := $(VENV)/.user
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export MPLBACKEND := agg
export PYTHONHASHSEED := 0

.PHONY: help env reproduce test unit notebooks-check lint lab browser spark installed store data clean

help:
	@echo "make reproduce  run all notebooks, rebuild figures/, show printed against recomputed values"
	@echo "make test       unit tests, notebooks compared with their stored outputs, lint, types"
	@echo "make lint       ruff and the type checker"
	@echo "make lab        open JupyterLab on the notebooks"
	@echo "make browser    run notebook 02 in a real browser (skipped where there is none)"
	@echo "make spark      the same summaries on a local Spark (installs it first; needs Java 17)"
	@echo "make installed  the built wheel in bare environments, also with the oldest packages allowed"
	@echo "make env        only make the environment (.venv) with everything for tests"
	@echo "make store      run the notebooks and keep their outputs (after a change on purpose)"
	@echo "make data       regenerate twin, tutorial, practice programme, codebook, data index, README tables"

env: $(READY)

# What users need: notebooks, reports, forms.
$(USER): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'kube_research needs Python 3.11 or later: make PYTHON=/path/to/python3.11')"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(USER)').touch()"

# The same pins, and what tests need besides.
$(READY): requirements-dev.lock $(USER)
	$(PIP) --require-hashes -r requirements-dev.lock
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

reproduce: $(USER)
	$(BIN)/kube-research reproduce

test: env unit notebooks-check lint

unit: env
	$(BIN)/python -m pytest tests --ignore=tests/browser -p no:nbval -m 'not spark' -n auto --dist worksteal

notebooks-check: env
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg -p no:cacheprovider -n auto --dist loadfile notebooks

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(USER)
	$(BIN)/jupyter lab --notebook-dir=notebooks

spark: env
	$(PIP) --require-hashes -r requirements-spark.lock
	$(BIN)/python -m pytest tests -m spark -rs

browser: env
	$(BIN)/python -m pytest tests/browser -rs

installed: env
	$(BIN)/python -m tools.installed

store: $(USER)
	$(BIN)/kube-research reproduce --store

data: env
	$(BIN)/python -m tools.twin
	$(BIN)/python -m tools.tutorial
	$(BIN)/python -m tools.refresh

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
