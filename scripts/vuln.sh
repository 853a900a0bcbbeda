#!/usr/bin/env bash
# vuln.sh GOVULNCHECK...: runs govulncheck and fails when it fails, save for one reason: its database is on the network, and
# where the network does not reach it, nothing was checked, which is said and is nobody's fault.
set -euo pipefail

status=0
output=$("$@" 2>&1) || status=$?
printf '%s\n' "$output"

# Exit status 3 is a finding. The words are those of a failed connection; an answer that is wrong is another matter.
if ((status != 0 && status != 3)) && grep -q 'fetching vulnerabilities: .*\(dial \|lookup \|i/o timeout\|TLS handshake timeout\|connection re\)' <<<"$output"; then
	echo "govulncheck: vulnerability database not reachable: not checked"
	exit 0
fi
exit "$status"
