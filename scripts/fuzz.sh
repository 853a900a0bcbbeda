#!/usr/bin/env bash
# fuzz.sh DURATION [PATTERN]: runs every fuzz target for that long, one after the other: "go test -fuzz" takes one at a time.
# PATTERN keeps those whose "package.Target" it matches (a regular expression).
set -euo pipefail

duration=${1:?usage: fuzz.sh DURATION [PATTERN]}
pattern=${2:-.}

found=0 failed=()
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		name=${package##*/}.$target
		[[ $name =~ $pattern ]] || continue
		found=$((found + 1))
		echo "=== $name, $duration"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" -fuzzminimizetime 1s "$package" || failed+=("$name")
	done
done

if ((${#failed[@]})); then
	echo "fuzz.sh: findings in ${failed[*]}: the inputs are in testdata/fuzz of the package; fix, and keep them" >&2
	exit 1
fi
echo "fuzz.sh: $found targets, no finding"
