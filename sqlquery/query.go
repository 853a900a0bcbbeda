package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Result is the result of a statement, as a layer called SELECT. One of up to 500 rows is kept; of a longer one, the
// statement runs anew for each iteration. It belongs to
// the goroutine of its dataset, and is valid until it or the dataset is closed.
type Result struct {
	layer.Layer
	db *database // nil where the dataset has SQL itself
}

// Close releases what the result has beside the dataset. An iteration that is under way ends with an error.
func (r *Result) Close() error {
	if r.db == nil {
		return nil
	}
	return r.db.conn.Close()
}

// Query makes a layer of one statement that only reads. The errors of the dataset's layers come up in the iteration as they
// are; those of the statement itself say where in the text they are.
func Query(ctx context.Context, ds driver.Dataset, sql string) (*Result, error) {
	if s, ok := ds.(driver.SQLer); ok {
		l, err := s.Query(ctx, sql)
		if err != nil {
			return nil, err
		}
		return &Result{Layer: l}, nil
	}
	db, err := open(ctx, ds)
	if err != nil {
		return nil, err
	}
	l, err := geosql.New(ctx, db.source(), sql)
	if err != nil {
		return nil, errors.Join(err, db.conn.Close())
	}
	return &Result{Layer: l, db: db}, nil
}

// database is a database in memory whose tables are layers. A table is made when a statement names it, so that a folder of
// a thousand layers costs nothing.
type database struct {
	ds     driver.Dataset
	conn   *sqlite.Conn
	names  []string          // of the layers
	tables map[string]*table // by the name in lower case
	srs    []feature.SRS     // those without an EPSG code; an id is its index and firstOwnSRS
}

// firstOwnSRS is the first id that a blob bears for a reference system without an EPSG code. EPSG's end below.
const firstOwnSRS = 1_000_000

func open(ctx context.Context, ds driver.Dataset) (*database, error) {
	names, err := ds.LayerNames(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenMemory()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(conn.StrictQuotes(), geosql.Register(conn)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &database{ds: ds, conn: conn, names: names, tables: make(map[string]*table)}, nil
}

func (db *database) source() *geosql.Source {
	return &geosql.Source{
		Conn:    func() (*sqlite.Conn, error) { return db.conn, nil },
		Prepare: db.prepare,
		Origin:  db.origin,
		SRS:     db.srsOf,
		Wrap:    func(err error) error { return err },
	}
}

// prepare compiles a statement and makes the tables that it names.
func (db *database) prepare(ctx context.Context, c *sqlite.Conn, sql string) (*sqlite.Stmt, error) {
	if err := db.addShadowed(ctx, sql); err != nil {
		return nil, err
	}
	for {
		s, err := c.PrepareUser(sql)
		name, missing := missingTable(err)
		if !missing {
			return s, err
		}
		layerName, rerr := db.resolve(name, sql)
		if bare, ok := strings.CutPrefix(name, "main."); ok && (layerName == "" || db.tables[fold(name)] != nil) && rerr == nil {
			name = bare // x of the database main
			layerName, rerr = db.resolve(name, sql)
		}
		if rerr != nil {
			return nil, rerr
		}
		if layerName == "" {
			if len(db.names) == 0 {
				return nil, fmt.Errorf("%w: there are no layers: %w", err, fs.ErrNotExist)
			}
			return nil, fmt.Errorf("%w: there are %s: %w", err, strings.Join(db.names, ", "), fs.ErrNotExist)
		}
		if err := db.add(ctx, name, layerName); err != nil {
			return nil, err
		}
	}
}

// addShadowed makes tables of layers that are called like one of SQLite's own table-valued functions, which it would find
// in their place.
func (db *database) addShadowed(ctx context.Context, sql string) error {
	own := map[string]bool{}
	if err := db.conn.Query("SELECT name FROM pragma_module_list", func(s *sqlite.Stmt) error {
		own[fold(s.Text(0))] = true
		return nil
	}); err != nil {
		return err
	}
	for _, name := range db.names {
		f := fold(name)
		late := strings.HasPrefix(f, "pragma_") || strings.HasPrefix(f, "json") // modules that are made when they are named
		if !own[f] && !late || !strings.Contains(fold(sql), f) || db.tables[f] != nil {
			continue
		}
		if err := db.add(ctx, name, name); err != nil {
			return err
		}
	}
	return nil
}

// missingTable returns the name of the table that a statement did not find. SQLite tells it in its message only.
func missingTable(err error) (name string, missing bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return "", false
	}
	return strings.CutPrefix(e.Msg, "no such table: ")
}

// resolve returns the layer that a table's name means, or "".
func (db *database) resolve(name, sql string) (string, error) {
	var same []string // the layers that SQL takes for the same
	exact := false
	for _, n := range db.names {
		if fold(n) == fold(name) {
			same = append(same, n)
			exact = exact || n == name
		}
	}
	if len(same) == 1 {
		return same[0], nil
	}
	for _, n := range same {
		if !exact || n != name && strings.Contains(sql, n) {
			return "", fmt.Errorf("table %s is ambiguous, since SQL does not tell upper from lower case: there are %s; write "+
				"%s_1 for the first of them, and so on", name, strings.Join(same, ", "), same[0])
		}
	}
	if len(same) > 1 {
		return name, nil
	}
	// One of several by its number.
	count := make(map[string]int)
	for _, n := range db.names {
		count[fold(n)]++
		if fold(fmt.Sprintf("%s_%d", n, count[fold(n)])) == fold(name) {
			for _, o := range db.names {
				if o != n && fold(o) == fold(n) {
					return n, nil
				}
			}
		}
	}
	return "", nil
}

// fold returns a name as SQLite compares it: with ASCII in lower case.
func fold(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}

// add makes a table of a layer.
func (db *database) add(ctx context.Context, name, layerName string) error {
	if _, ok := db.tables[fold(name)]; ok {
		return fmt.Errorf("table %s is there already", name) // never: SQLite would have found it
	}
	l, err := db.ds.Layer(ctx, layerName)
	if err != nil {
		return err
	}
	t, err := newTable(ctx, db, l)
	if err != nil {
		return err
	}
	if strings.HasPrefix(fold(name), "sqlite_") {
		// Names that SQLite keeps for itself can be given in this mode only.
		if err := errors.Join(db.conn.Defend(false), db.conn.Exec("PRAGMA writable_schema = ON")); err != nil {
			return err
		}
		defer func() { _ = errors.Join(db.conn.Exec("PRAGMA writable_schema = OFF"), db.conn.Defend(true)) }()
	}
	if err := db.conn.AddTable(name, t.declaration(), t, geosql.BoxFunctions...); err != nil {
		return fmt.Errorf("layer %s as a table: %w", layerName, err)
	}
	db.tables[fold(name)] = t
	return nil
}

// origin describes a column of a table.
func (db *database) origin(tableName, name, _ string) (geosql.Origin, bool) {
	t := db.tables[fold(tableName)]
	if t == nil {
		return geosql.Origin{}, false
	}
	for i := range t.cols {
		if c := &t.cols[i]; fold(c.name) == fold(name) {
			switch c.kind {
			case fieldColumn:
				return geosql.Origin{Field: &t.schema.Fields[c.index]}, true
			case geomColumn:
				return geosql.Origin{Geom: &t.schema.Geoms[c.index]}, true
			}
			return geosql.Origin{FID: true}, true
		}
	}
	return geosql.Origin{}, false // rowid, which OGR too takes for a field
}

// srsID returns the id that blobs bear for a reference system.
func (db *database) srsID(s feature.SRS) int32 {
	switch {
	case s.IsZero():
		return 0
	case s.Authority == "EPSG" && s.Code > 0 && s.Code < firstOwnSRS:
		return int32(s.Code)
	}
	for i := range db.srs {
		if db.srs[i] == s {
			return int32(firstOwnSRS + i)
		}
	}
	db.srs = append(db.srs, s)
	return int32(firstOwnSRS + len(db.srs) - 1)
}

// srsOf returns the reference system that an id stands for: the layers' own, or EPSG's.
func (db *database) srsOf(id int32) feature.SRS {
	if i := int(id) - firstOwnSRS; i >= 0 && i < len(db.srs) {
		return db.srs[i]
	}
	for _, t := range db.tables {
		for _, g := range t.schema.Geoms {
			if g.SRS.Authority == "EPSG" && g.SRS.Code == int(id) {
				return g.SRS
			}
		}
	}
	s, _ := srs.EPSG(int(id))
	return s
}
