# The commands of this project. CI runs the same ones.

CARGO ?= cargo

.PHONY: help setup run test check

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

setup: ## install what the tests need: Postgres, nats-server, localstripe
	@./scripts/setup.sh

run: setup ## a whole demo: hub, Postgres, NATS, shops, gateways, carriers and staff
	$(CARGO) build --release
	./target/release/orderhub dev

test: setup ## everything that proves the hub, from unit tests to kill -9
	$(CARGO) test --workspace

check: ## formatting and lints, as strict as CI
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
