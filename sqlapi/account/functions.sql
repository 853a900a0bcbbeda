-- CARTO's SQL functions, for the schema cartodb, which exists. Running this file again brings a database up to date.
-- Functions run with their caller's rights and search path, by which they find the caller's tables and PostGIS; the two
-- that are SECURITY DEFINER say so. Functions whose names begin with _cdb_ are for the others' use.


-- The tables' times of change

CREATE TABLE IF NOT EXISTS cartodb.cdb_tablemetadata (
	tabname regclass PRIMARY KEY,
	updated_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON cartodb.cdb_tablemetadata FROM PUBLIC;

-- A trigger's function, which PostgreSQL runs as nothing else: it can only tell of a table that its creator of triggers
-- may put triggers on. SECURITY DEFINER: who writes to a table need not have rights to the table of times.
--
-- One write for a transaction is enough: until its end nobody else sees the time, nor can set it. The time is the
-- clock's, since a transaction that began before another may end after it.
CREATE OR REPLACE FUNCTION cartodb.cdb_tablemetadata_trigger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM 1 FROM cartodb.cdb_tablemetadata AS m
	WHERE m.tabname = TG_RELID AND m.xmin = (pg_catalog.txid_current() % 4294967296)::text::xid;
	IF NOT FOUND THEN
		INSERT INTO cartodb.cdb_tablemetadata AS m (tabname, updated_at) VALUES (TG_RELID, pg_catalog.clock_timestamp())
		ON CONFLICT (tabname) DO UPDATE SET updated_at = pg_catalog.clock_timestamp();
	END IF;
	RETURN NULL;
END
$$;

-- Removes the times of tables that were dropped and adds those of tables that have a trigger and were not written to.
-- SECURITY DEFINER: it takes nothing from its caller, and never changes the time of a table.
CREATE OR REPLACE FUNCTION cartodb._cdb_synctablemetadata() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM cartodb.cdb_tablemetadata AS m
	WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = m.tabname);
	INSERT INTO cartodb.cdb_tablemetadata (tabname)
	SELECT DISTINCT g.tgrelid::regclass FROM pg_catalog.pg_trigger AS g
	WHERE g.tgfoid = 'cartodb.cdb_tablemetadata_trigger()'::regprocedure
		AND NOT EXISTS (SELECT FROM cartodb.cdb_tablemetadata AS m WHERE m.tabname = g.tgrelid)
	ON CONFLICT DO NOTHING;
$$;


-- Names of tables and columns

-- The first of some names that is a relation's by the search path; NULL where none is.
CREATE OR REPLACE FUNCTION cartodb._cdb_firstrelation(VARIADIC names text[]) RETURNS regclass
LANGUAGE plpgsql STABLE
AS $$
DECLARE
	candidate text;
	found_relation regclass;
BEGIN
	FOREACH candidate IN ARRAY names LOOP
		BEGIN
			found_relation := to_regclass(candidate);
		EXCEPTION WHEN invalid_name OR syntax_error OR feature_not_supported THEN
			found_relation := NULL; -- not an identifier, or one with too many dots
		END;
		IF found_relation IS NOT NULL THEN
			RETURN found_relation;
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;

-- The relation of a name as SQL writes it, or else of a raw name.
CREATE OR REPLACE FUNCTION cartodb._cdb_relation(tabname text) RETURNS regclass
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
	rel regclass := cartodb._cdb_firstrelation(tabname, quote_ident(tabname));
BEGIN
	IF rel IS NULL THEN
		RAISE undefined_table USING MESSAGE = format('table "%s" does not exist', tabname);
	END IF;
	RETURN rel;
END
$$;

-- The relation of a name in a schema. A name that names its schema itself must name the same.
CREATE OR REPLACE FUNCTION cartodb._cdb_relation(destschema text, tabname text) RETURNS regclass
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
	rel regclass := cartodb._cdb_firstrelation(
		destschema || '.' || tabname,
		quote_ident(destschema) || '.' || tabname,
		destschema || '.' || quote_ident(tabname),
		quote_ident(destschema) || '.' || quote_ident(tabname));
BEGIN
	IF rel IS NULL THEN
		rel := cartodb._cdb_firstrelation(tabname, quote_ident(tabname));
		IF rel IS NULL THEN
			RAISE undefined_table USING MESSAGE = format('table "%s" does not exist in schema "%s"', tabname, destschema);
		END IF;
		PERFORM cartodb._cdb_checkschema(destschema, rel);
	END IF;
	RETURN rel;
END
$$;

-- Fails unless a relation is in a schema.
CREATE OR REPLACE FUNCTION cartodb._cdb_checkschema(destschema text, rel regclass) RETURNS void
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
	nsp name;
BEGIN
	SELECT n.nspname INTO nsp FROM pg_catalog.pg_class AS c
	JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = rel;
	IF nsp IS NOT NULL AND destschema NOT IN (nsp, quote_ident(nsp)) AND lower(destschema) <> nsp THEN
		RAISE undefined_table USING MESSAGE = format('table %s is in schema "%s", want "%s"', rel, nsp, destschema);
	END IF;
END
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_columnnames(reloid regclass) RETURNS SETOF text
LANGUAGE sql STABLE STRICT
AS $$
	SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
	WHERE a.attrelid = reloid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_columnnames(tabname text) RETURNS SETOF text
LANGUAGE sql STABLE STRICT
AS $$
	SELECT cartodb.cdb_columnnames(cartodb._cdb_relation(tabname));
$$;

-- The type of a column with its modifiers, as in "character varying(10)"; NULL where there is no such column.
CREATE OR REPLACE FUNCTION cartodb.cdb_columntype(reloid regclass, colname text) RETURNS text
LANGUAGE sql STABLE STRICT
AS $$
	SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a
	WHERE a.attrelid = reloid AND a.attname = colname AND a.attnum > 0 AND NOT a.attisdropped;
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_columntype(tabname text, colname text) RETURNS text
LANGUAGE sql STABLE STRICT
AS $$
	SELECT cartodb.cdb_columntype(cartodb._cdb_relation(tabname), colname);
$$;

-- The names of the tables that the caller may select from: all, those that requests without a key may select from, too
-- (public), or those that they may not (private).
CREATE OR REPLACE FUNCTION cartodb.cdb_usertables(perm text DEFAULT 'all') RETURNS SETOF name
LANGUAGE plpgsql STABLE
AS $$
BEGIN
	IF perm IS NULL OR perm NOT IN ('all', 'public', 'private') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('permission %s, want ''all'', ''public'' or ''private''', quote_nullable(perm));
	END IF;
	RETURN QUERY
	SELECT DISTINCT c.relname
	FROM pg_catalog.pg_class AS c
	JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = '@public_role@'
	CROSS JOIN LATERAL (SELECT
		has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS mine,
		r.oid IS NOT NULL AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'SELECT') AS everybodys
	) AS p
	WHERE c.relkind IN ('r', 'p', 'f')
		AND n.nspname !~ '^pg_'
		AND n.nspname NOT IN ('information_schema', 'cartodb', 'ogrcarto', 'topology', 'tiger')
		AND CASE perm WHEN 'all' THEN p.mine WHEN 'public' THEN p.everybodys ELSE p.mine AND NOT p.everybodys END
		AND NOT EXISTS (
			SELECT FROM pg_catalog.pg_depend AS d
			WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	ORDER BY c.relname;
END
$$;


-- Web Mercator

-- The geometry with the dimensions that the suffix of a geometry type tells: '', 'Z', 'M' or 'ZM'.
CREATE OR REPLACE FUNCTION cartodb._cdb_forcedimensions(geom geometry, suffix text) RETURNS geometry
LANGUAGE sql IMMUTABLE
AS $$
	SELECT CASE suffix
		WHEN 'Z' THEN ST_Force3DZ(geom) WHEN 'M' THEN ST_Force3DM(geom) WHEN 'ZM' THEN ST_Force4D(geom)
		ELSE ST_Force2D(geom) END;
$$;

-- The suffix of the geometry types with the dimensions of ST_Zmflag.
CREATE OR REPLACE FUNCTION cartodb._cdb_dimensions(zmflag int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
AS $$
	SELECT (ARRAY['', 'M', 'Z', 'ZM'])[zmflag + 1];
$$;

-- What of a geometry of SRID 4326 lies inside an extent, with the geometry's dimensions; NULL where nothing does.
-- Each part is looked at for itself: those inside keep their Z, M and arcs, and ST_Intersection takes no collections.
CREATE OR REPLACE FUNCTION cartodb._cdb_clip(geom geometry, extent geometry) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
	suffix text := cartodb._cdb_dimensions(ST_Zmflag(geom));
	bounds box3d := Box3D(extent);
	part geometry;
	part_bounds box3d;
	parts geometry[];
	result geometry;
BEGIN
	FOR part IN SELECT d.geom FROM ST_Dump(geom) AS d LOOP
		part_bounds := Box3D(part);
		CONTINUE WHEN part_bounds IS NULL; -- empty
		IF ST_XMin(part_bounds) >= ST_XMin(bounds) AND ST_XMax(part_bounds) <= ST_XMax(bounds)
			AND ST_YMin(part_bounds) >= ST_YMin(bounds) AND ST_YMax(part_bounds) <= ST_YMax(bounds) THEN
			parts := parts || part;
			CONTINUE;
		END IF;
		CONTINUE WHEN ST_Dimension(part) = 0;
		IF ST_IsValidReason(part) <> 'Valid Geometry' THEN -- ST_IsValid gives the client notices
			part := ST_MakeValid(part);
		END IF;
		-- A polygon that only touches the extent gives a point or a line, which is not a part of it.
		part := ST_CollectionExtract(ST_Intersection(part, extent), ST_Dimension(part) + 1);
		parts := parts || ARRAY(SELECT cartodb._cdb_forcedimensions(d.geom, suffix) FROM ST_Dump(part) AS d);
	END LOOP;
	IF parts IS NULL OR cardinality(parts) = 0 THEN
		RETURN NULL;
	END IF;
	IF cardinality(parts) = 1 AND ST_GeometryType(geom) !~ '^ST_(Multi|GeometryCollection)' THEN
		RETURN parts[1];
	END IF;
	result := ST_Collect(parts);
	RETURN CASE WHEN ST_GeometryType(geom) = 'ST_GeometryCollection' THEN ST_ForceCollection(result) ELSE result END;
END
$$;

-- The geometry in Web Mercator (SRID 3857). What lies outside of its square, which ends at 85.0511 degrees of latitude, is
-- cut off; NULL where nothing remains, the SRID is unknown or the geometry cannot be transformed.
--
-- A block with an exception handler costs a subtransaction, which points of SRID 4326 need not pay.
CREATE OR REPLACE FUNCTION cartodb.cdb_transformtowebmercator(geom geometry) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
	limit_lon CONSTANT float8 := 180;
	limit_lat CONSTANT float8 := 85.0511287798066; -- degrees(atan(sinh(pi())))
	srid CONSTANT int := ST_SRID(geom);
	lonlat geometry := geom;
	bounds box3d;
BEGIN
	IF srid = 4326 AND ST_GeometryType(geom) = 'ST_Point' THEN
		IF abs(ST_X(geom)) <= limit_lon AND abs(ST_Y(geom)) <= limit_lat THEN
			RETURN ST_Transform(geom, 3857);
		END IF;
	END IF;
	IF srid = 3857 THEN
		RETURN geom;
	ELSIF srid = 0 THEN
		RETURN NULL;
	ELSIF ST_IsEmpty(geom) THEN
		RETURN ST_SetSRID(geom, 3857);
	END IF;
	BEGIN
		IF srid <> 4326 THEN
			lonlat := ST_Transform(geom, 4326);
		END IF;
		bounds := Box3D(lonlat);
		IF abs(ST_XMin(bounds)) <= limit_lon AND abs(ST_XMax(bounds)) <= limit_lon
			AND abs(ST_YMin(bounds)) <= limit_lat AND abs(ST_YMax(bounds)) <= limit_lat THEN
			RETURN ST_Transform(lonlat, 3857);
		END IF;
		RETURN ST_Transform(
			cartodb._cdb_clip(lonlat, ST_MakeEnvelope(-limit_lon, -limit_lat, limit_lon, limit_lat, 4326)), 3857);
	EXCEPTION WHEN OTHERS THEN
		RETURN NULL;
	END;
END
$$;

-- The trigger that keeps the_geom_webmercator. An argument tells its dimensions where the_geom may have any.
CREATE OR REPLACE FUNCTION cartodb._cdb_update_the_geom_webmercator() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	IF TG_NARGS = 0 THEN
		NEW.the_geom_webmercator := cartodb.cdb_transformtowebmercator(NEW.the_geom);
	ELSE
		NEW.the_geom_webmercator := cartodb._cdb_forcedimensions(cartodb.cdb_transformtowebmercator(NEW.the_geom), TG_ARGV[0]);
	END IF;
	RETURN NEW;
END
$$;


-- Datasets: tables with cartodb_id, the_geom and the_geom_webmercator

-- Renames a column to its name with the first free number: a column that is in the way is kept.
CREATE OR REPLACE FUNCTION cartodb._cdb_moveaway(rel regclass, colname text) RETURNS void
LANGUAGE plpgsql STRICT
AS $$
DECLARE
	n int := 0;
BEGIN
	WHILE EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = rel AND a.attname = colname || '_' || n) LOOP
		n := n + 1;
	END LOOP;
	EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', rel, colname, colname || '_' || n);
END
$$;

-- Changes the type of a geometry column. False where PostgreSQL does not let it, as with a column that a view uses.
CREATE OR REPLACE FUNCTION cartodb._cdb_altergeometry(rel regclass, colname text, typename text) RETURNS boolean
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', rel, colname, typename);
	RETURN true;
EXCEPTION WHEN feature_not_supported OR invalid_table_definition OR syntax_error THEN -- a generated column's is a syntax error
	RETURN false;
END
$$;

-- Makes cartodb_id what it has to be.
CREATE OR REPLACE FUNCTION cartodb._cdb_cartodbfyid(rel regclass) RETURNS void
LANGUAGE plpgsql STRICT
AS $$
DECLARE
	tab record;
	col record;
	seq text;
	prefix text;
	n int := 0;
	state record;
	fit boolean;
	is_unique boolean;
	top bigint;
	primary_key smallint[];
BEGIN
	SELECT n.nspname, c.relname, r.rolname AS owner, format('%I.%I', n.nspname, c.relname) AS fullname INTO STRICT tab
	FROM pg_catalog.pg_class AS c
	JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
	JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
	WHERE c.oid = rel;
	SELECT k.conkey INTO primary_key FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = rel AND k.contype = 'p';

	FOR attempt IN 1..2 LOOP
		SELECT a.* INTO col FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = rel AND a.attname = 'cartodb_id' AND NOT a.attisdropped;
		IF NOT FOUND THEN
			EXECUTE format('ALTER TABLE %s ADD COLUMN cartodb_id bigserial NOT NULL', rel);
			CONTINUE;
		END IF;
		is_unique := EXISTS (
			SELECT FROM pg_catalog.pg_index AS i
			WHERE i.indrelid = rel AND i.indnkeyatts = 1 AND i.indkey[0] = col.attnum AND i.indisunique AND i.indisvalid
				AND i.indimmediate AND i.indpred IS NULL);
		fit := col.atttypid IN ('int4'::regtype, 'int8'::regtype) AND col.attgenerated = '';
		IF attempt = 1 AND fit AND NOT (is_unique AND col.attnotnull) THEN
			EXECUTE format('SELECT count(*) = count(cartodb_id) AND count(*) = count(DISTINCT cartodb_id) FROM ONLY %s', rel) INTO fit;
		END IF;
		EXIT WHEN fit;
		PERFORM cartodb._cdb_moveaway(rel, 'cartodb_id');
		EXECUTE format('ALTER TABLE %s ADD COLUMN cartodb_id bigserial NOT NULL', rel);
	END LOOP;

	IF primary_key IS NULL THEN
		EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (cartodb_id)', rel);
	ELSIF primary_key <> ARRAY[col.attnum] THEN
		IF NOT col.attnotnull THEN
			EXECUTE format('ALTER TABLE %s ALTER COLUMN cartodb_id SET NOT NULL', rel);
		END IF;
		IF NOT is_unique THEN
			EXECUTE format('ALTER TABLE %s ADD UNIQUE (cartodb_id)', rel);
		END IF;
	END IF;

	seq := pg_get_serial_sequence(tab.fullname, 'cartodb_id');
	IF seq IS NULL THEN
		prefix := tab.relname;
		LOOP
			seq := prefix || '_cartodb_id_seq' || CASE WHEN n = 0 THEN '' ELSE n::text END;
			IF octet_length(seq) > 63 THEN
				prefix := left(prefix, -1);
				CONTINUE;
			END IF;
			seq := format('%I.%I', tab.nspname, seq);
			EXIT WHEN to_regclass(seq) IS NULL;
			n := n + 1;
		END LOOP;
		EXECUTE format('CREATE SEQUENCE %s AS %s', seq, format_type(col.atttypid, NULL));
		IF tab.owner <> current_user THEN -- an owned sequence must be the table's owner's
			EXECUTE format('ALTER SEQUENCE %s OWNER TO %I', seq, tab.owner);
		END IF;
		EXECUTE format('ALTER SEQUENCE %s OWNED BY %s.cartodb_id', seq, tab.fullname);
	END IF;
	IF col.attidentity = '' AND NOT EXISTS (
		SELECT FROM pg_catalog.pg_attrdef AS f
		JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
			AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = seq::regclass
		WHERE f.adrelid = rel AND f.adnum = col.attnum AND pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval(%)') THEN
		EXECUTE format('ALTER TABLE %s ALTER COLUMN cartodb_id SET DEFAULT nextval(%L)', rel, seq);
	END IF;

	-- Rows that came with their own numbers leave the sequence behind.
	EXECUTE format('SELECT max(cartodb_id) FROM %s', rel) INTO top;
	EXECUTE format('SELECT v.last_value + CASE WHEN v.is_called THEN s.seqincrement ELSE 0 END AS following, s.* '
		'FROM %s AS v, pg_catalog.pg_sequence AS s WHERE s.seqrelid = %L::regclass', seq, seq) INTO STRICT state;
	IF top >= state.following AND state.seqincrement > 0 THEN
		IF top > state.seqmax AND state.seqtypid <> 'int8'::regtype THEN
			EXECUTE format('ALTER SEQUENCE %s AS bigint', seq);
		END IF;
		PERFORM setval(seq::regclass, top);
	END IF;
END
$$;

-- Makes the_geom what it has to be and returns the suffix of its type: '', 'Z', 'M', 'ZM'; NULL where its type is plain
-- geometry, which has any dimensions.
CREATE OR REPLACE FUNCTION cartodb._cdb_cartodbfygeom(rel regclass) RETURNS text
LANGUAGE plpgsql STRICT
AS $$
DECLARE
	col record;
	is_there boolean;
	srids int[];
	typename text;
	suffix text;
BEGIN
	SELECT a.* INTO col FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = rel AND a.attname = 'the_geom' AND NOT a.attisdropped;
	is_there := FOUND;
	IF is_there AND col.atttypid <> 'geometry'::regtype THEN
		PERFORM cartodb._cdb_moveaway(rel, 'the_geom');
		is_there := false;
	END IF;
	IF NOT is_there THEN
		EXECUTE format('ALTER TABLE %s ADD COLUMN the_geom geometry(Geometry,4326)', rel);
		RETURN '';
	END IF;
	IF col.attgenerated <> '' THEN
		RAISE feature_not_supported USING
			MESSAGE = format('column the_geom of table %s is generated, want one that is stored by itself: its trigger runs before it is computed', rel);
	END IF;

	-- A column whose type has no SRID may have values that have one.
	srids := ARRAY[postgis_typmod_srid(col.atttypmod)];
	IF srids = ARRAY[0] THEN
		EXECUTE format('SELECT array_agg(DISTINCT ST_SRID(the_geom) ORDER BY ST_SRID(the_geom)) FROM %s WHERE the_geom IS NOT NULL', rel) INTO srids;
		IF srids IS NULL THEN
			srids := CASE WHEN col.atttypmod < 0 THEN ARRAY[4326] ELSE ARRAY[0] END;
		END IF;
	END IF;
	IF srids <> ARRAY[4326] THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('column the_geom of table %s has SRID %s, want 4326', rel,
				(SELECT string_agg(CASE s.srid WHEN 0 THEN '0 (unknown)' ELSE s.srid::text END, ' and ' ORDER BY s.srid) FROM unnest(srids) AS s (srid))),
			HINT = CASE
				WHEN cardinality(srids) > 1 THEN 'Give each value SRID 4326: ST_SetSRID(the_geom, 4326) where its coordinates are '
					'longitudes and latitudes and ST_Transform(the_geom, 4326) where it has another SRID.'
				WHEN srids = ARRAY[0] THEN format('If its coordinates are longitudes and latitudes: '
					'ALTER TABLE %s ALTER COLUMN the_geom TYPE geometry(Geometry,4326) USING ST_SetSRID(the_geom, 4326). '
					'If not, set their SRID with ST_SetSRID and use ST_Transform on the result.', rel)
				ELSE format('ALTER TABLE %s ALTER COLUMN the_geom TYPE geometry(Geometry,4326) USING ST_Transform(the_geom, 4326)', rel) END;
	END IF;

	IF col.atttypmod < 0 THEN
		RETURN NULL;
	END IF;
	typename := postgis_typmod_type(col.atttypmod);
	suffix := coalesce(substring(typename FROM '(ZM|Z|M)$'), '');
	IF postgis_typmod_srid(col.atttypmod) <> 4326 OR typename <> 'Geometry' || suffix THEN
		PERFORM cartodb._cdb_altergeometry(rel, 'the_geom', format('geometry(Geometry%s,4326)', suffix));
	END IF;
	RETURN suffix;
END
$$;

-- Makes the_geom_webmercator what it has to be, with the trigger that keeps it. The suffix is that of the_geom's type.
CREATE OR REPLACE FUNCTION cartodb._cdb_cartodbfywebmercator(rel regclass, suffix text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
	col record;
	typename text;
	own_suffix text;
	fit boolean := false;
	has_values boolean;
	expression text := 'cartodb.cdb_transformtowebmercator(the_geom)';
	argument text := '';
BEGIN
	SELECT a.* INTO col FROM pg_catalog.pg_attribute AS a
	WHERE a.attrelid = rel AND a.attname = 'the_geom_webmercator' AND NOT a.attisdropped;
	IF FOUND THEN
		IF col.atttypid = 'geometry'::regtype AND col.attgenerated = '' THEN
			IF col.atttypmod < 0 THEN
				EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s WHERE ST_SRID(the_geom_webmercator) <> 3857)', rel) INTO fit;
			ELSE
				typename := postgis_typmod_type(col.atttypmod);
				own_suffix := coalesce(substring(typename FROM '(ZM|Z|M)$'), '');
				fit := postgis_typmod_srid(col.atttypmod) = 3857 AND own_suffix = coalesce(suffix, own_suffix)
					AND (typename = 'Geometry' || own_suffix
						OR cartodb._cdb_altergeometry(rel, 'the_geom_webmercator', format('geometry(Geometry%s,3857)', own_suffix)));
			END IF;
		END IF;
		IF NOT fit THEN
			PERFORM cartodb._cdb_moveaway(rel, 'the_geom_webmercator');
		END IF;
	END IF;
	IF NOT fit THEN
		own_suffix := suffix;
		IF own_suffix IS NULL THEN -- that of all values, if there is one
			EXECUTE format('SELECT CASE WHEN count(*) = 1 THEN max(z.suffix) ELSE '''' END FROM ('
				'SELECT DISTINCT cartodb._cdb_dimensions(ST_Zmflag(the_geom)) AS suffix FROM %s WHERE the_geom IS NOT NULL) AS z', rel) INTO own_suffix;
		END IF;
		EXECUTE format('ALTER TABLE %s ADD COLUMN the_geom_webmercator geometry(Geometry%s,3857)', rel, own_suffix);
	END IF;
	IF suffix IS NULL AND own_suffix IS NOT NULL THEN
		expression := format('cartodb._cdb_forcedimensions(%s, %L)', expression, own_suffix);
		argument := quote_literal(own_suffix);
	END IF;

	IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS g
		WHERE g.tgrelid = rel AND g.tgfoid = 'cartodb._cdb_update_the_geom_webmercator()'::regprocedure) THEN
		EXECUTE format('CREATE TRIGGER update_the_geom_webmercator_trigger BEFORE INSERT OR UPDATE OF the_geom ON %s '
			'FOR EACH ROW EXECUTE FUNCTION cartodb._cdb_update_the_geom_webmercator(%s)', rel, argument);
	END IF;

	-- A new column is filled by a rewrite: it leaves no dead rows and fires nobody's triggers.
	IF NOT fit THEN
		EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE the_geom IS NOT NULL)', rel) INTO has_values;
		IF has_values THEN
			EXECUTE format('ALTER TABLE %s ALTER COLUMN the_geom_webmercator TYPE geometry(Geometry%s,3857) USING %s', rel, own_suffix, expression);
		END IF;
	END IF;
	PERFORM cartodb._cdb_indexgeometry(rel, 'the_geom'), cartodb._cdb_indexgeometry(rel, 'the_geom_webmercator');
	IF fit THEN
		EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE the_geom_webmercator IS NULL AND the_geom IS NOT NULL AND %s IS NOT NULL)',
			rel, expression) INTO has_values;
		IF has_values THEN
			EXECUTE format('UPDATE %s SET the_geom_webmercator = %s '
				'WHERE the_geom_webmercator IS NULL AND the_geom IS NOT NULL AND %2$s IS NOT NULL', rel, expression);
		END IF;
	END IF;
END
$$;

-- Makes a GiST index on a column that has none.
CREATE OR REPLACE FUNCTION cartodb._cdb_indexgeometry(rel regclass, colname text) RETURNS void
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	IF NOT EXISTS (
		SELECT FROM pg_catalog.pg_index AS i
		JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
		JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
		JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = rel AND m.amname = 'gist' AND a.attname = colname AND i.indisvalid AND i.indpred IS NULL) THEN
		EXECUTE format('CREATE INDEX ON %s USING gist (%I)', rel, colname);
	END IF;
END
$$;

-- Makes a table a dataset. What is right already stays as it is; a column that has one of the names and cannot be used
-- is renamed.
CREATE OR REPLACE FUNCTION cartodb.cdb_cartodbfytable(reloid regclass) RETURNS regclass
LANGUAGE plpgsql STRICT
AS $$
DECLARE
	tab record;
	kind text;
	suffix text;
BEGIN
	SELECT c.relkind, c.relname, c.relispartition, pg_has_role(c.relowner, 'USAGE') AS owned INTO tab
	FROM pg_catalog.pg_class AS c WHERE c.oid = reloid;
	IF NOT FOUND THEN
		RAISE undefined_table USING MESSAGE = format('table with OID %s does not exist', reloid::oid);
	END IF;
	kind := CASE tab.relkind
		WHEN 'r' THEN CASE WHEN tab.relispartition THEN 'a partition' END
		WHEN 'p' THEN 'a partitioned table' WHEN 'f' THEN 'a foreign table' WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
		WHEN 'S' THEN 'a sequence' WHEN 'i' THEN 'an index' WHEN 'I' THEN 'an index' WHEN 'c' THEN 'a type' ELSE 'not a table' END;
	IF kind IS NOT NULL THEN
		RAISE wrong_object_type USING MESSAGE = format('%s is %s, want an ordinary table', reloid, kind);
	END IF;
	IF NOT tab.owned THEN -- ALTER TABLE's words, before anything is looked at
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', tab.relname);
	END IF;
	EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', reloid); -- what is found here must stay true

	PERFORM cartodb._cdb_cartodbfyid(reloid);
	suffix := cartodb._cdb_cartodbfygeom(reloid);
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS g
		WHERE g.tgrelid = reloid AND g.tgfoid = 'cartodb.cdb_tablemetadata_trigger()'::regprocedure) THEN
		EXECUTE format('CREATE TRIGGER track_updates AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
			'FOR EACH STATEMENT EXECUTE FUNCTION cartodb.cdb_tablemetadata_trigger()', reloid);
	END IF;
	PERFORM cartodb._cdb_cartodbfywebmercator(reloid, suffix);
	PERFORM cartodb._cdb_synctablemetadata();
	RETURN reloid;
END
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_cartodbfytable(tabname text) RETURNS regclass
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	RETURN cartodb.cdb_cartodbfytable(cartodb._cdb_relation(tabname));
END
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_cartodbfytable(destschema text, tabname text) RETURNS regclass
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	RETURN cartodb.cdb_cartodbfytable(cartodb._cdb_relation(destschema, tabname));
END
$$;

CREATE OR REPLACE FUNCTION cartodb.cdb_cartodbfytable(destschema text, reloid regclass) RETURNS regclass
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	PERFORM cartodb._cdb_checkschema(destschema, reloid);
	RETURN cartodb.cdb_cartodbfytable(reloid);
END
$$;


-- The tables of queries

-- The statements of a text, without their semicolons, and their first words in lower case, by the rules of PostgreSQL's
-- lexer (src/backend/parser/scan.l). Backslashes are written so that standard_conforming_strings does not matter to them.
CREATE OR REPLACE FUNCTION cartodb._cdb_statements(query text, OUT statement text, OUT word text) RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
	-- Words (the letters of identifiers without $, and digits), blanks, runs of what means nothing here, and single
	-- characters that may. All that is not ASCII is a letter.
	tokens text[] := ARRAY(SELECT m[1] FROM regexp_matches(query,
		E'[^\\x01-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]+|[ \\t\\v\\f]+|[^\\w \\t\\v\\f\\n\\r''"$;\\\\/*\\u0080-\\U0010ffff-]+|.', 'g') AS m);
	total int := coalesce(array_length(tokens, 1), 0);
	plain_escapes boolean := current_setting('standard_conforming_strings') = 'off';
	state text := '';           -- '' or what one is inside of: ' E " $ - *
	tag text;                   -- of the dollar quotes
	depth int;                  -- of comments
	identifier text := '';      -- what ends with the token before
	continues int := 0;         -- after an escape string: 1, with a line break between: 2
	first int := 1;
	i int := 1;
	t text;
BEGIN
	WHILE i <= total LOOP
		t := tokens[i];
		IF state = '' THEN
			IF t = '-' AND tokens[i + 1] = '-' THEN
				state := '-';
				i := i + 1;
				identifier := '';
			ELSIF t = '/' AND tokens[i + 1] = '*' THEN
				state := '*';
				depth := 1;
				i := i + 1;
				identifier := '';
				continues := 0;
			ELSIF t = '''' THEN
				IF plain_escapes OR continues = 2 OR identifier IN ('e', 'E') THEN
					state := 'E';
				ELSE
					state := '''';
				END IF;
				word := coalesce(word, '');
				identifier := '';
				continues := 0;
			ELSIF t = '"' THEN
				state := '"';
				word := coalesce(word, '');
				identifier := '';
				continues := 0;
			ELSIF t = '$' THEN
				continues := 0;
				word := coalesce(word, '');
				IF identifier <> '' THEN
					identifier := identifier || t;
				ELSE
					IF tokens[i + 1] = '$' THEN
						state := '$';
						tag := NULL;
						i := i + 1;
					ELSIF tokens[i + 2] = '$' AND tokens[i + 1] ~ E'^[^\\x01-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]' THEN
						state := '$';
						tag := tokens[i + 1];
						i := i + 2;
					END IF;
				END IF;
			ELSIF t = ';' THEN
				statement := array_to_string(tokens[first:i - 1], '');
				RETURN NEXT;
				first := i + 1;
				word := NULL;
				identifier := '';
				continues := 0;
			ELSIF t ~ E'^[ \\t\\v\\f\\n\\r]' THEN
				identifier := '';
				IF continues = 1 AND t IN (E'\n', E'\r') THEN
					continues := 2;
				END IF;
			ELSE
				continues := 0;
				IF word IS NULL AND t !~ '^[(]+$' THEN
					word := lower(t COLLATE "C");
				END IF;
				IF t ~ E'^[\\x01-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]' OR identifier = '' AND t ~ '^[0-9]' THEN
					identifier := '';
				ELSE
					identifier := identifier || t;
				END IF;
			END IF;
		ELSIF state = '''' OR state = '"' THEN
			-- A doubled quote ends it and begins the next, which comes to the same.
			IF t = state THEN
				state := '';
			END IF;
		ELSIF state = 'E' THEN
			IF t = E'\\' THEN
				i := i + 1;
			ELSIF t = '''' THEN
				IF tokens[i + 1] = '''' THEN
					i := i + 1;
				ELSE
					state := '';
					continues := 1;
				END IF;
			END IF;
		ELSIF state = '$' THEN
			IF t = '$' THEN
				IF tag IS NULL AND tokens[i + 1] = '$' THEN
					state := '';
					i := i + 1;
				ELSIF tokens[i + 1] = tag AND tokens[i + 2] = '$' THEN
					state := '';
					i := i + 2;
				END IF;
			END IF;
		ELSIF state = '-' THEN
			IF t IN (E'\n', E'\r') THEN
				state := '';
				IF continues = 1 THEN
					continues := 2;
				END IF;
			END IF;
		ELSE
			IF t = '/' AND tokens[i + 1] = '*' THEN
				depth := depth + 1;
				i := i + 1;
			ELSIF t = '*' AND tokens[i + 1] = '/' THEN
				depth := depth - 1;
				i := i + 1;
				IF depth = 0 THEN
					state := '';
				END IF;
			END IF;
		END IF;
		i := i + 1;
	END LOOP;
	statement := array_to_string(tokens[first:total], '');
	RETURN NEXT;
END
$$;

-- The names of the tables that a text of one or more statements reads or writes, as PostgreSQL's plans tell them: of a view
-- its tables, of a partitioned table its partitions, and none that a plan does without, as with WHERE false. A statement
-- without a plan, or that its caller may not run, has none.
--
-- Nothing is executed. A cursor, which is what FOR IN EXECUTE opens, takes one statement and fails with more before it
-- runs any, so that a text that is taken apart wrongly cannot smuggle one in behind EXPLAIN. Planning runs functions that
-- are declared IMMUTABLE or STABLE, though: that is done in a read-only subtransaction that is always rolled back, and
-- with the rights of the caller, who should be who asks the query.
CREATE OR REPLACE FUNCTION cartodb.cdb_querytablestext(query text) RETURNS text[]
LANGUAGE plpgsql STRICT
AS $$
DECLARE
	piece record;
	plan json;
	plans jsonb[] := '{}';
BEGIN
	FOR piece IN SELECT s.statement, s.word FROM cartodb._cdb_statements(query) AS s
		WHERE s.word IN ('select', 'with', 'insert', 'update', 'delete', 'merge', 'values', 'table') LOOP
		BEGIN
			PERFORM set_config('transaction_read_only', 'on', true);
			FOR plan IN EXECUTE 'EXPLAIN (FORMAT JSON, VERBOSE) ' || piece.statement LOOP
				plans := plans || plan::jsonb;
			END LOOP;
			RAISE EXCEPTION 'roll back';
		EXCEPTION WHEN OTHERS THEN
			NULL; -- the block's changes are undone, its variables are not
		END;
	END LOOP;
	RETURN ARRAY(
		SELECT DISTINCT (quote_ident(r.relation ->> 'Schema') || '.' || quote_ident(r.relation ->> 'Relation Name')) COLLATE "C" AS name
		FROM unnest(plans) AS p (plan), jsonb_path_query(p.plan, 'strict $.** ? (exists (@."Relation Name") && exists (@."Schema"))') AS r (relation)
		ORDER BY name);
END
$$;

-- The same as names, which end after 63 bytes.
CREATE OR REPLACE FUNCTION cartodb.cdb_querytables(query text) RETURNS name[]
LANGUAGE plpgsql STRICT
AS $$
BEGIN
	RETURN cartodb.cdb_querytablestext(query)::name[];
END
$$;
