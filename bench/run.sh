#!/usr/bin/env bash
# run.sh: copies the same Shapefiles to GeoPackage with ogr2ogr and with ogrcarto, in turn, and prints a table of medians.
#
#   bench/run.sh [--runs N] [--write]   measure; --write puts the table into bench/README.md
#   bench/run.sh --filters              measure the filters only
#   bench/run.sh --table FILE           only make the table, of results measured before (bench/data/results.tsv)
#
# OGRCARTO names another binary than bin/ogrcarto.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

data=bench/data
results=$data/results.tsv
ogrcarto=${OGRCARTO:-bin/ogrcarto}
runs=5
write=
only_filters=

# measure CASE TOOL COMMAND...: runs a command and adds "case, tool, seconds, KiB at the peak" to the results.
measure() {
	local case=$1 tool=$2 start seconds
	shift 2
	start=$EPOCHREALTIME
	if ! /usr/bin/time -f %M -o "$data/memory" "$@" >/dev/null 2>"$data/stderr" </dev/null; then
		cat "$data/stderr" >&2
		echo "run.sh: $case: $tool: the command broke off" >&2
		exit 1
	fi
	# EPOCHREALTIME has six digits behind the point: without it, microseconds.
	seconds=$(awk -v us=$((${EPOCHREALTIME/./} - ${start/./})) 'BEGIN { printf "%.4f", us / 1e6 }')
	printf '%s\t%s\t%s\t%s\n' "$case" "$tool" "$seconds" "$(tail -n 1 "$data/memory")" >>"$results"
	printf '  %-32s %-9s %9.3f s %8d KiB\n' "$case" "$tool" "$seconds" "$(tail -n 1 "$data/memory")" >&2
}

# copy_case CASE INPUT INDEX: both tools in turn, once to warm up and then as often as asked.
copy_case() {
	local case=$1 input=$2 index=$3 run counts
	for ((run = 0; run <= runs; run++)); do
		rm -f "$data"/out-*.gpkg*
		measure "$case" ogr2ogr ogr2ogr -f GPKG -lco "SPATIAL_INDEX=$index" "$data/out-ogr2ogr.gpkg" "$data/$input.shp"
		measure "$case" ogrcarto "$ogrcarto" copy --quiet --lco "SPATIAL_INDEX=$index" "$data/$input.shp" "$data/out-ogrcarto.gpkg"
		if ((run == 0)); then # a warm-up does not count, but it must have copied everything
			forget_last 2
			counts=$(for tool in ogr2ogr ogrcarto; do
				ogrinfo -ro -so -al "$data/out-$tool.gpkg" | grep '^Feature Count'
			done | sort -u | wc -l)
			((counts == 1)) || { echo "run.sh: $case: the copies differ in length" >&2; exit 1; }
		fi
	done
	rm -f "$data"/out-*.gpkg*
}

info_case() {
	local run
	[[ -f $data/points.gpkg ]] || ogr2ogr -f GPKG "$data/points.gpkg" "$data/points.shp"
	for ((run = 0; run <= runs; run++)); do
		measure "info, 1,000,000 points" ogr2ogr ogrinfo -ro -so -al "$data/points.gpkg"
		measure "info, 1,000,000 points" ogrcarto "$ogrcarto" info "$data/points.gpkg" points
		((run > 0)) || forget_last 2
	done
}

# filter_case CASE SOURCE LAYER OGR2OGR'S FLAGS -- OURS: copies the features that a filter keeps, without an index of them.
# The two must keep equally many.
filter_case() {
	local case=$1 source=$2 layer=$3 run counts theirs=()
	shift 3
	while [[ $1 != -- ]]; do
		theirs+=("$1")
		shift
	done
	shift
	for ((run = 0; run <= runs; run++)); do
		rm -f "$data"/out-*.gpkg*
		measure "$case" ogr2ogr ogr2ogr -f GPKG -lco SPATIAL_INDEX=NO -nln out "${theirs[@]}" "$data/out-ogr2ogr.gpkg" "$data/$source" ${layer:+"$layer"}
		measure "$case" ogrcarto "$ogrcarto" copy --quiet --lco SPATIAL_INDEX=NO --nln out "$@" "$data/$source" "$data/out-ogrcarto.gpkg"
		if ((run == 0)); then
			forget_last 2
			counts=$(for tool in ogr2ogr ogrcarto; do
				ogrinfo -ro -so "$data/out-$tool.gpkg" out | grep '^Feature Count'
			done | sort -u)
			[[ $(wc -l <<<"$counts") == 1 ]] || { echo "run.sh: $case: the copies differ in length" >&2; exit 1; }
			echo "  $case: ${counts#Feature Count: } features" >&2
		fi
	done
	rm -f "$data"/out-*.gpkg*
}

filter_cases() {
	local polygon
	# 200 corners around the middle, far out and near in turn: a star, about a tenth of the world.
	polygon=$(awk 'BEGIN {
		pi = atan2(0, -1)
		for (i = 0; i <= 200; i++) {
			r = i % 2 ? 38 : 62
			printf "%s%.6f %.6f", i ? "," : "", 10 + 1.5 * r * cos(2 * pi * (i % 200) / 200), r * sin(2 * pi * (i % 200) / 200)
		}
	}')
	[[ -f $data/points.gpkg ]] || ogr2ogr -f GPKG "$data/points.gpkg" "$data/points.shp"
	[[ -f $data/polygons.gpkg ]] || ogr2ogr -f GPKG "$data/polygons.gpkg" "$data/polygons.shp"
	filter_case "1 % box of 1,000,000 points, GeoPackage" points.gpkg points -spat 10 20 46 38 -- --spat 10,20,46,38
	filter_case "1 % by attribute of 1,000,000 points, GeoPackage" points.gpkg points -where "class < 10" -- --where "class < 10"
	filter_case "1 % by attribute of 1,000,000 points, Shapefile" points.shp points -where "class < 10" -- --where "class < 10"
	# What who knows OGR and its R-tree would write: without the first condition it takes three times as long.
	filter_case "ST_Intersects with 200 corners, 300,000 polygons, GeoPackage" polygons.gpkg "" \
		-sql "SELECT * FROM polygons WHERE fid IN (SELECT id FROM rtree_polygons_geom WHERE minx <= 103 AND maxx >= -83 AND miny <= 62 AND maxy >= -62)
			AND ST_Intersects(geom, ST_GeomFromText('POLYGON (($polygon))', 4326))" -- \
		--intersects "POLYGON (($polygon))"
}

forget_last() {
	head -n "-$1" "$results" >"$results.new"
	mv "$results.new" "$results"
}

# table FILE: one row a case, in the order measured: medians of the time, the ratio, maxima of the memory.
table() {
	echo "| | ogr2ogr | ogrcarto | times faster | ogr2ogr, peak memory | ogrcarto, peak memory |"
	echo "|---|--:|--:|--:|--:|--:|"
	# Sorted by time within each case and tool, so that the median is the one in the middle.
	awk -F '\t' '!($1 in order) { order[$1] = ++n } { print order[$1] "\t" $0 }' "$1" | sort -t $'\t' -k1,1n -k3,3 -k4,4n |
		awk -F '\t' '
			function median(key,    k) {
				k = count[key]
				return k % 2 ? time[key, (k + 1) / 2] : (time[key, k / 2] + time[key, k / 2 + 1]) / 2
			}
			function seconds(s) { return s < 1 ? sprintf("%.0f ms", s * 1000) : sprintf("%.2f s", s) }
			{
				key = $2 FS $3
				if (!($2 in seen)) { seen[$2] = 1; cases[++n] = $2 }
				time[key, ++count[key]] = $4
				if ($5 > memory[key]) memory[key] = $5 + 0
			}
			END {
				for (i = 1; i <= n; i++) {
					a = cases[i] FS "ogr2ogr"; b = cases[i] FS "ogrcarto"
					printf "| %s | %s | %s | %.1f | %.0f MB | %.0f MB |\n", cases[i], seconds(median(a)), seconds(median(b)),
						median(a) / median(b), memory[a] * 1024 / 1e6, memory[b] * 1024 / 1e6
				}
			}'
}

# machine: when, where and with what the table was measured.
machine() {
	local cpu
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	printf 'Measured on %s, %d runs each, beside %s; %s, %d processors, %.0f GB of memory.\n' \
		"$(date -u +%Y-%m-%d)" "$runs" "$(ogr2ogr --version | cut -d, -f1)" "${cpu:-unknown processor}" "$(nproc)" \
		"$(awk '/^MemTotal/ { print $2 / 1e6 }' /proc/meminfo)"
	printf '%s\n\n' "$("$ogrcarto" --version | head -n 1), built with $(go env GOVERSION)."
}

# write_table FILE: puts a file between the markers of the README.
write_table() {
	awk -v file="$1" '
		/^<!-- table -->$/ { print; print ""; while ((getline line < file) > 0) print line; print ""; inside = 1; next }
		/^<!-- end of table -->$/ { inside = 0 }
		!inside' bench/README.md >"$data/README.new"
	cat "$data/README.new" >bench/README.md
}

while (($#)); do
	case $1 in
	--runs) runs=${2:?--runs wants a number}; shift ;;
	--write) write=yes ;;
	--filters) only_filters=yes ;;
	--table) table "${2:?--table wants a file}"; exit ;;
	*) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
	shift
done

for needed in ogr2ogr ogrinfo /usr/bin/time "$ogrcarto"; do
	command -v "$needed" >/dev/null || { echo "run.sh: $needed is missing" >&2; exit 1; }
done

mkdir -p "$data"
go run ./bench/geninput "$data"
: >"$results"
if [[ -z $only_filters ]]; then
	copy_case "1,000,000 points, spatial index" points YES
	copy_case "1,000,000 points, no index" points NO
	copy_case "300,000 polygons, spatial index" polygons YES
	copy_case "300,000 polygons, no index" polygons NO
	info_case
fi
filter_cases

{ machine; table "$results"; } | tee "$data/table.md"
[[ -z $write ]] || write_table "$data/table.md"
