package crs

import (
	"strconv"
	"strings"
)

// Fold reduces a name to what two spellings of it share: letters in lower case, digits, and the plus sign that alone
// tells CH1903+ from CH1903. Everything else goes, letters outside ASCII included.
func Fold(name string) string {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+':
			b = append(b, c)
		case c >= 'A' && c <= 'Z':
			b = append(b, c|0x20)
		}
	}
	return string(b)
}

// cities are the prime meridians that EPSG repeats in the name of a datum, "NTF (Paris)", and ESRI does not.
var cities = []string{
	"greenwich", "paris", "ferro", "jakarta", "oslo", "bern", "rome", "stockholm", "lisbon", "madrid", "brussels", "bogota",
	"athens",
}

// FoldDatum is Fold for the name of a datum: without ESRI's prefix "D_", without the word "ensemble" of newer WKT 2, and
// without the city of the prime meridian, which is compared on its own.
func FoldDatum(name string) string {
	f, _ := foldDatum(name)
	return f
}

// NamesCity tells whether FoldDatum leaves out the city of a prime meridian.
func NamesCity(name string) bool {
	_, city := foldDatum(name)
	return city
}

func foldDatum(name string) (folded string, city bool) {
	if len(name) > 2 && (name[0] == 'D' || name[0] == 'd') && name[1] == '_' {
		name = name[2:]
	}
	f := strings.TrimSuffix(Fold(name), "ensemble")
	for _, c := range cities {
		if s, ok := strings.CutSuffix(f, c); ok && len(s) > 2 {
			return s, true
		}
	}
	return f, false
}

// words splits a name into lower-case words and numbers, years cut to two digits, so that "RGF_1993_Lambert_93" and
// "RGF93 / Lambert-93" become the same list. What says nothing (GCS, deprecated) is left out.
func words(name string) []string {
	var out []string
	class := func(c byte) int {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			return 1
		case c >= '0' && c <= '9':
			return 2
		case c == '+':
			return 3
		}
		return 0
	}
	for i := 0; i < len(name); {
		k := class(name[i])
		j := i + 1
		for j < len(name) && class(name[j]) == k {
			j++
		}
		if k != 0 {
			w := strings.ToLower(name[i:j])
			if k == 2 && len(w) == 4 && (w[:2] == "19" || w[:2] == "18") {
				w = w[2:]
			}
			if w != "gcs" && w != "deprecated" {
				out = append(out, w)
			}
		}
		i = j
	}
	return out
}

// SameName tells whether two names of systems are spellings of the same one: "NAD_1983_UTM_Zone_10N" and
// "NAD83 / UTM zone 10N".
func SameName(a, b string) bool {
	return a != "" && strings.Join(words(a), "") == strings.Join(words(b), "")
}

// Nearness says how much two names have in common, from 0 to 1: the words they share among all their words.
func Nearness(a, b string) float64 {
	wa, wb := words(a), words(b)
	count := make(map[string]int, len(wa))
	for _, w := range wa {
		count[w]++
	}
	shared := 0
	for _, w := range wb {
		if count[w] > 0 {
			count[w]--
			shared++
		}
	}
	if len(wa)+len(wb) == 0 {
		return 0
	}
	return float64(shared) / float64(len(wa)+len(wb)-shared)
}

// Datums tells which spellings mean one datum. Its text is lines of folded names, the first of a line being the key and the
// others its aliases; "#6326" among them is a code of EPSG.
type Datums struct{ keys map[string]string }

// NewDatums reads the lines.
func NewDatums(text string) *Datums {
	d := &Datums{keys: make(map[string]string, strings.Count(text, " ")+strings.Count(text, "\n")+1)}
	for line := range strings.Lines(text) {
		key := ""
		for name := range strings.FieldsSeq(line) {
			if key == "" {
				key = name
			}
			d.keys[name] = key
		}
	}
	return d
}

// Key returns what all spellings of a datum's name share, and whether the datum is known at all.
func (d *Datums) Key(name string) (key string, known bool) {
	f := FoldDatum(name)
	if key, known = d.keys[f]; known {
		return key, true
	}
	return f, false
}

// coded returns the key of the datum with a code, as Node.ID returns it.
func (d *Datums) coded(authority string, code int, ok bool) (key string, known bool) {
	if !ok || authority != "EPSG" {
		return "", false
	}
	key, known = d.keys["#"+strconv.Itoa(code)]
	return key, known
}
