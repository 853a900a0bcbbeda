# What there is to do in this repository. "make" lists the targets.
#
# The tools are pinned in tools/go.mod, not in go.mod: who embeds the library should not find a linter's two hundred
# dependencies in his module graph. "go tool -modfile=tools/go.mod NAME" builds and runs one.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

TOOL     := go tool -modfile=tools/go.mod
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BUILD    := -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
FUZZTIME ?= 10m
CASES    ?= 100000
# Only the fuzz targets whose package.Target matches.
FUZZ     ?= .
# What the tests find beside what is installed.
PEERS = OGRCARTO_TEST_GDAL_UTILS=$$(scripts/gdal-utils.sh bin/gdal-utils) OGRCARTO_TEST_CARTO_PYTHON=$$(scripts/carto-python.sh bin/carto-python)
# More arguments for "go test": make test TESTFLAGS='-run Copy -v'.
TESTFLAGS ?=

# What the tests compare with, on Debian.
TEST_PACKAGES := gdal-bin python3-gdal postgresql-15-postgis-3 postgresql-client pgbouncer sqlite3 zip
BENCH_PACKAGES := gdal-bin time postgresql-15-postgis-3 postgresql-client curl wrk

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: build
build: ## bin/ogrcarto, one static binary
	CGO_ENABLED=0 go build $(BUILD) -o bin/ogrcarto ./cmd/ogrcarto

.PHONY: test
test: ## all tests, beside servers of their own; installs what is missing (Debian, as root)
	scripts/packages.sh $(TEST_PACKAGES)
	$(PEERS) scripts/with-servers.sh go test $(TESTFLAGS) ./...

.PHONY: proof
proof: ## 100,000 random filters, or CASES, on GeoPackage and PostGIS beside the reference
	scripts/packages.sh $(TEST_PACKAGES)
	OGRCARTO_TEST_CASES=$(CASES) scripts/with-servers.sh go test -timeout 60m -run Proof -v ./sqlbuilder

.PHONY: race
race: ## the short tests under the race detector (needs a C compiler), beside servers of their own
	scripts/packages.sh $(TEST_PACKAGES)
	$(PEERS) CGO_ENABLED=1 scripts/with-servers.sh go test -race -short $(TESTFLAGS) ./...

.PHONY: lint
lint: ## formatting, vet, linters, go.mod, scripts
	scripts/lint.sh

.PHONY: format
format: ## format all Go files
	$(TOOL) gofumpt -w .

.PHONY: vuln
vuln: ## known vulnerabilities in what is built (needs the network)
	scripts/vuln.sh $(TOOL) govulncheck ./...

.PHONY: cross
cross: ## bin/dist: the binary for every platform
	scripts/cross.sh bin/dist $(BUILD)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10m), or those that match FUZZ
	scripts/fuzz.sh $(FUZZTIME) '$(FUZZ)'

.PHONY: bench
bench: build ## measure beside ogr2ogr; BENCHFLAGS=--write puts the table into bench/README.md
	scripts/packages.sh $(BENCH_PACKAGES)
	bench/run.sh $(BENCHFLAGS)
	scripts/with-servers.sh bench/serve.sh $(BENCHFLAGS)

.PHONY: generate
generate: ## remake generated files
	go generate ./...
	testdata/make-odd.py

.PHONY: clean
clean: ## remove what was built and measured
	rm -rf bin bench/data
