# Two commands on a fresh machine (Python >= 3.11, make): `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
SPECIMEN ?= specimen
JOBS ?= 2
REPLAY := 2.4.6
REPLAY_SHA512 := b86e748c449195dd29f9f63bfa753121697b86f7e29ab78d8d299a36473f6bd6bc8017666fb3c7e09e362226febe093d2ab1ddd072d27154fef8b82a5797f0a5
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help setup tools demo round test check lint evaluate torture bench pictures bundle lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / — /' | sort

setup: .venv/.done  ## make .venv from requirements.lock and find or install a Chromium

.venv/.done: requirements.lock requirements-build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lantian needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "No venv module: on Debian, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -q --require-hashes -r requirements-build.lock
	$(BIN)/python -m pip install -q --require-hashes --no-build-isolation -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@$(BIN)/python -m console.chromium
	@touch $@

tools: setup .tools/.done  ## make .tools: the third parties' programs that read what we write (pywb, wacz, ReplayWeb.page)

# In an environment of their own: their pins contradict ours, and we ship none of them.
.tools/.done: requirements-tools.lock requirements-build.lock
	@rm -rf .tools && $(PYTHON) -m venv .tools
	.tools/bin/python -m pip install -q --require-hashes -r requirements-build.lock
	.tools/bin/python -m pip install -q --require-hashes --no-build-isolation -r requirements-tools.lock
	@cd .tools && if npm pack --silent replaywebpage@$(REPLAY) >/dev/null; then \
	  echo "$(REPLAY_SHA512)  replaywebpage-$(REPLAY).tgz" | sha512sum --check --quiet && \
	  tar -xzf replaywebpage-$(REPLAY).tgz package/ui.js package/sw.js; \
	else echo "npm gave no ReplayWeb.page: its test will be skipped"; fi
	@touch $@

# As root Chromium runs without its sandbox; the demo and the tests only open pages of our own.
demo: setup  ## a whole round over the specimen web on this machine; SPECIMEN=DIR serves another
	@LANTIAN_BROWSER_AS_ROOT=1 $(BIN)/lantian demo --specimen "$(SPECIMEN)" $(if $(DEMO_ONCE),--once)

round: setup  ## the default watch list against the live platforms
	@$(BIN)/lantian round

test: setup  ## everything that can run on this machine; names what it skipped and why
	@LANTIAN_BROWSER_AS_ROOT=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: setup  ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test  ## what every commit must pass

evaluate: setup  ## how often the rules are right, with intervals; TEST=1 scores the test parts, WRITE=1 renews docs
	@$(BIN)/python -m benchmarks.evaluate $(if $(TEST),--test) $(if $(WRITE),--write)

torture: setup  ## the long tests in full
	@LANTIAN_BROWSER_AS_ROOT=1 $(BIN)/python -m pytest --torture -m torture $(if $(ONLY),-k "$(ONLY)")

bench: setup  ## the benchmarks of docs/benchmarks.md
	@LANTIAN_BROWSER_AS_ROOT=1 $(BIN)/python -m benchmarks

pictures: setup  ## the pictures of the README, from a demo in a home of its own (needs poppler-utils)
	@$(BIN)/python -m benchmarks.pictures

bundle: setup  ## one file to install from without a network: dist/lantian-VERSION-….tar; WITHOUT_DEBS=1 leaves Debian's packages out
	@deploy/bundle.sh $(if $(OUT),"$(OUT)")

lock:  ## renew the three lock files (needs uv)
	printf 'setuptools\nwheel\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements-build.lock
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	printf 'pywb\nwacz\n' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements-tools.lock

clean:  ## remove what setup, demo and tests made
	rm -rf .venv .tools demo-home .mypy_cache .ruff_cache .pytest_cache .import_linter_cache lantian.egg-info
