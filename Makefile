# Every recipe works in a clean clone with Python ≥ 3.11 (its pip and venv) and make. Try `make help`.
PYTHON ?= python3
BIN := .venv/bin
# The locks are complete and hash-pinned: pip resolves nothing, and its own configuration says where packages come from.
# What builds packages stands in the lock, too, so that no build fetches anything behind the lock's back.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation
# Paragraphs and questions with known answers; bench/README.md says in which form.
SQUAD ?= ../shared/data/squad
WEB := $(BIN)/python tools/build_web.py
# Most tests wait most of the time. tests/conftest.py says which can't have others beside them, and in what order they run.
SIDE_BY_SIDE := --numprocesses 4 --dist loadgroup --no-loadscope-reorder
CHECKED := src tests bench tools examples hatch_build.py
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: serve test test-slow check check-python check-form check-types check-page bench bench-answers bench-search bench-search-kills bench-search-beside bench-faults bench-completeness bench-syncing bench-loaders bench-grown bench-page bench-hostile mutants attack check-deploy sbom docs format lock clean help

serve: .venv/.installed ## run Hubbub on http://127.0.0.1:8000; elsewhere: make serve PORT=9000
	$(WEB)
	$(BIN)/hubbub serve $(if $(PORT),--port $(PORT))

# The many servers that the tests start would each compile the whole package where nothing keeps what was compiled.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.installed-dev ## run all tests: pytest's, and the front end's beside them
	$(WEB)
	$(WEB) test >.front-end-tests.log 2>&1 & front_end=$$!; \
	$(BIN)/python -m pytest $(SIDE_BY_SIDE); tests=$$?; \
	wait $$front_end || { tests=1; cat .front-end-tests.log; echo "The front end's tests failed."; }; \
	exit $$tests

test-slow: .venv/.installed-dev ## run the tests that take their time, one after the other: crowds, kills, restarts
	$(WEB)
	$(BIN)/python -m pytest -m slow

# The types take longest, and not both of two cores: all else is checked beside them.
check: .venv/.installed-dev ## format, lint, types and the stairs; the front end's types too
	@$(MAKE) --no-print-directory --jobs=2 --keep-going check-types check-form check-page

check-python: check-form check-types

check-form: .venv/.installed-dev
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	PYTHONPATH=src $(BIN)/lint-imports --no-logo

# What has passed is not checked again while no source, none added or removed, and nothing installed has changed.
TYPED := $(shell find src -name __pycache__ -prune -o -name static -prune -o \( -type d -o -name '*.py' \) -print)
check-types: .venv/.typed

.venv/.typed: $(TYPED) pyproject.toml .venv/.installed-dev
	$(BIN)/pyright
	touch $@

check-page: .venv/.installed-dev
	$(WEB) check

bench: .venv/.installed .venv-bench/.installed ## measure what a relayed token costs, peers beside: make bench ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.lab $(ARGS)

bench-answers: .venv/.installed ## measure answers over documents, on the questions in the folder SQUAD
	$(BIN)/python -m bench.grounding $(SQUAD)

bench-search: .venv/.installed ## measure searches by size, as in make bench-search ARGS="--sizes 300000,1000000 --beside TREE"
	PYTHONPATH=src $(BIN)/python -m bench.searching $(ARGS)

bench-search-kills: .venv/.installed ## kill a process while it builds the index of a search, 50 times, and compare
	PYTHONPATH=src $(BIN)/python -m bench.searching.kills $(ARGS)

bench-search-beside: .venv/.installed ## measure tokens of 300 streams while 100,000 passages are searched: make bench-search-beside ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.searching.beside $(ARGS)

bench-faults: .venv/.installed-dev ## let model servers fail in every way, and count what people see: make bench-faults ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.faults $(ARGS)

bench-completeness: .venv/.installed ## compare what is read of documents with a cruder count: make bench-completeness ARGS="FOLDER"
	PYTHONPATH=src $(BIN)/python -m bench.completeness $(ARGS)

bench-syncing: .venv/.installed ## change a folder for five minutes while its server is killed, and compare: make bench-syncing ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.syncing $(ARGS)

bench-loaders: .venv/.installed-dev ## damage documents of every kind for some minutes, and read them: make bench-loaders ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.loaders $(ARGS)

bench-grown: .venv/.installed-dev ## let workers, networks and a PostgreSQL with its replica fail: make bench-grown ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.grown $(ARGS)

bench-page: .venv/.installed-dev ## measure the page in Chromium, about five minutes: make bench-page ARGS="--help"
	$(WEB)
	PYTHONPATH=src $(BIN)/python -m bench.page $(ARGS)

mutants: .venv/.installed-dev ## change the code a little at a time, and tell what no test notices: make mutants ARGS="MODULES -- TESTS"
	$(BIN)/python tools/mutate.py $(ARGS)

bench-hostile: .venv/.installed-dev ## show hostile texts on the page in Chromium, and count what runs, about five minutes
	$(WEB)
	PYTHONPATH=src $(BIN)/python -m bench.hostile $(ARGS)

check-deploy: .venv-deploy/.installed .venv/.installed-dev ## check deploy/: manifests by Kubernetes' schemas, the image's steps
	.venv-deploy/bin/kubernetes-validate --strict deploy/kubernetes/[!k]*.yaml
	$(WEB)
	HUBBUB_IMAGE=1 $(BIN)/python -m pytest tests/test_deploy.py -q

sbom: .venv-deploy/.installed ## list what the image is made of, as CycloneDX: build/sbom.json
	mkdir -p build
	.venv-deploy/bin/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.json

attack: .venv/.installed-dev ## try what once got through, in at most 15 minutes: make attack ARGS="--help"
	PYTHONPATH=src $(BIN)/python -m bench.attack $(ARGS)

docs: .venv/.installed ## write the generated pages of docs/reference
	$(BIN)/python tools/write_reference.py

format: .venv/.installed-dev ## put the code in the house's form
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

lock: .venv/bin/pip ## write the locks anew from pyproject.toml; UPGRADE=--upgrade takes newer releases
	test -x $(BIN)/uv || $(INSTALL) uv
	$(COMPILE) pyproject.toml --extra embedded --extra documents --group build --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	$(COMPILE) --group bench --constraints requirements.lock --output-file requirements-bench.lock
	$(COMPILE) --group node --constraints requirements-dev.lock --output-file requirements-node.lock
	$(COMPILE) --group build --constraints requirements.lock --output-file deploy/build.lock
	$(COMPILE) pyproject.toml --extra azure --extra documents --extra embedded --extra postgres \
		--constraints requirements.lock --constraints requirements-dev.lock --output-file deploy/requirements.lock
	$(COMPILE) --group deploy --constraints requirements-dev.lock --output-file deploy/tools.lock

clean: ## remove everything that was made here; a data folder elsewhere stays
	rm -rf .venv .venv-bench .venv-deploy build dist frontend/node_modules src/hubbub/web/static
	rm -rf .front-end-tests.log .pytest_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# pip is what a venv gets last: an environment that broke off half-way is made again.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hubbub needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/pip
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(INSTALL) --editable .
	touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	$(INSTALL) --require-hashes --requirement requirements-dev.lock
	touch $@

.venv-deploy/.installed: deploy/tools.lock | .venv/bin/pip
	$(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	touch $@

# The lab's peers: packages that Hubbub has nothing to do with.
.venv-bench/.installed: requirements-bench.lock | .venv/bin/pip
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	touch $@
