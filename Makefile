# make demo   a picture moves: examples/horse.png -> demo.mp4
# make test   lint, types and tests
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: demo test clean

$(VENV)/.ready: pyproject.toml constraints.txt Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "setuptools>=77"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[dev,train,eval,gpu,server]"
	touch $@

demo: $(VENV)/.ready
	$(BIN)/motionalchemy animate examples/horse.png "the horse gallops to the right" -o demo.mp4 --seed 1
	@echo "look at demo.mp4"

test: $(VENV)/.ready
	$(BIN)/ruff check motionalchemy tests
	$(BIN)/ruff format --check motionalchemy tests
	$(BIN)/basedpyright --level error
	$(BIN)/python -m pytest -n 2

clean:
	rm -rf $(VENV) build *.egg-info
