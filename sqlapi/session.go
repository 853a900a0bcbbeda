package sqlapi

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// cancelGrace is how long a statement that was canceled may take to end before its session is cut.
const cancelGrace = 5 * time.Second

// maxNotices bounds what is kept of the notices of one request.
const maxNotices = 100

// session is a connection to PostgreSQL, logged in as the role of one API key, for one goroutine. It speaks the simple query
// protocol: a request is one text of any number of statements, and values come as PostgreSQL's text.
type session struct {
	conn *pgconn.PgConn
	fe   *pgproto3.Frontend
	role string

	tx        byte      // the transaction's status, as in ReadyForQuery
	broken    bool      // cannot be used again
	idleSince time.Time // when it was put back into the pool
}

// events is told what comes back from a text of statements. An error of its methods cancels the statements and is what run
// returns. Arguments are valid during the call.
type events interface {
	// columns comes before the rows of a statement that has rows.
	columns([]pgproto3.FieldDescription) error
	row(values [][]byte) error
	// done comes after each statement, with PostgreSQL's command tag; empty for a text without a statement.
	done(tag pgconn.CommandTag) error
	// data gets what COPY ... TO STDOUT sends.
	data([]byte) error
	// input is asked for what COPY ... FROM STDIN reads; nil refuses it. interrupt makes a Read that is under way end with an
	// error, soon.
	input() (r io.Reader, interrupt func())
	notice(*pgproto3.NoticeResponse)
}

// connectionError says that the session's connection is gone.
type connectionError struct{ err error }

func (e *connectionError) Error() string {
	return "the connection to the database was lost: " + e.err.Error()
}
func (e *connectionError) Unwrap() error { return e.err }

func newSession(conn *pgconn.PgConn, role string) *session {
	return &session{conn: conn, fe: conn.Frontend(), role: role, tx: conn.TxStatus()}
}

// run runs a text of statements. It returns the first of: an error of the events, ctx's cause where the end of ctx canceled
// the statements, what PostgreSQL said (*pgconn.PgError), a *connectionError, the error of what input returned. The text must not contain a NUL.
func (s *session) run(ctx context.Context, sql string, ev events) (err error) {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	// The end of ctx asks PostgreSQL to cancel, and cuts the connection where that does not help. A session that was canceled
	// is not used again: the request to cancel may arrive late and would hit somebody else's statement.
	canceled := make(chan struct{})
	cancel := func() {
		defer close(canceled)
		grace, stop := context.WithTimeout(context.Background(), cancelGrace)
		defer stop()
		// What matters is the deadline: a request that does not get through changes nothing.
		_ = s.conn.CancelRequest(grace)
		_ = s.conn.Conn().SetDeadline(time.Now().Add(cancelGrace))
	}
	runCtx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	stop := context.AfterFunc(runCtx, cancel)
	defer func() {
		if !stop() {
			<-canceled
			s.broken = true
		}
	}()

	s.fe.SendQuery(&pgproto3.Query{String: sql})
	if err := s.fe.Flush(); err != nil {
		return s.lost(err)
	}
	return s.receive(runCtx, ev, fail)
}

// isCanceled tells whether PostgreSQL says that a statement was canceled.
func isCanceled(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "57014"
}

// because returns the reason for the end of ctx where that explains the error. It must be asked at once: giving up a request's
// body ends the request's context, too.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// receive takes messages until the server is ready for the next query.
func (s *session) receive(ctx context.Context, ev events, fail context.CancelCauseFunc) error {
	var copying *copyIn
	result, err := s.messages(ctx, ev, fail, &copying)
	if copying != nil {
		if inputErr := copying.end(); inputErr != nil {
			return inputErr
		}
	}
	if err != nil && result == nil {
		return err
	}
	return result
}

// messages returns what went wrong with the statements, and with the connection. It sets *copying where it started to send.
func (s *session) messages(ctx context.Context, ev events, fail context.CancelCauseFunc, copying **copyIn) (result, lost error) {
	// keep keeps the first error. One of the events cancels what runs; the messages up to the end are still read.
	keep := func(err error) {
		if err != nil {
			result = err
			fail(err)
		}
	}
	for {
		msg, err := s.fe.Receive()
		var tooLong *pgproto3.ExceededMaxBodyLenErr
		switch {
		case errors.As(err, &tooLong):
			s.broken = true
			fail(err)
			return &rowTooLargeError{size: tooLong.ActualBodyLen, limit: tooLong.MaxExpectedBodyLen}, nil
		case err != nil:
			return result, because(ctx, s.lost(err))
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyInResponse:
			r, interrupt := ev.input()
			if r == nil || result != nil {
				s.fe.Send(&pgproto3.CopyFail{Message: "COPY FROM STDIN is for the endpoint copyfrom"})
				if err := s.fe.Flush(); err != nil {
					return result, s.lost(err)
				}
				continue
			}
			*copying = startCopyIn(ctx, s.fe, r, interrupt)
		case *pgproto3.ErrorResponse:
			if result == nil {
				if result = pgconn.ErrorResponseToPgError(msg); isCanceled(result) {
					result = because(ctx, result)
				}
			}
			if *copying != nil {
				(*copying).stop()
			}
			if msg.SeverityUnlocalized == "FATAL" || msg.Severity == "FATAL" { // the server hangs up
				s.broken = true
				return result, nil
			}
		case *pgproto3.NoticeResponse:
			ev.notice(msg)
		case *pgproto3.ReadyForQuery:
			s.tx = msg.TxStatus
			return result, nil
		}
		if result != nil {
			continue
		}
		switch msg := msg.(type) {
		case *pgproto3.RowDescription:
			keep(ev.columns(msg.Fields))
		case *pgproto3.DataRow:
			keep(ev.row(msg.Values))
		case *pgproto3.CopyData:
			keep(ev.data(msg.Data))
		case *pgproto3.CommandComplete:
			keep(ev.done(pgconn.NewCommandTag(string(msg.CommandTag))))
		case *pgproto3.EmptyQueryResponse:
			keep(ev.done(pgconn.CommandTag{}))
		}
	}
}

// copyIn sends what COPY ... FROM STDIN asked for, while the session goes on receiving: the server may report an error, or
// notices, at any time.
type copyIn struct {
	stopped   atomic.Bool
	interrupt func()
	release   func() bool
	finished  chan struct{}
	err       error // of the reader; valid once finished is closed
}

// copyChunk is how much is read and sent at a time.
const copyChunk = 64 << 10

func startCopyIn(ctx context.Context, fe *pgproto3.Frontend, r io.Reader, interrupt func()) *copyIn {
	c := &copyIn{interrupt: interrupt, finished: make(chan struct{})}
	c.release = context.AfterFunc(ctx, interrupt)
	go func() {
		defer close(c.finished)
		c.err = c.send(fe, r)
	}()
	return c
}

// send returns an error of the reader. One of the connection is left to who receives.
func (c *copyIn) send(fe *pgproto3.Frontend, r io.Reader) error {
	// A CopyData message: its type, its length without the type, the bytes.
	const header = 5
	buf := make([]byte, header+copyChunk)
	buf[0] = 'd'
	for {
		n, err := r.Read(buf[header:])
		if c.stopped.Load() {
			return nil // the server has said what is wrong and wants no more
		}
		if n > 0 {
			binary.BigEndian.PutUint32(buf[1:], uint32(n+header-1))
			if fe.SendUnbufferedEncodedCopyData(buf[:header+n]) != nil {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			fe.Send(&pgproto3.CopyDone{})
			_ = fe.Flush()
			return nil
		case err != nil:
			// The reason goes to the client by other means; PostgreSQL's log need not have it.
			fe.Send(&pgproto3.CopyFail{Message: "the data ended early"})
			_ = fe.Flush()
			return err
		}
	}
}

// stop is called when the server refuses the data.
func (c *copyIn) stop() {
	c.stopped.Store(true)
	c.interrupt()
}

// end waits for the end of sending and returns the reader's error.
func (c *copyIn) end() error {
	select {
	case <-c.finished:
	default:
		c.stop()
		<-c.finished
	}
	c.release()
	return c.err
}

// lost marks the session as broken.
func (s *session) lost(err error) error {
	s.broken = true
	return &connectionError{err}
}

// clean makes the session as new: an open transaction is rolled back, settings, temporary tables, prepared statements, locks
// and so on are gone. It tells whether the session may be used again.
func (s *session) clean(ctx context.Context) bool {
	if s.broken {
		return false
	}
	if s.tx != 'I' && s.run(ctx, "ROLLBACK", quiet{}) != nil {
		return false
	}
	return s.run(ctx, "DISCARD ALL", quiet{}) == nil && !s.broken && s.tx == 'I'
}

// alive asks the server for a sign of life.
func (s *session) alive(ctx context.Context) bool {
	return s.run(ctx, "", quiet{}) == nil && !s.broken
}

// close hangs up. It does not wait for the server.
func (s *session) close() {
	s.broken = true
	_ = s.conn.Conn().SetDeadline(time.Now().Add(time.Second))
	s.fe.Send(&pgproto3.Terminate{})
	_ = s.fe.Flush()
	_ = s.conn.Conn().Close()
}

// quiet ignores what comes back.
type quiet struct{}

func (quiet) columns([]pgproto3.FieldDescription) error { return nil }
func (quiet) row([][]byte) error                        { return nil }
func (quiet) done(pgconn.CommandTag) error              { return nil }
func (quiet) data([]byte) error                         { return nil }
func (quiet) input() (io.Reader, func())                { return nil, nil }
func (quiet) notice(*pgproto3.NoticeResponse)           {}
