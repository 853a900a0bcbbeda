package sqlite

import (
	"sync"
	"sync/atomic"
)

// SQLite hands back what it was given with a function, a table or a cursor: a number, since a Go value must not be seen
// as C memory. handles are these numbers. Looking one up takes no lock, for it is done several times a row.
type handles[T any] struct {
	mu    sync.Mutex
	free  []uintptr
	pages atomic.Pointer[[]*handlePage[T]]
}

type handlePage[T any] [128]atomic.Pointer[T]

// add keeps v and returns its number, which is not 0.
func (h *handles[T]) add(v *T) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.free) == 0 {
		var pages []*handlePage[T]
		if p := h.pages.Load(); p != nil {
			pages = append(pages, *p...)
		}
		page := new(handlePage[T])
		pages = append(pages, page)
		h.pages.Store(&pages)
		for i := len(pages) * len(page); i > (len(pages)-1)*len(page); i-- {
			h.free = append(h.free, uintptr(i))
		}
	}
	n := h.free[len(h.free)-1]
	h.free = h.free[:len(h.free)-1]
	h.slot(n).Store(v)
	return n
}

// get returns what the number stands for, or nil.
func (h *handles[T]) get(n uintptr) *T { return h.slot(n).Load() }

// remove forgets the number, which may be given out again. 0 is no number and is passed over.
func (h *handles[T]) remove(n uintptr) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slot(n).Store(nil)
	h.free = append(h.free, n)
}

func (h *handles[T]) slot(n uintptr) *atomic.Pointer[T] {
	const size = uintptr(len(handlePage[T]{}))
	return &(*h.pages.Load())[(n-1)/size][(n-1)%size]
}

// held returns how many numbers are given out.
func (h *handles[T]) held() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages.Load()
	if p == nil {
		return 0
	}
	return len(*p)*len(handlePage[T]{}) - len(h.free)
}
