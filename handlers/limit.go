package handlers

import (
	"sync"
	"time"

	"github.com/insighto/insighto/db"
)

const (
	wrongKeysMax  = 1000 // from one address within a minute
	addressesKept = 10_000
)

// wrongKeys slows an address that tries keys. It is in memory: a guess has no chance anyway, and this only spares
// the database. Good keys from the same address still pass.
type wrongKeys struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]window
}

type window struct {
	since time.Time
	count int
}

func newWrongKeys(now func() time.Time) *wrongKeys {
	return &wrongKeys{now: now, seen: map[string]window{}}
}

// count notes a wrong key from an address, and gives a TooMany error when there were too many within a minute.
func (w *wrongKeys) count(address string) error {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen[address]
	if now.Sub(seen.since) >= time.Minute {
		if len(w.seen) >= addressesKept { // forgetting all is late and lost, which is allowed here
			clear(w.seen)
		}
		seen = window{since: now}
	}
	seen.count++
	w.seen[address] = seen
	if seen.count > wrongKeysMax {
		return db.TooSoon(time.Minute-now.Sub(seen.since), "Too many wrong keys from this address. Wait a minute, and look at the key that your script sends.")
	}
	return nil
}
