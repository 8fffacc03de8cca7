# What a newcomer types. Needs Python 3.10+, make and pip; everything else is set up in .venv, once.
# Paths are relative throughout: make splits names at spaces, and the folder's own path may have them.

PYTHON ?= python3
SERVE ?= 1
ADDRESS ?= 127.0.0.1:8000
ARGS ?=
PY := .venv/bin/python

# Persian comes out whole whatever the locale is; other projects' settings stay out. What was compiled once is kept:
# the tests start hundreds of processes, and each would compile everything anew.
export PYTHONUTF8 := 1
unexport DJANGO_SETTINGS_MODULE PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
ifeq ($(CI),true)
export REQUIRE_BROWSER := 1
endif

.DEFAULT_GOAL := help
.PHONY: help demo sites test faults soak pitr-drill check bench ha ha-drill fmt lock clean runtime development python

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name what; do \
	  printf '%-16s %s\n' "$$name" "$$what"; done

demo: runtime ## set up, carry one case through every step, serve the pages (SERVE=0: only the case; ADDRESS=host:port)
	@$(PY) manage.py migrate_all
	@$(PY) manage.py demo --address $(ADDRESS) $(if $(filter 0,$(SERVE)),--no-serve)

sites: runtime ## two sites and the center apart on this machine: three databases, two web servers; Ctrl-C stops them
	@$(PY) -m deploy.sites.run

test: development ## every test but the slow ones, on real PostgreSQL (ARGS="-k words": some of them)
	@$(PY) -m pytest -n 3 -m "not slow" $(ARGS)

faults: development ## the slow tests: kills, races and bad lines that take over ten seconds each
	@$(PY) -m pytest -n 3 -m slow $(ARGS)

# The shell of a terminal has a variable of this name of its own: it reaches make only where it is given.
SECONDS ?= 1800
soak: development ## two sites and a center under work and random kills for SECONDS; logs in var/soak
	@SECONDS=$(SECONDS) $(PY) -m tests.soak

pitr-drill: development ## recovery to the moment before a mistake, on a cluster of its own in a temporary folder
	@$(PY) -m deploy.pitr.drill

# The type checker and the deploy checks load the settings but connect to nothing.
check: development ## formatting, linting, types, import contracts, templates, migrations, deploy checks
	@echo "== format and lint";   $(PY) -m ruff format --check . && $(PY) -m ruff check .
	@echo "== types";             DATABASE_URL=postgresql:///types $(PY) -m mypy
	@echo "== import contracts";  $(PY) -c "from importlinter.cli import lint_imports_command as go; go(['--no-logo'])"
	@echo "== templates";         if [ -n "$$(find templates -name '*.html' 2>/dev/null | head -n 1)" ]; then \
	  $(PY) -m djlint templates --check --quiet && $(PY) -m djlint templates --lint --quiet; fi
	@echo "== shell and YAML";    find .ci deploy docs \( -name '*.sh' -o -path .ci/run \) 2>/dev/null | \
	  while read -r file; do bash -n "$$file" || exit 1; done
	@find . -path ./.venv -prune -o -path ./var -prune -o \( -name '*.yml' -o -name '*.yaml' \) -print0 | \
	  xargs -0 $(PY) -c "import sys, yaml; [list(yaml.safe_load_all(open(f))) for f in sys.argv[1:]]"
	@echo "== migrations";        $(PY) manage.py makemigrations --check --dry-run
	@echo "== deploy";            DJANGO_ENV=production ALLOWED_HOSTS=transfer.example.org \
	  SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	  DATABASE_URL=postgresql:///production $(PY) manage.py check --deploy --fail-level WARNING

bench: development ## page times on the demo data, import speed beside a raw COPY, the payroll of 60,000 pensions, the search box
	@$(PY) manage.py migrate_all -v0 && $(PY) manage.py demo --no-serve >/dev/null
	@$(PY) -m bench.pages
	@$(PY) -m bench.comparison
	@$(PY) -m bench.import_files
	@$(PY) -m bench.payroll
	@$(PY) -m bench.search

fmt: development ## write Python and templates the way `make check` wants them
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .
	@if [ -d templates ]; then $(PY) -m djlint templates --reformat --quiet || true; fi

HA_PORT ?= 5500
SCENES ?=
ha: development ## the center on three nodes of this machine (deploy/ha/README.md), until Ctrl-C (HA_PORT=first of 40 ports)
	@exec $(PY) -m deploy.ha.cluster --port $(HA_PORT)

ha-drill: development ## kill and freeze its leader under load: nothing lost, people wait (SCENES=kill: only that one)
	@exec $(PY) -m deploy.ha.drill $(if $(SCENES),--scenes "$(SCENES)")

UV ?= uv
lock: ## pin the whole trees of requirements.txt and requirements-dev.txt, with hashes (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	@for name in requirements requirements-dev; do \
	  $(UV) pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
	    --no-emit-index-url $$name.txt --output-file $$name.lock || exit 1; done

clean: python ## delete .venv and var/ with all data, and caches
	@$(or $(wildcard $(PY)),$(PYTHON)) -m pension_transfer.embedded remove
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime: python
	@$(PYTHON) .ci/environment.py requirements.lock

development: python
	@$(PYTHON) .ci/environment.py requirements-dev.lock

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.10 or newer is needed, and there is no $(PYTHON)"; exit 1; }
