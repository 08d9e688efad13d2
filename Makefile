# The two commands of every day are `make run` and `make test`; `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
export CGO_ENABLED ?= 0
GO_BUILD := go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

web_sources := $(shell find web -name node_modules -prune -o \
	\( -path web/dist -o -path '*/dist' -o -path '*/out' -o -path '*/.next' \) -prune -o \
	-type f ! -name '*.tsbuildinfo' ! -name next-env.d.ts -print)
web_build := web/dist/index.html
web_install := web/node_modules/.installed
test_install := test/node_modules/.installed
yjs_install := yjs/difftest/node_modules/.installed
linter := bin/golangci-lint

##@ Every day

.PHONY: run
run: build ## Build everything and start a server with the demo story; prints its URL
	@exec bin/storywire serve --demo

.PHONY: test
test: ## Run everything that CI runs
	scripts/test

PLAY_SEEDS ?= 100000
PLAY_CLUSTER_FOR ?= 60s
.PHONY: test-long
test-long: $(test_install) ## Play many more random schedules of breaking nodes and connections (an hour or two)
	PLAY_SEEDS=$(PLAY_SEEDS) go test -race ./internal/play -run 'TestRandomCommands|TestNodesThatRaceAndDie' -count=1 -timeout=4h -v
	PLAY_CLUSTER_FOR=$(PLAY_CLUSTER_FOR) go test ./test/cluster -count=1 -timeout=4h -drops=100 -seeds=50

##@ Parts

.PHONY: build
build: $(web_build) ## Build bin/storywire with the web app in it
	$(GO_BUILD) -o bin/storywire ./cmd/storywire

.PHONY: web
web: $(web_build) ## Build the web app that the binary carries

$(web_build): $(web_install) $(web_sources)
	cd web && npm run --silent build
	touch $@

%/node_modules/.installed: %/package-lock.json
	@command -v npm >/dev/null || { echo 'Node.js 20.19 or newer is needed: https://nodejs.org' >&2; exit 1; }
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: packages
packages: $(web_install) $(test_install) $(yjs_install) ## Install the JavaScript packages of the web app and the tests

.PHONY: conformance
conformance: build $(test_install) ## The stock JavaScript clients against the server and the library
	$(GO_BUILD) -o bin/conformance-server ./test/conformance/server
	cd test && node --test conformance/*.test.mjs

.PHONY: reference
reference: $(test_install) ## The same against the reference implementation: are the tests right?
	cd test && npm run --silent conformance:reference

.PHONY: mixed
mixed: $(test_install) ## A cluster with Node's servers, both ways
	$(GO_BUILD) -o bin/mixed-server ./test/cluster/mixed/server
	cd test && node --test cluster/mixed/*.test.mjs

.PHONY: e2e
e2e: build $(test_install) ## Two people in Chromium; pictures in test/e2e/pictures
	$(GO_BUILD) -o bin/conformance-server ./test/conformance/server
	cd test && node --test e2e/*.test.mjs

.PHONY: bench
bench: ## Measure against the peers and print the ratios (about fifteen minutes, a quiet machine)
	go run ./bench/run

.PHONY: bench-edit
bench-edit: ## Measure documents beside Hocuspocus (about three minutes, a quiet machine)
	go run ./bench/edit

.PHONY: bench-play
bench-play: ## Measure 10,000 parties of four on one node (about two minutes, a quiet machine)
	go run ./bench/play

.PHONY: lint lint-go
lint: lint-go $(web_install) ## Find mistakes in Go and TypeScript
	cd web && npm run --silent lint

lint-go: $(linter)
	$(linter) run

.PHONY: fmt
fmt: $(linter) $(web_install) ## Format Go and TypeScript
	$(linter) fmt
	cd web && npm run --silent format

# The linter comes from its own module, so that the product's go.sum stays small.
$(linter): tools/go.sum
	cd tools && $(GO_BUILD) -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: ## Write what is generated from the Go sources (web/client/src/wire.ts)
	go generate ./...

ROUNDS ?= 100000
SEEDS ?= 5000
.PHONY: test-edit
test-edit: $(yjs_install) ## Documents for hours: ROUNDS (100000) against npm's yjs, SEEDS (5000) of three nodes
	go test ./yjs -run 'TestDifferential$$' -rounds $(ROUNDS) -timeout 0 -v
	COEDIT_SEEDS=$(SEEDS) go test -race ./internal/coedit -run TestNodesAgreeAndLoseNothing -timeout 0

FUZZTIME ?= 20s
.PHONY: fuzz
fuzz: ## Fuzz every decoder, FUZZTIME (20s) each; `make test` runs the seeds
	scripts/fuzz $(FUZZTIME)

.PHONY: clean
clean: ## Remove what was built, not what was downloaded
	rm -rf bin .cache web/app/.next web/app/out web/client/dist test/e2e/pictures
	find web/dist -mindepth 1 ! -name .keep -delete

.PHONY: help
help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
