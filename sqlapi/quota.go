package sqlapi

import (
	"context"
	"sync"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// sizeWatch knows the size of the database as of a moment ago.
type sizeWatch struct {
	db    account.Querier
	quota int64

	mu   sync.Mutex
	size int64
	read time.Time
}

// sizeAge is how long a size is believed.
const sizeAge = 5 * time.Second

// roomIn returns how much the database may still grow, where that is bounded.
func (s *Server) roomIn(ctx context.Context) (int64, bool) {
	w := &s.size
	if w.quota <= 0 {
		return 0, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.read) >= sizeAge {
		var size int64
		if err := w.db.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
			return 0, false
		}
		w.size, w.read = size, time.Now()
	}
	return w.quota - w.size, true
}

// room is roomIn for a reader, which has no context.
func (s *Server) room() (int64, bool) {
	ctx, stop := context.WithTimeout(context.Background(), connectTime)
	defer stop()
	return s.roomIn(ctx)
}
