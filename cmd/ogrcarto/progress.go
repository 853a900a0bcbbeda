package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/ogrcarto/ogrcarto/translate"
)

// isTerminal tells whether a person looks at what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress shows how a copy is getting on: a bar for each layer, by rows where their number is known, else by the bytes of
// the source that were read, else a wheel that turns.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	index int // of the layer that the bar is for
	bytes bool
}

// update shows what p says.
func (s *progress) update(p translate.Progress) {
	if s.bar != nil && s.index != p.Index {
		s.clear()
	}
	if s.bar == nil {
		// Whether bytes are counted is known when some have been read.
		if p.Total == 0 || p.Total < 0 && p.Rows == 0 {
			return
		}
		s.start(p)
	}
	if s.bytes {
		_ = s.bar.Set64(p.Bytes)
	} else {
		_ = s.bar.Set64(p.Rows)
	}
}

func (s *progress) start(p translate.Progress) {
	s.index = p.Index
	s.bytes = p.Total < 0 && p.TotalBytes > 0
	options := []progressbar.Option{
		progressbar.OptionSetWriter(s.w),
		progressbar.OptionSetDescription(p.Layer),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("rows"),
		progressbar.OptionSetPredictTime(true),
		// Without a total the bar would turn a wheel in a goroutine of its own, which goes on after Exit.
		progressbar.OptionSetSpinnerChangeInterval(0),
	}
	total := p.Total
	if s.bytes {
		total = p.TotalBytes
		options = append(options, progressbar.OptionShowBytes(true))
	}
	s.bar = progressbar.NewOptions64(total, options...)
}

// clear takes the bar away.
func (s *progress) clear() {
	if s.bar != nil {
		_ = s.bar.Clear()
		_ = s.bar.Exit()
		s.bar = nil
	}
}
