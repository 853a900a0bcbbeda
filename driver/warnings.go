package driver

import (
	"fmt"
	"sync"
)

// WarningLog collects what a dataset notices. Drivers embed it in their Dataset, which makes that a Warner. The zero value
// is ready for use, and a nil one drops everything.
type WarningLog struct {
	mu    sync.Mutex
	order []string
	count map[string]int
	first map[string]string
}

// Warn notes a warning. Those with the same format are counted rather than repeated: the first is kept with the number
// of all, so that a million bad dates are one line.
func (w *WarningLog) Warn(format string, args ...any) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == nil {
		w.count, w.first = make(map[string]int), make(map[string]string)
	}
	if w.count[format]++; w.count[format] == 1 {
		w.order = append(w.order, format)
		w.first[format] = fmt.Sprintf(format, args...)
	}
}

// Warnings returns what was noted since the last call, and forgets it.
func (w *WarningLog) Warnings() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, f := range w.order {
		s := w.first[f]
		if n := w.count[f]; n > 1 {
			s += fmt.Sprintf(" (%d times; this is the first)", n)
		}
		list = append(list, s)
	}
	w.order, w.count, w.first = nil, nil, nil
	return list
}
