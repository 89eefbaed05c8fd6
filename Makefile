# Two commands: `make demo` and `make test`. Everything else is a part of them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test quick lint bench clean

demo: $(VENV)/.run-time
	$(BIN)/python predict.py data/demo/xining_2024_01.xlsx --overwrite || test $$? -eq 3

test: lint
	$(BIN)/python -m pytest

quick: $(VENV)/.everything
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/.everything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The run-time alone: neither torch nor transformers.
$(VENV)/.run-time: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.everything: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[train,test]"
	touch $@ $(VENV)/.run-time

bench: $(VENV)/.everything
	$(BIN)/python -m tests.benchmarks.bench -o build/bench.json

clean:
	rm -rf $(VENV) build *.egg-info
