#!/usr/bin/env python3
"""Makes countries.* from the npm package world-atlas 2.0.2. Usage:

    npm pack world-atlas@2.0.2
    testdata/make-countries.py world-atlas-2.0.2.tgz

The package holds Natural Earth's countries at 1:110 million as TopoJSON: borders that two countries share are stored once,
as delta-coded "arcs". Two things are added to the decoding. TopoJSON was made here for the sphere, so rings run across the
antimeridian (Russia, Fiji) or around a pole (Antarctica): they are cut at longitude 180, and closed along the pole, as
Natural Earth has them. And outer rings are turned clockwise, holes counter-clockwise, as a Shapefile wants them.
"""

import hashlib
import json
import sys
import tarfile
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in testdata

from shpfile import POLYGON, WGS84_PRJ, dbf, parts, shp

SHA256 = "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8"


def decode_arcs(topology):
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            # Rounded to 1e-6 degrees, 0.1 m: the grid's step is 0.0036 degrees, the rest is noise of the arithmetic.
            points.append((round(x * sx + tx, 6), round(y * sy + ty, 6)))
        yield points


def stitch(arcs, indexes):
    """Joins arcs to one closed ring. ~i stands for arc i reversed; an arc begins where the one before it ended."""
    ring = []
    for i in indexes:
        points = arcs[i] if i >= 0 else arcs[~i][::-1]
        if ring and ring[-1] != points[0]:
            raise ValueError("arc %d does not begin where the one before ends" % i)
        ring += points[1:] if ring else points
    if ring[0] != ring[-1]:
        raise ValueError("ring of arcs %r is not closed" % indexes)
    return ring


def signed_area(ring):
    """In square degrees; negative where the ring runs clockwise."""
    x0, y0 = ring[0]  # relative to the first point: less rounding
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in zip(ring, ring[1:])) / 2


def centroid(ring):
    x0, y0 = ring[0]
    sx = sy = 0.0
    for (ax, ay), (bx, by) in zip(ring, ring[1:]):
        cross = (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
        sx += (ax + bx - 2 * x0) * cross
        sy += (ay + by - 2 * y0) * cross
    area = signed_area(ring)
    return x0 + sx / (6 * area), y0 + sy / (6 * area)


def without_repeats(ring):
    return [p for i, p in enumerate(ring) if i == 0 or p != ring[i - 1]]


def unwrap(ring):
    """Lets longitudes run on past 180 instead of jumping to -180."""
    out, shift = [ring[0]], 0.0
    for (x, y), (before, _) in zip(ring[1:], ring):
        if abs(x - before) > 180:
            shift += 360.0 if x < before else -360.0
        out.append((x + shift, y))
    return out


def clip(ring, sign, at):
    """The part of a ring where sign*x <= sign*at (Sutherland and Hodgman: right for rings that cross the line once there
    and once back, as those here do)."""
    out = []
    for (ax, ay), (bx, by) in zip(ring, ring[1:]):
        a_in, b_in = sign * ax <= sign * at, sign * bx <= sign * at
        if a_in:
            out.append((ax, ay))
        if a_in != b_in and ax != at and bx != at:
            out.append((at, ay + (by - ay) * (at - ax) / (bx - ax)))
    return without_repeats(out + out[:1])


def cut(ring):
    """Cuts a ring at the antimeridian into rings within -180..180; none for a ring without area (the grid has made a point
    of one islet of North Korea)."""
    ring = without_repeats(unwrap(ring))
    turn = ring[-1][0] - ring[0][0]
    if turn:  # once around a pole
        pole = 90.0 if sum(y for _, y in ring) > 0 else -90.0
        # Begin at the antimeridian, so that the way to the pole and back runs along it.
        start = next(i for i, (x, _) in enumerate(ring) if abs(x) == 180)
        west = ring[start:-1] + [(x + turn, y) for x, y in ring[: start + 1]]
        (x0, y0), (x1, _) = west[0], west[-1]
        return [without_repeats(west + [(x1, pole), (x0, pole), (x0, y0)])]
    rings = []
    for shift in (-360.0, 0.0, 360.0):
        strip = clip(clip([(x + shift, y) for x, y in ring], 1, 180.0), -1, -180.0)
        if len(strip) >= 4 and signed_area(strip):
            rings.append(strip)
    return rings


def oriented(ring, clockwise):
    return ring if (signed_area(ring) < 0) == clockwise else ring[::-1]


def main(source):
    if source.suffix == ".json":
        raw = source.read_bytes()
    else:
        with tarfile.open(source) as package:
            raw = package.extractfile("package/countries-110m.json").read()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        sys.exit("%s: countries-110m.json is not the one of world-atlas 2.0.2" % source)
    topology = json.loads(raw)
    arcs = list(decode_arcs(topology))

    fields = [
        ("name", "C", 40, 0),
        ("iso_n3", "C", 3, 0),
        ("id_num", "N", 4, 0),
        ("area_deg2", "N", 14, 6),
        ("label_x", "N", 11, 6),
        ("label_y", "N", 10, 6),
    ]
    records, rows = [], []
    for country in topology["objects"]["countries"]["geometries"]:
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings, area, largest = [], 0.0, []
        for outer, *holes in polygons:
            outers = [oriented(r, True) for r in cut(stitch(arcs, outer))]
            inners = [oriented(r, False) for h in holes for r in cut(stitch(arcs, h))]
            rings += outers + inners
            area += sum(-signed_area(r) for r in outers + inners)
            largest = max([largest, *outers], key=lambda r: -signed_area(r) if r else 0.0)
        x, y = centroid(largest)
        number = country.get("id", "")
        records.append(parts(POLYGON, rings))
        rows.append(
            (
                country["properties"]["name"].encode("utf-8"),
                number.encode("ascii"),
                (str(int(number)) if number else "").encode("ascii"),
                b"%.6f" % area,
                b"%.6f" % x,
                b"%.6f" % y,
            )
        )

    here = Path(__file__).parent
    files = dict(zip(("shp", "shx"), shp(POLYGON, records)))
    files |= {"dbf": dbf(fields, rows), "prj": WGS84_PRJ, "cpg": b"UTF-8"}
    for extension, content in files.items():
        (here / ("countries." + extension)).write_bytes(content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
