package db_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// exported reads an export to its end, and calls meanwhile after each page.
func exported(t rapid.TB, e *db.Export, meanwhile func()) (all []db.Exported, pages int) {
	for ; ; pages++ {
		page, err := e.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return all, pages
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		meanwhile()
	}
}

func exportedIDs(all []db.Exported) []string {
	ids := make([]string, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	return ids
}

// Whatever the pages, the filter and what is written meanwhile: an export is the list the other way round.
func TestAnExportGivesEveryConversationOnce(t *testing.T) {
	assistants := []string{made(100), made(101)}
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		year := 1999
		rapid.Check(t, func(rt *rapid.T) {
			year++ // each time another, so that one database does
			began := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			batch := someConversations(rt, assistants)
			for i := range batch {
				batch[i].CreatedAt = began.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "ms")) * time.Millisecond) // many at once
				batch[i].Messages, batch[i].ClosedAt = nil, time.Time{}
				if rapid.Bool().Draw(rt, "closed") {
					batch[i].ClosedAt = batch[i].CreatedAt
				}
			}
			if _, err := store.Import(context.Background(), p, batch); err != nil {
				rt.Fatal(err)
			}
			f := db.ConversationFilter{From: began, Until: began.AddDate(1, 0, 0),
				AssistantID: rapid.SampledFrom(append(assistants, "")).Draw(rt, "assistant"),
				ContactID:   rapid.SampledFrom([]string{zoe, made(1), ""}).Draw(rt, "contact"),
				Status:      rapid.SampledFrom([]string{"open", "closed", ""}).Draw(rt, "status")}
			list, err := store.Conversations(context.Background(), p, f, everything)
			if err != nil {
				rt.Fatal(err)
			}
			var want []string
			for _, c := range slices.Backward(list.Items) {
				want = append(want, c.ID)
			}
			e := store.Export(p, f, rapid.Bool().Draw(rt, "messages")).Narrow(rapid.Int64Range(1, 9).Draw(rt, "window"))
			got, _ := exported(rt, e, func() {
				later := batch[0]
				later.ID, later.CreatedAt, later.ClosedAt = db.NewID(), began.Add(time.Hour), time.Time{}
				if _, err := store.Import(context.Background(), p, []db.ArchivedConversation{later}); err != nil {
					rt.Fatal(err)
				}
			})
			if ids := exportedIDs(got); len(ids) < len(want) || !slices.Equal(ids[:len(want)], want) {
				rt.Fatalf("\n got %v\nwant %v", ids, want)
			}
		})
	})
}

func TestAnExportWithLongMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		long := strings.Repeat("x", 200<<10)
		var batch []db.ArchivedConversation
		for n := range 40 { // 16 MB, and one of 8 MB that no page holds with others
			c := archived(n)
			for range 2 + 40*(n/39) {
				c.Messages = append(c.Messages, db.ArchivedMessage{SenderType: "user", Text: long, CreatedAt: c.CreatedAt})
			}
			batch = append(batch, c)
		}
		imported(t, store, p, batch...)
		all, pages := exported(t, store.Export(p, db.ConversationFilter{}, true), func() {})
		if len(all) != 40 || pages < 6 {
			t.Fatalf("got %d conversations on %d pages, want 40 on at least 6", len(all), pages)
		}
		for n, x := range all {
			if x.ID != made(n) || int64(len(x.Messages)) != x.ChatCount || !slices.Equal(x.Messages, transcript(t, store, p, x.ID)) {
				t.Errorf("conversation %d: got %s with %d messages of %d", n, x.ID, len(x.Messages), x.ChatCount)
			}
		}
	})
}

func TestAnExportThatGivesWayGoesOnInSmallPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		var batch []db.ArchivedConversation
		for n := range 100 {
			batch = append(batch, archived(n))
		}
		imported(t, store, p, batch...)
		e := store.Export(p, db.ConversationFilter{}, false)
		e.GiveWay()
		all, pages := exported(t, e, e.GiveWay)
		if ids := exportedIDs(all); len(ids) != 100 || pages != 4 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 100 {
			t.Errorf("got %d conversations on %d pages, want 100 on 4 of at most 32", len(ids), pages)
		}
		if _, pages = exported(t, store.Export(p, db.ConversationFilter{}, false), func() {}); pages != 1 {
			t.Errorf("without giving way: got %d pages, want 1", pages)
		}
	})
}

func TestAnExportTellsWhoIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		known, gone := archived(1), archived(2)
		gone.Assistant = db.ArchivedAssistant{ID: made(300), Gone: true}
		gone.Widget = db.ArchivedWidget{ID: made(301), Gone: true}
		gone.Contact = db.ArchivedContact{ID: made(302), Gone: true}
		nobody := archived(3)
		nobody.Contact = db.ArchivedContact{Gone: true}
		imported(t, store, p, known, gone, nobody)
		all, _ := exported(t, store.Export(p, db.ConversationFilter{}, false), func() {})
		if len(all) != 3 || all[0].Assistant == nil || all[0].Contact == nil || all[0].Contact.LastName != "王" || all[0].Widget != nil {
			t.Fatalf("got %+v", all)
		}
		if x := all[1]; x.Assistant != nil || x.Widget != nil || x.Contact != nil || x.AssistantID != made(300) || x.WidgetID != made(301) || x.ContactID != made(302) {
			t.Errorf("of those who are gone: got %+v", x)
		}
		if x := all[2]; x.Contact != nil || x.ContactID != "" {
			t.Errorf("of nobody: got %+v", x)
		}
		if list, err := store.Contacts(t.Context(), p, db.ContactFilter{}, everything); err != nil || list.Total != 1 {
			t.Errorf("contacts: got %d, %v; want the one that is there", list.Total, err)
		}
	})
}

func TestImportWithoutMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		p := member(t, store, "a@example.com", "A")
		bare := archived(1)
		bare.Messages, bare.FirstMessage, bare.ChatCount = nil, "Good morning. 🌅", 2
		full := archived(1)
		wantImported(t, imported(t, store, p, bare), db.ImportedNew)
		if c, err := store.Conversation(t.Context(), p, made(1)); err != nil || c.ChatCount != 2 || c.FirstMessage != bare.FirstMessage {
			t.Errorf("got %+v, %v; want what the archive says of the messages that it leaves out", c, err)
		}
		wantImported(t, imported(t, store, p, full, bare), db.ImportedChanged, db.ImportedUnchanged)
		if n := len(transcript(t, store, p, made(1))); n != 2 {
			t.Errorf("messages that an archive leaves out: got %d kept, want 2", n)
		}
	})
}
