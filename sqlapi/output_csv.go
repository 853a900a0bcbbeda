package sqlapi

import (
	"net/http"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// csvOutput writes RFC 4180 with a line of names, the_geom first.
type csvOutput struct {
	answer *sqlAnswer
	enc    *pgvalue.Encoder
	begun  bool
}

func (o *csvOutput) columns(c []pgproto3.FieldDescription) error {
	if o.enc != nil {
		return errOneResult(o.answer)
	}
	o.enc = o.answer.encoder(c, o.answer.opts.skip)
	return nil
}

func (o *csvOutput) row(dst []byte, values [][]byte) ([]byte, error) {
	if !o.begun {
		o.begun = true
		dst = o.enc.AppendCSVHeader(dst)
	}
	return o.enc.AppendCSVRow(dst, values), nil
}

func (o *csvOutput) finish(dst []byte) ([]byte, error) {
	if o.enc != nil && !o.begun {
		dst = o.enc.AppendCSVHeader(dst)
	}
	return dst, nil
}

func (o *csvOutput) fail(dst []byte, _ *answer) ([]byte, bool) { return dst, false }
func (o *csvOutput) close()                                    {}

// errOneResult refuses several results in a format of one table.
func errOneResult(a *sqlAnswer) error {
	return refuse(http.StatusBadRequest, "The format %s holds the rows of one statement, and more than one has rows", a.opts.format.extension)
}
