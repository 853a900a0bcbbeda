#!/usr/bin/env bash
# gdal-utils.sh FOLDER: puts GDAL's Python utilities of a newer version than Debian's into FOLDER, once, and prints the
# path of the wheel. Their validate_gpkg knows the triggers of GeoPackage 1.4, which is younger than GDAL 3.6. Python
# reads modules out of a wheel as it is, so nothing is installed.
set -euo pipefail

version=3.13.3.0
dir=${1:?"usage: gdal-utils.sh FOLDER"}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
wheel=$dir/gdal_utils-$version-py3-none-any.whl

if [[ ! -f $wheel ]]; then
	pip=(python3 -m pip)
	if ! "${pip[@]}" --version >/dev/null 2>&1; then
		"$(dirname "$0")/packages.sh" python3-pip
		pip=(/usr/bin/python3 -m pip)
	fi
	"${pip[@]}" download --quiet --disable-pip-version-check --no-deps --dest "$dir" "gdal-utils==$version" >&2 </dev/null
fi
echo "$wheel"
