package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
)

// CopyTo runs COPY ... TO STDOUT. The body ends with an error where the answer broke off (ErrLost), or where the server added an
// error behind the data (*Error, ErrTimeout); its text was among the data then. Only attempts before the first byte are repeated.
//
// An answer of HTTP/1 whose length nobody said may be cut and not look it: whoever reads binary data checks that their trailer
// is there. Close ends the statement, where it is still under way. The context holds until then.
func (c *Client) CopyTo(ctx context.Context, sql string) (io.ReadCloser, error) {
	var body *copyBody
	k := &call{
		op: "copyto", url: c.endpoint("copyto", ""), sql: sql, safety: Repeat, keep: true,
		data: form(sql), header: http.Header{"Content-Type": {formType}},
		read: func(resp *http.Response) *failure {
			switch kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind {
			case "text/html":
				return lost(fmt.Errorf("%w: it is a web page", errNotOurs))
			case "application/json": // never data, which have a type of their own
				if _, f := c.readAnswer(resp); f != nil {
					return f
				}
				return lost(errNotOurs)
			}
			b := &copyBody{c: c, ctx: ctx, body: resp.Body, r: bufio.NewReaderSize(resp.Body, 64<<10)}
			if _, err := b.r.Peek(1); err != nil && err != io.EOF {
				return lost(fmt.Errorf("the answer broke off before its first byte: %w", c.connectionError(err)))
			}
			body = b
			return nil
		},
	}
	if err := c.run(ctx, k); err != nil {
		return nil, err
	}
	return body, nil
}

// copyBody is the body of copyto.
type copyBody struct {
	c    *Client
	ctx  context.Context
	body io.Closer
	r    *bufio.Reader
	n    int64
	tail []byte // the last bytes, up to maxTail
	err  error
}

// maxTail is how far back the beginning of an error behind the data is looked for.
const maxTail = 4 << 10

// Read implements io.Reader.
func (b *copyBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	b.keep(p[:n])
	if err != nil {
		err = b.end(err)
		b.err = err
	}
	return n, err
}

// keep keeps the last bytes.
func (b *copyBody) keep(p []byte) {
	if len(p) >= maxTail {
		b.tail = append(b.tail[:0], p[len(p)-maxTail:]...)
		return
	}
	if over := len(b.tail) + len(p) - maxTail; over > 0 {
		b.tail = b.tail[:copy(b.tail, b.tail[over:])]
	}
	b.tail = append(b.tail, p...)
}

// end says what the end of the body means.
func (b *copyBody) end(err error) error {
	if e := b.added(); e != nil {
		return fmt.Errorf("after %d bytes: %w", b.n, e)
	}
	switch {
	case err == io.EOF:
		return err
	case b.ctx.Err() != nil:
		return fmt.Errorf("after %d bytes: %w", b.n, b.ctx.Err())
	}
	return fmt.Errorf("%w: it broke off after %d bytes: %w", ErrLost, b.n, b.c.connectionError(err))
}

// added returns the error that the server added to the data. No complete data end like that: text ends with a line's end, binary
// data with a trailer.
func (b *copyBody) added() error {
	if !bytes.HasSuffix(b.tail, []byte("}")) {
		return nil
	}
	for at := len(b.tail); ; {
		at = bytes.LastIndex(b.tail[:at], []byte(`{"error":`))
		if at < 0 {
			return nil
		}
		if a, err := decodeAnswer(b.tail[at:]); err == nil && a.failed {
			return classify(a.error(b.c, http.StatusOK), true).err
		}
	}
}

// Close implements io.Closer. It may be called while another goroutine reads.
func (b *copyBody) Close() error { return b.body.Close() }

// CopyFrom runs COPY ... FROM STDIN with data, in one request, and returns how many rows the server took. It is sent again only
// where the server certainly has not taken it; a lost answer is ErrUnknown. The data are the caller's again on return. With gzip
// they are packed, where that makes them smaller. The server refuses data without a row (400, "No rows copied"). SQL stands in
// the URL here: over about 7 KB of it, servers refuse it.
func (c *Client) CopyFrom(ctx context.Context, sql string, data []byte, gzip bool) (int64, error) {
	var rows int64
	k := &call{
		op: "copyfrom", url: c.endpoint("copyfrom", "q="+url.QueryEscape(sql)), sql: sql, safety: Once,
		data: data, header: http.Header{"Content-Type": {"application/octet-stream"}},
		read: func(resp *http.Response) *failure {
			a, f := c.readAnswer(resp)
			if f == nil && !a.has("total_rows") {
				f = lost(errNotOurs)
			}
			if f == nil {
				rows = a.total
			}
			return f
		},
	}
	if gzip {
		if packed := pack(data); len(packed) < len(data) {
			k.data = packed
			k.header.Set("Content-Encoding", "gzip")
		}
	}
	err := c.run(ctx, k)
	return rows, err
}

// packers are kept: each holds more than a megabyte.
var packers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil { // the level is valid
		panic(err)
	}
	return z
}}

// pack packs with gzip.
func pack(data []byte) []byte {
	var buf bytes.Buffer
	buf.Grow(len(data)/4 + 512)
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&buf)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	return buf.Bytes()
}
