"""Bytes of .shp, .shx and .dbf files, packed by hand.

No library stands between a test file and its bytes: a file can be wrong exactly where it is meant to be, and the same
script gives the same bytes on every machine (no date of today, no library's version).

Layouts: ESRI Shapefile Technical Description (1998); dBASE table file header, level 5.
"""

import struct

NULL, POINT, POLYLINE, POLYGON, MULTIPOINT = 0, 1, 3, 5, 8
POINTZ, POLYLINEZ, POLYGONZ, MULTIPOINTZ = 11, 13, 15, 18
POINTM, POLYLINEM, POLYGONM, MULTIPOINTM = 21, 23, 25, 28
MULTIPATCH = 31

# Parts of a MultiPatch.
TRIANGLE_STRIP, TRIANGLE_FAN, OUTER_RING, INNER_RING, FIRST_RING, RING = range(6)

NO_DATA = -1e39  # an M below -1e38 stands for "no value"

WGS84_PRJ = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
).encode("ascii")


def doubles(values):
    values = list(values)
    return struct.pack("<%dd" % len(values), *values)


def measured(values):
    """A Z or M section: minimum, maximum, values. The minimum and maximum of M leave "no data" out."""
    real = [v for v in values if v >= -1e38] or [NO_DATA]
    return doubles([min(real), max(real)]) + doubles(values)


def box(points):
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return (min(xs), min(ys), max(xs), max(ys))


def point(x, y):
    return struct.pack("<i2d", POINT, x, y)


def pointz(x, y, z, m):
    return struct.pack("<i4d", POINTZ, x, y, z, m)


def pointm(x, y, m):
    return struct.pack("<i3d", POINTM, x, y, m)


def null():
    return struct.pack("<i", NULL)


def multipoint(points, z=None, m=None):
    kind = MULTIPOINTZ if z else MULTIPOINTM if m else MULTIPOINT
    out = struct.pack("<i4di", kind, *box(points), len(points))
    out += doubles(c for p in points for c in p)
    return out + (measured(z) if z else b"") + (measured(m) if m else b"")


def parts(kind, rings, z=None, m=None, patches=None):
    """A PolyLine, Polygon or MultiPatch record, of rings or lines: [[(x, y), ...], ...]."""
    points = [p for r in rings for p in r]
    starts, n = [], 0
    for r in rings:
        starts.append(n)
        n += len(r)
    out = struct.pack("<i4d2i", kind, *box(points), len(rings), n)
    out += struct.pack("<%di" % len(starts), *starts)
    if patches is not None:
        out += struct.pack("<%di" % len(patches), *patches)
    out += doubles(c for p in points for c in p)
    return out + (measured(z) if z else b"") + (measured(m) if m else b"")


def xy_of(content):
    """The bounds of one record's content, or None for a null shape."""
    (kind,) = struct.unpack_from("<i", content)
    if kind == NULL:
        return None
    if kind in (POINT, POINTZ, POINTM):
        x, y = struct.unpack_from("<2d", content, 4)
        return (x, y, x, y)
    return struct.unpack_from("<4d", content, 4)


def header(kind, length, bounds, zm=(0.0, 0.0, 0.0, 0.0)):
    """The 100 bytes that open a .shp and a .shx; length in bytes."""
    return struct.pack(">i20xi", 9994, length // 2) + struct.pack("<2i8d", 1000, kind, *bounds, *zm)


def shp(kind, records, zm=(0.0, 0.0, 0.0, 0.0)):
    """Returns (.shp, .shx)."""
    body, index, offset = b"", b"", 100
    for number, content in enumerate(records, 1):
        body += struct.pack(">2i", number, len(content) // 2) + content
        index += struct.pack(">2i", offset // 2, len(content) // 2)
        offset += 8 + len(content)
    boxes = [b for b in map(xy_of, records) if b] or [(0.0, 0.0, 0.0, 0.0)]
    bounds = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return header(kind, 100 + len(body), bounds, zm) + body, header(kind, 100 + len(index), bounds, zm) + index


def dbf(fields, rows, language=0, version=3, deleted=()):
    """A table. fields: (name, type, width, decimals); rows: tuples of bytes, exactly as wide as their field, or shorter:
    text is padded on the right, the rest on the left. deleted: numbers of the rows (from 0) that carry the mark."""
    descriptors, width = b"", 1
    for name, kind, size, decimals in fields:
        descriptors += struct.pack("<11sc4xBB14x", name.encode("ascii"), kind.encode("ascii"), size, decimals)
        width += size
    descriptors += b"\r"
    if version == 0x30:  # Visual FoxPro: 263 bytes for the database that the table belongs to
        descriptors += bytes(263)
    out = struct.pack("<4BIHH17xB2x", version, 124, 1, 1, len(rows), 32 + len(descriptors), width, language)
    out += descriptors
    for number, row in enumerate(rows):
        out += b"*" if number in deleted else b" "
        for (name, kind, size, _), value in zip(fields, row, strict=True):
            if len(value) > size:
                raise ValueError("%s: %r is longer than %d" % (name, value, size))
            out += value.ljust(size) if kind in "CDL" else value.rjust(size)
    return out + b"\x1a"
