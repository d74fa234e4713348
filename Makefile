# What people and CI run. Everything happens in a virtual environment of the project's own.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

export HF_HUB_OFFLINE ?= 1

.PHONY: serve test test-fast test-browser test-milvus torture container bundle release-check check format bench bench-scale bench-probes calibrate model evaluate-model docs screenshots lock clean

# Slow all of it, or seconds to import: left to `make test`.
HEAVY := training deploy browser container torture

DATA ?= ../shared/data
MODEL ?= index/model

serve: $(VENV)/.serve ## Sync seeds/ and serve it on http://127.0.0.1:8000
	$(BIN)/sanad sync seeds
	$(BIN)/sanad serve

test: $(VENV)/.test ## Every test but the torture
	$(BIN)/python -m pytest

test-fast: $(VENV)/.test ## Seconds: no torch, no subprocess, no browser
	$(BIN)/python -m pytest -m "not slow and not browser and not torture and not shipping and not milvus" --hypothesis-profile fast $(HEAVY:%=--ignore tests/%)

test-browser: $(VENV)/.test ## The pages in a real headless Chromium
	$(BIN)/python -m pytest -m browser

test-milvus: $(VENV)/.test ## The contract of the store, and what can befall it, on a real Milvus server: ten minutes
	$(BIN)/python -m pytest -m milvus --timeout 900

torture: $(VENV)/.test ## Kills, damage, full disks, floods and load: an hour and more
	$(BIN)/python -m pytest -m torture --timeout 3600 -s

container: $(VENV)/.test ## Build the images and run them confined; needs podman, and debootstrap or BASE=IMAGE@sha256:…
	BASE=$(BASE) TORCH_INDEX=$(TORCH_INDEX) $(BIN)/python -m pytest -m shipping --timeout 3600 tests/container

bundle: $(VENV)/.test ## One archive in dist/ that installs and serves without a network; made, then tried so
	$(BIN)/python -m release.bundle
	$(BIN)/python -m pytest -m shipping --timeout 3600 tests/release/test_bundle.py

release-check: $(VENV)/.test ## sdist, wheel, bill of materials and licences in dist/; installed cleanly and run
	$(BIN)/python -m release.assemble
	$(BIN)/python -m pytest -m shipping --timeout 3600 tests/release/test_release.py

bench: $(VENV)/.test ## Where the time of a search goes, on the seeds and at 100,000 passages
	$(BIN)/python -m benchmarks.latency

bench-scale: $(VENV)/.test ## A million passages: build, open, memory, latency, recall
	$(BIN)/python -m benchmarks.scale

bench-probes: $(VENV)/.test ## How many lists of a large index a question needs, in real paragraphs
	$(BIN)/python -m benchmarks.probes --data $(DATA)

calibrate: $(VENV)/.test ## Fusion weights and relevance anew, for the encoder that is bundled
	$(BIN)/python -m benchmarks.calibrate --data $(DATA) --judged $(DATA)/../judged

model: $(VENV)/.test ## The bundled encoder from nothing: hours; every stage is resumable
	$(BIN)/python -m training make --data $(DATA)

evaluate-model: $(VENV)/.test ## MODEL (the bundled one) on the development sets, beside BM25, its teacher and the first model
	$(BIN)/python -m training evaluate --data $(DATA) --model $(MODEL)

docs: $(VENV)/.test ## The documentation as a site in build/docs; no warning passes
	$(BIN)/python -m mkdocs build --strict --quiet

screenshots: $(VENV)/.test ## The pictures of the pages anew
	$(BIN)/python -m tests.browser.screenshots

check: $(VENV)/.test ## Formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.test ## Rewrite what `check` would complain of, where it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.test ## Pin anew what pyproject.toml allows
	$(PIP) pip-tools
	$(BIN)/pip-compile $(LOCK) --generate-hashes -o requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra test --extra test-milvus --extra train --extra release -c requirements.lock -o requirements-dev.lock pyproject.toml
	echo pip | $(BIN)/pip-compile $(LOCK) --generate-hashes --allow-unsafe -o release/pip.lock -
	sed -i 's/^torch==\([0-9.]*\)+cpu/torch==\1/' requirements-dev.lock

LOCK := --quiet --upgrade --strip-extras --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## Remove the environment and the store that `make serve` made
	rm -rf $(VENV) .sanad

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Sanad needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) -r requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) -r requirements-dev.lock
	$(PIP) --no-deps --editable .
	@touch $@ $(VENV)/.serve
