package sqlapi

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/sqltext"
)

// copyQuery returns the COPY statement of a request.
func copyQuery(v url.Values, from bool) (string, error) {
	q := v["q"]
	if len(q) != 1 || q[0] == "" {
		return "", errCopyMissing
	}
	st, only := sqltext.First(q[0])
	c, isCopy := st.Copy()
	switch {
	case !isCopy:
		return "", errNotCopy
	case !only:
		return "", refuse(http.StatusBadRequest, "SQL must be one statement")
	case c.From != from && from:
		return "", refuse(http.StatusBadRequest, "SQL must be COPY ... FROM STDIN")
	case c.From != from:
		return "", refuse(http.StatusBadRequest, "SQL must be COPY ... TO STDOUT")
	}
	return q[0], checkText(q[0])
}

// copyTo sends what COPY ... TO STDOUT yields: the events of a session.
type copyTo struct {
	quiet
	resp     *response
	filename string
}

func (c *copyTo) run(ctx context.Context, s *session, sql string) error {
	h := c.resp.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment; filename="+c.filename)
	err := s.run(ctx, sql, c)
	switch {
	case err == nil:
		c.resp.begin(http.StatusOK)
		return c.resp.send()
	case c.resp.status == 0:
		return err
	}
	// As CARTO does it, the error follows the data. Since data may look like that, the connection is cut, too.
	c.resp.buf = append(c.resp.buf, answerTo(err).body()...)
	return &cutError{err}
}

func (c *copyTo) data(b []byte) error {
	c.resp.begin(http.StatusOK)
	c.resp.rows++
	c.resp.buf = append(c.resp.buf, b...)
	return c.resp.spill()
}

// copyFrom feeds COPY ... FROM STDIN from the body of a request.
type copyFrom struct {
	quiet
	body      io.Reader
	interrupt func()
	rows      int64
}

func (c *copyFrom) input() (io.Reader, func()) {
	r := c.body
	c.body = nil
	return r, c.interrupt
}

func (c *copyFrom) done(tag pgconn.CommandTag) error {
	c.rows = tag.RowsAffected()
	return nil
}

func (c *copyFrom) columns([]pgproto3.FieldDescription) error { return errNotCopy }

// copyBody returns the data of a request: as they are, or unpacked. size counts the data.
func (s *Server) copyBody(w http.ResponseWriter, r *http.Request) (body io.Reader, interrupt func(), err error) {
	p := &progressReader{r: r.Body, rc: http.NewResponseController(w), idle: s.cfg.MaxIdle}
	body = p
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body = &gunzip{src: p}
	default:
		return nil, nil, refuse(http.StatusUnsupportedMediaType, "Content-Encoding %q: want gzip or none", encoding)
	}
	return &boundedReader{r: body, left: s.cfg.MaxCopy, limit: s.cfg.MaxCopy, room: s.room}, p.interrupt, nil
}

// gunzip unpacks. Unlike gzip.Reader it reads nothing before the first Read.
type gunzip struct {
	src io.Reader
	z   *gzip.Reader
}

func (g *gunzip) Read(b []byte) (n int, err error) {
	if g.z == nil {
		if g.z, err = gzip.NewReader(g.src); err != nil {
			g.z = nil
		}
	}
	if err == nil {
		n, err = g.z.Read(b)
	}
	var body *bodyError
	if err != nil && err != io.EOF && !errors.As(err, &body) {
		err = refuse(http.StatusBadRequest, "The body is not complete gzip data: %v", err)
	}
	return n, err
}

// boundedReader refuses to read more than a limit, or more than the database has room for.
type boundedReader struct {
	r           io.Reader
	left, limit int64
	room        func() (int64, bool) // how much may still come in, where that is bounded
	checked     int64                // when room was asked
	read        int64
}

// roomEvery is after how much data the room is asked for again.
const roomEvery = 16 << 20

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read >= b.checked {
		if room, bounded := b.room(); bounded && room <= 0 {
			return 0, errQuota
		}
		b.checked = b.read + roomEvery
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		return 0, refuse(http.StatusBadRequest, "COPY FROM maximum POST size of %d bytes exceeded", b.limit)
	}
	b.left -= int64(n)
	b.read += int64(n)
	return n, err
}

func (c *copyFrom) run(ctx context.Context, s *session, sql string, resp *response, start time.Time) error {
	if err := s.run(ctx, sql, c); err != nil {
		var a *answer
		if errors.As(err, &a) { // of the reader
			return a
		}
		return err
	}
	if c.rows == 0 {
		return errNoRows
	}
	resp.rows = c.rows
	h := resp.w.Header()
	h.Set("Content-Type", typeJSON)
	resp.begin(http.StatusOK)
	resp.buf = append(resp.buf, `{"time":`...)
	resp.buf = strconv.AppendFloat(resp.buf, time.Since(start).Seconds(), 'f', 3, 64)
	resp.buf = append(resp.buf, `,"total_rows":`...)
	resp.buf = strconv.AppendInt(resp.buf, c.rows, 10)
	resp.buf = append(resp.buf, '}')
	return resp.send()
}
