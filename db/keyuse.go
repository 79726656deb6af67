package db

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// flushEvery keeps the last use on the page within a second, at no more than 120 updates of a key's row a minute.
const flushEvery = 500 * time.Millisecond

// KeyUse is the newest request that a key was let in for.
type KeyUse struct {
	At        time.Time
	Method    string
	Route     string // the template, e.g. /api/v1/contact/{contact_id}
	Status    int
	Address   string
	UserAgent string
}

type keyRef struct{ team, key string }

// KeyUses gathers last uses in memory and writes them to the store twice a second, so that no request waits for it
// and a kill loses at most a second. It is safe for use by many goroutines.
type KeyUses struct {
	store  *Store
	log    *slog.Logger
	mu     sync.Mutex
	newest map[keyRef]KeyUse
}

// NewKeyUses gives a gatherer for the store; Run writes what it gathers.
func NewKeyUses(store *Store, log *slog.Logger) *KeyUses {
	return &KeyUses{store: store, log: log, newest: map[keyRef]KeyUse{}}
}

// Record remembers that the key was let in for a request.
func (u *KeyUses) Record(p Principal, use KeyUse) {
	ref := keyRef{p.TeamID, p.KeyID}
	u.mu.Lock()
	defer u.mu.Unlock()
	if use.At.After(u.newest[ref].At) {
		u.newest[ref] = use
	}
}

// Run writes until ctx ends, and once more then.
func (u *KeyUses) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			u.flushed(ctx)
		case <-ctx.Done():
			u.flushed(context.WithoutCancel(ctx))
			return
		}
	}
}

func (u *KeyUses) flushed(ctx context.Context) {
	if err := u.Flush(ctx); err != nil && ctx.Err() == nil {
		u.log.Warn("last uses of keys wait for the database", "err", err)
	}
}

// Flush writes what was gathered. What cannot be written now stays for the next time.
func (u *KeyUses) Flush(ctx context.Context) error {
	u.mu.Lock()
	batch := u.newest
	u.newest = make(map[keyRef]KeyUse, len(batch))
	u.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	err := u.store.useKeys(ctx, batch)
	if err != nil {
		for ref, use := range batch {
			u.Record(Principal{TeamID: ref.team, KeyID: ref.key}, use)
		}
	}
	return err
}

// useKeys moves the last use of keys forward, never back: another copy of the program may know of a newer one. The
// order of the keys is fixed, so that two copies cannot wait for each other.
func (s *Store) useKeys(ctx context.Context, uses map[keyRef]KeyUse) error {
	refs := slices.SortedFunc(maps.Keys(uses), func(a, b keyRef) int {
		return cmp.Or(cmp.Compare(a.team, b.team), cmp.Compare(a.key, b.key))
	})
	return s.atomically(ctx, func(tx *Store) error {
		for _, ref := range refs {
			use := uses[ref]
			if _, err := tx.exec(ctx, `
				UPDATE keys
				SET last_used_at = $1, last_used_method = $2, last_used_route = $3,
				    last_used_status = $4, last_used_address = $5, last_used_agent = $6
				WHERE team_id = $7
				  AND id = $8
				  AND (last_used_at IS NULL OR last_used_at < $1)`,
				use.At.UnixMilli(), use.Method, use.Route, use.Status, use.Address, clip(use.UserAgent), ref.team, ref.key); err != nil {
				return err
			}
		}
		return nil
	})
}
