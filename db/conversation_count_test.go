package db_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// turns are moments around which zones change.
var turns = []time.Time{
	time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC),
	time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC), time.Date(2010, 11, 7, 2, 31, 0, 0, time.UTC), time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 5, 0, 0, 0, time.UTC),
}

func someConversations(t *rapid.T, assistants []string) []db.ArchivedConversation {
	around := rapid.SampledFrom(turns).Draw(t, "around")
	batch := make([]db.ArchivedConversation, rapid.IntRange(1, 40).Draw(t, "conversations"))
	for i := range batch {
		at := around.Add(time.Duration(rapid.Int64Range(-72*3600*1000, 72*3600*1000).Draw(t, "ms")) * time.Millisecond)
		batch[i] = db.ArchivedConversation{
			ID: db.NewID(), DeviceType: "phone", CreatedAt: at, IncludesVoice: rapid.Bool().Draw(t, "voice"),
			Assistant: db.ArchivedAssistant{ID: rapid.SampledFrom(assistants).Draw(t, "assistant"), Name: "Assistant"},
			Contact:   db.ArchivedContact{ID: zoe, FirstName: "Zoë"},
		}
		for range rapid.IntRange(0, 3).Draw(t, "messages") {
			batch[i].Messages = append(batch[i].Messages, db.ArchivedMessage{SenderType: "user", Text: "x", CreatedAt: at})
		}
		if rapid.Bool().Draw(t, "closed") {
			batch[i].ClosedAt = at.Add(time.Hour)
		}
	}
	return batch
}

const zoe = "22222222-0000-4000-8000-000000000001"

// changed gives some of the conversations as they are later: other messages, closed, moved.
func changed(t *rapid.T, batch []db.ArchivedConversation) []db.ArchivedConversation {
	later := slices.Clone(batch[:rapid.IntRange(0, len(batch)).Draw(t, "changed")])
	for i := range later {
		later[i].ClosedAt = later[i].CreatedAt.Add(100 * time.Hour)
		later[i].Messages = append(slices.Clone(later[i].Messages), db.ArchivedMessage{SenderType: "bot", Text: "y", CreatedAt: later[i].CreatedAt})
		later[i].IncludesVoice = !later[i].IncludesVoice
	}
	return later
}

func TestCountsEqualTheRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx, n := context.Background(), 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			ada := member(t, store, fmt.Sprintf("ada%d@a.example", n), fmt.Sprintf("Team %d", n))
			assistants := []string{db.NewID(), db.NewID(), db.NewID()}
			batch := someConversations(rt, assistants)
			for _, part := range [][]db.ArchivedConversation{batch, changed(rt, batch)} {
				if _, err := store.Import(ctx, ada, part); err != nil {
					rt.Fatal(err)
				}
				copy(batch, part)
			}
			zone, err := time.LoadLocation(rapid.SampledFrom(dbtest.Zones).Draw(rt, "zone"))
			if err != nil {
				rt.Fatal(err)
			}
			middle := batch[0].CreatedAt.UTC().Truncate(24 * time.Hour)
			q := db.CountQuery{
				From: middle.AddDate(0, 0, -rapid.IntRange(0, 4).Draw(rt, "before")), To: middle.AddDate(0, 0, rapid.IntRange(0, 4).Draw(rt, "after")),
				Zone: zone, ByAssistant: rapid.Bool().Draw(rt, "by assistant"), Monthly: rapid.Bool().Draw(rt, "monthly"),
			}
			got, err := store.Counts(ctx, ada, q)
			if err != nil {
				rt.Fatal(err)
			}
			compareCounts(rt, q, got, batch)
		})
	})
}

// compareCounts counts the rows one by one and compares.
func compareCounts(t *rapid.T, q db.CountQuery, got []db.Count, batch []db.ArchivedConversation) {
	type key struct{ date, assistant string }
	want := map[key]db.Count{}
	for _, c := range batch {
		date := c.CreatedAt.In(q.Zone).Format(time.DateOnly)
		if date < q.From.Format(time.DateOnly) || date > q.To.Format(time.DateOnly) {
			continue
		}
		if q.Monthly {
			date = date[:8] + "01"
		}
		k := key{date: date}
		if q.ByAssistant {
			k.assistant = c.Assistant.ID
		}
		sum := want[k]
		sum.Conversations++
		sum.Messages += int64(len(c.Messages))
		if !c.ClosedAt.IsZero() {
			sum.Closed++
		}
		want[k] = sum
	}
	dates := map[string]bool{}
	for _, g := range got {
		dates[g.Date] = true
		k := key{g.Date, g.AssistantID}
		w := want[k]
		if g.Conversations != w.Conversations || g.Closed != w.Closed || g.Messages != w.Messages {
			t.Fatalf("%s %s in %s: got %+v, want %+v", g.Date, g.AssistantID, q.Zone, g, w)
		}
		delete(want, k)
	}
	if len(want) > 0 {
		t.Fatalf("not counted: %v", want)
	}
	for day := q.From; !day.After(q.To); day = day.AddDate(0, 0, 1) {
		date := day.Format(time.DateOnly)
		if q.Monthly {
			date = date[:8] + "01"
		}
		if !dates[date] {
			t.Fatalf("%s is left out", date)
		}
	}
}

func TestTotalsEqualTheRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx, n := context.Background(), 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			ada := member(t, store, fmt.Sprintf("ada%d@a.example", n), fmt.Sprintf("Team %d", n))
			assistants := []string{db.NewID(), db.NewID()}
			batch := someConversations(rt, assistants)
			if _, err := store.Import(ctx, ada, batch); err != nil {
				rt.Fatal(err)
			}
			edge := func(name string) time.Time {
				at := batch[rapid.IntRange(0, len(batch)-1).Draw(rt, name)].CreatedAt
				return at.Add(time.Duration(rapid.Int64Range(-1, 1).Draw(rt, name+" ms")) * time.Millisecond).
					Truncate(rapid.SampledFrom([]time.Duration{time.Millisecond, 15 * time.Minute, 24 * time.Hour}).Draw(rt, name+" to"))
			}
			f := db.ConversationFilter{From: edge("from"), Until: edge("until"), Status: rapid.SampledFrom([]string{"", "open", "closed"}).Draw(rt, "status")}
			if rapid.Bool().Draw(rt, "one assistant") {
				f.AssistantID = assistants[0]
			}
			if rapid.Bool().Draw(rt, "asks voice") {
				voice := rapid.Bool().Draw(rt, "voice asked")
				f.IncludesVoice = &voice
			}
			list, err := store.Conversations(ctx, ada, f, db.Page{Number: 1, Size: 100})
			if err != nil {
				rt.Fatal(err)
			}
			want := int64(0)
			for _, c := range batch {
				at := c.CreatedAt.Truncate(time.Millisecond)
				if !at.Before(f.From) && at.Before(f.Until) && (f.AssistantID == "" || f.AssistantID == c.Assistant.ID) &&
					(f.IncludesVoice == nil || *f.IncludesVoice == c.IncludesVoice) && (f.Status == "" || (f.Status == "closed") == !c.ClosedAt.IsZero()) {
					want++
				}
			}
			if list.Total != want || int64(len(list.Items)) != want {
				rt.Fatalf("total %d with %d rows, want %d, for %+v", list.Total, len(list.Items), want, f)
			}
		})
	})
}
