#!/usr/bin/env bash
# with-servers.sh COMMAND...: runs a command beside a PostgreSQL with PostGIS of its own: on a free port of the loopback
# interface, with a random password, its data in a temporary folder. The tests find it in OGRCARTO_TEST_POSTGIS, and
# OGRCARTO_TEST_REQUIRE=1 makes a missing server a failure. It is stopped and removed however the command ends.
set -euo pipefail

(($#)) || { echo "usage: with-servers.sh COMMAND..." >&2; exit 2; }

# PostgreSQL's programs are outside of PATH on Debian.
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [[ -z $bin ]]; then
	initdb=$(command -v initdb) || { echo "with-servers.sh: PostgreSQL is not installed" >&2; exit 1; }
	bin=$(dirname "$initdb")
fi

# It refuses to run as root.
as_postgres=()
((EUID != 0)) || as_postgres=(runuser -u postgres --)

dir=$(mktemp -d "${TMPDIR:-/tmp}/ogrcarto-servers.XXXXXX")
child=

# shellcheck disable=SC2317 # called by the trap
clean_up() {
	trap '' INT TERM HUP
	if [[ -n $child ]]; then # a chance to clean up after itself, then no more
		kill -INT -- "-$child" 2>/dev/null || true
		for _ in {1..50}; do
			kill -0 -- "-$child" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$child" 2>/dev/null || true
	fi
	[[ ! -f $dir/data/postmaster.pid ]] ||
		"${as_postgres[@]}" "$bin/pg_ctl" stop -D "$dir/data" -m immediate -s || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$dir/password"
((EUID != 0)) || chown -R postgres "$dir"
cd "$dir" # a folder that the server's user may enter, whatever the caller's was
"${as_postgres[@]}" "$bin/initdb" -D "$dir/data" -U ogrcarto -A scram-sha-256 --pwfile="$dir/password" \
	-E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }

# A port that somebody else takes in the meantime makes the start fail: try another one.
port=
for _ in 1 2 3 4 5; do
	try=$((20000 + RANDOM % 12000))
	# A statement that runs away must not take the machine with it: 6 GiB for each process.
	if (
		ulimit -v $((6 << 20))
		exec "${as_postgres[@]}" "$bin/pg_ctl" start -D "$dir/data" -l "$dir/data/server.log" -w -s -o \
		"-c listen_addresses=127.0.0.1 -c port=$try -c unix_socket_directories= -c fsync=off -c max_wal_size=4GB"
	) >/dev/null 2>&1; then
		port=$try
		break
	fi
done
[[ -n $port ]] || { cat "$dir/data/server.log" >&2; exit 1; }

PGPASSWORD=$password psql -q -X -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U ogrcarto -d postgres \
	-c 'CREATE DATABASE template_postgis IS_TEMPLATE true' -c '\connect template_postgis' -c 'CREATE EXTENSION postgis' \
	-c '\connect postgres' -c 'CREATE DATABASE ogrcarto TEMPLATE template_postgis' >"$dir/psql.log" 2>&1 ||
	{ cat "$dir/psql.log" >&2; exit 1; }

# Tests of faults kill and restart a server of their own with this.
{
	printf '#!/bin/sh\nexec '
	printf '%q ' "${as_postgres[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -s
	printf '"$@"\n'
} >"$dir/pg_ctl"
chmod +x "$dir/pg_ctl"

export OGRCARTO_TEST_PGCTL=$dir/pg_ctl
export OGRCARTO_TEST_POSTGIS="postgres://ogrcarto:$password@127.0.0.1:$port/ogrcarto?sslmode=disable"
export OGRCARTO_TEST_REQUIRE=1
cd "$OLDPWD"

# In a process group of its own, so that the command's children end with it when this script is told to stop.
set -m
"$@" </dev/null &
child=$!
set +m
status=0
wait "$child" || status=$?
child=
exit "$status"
