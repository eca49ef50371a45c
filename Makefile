# make demo   a picture moves: examples/horse.png -> demo.mp4
# make test   lint, types and tests
# make test-all   the same with the slow tests: every kill, every click
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: demo test test-all clean

$(VENV)/.ready: pyproject.toml constraints.txt Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "setuptools>=77"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[dev,train,eval,gpu,server]"
	touch $@

demo: $(VENV)/.ready
	$(BIN)/motionalchemy animate examples/horse.png "the horse gallops to the right" -o demo.mp4 --seed 1
	@echo "look at demo.mp4"

# Two processes of one thread; a file's tests stay together, for they share what is slow to start.
CHOSEN = not slow
test-all: CHOSEN = slow or not slow
test test-all: $(VENV)/.ready
	$(BIN)/ruff check motionalchemy tests
	$(BIN)/ruff format --check motionalchemy tests
	$(BIN)/basedpyright --level error
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$(CHOSEN)"

clean:
	rm -rf $(VENV) build *.egg-info
