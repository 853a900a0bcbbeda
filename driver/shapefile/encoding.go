package shapefile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"
)

// textEncoding turns the bytes of a .dbf into UTF-8 without allocating.
type textEncoding struct {
	name  string
	ascii bool // bytes below 0x80 are ASCII, whatever stands around them
	// One of the three says how: UTF-8, which may only need a check, a table of single bytes, or a transformer.
	utf8  bool
	table *[256]utf8Rune
	multi transform.Transformer
	enc   encoding.Encoding // what multi comes from
	// fallback decodes what is not valid UTF-8.
	fallback *textEncoding
}

// clone returns an encoding that has a transformer of its own.
func (e *textEncoding) clone() *textEncoding {
	if e.enc == nil {
		return e
	}
	c := *e
	c.multi = e.enc.NewDecoder().Transformer
	return &c
}

// utf8Rune is a rune as it is appended.
type utf8Rune struct {
	n byte
	b [3]byte
}

// decode adds src to dst as UTF-8. ok is false if there are bytes that the encoding does not have.
func (e *textEncoding) decode(dst, src []byte) (out []byte, ok bool) {
	switch {
	case e.utf8:
		if utf8.Valid(src) {
			return append(dst, src...), true
		}
		dst, _ = e.fallback.decode(dst, src)
		return dst, false
	case e.table != nil:
		ok = true
		for _, c := range src {
			if c < utf8.RuneSelf && e.ascii {
				dst = append(dst, c)
				continue
			}
			r := &e.table[c]
			dst = append(dst, r.b[:r.n]...)
			ok = ok && *r != replacement
		}
		return dst, ok
	}
	start := len(dst)
	e.multi.Reset()
	for {
		dst = slices.Grow(dst, 3*len(src)+16)
		nDst, nSrc, err := e.multi.Transform(dst[len(dst):cap(dst)], src, true)
		dst, src = dst[:len(dst)+nDst], src[nSrc:]
		if err != transform.ErrShortDst {
			if err != nil { // a character that is cut off
				dst = append(dst, string(utf8.RuneError)...)
			}
			break
		}
	}
	return dst, !strings.ContainsRune(viewString(dst[start:]), utf8.RuneError)
}

var replacement = utf8Rune{3, [3]byte{0xEF, 0xBF, 0xBD}}

func tableOf(decode func(byte) rune) *[256]utf8Rune {
	var t [256]utf8Rune
	for i := range t {
		r := &t[i]
		r.n = byte(len(utf8.AppendRune(r.b[:0:3], decode(byte(i)))))
	}
	return &t
}

func newCharmap(name string, m *charmap.Charmap) *textEncoding {
	e := &textEncoding{name: name, ascii: true, table: tableOf(m.DecodeByte)}
	for c := range byte(utf8.RuneSelf) {
		e.ascii = e.ascii && m.DecodeByte(c) == rune(c)
	}
	return e
}

func newUTF8() *textEncoding {
	return &textEncoding{name: "UTF-8", ascii: true, utf8: true, fallback: newCharmap("windows-1252", charmap.Windows1252)}
}

// newEncoding wraps what package text has.
func newEncoding(name string, enc encoding.Encoding) *textEncoding {
	if m, ok := enc.(*charmap.Charmap); ok {
		return newCharmap(name, m)
	}
	e := &textEncoding{name: name, enc: enc, multi: enc.NewDecoder().Transformer}
	switch enc { // the others shift between sets by ASCII bytes
	case japanese.ShiftJIS, japanese.EUCJP, korean.EUCKR, simplifiedchinese.GBK, simplifiedchinese.GB18030,
		traditionalchinese.Big5:
		e.ascii = true
	}
	return e
}

// codePages are code pages by their number at Microsoft, IBM and, for 5-digit ones, in Windows' GetACP.
var codePages = map[int]encoding.Encoding{
	37: charmap.CodePage037, 437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852,
	855: charmap.CodePage855, 858: charmap.CodePage858, 860: charmap.CodePage860, 862: charmap.CodePage862,
	863: charmap.CodePage863, 865: charmap.CodePage865, 866: charmap.CodePage866, 874: charmap.Windows874,
	932: japanese.ShiftJIS, 936: simplifiedchinese.GBK, 949: korean.EUCKR, 950: traditionalchinese.Big5,
	1047: charmap.CodePage1047, 1140: charmap.CodePage1140, 1250: charmap.Windows1250, 1251: charmap.Windows1251,
	1252: charmap.Windows1252, 1253: charmap.Windows1253, 1254: charmap.Windows1254, 1255: charmap.Windows1255,
	1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258, 10000: charmap.Macintosh,
	10007: charmap.MacintoshCyrillic, 20127: charmap.Windows1252, 20866: charmap.KOI8R, 21866: charmap.KOI8U,
	20932: japanese.EUCJP, 51932: japanese.EUCJP, 50220: japanese.ISO2022JP, 50221: japanese.ISO2022JP,
	50222: japanese.ISO2022JP, 51936: simplifiedchinese.GBK, 51949: korean.EUCKR, 52936: simplifiedchinese.HZGB2312,
	54936: simplifiedchinese.GB18030,
}

// isoParts are the parts of ISO 8859; Windows numbers them from 28591.
var isoParts = map[int]*charmap.Charmap{
	1: charmap.ISO8859_1, 2: charmap.ISO8859_2, 3: charmap.ISO8859_3, 4: charmap.ISO8859_4, 5: charmap.ISO8859_5,
	6: charmap.ISO8859_6, 7: charmap.ISO8859_7, 8: charmap.ISO8859_8, 9: charmap.ISO8859_9, 10: charmap.ISO8859_10,
	13: charmap.ISO8859_13, 14: charmap.ISO8859_14, 15: charmap.ISO8859_15, 16: charmap.ISO8859_16,
}

// latinParts are the parts of ISO 8859 that go by "Latin-n".
var latinParts = [...]int{0, 1, 2, 3, 4, 9, 10, 13, 14, 15, 16}

// otherNames are names that are no numbers, without what squeeze takes away.
var otherNames = map[string]int{
	"ascii": 20127, "usascii": 20127, "big5": 950, "big5hkscs": 950, "gb": 936, "gbk": 936, "gb2312": 936, "euccn": 936,
	"gb231280": 936, "gb18030": 54936, "hzgb2312": 52936, "euckr": 949, "ksc5601": 949, "ksc56011987": 949, "uhc": 949,
	"eucjp": 51932, "shiftjis": 932, "sjis": 932, "windows31j": 932, "iso2022jp": 50220, "koi8": 20866, "koi8r": 20866,
	"koi8u": 21866, "mac": 10000, "macroman": 10000, "macintosh": 10000, "maccyrillic": 10007, "tis620": 874,
}

// lookupEncoding finds an encoding by any of the names that go round in .cpg files: "UTF-8", "65001", "1252",
// "ANSI 1252", "ISO 88591", "8859_1", "OEM 437", "LDID/87", "Shift_JIS" and what IANA and the web know.
func lookupEncoding(name string) (*textEncoding, error) {
	if rest, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(name)), "LDID/"); ok {
		id, err := strconv.ParseUint(rest, 10, 8)
		if page, known := languageDrivers[byte(id)]; err == nil && known {
			return lookupPage(page)
		}
		return nil, fmt.Errorf("language driver %q is not known", name)
	}
	s := squeeze(name)
	if s == "utf8" || s == "65001" || s == "utf" || s == "cp65001" {
		return newUTF8(), nil
	}
	if page, ok := otherNames[s]; ok {
		return lookupPage(page)
	}
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "iso"), "8859"); ok {
		if n, err := strconv.Atoi(rest); err == nil && isoParts[n] != nil {
			return newCharmap(fmt.Sprintf("ISO-8859-%d", n), isoParts[n]), nil
		}
	}
	if rest, ok := strings.CutPrefix(s, "latin"); ok {
		if n, err := strconv.Atoi(rest); err == nil && n > 0 && n < len(latinParts) {
			return newCharmap(fmt.Sprintf("ISO-8859-%d", latinParts[n]), isoParts[latinParts[n]]), nil
		}
	}
	digits := strings.TrimLeftFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	switch strings.TrimSuffix(s, digits) {
	case "", "cp", "ansi", "oem", "ibm", "ms", "dos", "win", "windows", "codepage", "ansicp", "oemcp", "x", "xwindows", "ccsid":
		if page, err := strconv.Atoi(digits); err == nil {
			return lookupPage(page)
		}
	}
	if enc, err := ianaindex.IANA.Encoding(strings.TrimSpace(name)); err == nil && enc != nil && !isUTF16(s) {
		return newEncoding(strings.TrimSpace(name), enc), nil
	}
	if enc, err := htmlindex.Get(strings.TrimSpace(name)); err == nil && enc != encoding.Replacement && !isUTF16(s) {
		return newEncoding(strings.TrimSpace(name), enc), nil
	}
	return nil, fmt.Errorf("encoding %q is not known", name)
}

// isUTF16 tells what a .dbf cannot be in: its blanks and NULs are bytes.
func isUTF16(s string) bool {
	return strings.HasPrefix(s, "utf16") || strings.HasPrefix(s, "utf32") || strings.HasPrefix(s, "iso10646")
}

// squeeze leaves lower-case letters and digits.
func squeeze(name string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// lookupPage finds a code page by its number.
func lookupPage(page int) (*textEncoding, error) {
	if page == 65001 {
		return newUTF8(), nil
	}
	if m := isoParts[page-28590]; m != nil {
		return newCharmap(fmt.Sprintf("ISO-8859-%d", page-28590), m), nil
	}
	if chars, ok := oemPages[page]; ok {
		upper := []rune(chars)
		return &textEncoding{name: fmt.Sprintf("CP%d", page), ascii: true, table: tableOf(func(c byte) rune {
			if c < utf8.RuneSelf {
				return rune(c)
			}
			return upper[c-utf8.RuneSelf]
		})}, nil
	}
	if enc := codePages[page]; enc != nil {
		return newEncoding(pageName(page), enc), nil
	}
	return nil, fmt.Errorf("code page %d is not known", page)
}

// pageName returns the name that people know a code page by.
func pageName(page int) string {
	switch {
	case page >= 1250 && page <= 1258:
		return fmt.Sprintf("windows-%d", page)
	case page == 932:
		return "Shift_JIS"
	case page == 936:
		return "GBK"
	case page == 949:
		return "EUC-KR"
	case page == 950:
		return "Big5"
	}
	return fmt.Sprintf("CP%d", page)
}

// languageDrivers are the code pages that byte 29 of a .dbf's header stands for. 0x57 means "ANSI", whatever that was.
// Source: ArcPad 7 Reference Guide, "dBASE language driver ID", with Visual FoxPro's.
var languageDrivers = map[byte]int{
	0x01: 437, 0x02: 850, 0x03: 1252, 0x04: 10000, 0x08: 865, 0x09: 437, 0x0A: 850, 0x0B: 437, 0x0D: 437, 0x0E: 850,
	0x0F: 437, 0x10: 850, 0x11: 437, 0x12: 850, 0x13: 932, 0x14: 850, 0x15: 437, 0x16: 850, 0x17: 865, 0x18: 437, 0x19: 437,
	0x1A: 850, 0x1B: 437, 0x1C: 863, 0x1D: 850, 0x1F: 852, 0x22: 852, 0x23: 852, 0x24: 860, 0x25: 850, 0x26: 866, 0x37: 850,
	0x40: 852, 0x4D: 936, 0x4E: 949, 0x4F: 950, 0x50: 874, 0x57: 1252, 0x58: 1252, 0x59: 1252, 0x64: 852, 0x65: 866,
	0x66: 865, 0x67: 861, 0x68: 895, 0x69: 620, 0x6A: 737, 0x6B: 857, 0x6C: 863, 0x78: 950, 0x79: 949, 0x7A: 936, 0x7B: 932,
	0x7C: 874, 0x7D: 1255, 0x7E: 1256, 0x86: 737, 0x87: 852, 0x88: 857, 0x96: 10007, 0x97: 10029, 0x98: 10006, 0xC8: 1250,
	0xC9: 1251, 0xCA: 1254, 0xCB: 1253, 0xCC: 1257,
}

const ansiDriver = 0x57

// cleanName cuts what a .cpg or .cst has beside the name: a byte order mark, quotes, blanks, further lines.
func cleanName(b []byte) string {
	s := strings.TrimLeft(strings.TrimPrefix(string(b), "\uFEFF"), "\r\n \t")
	s, _, _ = strings.Cut(s, "\n")
	return strings.Trim(s, "\r \t\x00\"'")
}

// sniffSize is how much of a .dbf's content is looked at to tell its encoding where nothing else does.
const sniffSize = 256 << 10

// findEncoding settles the encoding of the layer's .dbf: the ENCODING option, the .cpg, the .cst, the language driver, and
// where none of them says anything UTF-8 if the text is that, else windows-1252.
func (l *shpLayer) findEncoding() (*textEncoding, error) {
	if l.ds.opt.encoding != "" {
		return lookupEncoding(l.ds.opt.encoding)
	}
	var byDriver *textEncoding
	if page, ok := languageDrivers[l.dbf.ldid]; ok {
		enc, err := lookupPage(page)
		if err != nil {
			l.warn("language driver %#02x of the .dbf: %v", l.dbf.ldid, err)
		}
		byDriver = enc
	} else if l.dbf.ldid != 0 {
		l.warn("language driver %#02x of the .dbf is not known", l.dbf.ldid)
	}
	for _, file := range []string{l.parts.cpg, l.parts.cst} {
		if file == "" {
			continue
		}
		b, err := readSmall(l.ds.set, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := cleanName(b)
		enc, err := lookupEncoding(name)
		if err != nil {
			l.warn("%s: %v; it is passed over", file, err)
			continue
		}
		if byDriver != nil && l.dbf.ldid != ansiDriver && byDriver.name != enc.name {
			l.warn("%s says %s and the .dbf's language driver %#02x says %s; the former is believed", file, enc.name, l.dbf.ldid,
				byDriver.name)
		}
		return enc, nil
	}
	if byDriver != nil {
		return byDriver, nil
	}
	text := make([]byte, min(sniffSize, l.dbfBlob.Size()-l.dbf.headerLen))
	n, err := l.dbfBlob.ReadAt(text, l.dbf.headerLen)
	if n < len(text) {
		return nil, fmt.Errorf("%s: %w", l.parts.dbf, err)
	}
	if l.isUTF8(text) {
		return newUTF8(), nil
	}
	return newCharmap("windows-1252", charmap.Windows1252), nil
}

// isUTF8 tells whether all texts in a piece of the .dbf, and the names of its fields, are UTF-8.
func (l *shpLayer) isUTF8(records []byte) bool {
	for i := range l.dbf.fields {
		if !utf8.ValidString(l.dbf.fields[i].name) {
			return false
		}
	}
	for size := int(l.dbf.recLen); size > 0 && len(records) >= size; records = records[size:] {
		if plainASCII(records[:size]) {
			continue
		}
		for i := range l.dbf.fields {
			f := &l.dbf.fields[i]
			if f.read == readText && f.off+f.width <= size && !utf8.Valid(records[f.off:f.off+f.width]) {
				return false
			}
		}
	}
	return true
}
