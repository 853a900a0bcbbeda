package pgvalue_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

func TestDecodeHexEWKB(t *testing.T) {
	tests := []struct{ hex, want, err string }{
		{"0101000020E6100000", "\x01\x01\x00\x00\x20\xe6\x10\x00\x00", ""},
		{"0aFf", "\x0a\xff", ""},
		{"", "", ""},
		{"010", "", "an odd number of digits, 3"},
		{"01020g", "", `byte 5 is 'g', want a hexadecimal digit`},
		{`\x01`, "", `byte 0 is '\\', want a hexadecimal digit`},
		{"01\xff0", "", `byte 2 is 'ÿ', want a hexadecimal digit`},
	}
	for _, test := range tests {
		got, err := pgvalue.DecodeHexEWKB([]byte("<"), []byte(test.hex))
		switch {
		case string(got) != "<"+test.want:
			t.Errorf("%q: got %q, want %q", test.hex, got, "<"+test.want)
		case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%q: got error %v, want %q", test.hex, err, test.err)
		}
	}
}

func TestDecodeHexEWKBAllocations(t *testing.T) {
	text, dst := []byte("0101000020E610000000000000000000400000000000000840"), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { dst, _ = pgvalue.DecodeHexEWKB(dst[:0], text) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzDecodeHexEWKB(f *testing.F) {
	f.Add([]byte("0101000020E6100000"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := pgvalue.DecodeHexEWKB(nil, text)
		want, wantErr := hex.DecodeString(string(text))
		if (err != nil) != (wantErr != nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%q: got %x, %v, want %x, %v", text, got, err, want, wantErr)
		}
	})
}

func BenchmarkDecodeHexEWKB(b *testing.B) {
	text := bytes.Repeat([]byte("0101000020E610000000000000000000400000000000000840"), 40)
	var dst []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = pgvalue.DecodeHexEWKB(dst[:0], text)
	}
}
