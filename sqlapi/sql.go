package sqlapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/sqltext"
)

// sqlOptions are the parameters of the endpoint sql.
type sqlOptions struct {
	sql      string // as it is run
	write    bool   // it may change something
	format   format
	filename string // without its extension; "" where the client gave none
	explicit bool   // the client named a format or a file
	callback string
	skip     map[string]bool // columns that are not shown
	decimals int             // of coordinates in GeoJSON
}

// callbackName is what may stand as the name of a JavaScript function.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$`)

// parseSQLOptions reads the parameters. The options are of use, for the answer's form, also where there is an error.
func parseSQLOptions(v url.Values) (o sqlOptions, err error) {
	o.format = formats["json"]
	if cb := v.Get("callback"); cb != "" {
		if !callbackName.MatchString(cb) {
			return o, refuse(http.StatusBadRequest, "Invalid callback: want the name of a function")
		}
		o.callback = cb
	}
	if o.sql, err = query(v); err != nil {
		return o, err
	}
	if name := v.Get("format"); name != "" {
		var ok bool
		if o.format, ok = formats[strings.ToLower(name)]; !ok {
			o.format = formats["json"]
			return o, refuse(http.StatusBadRequest, "Invalid format: %s", name)
		}
		o.explicit = true
	}
	if o.format.contentType != typeJSON {
		o.callback = ""
	}
	if name := safeFilename(v.Get("filename")); name != "" {
		o.filename, o.explicit = strings.TrimSuffix(name, "."+o.format.extension), true
	}
	o.skip = map[string]bool{}
	for _, list := range v["skipfields"] {
		for name := range strings.SplitSeq(list, ",") {
			o.skip[strings.TrimSpace(name)] = true
		}
	}
	o.decimals = 6
	if dp := v.Get("dp"); dp != "" {
		if o.decimals, err = strconv.Atoi(dp); err != nil || o.decimals < 0 || o.decimals > 15 {
			return o, refuse(http.StatusBadRequest, "Invalid dp: %s: want the number of decimals, 0 to 15", dp)
		}
	}
	window, err := parseWindow(v)
	if err != nil {
		return o, err
	}
	o.write = mayChange(o.sql)
	o.sql = window.wrap(o.sql)
	return o, nil
}

// window is the part of a result that was asked for.
type window struct {
	limit, offset int64 // limit -1 is all
	orderBy       string
	descending    bool
}

func parseWindow(v url.Values) (window, error) {
	w := window{limit: -1, orderBy: v.Get("order_by"), descending: strings.EqualFold(v.Get("sort_order"), "desc")}
	number := func(name string, least int64) (int64, error) {
		n, err := strconv.ParseInt(v.Get(name), 10, 64)
		if err != nil || n < least || n > 1e15 {
			return 0, refuse(http.StatusBadRequest, "Invalid %s: %s: want a whole number from %d", name, v.Get(name), least)
		}
		return n, nil
	}
	var err error
	if v.Get("rows_per_page") != "" {
		if w.limit, err = number("rows_per_page", 0); err != nil {
			return w, err
		}
	}
	if v.Get("page") != "" {
		page, err := number("page", 0)
		if err != nil {
			return w, err
		}
		if w.limit >= 0 {
			w.offset = page * w.limit
		}
		if w.offset < 0 || w.limit > 0 && w.offset/w.limit != page {
			return w, refuse(http.StatusBadRequest, "Invalid page: %d pages of %d rows are too many", page, w.limit)
		}
	}
	if s := v.Get("sort_order"); s != "" && !strings.EqualFold(s, "asc") && !strings.EqualFold(s, "desc") {
		return w, refuse(http.StatusBadRequest, "Invalid sort_order: %s: want asc or desc", s)
	}
	return w, checkText(w.orderBy)
}

// wrap makes the statement yield the window only. What is not a single SELECT is left as it is.
func (w window) wrap(sql string) string {
	if w.limit < 0 && w.orderBy == "" {
		return sql
	}
	st, only := sqltext.First(sql)
	if !only || !st.IsSelect() {
		return sql
	}
	sql = "SELECT * FROM (" + st.Text + ") AS ogrcarto_q"
	if w.orderBy != "" {
		sql += " ORDER BY " + pgx.Identifier{w.orderBy}.Sanitize()
		if w.descending {
			sql += " DESC"
		}
	}
	if w.limit >= 0 {
		sql += " LIMIT " + strconv.FormatInt(w.limit, 10) + " OFFSET " + strconv.FormatInt(w.offset, 10)
	}
	return sql
}

// mayChange tells whether a text has more than queries. Functions that a query calls may change things all the same.
func mayChange(sql string) bool {
	for st := range sqltext.Statements(sql) {
		if !st.IsSelect() {
			return true
		}
	}
	return false
}

// format is a form of the answer.
type format struct {
	extension   string
	contentType string
	// streams tells that rows are sent while they come. Others are sent at the end, so that every error has its status.
	streams bool
	new     func(*sqlAnswer) output
}

// formats are all forms that there are.
var formats = map[string]format{
	"json":    {"json", typeJSON, true, func(a *sqlAnswer) output { return &jsonOutput{answer: a} }},
	"csv":     {"csv", "text/csv; charset=utf-8; header=present", true, func(a *sqlAnswer) output { return &csvOutput{answer: a} }},
	"geojson": {"geojson", typeJSON, true, func(a *sqlAnswer) output { return &geojsonOutput{answer: a} }},
	"gpkg":    {"gpkg", "application/x-sqlite3", false, func(a *sqlAnswer) output { return &gpkgOutput{answer: a} }},
}

// output writes the rows of an answer.
type output interface {
	// columns comes before the rows of each statement that has some.
	columns([]pgproto3.FieldDescription) error
	// row appends a row to what is sent.
	row(dst []byte, values [][]byte) ([]byte, error)
	// finish appends the end. It begins the answer itself where there were no rows.
	finish(dst []byte) ([]byte, error)
	// fail appends the end of an answer whose rows are sent in part already. complete is false where the format has no place
	// for an error.
	fail(dst []byte, a *answer) (_ []byte, complete bool)
	// close releases what the output holds.
	close()
}

// sqlAnswer runs statements and writes their answer: the events of a session.
type sqlAnswer struct {
	quiet
	srv      *Server
	ctx      context.Context
	opts     *sqlOptions
	resp     *response
	out      output
	start    time.Time
	total    int64 // rows of the last statement
	notices  []string
	warnings []string
}

func (a *sqlAnswer) columns(c []pgproto3.FieldDescription) error { return a.out.columns(c) }

func (a *sqlAnswer) row(values [][]byte) (err error) {
	if a.opts.format.streams {
		a.resp.begin(http.StatusOK)
	}
	a.resp.rows++
	if a.resp.buf, err = a.out.row(a.resp.buf, values); err != nil {
		return err
	}
	return a.resp.spill()
}

func (a *sqlAnswer) done(tag pgconn.CommandTag) error {
	a.total = tag.RowsAffected()
	if j, ok := a.out.(*jsonOutput); ok {
		j.statementDone()
	}
	return nil
}

func (a *sqlAnswer) notice(n *pgproto3.NoticeResponse) {
	if n.Severity == "WARNING" {
		if len(a.warnings) < maxNotices {
			a.warnings = append(a.warnings, n.Message)
		}
	} else if len(a.notices) < maxNotices {
		a.notices = append(a.notices, n.Message)
	}
}

// run runs the statements in the session and writes the answer.
func (a *sqlAnswer) run(s *session) error {
	a.out = a.opts.format.new(a)
	defer a.out.close()
	a.headers()
	err := s.run(a.ctx, a.opts.sql, a)
	if err == nil {
		a.resp.buf, err = a.out.finish(a.resp.buf)
	}
	switch {
	case err == nil:
		a.resp.begin(http.StatusOK)
		return a.resp.send()
	case a.resp.status == 0: // nothing was sent: the error has its status
		return err
	}
	var complete bool
	if a.resp.buf, complete = a.out.fail(a.resp.buf, answerTo(err)); !complete {
		return &cutError{err}
	}
	if sendErr := a.resp.send(); sendErr != nil {
		return sendErr
	}
	return &toldError{err}
}

// headers sets the headers of an answer with rows.
func (a *sqlAnswer) headers() {
	h := a.resp.w.Header()
	contentType := a.opts.format.contentType
	if a.opts.callback != "" {
		contentType = typeJSONP
	}
	h.Set("Content-Type", contentType)
	name := a.opts.filename
	if name == "" {
		name = "cartodb-query"
	}
	h.Set("Content-Disposition", disposition(a.opts.explicit, name+"."+a.opts.format.extension, a.start))
	h.Set("Cache-Control", cacheControl(a.opts.write))
	h.Set("Last-Modified", a.start.UTC().Format(http.TimeFormat))
}

// cutError is an error in the middle of an answer that has no place for it: the connection is cut.
type cutError struct{ err error }

func (e *cutError) Error() string { return e.err.Error() }
func (e *cutError) Unwrap() error { return e.err }

// toldError is an error that stands in the answer already.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }

// appendList appends a JSON list of strings.
func appendList(dst []byte, list []string) []byte {
	b, err := json.Marshal(list)
	if err != nil { // strings marshal
		panic(err)
	}
	return append(dst, b...)
}
