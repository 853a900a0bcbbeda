package shapefile

import (
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/layer"
)

// fids reads the FIDs of a layer.
func fids(t testing.TB, l layer.Layer, q layer.Query) []int64 {
	t.Helper()
	all, err := readAll(l, q)
	if err != nil {
		t.Fatal(err)
	}
	var list []int64
	for _, f := range all {
		list = append(list, f.FID)
	}
	return list
}

// numbered is a layer of n lines: line i has i%3+2 points at (i, i).
func numbered(n int) *shpBuilder {
	s := &shpBuilder{typ: polyLine, box: [4]float64{0, 0, float64(n), float64(n)}}
	for i := range n {
		s.add(partsBody(slices.Repeat([]xy{{float64(i), float64(i)}}, i%3+2)))
	}
	return s
}

func TestIndex(t *testing.T) {
	const n = 200
	table := func(rows int) []byte {
		var cells [][]string
		for range rows {
			cells = append(cells, []string{"x"})
		}
		return makeDBF(0, []dbfColumn{{"a", 'C', 1, 0}}, cells...)
	}
	be := binary.BigEndian
	for _, test := range []struct {
		name    string
		spoil   func(set memSet)
		warning string // begins so; "" for none
	}{
		{"as it should be", func(memSet) {}, ""},
		{"missing", func(set memSet) { delete(set, "t.shx") }, "t: there is no .shx, the .shp is scanned instead"},
		{
			"empty file", func(set memSet) { set["t.shx"] = nil },
			"t: the .shx cannot be used, the .shp is scanned instead: file of 0 bytes",
		},
		{
			"no records", func(set memSet) { set["t.shx"] = set["t.shx"][:100]; be.PutUint32(set["t.shx"][24:], 50) },
			"t: the .shx cannot be used, the .shp is scanned instead: it has no records, and the .shp has some",
		},
		{
			"cut off", func(set memSet) { set["t.shx"] = set["t.shx"][:100+8*50] },
			"t: the .shx cannot be used, the .shp is scanned instead: it announces 200 records and has 50",
		},
		{
			"too short", func(set memSet) { set["t.shx"] = set["t.shx"][:100+8*50]; be.PutUint32(set["t.shx"][24:], 50+4*50) },
			"t: the .shx cannot be used, the .shp is scanned instead: it has 50 records, and the .shp has more",
		},
		{"too long", func(set memSet) { set["t.shx"] = append(set["t.shx"], make([]byte, 80)...) }, ""},
		{"header's length wrong", func(set memSet) { be.PutUint32(set["t.shx"][24:], 0) }, ""},
		{"byte order", func(set memSet) {
			for i := 100; i < len(set["t.shx"]); i += 4 {
				slices.Reverse(set["t.shx"][i : i+4])
			}
		}, "t: the .shx cannot be used, the .shp is scanned instead: of 66 entries that were looked at"},
		{
			"not a .shx", func(set memSet) { set["t.shx"][3] = 1 },
			"t: the .shx cannot be used, the .shp is scanned instead: file code 9985",
		},
		{"lengths with the header", func(set memSet) {
			for i := 104; i < len(set["t.shx"]); i += 8 {
				be.PutUint32(set["t.shx"][i:], be.Uint32(set["t.shx"][i:])+4)
			}
		}, "t: the .shx has record 1 at byte 100 with 88 bytes, the .shp has it at byte 100 with 80; the .shp is believed (200 times"},
		{
			"one offset wrong", func(set memSet) { be.PutUint32(set["t.shx"][100+8*77:], 1e9) },
			"t: the .shx has record 78 at byte 2,000,000,000",
		},
		{"last offset wrong", func(set memSet) { be.PutUint32(set["t.shx"][100+8*199:], 51) }, "t: the .shx has record 200 at byte 102"},
		{"padding behind the records", func(set memSet) {
			delete(set, "t.shx")
			set["t.shp"] = append(set["t.shp"], make([]byte, 500)...)
		}, "t: there is no .shx, the .shp is scanned instead"},
		{
			"header's length of the .shp wrong", func(set memSet) { delete(set, "t.shx"); be.PutUint32(set["t.shp"][24:], 0) },
			"t: there is no .shx, the .shp is scanned instead",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := numbered(n).files()
			set["t.dbf"] = table(n)
			want, err := readAll(openLayerOf(t, openMem(t, set, nil), "t"), layer.Query{})
			if err != nil || len(want) != n {
				t.Fatalf("%d rows, %v", len(want), err)
			}
			test.spoil(set)
			ds := openMem(t, set, nil)
			l := openLayerOf(t, ds, "t")
			got, err := readAll(l, layer.Query{})
			if err != nil || len(got) != n {
				t.Fatalf("%d rows, %v; want %d", len(got), err, n)
			}
			for i := range got {
				if !got[i].Equal(want[i]) {
					t.Fatalf("row %d differs", i)
				}
			}
			warnings := ds.Warnings()
			switch {
			case test.warning == "" && len(warnings) > 0:
				t.Errorf("warnings %q, want none", warnings)
			case test.warning != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0], test.warning)):
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
			for _, fid := range []int64{0, 199, 7, 78, 77, 76} {
				f, err := l.(layer.Getter).Get(context.Background(), fid)
				if err != nil || !f.Equal(want[fid]) {
					t.Errorf("Get(%d): %v, %v", fid, f, err)
				}
			}
		})
	}
}

// TestShuffled reads records that lie in another order than their numbers, with a hole between them, as editing in place
// leaves them.
func TestShuffled(t *testing.T) {
	set := numbered(50).files()
	shp := set["t.shp"]
	body := slices.Clone(shp[headerSize:])
	shp = append(shp[:headerSize:headerSize], make([]byte, 1000)...)
	at := len(shp)
	shx := set["t.shx"]
	// The first record goes to the end.
	length := int(binary.BigEndian.Uint32(shx[104:]))*2 + recordHeader
	shp = append(append(shp, body[length:]...), body[:length]...)
	for i := headerSize + 8; i < len(shx); i += 8 {
		binary.BigEndian.PutUint32(shx[i:], binary.BigEndian.Uint32(shx[i:])+uint32(at-headerSize-length)/2)
	}
	binary.BigEndian.PutUint32(shx[headerSize:], uint32(len(shp)-length)/2)
	set["t.shp"] = shp
	ds := openMem(t, set, nil)
	all, err := readAll(openLayerOf(t, ds, "t"), layer.Query{})
	if err != nil || len(all) != 50 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for i, f := range all {
		if b, _ := f.Geometry().Bounds(); f.FID != int64(i) || b.MinX != float64(i) {
			t.Fatalf("row %d: feature %d at %v", i, f.FID, b)
		}
	}
	if w := ds.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
}

// TestLostRecords spoils the length of a record where only the .shp says where records are.
func TestLostRecords(t *testing.T) {
	for _, length := range []uint32{0, 3, 1 << 31, 41} {
		shp, _ := numbered(3000).build()
		at := headerSize
		for range 1500 {
			at += recordHeader + 2*int(binary.BigEndian.Uint32(shp[at+4:]))
		}
		binary.BigEndian.PutUint32(shp[at+4:], length)
		ds := openMem(t, memSet{"t.shp": shp}, nil)
		l := openLayerOf(t, ds, "t")
		all, err := readAll(l, layer.Query{})
		if err == nil || len(all) < 1500 || len(all) > 1501 {
			t.Fatalf("length %d: %d rows, %v; want an error", length, len(all), err)
		}
		var bad []error
		q := layer.Query{OnBadRow: func(err error) { bad = append(bad, err) }}
		all, err = readAll(l, q)
		if err != nil || len(bad) == 0 || len(all) < 2998 {
			t.Errorf("length %d: %d rows, %d bad, %v; want nearly all", length, len(all), len(bad), err)
		}
		for _, f := range all {
			if b, _ := f.Geometry().Bounds(); b.MinX != float64(f.FID) {
				t.Fatalf("length %d: feature %d is at %v", length, f.FID, b)
			}
		}
		if n, err := layer.Count(context.Background(), l, q); err != nil || n < int64(len(all)) {
			t.Errorf("length %d: counted %d, %v; want at least %d", length, n, err, len(all))
		}
	}
}

func TestTruncated(t *testing.T) {
	full := numbered(100).files()
	for _, cut := range []int{headerSize, headerSize + 5, headerSize + 50, 3000, len(full["t.shp"]) - 1} {
		for _, withIndex := range []bool{true, false} {
			set := memSet{"t.shp": full["t.shp"][:cut]}
			if withIndex {
				set["t.shx"] = full["t.shx"]
			}
			l := openLayerOf(t, openMem(t, set, nil), "t")
			good := 0
			off := headerSize
			for off+recordHeader <= cut {
				off += recordHeader + 2*int(binary.BigEndian.Uint32(full["t.shp"][off+4:]))
				if off <= cut {
					good++
				}
			}
			all, err := readAll(l, layer.Query{})
			if len(all) != good {
				t.Errorf("cut at %d, index %v: %d rows, want %d", cut, withIndex, len(all), good)
			}
			whole := off == cut
			if (err == nil) != whole && !withIndex {
				t.Errorf("cut at %d, index %v: error %v", cut, withIndex, err)
			}
			if withIndex && err == nil && cut > headerSize {
				t.Errorf("cut at %d: no error though the .shx has more records", cut)
			}
		}
	}
}

// bigFile is a file of more than 4 GB that is nearly all zeros: one point at its start and one at its end.
type bigFile struct {
	start, end []byte
	size       int64
}

func (b bigFile) Size() int64 { return b.size }
func (b bigFile) close()      {}

func (b bigFile) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(b.start)) {
		copy(p, b.start[off:])
	}
	at := b.size - int64(len(b.end))
	for i := range p {
		if o := off + int64(i); o >= at && o < b.size {
			p[i] = b.end[o-at]
		}
	}
	if left := b.size - off; int64(len(p)) > left {
		return int(left), io.EOF
	}
	return len(p), nil
}

type bigSet struct {
	memSet
	big bigFile
}

func (s bigSet) open(name string) (blob, error) {
	if name == "t.shp" {
		return s.big, nil
	}
	return s.memSet.open(name)
}

// TestBigOffset reads a record behind 6 GB: offsets are counts of 16-bit words without a sign.
func TestBigOffset(t *testing.T) {
	const size = 6 << 30
	s := (&shpBuilder{typ: point}).add(le(xy{1, 2})).add(le(xy{3, 4}))
	set := s.files()
	shp, shx := set["t.shp"], set["t.shx"]
	end := shp[len(shp)-28:]
	big := bigFile{shp[:len(shp)-28], end, size}
	binary.BigEndian.PutUint32(big.start[24:], size/2)
	binary.BigEndian.PutUint32(shx[108:], (size-28)/2)
	ds := openMem(t, bigSet{set, big}, nil)
	l := openLayerOf(t, ds, "t")
	all, err := readAll(l, layer.Query{})
	if err != nil || len(all) != 2 || wkt(t, all[1].Geometry()) != "POINT (3 4)" {
		t.Fatalf("%v, %v", all, err)
	}
	if w := ds.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
	if _, total := l.(layer.Progresser).Progress(); total != size {
		t.Errorf("progress of %d bytes, want %d", total, int64(size))
	}
}

func TestScanIndex(t *testing.T) {
	set := numbered(5000).files()
	delete(set, "t.shx")
	l := openLayerOf(t, openMem(t, set, nil), "t")
	for _, fid := range []int64{4999, 0, 1023, 1024, 1025, 4096, 3} {
		f, err := layer.Get(context.Background(), l, fid)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := f.Geometry().Bounds(); b.MinX != float64(fid) {
			t.Errorf("Get(%d) is at %v", fid, b)
		}
	}
	if _, err := layer.Get(context.Background(), l, 5000); err == nil {
		t.Error("Get(5000) finds something")
	}
	if got := fids(t, l, layer.Query{Offset: 2047, Limit: 3}); !slices.Equal(got, []int64{2047, 2048, 2049}) {
		t.Errorf("offset 2047: %v", got)
	}
}
