package sqlbuilder_test

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// nasty are names and texts that would break out of a statement that is put together without care.
var nasty = []string{
	`'`, `''`, `"`, `""`, `\`, `\\`, `\'`, `\"`, `'; DROP TABLE t; --`, `"; DROP TABLE t; --`, `\'; DROP TABLE t; --`, `'/*`, `*/`, `-- x`,
	"$$", "$a$ x $a$", "$1", "?", "?1", ":a", "@a", "%s", "%", "_", "!", "＇ OR 1=1", "ʼ", "’; --", "\u2019", "＂", "\u02BA", "a\nb", "a\r\nb", "\t", " ", "  x  ",
	"\u0001", "\u007f", "\u0085", "\u00a0", "\u200b", "\u202e", "\uFEFF", "\uFFFD", "é", "e\u0301", "日本語", "😀", "x'00'", `E'\''`, `U&"\0041"`, "select", "NULL",
	"{a,b}", `{"a"}`, "[x]", "`", "a.b", "a::text", "\\.", "\\N", "\\x41", "\\u0041", "standard_conforming_strings",
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffff'\"\\",
}

// lifecycle is what a table of that name goes through: it is made, filled, changed, renamed. The last statement selects
// the row with the text, and yields it in the second column.
func lifecycle(t *testing.T, d sqlbuilder.Dialect, namespace, s string) []sqlbuilder.Statement {
	t.Helper()
	table := sqlbuilder.Table{
		Namespace: namespace, Name: s, FID: "f" + s,
		Schema: &feature.Schema{FIDColumn: "f" + s, Fields: []feature.Field{
			{Name: s, Default: sqlbuilder.QuoteText(s)}, {Name: s + "2", Default: "7", Type: feature.Integer},
		}},
		Types: []string{"TEXT", "int4"},
	}
	if len(table.FID) > 63 {
		t.Fatalf("%q is too long for the test", s)
	}
	var list []sqlbuilder.Statement
	add := func(st sqlbuilder.Statement, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s, %q: %v", d, s, err)
		}
		list = append(list, st)
	}
	insert := func(columns []string, rows ...[]any) {
		t.Helper()
		in, err := d.NewInserter(table, columns, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if ok, err := in.Add(row...); err != nil || !ok {
				t.Fatalf("%t, %v", ok, err)
			}
		}
		add(in.Statement())
	}
	add(d.DropTable(table, true))
	add(d.CreateTable(table))
	add(d.Truncate(table))
	insert([]string{table.FID, s}, []any{int64(1), "other"}, []any{int64(2), feature.Text(s)}, []any{int64(3), nil}, []any{int64(5), s})
	insert([]string{table.FID}, []any{int64(4)}) // with the default
	add(d.Update(table, 1, []string{s}, []any{s + s}))
	add(d.Delete(table, 5))
	add(d.AddColumn(table, feature.Field{Name: s + "3", Default: sqlbuilder.QuoteText(s)}))
	add(d.RenameColumn(table, s+"3", s+"4"))
	add(d.DropColumn(table, s+"4"))
	renamed := table
	renamed.Name += "r"
	add(d.DropTable(renamed, true))
	add(d.RenameTable(table, renamed.Name))
	table = renamed

	q := layer.Query{Columns: []string{s}, Where: filter.Field(s).Eq(s).And(
		filter.Field(s).In(s, s+"x"), filter.Field(s).LikeEscape(strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)+"%", '!'),
		filter.Field(s).ILike("%"), filter.Field(s).Ne("other"), filter.Field(s+"2").Eq(7), filter.FID().Gt(0))}
	p, err := q.Plan(table.Schema)
	if err != nil {
		t.Fatal(err)
	}
	count, ok, err := d.Count(table, p)
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		add(count, nil)
	}
	sel, err := d.Select(table, p)
	if err != nil {
		t.Fatal(err)
	}
	add(sel.Statement, nil)
	return list
}

func TestInjectionSQLite(t *testing.T) {
	c, err := sqlite.Open(filepath.Join(t.TempDir(), "a.db"), sqlite.Create, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, d := range []sqlbuilder.Dialect{sqlbuilder.SQLite, sqlbuilder.SQLite.WithLiterals()} {
		for _, s := range nasty {
			list := lifecycle(t, d, "main", s)
			var got []string
			for i, st := range list {
				err := runSQLite(c, st, func(row *sqlite.Stmt) {
					if i == len(list)-1 {
						got = append(got, row.Text(1))
					}
				})
				if err != nil {
					t.Fatalf("%s, %q: %v\n%s", d, s, err, st.SQL)
				}
			}
			got = slices.DeleteFunc(got, func(v string) bool { return v == s+s }) // to be checked again
			if len(got) != 2 || got[0] != s || got[1] != s {
				t.Errorf("%s: %q came back as %q", d, s, got)
			}
		}
	}
}

// runSQLite runs a statement with its arguments.
func runSQLite(c *sqlite.Conn, st sqlbuilder.Statement, row func(*sqlite.Stmt)) error {
	stmt, err := c.Prepare(st.SQL)
	if err != nil {
		return err
	}
	defer stmt.Finalize()
	for i, a := range st.Args {
		switch a := a.(type) {
		case nil:
			err = stmt.BindNull(i + 1)
		case int64:
			err = stmt.BindInt(i+1, a)
		case float64:
			err = stmt.BindFloat(i+1, a)
		case string:
			err = stmt.BindText(i+1, []byte(a))
		case []byte:
			err = stmt.BindBlob(i+1, a)
		default:
			err = fmt.Errorf("an argument of type %T", a)
		}
		if err != nil {
			return err
		}
	}
	for {
		ok, err := stmt.Step()
		if err != nil || !ok {
			return err
		}
		row(stmt)
	}
}

func TestInjectionPostgreSQL(t *testing.T) {
	mustScript(t, "DROP SCHEMA IF EXISTS \"inj'ection\"\"\\\" CASCADE; CREATE SCHEMA \"inj'ection\"\"\\\";")
	for _, setting := range []string{"on", "off"} {
		for _, d := range []sqlbuilder.Dialect{sqlbuilder.PostgreSQL, sqlbuilder.PostgreSQL.WithLiterals()} {
			var sql strings.Builder
			sql.WriteString("SET standard_conforming_strings = " + setting + ";\nSET backslash_quote = off;\nSET escape_string_warning = off;\n")
			for _, s := range nasty {
				list := lifecycle(t, d, `inj'ection"\`, s)
				for i, st := range list {
					if i == len(list)-1 {
						st.SQL = "SELECT '#' || encode(convert_to(v, 'UTF8'), 'hex') FROM (" + st.SQL + ") AS q(f, v)"
					}
					sql.WriteString(executed(st))
				}
				// COPY takes no arguments.
				table := sqlbuilder.Table{Namespace: `inj'ection"\`, Name: s + "r"}
				from, err := d.CopyFrom(table, []string{"f" + s, s}, sqlbuilder.CopyText)
				if err != nil {
					t.Fatal(err)
				}
				sql.WriteString(from + ";\n99\tx\n\\.\n")
				if last := list[len(list)-1]; len(last.Args) == 0 {
					to, err := d.CopyTo(last, sqlbuilder.CopyCSV)
					if err != nil {
						t.Fatal(err)
					}
					sql.WriteString("\\o /dev/null\n" + to + ";\n\\o\n")
				}
			}
			out := mustScript(t, sql.String())
			var got []string
			for _, line := range strings.Fields(out) {
				if code, ok := strings.CutPrefix(line, "#"); ok {
					b, err := hex.DecodeString(code)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, string(b))
				}
			}
			if len(got) != 2*len(nasty) {
				t.Fatalf("%s: %d rows for %d texts", d, len(got), len(nasty))
			}
			for i, s := range nasty {
				if got[2*i] != s || got[2*i+1] != s {
					t.Errorf("%s, standard_conforming_strings %s: %q came back as %q", d, setting, s, got[2*i:2*i+2])
				}
			}
		}
	}
}

func TestWhatCannotBeSaid(t *testing.T) {
	pg, carto, lite := sqlbuilder.PostgreSQL, sqlbuilder.PostgreSQL.WithLiterals(), sqlbuilder.SQLite
	table := sqlbuilder.Table{Name: "t", FID: "id", Schema: &feature.Schema{Fields: []feature.Field{{Name: "a"}}}, Types: []string{"text"}}
	inserted := func(d sqlbuilder.Dialect, v any) error {
		in, err := d.NewInserter(table, []string{"a"}, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = in.Add(v)
		return err
	}
	ident := func(d sqlbuilder.Dialect, name string) error {
		_, err := d.QuoteIdent(name)
		return err
	}
	for _, c := range []struct {
		name string
		err  error
	}{
		{"NUL in a name", ident(lite, "a\x00b")},
		{"NUL in a name of PostgreSQL", ident(pg, "a\x00b")},
		{"a name that is not UTF-8", ident(lite, "a\xff")},
		{"an empty name", ident(pg, "")},
		{"a name that PostgreSQL cuts", ident(pg, strings.Repeat("é", 32))},
		{"NUL in a text", inserted(pg, "a\x00b")},
		{"NUL in a literal", inserted(lite.WithLiterals(), "a\x00b")},
		{"a text that is not UTF-8", inserted(carto, "a\xff")},
		{"an unset value in SQLite", inserted(lite, feature.Value{})},
		{"a geometry in SQLite", inserted(lite, sqlbuilder.Geometry{})},
		{"a value of an unknown type", inserted(lite, struct{}{})},
	} {
		if c.err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
	if err := inserted(lite, "a\x00b"); err != nil {
		t.Errorf("NUL in an argument of SQLite: %v", err)
	}
	q := layer.Query{Where: filter.Field("a").Eq("x\x00y")}
	p, err := q.Plan(table.Schema)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := pg.Select(table, p); err != nil || s.Residual == nil || strings.Contains(s.SQL, "WHERE") {
		t.Errorf("NUL in a filter: %v, %v", s, err)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Add("a\x00b")
	f.Add("\xff'")
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []sqlbuilder.Dialect{sqlbuilder.SQLite, sqlbuilder.PostgreSQL} {
			if q, err := d.QuoteIdent(s); err == nil {
				inner := q[1 : len(q)-1]
				if strings.Count(strings.ReplaceAll(inner, `""`, ""), `"`) > 0 || strings.ReplaceAll(inner, `""`, `"`) != s {
					t.Errorf("%s: %q is quoted as %s", d, s, q)
				}
			}
			q, err := d.QuoteText(s)
			if err != nil {
				continue
			}
			inner := strings.TrimPrefix(q, " E")
			escaped := inner != q
			inner = inner[1 : len(inner)-1]
			if escaped {
				if strings.Contains(strings.ReplaceAll(inner, `\\`, ""), `\`) {
					t.Errorf("%s: %q is quoted as %s", d, s, q)
				}
				inner = strings.ReplaceAll(inner, `\\`, `\`)
			} else if d == sqlbuilder.PostgreSQL && strings.Contains(inner, `\`) {
				t.Errorf("%s: %q is quoted as %s", d, s, q)
			}
			if strings.Contains(strings.ReplaceAll(inner, `''`, ""), `'`) || strings.ReplaceAll(inner, `''`, `'`) != s {
				t.Errorf("%s: %q is quoted as %s", d, s, q)
			}
		}
		pg, dbf := sqlbuilder.PostgreSQLNames(), sqlbuilder.DBFNames(nil)
		seen := map[string]bool{}
		for _, s := range []string{s, s, s + "x", strings.ToUpper(s)} {
			name := pg.Name(s)
			if len(name) == 0 || len(name) > 63 || seen[name] || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("%q becomes %q", s, name)
			}
			seen[name] = true
			name = dbf.Name(s)
			if len(name) == 0 || len(name) > 10 || seen["DBF "+strings.ToUpper(name)] {
				t.Errorf("%q becomes %q in a DBF file", s, name)
			}
			seen["DBF "+strings.ToUpper(name)] = true
		}
	})
}
