#!/usr/bin/env bash
# make-geometries.sh: writes geometries.tsv, what PostGIS makes of geometries of every type and dimension. Run it beside a
# server: scripts/with-servers.sh feature/testdata/make-geometries.sh
#
# Columns: well-known text; ISO WKB, little- and big-endian; EWKB with SRID 4326, little- and big-endian (all in
# hexadecimal); xmin, ymin, xmax, ymax with arcs reckoned in, or nothing for an empty geometry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# "#" is where the dimensions go; awk puts them there and adds Z and M to each pair of numbers.
texts() {
	cat <<-'WKT'
		POINT#(1.5 -2.25)
		LINESTRING#(0 0,1 1,2 -1.5)
		POLYGON#((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))
		MULTIPOINT#((1 2),(3 4))
		MULTILINESTRING#((0 0,1 1),(2 2,3 3,4 2))
		MULTIPOLYGON#(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))
		GEOMETRYCOLLECTION#(POINT#(1 2),LINESTRING#(0 0,3 3),GEOMETRYCOLLECTION#(POLYGON#((0 0,1 0,1 1,0 0))))
		CIRCULARSTRING#(0 0,1 1,2 0)
		COMPOUNDCURVE#(CIRCULARSTRING#(0 0,1 1,2 0),(2 0,3 0))
		CURVEPOLYGON#(CIRCULARSTRING#(0 0,4 0,4 4,0 4,0 0),(1 1,3 3,3 1,1 1))
		MULTICURVE#((0 0,5 5),CIRCULARSTRING#(4 0,4 4,8 4))
		MULTISURFACE#(CURVEPOLYGON#(CIRCULARSTRING#(0 0,4 0,4 4,0 4,0 0)),((10 10,14 12,11 10,10 10)))
		POLYHEDRALSURFACE#(((0 0,0 1,1 1,0 0)),((0 0,1 1,1 0,0 0)))
		TIN#(((0 0,0 1,1 1,0 0)),((0 0,1 1,1 0,0 0)))
		TRIANGLE#((0 0,0 9,9 0,0 0))
	WKT
	for t in POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION CIRCULARSTRING \
		COMPOUNDCURVE CURVEPOLYGON MULTICURVE MULTISURFACE POLYHEDRALSURFACE TIN TRIANGLE; do
		echo "$t# EMPTY"
	done
	echo 'MULTIPOINT#((1 2),EMPTY)'
	# (Of a collection of nothing but empty geometries PostGIS writes the members as EWKB, but not as WKB.)
	echo 'GEOMETRYCOLLECTION#(POINT#(1 2),LINESTRING# EMPTY,POINT# EMPTY)'
}

dims() {
	awk '
		function with(s, z, m,   out, n, tail) {
			out = ""
			while (match(s, /[0-9.]+ -?[0-9.]+/)) {
				n++
				tail = (z ? " " n * 10 : "") (m ? " " n + 0.5 : "")
				# A ring that closes does so in Z and M too: the same Z and M for the same x and y.
				key = substr(s, RSTART, RLENGTH)
				if (!(key in seen)) seen[key] = tail
				out = out substr(s, 1, RSTART - 1) key seen[key]
				s = substr(s, RSTART + RLENGTH)
			}
			delete seen
			return out s
		}
		{
			for (z = 0; z < 2; z++) for (m = 0; m < 2; m++) {
				s = with($0, z, m)
				gsub(/#/, z || m ? " " (z ? "Z" : "") (m ? "M" : "") : "", s)
				print s
			}
		}'
}

{
	echo 'CREATE TEMP TABLE w (n serial, t text);'
	texts | dims | sed "s/.*/INSERT INTO w (t) VALUES ('&');/"
	cat <<-'SQL'
		COPY (
			SELECT t,
				encode(ST_AsBinary(g, 'NDR'), 'hex'), encode(ST_AsBinary(g, 'XDR'), 'hex'),
				encode(ST_AsEWKB(ST_SetSRID(g, 4326), 'NDR'), 'hex'), encode(ST_AsEWKB(ST_SetSRID(g, 4326), 'XDR'), 'hex'),
				ST_XMin(g), ST_YMin(g), ST_XMax(g), ST_YMax(g)
			FROM (SELECT n, t, ST_GeomFromText(t) g FROM w) s ORDER BY n
		) TO STDOUT WITH (NULL '');
	SQL
} | psql -X -q -v ON_ERROR_STOP=1 "$OGRCARTO_TEST_POSTGIS" >geometries.tsv.new
mv geometries.tsv.new geometries.tsv
