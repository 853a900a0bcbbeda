package sqlapi

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// firstUserOID is the first OID of types that are not built in.
const firstUserOID = 16384

// typeNumbers knows the OIDs of PostGIS's types, which differ from database to database.
type typeNumbers struct {
	db account.Querier

	mu                  sync.Mutex
	geometry, geography uint32
	read                time.Time
}

// load asks the database.
func (t *typeNumbers) load(ctx context.Context) error {
	var geometry, geography uint32
	err := t.db.QueryRow(ctx, `SELECT coalesce((SELECT t.oid FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid WHERE e.extname = 'postgis' AND t.typname = 'geometry'), 0),
		coalesce((SELECT t.oid FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid WHERE e.extname = 'postgis' AND t.typname = 'geography'), 0)`).
		Scan(&geometry, &geography)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.geometry, t.geography, t.read = geometry, geography, time.Now()
	return nil
}

// numbers returns the OIDs. Where a result has a type that is unknown, the extension may have been made anew.
func (t *typeNumbers) numbers(ctx context.Context, columns []pgproto3.FieldDescription) (geometry, geography uint32) {
	t.mu.Lock()
	geometry, geography = t.geometry, t.geography
	old := time.Since(t.read) > time.Minute
	t.mu.Unlock()
	unknown := slices.ContainsFunc(columns, func(c pgproto3.FieldDescription) bool {
		return c.DataTypeOID >= firstUserOID && c.DataTypeOID != geometry && c.DataTypeOID != geography
	})
	if unknown && old && t.load(ctx) == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.geometry, t.geography
	}
	return geometry, geography
}

// encoder returns what writes the rows of a result.
func (a *sqlAnswer) encoder(c []pgproto3.FieldDescription, skip map[string]bool) *pgvalue.Encoder {
	geometry, geography := a.srv.types.numbers(a.ctx, c)
	columns := make([]pgvalue.Column, len(c))
	for i, f := range c {
		columns[i] = pgvalue.Column{Name: string(f.Name), OID: f.DataTypeOID, TypMod: f.TypeModifier}
	}
	return pgvalue.NewEncoder(columns, geometry, geography, skip)
}
