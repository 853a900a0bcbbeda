"""What GDAL thinks, for gdal_test.go. Needs GDAL's Python bindings (osgeo).

gdal.py export     code, tab, ESRI WKT for each EPSG code on standard input, where GDAL can write it
gdal.py compare    for each line of two WKTs parted by a tab: "same", or what differs

Two systems are the same here if ellipsoid, prime meridian and unit agree and if they give the same coordinates, to 2 cm, to
points around their origin. That is a judgement by another road than the comparison of parameters.
"""
import sys

from osgeo import gdal, osr

gdal.SetConfigOption("OSR_USE_NON_DEPRECATED", "NO")
gdal.SetConfigOption("OSR_STRIP_TOWGS84", "NO")
gdal.PushErrorHandler("CPLQuietErrorHandler")
osr.DontUseExceptions() if hasattr(osr, "DontUseExceptions") else None


def read(wkt):
    s = osr.SpatialReference()
    if s.ImportFromWkt(wkt) != 0:
        return None
    s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return s


def frame(s):
    a, rf, pm = s.GetSemiMajor(), s.GetInvFlattening(), float(s.GetAttrValue("PRIMEM", 1) or 0)
    unit = s.GetLinearUnits() if s.IsProjected() else s.GetAngularUnits()
    return a, rf, pm, unit


def coordinates(s, points):
    g = s.CloneGeogCS()
    g.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(g, s).TransformPoints(points)


def origin(s):
    """Longitude and latitude to look around, in the unit of the system's geographic base."""
    names = (("central_meridian", "longitude_of_center"), ("latitude_of_origin", "latitude_of_center", "standard_parallel_1"))
    out = []
    for group in names:
        found = 0.0
        for n in group:
            v = s.GetProjParm(n, 1e9)
            if v != 1e9:
                found = v
                break
        out.append(found)
    return out


def compare(wkt1, wkt2):
    a, b = read(wkt1), read(wkt2)
    if a is None or b is None:
        return "GDAL cannot read it"
    # 2 mm, the GRS 1980 - WGS 84 difference less a bit, Paris as it is written, the two feet
    for what, x, y, tolerance in zip(("axis", "flattening", "meridian", "unit"), frame(a), frame(b), (2e-3, 1.4e-6, 1e-6, 1e-7)):
        if abs(x - y) > tolerance * (max(x, y) if what == "unit" else 1):
            return "%s %r and %r" % (what, x, y)
    if not a.IsProjected() or not b.IsProjected():
        return "same" if a.IsProjected() == b.IsProjected() else "kind"
    lon, lat = origin(a)
    lat = max(-85.0, min(85.0, lat))
    # About the pole the meridian of 45 degrees serves as well as any.
    points = [(lon + dx, max(-89.0, min(89.0, lat + dy)), 0) for dx in (-2, 0, 1.5) for dy in (-1, 0.5, 2)]
    unit = a.GetLinearUnits()
    for p, x, y in zip(points, coordinates(a, points), coordinates(b, points)):
        far = max(abs(x[0] - y[0]), abs(x[1] - y[1])) * unit
        if not far <= 0.02 and not (x[0] == y[0] and x[1] == y[1]):
            return "%r is at %r and %r" % (p[:2], x[:2], y[:2])
    return "same"


def main():
    for line in sys.stdin:
        line = line.rstrip("\n")
        if sys.argv[1] == "export":
            s = osr.SpatialReference()
            if s.ImportFromEPSG(int(line)) == 0:
                wkt = s.ExportToWkt(["FORMAT=WKT1_ESRI"])
                if wkt:
                    print(line, wkt, sep="\t")
        else:
            print(compare(*line.split("\t")))


main()
