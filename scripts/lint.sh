#!/usr/bin/env bash
# lint.sh: formatting, vet, linters, tidiness of go.mod, and the scripts themselves. Goes through all of them before it fails.
set -euo pipefail

tool=(go tool -modfile=tools/go.mod)
failed=()

step() {
	local name=$1
	shift
	"$@" || failed+=("$name")
}

format() {
	local files
	files=$("${tool[@]}" gofumpt -l .)
	[[ -z $files ]] || { printf 'not formatted, run "make format":\n%s\n' "$files"; return 1; }
}

tidy() { go mod tidy -diff; }

scripts() {
	if command -v shellcheck >/dev/null; then
		shellcheck scripts/*.sh bench/*.sh .ci/run
	else
		echo "shellcheck is not installed: scripts not checked"
	fi
}

step gofumpt format
step vet go vet ./...
step golangci-lint "${tool[@]}" golangci-lint run ./...
step "go mod tidy" tidy
step testdata testdata/make-odd.py --check
step shellcheck scripts

if ((${#failed[@]})); then
	echo "lint: failed: ${failed[*]}" >&2
	exit 1
fi
echo "lint: clean"
