# Everything runs in .venv, which each target makes when it is missing and leaves alone when it is complete.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo serve test test-krita-all test-gimp-all lint types contracts bundles qualify clean
.DEFAULT_GOAL := demo

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Mahlstick needs Python 3.11 or newer; this is %s. Say which one to use: make PYTHON=python3.12" % sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed  ## paint into a photograph, four ways; pictures land in demo-output/
	$(BIN)/mahlstick demo --out demo-output

serve: $(VENV)/.installed  ## start the bridge for Krita, GIMP and the command line
	$(BIN)/mahlstick serve

bundles: $(VENV)/.installed  ## build the plugins for Krita and GIMP into dist/
	$(BIN)/python -m plugins.build --out dist

test: $(VENV)/.installed-dev  ## the whole suite; editor tests skip where the editor is missing
	$(BIN)/python -m pytest

test-krita-all: $(VENV)/.installed-dev  ## the scenarios in this machine's Krita and in 5.2, 5.3 and 6.0
	MAHLSTICK_REQUIRE_EDITORS=1 $(BIN)/python -m pytest tests/editors/krita
	.ci/test-editors.sh krita 5.2 5.3 6.0

test-gimp-all: $(VENV)/.installed-dev  ## the scenarios in GIMP 3.0 and 3.2
	.ci/test-editors.sh gimp 3.0 3.2

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/pyright

contracts: $(VENV)/.installed-dev
	$(BIN)/lint-imports

qualify: $(VENV)/.installed-dev  ## the long proofs; writes a dated report into reports/
	$(BIN)/python -m tests.qualify

clean:
	rm -rf build dist demo-output artifacts *.egg-info
