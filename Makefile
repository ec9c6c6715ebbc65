# Each target makes what it needs under .venv/; only python3, git and make must be there. As root,
# test-matrix and test-backends also install what Debian has of their servers.
.DEFAULT_GOAL := help
.PHONY: help demo test coverage test-matrix attack soak test-backends dashboards pictures check bench results clean

# The newest suitable interpreter; looked for only by the targets that use it.
PYTHON = $(or $(shell sh scripts/pythons | head -n 1),false)
check = .venv/check/bin
ARGS =

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

demo:  ## all of it on a small shop: a history, a service, a load, the report
	@commands=$$($(PYTHON) scripts/environment.py demo '.[demo]') && \
	$$commands/aiprov demo $(ARGS)

test:  ## test the built wheel on the newest Python of this machine (ARGS="-k name")
	@$(PYTHON) scripts/test.py $(ARGS)

coverage:  ## the same tests, and the lines and branches that they execute
	@$(PYTHON) scripts/test.py --coverage $(ARGS)

test-matrix:  ## the other Pythons, the oldest OpenTelemetry, no extras, each framework
	@scripts/brokers Redis RabbitMQ Kafka valgrind
	@scripts/schema
	@$(PYTHON) scripts/matrix.py

attack:  ## faults at each line of the runtime, bad inputs at each parser (ATTACK_MINUTES=10)
	@$(PYTHON) scripts/attack.py $(ARGS)

soak:  ## a service and a receiver under load, reloads and killed workers: do they stay flat? (MINUTES=30)
	@commands=$$($(PYTHON) scripts/environment.py soak '.[demo]') && \
	$$commands/python scripts/soak.py $(or $(MINUTES),30)

test-backends:  ## what `aiprov dashboards` writes, on real servers; some are built with Go, once
	@scripts/brokers Prometheus Alertmanager docker-compose
	@scripts/servers
	@scripts/schema
	@commands=$$($(PYTHON) scripts/environment.py backends --group test --group kubernetes '.[demo]') && \
	$$commands/pytest tests/backends $(ARGS) && \
	PYTHONPATH=tests $$commands/python scripts/expressions.py

dashboards:  ## write the dashboards and alerts that are shipped, from scripts/dashboards
	@PYTHONPATH=scripts:src $(PYTHON) -m dashboards src/aiprov_otel/backends/data

pictures:  ## docs/pictures: a staged incident in Grafana's components, without its server
	@scripts/schema
	@commands=$$($(PYTHON) scripts/environment.py pictures --group test --group pictures '.[demo]') && \
	PYTHONPATH=scripts:tests $$commands/python -m pictures docs/pictures

check:  ## format, lint, types, import contracts, README and docs; the pages into .venv/site
	@$(PYTHON) scripts/environment.py check --group dev '.[demo]' >/dev/null
	$(check)/ruff format --check .
	$(check)/ruff check .
	$(check)/mypy src scripts benchmarks tests/support examples/shop
	$(check)/lint-imports
	$(check)/pytest tests/docs
	NO_MKDOCS_2_WARNING=1 $(check)/mkdocs build

bench:  ## what provenance costs a service, a build, a report (HISTORY=path of a repository)
	@commands=$$($(PYTHON) scripts/environment.py bench --group peers '.[demo]') && \
	$$commands/python benchmarks/spans.py && \
	$$commands/python benchmarks/hook.py && \
	$$commands/python benchmarks/manifest.py && \
	$$commands/python benchmarks/history.py $(or $(HISTORY),.) && \
	$$commands/python benchmarks/receiver.py && \
	$$commands/python benchmarks/growth.py

results:  ## write benchmarks/RESULTS.md: hot paths, requests and peers, in instructions
	@scripts/brokers valgrind
	@commands=$$($(PYTHON) scripts/environment.py bench --group peers '.[demo]') && \
	$$commands/python benchmarks/results.py

clean:  ## remove what the other targets made
	rm -rf .venv .aiprov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
	    .pytest_cache .ruff_cache aiprov-demo build dist
