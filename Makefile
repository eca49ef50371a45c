# make demo       a picture moves: examples/horse.png -> demo.mp4
# make check      lint, format and types, no test
# make test       the same, then the tests; ROOM=media: of that room alone
# make test-all   the same with the slow tests: every kill, every click
# make rooms      the rooms and their files, with lines
VENV ?= .venv
PYTHON ?= python3
ROOM ?=
BIN := $(VENV)/bin

.PHONY: demo check test test-all rooms clean
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
CPU = torch=$$($(BIN)/python tools/install/torch_index.py)

# What a demo needs: the package alone. The tests need all its extras.
$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) "setuptools>=77"
	$(CPU) && $(PIP) $$torch --no-build-isolation -e .
	touch $@

$(VENV)/.ready: $(VENV)/.base
	$(CPU) && $(PIP) $$torch --no-build-isolation -e ".[dev,train,eval,gpu,server,scale]"
	touch $@

demo: $(VENV)/.base
	$(BIN)/motionalchemy animate examples/horse.png "the horse gallops to the right" -o demo.mp4 --seed 1
	@echo "look at demo.mp4"

check: $(VENV)/.ready
	$(BIN)/ruff check motionalchemy tests benchmarks tools
	$(BIN)/ruff format --check motionalchemy tests benchmarks tools
	$(BIN)/basedpyright --level error

# Two processes of one thread; a file's tests stay together, for they share what is slow to start.
CHOSEN = not slow
test-all: CHOSEN = slow or not slow
test test-all: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$(CHOSEN)" $(if $(ROOM),tests/$(ROOM))

rooms:
	@wc -l $$(find motionalchemy -name '*.py' | sort) | sed 's| motionalchemy/| |' | awk '\
		$$2 == "total" { total = $$1; next } \
		{ room = $$2; if (sub("/.*", "", room)) sub(room "/", "", $$2); else { print; next } } \
		room != last { if (last) printf "%6d  %s/\n%s", sum, last, files; last = room; sum = 0; files = "" } \
		{ sum += $$1; if ($$1 > 1) files = files sprintf("  %6d  %s\n", $$1, $$2) } \
		END { printf "%6d  %s/\n%s%6d  lines\n", sum, last, files, total }'

clean:
	rm -rf $(VENV) build *.egg-info
