package driver_test

import (
	"errors"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
)

var errClosed, errDiscarded = errors.New("closed"), errors.New("discarded")

type plain struct{ driver.Dataset }

func (plain) Close() error { return errClosed }

type made struct{ plain }

func (made) Discard() error { return errDiscarded }

func TestDiscard(t *testing.T) {
	if err := driver.Discard(made{}); err != errDiscarded {
		t.Errorf("a Discarder: %v", err)
	}
	if err := driver.Discard(plain{}); err != errClosed {
		t.Errorf("another dataset: %v", err)
	}
}
