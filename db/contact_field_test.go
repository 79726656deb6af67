package db_test

import (
	"context"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestContactFields(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		for name, c := range map[string]struct{ name, kind string }{"no name": {" ", "string"}, "another type": {"tier", "date"}, "a long name": {string(make([]byte, 300)), "number"}} {
			if _, err := store.CreateContactField(ctx, ada, c.name, c.kind); !db.Invalid.Is(err) {
				t.Errorf("%s: got %v, want an Invalid error", name, err)
			}
		}
		tier, err := store.CreateContactField(ctx, ada, " tier ", "string")
		want := db.ContactField{ID: tier.ID, Name: "tier", Type: "string", CreatedAt: clock.Now()}
		if err != nil || tier != want {
			t.Fatalf("got %+v (%v), want %+v", tier, err, want)
		}
		if _, err := store.CreateContactField(ctx, ada, "tier", "number"); !db.Conflict.Is(err) {
			t.Errorf("a second of that name: got %v, want a Conflict", err)
		}
		if _, err := store.CreateContactField(ctx, eve, "tier", "number"); err != nil {
			t.Errorf("the same name in another team: got %v, want no error", err)
		}
		for name, id := range map[string]string{"another team's": tier.ID, "a missing one": db.NewID()} {
			if err := store.DeleteContactField(ctx, eve, id); !db.NotFound.Is(err) {
				t.Errorf("deleting %s: got %v, want a NotFound error", name, err)
			}
		}
		if list, err := store.ContactFields(ctx, ada, everything); err != nil || list.Total != 1 || len(list.Items) != 1 || list.Items[0] != want {
			t.Errorf("listed %+v (%v), want %+v", list, err, want)
		}
		if err := store.DeleteContactField(ctx, ada, tier.ID); err != nil {
			t.Fatal(err)
		}
		if list, err := store.ContactFields(ctx, ada, everything); err != nil || list.Total != 0 || len(list.Items) != 0 {
			t.Errorf("after delete: got %+v (%v), want none", list, err)
		}
	})
}
