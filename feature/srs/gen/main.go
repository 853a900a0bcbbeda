// Command gen packs the table spatial_ref_sys of PostGIS, and the spellings of datum names, into data.bin.
//
// It reads the table as text from standard input, so it needs no database driver:
//
//	psql -c "COPY (SELECT srid, auth_name, auth_srid, srtext FROM spatial_ref_sys ORDER BY srid) TO STDOUT" |
//		go run ./gen -datums gen/datum_names.txt -out data.bin -sum data.sum
//
// The file data.sum has the number of rows and the SHA-256 of all of them, which a test compares with what it unpacks.
// The data in the repository was made from PostGIS 3.3.2.
package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature/srs/internal/crs"
	"github.com/ogrcarto/ogrcarto/feature/srs/internal/table"
)

// authorities in the order in which Identify prefers them.
var authorities = []string{"EPSG", "ESRI", "spatialreferencing.org"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	names := flag.String("datums", "gen/datum_names.txt", "names of datums: EPSG code, tab, name")
	out := flag.String("out", "data.bin", "packed table to write")
	sum := flag.String("sum", "data.sum", "count and checksum to write")
	flag.Parse()
	if err := run(os.Stdin, *names, *out, *sum); err != nil {
		log.Fatal(err)
	}
}

func run(in io.Reader, names, out, sum string) error {
	rows, err := readRows(in)
	if err != nil {
		return err
	}
	f, err := os.Open(names)
	if err != nil {
		return err
	}
	defer f.Close()
	datums, err := spellings(rows, f)
	if err != nil {
		return err
	}
	if err := setKeys(rows, crs.NewDatums(datums)); err != nil {
		return err
	}
	data, err := table.Pack(rows, authorities, datums)
	if err != nil {
		return err
	}
	if err := check(data, rows); err != nil {
		return err
	}
	h := sha256.New()
	slices.SortFunc(rows, func(a, b table.Row) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Authority, b.Authority))
	})
	for _, r := range rows {
		fmt.Fprintf(h, "%s\t%d\t%s\n", r.Authority, r.Code, r.WKT)
	}
	if err := os.WriteFile(sum, fmt.Appendf(nil, "%d %x\n", len(rows), h.Sum(nil)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(out, data, 0o644)
}

// readRows reads the text format of COPY.
func readRows(in io.Reader) ([]table.Row, error) {
	unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r", `\N`, "")
	var rows []table.Row
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for line := 1; s.Scan(); line++ {
		f := strings.Split(s.Text(), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("line %d: %d columns, want srid, auth_name, auth_srid, srtext", line, len(f))
		}
		code, err := strconv.Atoi(f[2])
		if err != nil || f[0] != f[2] {
			return nil, fmt.Errorf("line %d: srid %q and auth_srid %q, want the same number", line, f[0], f[2])
		}
		rows = append(rows, table.Row{Authority: f[1], Code: code, WKT: unescape.Replace(f[3])})
	}
	return rows, s.Err()
}

// setKeys gives each row the key by which Identify finds it.
func setKeys(rows []table.Row, d *crs.Datums) error {
	for i := range rows {
		r := &rows[i]
		roots, err := crs.Parse(r.WKT)
		if err != nil {
			if r.WKT != "" {
				return fmt.Errorf("%s:%d: %w", r.Authority, r.Code, err)
			}
			continue
		}
		def := crs.Define(roots, d)
		if def == nil {
			log.Printf("%s:%d: not comparable, so it is found by its code alone", r.Authority, r.Code)
			continue
		}
		if !def.Steady() {
			return fmt.Errorf("%s:%d: lies on the edge of a step of its key: move the steps in crs.Definition.Key", r.Authority, r.Code)
		}
		r.Key = def.Key()
	}
	return nil
}

// check unpacks what was packed.
func check(data []byte, rows []table.Row) error {
	t := table.Open(string(data))
	for _, r := range rows {
		i, ok := t.Find(r.Authority, r.Code)
		if !ok {
			return fmt.Errorf("%s:%d: lost in packing", r.Authority, r.Code)
		}
		if wkt, _ := t.WKT(i); wkt != r.WKT {
			return fmt.Errorf("%s:%d: unpacked as %s, want %s", r.Authority, r.Code, wkt, r.WKT)
		}
	}
	return nil
}

// settled are spellings that several datums claim, or that nobody lists, for the datum that everybody means.
var settled = map[string]string{
	"nad83":  "northamericandatum1983",
	"etrs89": "europeanterrestrialreferencesystem1989",
	"ntf":    "nouvelletriangulationfrancaise",
	"rgf93":  "reseaugeodesiquefrancais1993",
}

// spellings returns the text for crs.NewDatums: a line for each datum of the table, its key and its aliases.
//
// The key is the folded name in the table. An alias is taken from the list where all datums that have it share one key. A
// name that the table itself has with an EPSG code is an alias only of a key with the same code.
func spellings(rows []table.Row, list io.Reader) (string, error) {
	keyOf := map[string]string{}            // EPSG code of a datum -> key
	inTable := map[string]map[string]bool{} // folded name in the table -> its EPSG codes
	for _, r := range rows {
		roots, err := crs.Parse(r.WKT)
		if err != nil {
			continue // an empty definition; setKeys complains of others
		}
		visit(roots[0], func(n *crs.Node) {
			if n.Keyword != "DATUM" {
				return
			}
			name := crs.FoldDatum(n.Name())
			if inTable[name] == nil {
				inTable[name] = map[string]bool{}
			}
			authority, number, ok := n.ID()
			if !ok || authority != "EPSG" {
				return
			}
			code := strconv.Itoa(number)
			inTable[name][code] = true
			if r.Authority == "EPSG" || keyOf[code] == "" {
				keyOf[code] = name
			}
		})
	}
	type spelling struct{ code, name string }
	var listed []spelling
	plain := map[string]string{} // folded name without a city -> code
	s := bufio.NewScanner(list)
	for s.Scan() {
		code, name, ok := strings.Cut(s.Text(), "\t")
		if !ok || strings.HasPrefix(code, "#") {
			continue
		}
		listed = append(listed, spelling{code, name})
		if !crs.NamesCity(name) {
			plain[crs.FoldDatum(name)] = code
		}
	}
	if err := s.Err(); err != nil {
		return "", err
	}
	// EPSG has "MGI" and "MGI (Ferro)" as two datums. Here they are one: the prime meridian is compared on its own.
	for _, l := range listed {
		if key := keyOf[plain[crs.FoldDatum(l.name)]]; crs.NamesCity(l.name) && key != "" && keyOf[l.code] != "" {
			keyOf[l.code] = key
		}
	}
	claims := map[string]map[string]bool{} // alias -> keys, or codes of datums that the table does not have
	for _, l := range listed {
		alias := crs.FoldDatum(l.name)
		if claims[alias] == nil {
			claims[alias] = map[string]bool{}
		}
		claims[alias][cmp.Or(keyOf[l.code], "#"+l.code)] = true
	}
	for name, codes := range inTable {
		if claims[name] == nil {
			claims[name] = map[string]bool{}
		}
		for code := range codes {
			claims[name][keyOf[code]] = true
		}
	}
	if err := s.Err(); err != nil {
		return "", err
	}
	aliases := map[string][]string{} // key -> aliases
	taken := map[string]bool{}
	take := func(alias, key string) {
		if alias != "" && alias != key && !taken[alias] && strings.Trim(alias, "0123456789") != "" {
			aliases[key] = append(aliases[key], alias)
			taken[alias] = true
		}
	}
	for alias, key := range settled {
		take(alias, key)
	}
	keys := map[string]bool{}
	for code, key := range keyOf {
		keys[key] = true
		take("#"+code, key)
	}
	for alias, of := range claims {
		for key := range of {
			if len(of) == 1 && key[0] != '#' && !keys[alias] {
				take(alias, key)
			}
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(inTable)) {
		if taken[key] {
			continue // ESRI's own name for a datum of EPSG
		}
		slices.Sort(aliases[key])
		b.WriteString(strings.Join(append([]string{key}, aliases[key]...), " ") + "\n")
	}
	return b.String(), nil
}

func visit(n *crs.Node, f func(*crs.Node)) {
	f(n)
	for _, a := range n.Args {
		if a.Kind == crs.Child {
			visit(a.Node, f)
		}
	}
}
