# Every target sets up what it needs in .venv the first time; a stamp file per set of packages makes the second run instant.

PYTHON ?= python3
VENV ?= .venv
SCRIPT ?= examples/muscle_tendon.py
ARGS ?=
JOBS ?= auto
COUNT ?= 10000
FROM ?= 0
ONLY ?=
BENCH ?=

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help why coverage docs examples gallery test test-browser test-thorough test-tensorflow test-tensorflow-oldest test-torch test-jax test-peers core test-core programs mutants lint types bench bench-page bench-explain clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

why: $(VENV)/.cli ## explain the gradients of a program: make why SCRIPT=path.py ARGS="..."
	@$(PY) -m gradtape why $(SCRIPT) $(ARGS)

# tests run beside each other: threads that wait for a busy core would burn the others' time
test test-thorough: export OMP_NUM_THREADS = 1
test test-thorough: export OPENBLAS_NUM_THREADS = 1
# the recorders' tests have an environment of their own each, see below
test: $(VENV)/.test ## run the tests
	@$(PY) -m pytest -n $(JOBS) -m "not thorough" --ignore=tests/recorders/jax

test-thorough: $(VENV)/.test ## run the slow, exhaustive tests too
	@$(PY) -m pytest -n $(JOBS)

test-peers: $(VENV)/.peers ## compare gradients with TensorFlow, PyTorch, JAX and autograd, as far as they can be installed
	@$(PY) -m pytest -n $(JOBS) tests/peers

# each framework has an environment of its own: they ask for different versions of what they share
# what else skips itself where the framework is missing
WITH_tensorflow := tests/debugging tests/optim tests/docs
WITH_torch := tests/debugging tests/docs tests/explain/test_pages.py
test-tensorflow: ## run the tests of the TensorFlow recorder, with TensorFlow
test-torch: ## run the tests of the PyTorch recorder, with PyTorch
test-jax: ## run the tests of the JAX recorder, with JAX
test-tensorflow test-torch test-jax: test-%:
	@$(MAKE) --no-print-directory VENV=$(VENV)-$* $(VENV)-$*/.test-$*
	@$(VENV)-$*/bin/python -m pytest -n $(JOBS) -m "not thorough" tests/recorders/$* $(WITH_$*)

test-tensorflow-oldest: ## run the tests of the TensorFlow recorder with the oldest TensorFlow and Keras that it is for
	@$(MAKE) --no-print-directory VENV=$(VENV)-tensorflow-oldest $(VENV)-tensorflow-oldest/.$@
	@$(VENV)-tensorflow-oldest/bin/python -m pytest -n $(JOBS) -m "not thorough" tests/recorders/tensorflow

# the browser is the system's: apt-get install chromium chromium-driver
test-browser: ## test the pages in a headless Chromium, and the notebook in IPython
	@$(MAKE) --no-print-directory VENV=$(VENV)-browser $(VENV)-browser/.test-browser
	@GRADTAPE_BROWSER=required $(VENV)-browser/bin/python -m pytest tests/render/browser tests/notebook

docs: ## build the site in docs/_build/html; a warning is an error
	@$(MAKE) --no-print-directory VENV=$(VENV)-docs $(VENV)-docs/.docs
	@$(VENV)-docs/bin/sphinx-build -W --keep-going --quiet -b html docs docs/_build/html
	@echo "the site is docs/_build/html/index.html"

gallery: ## make docs/gallery anew: the page and the pictures of an example
	@$(MAKE) --no-print-directory VENV=$(VENV)-browser $(VENV)-browser/.test-browser
	@$(VENV)-browser/bin/python tools/gallery.py

examples: $(VENV)/.test ## run the examples, and make results and pictures in docs/examples anew: make examples ONLY=fluid
	@$(PY) tools/examples.py $(ONLY)

core: | $(PY) ## compile the hot path in place (needs a C compiler); rm src/gradtape/arrays/_core*.so undoes it
	@$(PY) tools/core.py

test-core: $(VENV)/.test core ## run the tests of the engine with the compiled hot path
	@$(PY) -m pytest -n $(JOBS) -m "not thorough" tests/arrays tests/tape tests/spaces

programs: $(VENV)/.test ## compare random programs with the oracle: make programs COUNT=100000 FROM=0
	@$(PY) -m tests.programs --count $(COUNT) --from $(FROM)

coverage: $(VENV)/.test ## measure which functions are differentiated rightly, and write docs/coverage.md
	@$(PY) tools/coverage.py --write

mutants: $(VENV)/.test ## try wrong rules, each of which a test must notice: make mutants ONLY=arctan2
	@$(PY) -m tests.mutants $(if $(ONLY),--only $(ONLY))

lint: $(VENV)/.lint ## check style, format and the order of the rooms
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check . || { echo "some files are not formatted; help: $(VENV)/bin/ruff format ."; exit 1; }
	@$(VENV)/bin/lint-imports --no-logo --no-cache

types: $(VENV)/.lint ## check types
	@$(VENV)/bin/mypy

# TensorFlow and JAX take part from the environments that `make test-tensorflow` and `make test-jax` set up
OTHERS = $(foreach python,$(wildcard $(VENV)-tensorflow/bin/python $(VENV)-jax/bin/python),--python $(python))
bench: $(VENV)/.bench ## measure against the derivative by hand and other libraries: make bench BENCH="--only chain"
	@$(PY) benchmarks/run.py $(OTHERS) $(BENCH)

bench-page: $(VENV)/.bench ## the same, written into docs/benchmarks.md
	@$(PY) benchmarks/run.py $(OTHERS) --page docs/benchmarks.md --plot docs/benchmarks/ratios.svg --json docs/benchmarks/ratios.json
	@GRADTAPE_CORE=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) benchmarks/where.py --page docs/benchmarks.md
	@$(PY) benchmarks/scaling.py --page docs/benchmarks.md
	@$(PY) benchmarks/memory.py --page docs/benchmarks.md

bench-explain: $(VENV)/.test ## measure what it costs to record the places of operations, and to explain long tapes
	@$(PY) benchmarks/recording.py
	@echo
	@$(PY) benchmarks/explaining.py

clean: ## remove the environment and the caches
	rm -rf docs/_build docs/generated $(VENV) $(VENV)-browser $(VENV)-docs $(VENV)-tensorflow $(VENV)-tensorflow-oldest $(VENV)-torch $(VENV)-jax .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(PY):
	@for python in "$(PYTHON)" python3.13 python3.12 python3.11 python3.14 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); echo "$$python cannot make a virtual environment; help: install its venv module (python3-venv on Debian)" >&2; exit 1; \
	  fi; \
	done; echo "no Python 3.11 or newer was found; help: make PYTHON=/path/to/python3" >&2; exit 1

$(VENV)/.%: pyproject.toml | $(PY)
	@echo "setting up $(VENV) for: $*" >&2
	@$(PIP) --editable '.[$*]'
	@touch $@
