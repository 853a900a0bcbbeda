package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// table is where a Writer writes to.
type table struct {
	Name     string
	FID      string // the column of the FID
	Geom     string // the geometry column, or ""
	GeomType feature.GeomType
	z, m     int64 // as in gpkg_geometry_columns: 0 prohibited, 1 mandatory, 2 optional
	srsID    int64
	RTree    string // the table of its R-tree, or ""
}

// accepts tells whether a geometry of type g may stand in the geometry column.
func (t *table) accepts(g feature.GeomType) bool {
	if t.z == 0 && g.HasZ() || t.z == 1 && !g.HasZ() || t.m == 0 && g.HasM() || t.m == 1 && !g.HasM() {
		return false
	}
	return t.GeomType.Base().Holds(g.Base())
}

// sink takes encoded rows. Two do: pageSink makes the pages of a new table, sqlSink inserts.
type sink interface {
	// insert adds a row. fid may be feature.NullFID: the sink gives out the next one. It returns the row's FID. An error
	// that matches *layer.RejectedError concerns that row alone.
	insert(fid int64, g *geometry, vals []feature.Value) (int64, error)
	// outOfOrder tells whether the sink cannot take a row of that FID after those it has.
	outOfOrder(fid int64) bool
}

// geometry is a geometry that is being written.
type geometry struct {
	wkb     feature.WKB // nil for none
	bounds  feature.Bounds
	isPoint bool
}

// Writer appends features to a layer.
type Writer struct {
	d      *Dataset
	table  table
	schema *feature.Schema
	isNew  bool // the layer is made by this Writer

	sink     sink
	fidField int  // the field whose value is the FID, or -1
	newFIDs  bool // such a field was demoted: the table gives out the FIDs, whatever those of the source are

	tree   *rtreeEntries // of the rows that were written, where the table has an R-tree
	extent feature.Bounds
	count  int64

	saved  []trigger       // of an existing table, put back by Commit
	geom   geometry        // of the row that is being written
	buffer []feature.Value // of a row whose values had to be turned into others
	keeps  bool            // unset values leave their columns as they are, as SetFeature has it
	err    error           // why the Writer is of no more use
	done   bool
}

var _ layer.Writer = (*Writer)(nil)

// Schema describes the features that Write takes.
func (w *Writer) Schema() *feature.Schema { return w.schema }

// Create makes a table for the schema and returns its Writer.
func (d *Dataset) Create(ctx context.Context, name string, s *feature.Schema, o driver.Options) (layer.Writer, error) {
	w, err := d.createLayer(ctx, name, s, o)
	if err != nil {
		d.giveUp()
		return nil, d.wrap("create", name, err)
	}
	return w, nil
}

// giveUp rolls back what was done for a Writer that came to nothing. The transaction of one that is open stays.
func (d *Dataset) giveUp() {
	switch {
	case d.writer != nil || d.finished:
	case d.conn == nil: // between its connection and its pages: the new file is of no more use
		d.spoiled = true
	default:
		_ = d.rollback()
		d.layers = nil
	}
}

func (d *Dataset) createLayer(ctx context.Context, name string, s *feature.Schema, o driver.Options) (*Writer, error) {
	if err := d.writable(ctx); err != nil {
		return nil, err
	}
	set, err := driver.ParseOptions("layer creation option of GPKG", gpkgDriver{}.Info().Layer, o)
	if err != nil {
		return nil, err
	}
	if err := checkLayerName(name); err != nil {
		return nil, err
	}
	w := &Writer{d: d, isNew: true, fidField: -1, extent: feature.EmptyBounds(), schema: s.Clone()}
	w.table.Name = name
	if err := w.nameColumns(set); err != nil {
		return nil, err
	}
	w.checkDefaults()
	// The transaction of an existing file lasts until Commit; that of a new file ends here, and its pages are next.
	if err := d.begin(); err != nil {
		return nil, err
	}
	if err := d.refresh(); err != nil {
		return nil, err
	}
	if err := w.makeRoom(set.Bool("OVERWRITE")); err != nil {
		return nil, err
	}
	if err := w.createTables(set); err != nil {
		return nil, err
	}
	if d.tmp != "" && w.canPage() {
		if err := w.startPages(); err != nil {
			return nil, err
		}
	} else if w.sink, err = newSQLSink(w); err != nil {
		return nil, err
	}
	w.gatherEntries()
	d.writer, d.layers = w, nil
	return w, nil
}

// gatherEntries makes the place where the R-tree's entries are gathered.
func (w *Writer) gatherEntries() { w.tree = newRTreeEntries(filepath.Dir(w.d.name)) }

// checkLayerName refuses names that SQLite or the standard keep for themselves.
func checkLayerName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return errors.New("a layer needs a name")
	case strings.ContainsRune(name, 0):
		return errors.New("a layer's name has a NUL")
	case strings.HasPrefix(lower, "gpkg_"), strings.HasPrefix(lower, "sqlite_"), strings.HasPrefix(lower, "rtree_"):
		return fmt.Errorf("names that begin with gpkg_, sqlite_ or rtree_ are the store's own")
	}
	return nil
}

// checkFieldName refuses names that no column can have.
func checkFieldName(name string) error {
	switch {
	case name == "":
		return errors.New("a field needs a name")
	case strings.ContainsRune(name, 0):
		return errors.New("a field's name has a NUL")
	}
	return nil
}

// nameColumns settles the names of the FID and geometry columns, and what becomes of fields that bear the same.
func (w *Writer) nameColumns(set driver.Settings) error {
	s := w.schema
	fid := set.String("FID")
	if fid == "" {
		fid = s.FIDColumn
	}
	if fid == "" {
		fid = "fid"
	}
	w.table.FID, s.FIDColumn = fid, fid
	if len(s.Geoms) > 1 {
		names := make([]string, len(s.Geoms))
		for i, g := range s.Geoms {
			names[i] = g.Name
		}
		return fmt.Errorf("%d geometry columns (%s): a table of a GeoPackage has at most one", len(s.Geoms), strings.Join(names, ", "))
	}
	if len(s.Geoms) == 1 {
		g := &s.Geoms[0]
		if n := set.String("GEOMETRY_NAME"); n != "" {
			g.Name = n
		}
		if g.Name == "" {
			g.Name = "geom"
		}
		if strings.EqualFold(g.Name, fid) {
			return fmt.Errorf("%s is to be both the FID and the geometry column", fid)
		}
		w.table.Geom, w.table.GeomType = g.Name, g.Type
		w.table.z, w.table.m = flag(g.Type.HasZ()), flag(g.Type.HasM())
		if g.Type == feature.Geometry { // nothing is known: both are optional
			w.table.z, w.table.m = 2, 2
		}
		if set.Bool("SPATIAL_INDEX") {
			w.table.RTree = "rtree_" + w.table.Name + "_" + g.Name
		}
	}
	taken := map[string]bool{strings.ToLower(fid): true}
	if w.table.Geom != "" {
		taken[strings.ToLower(w.table.Geom)] = true
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		s.Fields[i] = stored(*f)
		if err := checkFieldName(f.Name); err != nil {
			return fmt.Errorf("field %d: %w", i, err)
		}
		if strings.EqualFold(f.Name, fid) && w.fidField < 0 && (f.Type == feature.Integer || f.Type == feature.Integer64) &&
			f.Subtype != feature.Boolean {
			// Its values are the FIDs, for as long as they are fit for that: see demoteFID.
			w.fidField = i
			f.Name = fid
			continue
		}
		w.rename(f, taken)
		taken[strings.ToLower(f.Name)] = true
	}
	return nil
}

// rename gives the field another name when it is taken: by the FID, the geometry, or another field but for case, which
// SQLite does not tell apart.
func (w *Writer) rename(f *feature.Field, taken map[string]bool) {
	name := f.Name
	for n := 1; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s_%d", f.Name, n)
	}
	if name != f.Name {
		w.d.Warn("field %s is stored as %s, since the name is taken", f.Name, name)
		f.Name = name
	}
}

// checkDefaults drops the defaults that SQLite cannot work out, as those of another database may be.
func (w *Writer) checkDefaults() {
	for i := range w.schema.Fields {
		f := &w.schema.Fields[i]
		if f.Default == "" || i == w.fidField {
			continue
		}
		value := defaultSQL(*f)
		for _, sql := range []string{"SELECT (" + value + ")", "CREATE TEMP TABLE t (c DEFAULT (" + value + "))"} {
			st, err := w.d.conn.Prepare(sql)
			if err != nil {
				w.d.Warn("field %s: the default %s is left out: %v", f.Name, f.Default, err)
				f.Default = ""
				break
			}
			st.Finalize()
		}
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// makeRoom sees to it that the name is free.
func (w *Writer) makeRoom(overwrite bool) error {
	_, exists, err := w.d.conn.Int("SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?)", w.table.Name)
	if err != nil {
		return err
	}
	if !exists {
		return w.d.forget(w.table.Name) // the catalog may name a table that is gone
	}
	if !overwrite {
		return fmt.Errorf("%w: OVERWRITE=YES replaces it", fs.ErrExist)
	}
	l, err := w.d.find(w.table.Name)
	if err != nil {
		return err
	}
	return w.d.dropLayer(l)
}

// createTables makes the layer's table, its R-tree and its rows in the catalog.
func (w *Writer) createTables(set driver.Settings) error {
	c, t := w.d.conn, &w.table
	srs := any(nil)
	dataType := "attributes"
	if t.Geom != "" {
		id, err := srsID(c, w.schema.Geoms[0].SRS)
		if err != nil {
			return err
		}
		t.srsID, srs, dataType = id, id, "features"
	}
	for _, sql := range []string{createTable(t.Name, t.FID, w.schema), createGeometryColumns, createOGRContents} {
		if err := c.Exec(sql); err != nil {
			return err
		}
	}
	identifier := set.String("IDENTIFIER")
	if identifier == "" {
		identifier = t.Name
	}
	if err := c.Execf(`INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
		VALUES (?, ?, ?, ?, ?, ?)`, t.Name, dataType, identifier, set.String("DESCRIPTION"), w.d.timestamp(), srs); err != nil {
		return err
	}
	if err := c.Execf("INSERT OR REPLACE INTO gpkg_ogr_contents (table_name, feature_count) VALUES (?, NULL)", t.Name); err != nil {
		return err
	}
	if t.Geom != "" {
		if err := w.createGeometryColumn(); err != nil {
			return err
		}
	}
	return w.describeColumns()
}

func (w *Writer) createGeometryColumn() error {
	c, t := w.d.conn, &w.table
	if err := c.Execf(`INSERT INTO gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m)
		VALUES (?, ?, ?, ?, ?, ?)`, t.Name, t.Geom, t.GeomType.Name(), t.srsID, t.z, t.m); err != nil {
		return err
	}
	if t.GeomType.Base() > feature.GeometryCollection { // OGC 12-128r18, F.1
		if err := registerExtension(c, t.Name, t.Geom, "gpkg_geom_"+t.GeomType.Name(),
			specURL(w.d.version, "extension_geometry_types"), "read-write"); err != nil {
			return err
		}
	}
	if t.RTree == "" {
		return nil
	}
	if err := c.Exec("CREATE VIRTUAL TABLE " + quote(t.RTree) + " USING rtree(id, minx, maxx, miny, maxy)"); err != nil {
		return err
	}
	return registerExtension(c, t.Name, t.Geom, "gpkg_rtree_index", specURL(w.d.version, "extension_rtree"), "write-only")
}

// describeColumns writes titles, descriptions and mime types to gpkg_data_columns.
func (w *Writer) describeColumns() error {
	for i := range w.schema.Fields {
		if i == w.fidField {
			continue
		}
		if err := w.d.describeColumn(w.table.Name, w.schema.Fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// describeColumn writes what gpkg_data_columns has to say of a field, if anything.
func (d *Dataset) describeColumn(tableName string, f feature.Field) error {
	_, mime := sqlTypeOf(f)
	if f.Alias == "" && f.Comment == "" && mime == "" {
		return nil
	}
	for _, sql := range []string{createDataColumns, createDataColumnConstraints} {
		if err := d.conn.Exec(sql); err != nil {
			return err
		}
	}
	for _, name := range []string{"gpkg_data_columns", "gpkg_data_column_constraints"} {
		if err := registerExtension(d.conn, name, "", "gpkg_schema", specURL(d.version, "extension_schema"), "read-write"); err != nil {
			return err
		}
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return d.conn.Execf(`INSERT OR REPLACE INTO gpkg_data_columns
		(table_name, column_name, name, title, description, mime_type) VALUES (?, ?, NULL, ?, ?, ?)`,
		tableName, f.Name, null(f.Alias), null(f.Comment), null(mime))
}

// canPage tells whether the new table may be filled page by page: whether there is nothing that only the engine can do,
// such as checking that values are unique or working out a default.
func (w *Writer) canPage() bool {
	for i := range w.schema.Fields {
		if f := &w.schema.Fields[i]; (f.Unique || f.Default != "") && i != w.fidField {
			return false
		}
	}
	return true
}

// Write appends f and sets its FID.
func (w *Writer) Write(f *feature.Feature) error {
	if w.err != nil {
		return w.err
	}
	if w.done {
		return w.d.wrap("write", w.table.Name, fs.ErrClosed)
	}
	err := w.write(f)
	if err == nil {
		return nil
	}
	var rejected *layer.RejectedError
	if errors.As(err, &rejected) {
		rejected.FID = f.FID
		rejected.Err = &driver.Error{
			Op: "write", Driver: "gpkg", Name: w.d.name, Layer: w.table.Name, FID: f.FID, Err: rejected.Err,
		}
		return rejected
	}
	w.err = w.d.wrap("write", w.table.Name, err)
	return w.err
}

func reject(format string, args ...any) error {
	return &layer.RejectedError{Err: fmt.Errorf(format, args...)}
}

func (w *Writer) write(f *feature.Feature) error {
	if len(f.Values) != len(w.schema.Fields) || len(f.Geoms) != len(w.schema.Geoms) {
		return fmt.Errorf("a feature of %d values and %d geometries, want %d and %d", len(f.Values), len(f.Geoms),
			len(w.schema.Fields), len(w.schema.Geoms))
	}
	g := &w.geom // which on the stack would be moved to the heap
	*g = geometry{bounds: feature.EmptyBounds()}
	if len(f.Geoms) == 1 && f.Geoms[0] != nil {
		if err := w.geometry(f.Geoms[0], g); err != nil {
			return err
		}
	}
	if g.wkb == nil && w.table.Geom != "" && w.schema.Geoms[0].NotNull {
		return reject("column %s takes no null geometry", w.table.Geom)
	}
	vals, err := w.values(f.Values)
	if err != nil {
		return err
	}
	fid := f.FID
	if w.fidField >= 0 {
		v := &vals[w.fidField]
		if v.Kind() != feature.KindInt {
			if err := w.demoteFID("a feature has none"); err != nil {
				return err
			}
		} else {
			fid = v.Int()
		}
	}
	if w.newFIDs {
		fid = feature.NullFID
	}
	if fid != feature.NullFID && w.sink.outOfOrder(fid) {
		if err := w.leavePages(); err != nil {
			return err
		}
	}
	id, err := w.sink.insert(fid, g, vals)
	if err != nil && w.fidField >= 0 && sqlite.IsKeyTaken(err) {
		if err := w.demoteFID(fmt.Sprintf("%d occurs twice", fid)); err != nil {
			return err
		}
		id, err = w.sink.insert(feature.NullFID, g, vals)
	}
	if err != nil {
		return err
	}
	f.FID = id
	w.count++
	if !g.bounds.IsEmpty() {
		w.extent = w.extent.Union(g.bounds)
		if w.table.RTree != "" {
			return w.tree.add(id, g.bounds)
		}
	}
	return nil
}

// geometry checks a geometry against its column.
func (w *Writer) geometry(wkb feature.WKB, g *geometry) error {
	t, err := wkb.Type()
	if err != nil {
		return &layer.RejectedError{Err: err}
	}
	if !w.table.accepts(t) {
		return reject("a %s in column %s of type %s: another layer type (--nlt) would take it", t, w.table.Geom,
			w.schema.Geoms[0].Type)
	}
	if g.bounds, err = wkb.Bounds(); err != nil {
		return &layer.RejectedError{Err: err}
	}
	g.wkb, g.isPoint = wkb, t.Base() == feature.Point
	return nil
}

// natural is the kind of value that a field of each type stores as it is.
var natural = [...]feature.Kind{
	feature.String: feature.KindText, feature.Integer: feature.KindInt, feature.Integer64: feature.KindInt,
	feature.Real: feature.KindFloat, feature.DateField: feature.KindDate, feature.TimeField: feature.KindTime,
	feature.DateTimeField: feature.KindDateTime, feature.Binary: feature.KindBytes,
}

// values checks the values against their fields and returns them, in a copy if any had to be turned into its field's
// type.
func (w *Writer) values(given []feature.Value) ([]feature.Value, error) {
	vals, copied := given, false
	for i := range given {
		fl := &w.schema.Fields[i]
		k := given[i].Kind()
		if k == natural[fl.Type] {
			if k == feature.KindText && !utf8.Valid(given[i].Bytes()) {
				return nil, reject("field %s: %.40q is not UTF-8", fl.Name, given[i].Bytes())
			}
			if k == feature.KindFloat && fl.NotNull && math.IsNaN(given[i].Float()) {
				return nil, reject("field %s takes no null, which NaN would be stored as", fl.Name)
			}
			continue
		}
		if k <= feature.KindNull {
			if fl.NotNull && i != w.fidField && (k == feature.KindNull || fl.Default == "" && !w.keeps) {
				return nil, reject("field %s takes no null", fl.Name)
			}
			continue
		}
		v, ok := fits(given[i], fl)
		if !ok {
			return nil, reject("field %s: %s %.60q does not go into a field of type %s", fl.Name, k, given[i].String(), fl.TypeName())
		}
		if !copied {
			w.buffer = append(w.buffer[:0], given...)
			vals, copied = w.buffer, true
		}
		vals[i] = v
	}
	return vals, nil
}
