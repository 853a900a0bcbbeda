#!/usr/bin/env python3
"""Makes odd/: small files, each wrong or rare in one way. README.md says what each is for. Usage:

    testdata/make-odd.py            writes the files
    testdata/make-odd.py --check    says which files differ from what it would write, and fails if any does
"""

import io
import struct
import sys
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in testdata

from shpfile import (
    FIRST_RING,
    INNER_RING,
    MULTIPATCH,
    MULTIPOINT,
    MULTIPOINTM,
    MULTIPOINTZ,
    NO_DATA,
    OUTER_RING,
    POINT,
    POINTM,
    POINTZ,
    POLYGON,
    POLYGONM,
    POLYGONZ,
    POLYLINE,
    POLYLINEM,
    POLYLINEZ,
    RING,
    TRIANGLE_FAN,
    TRIANGLE_STRIP,
    WGS84_PRJ,
    dbf,
    header,
    multipoint,
    null,
    parts,
    point,
    pointm,
    pointz,
    shp,
)

files = {}


def put(stem, kind=None, records=(), table=None, **others):
    """Adds stem.shp, stem.shx and stem.dbf, and others by extension."""
    if kind is not None:
        others["shp"], others["shx"] = shp(kind, records)
    if table is not None:
        others["dbf"] = table
    for extension, content in others.items():
        files[stem + "." + extension] = content


def ids(n):
    """The table of n rows where the attributes do not matter: id 1 to n."""
    return dbf([("id", "N", 4, 0)], [(b"%d" % i,) for i in range(1, n + 1)])


def square(x, y, size, clockwise=True):
    ring = [(x, y), (x, y + size), (x + size, y + size), (x + size, y), (x, y)]
    return ring if clockwise else ring[::-1]


def rings():
    """What rings are is said by containment alone: the columns polygons and holes hold the right answer for each record."""
    cw, ccw = True, False
    cases = [
        ("right", 1, 1, [square(0, 0, 10, cw), square(2, 2, 2, ccw)]),
        ("hole first", 1, 1, [square(2, 2, 2, ccw), square(0, 0, 10, cw)]),
        ("both reversed", 1, 1, [square(0, 0, 10, ccw), square(2, 2, 2, cw)]),
        ("all clockwise", 1, 1, [square(0, 0, 10, cw), square(2, 2, 2, cw)]),
        ("all counter-clockwise", 1, 1, [square(0, 0, 10, ccw), square(2, 2, 2, ccw)]),
        (
            "two outers, holes first",
            2,
            2,
            [square(22, 2, 2, ccw), square(2, 2, 2, ccw), square(0, 0, 10, cw), square(20, 0, 10, cw)],
        ),
        (
            "island in a hole",
            2,
            2,
            [square(0, 0, 20, cw), square(2, 2, 16, ccw), square(4, 4, 12, cw), square(6, 6, 8, ccw)],
        ),
        (
            "island in a hole, inside out",
            2,
            2,
            [square(6, 6, 8, ccw), square(4, 4, 12, cw), square(2, 2, 16, ccw), square(0, 0, 20, cw)],
        ),
        (
            "island in a hole, all clockwise",
            2,
            2,
            [square(0, 0, 20, cw), square(2, 2, 16, cw), square(4, 4, 12, cw), square(6, 6, 8, cw)],
        ),
        ("three apart", 3, 0, [square(0, 0, 1, cw), square(5, 0, 1, cw), square(10, 0, 1, cw)]),
        ("three apart, counter-clockwise", 3, 0, [square(0, 0, 1, ccw), square(5, 0, 1, ccw), square(10, 0, 1, ccw)]),
        (
            "hole touches the outer ring in a point",
            1,
            1,
            [square(0, 0, 10, cw), [(0, 5), (3, 3), (3, 7), (0, 5)]],
        ),
        ("two polygons touch in a corner", 2, 0, [square(0, 0, 10, cw), square(10, 10, 5, cw)]),
    ]
    table = dbf(
        [("case", "C", 40, 0), ("polygons", "N", 3, 0), ("holes", "N", 3, 0)],
        [(name.encode("ascii"), b"%d" % polygons, b"%d" % holes) for name, polygons, holes, _ in cases],
    )
    put("rings", POLYGON, [parts(POLYGON, r) for _, _, _, r in cases], table)


def bad_rings():
    """Rings that are not rings."""
    cases = [
        ("not closed", [[(0, 0), (0, 10), (10, 10), (10, 0)]]),
        ("two points", [[(0, 0), (0, 10)]]),
        ("one point, three times", [[(1, 1), (1, 1), (1, 1)]]),
        ("empty part between two rings", [square(0, 0, 10), [], square(20, 0, 10)]),
        ("the same ring twice", [square(0, 0, 10), square(0, 0, 10)]),
        ("bow tie", [[(0, 0), (10, 10), (10, 0), (0, 10), (0, 0)]]),
        ("no parts", None),
        ("NaN", [[(0, 0), (0, 10), (float("nan"), 10), (10, 0), (0, 0)]]),
    ]
    no_parts = struct.pack("<i4d2i", POLYGON, 0, 0, 0, 0, 0, 0)
    table = dbf([("case", "C", 40, 0)], [(name.encode("ascii"),) for name, _ in cases])
    put("bad_rings", POLYGON, [no_parts if r is None else parts(POLYGON, r) for _, r in cases], table)


def shapes():
    """One file a shape type; M values of no data; M left out where the format lets it be."""
    line, other = [(0, 0), (1, 1), (2, 0)], [(5, 5), (6, 6)]
    put("point", POINT, [point(1, 2), point(-3.5, 4.25)], ids(2))
    put("point_z", POINTZ, [pointz(1, 2, 3, 4), pointz(5, 6, 7, NO_DATA)], ids(2))
    put("point_m", POINTM, [pointm(1, 2, 3), pointm(4, 5, NO_DATA)], ids(2))
    put("multipoint", MULTIPOINT, [multipoint(line), multipoint(other[:1])], ids(2))
    put(
        "multipoint_z",
        MULTIPOINTZ,
        [multipoint(line, z=[1, 2, 3], m=[4, 5, 6]), multipoint(other, z=[7, 8], m=[NO_DATA, NO_DATA])],
        ids(2),
    )
    put("multipoint_m", MULTIPOINTM, [multipoint(line, m=[1, NO_DATA, 3])], ids(1))
    put("polyline", POLYLINE, [parts(POLYLINE, [line]), parts(POLYLINE, [line, other])], ids(2))
    put(
        "polyline_z",
        POLYLINEZ,
        [
            parts(POLYLINEZ, [line, other], z=[1, 2, 3, 4, 5], m=[6, 7, 8, 9, 10]),
            parts(POLYLINEZ, [line], z=[1, 2, 3], m=[NO_DATA] * 3),
            parts(POLYLINEZ, [line], z=[1, 2, 3]),  # M is optional: the record ends before it
        ],
        ids(3),
    )
    put(
        "polyline_m",
        POLYLINEM,
        [parts(POLYLINEM, [line], m=[0, 0.5, NO_DATA]), parts(POLYLINEM, [line, other], m=[NO_DATA] * 5)],
        ids(2),
    )
    outer, hole = square(0, 0, 10), square(2, 2, 2, clockwise=False)
    put(
        "polygon_z",
        POLYGONZ,
        [
            parts(POLYGONZ, [outer, hole], z=range(10), m=range(100, 110)),
            parts(POLYGONZ, [outer], z=[1] * 5),
        ],
        ids(2),
    )
    put("polygon_m", POLYGONM, [parts(POLYGONM, [outer, hole], m=range(10))], ids(1))
    z = [1.0] * 5
    put(
        "multipatch",
        MULTIPATCH,
        [
            parts(MULTIPATCH, [outer, hole], z=z * 2, patches=[OUTER_RING, INNER_RING]),
            parts(MULTIPATCH, [outer, hole, square(20, 0, 5)], z=z * 3, patches=[FIRST_RING, RING, OUTER_RING]),
            parts(MULTIPATCH, [[(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]], z=z, patches=[TRIANGLE_STRIP]),
            parts(MULTIPATCH, [[(0, 0), (0, 1), (1, 1), (1, 0), (0, -1)]], z=z, patches=[TRIANGLE_FAN]),
            parts(
                MULTIPATCH,
                [[(0, 0), (0, 1), (1, 1), (1, 0), (0, -1)], outer],
                z=z * 2,
                patches=[TRIANGLE_FAN, OUTER_RING],
            ),
        ],
        dbf(
            [("case", "C", 40, 0)],
            [
                (b"outer and inner ring",),
                (b"first ring, ring, outer ring",),
                (b"triangle strip",),
                (b"triangle fan",),
                (b"triangle fan and outer ring",),
            ],
        ),
    )
    put("null_shapes", POINT, [null(), point(1, 2), null(), point(3, 4), null()], ids(5))
    put("all_null", POLYGON, [null(), null()], ids(2))
    put("no_records", POLYLINE, [], ids(0))


def broken_files():
    line = [parts(POLYLINE, [[(i, 0), (i + 1, 1), (i + 2, 0)]]) for i in range(4)]
    size = 8 + len(line[0])

    main, index = shp(POLYLINE, line)
    put("no_shx", shp=main, dbf=ids(4))
    put("shapes_only", shp=main, shx=index)
    put("table_only", dbf=ids(4))
    put("truncated", shp=main[: 100 + 2 * size + 30], shx=index, dbf=ids(4))
    put("truncated_shx", shp=main, shx=index[: 100 + 8 * 2 + 3], dbf=ids(4))
    put("truncated_dbf", shp=main, shx=index, dbf=ids(4)[: 65 + 5 * 2 + 2])

    offsets = b"".join(struct.pack(">2i", o, len(line[0]) // 2) for o in (50 + 3, 7, 0x7FFFFFFF, -50))
    put("wrong_shx", shp=main, shx=index[:100] + offsets, dbf=ids(4))
    # Right, but out of order: the .shx alone says which record is the first.
    swapped = b"".join(index[100 + 8 * i : 108 + 8 * i] for i in (3, 2, 1, 0))
    put("reordered_shx", shp=main, shx=index[:100] + swapped, dbf=ids(4))

    def polyline_with(n_parts, n_points, first=0):
        content = bytearray(line[1])
        struct.pack_into("<3i", content, 36, n_parts, n_points, first)
        return bytes(content)

    put(
        "huge_counts",
        POLYLINE,
        [
            line[0],
            polyline_with(0x7FFFFFFF, 3),
            polyline_with(1, 0x7FFFFFFF),
            polyline_with(-1, 3),
            polyline_with(1, -3),
            polyline_with(1, 3, first=3),
            polyline_with(1, 3, first=-1),
            line[2],
        ],
        dbf(
            [("case", "C", 40, 0)],
            [
                (b"right",),
                (b"2,147,483,647 parts",),
                (b"2,147,483,647 points",),
                (b"-1 parts",),
                (b"-3 points",),
                (b"a part that begins past the points",),
                (b"a part that begins before the points",),
                (b"right",),
            ],
        ),
    )

    long = bytearray(main)
    struct.pack_into(">i", long, 100 + size + 4, 0x7FFFFFFF)  # content length of the second record, in 16-bit words
    put("huge_length", shp=bytes(long), dbf=ids(4))
    put("wrong_type", POLYLINE, [line[0], point(1, 2), line[1]], ids(3))
    put("unknown_type", shp=header(42, 100, (0, 0, 0, 0)), shx=header(42, 100, (0, 0, 0, 0)), dbf=ids(0))
    put("header_only_part", shp=main[:60], shx=index[:60], dbf=ids(4)[:20])
    put("more_rows", POINT, [point(1, 1), point(2, 2)], ids(4))
    put("fewer_rows", POINT, [point(i, i) for i in range(4)], ids(2))

    deleted = dbf([("id", "N", 4, 0)], [(b"%d" % i,) for i in range(1, 5)], deleted={1, 3})
    put("deleted", POINT, [point(i, i) for i in range(1, 5)], deleted)


def dbf_types():
    fields = [
        ("text", "C", 10, 0),
        ("int", "N", 5, 0),
        ("real", "N", 10, 3),
        ("float", "F", 13, 6),
        ("day", "D", 8, 0),
        ("flag", "L", 1, 0),
    ]
    rows = [
        (b"plain", b"12345", b"123456.789", b"-1.250000", b"20240229", b"T"),
        (b"blanks", b"", b"", b"", b"", b" "),
        (b"overflow", b"*****", b"**********", b"*" * 13, b"********", b"?"),
        (b"zeros", b"0", b"0.000", b"0", b"00000000", b"F"),
        (b"date 0", b"-1", b"-0.5", b"1e-3", b"0", b"?"),
        (b"NULs", b"\0" * 5, b"\0" * 10, b"\0" * 13, b"\0" * 8, b"\0"),
        (b"letters", b"12a", b"1.2.3", b"nan", b"2024-2-9", b"y"),
        (b"bad date", b"+7", b"1,5", b"  2", b"20230229", b"N"),
        (b"deleted", b"1", b"1.000", b"1.0", b"20240101", b"T"),
        (b"", b"00042", b".5", b"5.", b"19000101", b"t"),
        (b" lead\0junk", b"   1 ", b"1E+05", b"-1.5E-300", b"99991231", b"n"),
    ]
    put("types", dbf=dbf(fields, rows, language=0x57, deleted={8}))

    widths = [("n%d" % w, "N", w, 0) for w in (1, 9, 10, 18, 19, 20)] + [("n10_0f", "F", 10, 0), ("n30_15", "N", 30, 15)]
    put(
        "widths",
        dbf=dbf(
            widths,
            [
                tuple(b"9" * w for w in (1, 9, 10, 18, 19, 20)) + (b"9999999999", b"12345678901234.123456789012345"),
                tuple(b"-" + b"9" * (w - 1) if w > 1 else b"0" for w in (1, 9, 10, 18, 19, 20)) + (b"-1", b"-0.000000000000001"),
                (b"1", b"2147483", b"2147483648", b"1", b"9223372036854775807", b"-9223372036854775808", b"1", b"1"),
                (b"1", b"-2147483", b"4294967296", b"1", b"9223372036854775808", b"18446744073709551616", b"1", b"1"),
            ],
        ),
    )

    # Binary fields, as Visual FoxPro stores them: little-endian. O is dBASE 7's name for what FoxPro calls B.
    put(
        "binary",
        dbf=dbf(
            [("name", "C", 8, 0), ("i", "I", 4, 0), ("b", "B", 8, 3), ("o", "O", 8, 0)],
            [
                (name, struct.pack("<i", i), struct.pack("<d", d), struct.pack("<d", d))
                for name, i, d in [
                    (b"zero", 0, 0.0),
                    (b"one", 1, 1.0),
                    (b"minus", -1, -1.5),
                    (b"most", 2**31 - 1, 1.7976931348623157e308),
                    (b"least", -(2**31), 5e-324),
                ]
            ],
            version=0x30,
        ),
    )
    put("memo", dbf=dbf([("id", "N", 4, 0), ("note", "M", 10, 0)], [(b"1", b"1"), (b"2", b"")], version=0x83))

    # Names: 10 bytes each, equal but for case, equal after trimming, blank.
    names = ["abcdefghij", "ABCDEFGHIJ", "a b", "fid", "select", "1st", "x"]
    put("names", dbf=dbf([(n, "C", 4, 0) for n in names] + [("x", "C", 4, 0)], [(b"v",) * (len(names) + 1)]))

    many = [("f%03d" % i, "N", 4, 0) for i in range(255)]
    put("many_fields", dbf=dbf(many, [tuple(b"%d" % i for i in range(255))]))


def encodings():
    """The column want spells column text in ASCII, as Python and Go spell it: \\u00e9."""

    def table(words, codec, language):
        rows = [(w.encode(codec), w.encode("unicode_escape").replace(b"\\x", b"\\u00")) for w in words]
        return dbf([("text", "C", 24, 0), ("want", "C", 80, 0)], rows, language)

    latin, cyrillic = ["Caf\u00e9", "Gro\u00dfe Stra\u00dfe", "\u00c5land"], ["\u041c\u043e\u0441\u043a\u0432\u0430", "\u0401\u043b\u043a\u0430"]
    euro = ["\u20ac 5", "\u0152uvre", "Caf\u00e9"]
    put("enc_cp1252", dbf=table(euro, "cp1252", 0x57))
    put("enc_cp1252_03", dbf=table(euro, "cp1252", 0x03))
    put("enc_cp437", dbf=table(latin, "cp437", 0x01))
    put("enc_cp850", dbf=table(latin, "cp850", 0x02))
    put("enc_cp866", dbf=table(cyrillic, "cp866", 0x65))
    put("enc_cp1251", dbf=table(cyrillic, "cp1251", 0xC9))
    put("enc_cp932", dbf=table(["\u6771\u4eac", "\u8868\u793a"], "cp932", 0x13))
    put("enc_gbk", dbf=table(["\u5317\u4eac", "\u4e2d\u6587"], "gbk", 0x4D))
    put("enc_utf8", dbf=table(latin + cyrillic, "utf-8", 0), cpg=b"UTF-8")
    put("enc_utf8_bom", dbf=table(latin, "utf-8", 0x57), cpg=b"\xef\xbb\xbfutf8\r\n")
    put("enc_65001", dbf=table(latin, "utf-8", 0), cpg=b"65001\n")
    put("enc_none_utf8", dbf=table(latin, "utf-8", 0))
    put("enc_none_latin1", dbf=table(latin, "latin-1", 0))
    put("enc_cpg_1252", dbf=table(euro, "cp1252", 0), cpg=b"ANSI 1252")
    put("enc_cpg_88591", dbf=table(latin, "latin-1", 0x57), cpg=b"ISO 88591")
    put("enc_cst", dbf=table(latin, "utf-8", 0), cst=b"UTF-8")
    # The .cpg says UTF-8, the bytes and the language byte say code page 1252.
    put("enc_wrong_cpg", dbf=table(latin, "cp1252", 0x57), cpg=b"UTF-8")
    put("enc_unknown_cpg", dbf=table(latin, "cp1252", 0x57), cpg=b"KLINGON-1")
    # Cut in the middle of a rune, as writers do that count bytes.
    cut = "\u00e9" * 12
    put("enc_cut", dbf=dbf([("text", "C", 23, 0)], [(cut.encode("utf-8")[:23],)]), cpg=b"UTF-8")


def names_and_places():
    road = [parts(POLYLINE, [[(0, 0), (1, 1)]]), parts(POLYLINE, [[(2, 2), (3, 3)]])]
    main, index = shp(POLYLINE, road)
    put("ROADS", SHP=main, SHX=index, DBF=ids(2), PRJ=WGS84_PRJ)
    put("Mixed", Shp=main, sHx=index, dBf=ids(2), pRj=WGS84_PRJ)

    main, index = shp(POINT, [point(1, 2), point(3, 4)])
    put("prj_bom", shp=main, shx=index, dbf=ids(2), prj=b"\xef\xbb\xbf" + WGS84_PRJ)
    put("prj_junk", shp=main, shx=index, dbf=ids(2), prj=b"not a coordinate system\n")
    put("name with space.v1", shp=main, shx=index, dbf=ids(2))

    layer = [("shp", main), ("shx", index), ("dbf", ids(2)), ("prj", WGS84_PRJ)]
    files["plain.shp.zip"] = archive([("plain." + e, c) for e, c in layer])
    files["nested.zip"] = archive(
        [("data/", b""), ("data/inner/", b"")]
        + [("data/inner/places." + e, c) for e, c in layer]
        + [("__MACOSX/data/inner/._places." + e, b"\x00\x05\x16\x07" + bytes(22)) for e, _ in layer]
        + [("data/.DS_Store", b"\0\0\0\1Bud1")]
    )
    files["two_layers.zip"] = archive([(n + "." + e, c) for n in ("one", "b/two") for e, c in layer])
    files["no_layer.zip"] = archive([("readme.txt", b"no layer here\n")])
    files["not_a_zip.zip"] = b"PK\x03\x04 but no more\n"


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members:
            info = zipfile.ZipInfo(name, date_time=(2024, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, on whichever system this runs
            info.compress_type = zipfile.ZIP_DEFLATED if content else zipfile.ZIP_STORED
            z.writestr(info, content)
    return out.getvalue()


def same(a, b):
    """Equal bytes, or archives of equal members: zlib's output differs from version to version."""
    if a == b:
        return True
    try:
        left, right = zipfile.ZipFile(io.BytesIO(a)), zipfile.ZipFile(io.BytesIO(b))
    except zipfile.BadZipFile:
        return False
    if left.namelist() != right.namelist():
        return False
    return all(left.read(n) == right.read(n) for n in left.namelist())


def main(check):
    for make in (rings, bad_rings, shapes, broken_files, dbf_types, encodings, names_and_places):
        make()
    if len({n.lower() for n in files}) != len(files):
        raise ValueError("two names differ in case only: macOS and Windows would keep one")
    folder = Path(__file__).parent / "odd"
    folder.mkdir(exist_ok=True)
    stale = [p.name for p in folder.iterdir() if p.name not in files]
    if check:
        wrong = sorted(
            stale + [n for n, c in files.items() if not (folder / n).exists() or not same((folder / n).read_bytes(), c)]
        )
        for name in wrong:
            print("testdata/odd/%s is not what make-odd.py makes" % name)
        sys.exit(1 if wrong else 0)
    for name in stale:
        print("testdata/odd/%s is not made here: remove it, or make it here" % name)
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    main(check=bool(sys.argv[1:]))
