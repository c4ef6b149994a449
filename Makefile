SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

# Linters stay out of go.mod: they would add some two hundred modules to it.
LINT     := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BENCH    ?= .
SIZE     ?= full
FUZZTIME ?= 10s

.PHONY: help run build generate generated test race check fmt bench torture fuzz postgres chromium

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

run: postgres build ## install what is missing, build, and run the demo on a fresh data directory
	bin/effigate demo

build: ## build bin/effigate, one static binary
	CGO_ENABLED=0 go build -trimpath -o bin/effigate ./cmd/effigate

generate: ## format the page templates and write their Go code
	go tool templ fmt -log-level error infra
	go tool templ generate -log-level error

test: postgres chromium ## install what is missing and run every test
	go test -count=1 -timeout 20m ./...

race: postgres chromium ## run every test under the race detector
	go test -count=1 -timeout 60m -race ./...

check: generated ## check format, generated code, lint, go.mod and the import rule
	$(LINT) fmt --diff
	$(LINT) run
	go vet ./...
	go mod tidy -diff
	go test -count=1 -run '^TestImportRule$$' ./cmd/effigate

fmt: ## format the code the way check wants it
	$(LINT) fmt
	go tool templ fmt -log-level error infra

bench: postgres ## measure against references of the same run; BENCH=append measures one thing, SIZE=quick tries it
	EFFIGATE_BENCH_SIZE=$(SIZE) go test -v -run '^$$' -bench '(?i)$(BENCH)' -timeout 2h ./cmd/effigate

torture: postgres ## run the long form of the tests that crash, cut and corrupt
	EFFIGATE_TORTURE=1 go test -count=1 -timeout 6h -p 1 ./...

fuzz: postgres ## run every fuzz test for FUZZTIME (10s) each
	@go test -list '^Fuzz' ./... | \
	awk '/^Fuzz/ {name[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, name[i]; n = 0}' | \
	while read -r package name; do \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

# It compares with what was here before, not with git: a tree with other changes may be checked too.
generated:
	@sums() { find infra -name '*.templ' -o -name '*_templ.go' | LC_ALL=C sort | xargs sha256sum; }; \
	before=$$(sums); $(MAKE) --no-print-directory generate; \
	diff <(echo "$$before") <(sums) || { echo 'templates were not formatted or not generated; they are now' >&2; exit 1; }

postgres:
	@deploy/install-postgres.sh

chromium:
	@deploy/install-chromium.sh
