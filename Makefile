# Everything made here lands in .venv and .cache. Each target can be repeated; what is up to date is quick.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
python := .venv/bin/python
# Tests of a file stay together, so that they share what they set up. TEST_PROCESSES=0 runs all of them in one process.
TEST_PROCESSES ?= 2
side_by_side := -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
checked := $(wildcard jobs lookalike serving bench scripts tests deploy)
# Hashes of all files of a version, for all platforms: one file of requirements serves each Python from 3.11 on.
uv = UV_CUSTOM_COMPILE_COMMAND='make lock' UV_CACHE_DIR=.cache/uv .cache/audit/bin/uv pip compile --quiet \
  --generate-hashes --universal --python-version 3.11 $(LOCK)
locked := $(wildcard requirements.txt requirements-dev.txt requirements-connect.txt scripts/requirements-*.txt deploy/schedule/requirements-*.txt \
  tests/deploy/requirements-*.txt)

export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HYPOTHESIS_STORAGE_DIRECTORY := .cache/hypothesis

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	  while IFS='|' read -r target purpose; do printf '  make %-14s%s\n' "$$target" "$$purpose"; done

.PHONY: demo
demo: setup .cache/demo/.made ## Find look-alike accounts in a made-up sample of 200,000 posts
	./spark-submit.sh --posts .cache/demo/posts.tsv --accounts .cache/demo/accounts.tsv --output .cache/demo/output
	@printf '\nNext, look a hashtag up:\n  %s\nAnd with your own files:\n  %s\n' \
	  ".venv/bin/python -m jobs.snapshots pairs .cache/demo/output '#WorkerFuture'" \
	  './spark-submit.sh --posts posts.tsv --accounts accounts.tsv --output out'

# Compiled functions are shared with the job, as scripts/local_env.sh has them.
.PHONY: serve
serve: .venv/.requirements .cache/numba/.serving ## Serve what the job published in LOOKALIKE_OUTPUT (default: what make demo found)
	@export NUMBA_CACHE_DIR="$${NUMBA_CACHE_DIR:-$(CURDIR)/.cache/numba}"; \
	  export LOOKALIKE_OUTPUT="$${LOOKALIKE_OUTPUT:-.cache/demo/output}"; exec $(python) -m serving

.PHONY: environment
environment: setup .cache/numba/.job ## Pack the Python and the job for a cluster's machines, see docs/how-to/run-on-a-cluster.md
	@$(python) scripts/package_environment.py .cache/environment.tar.gz

.PHONY: connect
connect: .venv/.requirements-connect ## Install what a run through a Spark Connect server needs besides

.PHONY: test
test: environment .cache/numba/.serving .venv/.requirements-dev ## Run all tests but those of test-thorough, test-cluster, test-deploy, soak and stress
	@source scripts/local_env.sh && exec $(python) -m pytest $(side_by_side) $(PYTEST)

.PHONY: test-thorough
test-thorough: environment .cache/numba/.serving .venv/.requirements-dev ## Test the variants that make test leaves out
	@source scripts/local_env.sh && exec $(python) -m pytest $(side_by_side) -m thorough \
	  $(foreach other,bench cluster deploy soak,--ignore tests/$(other)) $(PYTEST)

.PHONY: test-random
test-random: setup .cache/numba/.job .venv/.requirements-dev ## Try twenty times as many random inputs as test does
	@source scripts/local_env.sh && export LOOKALIKE_TEST_EXAMPLES=20 && exec $(python) -m pytest -m random $(PYTEST)

.PHONY: test-cluster
test-cluster: environment .venv/.requirements-dev .venv/.requirements-connect .cache/hadoop/.installed ## Kill every kind of process of a cluster in every stage
	@source scripts/local_env.sh && exec $(python) -m pytest tests/cluster -m 'thorough or not thorough' $(PYTEST)

.PHONY: test-deploy
test-deploy: setup .cache/numba/.job .venv/.requirements-dev .cache/airflow/.installed .cache/schemas/.installed .cache/cron/usr/sbin/cron .cache/prometheus/usr/bin/promtool ## Test deploy/ with cron, systemd, Airflow, schemas and Prometheus, as root on Debian
	@source scripts/local_env.sh && exec $(python) -m pytest tests/deploy -m 'thorough or not thorough' $(PYTEST)

.PHONY: check
check: .venv/.requirements-dev ## Check format, lint, types and who imports whom
	@$(python) -m ruff format --check $(checked)
	@$(python) -m ruff check $(checked)
	@$(python) -m mypy
	@.venv/bin/lint-imports --cache-dir .cache/import-linter

.PHONY: reference
reference: .venv/.requirements-dev ## Write conf/job.yaml and the reference pages of docs/ from the code
	@$(python) -m jobs.options.reference
	@$(python) scripts/make_reference.py

.PHONY: lock
lock: .cache/audit/.installed ## Write the requirements files, with hashes, from pyproject.toml (LOCK=--upgrade: newest)
	@compile() { local file=$$1; shift; $(uv) "$$@" --output-file "$$file" && echo "$$file"; }; \
	  compile requirements.txt pyproject.toml; \
	  compile requirements-dev.txt pyproject.toml --group dev --constraint requirements.txt; \
	  compile requirements-connect.txt --group connect --constraint requirements.txt; \
	  compile scripts/requirements-build.txt --group build; \
	  compile scripts/requirements-java.txt --group java; \
	  compile scripts/requirements-audit.txt --group audit; \
	  compile deploy/schedule/requirements-airflow.txt --group airflow; \
	  compile tests/deploy/requirements-schemas.txt --group schemas

.PHONY: audit
audit: .cache/audit/.installed ## Look the locked dependencies up in a database of known weaknesses, see CONTRIBUTING.md
	@$(python) scripts/audit.py .cache/audit/bin/pip-audit $(locked) -- $(AUDIT)

.PHONY: format
format: .venv/.requirements-dev ## Format the code, and fix what the linter can
	@$(python) -m ruff check --fix-only $(checked)
	@$(python) -m ruff format $(checked)

.PHONY: bench
bench: setup .venv/.requirements-dev ## Measure everything in bench/README.md, for an hour or more
	@exec $(python) bench/run.py $(BENCH)

.PHONY: bench-quick
bench-quick: setup .venv/.requirements-dev ## Measure what takes a few minutes
	@exec $(python) bench/run.py --quick $(BENCH)

.PHONY: stress
stress: setup .cache/numba/.job .venv/.requirements-dev ## Try to break job and service: random data, flipped bits, abuse; see bench/README.md
	@source scripts/local_env.sh && $(python) -m pytest tests/bench -m thorough $(PYTEST) && exec $(python) -m bench.stress $(STRESS)

.PHONY: soak
soak: setup .cache/numba/.job .venv/.requirements-dev ## Kill runs and fail disks, as root, while the service answers (SOAK_KILLS=25)
	@source scripts/local_env.sh && exec $(python) -m pytest tests/soak -m 'thorough or not thorough' $(PYTEST)

.PHONY: bench-serving
bench-serving: setup .venv/.requirements-dev ## Measure the look-up service, see bench/serving/README.md
	@exec $(python) bench/serving/run.py $(BENCH)

.PHONY: setup
setup: .venv/.requirements java .cache/java/spark.jsa ## Install what a run needs (the other targets do it)

.PHONY: clean
clean: ## Remove what runs left in .cache, the demo's snapshots too; keeps .venv
	rm -rf .cache
	find $(checked) -name __pycache__ -prune -exec rm -rf {} +

# --- what the targets above need ----------------------------------------------------------------------
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or later is needed; name one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# PySpark comes as source. Without --no-build-isolation pip would fetch what builds it, and check no hash of that.
.venv/.requirements-build: scripts/requirements-build.txt | .venv/bin/python
	@$(python) -m pip install -qq --require-hashes --only-binary :all: -r $<
	@touch $@

.venv/.requirements: requirements.txt .venv/.requirements-build
	@echo 'Installing requirements.txt into .venv'
	@$(python) -m pip install -qq --require-hashes --no-build-isolation -r $<
	@touch $@

# It has all of requirements.txt, too.
.venv/.requirements-dev: requirements-dev.txt requirements.txt .venv/.requirements-build
	@echo 'Installing requirements-dev.txt into .venv'
	@$(python) -m pip install -qq --require-hashes --no-build-isolation -r $<
	@touch $@ .venv/.requirements

.venv/.requirements-connect: requirements-connect.txt .venv/.requirements
	@echo 'Installing requirements-connect.txt into .venv'
	@$(python) -m pip install -qq --require-hashes --only-binary :all: -r $<
	@touch $@

.PHONY: java
java: .venv/.requirements
	@scripts/find_java.sh --install >/dev/null

# If no archive can be made, an empty one is kept: runs then only start more slowly.
.cache/java/spark.jsa: scripts/share_classes.py .venv/.requirements | java
	@echo 'Archiving the Java classes that Spark loads (once; each start is then some seconds shorter)'
	@source scripts/local_env.sh && $(python) $< $@ || { echo 'No archive: starts take longer' >&2; : >$@; }

# Otherwise the first start would not be ready before it has compiled them, for half a minute.
.cache/numba/.serving: $(wildcard lookalike/kernel/*.py serving/lookup/*.py) .venv/.requirements
	@echo 'Compiling what look-ups run'
	@mkdir -p $(@D)
	@NUMBA_CACHE_DIR="$${NUMBA_CACHE_DIR:-$(CURDIR)/.cache/numba}" \
	  $(python) -c 'from serving.lookup.compiled import compile_all; compile_all()'
	@touch $@

# Functions that a run has compiled here go to the cluster as they are; what is missing is compiled there.
.cache/numba/.job: $(shell find jobs lookalike -name '*.py') .venv/.requirements | .cache/demo/.made java
	@echo 'Compiling what the job runs'
	@mkdir -p $(@D)
	@./spark-submit.sh --posts .cache/demo/posts.tsv --accounts .cache/demo/accounts.tsv \
	  --output .cache/demo/compiled >.cache/demo/compiled.log
	@awk 'NR > 1 {$$0 = "new" $$0} {print} NR == 20000 {exit}' .cache/demo/posts.tsv >.cache/demo/more.tsv
	@./spark-submit.sh --posts .cache/demo/posts.tsv .cache/demo/more.tsv --accounts .cache/demo/accounts.tsv \
	  --output .cache/demo/compiled --mode incremental >>.cache/demo/compiled.log
	@rm -rf .cache/demo/compiled
	@touch $@

.cache/demo/.made: bench/generate.py | .venv/.requirements
	@echo 'Making a sample in .cache/demo'
	@$(python) bench/generate.py --accounts 20000 --posts 200000 --out .cache/demo
	@touch $@

# --- what only test-deploy, lock and audit need: environments of their own --------------------------
.cache/airflow/.installed: deploy/schedule/requirements-airflow.txt
.cache/schemas/.installed: tests/deploy/requirements-schemas.txt
.cache/audit/.installed: scripts/requirements-audit.txt
.cache/airflow/.installed .cache/schemas/.installed .cache/audit/.installed: | .venv/bin/python
	@echo 'Installing $(notdir $<) into $(@D)'
	@$(python) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install -qq --require-hashes --only-binary :all: -r scripts/requirements-build.txt
	@$(@D)/bin/python -m pip install -qq --require-hashes --no-build-isolation -r $<
	@touch $@

# The repository of Maven is of no use once the jars are copied.
.cache/hadoop/.installed: tests/cluster/hadoop/pom.xml tests/cluster/hadoop/sha256sums
	@echo 'Getting HDFS and YARN into .cache/hadoop'
	@command -v mvn >/dev/null || { echo 'error: Maven is needed (mvn)' >&2; exit 1; }
	@rm -rf $(@D) && mkdir -p $(@D)
	@mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -f $< -DincludeScope=runtime \
	  -Dmaven.repo.local=$(CURDIR)/$(@D)/repository -DoutputDirectory=$(CURDIR)/$(@D)/lib
	@rm -rf $(@D)/repository
	@export LC_ALL=C && cd $(@D)/lib && sha256sum *.jar | diff - $(CURDIR)/tests/cluster/hadoop/sha256sums || \
	  { echo 'error: these files are not those of tests/cluster/hadoop/sha256sums' >&2; exit 1; }
	@touch $@

# Packages of Debian, unpacked and not installed: this machine gets no daemon from them.
.cache/cron/usr/sbin/cron .cache/prometheus/usr/bin/promtool: package = $(word 2,$(subst /, ,$@))
.cache/cron/usr/sbin/cron .cache/prometheus/usr/bin/promtool:
	@echo 'Unpacking $(package) into .cache/$(package)'
	@mkdir -p .cache/$(package)
	@cd .cache/$(package) && apt=(apt-get -qq -o APT::Sandbox::User=root) && \
	  { "$${apt[@]}" download $(package) 2>/dev/null || \
	  { "$${apt[@]}" update && "$${apt[@]}" download $(package); }; } && dpkg -x $(package)_*.deb .
