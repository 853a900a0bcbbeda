package sqlapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// jsonOutput writes
//
//	{"rows":[{"a":1},...],"time":0.007,"fields":{"a":{"type":"number","pgtype":"int4"}},"total_rows":1}
//
// where rows has those of all statements, and fields and total_rows are the last one's.
type jsonOutput struct {
	answer *sqlAnswer
	enc    *pgvalue.Encoder // of the statement that runs, or was the last
	ended  bool             // that statement's rows are complete: the next statement begins without fields
	rows   int64
}

func (o *jsonOutput) columns(c []pgproto3.FieldDescription) error {
	o.enc = o.answer.encoder(c, o.answer.opts.skip)
	o.ended = false
	return nil
}

func (o *jsonOutput) statementDone() {
	if o.ended {
		o.enc = nil
	}
	o.ended = true
}

func (o *jsonOutput) row(dst []byte, values [][]byte) ([]byte, error) {
	if o.rows == 0 {
		dst = o.begin(dst)
	} else {
		dst = append(dst, ',')
	}
	o.rows++
	return o.enc.AppendRow(dst, values), nil
}

func (o *jsonOutput) begin(dst []byte) []byte {
	if cb := o.answer.opts.callback; cb != "" {
		dst = append(append(dst, cb...), '(')
	}
	return append(dst, `{"rows":[`...)
}

func (o *jsonOutput) finish(dst []byte) ([]byte, error) {
	o.answer.resp.begin(http.StatusOK)
	return o.end(dst, nil), nil
}

func (o *jsonOutput) fail(dst []byte, a *answer) ([]byte, bool) {
	return o.end(dst, a), true
}

func (o *jsonOutput) end(dst []byte, failed *answer) []byte {
	a := o.answer
	if o.rows == 0 {
		dst = o.begin(dst)
	}
	dst = append(dst, `],"time":`...)
	dst = strconv.AppendFloat(dst, time.Since(a.start).Seconds(), 'f', 3, 64)
	dst = append(dst, `,"fields":`...)
	if o.enc != nil {
		dst = o.enc.AppendFields(dst)
	} else {
		dst = append(dst, "{}"...)
	}
	total := a.total
	if failed != nil {
		total = o.rows
	}
	dst = append(dst, `,"total_rows":`...)
	dst = strconv.AppendInt(dst, total, 10)
	if len(a.notices) > 0 {
		dst = appendList(append(dst, `,"notices":`...), a.notices)
	}
	if len(a.warnings) > 0 {
		dst = appendList(append(dst, `,"warnings":`...), a.warnings)
	}
	if failed != nil {
		// The members of the error's own body, after those above.
		dst = append(dst, ',')
		dst = append(dst, failed.body()[1:]...)
	} else {
		dst = append(dst, '}')
	}
	if a.opts.callback != "" {
		dst = append(dst, ')')
	}
	return dst
}

func (o *jsonOutput) close() {}
