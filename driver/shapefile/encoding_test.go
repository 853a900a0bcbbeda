package shapefile

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/layer"
)

func TestLookupEncoding(t *testing.T) {
	for want, names := range map[string][]string{
		"UTF-8":        {"UTF-8", "utf8", "UTF_8", "65001", "CP65001", "utf-8 ", "ANSI 65001"},
		"windows-1252": {"1252", "CP1252", "ANSI 1252", "ANSI_1252", "windows-1252", "Windows 1252", "win1252", "LDID/87", "ldid/3"},
		"windows-1251": {"1251", "cp1251", "ANSI 1251", "LDID/201"},
		"ISO-8859-1":   {"ISO-8859-1", "ISO 88591", "ISO88591", "8859_1", "88591", "iso_8859-1", "latin1", "28591"},
		"ISO-8859-15":  {"ISO-8859-15", "ISO 885915", "885915", "Latin-9"},
		"ISO-8859-9":   {"iso8859-9", "latin5"},
		"CP437":        {"437", "OEM 437", "IBM437", "cp437", "LDID/1"},
		"CP866":        {"866", "OEM 866", "IBM866"},
		"CP737":        {"737", "OEM 737", "CP737"},
		"CP857":        {"857", "cp857"},
		"CP874":        {"874", "TIS-620"},
		"Big5":         {"big5", "Big-5", "950", "CP950"},
		"GBK":          {"GBK", "936", "cp936", "GB2312", "EUC-CN", "OEM 936"},
		"CP54936":      {"GB18030", "54936"},
		"EUC-KR":       {"EUC-KR", "949", "euckr", "KS_C_5601-1987", "UHC"},
		"Shift_JIS":    {"Shift_JIS", "932", "SJIS", "Windows-31J", "OEM 932"},
		"CP51932":      {"EUC-JP", "51932"},
		"CP20866":      {"koi8-r", "KOI8R", "20866"},
		"CP21866":      {"koi8-u"},
		"CP10000":      {"macintosh", "MacRoman", "10000"},
		"CP10007":      {"x-mac-cyrillic", "10007"},
	} {
		for _, name := range names {
			e, err := lookupEncoding(name)
			if err != nil {
				t.Errorf("%q: %v", name, err)
			} else if e.name != want && !strings.EqualFold(e.name, name) {
				t.Errorf("%q is %s, want %s", name, e.name, want)
			}
		}
	}
	for _, name := range []string{"", "x", "ANSI", "12345", "UTF-16", "utf-16le", "ISO-8859-12", "8859_99", "LDID/300", "LDID/5", "latin99", "☃"} {
		if e, err := lookupEncoding(name); err == nil {
			t.Errorf("%q is %s, want an error", name, e.name)
		}
	}
}

// TestEncodingsHold decodes all bytes in all encodings: the result is UTF-8, and single bytes agree with package charmap.
func TestEncodingsHold(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for page := range codePages {
		e, err := lookupPage(page)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := e.clone().decode(nil, all)
		if !utf8.Valid(out) {
			t.Errorf("%s gives what is not UTF-8", e.name)
		}
		if m, ok := codePages[page].(*charmap.Charmap); ok {
			want, err := m.NewDecoder().Bytes(all)
			if err != nil || string(out) != string(want) {
				t.Errorf("%s gives %q, want %q", e.name, out, want)
			}
		}
	}
	for page, upper := range oemPages {
		if n := utf8.RuneCountInString(upper); n != 128 {
			t.Errorf("code page %d has %d characters beyond ASCII", page, n)
		}
		e, err := lookupPage(page)
		if out, _ := e.decode(nil, all); err != nil || string(out[128:]) != upper {
			t.Errorf("code page %d: %q, %v", page, out, err)
		}
	}
}

func TestLanguageDrivers(t *testing.T) {
	unknown := map[int]bool{895: true, 620: true, 10006: true, 10029: true} // no tables to be had
	for id, page := range languageDrivers {
		if _, err := lookupPage(page); (err != nil) != unknown[page] {
			t.Errorf("language driver %#02x: code page %d: %v", id, page, err)
		}
	}
}

func TestEncoding(t *testing.T) {
	const latin, utf = "caf\xE9 \x80", "caf\u00E9 \u20AC"
	const sjis = "\x93\x8C\x8B\x9E \x83\x5C" // the second byte of a character may be a backslash
	for _, test := range []struct {
		name     string
		ldid     byte
		cpg, cst string
		option   string
		text     string
		want     string
		warning  string // contained
	}{
		{"nothing, ASCII", 0, "", "", "", "cafe", "cafe", ""},
		{"nothing, UTF-8", 0, "", "", "", utf, utf, ""},
		{"nothing, not UTF-8", 0, "", "", "", latin, utf, ""},
		{"language driver", 0xC9, "", "", "", "\xCF\xF0\xE8\xE2\xE5\xF2", "Привет", ""},
		{"language driver of DOS", 0x65, "", "", "", "\x8F\xE0\xA8\xA2\xA5\xE2", "Привет", ""},
		{"language driver ANSI", 0x57, "", "", "", latin, utf, ""},
		{"language driver unknown", 0x77, "", "", "", utf, utf, "language driver 0x77 of the .dbf is not known"},
		{"language driver without a table", 0x68, "", "", "", utf, utf, "language driver 0x68 of the .dbf: code page 895 is not known"},
		{"cpg", 0, "UTF-8", "", "", utf, utf, ""},
		{"cpg with a mark and a line end", 0, "\uFEFF\"UTF-8\"\r\nx", "", "", utf, utf, ""},
		{"cpg over ANSI", 0x57, "UTF-8", "", "", utf, utf, ""},
		{"cpg over a language driver", 0xC9, "UTF-8", "", "", utf, utf, "t.cpg says UTF-8 and the .dbf's language driver 0xc9 says windows-1251; the former is believed"},
		{"cpg agrees", 0xC9, "1251", "", "", "\xCF", "П", ""},
		{"cpg unknown", 0, "klingon", "", "", utf, utf, `t.cpg: encoding "klingon" is not known; it is passed over`},
		{"cpg unknown, cst", 0, "klingon", "ISO-8859-1", "", "\xE9", "\u00E9", `t.cpg: encoding "klingon"`},
		{"cpg empty", 0, "\r\n", "", "", utf, utf, `t.cpg: encoding "" is not known`},
		{"cpg wrong", 0, "UTF-8", "", "", latin, utf, `row 0 has bytes that are not UTF-8: "caf\xe9 \x80"`},
		{"cst", 0, "", "windows-1250", "", "\xB9", "ą", ""},
		{"cpg before cst", 0, "1252", "UTF-8", "", latin, utf, ""},
		{"option", 0xC9, "UTF-8", "UTF-8", "CP437", "\x82", "\u00E9", ""},
		{"multi-byte", 0, "Shift_JIS", "", "", sjis, "東京 ソ", ""},
		{"multi-byte, by driver", 0x13, "", "", "", sjis, "東京 ソ", ""},
		{"multi-byte, cut off", 0, "932", "", "", "\x93\x8C\x8B", "東\uFFFD", "bytes that are not Shift_JIS"},
		{"chinese", 0x4D, "", "", "", "\xB1\xB1\xBE\xA9", "北京", ""},
		{"shifted", 0, "ISO-2022-JP", "", "", "\x1B$BElEA\x1B(B", "東伝", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := memSet{"t.dbf": makeDBF(test.ldid, []dbfColumn{{"a", 'C', 20, 0}}, []string{test.text})}
			if test.cpg != "" {
				set["t.cpg"] = []byte(test.cpg)
			}
			if test.cst != "" {
				set["t.cst"] = []byte(test.cst)
			}
			o := driver.Options{}
			if test.option != "" {
				o["encoding"] = test.option
			}
			ds := openMem(t, set, o)
			all, err := readAll(openLayerOf(t, ds, "t"), layer.Query{})
			if err != nil {
				t.Fatal(err)
			}
			got := all[0].Values[0].Text()
			if got != test.want || !utf8.ValidString(got) {
				t.Errorf("text %q, want %q", got, test.want)
			}
			w := strings.Join(ds.Warnings(), "; ")
			if (test.warning == "") != (w == "") || !strings.Contains(w, test.warning) {
				t.Errorf("warnings %q, want %q", w, test.warning)
			}
		})
	}
}

func TestFieldNames(t *testing.T) {
	cols := []dbfColumn{{"d\xE9j\xE0", 'C', 1, 0}, {" a b ", 'C', 1, 0}, {"", 'C', 1, 0}, {"x", 'C', 1, 0}, {"x", 'C', 1, 0}, {"X", 'C', 1, 0}, {"elevenchars", 'C', 1, 0}}
	l := openLayerOf(t, openMem(t, memSet{"t.dbf": makeDBF(0, cols)}, nil), "t")
	var got []string
	for _, f := range l.Schema().Fields {
		got = append(got, f.Name)
	}
	if want := "d\u00E9j\u00E0|a b|field_3|x|x_1|X|elevenchars"; strings.Join(got, "|") != want {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestUnknownEncodingOption(t *testing.T) {
	_, err := parseOptions(driver.Options{"ENCODING": "klingon"})
	if want := `open option ENCODING: encoding "klingon" is not known`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
