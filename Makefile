# Everything is made from nothing but Python >= 3.11: the targets create .venv.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: demo test lint conventions bench soak load docs reference man \
	fuzz conformance news changelog dist wheel-check lowest release-check tag upload clean

demo: .venv/ready
	$(BIN)/python examples/tour.py

test: .venv/ready
	$(BIN)/trial --jobs=$(JOBS) --reporter=packages $(TRIALFLAGS) $(or $(TESTS),tests)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if command -v luacheck >/dev/null; then luacheck -q lua examples bench tests; \
	else echo "luacheck is not installed: Lua was not checked"; test -z "$$CI"; fi

conventions: .venv/ready
	$(BIN)/trial tests.test_layers tests.test_private_names tests.test_news

bench: .venv/ready
	$(BIN)/python -m bench.run

# All protocols busy for so long, and what grows meanwhile.
MINUTES ?= 10
soak: .venv/ready
	$(BIN)/python -m bench.soak $(MINUTES) dist/soak.svg

# Thousands of connections held open and in use; SHARE=0.1 for a tenth of them.
SHARE ?= 1
load: .venv/ready
	$(BIN)/python -m bench.load $(SHARE)

SECONDS ?= 300
fuzz: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz.http_engine -max_total_time=$(SECONDS)

# The cases of the Autobahn suite, for WebSockets in both roles: 247, or all 517 with ALL=--all.
conformance: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[conformance]'
	$(BIN)/python -m tests.conformance.run --reports dist/conformance $(ALL)

docs: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs dist/docs
	@echo "dist/docs/index.html"

# The tables of docs/reference/: from the definitions in lua/types/, and from the code.
reference: .venv/ready
	$(BIN)/python -m eplua_twisted.api.tables docs
	$(BIN)/python -m tests.support.hc3_tables
	$(BIN)/python -m tests.support.refusals

man: .venv/ready
	mkdir -p dist
	$(BIN)/eplua man > dist/eplua.1
	@echo "dist/eplua.1"

news: .venv/ready
	$(BIN)/towncrier build --draft

# The steps of a release; CONTRIBUTING.md says what to do with them.
changelog: .venv/ready
	$(BIN)/towncrier build --yes

# The wheel is made from the sdist.
dist: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[release]'
	rm -f dist/*.whl dist/*.tar.gz
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz

# The wheel on every Python that is here; the tests with the lowest versions.
wheel-check: dist
	$(BIN)/python .ci/wheel.py

lowest: .venv/ready
	PYTHON=$(PYTHON) .ci/lowest.sh --jobs=$(JOBS) $(TRIALFLAGS) $(or $(TESTS),tests)

release-check: .venv/ready
	$(BIN)/python .ci/release.py

tag: release-check
	git tag --annotate "v$$($(BIN)/python .ci/release.py)" --message "Version $$($(BIN)/python .ci/release.py)"

upload: release-check wheel-check
	$(BIN)/twine upload dist/*.whl dist/*.tar.gz

.venv/ready: pyproject.toml tests/broker.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --upgrade --target .venv/broker -r tests/broker.txt
	touch $@

clean:
	rm -rf .venv dist _trial_temp*
