# Everything a developer does daily. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench bench-quick lint format lock soak clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything locked, and fetch the Kafka jars

$(STAMP): locks/dev.txt pyproject.toml producer_contract/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e ./producer_contract -e .
	$(BIN)/python -m producer_contract.testing.jars
	@touch $@

demo: setup ## The main job on a Kafka of its own, from end to end, with a summary
	$(BIN)/creneau demo

# Tests wait for Kafka most of their time, so more of them run at once than there are cores, each
# process with a Kafka of its own.
test: setup ## Run the tests (unit, property, integration on the embedded Kafka)
	$(BIN)/pytest -q -n 4 --dist worksteal -m "not soak and not compose"

bench: setup ## All measurements (over an hour on idle cores), into bench/results and docs/performance.md
	$(BIN)/python -m bench.suite

bench-quick: setup ## Worker, executor and latency, small: their ratios in under 3 minutes
	$(BIN)/python -m bench.suite --quick

lint: setup ## ruff, mypy, import-linter, sqlfluff, nobody else owns our package names
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint sql
	$(BIN)/python .ci/own_names.py

soak: setup ## The tests that are too long for CI
	$(BIN)/pytest -q -m soak --timeout 3600
	CRENEAU_FUZZ_EXAMPLES=15000 $(BIN)/pytest -q tests/contract/test_fuzz.py --timeout 3600

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix -q sql

lock: setup ## Resolve the dependencies again and write locks/ with hashes
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-package creneau-contract --extra warehouse pyproject.toml producer_contract/pyproject.toml -o locks/service.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-package creneau-contract --group dev --extra testing --extra warehouse pyproject.toml producer_contract/pyproject.toml -c locks/service.txt -o locks/dev.txt
	echo 'setuptools>=80' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c locks/dev.txt - -o locks/build.txt
	echo 'local-bigquery==0.4.0 duckdb-extension-ducklake==1.5.5 duckdb-extension-icu==1.5.5 duckdb-extension-spatial==1.5.5' | tr ' ' '\n' | \
	  $(BIN)/uv pip compile -q --universal --python-version 3.13 --generate-hashes --no-header --override locks/emulator-override.txt - -o creneau/sandbox/emulator-lock.txt
	echo 'faststream[confluent]==0.7.8 orjson uvloop scikit-learn skops shapely msgspec pydantic threadpoolctl fsspec' | tr ' ' '\n' | \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c locks/service.txt - -o bench/peers/locks/faststream.txt
	echo 'py-spy==0.4.3' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header - -o bench/peers/locks/py-spy.txt
	echo 'quixstreams==3.28.1' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header - -o bench/peers/locks/quix.txt
	$(BIN)/python -m bench.peers.java --lock

clean: ## Remove what make setup and the tests made
	rm -rf $(VENV) .bench var build .pytest_cache .mypy_cache .ruff_cache .hypothesis
