// Package filter is the language of filters: expressions over a feature's fields, FID and geometries that are true,
// false or unknown.
//
// An expression is parsed from text (Parse), or built (Field("pop").Gt(1000)), bound to a schema, which resolves names
// and checks types (Expr.Bind), and evaluated (Bound.Match). It prints itself as text that parses again (Expr.String).
// Package sqlbuilder turns a bound expression into SQL; whatever store evaluates it, the result is that of this package.
//
// # Language
//
// It is the WHERE of OGR SQL and SQL:
//
//	pop, "odd name"                     a field; a name that differs only in case is taken when no other does
//	'it''s', 42, 4.2e1, TRUE, NULL      constants
//	DATE '2024-02-29', TIME '12:30', TIMESTAMP '2024-02-29 12:30:00+01'
//	= <> != < <= > >=                   comparisons
//	x [NOT] IN (1, 2), x [NOT] BETWEEN 1 AND 2, x IS [NOT] NULL
//	x [NOT] LIKE 'a%' [ESCAPE '!'], x [NOT] ILIKE 'a_'
//	AND, OR, NOT, parentheses
//	+ - * / %, unary -, ||
//	CAST(x AS integer | smallint | bigint | float | character[(n)] | date | time | timestamp | boolean)
//	LOWER, UPPER, LENGTH, SUBSTR(text, start[, length]), COALESCE, NULLIF, ABS, ROUND(x[, digits])
//	FID                                 the feature's FID, unless a field has that name
//	OGR_GEOMETRY, OGR_GEOM_AREA, OGR_GEOM_WKT      of the first geometry column
//	ST_Intersects(g, g), ST_Within(g, g), ST_Contains(g, g), ST_DWithin(g, g, distance)
//
// A geometry g is a column by its name ("geometry" where it has none) or ST_GeomFromText('POINT (1 2)'),
// ST_MakeEnvelope(xmin, ymin, xmax, ymax), ST_Point(x, y). Coordinates are in the column's reference system; a second
// argument of ST_GeomFromText, or a fifth of ST_MakeEnvelope, is an SRID and must be the column's.
//
// # Meaning
//
// The same in every store:
//
//	unknown       null is neither equal nor unequal to anything; AND, OR and NOT are SQL's, of three values. A feature is
//	              kept when the filter is true.
//	integers      64 bits, exact. A result beyond them is null. / cuts towards zero, % has the sign of the dividend.
//	reals         IEEE 754: -0 = 0, NaN equals nothing and is neither less nor greater, x <> NaN is true. An integer is
//	              compared with a real exactly, and becomes the nearest real in arithmetic.
//	division      by zero is null, of reals as well.
//	booleans      FALSE < TRUE. Compared with an integer they are 0 and 1.
//	text          compared by code point. LENGTH and SUBSTR count characters (code points) from 1; SUBSTR's start counts
//	              from the end where it is negative; a negative length gives null.
//	LIKE          % is any characters, _ is one; no character escapes unless ESCAPE names it. It tells upper from lower
//	              case. ILIKE does not, by Unicode's simple folding (so that K, k and the Kelvin sign are the same).
//	LOWER, UPPER  Unicode's mapping of single characters.
//	dates         a date-time is an instant, one without zone as if it were UTC; a date is its midnight UTC. A text in
//	              quotes that stands where a date or time is wanted is read as one.
//	CAST          of a number to an integer cuts towards zero; of a text reads the whole of it, blanks at its ends aside;
//	              of a date-time to a date or time is as UTC; of a number to text is the shortest form that reads back,
//	              of dates and times ISO 8601, of a boolean true or false; to character(n) cuts. What cannot be is null.
//	ROUND         half away from zero.
//	geometry      2D and planar. A predicate of a feature without geometry is null; with an empty one it is false.
//
// Types that do not go together (a text compared with a number) are an error of Bind.
package filter
