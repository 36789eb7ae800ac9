# Each target sets up what it needs in .venv; nothing else on the machine is touched, except that `make test` may
# install a browser (see .ci/browser).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs bench clean

help:
	@echo "make demo    render a real ImageNet model and build its site (less than three minutes on two cores, after installation)"
	@echo "make test    run every test"
	@echo "make lint    ruff and mypy"
	@echo "make format  let ruff rewrite what it can"
	@echo "make docs    make the reference from the code and build the documentation in build/docs"
	@echo "make bench   measure speed and memory against a peer"
	@echo "make clean   remove .venv, caches and build/site; build/store is kept"
	@echo "PYTHON=python3.12 make ... chooses the interpreter (3.10 or newer)"

demo: $(VENV)/.demo
	$(BIN)/atlas demo $(DEMO_ARGS)
	@command -v atlas > /dev/null || echo "To have atlas as a command of your shell: . $(BIN)/activate"

# A thread for each of two workers: threads of torch that share two cores with as many others wait more than they work.
test: $(VENV)/.dev
	.ci/browser $(BIN)
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist loadfile $(TEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev
	$(BIN)/python -m reference
	$(BIN)/python -m zensical build --strict --clean

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/render.py $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build/site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -not -path './build/*' -prune -exec rm -rf {} +

# One stamp per set of extras, remade when pyproject.toml changes. The install is editable: a change in atlas/ needs none.
$(VENV)/.demo: EXTRAS := demo
$(VENV)/.dev: EXTRAS := dev
$(VENV)/.bench: EXTRAS := bench
$(VENV)/.demo $(VENV)/.dev $(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "atlas needs Python 3.10 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make a venv; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
