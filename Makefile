# Greenroom. `make` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SANDBOX_PORT ?= 8001
T ?=

# What distinguishes the demo from a development server: its own folder, and the sandbox as its Zoom.
DEMO := $(CURDIR)/.demo
DEMO_ENV := DEBUG=true SECRET_KEY= SEALING_KEYS= BASE_URL=http://localhost:$(PORT) \
	DATABASE_URL=sqlite:///$(DEMO)/greenroom.sqlite3 \
	BROKER_URL=sqla+sqlite:///$(DEMO)/broker.sqlite3 \
	ZOOM_API_URL=http://localhost:$(SANDBOX_PORT)/v2 \
	ZOOM_OAUTH_URL=http://localhost:$(SANDBOX_PORT)/oauth/token \
	ZOOM_LINK_HOSTS=localhost \
	ZOOM_SDK_STAND_IN=http://localhost:$(SANDBOX_PORT) \
	EMAIL_URL=filemail:///$(DEMO)/mail \
	LOG_LEVEL=WARNING

.PHONY: help demo setup run worker test lint format check bench trust live lock

help: ## List these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed node_modules/.installed ## Install everything into .venv and node_modules

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Greenroom needs Python 3.11 or newer (PYTHON=/path/to/python3.11 make ...)."; exit 1; }
	@echo "Installing the Python packages (about a minute) ..."
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python cannot make virtual environments here: apt install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null \
		|| { echo "npm is missing; it brings Zoom's SDK: apt install nodejs npm"; exit 1; }
	@echo "Installing the browser files (Zoom's Meeting SDK, htmx, Pico) ..."
	@npm ci --silent
	@touch $@

demo: setup ## Run everything against the bundled Zoom sandbox (PORT=8000 SANDBOX_PORT=8001)
	@$(DEMO_ENV) $(BIN)/python manage.py demo --folder $(DEMO) --sandbox-port $(SANDBOX_PORT)

run: setup ## The development server
	$(BIN)/python manage.py migrate -v0
	$(BIN)/python manage.py createcachetable
	$(BIN)/python manage.py runserver localhost:$(PORT)

worker: setup ## A Celery worker with beat
	$(BIN)/celery -A portal worker -B --loglevel INFO

test: setup ## The whole suite; what must hold on both databases runs on SQLite too (T=path)
	@$(BIN)/python -m tests.run $(T)

lint: setup ## Style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

format: setup ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint ## All that CI runs
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(MAKE) test

bench: setup ## Times and ratios; prints a table and writes build/bench.json
	$(BIN)/python -m benchmarks

trust: setup ## The guarantees' figures; prints a table and writes build/trust.json
	$(BIN)/python -m tests.trust

live: setup ## The contract against real Zoom, from LIVE_ZOOM_* in the environment; writes build/live.md
	@$(BIN)/python -m tests.contract

lock: ## Compile the requirement files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
		requirements-prod.in -o requirements-prod.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
		requirements.in -c requirements-prod.txt -o requirements.txt
