#!/usr/bin/env bash
# carto-python.sh FOLDER: puts CARTO's Python client and what it needs into FOLDER, once, and prints the path to put on
# PYTHONPATH. It is a client that the SQL API server is tested with.
set -euo pipefail

version=1.11.3
dir=${1:?"usage: carto-python.sh FOLDER"}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)/$version

if [[ ! -d $dir ]]; then
	pip=(/usr/bin/python3 -m pip)
	"${pip[@]}" --version >/dev/null 2>&1 || "$(dirname "$0")/packages.sh" python3-pip
	rm -rf "$dir.new"
	"${pip[@]}" install --quiet --disable-pip-version-check --root-user-action=ignore --target "$dir.new" "carto==$version" >&2 </dev/null
	mv "$dir.new" "$dir"
fi
echo "$dir"
