package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// filterFlags are the flags that say which features are wanted. info and copy share them.
type filterFlags struct {
	where         whereFlag
	box           boundsFlag
	intersects    geometryFlag
	order         orderFlag
	limit, offset countFlag
	fids          fidsFlag
	sql           textFlag
}

// register adds the flags; verb is what is done with the features.
func (f *filterFlags) register(l *pflag.FlagSet, verb string) {
	l.Var(&f.where, "where", verb+" only features for which the condition is true, or @FILE with it")
	l.Var(&f.box, "spat", verb+" only features whose bounds touch the box; also as four arguments")
	l.Var(&f.intersects, "intersects", verb+" only features whose geometry intersects this one, or @FILE with it")
	l.Var(&f.fids, "fid", verb+" only the features with these FIDs")
	l.Var(&f.order, "order-by", "in this order: fields with commas between them, each perhaps with DESC")
	l.Var(&f.limit, "limit", verb+" at most N features of a layer")
	l.Var(&f.offset, "offset", "pass over the first N features of a layer")
	l.Var(&f.sql, "sql", verb+" the result of an SQL statement in place of layers, or @FILE with it")
}

// Use of a condition in the long help of both commands.
const whereHelp = `--where takes what OGR SQL and SQL have behind WHERE:

  name = 'Lima', pop > 1e6 AND NOT capital, kind IN (1, 2), size BETWEEN 2 AND 3, note IS NULL,
  name LIKE 'S_o %' (ILIKE for any case), CAST(code AS integer) % 2 = 0, LOWER(name), LENGTH(name),
  day >= '2024-02-29', FID < 100, OGR_GEOMETRY = 'POINT', OGR_GEOM_AREA > 10,
  ST_Intersects(geometry, ST_MakeEnvelope(0, 40, 10, 50)), ST_DWithin(geometry, ST_Point(3, 45), 0.5)

Names with blanks stand in "double quotes". What a store can evaluate itself it is asked to; "info --explain" shows it.

--sql takes any SELECT of SQLite with functions such as ST_Area and ST_Intersects. A GeoPackage answers it itself; the
layers of other formats are tables of it, with their geometry in the column geometry.`

// fromFile returns what a flag means: the text itself, or that of the file behind an @.
func fromFile(s string) (string, error) {
	name, isFile := strings.CutPrefix(s, "@")
	if !isFile {
		return s, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%s is not UTF-8", name)
	}
	return strings.TrimPrefix(string(b), "\uFEFF"), nil
}

// whereFlag is the value of --where. Given again, all conditions must be true.
type whereFlag struct{ expr *filter.Expr }

func (f *whereFlag) Type() string { return "CONDITION" }

func (f *whereFlag) String() string {
	if f.expr == nil {
		return ""
	}
	return f.expr.String()
}

func (f *whereFlag) Set(s string) error {
	text, err := fromFile(s)
	if err != nil {
		return err
	}
	e, err := filter.Parse(text)
	if err != nil {
		return err
	}
	f.expr = f.expr.And(e)
	return nil
}

// geometryFlag is the value of --intersects.
type geometryFlag struct{ wkb feature.WKB }

func (f *geometryFlag) Type() string { return "WKT" }

func (f *geometryFlag) String() string { return "" }

func (f *geometryFlag) Set(s string) error {
	text, err := fromFile(s)
	if err != nil {
		return err
	}
	if f.wkb, err = sfgeom.ParseWKT(strings.TrimSpace(text)); err != nil {
		return err
	}
	if err := sfgeom.Validate(f.wkb); err != nil {
		return fmt.Errorf("the geometry is not valid: %w", err)
	}
	return nil
}

// orderFlag is the value of --order-by.
type orderFlag struct{ keys []layer.Order }

func (f *orderFlag) Type() string { return "FIELDS" }

func (f *orderFlag) String() string { return "" }

func (f *orderFlag) Set(s string) (err error) {
	f.keys, err = layer.ParseOrder(s)
	return err
}

// fidsFlag is the value of --fid: FIDs with commas between them. Each counts once.
type fidsFlag struct{ list []int64 }

func (f *fidsFlag) Type() string { return "FID,..." }

func (f *fidsFlag) String() string { return "" }

func (f *fidsFlag) Set(s string) error {
	for _, part := range strings.Split(s, ",") {
		fid, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not an FID", part)
		}
		if !slices.Contains(f.list, fid) {
			f.list = append(f.list, fid)
		}
	}
	return nil
}

// textFlag is the value of --sql.
type textFlag struct{ text string }

func (f *textFlag) Type() string { return "SELECT" }

func (f *textFlag) String() string { return f.text }

func (f *textFlag) Set(s string) (err error) {
	if f.text, err = fromFile(s); err == nil && strings.TrimSpace(f.text) == "" {
		err = fmt.Errorf("the statement is empty")
	}
	return err
}
