# Every target sets itself up in .venv, from the hashed locks, when they have changed.
# Plain enough for GNU make 3.81.

PORT = 8084
BACKEND = embedded
ENV =
ARGS =
unexport PORT BACKEND ENV

python = .venv/bin/python
install = @.requirements/install
# Each process has emulators and browsers of its own, and waits for them; a file's tests stay together.
side_by_side = --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help demo tour serve test lint format lock docs bench soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

demo: ## run everything here, with a sandbox Microsoft and Google; PORT=9000, BACKEND=gcp
	$(install) demo$(if $(filter gcp,$(BACKEND)),-gcp)
	@exec .venv/bin/multi-user-oauth demo --port $(PORT) --backend "$(BACKEND)"

tour: ## walk through the whole system once, and explain each step
	$(install) demo
	@exec .venv/bin/multi-user-oauth tour

serve: ## run with your own settings: ENV=file
	@test -n "$(ENV)" || { echo "Which settings? make serve ENV=file" >&2; exit 2; }
	@test -f "$(ENV)" || { echo "There is no settings file $(ENV)" >&2; exit 2; }
	$(install) demo
	@exec .venv/bin/multi-user-oauth serve --env "$(ENV)"

test: ## run the tests; REQUIRE=all fails if any did not run, ARGS="-k word" picks some
	$(install) test
	@CHROMIUM="$$($(python) -m tests.plugins.browser)" exec $(python) -m pytest $(or $(ARGS),$(side_by_side))

lint: ## check format, style, types and the direction of imports
	$(install) test
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	.venv/bin/lint-imports

format: ## format the code, and mend what can be mended
	$(install) test
	$(python) -m ruff check --fix-only
	$(python) -m ruff format

lock: ## pin every requirement again; UPGRADE=1 takes newer versions
	$(install) lock
	@.requirements/lock

docs: ## write docs/api.md, docs/configuration.md and docs/costs.md again
	$(install) test
	@$(python) -m tests.documents.reference

bench: ## measure, and write docs/benchmarks.md; ARGS="-k word" measures some of it
	$(install) test
	@$(python) -m pytest tests/benchmarks -p no:randomly --capture=no $(ARGS); status=$$?; \
	  $(python) -m tests.benchmarks.report && exit $$status

soak: ## run the long tests; SOAK_SECONDS=60 fuzzes each parser for so long instead of 600
	$(install) test
	$(install) soak
	@exec $(python) -m pytest tests/soak $(ARGS)

clean: ## remove .venv, caches and the demo's data
	rm -rf .venv .demo test-results htmlcov .coverage .coverage.* \
	  .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find shared functions tests docs -name __pycache__ -prune -exec rm -rf {} +
