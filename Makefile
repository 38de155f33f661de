# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON := .venv/bin/python
RUN_DIR ?= .run
export RUN_DIR

TESTS := page-tests cluster-tests part-tests package-tests
# For `make chaos`.
MINUTES ?= 5
HA ?=
# For `make rolling`.
SINCE ?=
# For `make soak`.
SOAK_MINUTES ?= 30
SEED ?=

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## make the environment that `make run` needs, without running
	@deploy/setup.sh run

.PHONY: run
run: ## run the whole cluster here: HTTP_PORT (8080), NODES (3), WORKERS (1), RUN_DIR (.run), DATABASE_URL, REDIS_URL
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.local

.PHONY: test
test: ## run every test
	@deploy/setup.sh test
	$(MAKE) --no-print-directory side-by-side TARGETS="$(TESTS)"
	$(MAKE) --no-print-directory alone-tests

.PHONY: check
check: ## lint, types, import rules and every test: what CI runs
	@deploy/setup.sh test
	$(MAKE) --no-print-directory side-by-side TARGETS="lint $(TESTS)"
	$(MAKE) --no-print-directory alone-tests

.PHONY: lint
lint:
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --no-explicit-package-bases $(filter-out %/rooms.py,$(wildcard cluster/tests/*.py))
	.venv/bin/lint-imports
	.venv/bin/deptry .
	node_modules/.bin/tsc -p tsconfig.json

# Two at a time: most of them wait for something, and some are late when a third has the machine too.
.PHONY: side-by-side
side-by-side:
	$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(TARGETS)

.PHONY: page-tests
page-tests:
	node --test tests/js/*.test.js
	$(PYTHON) -m pytest tests/browser

.PHONY: cluster-tests
cluster-tests:
	$(PYTHON) -m pytest tests/cluster -m "not alone"

.PHONY: alone-tests
alone-tests:
	$(PYTHON) -m pytest tests/cluster -m alone

.PHONY: part-tests
part-tests:
	$(PYTHON) -m pytest tests/unit tests/integration

.PHONY: package-tests
package-tests:
	$(PYTHON) -m pytest cluster/tests

.PHONY: conformance
conformance: ## run the official suites: SOCKETIO and PYTHON_SOCKETIO, checkouts of socketio/socket.io, miguelgrinberg/python-socketio
	@test -n "$(SOCKETIO)" || { echo "SOCKETIO=/path/to/a/checkout/of/socketio/socket.io" >&2; exit 2; }
	@deploy/setup.sh test
	$(PYTHON) cluster/conformance/run.py "$(SOCKETIO)" $(PYTHON_SOCKETIO)

.PHONY: bench
bench: ## run the benchmarks and write their table
	@deploy/setup.sh test
	$(PYTHON) -m bench

.PHONY: pictures
pictures: ## take the README's pictures anew
	@deploy/setup.sh test
	$(PYTHON) -m tests.browser.pictures docs/pictures

.PHONY: conciliar
conciliar: ## check the books of the local database
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.local worker conciliar

.PHONY: backup
backup: ## save the database to FILE, while the bank works
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.backup save "$(or $(FILE),backup-$(shell date -u +%Y%m%dT%H%M%SZ))"

.PHONY: restore
restore: ## put the database of FILE in the place of the present one; the cluster must be stopped
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.backup restore "$(FILE)"

.PHONY: doutor
doutor: ## check the local cluster while it runs
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.local worker doutor --url http://127.0.0.1:$${HTTP_PORT:-8080}

.PHONY: painel
painel: ## watch the local cluster live
	@deploy/setup.sh run
	@$(PYTHON) -m deploy.local worker painel

.PHONY: chaos
chaos: ## kill parts at random under load: MINUTES (5), SEED; HA=1 on several databases and Redis
	@deploy/setup.sh test
	$(if $(HA),@deploy/setup.sh ha)
	MINUTES=$(MINUTES) SEED=$(SEED) $(PYTHON) -m tests.cluster.chaos $(if $(HA),--ha)

.PHONY: hosts-test
hosts-test: ## run on several hosts, of which one is cut off under load; as root, in network namespaces: SEED
	@deploy/setup.sh test
	SEED=$(SEED) $(PYTHON) -m tests.cluster.hosts

.PHONY: rolling
rolling: ## replace every node and worker under load: SINCE (a revision to come from, with a migration in between)
	@deploy/setup.sh test
	$(PYTHON) -m tests.cluster.rolling $(if $(SINCE),--since $(SINCE))

.PHONY: soak
soak: ## work for a while and see that memory is flat: SOAK_MINUTES (30), SEED
	@deploy/setup.sh test
	MINUTES=$(SOAK_MINUTES) SEED=$(SEED) $(PYTHON) -m tests.cluster.soak

.PHONY: secrets
secrets: ## make the secrets that docker-compose.yml reads, where they are missing
	@deploy/secrets.sh

.PHONY: compose-test
compose-test: ## build the images, bring the production shape up, try it, take it down
	@deploy/setup.sh test
	$(PYTHON) -m deploy.compose_test

# Universal, so that one file serves every platform; the smaller sets are constraints of the larger ones.
LOCK := .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	--no-emit-package flask-socketio-cluster --group build pyproject.toml

.PHONY: lock
lock: ## resolve the Python dependencies anew and write the lock files
	@deploy/setup.sh test
	$(LOCK) -o requirements.txt
	$(LOCK) --group local -c requirements.txt -o deploy/local/requirements.txt
	$(LOCK) --group dev -c requirements.txt -o tests/requirements.txt
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header cluster/pyproject.toml \
		-c requirements.txt -o cluster/tests/requirements.txt

.PHONY: clean
clean: ## remove everything that was made here, the local database included
	rm -rf .venv .venv-package node_modules app/web/static/vendor .run bench/build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
