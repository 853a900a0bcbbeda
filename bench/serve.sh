#!/usr/bin/env bash
# serve.sh: measures "ogrcarto serve" beside psql on one PostgreSQL, in turn, then under a load of many clients, and at last the
# CARTO driver beside OGR's, both with that server. It wants a PostgreSQL of its own: scripts/with-servers.sh bench/serve.sh
#
#   bench/serve.sh [--runs N] [--load SECONDS] [--write]   --write puts the table into bench/README.md
#
# OGRCARTO names another binary than bin/ogrcarto.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

ogrcarto=${OGRCARTO:-bin/ogrcarto}
runs=5
load=60
write=
rows=1000000
data=bench/data
results=$data/serve.tsv

while (($#)); do
	case $1 in
	--runs) runs=${2:?--runs wants a number}; shift ;;
	--load) load=${2:?--load wants seconds}; shift ;;
	--write) write=yes ;;
	*) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
	shift
done
for needed in psql curl wrk ogr2ogr "$ogrcarto"; do
	command -v "$needed" >/dev/null || { echo "serve.sh: $needed is missing" >&2; exit 1; }
done
: "${OGRCARTO_TEST_POSTGIS:?want a server: scripts/with-servers.sh bench/serve.sh}"
mkdir -p "$data"
: >"$results"

export OGRCARTO_SERVE_POSTGRES=$OGRCARTO_TEST_POSTGIS
account=bench
key=$("$ogrcarto" serve init --quiet --account "$account")
# psql logs in as the same role as the server does: with the API key.
owner=$(sed -E "s#//[^@]*@#//${account}_owner:$key@#" <<<"$OGRCARTO_TEST_POSTGIS")

server=
stop_server() {
	if [[ -n $server ]]; then
		kill "$server" 2>/dev/null || true
		wait "$server" || true
		server=
	fi
}
trap stop_server EXIT

# start_server starts a new process, so that its peak of memory is that of what follows.
start_server() {
	local address=
	stop_server
	: >"$data/serve.log"
	"$ogrcarto" serve --listen 127.0.0.1:0 --log-format json >/dev/null 2>"$data/serve.log" &
	server=$!
	for _ in {1..100}; do
		address=$(sed -n 's/.*"msg":"listening","address":"\([^"]*\)".*/\1/p' "$data/serve.log")
		[[ -z $address ]] || break
		sleep 0.1
	done
	[[ -n $address ]] || { cat "$data/serve.log" >&2; exit 1; }
	api=http://$address/user/$account/api/v2/sql
}

peak_memory() { awk '/^VmHWM/ { print $2 }' "/proc/$server/status"; }

# measure CASE TOOL COMMAND...: runs a command and adds "case, tool, seconds" to the results.
measure() {
	local case=$1 tool=$2 start=$EPOCHREALTIME seconds
	shift 2
	"$@" || { echo "serve.sh: $case: $tool: the command broke off" >&2; exit 1; }
	seconds=$(awk -v us=$((${EPOCHREALTIME/./} - ${start/./})) 'BEGIN { printf "%.4f", us / 1e6 }')
	printf '%s\t%s\t%s\n' "$case" "$tool" "$seconds" >>"$results"
	printf '  %-12s %-9s %8.3f s\n' "$case" "$tool" "$seconds" >&2
}

sql() { psql "$owner" -X -q -v ON_ERROR_STOP=1 -c "$1"; }
request() { curl -sS --fail-with-body -u "$account:$key" "$@"; }
forget_last() { head -n "-$1" "$results" >"$results.new" && mv "$results.new" "$results"; }

columns="id, name, class, value, flag, day, the_geom"
sql "CREATE TABLE points (id bigint, name text, class int, value double precision, flag boolean, day timestamptz, the_geom geometry(Point, 4326))"
sql "INSERT INTO points SELECT i, 'point ' || i, i % 1000, sin(i) * 1000, i % 3 = 0, '2020-01-01'::timestamptz + i * interval '1 minute',
	ST_SetSRID(ST_MakePoint(sin(i) * 180, cos(i * 1.1) * 90), 4326) FROM generate_series(1, $rows) i"
sql "CREATE UNLOGGED TABLE copies (LIKE points)"
sql "VACUUM ANALYZE points"
copy_out="COPY (SELECT $columns FROM points) TO STDOUT"
sql "$copy_out" >"$data/points.copy"
encoded_in=$(printf 'COPY copies FROM STDIN' | sed 's/ /%20/g')

psql_text() { sql "$copy_out" >"$data/psql.out"; }
psql_csv() { sql "$copy_out WITH (FORMAT csv, HEADER)" >"$data/psql.out"; }
psql_in() { psql "$owner" -X -q -v ON_ERROR_STOP=1 -c "COPY copies FROM STDIN" <"$data/points.copy"; }
api_text() { request -G "$api/copyto" --data-urlencode "q=$copy_out" -o "$data/api.out"; }
api_csv() { request "$api" --data-urlencode "q=SELECT $columns FROM points" -d format=csv -o "$data/api.out"; }
api_json() { request "$api" --data-urlencode "q=SELECT $columns FROM points" -o "$data/api.out"; }
api_in() { request -H 'Content-Type: application/octet-stream' -T - -X POST "$api/copyfrom?q=$encoded_in" <"$data/points.copy" >"$data/api.out"; }

# pair CASE PSQL'S OURS: in turn, once to warm up.
declare -A memory
pair() {
	local case=$1 run
	start_server
	for ((run = 0; run <= runs; run++)); do
		sql "TRUNCATE copies"
		measure "$case" psql "$2"
		sql "TRUNCATE copies"
		measure "$case" ogrcarto "$3"
		((run > 0)) || forget_last 2
	done
	memory[$case]=$(peak_memory)
}
pair copyto psql_text api_text
cmp "$data/psql.out" "$data/api.out"
pair csv psql_csv api_csv
[[ $(wc -l <"$data/psql.out") == "$(wc -l <"$data/api.out")" ]]
pair json psql_text api_json
python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); assert len(r["rows"]) == r["total_rows"] == int(sys.argv[2])' "$data/api.out" $rows
pair copyfrom psql_in api_in
[[ $(psql "$owner" -X -A -t -c "SELECT count(*) FROM copies") == "$rows" ]]

# 200 clients that ask for a page of 100 rows each, for a while.
start_server
cat >"$data/load.lua" <<LUA
wrk.method = "POST"
wrk.body = "q=SELECT+*+FROM+points+WHERE+id+<=+100"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Authorization"] = "Basic $(printf '%s' "$account:$key" | base64 -w0)"
LUA
sql "CREATE INDEX ON points (id)"
wrk -t 2 -c 200 -d "${load}s" --timeout 30s --latency -s "$data/load.lua" "$api" | tee "$data/load.txt" >&2
statuses=$(sed -n 's/.*"msg":"request".*"status":\([0-9]*\).*/\1/p' "$data/serve.log" | sort | uniq -c | awk '{ printf "%s%s x %s", (NR > 1 ? ", " : ""), $2, $1 }')
load_memory=$(peak_memory)

# The CARTO driver beside OGR's: a table goes into a GeoPackage without an index.
sql "CREATE TABLE sites AS SELECT id AS cartodb_id, name, class, value, day, flag, the_geom FROM points WHERE id <= 100000"
sql "SELECT CDB_CartodbfyTable('sites')"
start_server
export CARTO_API_URL=$api CARTO_API_KEY=$key
drivers() {
	local run
	for ((run = 0; run <= runs; run++)); do
		rm -f "$data"/out-*.gpkg*
		measure download ogr2ogr ogr2ogr -f GPKG -lco SPATIAL_INDEX=NO "$data/out-ogr2ogr.gpkg" "Carto:$account" sites
		measure download ogrcarto "$ogrcarto" copy --quiet --lco SPATIAL_INDEX=NO "Carto:$account" "$data/out-ogrcarto.gpkg" sites
		((run > 0)) || forget_last 2
	done
	for run in ogr2ogr ogrcarto; do
		[[ $(ogrinfo -ro -so "$data/out-$run.gpkg" sites | grep '^Feature Count') == "Feature Count: 100000" ]]
	done
	rm -f "$data"/out-*.gpkg*
}
drivers

median() { awk -F '\t' -v case="$1" -v tool="$2" '$1 == case && $2 == tool { print $3 }' "$results" | sort -n | awk '{ t[NR] = $1 } END { print NR % 2 ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2 }'; }

{
	printf '%s of seven columns (bigint, text, int, double, boolean, timestamptz, point), medians of %d runs in turn, %s, %d processors, which PostgreSQL, the server and the client share.\n\n' \
		"1,000,000 rows" "$runs" "$(psql "$owner" -X -A -t -c "SELECT 'PostgreSQL ' || current_setting('server_version')")" "$(nproc)"
	echo "| | psql COPY | ogrcarto serve | of psql's speed | rows a second | peak memory of the server |"
	echo "|---|--:|--:|--:|--:|--:|"
	for case in copyto csv json copyfrom; do
		awk -F '\t' -v case="$case" '$1 == case' "$results" | sort -t $'\t' -k2,2 -k3,3n | awk -F '\t' -v rows=$rows -v mem="${memory[$case]}" '
			{ time[$2, ++n[$2]] = $3 }
			function median(t) { return n[t] % 2 ? time[t, (n[t] + 1) / 2] : (time[t, n[t] / 2] + time[t, n[t] / 2 + 1]) / 2 }
			END { a = median("psql"); b = median("ogrcarto")
				printf "| %s | %.2f s | %.2f s | %.2f | %d,000 | %.0f MB |\n", $1, a, b, a / b, rows / b / 1000, mem * 1024 / 1e6 }'
	done
	printf '\n200 clients for %s s, 100 rows a request: %s; answers by status: %s; %.0f MB.\n' "$load" \
		"$(awk '/Requests\/sec/ { r = $2 } /50%/ { a = $2 } /99%/ { b = $2 } /Socket errors/ { e = $0; sub(/^ */, "", e) } END { printf "%s requests/s, median %s, 99th percentile %s%s", r, a, b, (e ? ", " e : "") }' "$data/load.txt")" \
		"$statuses" "$(awk -v k="$load_memory" 'BEGIN { print k * 1024 / 1e6 }')"
	awk -v a="$(median download ogr2ogr)" -v b="$(median download ogrcarto)" -v version="$(ogr2ogr --version | cut -d, -f1)" 'BEGIN {
		printf "\n100,000 points with five attributes from that server into a GeoPackage without an index: ogr2ogr (%s) %.2f s, ogrcarto copy %.2f s, %.0f times faster.\n", version, a, b, a / b }'
} | tee "$data/serve.md"

if [[ -n $write ]]; then
	awk -v file="$data/serve.md" '
		/^<!-- serve -->$/ { print; print ""; while ((getline line < file) > 0) print line; print ""; inside = 1; next }
		/^<!-- end of serve -->$/ { inside = 0 }
		!inside' bench/README.md >"$data/README.new"
	cat "$data/README.new" >bench/README.md
fi
