#!/usr/bin/env bash
# packages.sh PACKAGE...: installs the Debian packages that are missing. Not root, or not Debian: names them and goes on;
# what needs them says so itself.
set -euo pipefail

if ! command -v dpkg-query >/dev/null; then
	echo "packages.sh: not a Debian system: these must be there by other means: $*" >&2
	exit 0
fi

missing=()
for package in "$@"; do
	status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
	[[ $status == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID != 0)); then
	echo "packages.sh: missing: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
	exit 0
fi

echo "packages.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -qq -y --no-install-recommends "${missing[@]}")
# The package lists may be there already, and fresh enough.
"${install[@]}" >/dev/null 2>&1 </dev/null && exit 0
apt-get update -qq </dev/null
"${install[@]}" >/dev/null </dev/null
