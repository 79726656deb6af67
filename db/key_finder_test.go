package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

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

func TestAKeyIsFoundAsAnotherCopyOfTheProgramLeftIt(t *testing.T) {
	ctx := context.Background()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		store, other := dbtest.Open(t, target, time.Now), dbtest.Open(t, target, time.Now)
		ada := member(t, store, "ada@a.example", "A")
		k, secret := newKey(t, store, ada, "read_only")
		ask := func() (db.Caller, error) {
			t.Helper()
			for range 20 { // so that each connection has found the key before
				if _, err := store.Authenticate(ctx, secret); err != nil {
					return db.Caller{}, err
				}
			}
			return store.Introspect(ctx, secret)
		}
		for i := range 50 {
			name := fmt.Sprintf("Ada %d", i)
			if err := other.RenameUser(ctx, ada, name); err != nil {
				t.Fatal(err)
			}
			if c, err := ask(); err != nil || c.User.Name != name || c.KeyID != k.ID {
				t.Fatalf("got %+v, %v; want the key of %s", c, err, name)
			}
		}
		if _, err := other.RevokeKey(ctx, ada, k.ID); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := store.Authenticate(ctx, secret); code(err) != "key_revoked" {
				t.Fatalf("revoked: got %v, want key_revoked", err)
			}
		}
		if err := other.DeleteKey(ctx, ada, k.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(); code(err) != "key_unknown" {
			t.Fatalf("deleted: got %v, want key_unknown", err)
		}
	})
}
