# Two commands to begin with: `make demo` and `make test`. Each sets up all that it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED ?= 1
SECONDS ?= 60
REPLIES ?= 100000
WORKERS ?= auto
DEBIAN ?= bookworm trixie

.DEFAULT_GOAL := help
.PHONY: help demo quick test bare bare-pi soak chaos hunt attack fuzz bench flood proof model model-full model-ablation mutants lint format generate bundle docs coverage clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.sandbox ## play a month of three offices through the real libraries (two to three minutes)
	$(BIN)/attendance-sandbox demo --folder build/demo --seed $(SEED)

quick: $(VENV)/.dev ## lint, types, quick units and a taste of properties: for every change
	@sh scripts/ensure-system-packages "make quick" dot=graphviz
	@# What is checked does not compute while tests do: two cores have two things to do.
	@mkdir -p build
	@$(MAKE) --no-print-directory lint >build/lint.log 2>&1 & lint=$$!; \
		HYPOTHESIS_PROFILE=quick $(BIN)/pytest -q -m "not slow" --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/unit tests/property; \
		tests=$$?; wait $$lint || { cat build/lint.log; exit 1; }; exit $$tests

test: $(VENV)/.dev ## run all tests
	@sh scripts/ensure-system-packages "make test" dot=graphviz localc=libreoffice-calc chromium=chromium \
		systemd-analyze=systemd shellcheck=shellcheck spin=spin c-compiler=gcc,libc6-dev node=nodejs npm=npm
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

bare: ## run both in a bare Debian made for it, as root: make bare DEBIAN=trixie (half an hour each)
	@failed=0; for release in $(DEBIAN); do sh scripts/bare $$release || failed=1; done; exit $$failed

bare-pi: ## install, upgrade from 0.1.0, fail to, and remove the Pi's client in such a Debian, as root (minutes)
	@failed=0; for release in $(DEBIAN); do sh scripts/bare $$release "sh scripts/try-pi" || failed=1; done; exit $$failed

soak: $(VENV)/.dev ## play faulty site-months for a while: make soak SECONDS=60 SEED=1
	$(BIN)/python -m tests.soak --seconds $(SECONDS) --seed $(SEED)

chaos: $(VENV)/.dev ## kill and cut off the real programs for a while: make chaos SECONDS=600 SEED=1
	$(BIN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED)

hunt: $(VENV)/.dev ## let Hypothesis look for broken promises, drawn anew and ten times as long as in CI (an hour)
	HYPOTHESIS_PROFILE=hunt $(BIN)/pytest --numprocesses auto --dist loadfile tests/property

attack: $(VENV)/.dev ## what a thief of a site's key can make of the functions: nothing of another site's (a minute)
	$(BIN)/pytest -q tests/integration/test_backend_attacks.py tests/integration/test_backend_telling.py \
		tests/integration/test_backend_process.py::test_many_and_large_messages_at_once_leave_the_function_its_memory

fuzz: $(VENV)/.dev ## spoil replies of the attendance machine in every way: make fuzz REPLIES=100000 (minutes)
	FUZZED_REPLIES=$(REPLIES) $(BIN)/pytest -q tests/property/test_device_fuzz.py

bench: $(VENV)/.dev ## measure what the work costs: make bench BENCH=device (minutes)
	$(BIN)/python -m bench $(BENCH)

flood: $(VENV)/.dev ## how long messages of 300 and 900 sites wait, after an outage as well, beside the way before (hours)
	$(BIN)/python -m bench flood

proof: $(VENV)/.dev ## prove the promises of safety, for any number of anything (a minute)
	$(BIN)/python -m generator.proof

model: $(VENV)/.dev ## explore the formal model: every promise, within bounds that take a few minutes
	@sh scripts/ensure-system-packages "the model checker" spin=spin c-compiler=gcc,libc6-dev
	$(BIN)/python -m generator.model quick

model-full: $(VENV)/.dev ## the same within larger bounds (an hour or two, up to 20 GB)
	@sh scripts/ensure-system-packages "the model checker" spin=spin c-compiler=gcc,libc6-dev
	$(BIN)/python -m generator.model full

model-ablation: $(VENV)/.dev ## switch off each protective measure by itself: which promise falls?
	@sh scripts/ensure-system-packages "the model checker" spin=spin c-compiler=gcc,libc6-dev
	$(BIN)/python -m generator.model ablation

mutants: $(VENV)/.dev ## break the code in many small ways and count what the tests notice (hours)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	sh scripts/mutate

lint: $(VENV)/.dev ## check style, types, imports, generated files, and the code against the spec
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@sh scripts/ensure-system-packages "the generator" dot=graphviz
	$(BIN)/python -m generator --check
	$(BIN)/python -m tests.beside_the_spec
	$(BIN)/pytest -q --tb=line --show-capture=no tests/property/test_client_conformance.py
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into the common format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

generate: $(VENV)/.dev ## write code, diagrams and tables from spec/fsm.yaml; say what is left to write by hand
	@sh scripts/ensure-system-packages "the generator" dot=graphviz
	$(BIN)/python -m generator
	$(BIN)/python -m tests.beside_the_spec
	$(BIN)/pytest -q --tb=line --show-capture=no tests/property/test_client_conformance.py

bundle: ## stage the functions' source folder in build/bundle, as deploy/gcp/deploy deploys it
	rm -rf build/bundle
	mkdir -p build/bundle
	cp src/backend/main.py build/bundle/
	cp src/backend/requirements.lock build/bundle/requirements.txt
	cp -R src/backend/attendance_backend src/contracts/attendance_contracts src/trouble/attendance_trouble \
		build/bundle/
	find build/bundle -name __pycache__ -prune -exec rm -rf {} +
	@echo "build/bundle is ready: deploy/gcp/deploy deploys it"

docs: $(VENV)/.docs ## make the docs into a site, build/docs/index.html; a link that leads nowhere is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs build/docs

coverage: $(VENV)/.dev ## which lines quick units and a taste of properties run (minutes)
	HYPOTHESIS_PROFILE=quick $(BIN)/coverage run -m pytest -q -m "not slow" tests/unit tests/property
	$(BIN)/coverage report --skip-covered --show-missing

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.python: scripts/ensure-python
	@sh scripts/ensure-python $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.sandbox: $(VENV)/.python pyproject.toml
	@echo "installing the packages of the demo (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]'
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml
	@echo "installing the packages of the tests (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.sandbox

$(VENV)/.docs: $(VENV)/.python pyproject.toml
	@echo "installing the packages of the docs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@
