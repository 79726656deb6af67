package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestContactsAreListedNewestFirstAndNarrowed(t *testing.T) {
	ctx := context.Background()
	dbtest.EachClock(t, func(t *testing.T, store *db.Store, clock *dbtest.Clock) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		begun, named := clock.Now(), map[string]db.Contact{}
		for _, c := range []struct{ name, last, email, phone string }{{"Zoë", "Novak", "zoe@a.example", "+4930901820"}, {"ØYSTEIN", "100%_sure", "", ""}, {"Dev", "", "", "+15551000220"}} {
			made, err := store.CreateContact(ctx, ada, db.ContactChange{FirstName: &c.name, LastName: &c.last, Email: &c.email, Phone: &c.phone})
			if err != nil {
				t.Fatal(err)
			}
			named[c.name] = made
			clock.Pass(time.Minute)
		}
		if _, err := store.UpdateContact(ctx, ada, named["Zoë"].ID, db.ContactChange{LastName: text("Nováková")}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.CreateContact(ctx, eve, db.ContactChange{FirstName: text("Zoë")}); err != nil {
			t.Fatal(err)
		}
		at := func(name string) db.Cursor { return db.Cursor{At: named[name].CreatedAt, ID: named[name].ID} }
		for name, c := range map[string]struct {
			filter db.ContactFilter
			want   string
			total  int64
		}{
			"all of the team":       {db.ContactFilter{}, "Dev ØYSTEIN Zoë", 3},
			"a name, whatever case": {db.ContactFilter{Search: "øystein"}, "ØYSTEIN", 1},
			"a part of an e-mail":   {db.ContactFilter{Search: "OE@A."}, "Zoë", 1},
			"a part of a phone":     {db.ContactFilter{Search: "5551000"}, "Dev", 1},
			"a changed name":        {db.ContactFilter{Search: "nováková"}, "Zoë", 1},
			"the name before it":    {db.ContactFilter{Search: "Novak"}, "", 0},
			"signs of a pattern":    {db.ContactFilter{Search: "0%_s"}, "ØYSTEIN", 1},
			"a pattern":             {db.ContactFilter{Search: "%_%"}, "", 0},
			"made since":            {db.ContactFilter{CreatedSince: begun.Add(time.Minute)}, "Dev ØYSTEIN", 2},
			"changed since":         {db.ContactFilter{UpdatedSince: begun.Add(2 * time.Minute)}, "Dev Zoë", 2},
			"older than one":        {db.ContactFilter{After: at("Dev")}, "ØYSTEIN Zoë", 3},
			"newer than one":        {db.ContactFilter{Before: at("Zoë")}, "Dev ØYSTEIN", 3},
			"between":               {db.ContactFilter{CreatedSince: begun.Add(time.Minute), After: at("Dev")}, "ØYSTEIN", 2},
		} {
			list, err := store.Contacts(ctx, ada, c.filter, everything)
			var names []string
			for _, found := range list.Items {
				names = append(names, found.FirstName)
			}
			if got := strings.Join(names, " "); err != nil || got != c.want || list.Total != c.total {
				t.Errorf("%s: got %q of %d (%v), want %q of %d", name, got, list.Total, err, c.want, c.total)
			}
		}
	})
}
