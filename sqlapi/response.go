package sqlapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// flushSize is how much of an answer is collected before it is sent.
const flushSize = 32 << 10

// response is an answer that is sent piece by piece.
type response struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	idle time.Duration

	buf    []byte // what is not sent yet
	status int    // 0 until begin
	rows   int64  // for the log
	bytes  int64
}

func newResponse(w http.ResponseWriter, idle time.Duration) *response {
	return &response{w: w, rc: http.NewResponseController(w), idle: idle}
}

// begin fixes the status. Headers are set before.
func (r *response) begin(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// spill sends what was collected once it is worth it.
func (r *response) spill() error {
	if len(r.buf) < flushSize {
		return nil
	}
	return r.send()
}

// send sends what was collected.
func (r *response) send() error {
	if len(r.buf) == 0 && r.bytes > 0 {
		return nil
	}
	_ = r.rc.SetWriteDeadline(time.Now().Add(r.idle)) // test recorders have none
	if r.bytes == 0 {
		r.w.WriteHeader(r.status)
	}
	n, err := r.w.Write(r.buf)
	r.bytes += int64(n)
	r.buf = r.buf[:0]
	if err != nil {
		return errGone
	}
	return nil
}

// abort sends what there is and tells, by panicking, that the connection must end without the sign that the answer is
// complete: the client must not take it for that.
func (r *response) abort() {
	if r.send() == nil {
		_ = r.rc.Flush()
	}
	panic(http.ErrAbortHandler)
}

// refuse answers with an error, where nothing was sent yet.
func (r *response) refuse(a *answer, callback string) {
	h := r.w.Header()
	for _, name := range []string{"Content-Disposition", "Cache-Control", "Last-Modified", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Content-Disposition", "inline")
	r.buf = r.buf[:0]
	body := a.body()
	if callback != "" { // a script tag sees answers of status 200 only
		h.Set("Content-Type", typeJSONP)
		r.begin(http.StatusOK)
		r.buf = append(append(append(append(r.buf, callback...), '('), body...), ')')
	} else {
		h.Set("Content-Type", typeJSON)
		r.begin(a.status)
		r.buf = append(r.buf, body...)
	}
	_ = r.send()
}

// The content types.
const (
	typeJSON  = "application/json; charset=utf-8"
	typeJSONP = "text/javascript; charset=utf-8"
)

// disposition is the header Content-Disposition of an answer.
func disposition(attachment bool, filename string, modified time.Time) string {
	kind := "inline"
	if attachment {
		kind = "attachment"
	}
	return kind + "; filename=" + filename + `; modification-date="` + modified.UTC().Format(http.TimeFormat) + `"`
}

// safeFilename makes a filename that is safe in a header and in a file system.
func safeFilename(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
			return c
		}
		return '_'
	}, name)
	if len(name) > 200 {
		name = name[:200]
	}
	return strings.Trim(name, ".")
}

// cacheControl is the header Cache-Control of an answer.
func cacheControl(write bool) string {
	age := 31536000
	if write {
		age = 0
	}
	return "no-cache,max-age=" + strconv.Itoa(age) + ",must-revalidate,public"
}

// commonHeaders are on every answer.
func commonHeaders(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Headers", "*")
	h.Set("Access-Control-Expose-Headers", "*")
	h.Set("Vary", "Authorization")
	h.Set("X-Content-Type-Options", "nosniff")
}
