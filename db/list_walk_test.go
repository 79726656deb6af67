package db_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

func TestAListIsWalkedBothWays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		var batch []db.ArchivedConversation
		for n := range 23 {
			c := archived(n)
			c.CreatedAt = archived(n / 4).CreatedAt // several at one moment
			c.ClosedAt = archived(n).ClosedAt
			c.Contact.ID, c.Contact.Email, c.Contact.Channels = made(200+n), fmt.Sprintf("zoe%d@example.com", n), "{}"
			batch = append(batch, c)
		}
		imported(t, store, ada, batch...)
		imported(t, store, eve, archived(50))
		t.Run("conversations", func(t *testing.T) {
			walkBothWays(t, 23, db.Conversation.Cursor, func(after, before db.Cursor, size int64) (db.List[db.Conversation], error) {
				return store.Conversations(t.Context(), ada, db.ConversationFilter{After: after, Before: before}, db.Page{Number: 1, Size: size})
			})
		})
		t.Run("conversations of some days", func(t *testing.T) {
			walkBothWays(t, 12, db.Conversation.Cursor, func(after, before db.Cursor, size int64) (db.List[db.Conversation], error) {
				return store.Conversations(t.Context(), ada, db.ConversationFilter{From: archived(1).CreatedAt, Until: archived(4).CreatedAt, After: after, Before: before}, db.Page{Number: 1, Size: size})
			})
		})
		t.Run("contacts", func(t *testing.T) {
			walkBothWays(t, 23, db.Contact.Cursor, func(after, before db.Cursor, size int64) (db.List[db.Contact], error) {
				return store.Contacts(t.Context(), ada, db.ContactFilter{After: after, Before: before}, db.Page{Number: 1, Size: size})
			})
		})
	})
}

// walkBothWays goes from the newest row to the oldest and back, and wants each row once, newest first on every page.
func walkBothWays[T any](t *testing.T, total int64, place func(T) db.Cursor, ask func(after, before db.Cursor, size int64) (db.List[T], error)) {
	t.Helper()
	get := func(after, before db.Cursor, size int64) (places []db.Cursor) {
		list, err := ask(after, before, size)
		if err != nil || list.Total != total {
			t.Fatalf("got %d in all (%v), want %d", list.Total, err, total)
		}
		for _, item := range list.Items {
			places = append(places, place(item))
		}
		return places
	}
	all := get(db.Cursor{}, db.Cursor{}, 100)
	var down, up []db.Cursor
	for page := get(db.Cursor{}, db.Cursor{}, 5); len(page) > 0; page = get(page[len(page)-1], db.Cursor{}, 5) {
		down = append(down, page...)
	}
	for page := get(db.Cursor{}, all[len(all)-1], 5); len(page) > 0; page = get(db.Cursor{}, page[0], 5) {
		up = append(slices.Clone(page), up...)
	}
	if len(all) != int(total) || !slices.Equal(down, all) || !slices.Equal(up, all[:len(all)-1]) {
		t.Errorf("in one page: %v\nolder and older: %v\nnewer and newer: %v", all, down, up)
	}
}

func TestAPageByCursorPassesOverNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada := member(t, store, "ada@a.example", "A")
		imported(t, store, ada, archived(1), archived(3))
		days := db.ConversationFilter{From: archived(0).CreatedAt, Until: archived(9).CreatedAt}
		place := db.Cursor{At: archived(2).CreatedAt, ID: made(2)}
		after, before := days, days
		after.After, before.Before = place, place
		for name, c := range map[string]struct {
			filter db.ConversationFilter
			passed int64 // the bound beyond the cursor
		}{"older": {after, days.Until.UnixMilli()}, "newer": {before, days.From.UnixMilli()}} {
			var rows []any
			watched := store.Watch(func(_ string, args []any) { rows = args })
			list, err := watched.Conversations(t.Context(), ada, c.filter, db.Page{Number: 1, Size: 10})
			if err != nil || len(list.Items) != 1 || list.Total != 2 {
				t.Fatalf("%s: got %d of %d (%v), want 1 of 2", name, len(list.Items), list.Total, err)
			}
			if slices.Contains(rows, any(c.passed)) {
				t.Errorf("%s: the rows are bounded by %v, which lets the engine begin before the cursor", name, rows)
			}
			if err := watched.Unwatch(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAPageOfATranscript(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ada, eve := member(t, store, "ada@a.example", "A"), member(t, store, "eve@b.example", "B")
		c := archived(1)
		c.Messages = nil
		for n := range 12 {
			c.Messages = append(c.Messages, db.ArchivedMessage{SenderType: "user", Text: fmt.Sprint(n), VoiceBase64: "AAAA", CreatedAt: c.CreatedAt})
		}
		imported(t, store, ada, c)
		for _, page := range []struct {
			number int64
			want   string
		}{{1, "01234"}, {2, "56789"}, {3, "1011"}, {4, ""}, {9_000_000_000_000_000_000, ""}} {
			for _, asker := range []struct {
				db.Principal
				want string
			}{{ada, page.want}, {eve, ""}} {
				messages, err := store.TranscriptPage(t.Context(), asker.Principal, made(1), db.Page{Number: page.number, Size: 5})
				got := ""
				for _, m := range messages {
					got += m.Text
				}
				if err != nil || got != asker.want {
					t.Errorf("page %d: got %q (%v), want %q", page.number, got, err, asker.want)
				}
			}
		}
	})
}
