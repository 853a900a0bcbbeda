#!/usr/bin/env bash
# cross.sh OUTPUT_FOLDER [GO_BUILD_FLAG...]: builds the command for every platform that it is shipped for, and checks that
# all packages build there.
set -euo pipefail

folder=${1:?usage: cross.sh OUTPUT_FOLDER [GO_BUILD_FLAG...]}
shift
export CGO_ENABLED=0
for GOOS in linux darwin windows; do
	for GOARCH in amd64 arm64; do
		export GOOS GOARCH
		suffix=
		[[ $GOOS != windows ]] || suffix=.exe
		echo "$GOOS/$GOARCH"
		go build "$@" ./...
		go build "$@" -o "$folder/ogrcarto-$GOOS-$GOARCH$suffix" ./cmd/ogrcarto
	done
done
