package db_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/insighto/insighto/db"
	"github.com/insighto/insighto/db/dbtest"
)

// Whatever a list is narrowed by, its total is how many rows it has. Each field of a filter is drawn, also one that is new:
// a test that does not know how to draw it fails and names it.
func TestTheTotalOfAnyFilterIsItsRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		ctx, n := context.Background(), 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			ada := member(t, store, fmt.Sprintf("ada%d@a.example", n), fmt.Sprintf("Team %d", n))
			talks := narrowable(rt)
			if _, err := store.Import(ctx, ada, talks); err != nil {
				rt.Fatal(err)
			}
			var f db.ConversationFilter
			draw(rt, &f, map[string]func() any{
				"From":          func() any { return edgeOf(rt, talks) },
				"Until":         func() any { return edgeOf(rt, talks) },
				"AssistantID":   func() any { return oneOf(rt, talks).Assistant.ID },
				"ContactID":     func() any { return oneOf(rt, talks).Contact.ID },
				"IntentID":      func() any { return oneOf(rt, talks).IntentID },
				"IncludesVoice": func() any { return new(rapid.Bool().Draw(rt, "voice")) },
				"Status":        func() any { return rapid.SampledFrom([]string{"open", "closed"}).Draw(rt, "status") },
			})
			list, err := store.Conversations(ctx, ada, f, db.Page{Number: 1, Size: 100})
			if err != nil || list.Total != int64(len(list.Items)) {
				rt.Fatalf("conversations: got a total of %d, %v; want its %d rows, for %+v", list.Total, err, len(list.Items), f)
			}
			for _, c := range list.Items {
				if c.CreatedAt.Before(f.From) || !f.Until.IsZero() && !c.CreatedAt.Before(f.Until) || f.AssistantID != "" && c.AssistantID != f.AssistantID ||
					f.ContactID != "" && c.ContactID != f.ContactID || f.IntentID != "" && c.IntentID != f.IntentID ||
					f.IncludesVoice != nil && c.IncludesVoice != *f.IncludesVoice || f.Status != "" && c.Status() != f.Status {
					rt.Fatalf("got %+v, which does not pass %+v", c, f)
				}
			}
			var g db.ContactFilter
			draw(rt, &g, map[string]func() any{
				"Search":       func() any { return oneOf(rt, talks).Contact.FirstName },
				"CreatedSince": func() any { return edgeOf(rt, talks) },
				"UpdatedSince": func() any {
					return time.Now().Add(rapid.SampledFrom([]time.Duration{-time.Hour, time.Hour}).Draw(rt, "updated"))
				},
			})
			people, err := store.Contacts(ctx, ada, g, db.Page{Number: 1, Size: 100})
			if err != nil || people.Total != int64(len(people.Items)) {
				rt.Fatalf("contacts: got a total of %d, %v; want its %d rows, for %+v", people.Total, err, len(people.Items), g)
			}
		})
	})
}

// draw sets some of a filter's fields. Cursors are no part of what a total counts.
func draw(rt *rapid.T, filter any, values map[string]func() any) {
	v := reflect.ValueOf(filter).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Type == reflect.TypeFor[db.Cursor]() {
			continue
		}
		value := values[field.Name]
		if value == nil {
			rt.Fatalf("%s.%s is new: tell this test how to draw it", v.Type(), field.Name)
		}
		if rapid.Bool().Draw(rt, "narrows by "+field.Name) {
			v.Field(i).Set(reflect.ValueOf(value()))
		}
	}
}

func oneOf(rt *rapid.T, talks []db.ArchivedConversation) db.ArchivedConversation {
	return talks[rapid.IntRange(0, len(talks)-1).Draw(rt, "one")]
}

func edgeOf(rt *rapid.T, talks []db.ArchivedConversation) time.Time {
	return oneOf(rt, talks).CreatedAt.Truncate(rapid.SampledFrom([]time.Duration{time.Millisecond, 15 * time.Minute, 24 * time.Hour}).Draw(rt, "to"))
}

// narrowable are conversations of few assistants, contacts and intents, so that filters find some and leave some out.
func narrowable(rt *rapid.T) []db.ArchivedConversation {
	ids := []string{db.NewID(), db.NewID(), db.NewID()}
	talks := someConversations(rt, ids[:2])
	for i := range talks {
		who := rapid.IntRange(0, 2).Draw(rt, "contact")
		talks[i].Contact = db.ArchivedContact{ID: ids[who], FirstName: strings.Repeat("z", who+1)}
		if rapid.Bool().Draw(rt, "has an intent") {
			talks[i].IntentID, talks[i].IntentName = ids[rapid.IntRange(0, 1).Draw(rt, "intent")], "buys"
		}
	}
	return slices.Clip(talks)
}
