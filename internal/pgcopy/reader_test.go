package pgcopy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
)

const maxRow = 1 << 20

// head is the header as PostgreSQL 9 to 18 send it.
const head = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

const tail = "\xff\xff"

// row returns a row of the format binary. A nil []byte is NULL.
func row(values ...any) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(values)))
	for _, v := range values {
		var data []byte
		switch v := v.(type) {
		case nil:
			b = binary.BigEndian.AppendUint32(b, math.MaxUint32)
			continue
		case string:
			data = []byte(v)
		case int:
			data = binary.BigEndian.AppendUint32(nil, uint32(v))
		case float64:
			data = binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...)
	}
	return string(b)
}

// readAll prints each row and returns the error at the end, nil for io.EOF.
func readAll(r *pgcopy.Reader) (rows []string, err error) {
	for {
		values, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				return rows, fmt.Errorf("%v, and then %v", err, again)
			}
			if r.Rows() != int64(len(rows)) {
				return rows, fmt.Errorf("%d rows, Rows says %d", len(rows), r.Rows())
			}
			if err == io.EOF {
				return rows, nil
			}
			return rows, err
		}
		var s []string
		for _, v := range values {
			if v == nil {
				s = append(s, "NULL")
			} else {
				s = append(s, fmt.Sprintf("%q", v))
			}
		}
		rows = append(rows, strings.Join(s, " "))
	}
}

func TestReader(t *testing.T) {
	const failed = `{"error":["canceling statement due to \"timeout\""],"detail":"d","hint":"h"}`
	long := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		name, data string
		rows       []string
		err        string // "" for none
		is         error
		server     string // the message of a ServerError
	}{
		{name: "no rows", data: head + tail},
		{name: "rows", data: head + row("a", nil, "") + row("", "b", nil) + tail, rows: []string{`"a" NULL ""`, `"" "b" NULL`}},
		{name: "no columns", data: head + row() + row() + tail, rows: []string{"", ""}},
		{name: "long row", data: head + row("a", "") + row(long, long) + row("b", "") + tail, rows: []string{`"a" ""`, fmt.Sprintf("%q %q", long, long), `"b" ""`}},
		{name: "flags that do not matter", data: head[:11] + "\x00\x00\xff\xff\x00\x00\x00\x00" + tail},
		{name: "extension", data: head[:11] + "\x00\x00\x00\x00\x00\x04\x00\x00" + strings.Repeat("e", 4<<16) + row("a") + tail, rows: []string{`"a"`}},

		{name: "nothing", is: io.ErrUnexpectedEOF, err: "behind 0 rows and 0 bytes"},
		{name: "no end mark", data: head + row("a"), rows: []string{`"a"`}, is: io.ErrUnexpectedEOF, err: "behind 1 rows and 26 bytes"},
		{name: "signature", data: "PGCOPY\n\xff\n\x00", is: pgcopy.ErrFormat, err: `begins with "PGCOPY\n\xff\n\x00", want`},
		{name: "HTML", data: "<html>" + long, is: pgcopy.ErrFormat, err: `begins with "<html>xxx`},
		{name: "OIDs", data: head[:11] + "\x00\x01\x00\x00\x00\x00\x00\x00" + tail, is: pgcopy.ErrFormat, err: "OIDs"},
		{name: "critical flags", data: head[:11] + "\x80\x00\x00\x00\x00\x00\x00\x00" + tail, is: pgcopy.ErrFormat, err: "flags 0x80000000"},
		{name: "long extension", data: head[:11] + "\x00\x00\x00\x00\x00\x10\x00\x01" + tail, is: pgcopy.ErrFormat, err: "1048577 bytes: want 1048576"},
		{name: "extension breaks off", data: head[:11] + "\x00\x00\x00\x00\x00\x10\x00\x00" + long, is: io.ErrUnexpectedEOF},
		{name: "field count", data: head + row("a") + row("b", "c") + tail, rows: []string{`"a"`}, is: pgcopy.ErrFormat, err: "behind 1 rows and 26 bytes: malformed COPY data: a row of 2 values: those before have 1"},
		{name: "negative field count", data: head + "\xff\xfe", is: pgcopy.ErrFormat, err: "a row of -2 values"},
		{name: "negative length", data: head + "\x00\x01\xff\xff\xff\xfe" + long, is: pgcopy.ErrFormat, err: "value 1 has the length -2"},
		{name: "value over the limit", data: head + "\x00\x02\x00\x00\x00\x00\x00\x10\x00\x00" + long, is: pgcopy.ErrFormat, err: "value 2 has 1048576 bytes: a row may have 1048576 at most"},
		{name: "row over the limit", data: head + row(long, long, long, long), is: pgcopy.ErrFormat, err: "value 4 has 300000 bytes"},
		{name: "behind the end mark", data: head + row("a") + tail + "\x00" + long, rows: []string{`"a"`}, is: pgcopy.ErrFormat, err: `behind 1 rows and 28 bytes: malformed COPY data: behind the end mark follows "\x00` + strings.Repeat("x", 199) + `"...`},

		{name: "error alone", data: failed, server: "canceling"},
		{name: "error and a line end", data: failed + "\r\n", server: "canceling"},
		{name: "error behind the header", data: head + failed, server: "canceling"},
		{name: "error behind rows", data: head + row("a") + row("b") + failed, rows: []string{`"a"`, `"b"`}, server: "canceling"},
		{name: "error behind the end mark", data: head + row("a") + tail + failed, rows: []string{`"a"`}, server: "canceling"},
		{name: "error in a row", data: head + row("a") + row(long)[:1000] + failed, rows: []string{`"a"`}, server: "canceling"},
		{name: "error in a length", data: head + row("a") + row(long)[:3] + failed, rows: []string{`"a"`}, server: "canceling"},
		{name: "error taken for a value", data: head + row("a") + row("0123456789")[:6] + failed, rows: []string{`"a"`, `"{\"error\":["`}, server: "canceling"},
		{name: "long error", data: head + `{"error":["` + long[:60_000] + `"]}`, server: long[:60_000]},
		{name: "several messages", data: head + `{"error":["a","b"]}`, server: "a; b"},
		{name: "a text as the message", data: head + `{"error":"a"}`, server: "a"},
		{name: "an object as the message", data: head + `{"error":{"a":1}}`, server: `{"a":1}`},
		{name: "error not at the end", data: head + row("a") + failed + "x", rows: []string{`"a"`}, is: pgcopy.ErrFormat},
		{name: "error as data", data: head + row(failed) + tail, rows: []string{fmt.Sprintf("%q", failed)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, wrap := range map[string]func(io.Reader) io.Reader{
				"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "error with data": iotest.DataErrReader,
			} {
				rows, err := readAll(pgcopy.NewReader(wrap(strings.NewReader(c.data)), maxRow))
				if fmt.Sprint(rows) != fmt.Sprint(c.rows) {
					t.Errorf("%s: rows %.300q, want %.300q", how, rows, c.rows)
				}
				var server *pgcopy.ServerError
				switch {
				case c.server != "":
					if !errors.As(err, &server) || !strings.Contains(server.Message, c.server) || !strings.Contains(err.Error(), c.server) {
						t.Errorf("%s: %v, want the server's error", how, err)
					}
					if errors.Is(err, pgcopy.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("%s: %v matches another error", how, err)
					}
				case c.is == nil:
					if err != nil {
						t.Errorf("%s: %v", how, err)
					}
				case !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.err):
					t.Errorf("%s: %v, want %v that says %s", how, err, c.is, c.err)
				case len(err.Error()) > 1200:
					t.Errorf("%s: an error of %d bytes", how, len(err.Error()))
				}
			}
		})
	}
}

func TestReaderTruncated(t *testing.T) {
	data := head + row("a", nil, "bc") + row("", 1.5, 7) + tail
	for i := range len(data) {
		if _, err := readAll(pgcopy.NewReader(strings.NewReader(data[:i]), maxRow)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes: %v, want io.ErrUnexpectedEOF", i, len(data), err)
		}
		if _, err := readAll(pgcopy.NewReader(iotest.OneByteReader(strings.NewReader(data[:i])), maxRow)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes, one by one: %v, want io.ErrUnexpectedEOF", i, len(data), err)
		}
	}
}

func TestReaderSourceFails(t *testing.T) {
	broken := errors.New("connection reset")
	data := head + row("a", "b") + tail
	for i := range len(data) + 1 {
		source := io.MultiReader(strings.NewReader(data[:i]), iotest.ErrReader(broken))
		if _, err := readAll(pgcopy.NewReader(source, maxRow)); !errors.Is(err, broken) {
			t.Errorf("an error behind %d of %d bytes: %v", i, len(data), err)
		}
	}
	source := io.MultiReader(strings.NewReader(head+row("a")+`{"error":["no"]}`), iotest.ErrReader(io.ErrUnexpectedEOF))
	var server *pgcopy.ServerError
	if _, err := readAll(pgcopy.NewReader(source, maxRow)); !errors.As(err, &server) {
		t.Errorf("%v, want the server's error", err)
	}
	if _, err := readAll(pgcopy.NewReader(stuck{}, maxRow)); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v, want io.ErrNoProgress", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestReaderMemory lets a length promise more than comes.
func TestReaderMemory(t *testing.T) {
	data := head + "\x00\x01\x3f\xff\xff\x00" + strings.Repeat("x", 10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := pgcopy.NewReader(strings.NewReader(data), math.MaxInt32).Next()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for 10,000", n)
	}
}

// endless repeats a row and never ends.
type endless struct {
	head, row string
	at        int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(e.head) > 0 {
			k := copy(p[n:], e.head)
			e.head = e.head[k:]
			n += k
			continue
		}
		k := copy(p[n:], e.row[e.at:])
		e.at = (e.at + k) % len(e.row)
		n += k
	}
	return n, nil
}

func TestReaderAllocatesNothing(t *testing.T) {
	r := pgcopy.NewReader(&endless{head: head, row: row(1, 2.5, "some text", nil, 3, 4.5, "and more")}, maxRow)
	next := func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if n := testing.AllocsPerRun(100_000, next); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(head + row("a", nil) + tail))
	f.Add([]byte(head + row("a") + `{"error":["x"]}`))
	f.Add([]byte(head[:11] + "\x00\x00\x00\x00\x00\x00\x00\x03abc" + tail))
	f.Add([]byte(head + "\x7f\xff\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 12
		var rows [2][]string
		var errs [2]error
		rows[0], errs[0] = readAll(pgcopy.NewReader(bytes.NewReader(data), limit))
		rows[1], errs[1] = readAll(pgcopy.NewReader(iotest.HalfReader(bytes.NewReader(data)), limit))
		if fmt.Sprint(rows[0]) != fmt.Sprint(rows[1]) || fmt.Sprint(errs[0]) != fmt.Sprint(errs[1]) {
			t.Errorf("whole: %q, %v; in halves: %q, %v", rows[0], errs[0], rows[1], errs[1])
		}
		if errs[0] == nil && !bytes.HasSuffix(data, []byte(tail)) {
			t.Error("success without an end mark")
		}
	})
}

// sevenColumns is a row as that of a layer of points: id, geometry, two texts, an integer, a real, a date-time.
var sevenColumns = row("\x00\x00\x00\x00\x00\x00\x10\x00", "\x01\x01\x00\x00\x20\xe6\x10\x00\x0016 bytes of x, y", "Zürich-Oerlikon", "a category", 123456, 47.5, "\x00\x02\x6e\x1d\x12\x34\x56\x78")

func BenchmarkReader(b *testing.B) {
	r := pgcopy.NewReader(&endless{head: head, row: sevenColumns}, maxRow)
	b.SetBytes(int64(len(sevenColumns)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
