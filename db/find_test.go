package db_test

import (
	"context"
	"sync"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestAKeyIsFoundByManyAtOnceUntilTheStoreIsClosed(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada := member(t, store, "ada@a.example", "A")
		k, secret := newKey(t, store, ada, "read_only")
		var all sync.WaitGroup
		for range 32 { // more than there are connections
			all.Go(func() {
				for range 50 {
					if p, err := store.Authenticate(ctx, secret); err != nil || p.KeyID != k.ID {
						t.Errorf("got %+v, %v; want the key", p, err)
						return
					}
				}
			})
		}
		all.Wait()
		store.Close()
		store.Close() // as a cleanup may
		for range 32 {
			if _, err := store.Authenticate(ctx, secret); err == nil {
				t.Fatal("after closing: got nil, want an error")
			}
		}
	})
}
