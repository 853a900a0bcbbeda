package sqlapi

import (
	"context"
	"sync"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

const (
	// keyringAge is how long the keys are believed: a key that was revoked works at most so long. (Its sessions end at once.)
	keyringAge = time.Second
	// keyringPause is between two looks for a key that is not known, and between two attempts at a database that does not answer.
	keyringPause = 100 * time.Millisecond
)

// keyring knows the account's API keys as the database had them a moment ago.
type keyring struct {
	load func(context.Context) (*account.Snapshot, error)

	mu       sync.Mutex
	snapshot *account.Snapshot
	read     time.Time
	err      error // of the last attempt, at the time failed
	failed   time.Time
}

// login returns what an API key logs in with; errUnauthorized for one that there is not.
func (k *keyring) login(ctx context.Context, key string) (account.Login, error) {
	s, err := k.get(ctx, keyringAge)
	if err != nil {
		return account.Login{}, err
	}
	if l, ok := s.Authenticate(key); ok {
		return l, nil
	}
	// It may be new. The pause keeps those who guess from asking the database all the time.
	timer := time.NewTimer(keyringPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return account.Login{}, context.Cause(ctx)
	}
	if s, err = k.get(ctx, keyringPause); err != nil {
		return account.Login{}, err
	}
	if l, ok := s.Authenticate(key); ok {
		return l, nil
	}
	return account.Login{}, errUnauthorized
}

// get returns the keys, not older than age.
func (k *keyring) get(ctx context.Context, age time.Duration) (*account.Snapshot, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.snapshot != nil && time.Since(k.read) < age {
		return k.snapshot, nil
	}
	// Those who waited for this attempt need not try one after the other.
	if k.err != nil && time.Since(k.failed) < keyringPause {
		return nil, k.err
	}
	s, err := k.load(ctx)
	if err != nil {
		if ctx.Err() == nil {
			k.err, k.failed = err, time.Now()
		}
		return nil, err
	}
	k.snapshot, k.read, k.err = s, time.Now(), nil
	return s, nil
}
