# The commands of this project. CI runs the same ones.

CARGO ?= cargo
# What `make run` builds: release, or dev, which builds sooner and runs slower.
PROFILE ?= release
# More words for `orderhub dev`, as in `make run ARGS='--faults --rate 300'`.
ARGS ?=

binary := $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/orderhub

.PHONY: help setup run test check

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "make run takes PROFILE=dev for a quick build, and ARGS='--faults' or what else 'orderhub dev' takes."

run: ## a whole demo: hub, Postgres, NATS, shops, gateways, carriers and staff; Ctrl-C ends it
	@CARGO='$(CARGO)' ./scripts/setup.sh run
	$(CARGO) build --profile $(PROFILE)
	@exec '$(binary)' dev $(ARGS)

setup: ## install what the tests need, and what `make run` needs with it
	@CARGO='$(CARGO)' ./scripts/setup.sh test

test: setup ## everything that proves the hub, from unit tests to kill -9
	@./scripts/setup_test.sh
	$(CARGO) test --workspace

check: ## formatting and lints, as strict as CI
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
